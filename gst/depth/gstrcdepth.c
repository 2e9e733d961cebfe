/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-rcdepth
 * @title: rcdepth
 * @see_also: rcgrpcsrc, rcdeptherror
 *
 * Turns disparity images into depth images: the distance of each pixel along
 * the optical axis, in steps of #GstRcDepth:unit, which is 1 mm unless told
 * otherwise; 0 where there is none.
 *
 * The camera's parameters come with the images (GstRcImageMeta). Where images
 * come without, as out of a file, the properties #GstRcDepth:focal-length and
 * #GstRcDepth:baseline say them.
 *
 * ## Example launch lines
 *
 * |[
 * gst-launch-1.0 rcgrpcsrc num-buffers=1 name=s s.disparity ! rcdepth !
 *     videoconvert ! video/x-raw,format=GRAY16_BE ! pngenc ! filesink
 *     location=depth.png
 * ]| A 16-bit PNG in millimetres.
 * |[
 * gst-launch-1.0 filesrc location=disparity.png ! pngdec ! rcdepth
 *     focal-length=540 baseline=0.16 ! videoconvert !
 *     video/x-raw,format=GRAY16_BE ! pngenc ! filesink location=depth.png
 * ]| From a picture of disparities, with the camera's parameters by hand.
 *
 * Since: 0.1
 */

#include "depth/gstrcdepth.h"

#include "depth/gstrcfilterframes.h"
#include "depth/gstrcstereosettings.h"
#include "depth/rcdepthtable.h"
#include "meta/gstrcimagemeta.h"

GST_DEBUG_CATEGORY_STATIC (gst_rc_depth_debug);
#define GST_CAT_DEFAULT gst_rc_depth_debug

#define DEFAULT_UNIT 0.001
#define DEFAULT_MIN_DEPTH 0.0
#define DEFAULT_MAX_DEPTH G_MAXDOUBLE

/* What a table was made for. */
typedef struct {
  RcStereo stereo;
  RcDepthRange range;
  gboolean big_endian;
} TableKey;

struct _GstRcDepth {
  GstVideoFilter parent;

  GstRcStereoSettings settings;

  RcDepthRange range; /* object lock */

  /* streaming thread */
  guint16 *table; /* RC_N_DISPARITIES; NULL before the first image */
  TableKey key;   /* of table */
};

G_DEFINE_TYPE_WITH_CODE (GstRcDepth, gst_rc_depth, GST_TYPE_VIDEO_FILTER,
    GST_DEBUG_CATEGORY_INIT (
        gst_rc_depth_debug, "rcdepth", 0, "depth of stereo cameras"))
GST_ELEMENT_REGISTER_DEFINE (
    rcdepth, "rcdepth", GST_RANK_NONE, GST_TYPE_RC_DEPTH)

enum {
  PROP_0,
  PROP_UNIT,
  PROP_MIN_DEPTH,
  PROP_MAX_DEPTH,
  N_PROPERTIES,
  FIRST_STEREO_PROPERTY = N_PROPERTIES
};

static GParamSpec *properties[N_PROPERTIES];

static GstStaticPadTemplate sink_template =
    GST_STATIC_PAD_TEMPLATE ("sink", GST_PAD_SINK, GST_PAD_ALWAYS,
        GST_STATIC_CAPS (GST_VIDEO_CAPS_MAKE ("{ GRAY16_LE, GRAY16_BE }")));
static GstStaticPadTemplate src_template =
    GST_STATIC_PAD_TEMPLATE ("src", GST_PAD_SRC, GST_PAD_ALWAYS,
        GST_STATIC_CAPS (GST_VIDEO_CAPS_MAKE ("GRAY16_LE")));

