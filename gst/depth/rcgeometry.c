/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "depth/rcgeometry.h"

#include <math.h>

gdouble
rc_stereo_disparity (const RcStereo *stereo, guint value)
{
  gdouble disparity = value * stereo->scale + stereo->offset;

  if (value == stereo->invalid_data_value || !(disparity > 0))
    return NAN;
  return disparity;
}

gdouble
rc_stereo_depth (const RcStereo *stereo, guint value)
{
  return stereo->focal_length * stereo->baseline
         / rc_stereo_disparity (stereo, value);
}

gdouble
rc_stereo_depth_error_step (const RcStereo *stereo, guint value)
{
  gdouble disparity = rc_stereo_disparity (stereo, value);

  return stereo->scale * stereo->focal_length * stereo->baseline
         / (disparity * disparity);
}

gboolean
rc_stereo_point (const RcStereo *stereo, guint column, guint row, guint value,
    gdouble xyz[3])
{
  gdouble metres_per_pixel =
      stereo->baseline / rc_stereo_disparity (stereo, value);

  if (isnan (metres_per_pixel))
    return FALSE;
  xyz[0] = (column + 0.5 - stereo->principal_point_u) * metres_per_pixel;
  xyz[1] = (row + 0.5 - stereo->principal_point_v) * metres_per_pixel;
  xyz[2] = stereo->focal_length * metres_per_pixel;
  return TRUE;
}

void
rc_stereo_resize (RcStereo *stereo, gdouble ratio)
{
  stereo->focal_length *= ratio;
  stereo->principal_point_u *= ratio;
  stereo->principal_point_v *= ratio;
}
