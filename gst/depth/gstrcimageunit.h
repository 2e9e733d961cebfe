/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/**
 * GstRcImageUnit:
 * @factor: units for one stored step
 * @offset: units, to be added
 * @name: "px", "mm", or "" for shares of 1 and for stored values
 * @invalid_value: the stored value that says that there is no value
 * @near_is_low: small values are near ones
 *
 * What the stored values of an image mean.
 */
typedef struct {
  gdouble factor;
  gdouble offset;
  const gchar *name;
  gint invalid_value;
  gboolean near_is_low;
} GstRcImageUnit;

/* By the buffer's GstRcImageMeta; stored values where it has none. */
GstRcImageUnit gst_rc_image_unit_of (GstBuffer *buffer);

G_END_DECLS