/* Everything but the format stays. */
static GstCaps *
gst_rc_depth_transform_caps (GstBaseTransform *trans, GstPadDirection direction,
    GstCaps *caps, GstCaps *filter)
{
  GstPad *other = direction == GST_PAD_SINK
                      ? GST_BASE_TRANSFORM_SRC_PAD (trans)
                      : GST_BASE_TRANSFORM_SINK_PAD (trans);
  g_autoptr (GstCaps) template = gst_pad_get_pad_template_caps (other);
  g_autoptr (GstCaps) formats = gst_caps_copy (caps);
  g_autoptr (GstCaps) result = NULL;

  for (guint i = 0; i < gst_caps_get_size (formats); i++)
    gst_structure_remove_field (gst_caps_get_structure (formats, i), "format");
  result =
      gst_caps_intersect_full (formats, template, GST_CAPS_INTERSECT_FIRST);
  if (filter == NULL)
    return g_steal_pointer (&result);
  return gst_caps_intersect_full (filter, result, GST_CAPS_INTERSECT_FIRST);
}

/* Its copy is made with the image, and says other things. */
static gboolean
gst_rc_depth_transform_meta (
    GstBaseTransform *trans, GstBuffer *out, GstMeta *meta, GstBuffer *in)
{
  if (gst_meta_info_is_custom (meta->info)
      && gst_custom_meta_has_name (
          (GstCustomMeta *)meta, GST_RC_IMAGE_META_NAME))
    return FALSE;
  return GST_BASE_TRANSFORM_CLASS (gst_rc_depth_parent_class)
      ->transform_meta (trans, out, meta, in);
}

/* What depth does not depend on may differ. */
static gboolean
keys_are_equal (const TableKey *a, const TableKey *b)
{
  return a->stereo.focal_length == b->stereo.focal_length
         && a->stereo.baseline == b->stereo.baseline
         && a->stereo.scale == b->stereo.scale
         && a->stereo.offset == b->stereo.offset
         && a->stereo.invalid_data_value == b->stereo.invalid_data_value
         && a->range.unit == b->range.unit && a->range.min == b->range.min
         && a->range.max == b->range.max && a->big_endian == b->big_endian;
}

static void
update_table (GstRcDepth *self, const TableKey *key)
{
  if (self->table != NULL && keys_are_equal (&self->key, key))
    return;
  if (self->table == NULL)
    self->table = g_new (guint16, RC_N_DISPARITIES);
  rc_depth_table_fill (self->table, &key->stereo, &key->range, key->big_endian);
  self->key = *key;
  GST_DEBUG_OBJECT (self, "new table: f %g, t %g, scale %g, offset %g, unit %g",
      key->stereo.focal_length, key->stereo.baseline, key->stereo.scale,
      key->stereo.offset, key->range.unit);
}

static GstFlowReturn
gst_rc_depth_transform_frame (
    GstVideoFilter *filter, GstVideoFrame *in, GstVideoFrame *out)
{
  GstRcDepth *self = GST_RC_DEPTH (filter);
  TableKey key = {
      .big_endian = GST_VIDEO_FRAME_FORMAT (in) == GST_VIDEO_FORMAT_GRAY16_BE};

  if (!gst_rc_filter_trim_frames (filter, in, out)
      || !gst_rc_stereo_settings_resolve (&self->settings, GST_ELEMENT (self),
          in->buffer, GST_VIDEO_FRAME_WIDTH (in), GST_RC_STEREO_FOR_DEPTH,
          &key.stereo))
    return GST_FLOW_ERROR;
  GST_OBJECT_LOCK (self);
  key.range = self->range;
  GST_OBJECT_UNLOCK (self);

  update_table (self, &key);
  rc_depth_table_apply (self->table, GST_VIDEO_FRAME_PLANE_DATA (in, 0),
      GST_VIDEO_FRAME_PLANE_STRIDE (in, 0), GST_VIDEO_FRAME_PLANE_DATA (out, 0),
      GST_VIDEO_FRAME_PLANE_STRIDE (out, 0), GST_VIDEO_FRAME_WIDTH (in),
      GST_VIDEO_FRAME_HEIGHT (in));
  gst_rc_stereo_describe_depth (
      &key.stereo, in->buffer, out->buffer, "depth", key.range.unit);
  return GST_FLOW_OK;
}

static gboolean
gst_rc_depth_start (GstBaseTransform *trans)
{
  gst_rc_stereo_settings_reset (&GST_RC_DEPTH (trans)->settings);
  return TRUE;
}

