/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "depth/gstrcstereosettings.h"

#include <math.h>

#include "meta/gstrcimagemeta.h"

/* What no camera has stands for "not given". */
#define DEFAULT_FOCAL_LENGTH 0.0
#define DEFAULT_PRINCIPAL_POINT (-G_MAXDOUBLE)
#define DEFAULT_BASELINE 0.0
#define DEFAULT_SCALE 0.0625
#define DEFAULT_OFFSET 0.0
#define DEFAULT_INVALID_DATA_VALUE 0.0

/* Part by which two focal lengths may differ and count as the same: what a
 * camera sends are floats. */
#define SAME_FOCAL_LENGTH 1e-6

/**
 * GstRcDepth:focal-length:
 *
 * Focal length, pixels of the disparity image, where its GstRcImageMeta does
 * not say it; 0: not given.
 *
 * Since: 0.1
 */
/**
 * GstRcDepth:baseline:
 *
 * Distance of the two cameras, metres, where the disparity image's
 * GstRcImageMeta does not say it; 0: not given.
 *
 * Since: 0.1
 */
/**
 * GstRcDepth:scale:
 *
 * Pixels of disparity of one step of the stored value, where the disparity
 * image's GstRcImageMeta does not say it. All cameras have had the default.
 *
 * Since: 0.1
 */
/**
 * GstRcDepth:offset:
 *
 * Pixels to add to each disparity, where the disparity image has no
 * GstRcImageMeta.
 *
 * Since: 0.1
 */
/**
 * GstRcDepth:invalid-data-value:
 *
 * The stored value that says that there is no disparity, where the disparity
 * image has no GstRcImageMeta; -1: none does.
 *
 * Since: 0.1
 */

/* A setting as a property, a field of the meta and a member of RcStereo. */
static const struct {
  const gchar *name;
  const gchar *nick;
  const gchar *blurb;
  gdouble min, max, def;
  gsize member;
} settings[GST_RC_N_STEREO_SETTINGS] = {
    [GST_RC_STEREO_FOCAL_LENGTH] = {"focal-length", "Focal length",
        "Focal length in pixels of the disparity image, where that comes "
        "without GstRcImageMeta (0 = not given)",
        0, G_MAXDOUBLE, DEFAULT_FOCAL_LENGTH,
        G_STRUCT_OFFSET (RcStereo, focal_length)},
    [GST_RC_STEREO_PRINCIPAL_POINT_U] = {"principal-point-u",
        "Principal point u",
        "Principal point from the left in pixels of the disparity image, where "
        "that comes without GstRcImageMeta (default = not given)",
        -G_MAXDOUBLE, G_MAXDOUBLE, DEFAULT_PRINCIPAL_POINT,
        G_STRUCT_OFFSET (RcStereo, principal_point_u)},
    [GST_RC_STEREO_PRINCIPAL_POINT_V] = {"principal-point-v",
        "Principal point v",
        "Principal point from the top in pixels of the disparity image, where "
        "that comes without GstRcImageMeta (default = not given)",
        -G_MAXDOUBLE, G_MAXDOUBLE, DEFAULT_PRINCIPAL_POINT,
        G_STRUCT_OFFSET (RcStereo, principal_point_v)},
    [GST_RC_STEREO_BASELINE] = {"baseline", "Baseline",
        "Distance of the two cameras in metres, where the disparity image "
        "comes without GstRcImageMeta (0 = not given)",
        0, G_MAXDOUBLE, DEFAULT_BASELINE, G_STRUCT_OFFSET (RcStereo, baseline)},
    [GST_RC_STEREO_SCALE] = {"scale", "Scale",
        "Pixels of disparity per stored step, where the disparity image comes "
        "without GstRcImageMeta",
        G_MINDOUBLE, G_MAXDOUBLE, DEFAULT_SCALE,
        G_STRUCT_OFFSET (RcStereo, scale)},
    [GST_RC_STEREO_OFFSET] = {"offset", "Offset",
        "Pixels to add to each disparity, where the disparity image comes "
        "without GstRcImageMeta",
        -G_MAXDOUBLE, G_MAXDOUBLE, DEFAULT_OFFSET,
        G_STRUCT_OFFSET (RcStereo, offset)},
    [GST_RC_STEREO_INVALID_DATA_VALUE] = {"invalid-data-value",
        "Invalid data value",
        "Stored value that says that there is no disparity, where the "
        "disparity image comes without GstRcImageMeta (-1 = none does)",
        -1, G_MAXUINT16, DEFAULT_INVALID_DATA_VALUE,
        G_STRUCT_OFFSET (RcStereo, invalid_data_value)},
};

