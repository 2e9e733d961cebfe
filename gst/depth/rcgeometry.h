/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* From stored disparities to metres. Pure.
 *
 * Coordinates are the left camera's: x to the right, y down, z forward, from
 * its optical centre. Columns and rows are counted from 0 at the top left; a
 * pixel's centre is at + 0.5, which the functions here add. */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * RcStereo:
 * @focal_length: pixels of the disparity image
 * @principal_point_u: pixels of the disparity image, from the left
 * @principal_point_v: pixels of the disparity image, from the top
 * @baseline: metres
 * @scale: pixels of disparity per stored step
 * @offset: pixels, to be added
 * @invalid_data_value: the stored value that says: no disparity here
 *
 * What turns a disparity image's stored values into metres.
 */
typedef struct {
  gdouble focal_length;
  gdouble principal_point_u;
  gdouble principal_point_v;
  gdouble baseline;
  gdouble scale;
  gdouble offset;
  gdouble invalid_data_value;
} RcStereo;

/* Pixels; NAN where @value is invalid, and where nothing could be in front of
 * the cameras: at 0 and below. */
gdouble rc_stereo_disparity (const RcStereo *stereo, guint value);

/* Metres along the optical axis; NAN where there is no disparity. */
gdouble rc_stereo_depth (const RcStereo *stereo, guint value);

/* Metres of depth for one stored step of the error image at that disparity;
 * NAN where there is none. */
gdouble rc_stereo_depth_error_step (const RcStereo *stereo, guint value);

/* Metres; FALSE, and @xyz as it was, where there is no disparity. */
gboolean rc_stereo_point (const RcStereo *stereo, guint column, guint row,
    guint value, gdouble xyz[3]);

/* Makes parameters for an image of another size those of this one: @ratio is
 * this one's width divided by that of the other. */
void rc_stereo_resize (RcStereo *stereo, gdouble ratio);

G_END_DECLS