static gboolean
gst_rc_depth_stop (GstBaseTransform *trans)
{
  g_clear_pointer (&GST_RC_DEPTH (trans)->table, g_free);
  return TRUE;
}

static gdouble *
find_number (GstRcDepth *self, guint id)
{
  switch (id) {
  case PROP_UNIT:
    return &self->range.unit;
  case PROP_MIN_DEPTH:
    return &self->range.min;
  case PROP_MAX_DEPTH:
    return &self->range.max;
  default:
    g_return_val_if_reached (NULL);
  }
}

static void
gst_rc_depth_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
  GstRcDepth *self = GST_RC_DEPTH (object);

  if (id >= FIRST_STEREO_PROPERTY) {
    gst_rc_stereo_settings_set (
        &self->settings, GST_ELEMENT (self), id - FIRST_STEREO_PROPERTY, value);
    return;
  }
  GST_OBJECT_LOCK (self);
  *find_number (self, id) = g_value_get_double (value);
  GST_OBJECT_UNLOCK (self);
}

static void
gst_rc_depth_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *spec)
{
  GstRcDepth *self = GST_RC_DEPTH (object);

  if (id >= FIRST_STEREO_PROPERTY) {
    gst_rc_stereo_settings_get (
        &self->settings, GST_ELEMENT (self), id - FIRST_STEREO_PROPERTY, value);
    return;
  }
  GST_OBJECT_LOCK (self);
  g_value_set_double (value, *find_number (self, id));
  GST_OBJECT_UNLOCK (self);
}

static void
install_properties (GObjectClass *object_class)
{
  const GParamFlags flags =
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING;

  /**
   * GstRcDepth:unit:
   *
   * Metres of one step of the depth image. A depth that is more than 65535
   * steps is 65535.
   *
   * Since: 0.1
   */
  properties[PROP_UNIT] = g_param_spec_double ("unit", "Unit",
      "Metres of one step of the depth image", GST_RC_MIN_UNIT, GST_RC_MAX_UNIT,
      DEFAULT_UNIT, flags);
  /**
   * GstRcDepth:min-depth:
   *
   * Metres. What is nearer is 0 in the depth image, as what is invalid.
   *
   * Since: 0.1
   */
  properties[PROP_MIN_DEPTH] = g_param_spec_double ("min-depth", "Min. depth",
      "Metres; what is nearer is made invalid", 0, G_MAXDOUBLE,
      DEFAULT_MIN_DEPTH, flags);
  /**
   * GstRcDepth:max-depth:
   *
   * Metres. What is farther is 0 in the depth image, as what is invalid.
   *
   * Since: 0.1
   */
  properties[PROP_MAX_DEPTH] = g_param_spec_double ("max-depth", "Max. depth",
      "Metres; what is farther is made invalid", 0, G_MAXDOUBLE,
      DEFAULT_MAX_DEPTH, flags);
  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
  gst_rc_stereo_settings_install (
      object_class, FIRST_STEREO_PROPERTY, GST_RC_STEREO_FOR_DEPTH);
}

static void
gst_rc_depth_class_init (GstRcDepthClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseTransformClass *trans_class = GST_BASE_TRANSFORM_CLASS (klass);

  object_class->set_property = gst_rc_depth_set_property;
  object_class->get_property = gst_rc_depth_get_property;
  install_properties (object_class);

  gst_element_class_set_static_metadata (element_class, "Stereo depth",
      "Filter/Converter/Video",
      "Turns a stereo camera's disparity images into depth images",
      "The gst-rcgrpc authors");
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);

  trans_class->start = gst_rc_depth_start;
  trans_class->stop = gst_rc_depth_stop;
  trans_class->transform_caps = gst_rc_depth_transform_caps;
  trans_class->transform_meta = gst_rc_depth_transform_meta;
  GST_VIDEO_FILTER_CLASS (klass)->transform_frame =
      gst_rc_depth_transform_frame;
}

static void
gst_rc_depth_init (GstRcDepth *self)
{
  gst_rc_stereo_settings_init (&self->settings);
  self->range =
      (RcDepthRange){DEFAULT_UNIT, DEFAULT_MIN_DEPTH, DEFAULT_MAX_DEPTH};
}