static gdouble *
member (RcStereo *stereo, guint setting)
{
  return G_STRUCT_MEMBER_P (stereo, settings[setting].member);
}

void
gst_rc_stereo_settings_init (GstRcStereoSettings *self)
{
  for (guint i = 0; i < GST_RC_N_STEREO_SETTINGS; i++)
    *member (&self->given, i) = settings[i].def;
  self->told = FALSE;
}

void
gst_rc_stereo_settings_reset (GstRcStereoSettings *self)
{
  self->told = FALSE;
}

void
gst_rc_stereo_settings_install (
    GObjectClass *klass, guint first_id, GstRcStereoUse use)
{
  for (guint i = 0; i < GST_RC_N_STEREO_SETTINGS; i++) {
    if (use == GST_RC_STEREO_FOR_DEPTH
        && (i == GST_RC_STEREO_PRINCIPAL_POINT_U
            || i == GST_RC_STEREO_PRINCIPAL_POINT_V))
      continue;
    g_object_class_install_property (klass, first_id + i,
        g_param_spec_double (settings[i].name, settings[i].nick,
            settings[i].blurb, settings[i].min, settings[i].max,
            settings[i].def,
            G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS
                | GST_PARAM_MUTABLE_PLAYING));
  }
}

void
gst_rc_stereo_settings_set (GstRcStereoSettings *self, GstElement *element,
    guint setting, const GValue *value)
{
  g_return_if_fail (setting < GST_RC_N_STEREO_SETTINGS);

  GST_OBJECT_LOCK (element);
  *member (&self->given, setting) = g_value_get_double (value);
  GST_OBJECT_UNLOCK (element);
}

void
gst_rc_stereo_settings_get (GstRcStereoSettings *self, GstElement *element,
    guint setting, GValue *value)
{
  g_return_if_fail (setting < GST_RC_N_STEREO_SETTINGS);

  GST_OBJECT_LOCK (element);
  g_value_set_double (value, *member (&self->given, setting));
  GST_OBJECT_UNLOCK (element);
}

static gboolean
check_kind (const GstStructure *fields, GstElement *element)
{
  const gchar *stream = gst_structure_get_string (fields, "stream");

  if (g_strcmp0 (stream, "disparity") == 0)
    return TRUE;
  GST_ELEMENT_ERROR (element, STREAM, WRONG_TYPE,
      ("This is no disparity image (its stream is \"%s\"). Link the pad to "
       "the camera's disparity.",
          stream ? stream : ""),
      ("%" GST_PTR_FORMAT, fields));
  return FALSE;
}

/* A camera that does not say a focal length, baseline or scale sends 0. */
static gboolean
is_said (guint setting, gdouble value)
{
  switch (setting) {
  case GST_RC_STEREO_FOCAL_LENGTH:
  case GST_RC_STEREO_BASELINE:
  case GST_RC_STEREO_SCALE:
    return value > 0;
  default:
    return TRUE;
  }
}

static void
take_fields (const GstStructure *fields, RcStereo *stereo)
{
  for (guint i = 0; i < GST_RC_N_STEREO_SETTINGS; i++) {
    gdouble value;

    if (gst_structure_get_double (fields, settings[i].name, &value)
        && is_said (i, value))
      *member (stereo, i) = value;
  }
}

