/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "meta/gstrcimagefields.h"

/* All doubles of the meta were floats. */
static gfloat
get_float (const GstStructure *fields, const gchar *name)
{
  gdouble value = 0;

  gst_structure_get_double (fields, name, &value);
  return value;
}

static guint
get_bits (const GstStructure *fields, const gchar *name)
{
  guint value = 0;

  gst_structure_get_uint (fields, name, &value);
  return value;
}

guint64
gst_rc_image_fields_get_time (const GstStructure *fields, const gchar *name)
{
  guint64 value = 0;

  gst_structure_get_uint64 (fields, name, &value);
  return value <= RC_MAX_TIME ? value : 0;
}

void
gst_rc_image_fields_read_image (const GstStructure *fields, RcImage *image)
{
  image->timestamp = gst_rc_image_fields_get_time (fields, "timestamp");
  image->focal_length = get_float (fields, "focal-length");
  image->principal_point_u = get_float (fields, "principal-point-u");
  image->principal_point_v = get_float (fields, "principal-point-v");
  image->exposure_time = get_float (fields, "exposure-time");
  image->gain = get_float (fields, "gain");
  image->noise = get_float (fields, "noise");
  image->out1_reduction = get_float (fields, "out1-reduction");
  image->brightness = get_float (fields, "brightness");
  image->gamma = get_float (fields, "gamma");
  image->auto_exposure_adapting = FALSE;
  gst_structure_get_boolean (
      fields, "auto-exposure-adapting", &image->auto_exposure_adapting);
  image->gpio_inputs = get_bits (fields, "gpio-inputs");
  image->gpio_outputs = get_bits (fields, "gpio-outputs");
  image->gpio_values = get_bits (fields, "gpio-values");
}

void
gst_rc_image_fields_read_disparity (
    const GstStructure *fields, RcDisparity *disparity)
{
  *disparity = (RcDisparity){
      .scale = get_float (fields, "scale"),
      .offset = get_float (fields, "offset"),
      .invalid_data_value = get_float (fields, "invalid-data-value"),
      .baseline = get_float (fields, "baseline"),
      .delta_d = get_float (fields, "delta-d"),
  };
}