static gboolean
check_complete (const RcStereo *stereo, GstRcStereoUse use, GstElement *element)
{
  const gchar *missing = NULL;

  if (!(stereo->focal_length > 0))
    missing = "focal-length";
  else if (!(stereo->baseline > 0))
    missing = "baseline";
  else if (use == GST_RC_STEREO_FOR_POINTS && isnan (stereo->principal_point_u))
    missing = "principal-point-u";
  else if (use == GST_RC_STEREO_FOR_POINTS && isnan (stereo->principal_point_v))
    missing = "principal-point-v";
  if (missing == NULL)
    return TRUE;
  GST_ELEMENT_ERROR (element, RESOURCE, SETTINGS,
      ("The disparity image does not say what is needed to measure in it. Set "
       "the property %s.",
          missing),
      ("no GstRcImageMeta, or none with %s", missing));
  return FALSE;
}

/* The width that the parameters are for: the left image's where its own ones
 * are the same at another size. */
static guint
find_width (const GstStructure *fields, guint width)
{
  gdouble own, left;
  guint left_width;

  if (!gst_structure_get (fields, "focal-length", G_TYPE_DOUBLE, &own,
          "left-focal-length", G_TYPE_DOUBLE, &left, "left-width", G_TYPE_UINT,
          &left_width, NULL)
      || !(own > 0) || left_width == 0
      || fabs (own - left) > SAME_FOCAL_LENGTH * own)
    return width;
  return left_width;
}

static void
fit_to_width (GstRcStereoSettings *self, GstElement *element,
    const GstStructure *fields, guint width, RcStereo *stereo)
{
  guint meant = find_width (fields, width);

  if (meant == width)
    return;
  rc_stereo_resize (stereo, (gdouble)width / meant);
  if (self->told)
    return;
  self->told = TRUE;
  GST_ELEMENT_WARNING (element, STREAM, FORMAT,
      ("The disparity image came with the focal length of the left image, "
       "which has another size. It is scaled; check the distances."),
      ("focal length %g at widths %u and %u, now %g",
          stereo->focal_length * meant / width, meant, width,
          stereo->focal_length));
}

static void
take_given (GstRcStereoSettings *self, GstElement *element, RcStereo *stereo)
{
  GST_OBJECT_LOCK (element);
  *stereo = self->given;
  GST_OBJECT_UNLOCK (element);
  if (stereo->principal_point_u == DEFAULT_PRINCIPAL_POINT)
    stereo->principal_point_u = NAN;
  if (stereo->principal_point_v == DEFAULT_PRINCIPAL_POINT)
    stereo->principal_point_v = NAN;
}

gboolean
gst_rc_stereo_settings_resolve (GstRcStereoSettings *self, GstElement *element,
    GstBuffer *buffer, guint width, GstRcStereoUse use, RcStereo *stereo)
{
  const GstStructure *fields = gst_buffer_get_rc_image_fields (buffer);

  take_given (self, element, stereo);

  if (fields == NULL)
    return check_complete (stereo, use, element);
  if (!check_kind (fields, element))
    return FALSE;
  take_fields (fields, stereo);
  if (!check_complete (stereo, use, element))
    return FALSE;
  fit_to_width (self, element, fields, width, stereo);
  return TRUE;
}

void
gst_rc_stereo_describe_depth (const RcStereo *stereo, GstBuffer *in,
    GstBuffer *out, const gchar *stream, gdouble unit)
{
  GstStructure *fields = gst_buffer_copy_rc_image_meta (out, in);

  if (fields == NULL)
    return;
  gst_structure_set (fields, "stream", G_TYPE_STRING, stream, "unit",
      G_TYPE_DOUBLE, unit, "invalid-data-value", G_TYPE_DOUBLE, 0.0,
      "focal-length", G_TYPE_DOUBLE, stereo->focal_length, "baseline",
      G_TYPE_DOUBLE, stereo->baseline, NULL);
  if (!isnan (stereo->principal_point_u))
    gst_structure_set (fields, "principal-point-u", G_TYPE_DOUBLE,
        stereo->principal_point_u, NULL);
  if (!isnan (stereo->principal_point_v))
    gst_structure_set (fields, "principal-point-v", G_TYPE_DOUBLE,
        stereo->principal_point_v, NULL);
}
