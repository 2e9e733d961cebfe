/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-rcdeptherror
 * @title: rcdeptherror
 * @see_also: rcgrpcsrc, rcdepth
 *
 * Turns a camera's error images, which are about disparity, into errors of
 * depth, in steps of #GstRcDepthError:unit; 0 where there is no disparity. It
 * needs the disparity images, too: the same error of disparity is a larger
 * error of depth farther away.
 *
 * Images of one set are brought together by the set's time in GstRcImageMeta,
 * by PTS only without it. A set without one of the two is dropped; the property
 * #GstRcSetMatcher:stats counts them.
 *
 * ## Example launch line
 *
 * |[
 * gst-launch-1.0 rcgrpcsrc num-buffers=1 name=s rcdeptherror unit=0.0001 name=e
 *     s.disparity ! e.disparity s.error ! e.error e.src ! videoconvert !
 *     video/x-raw,format=GRAY16_BE ! pngenc ! filesink location=error.png
 * ]| A 16-bit PNG in tenths of a millimetre.
 *
 * Since: 0.1
 */

/* Threads: all work is done in the source pad's task, see gstrcsetmatcher.c.
 * The object lock is for the properties. */

#include "depth/gstrcdeptherror.h"

#include "depth/gstrcstereosettings.h"
#include "depth/rcdepthtable.h"
#include "meta/gstrcimageframe.h"

GST_DEBUG_CATEGORY_STATIC (gst_rc_depth_error_debug);
#define GST_CAT_DEFAULT gst_rc_depth_error_debug

#define DEFAULT_UNIT 0.001

/* What a table was made for. */
typedef struct {
  RcStereo stereo;
  gdouble unit;
  gboolean big_endian;
} TableKey;

struct _GstRcDepthError {
  GstRcSetMatcher parent;

  GstRcStereoSettings settings;

  gdouble unit; /* object lock */

  /* source pad's task, or stopped */
  GstVideoInfo info;   /* of what goes out */
  GstBufferPool *pool; /* for that; NULL before the first set */
  gdouble *table;      /* RC_N_DISPARITIES; NULL before the first set */
  TableKey key;        /* of table */
};

G_DEFINE_TYPE_WITH_CODE (GstRcDepthError, gst_rc_depth_error,
    GST_TYPE_RC_SET_MATCHER,
    GST_DEBUG_CATEGORY_INIT (gst_rc_depth_error_debug, "rcdeptherror", 0,
        "depth errors of stereo cameras"))
GST_ELEMENT_REGISTER_DEFINE (
    rcdeptherror, "rcdeptherror", GST_RANK_NONE, GST_TYPE_RC_DEPTH_ERROR)

enum { PROP_0, PROP_UNIT, N_PROPERTIES, FIRST_STEREO_PROPERTY = N_PROPERTIES };

static GParamSpec *properties[N_PROPERTIES];

static GstStaticPadTemplate disparity_template =
    GST_STATIC_PAD_TEMPLATE ("disparity", GST_PAD_SINK, GST_PAD_ALWAYS,
        GST_STATIC_CAPS (GST_VIDEO_CAPS_MAKE ("{ GRAY16_LE, GRAY16_BE }")));
static GstStaticPadTemplate error_template =
    GST_STATIC_PAD_TEMPLATE ("error", GST_PAD_SINK, GST_PAD_ALWAYS,
        GST_STATIC_CAPS (GST_VIDEO_CAPS_MAKE ("GRAY8")));
static GstStaticPadTemplate src_template =
    GST_STATIC_PAD_TEMPLATE ("src", GST_PAD_SRC, GST_PAD_ALWAYS,
        GST_STATIC_CAPS (GST_VIDEO_CAPS_MAKE ("GRAY16_LE")));

/* ---- caps and buffers ---- */

static GstFlowReturn
gst_rc_depth_error_update_src_caps (
    GstAggregator *agg, GstCaps *downstream, GstCaps **caps)
{
  const GstVideoInfo *in =
      gst_rc_set_matcher_get_info (GST_RC_SET_MATCHER (agg));
  g_autoptr (GstCaps) own = NULL;
  GstVideoInfo out;

  if (in == NULL)
    return GST_AGGREGATOR_FLOW_NEED_DATA;
  out = *in;
  out.finfo = gst_video_format_get_info (GST_VIDEO_FORMAT_GRAY16_LE);
  own = gst_video_info_to_caps (&out);
  *caps = gst_caps_intersect (own, downstream);
  return GST_FLOW_OK;
}

static void
drop_pool (GstRcDepthError *self)
{
  if (self->pool != NULL)
    gst_buffer_pool_set_active (self->pool, FALSE);
  gst_clear_object (&self->pool);
}

static gboolean
gst_rc_depth_error_negotiated_src_caps (GstAggregator *agg, GstCaps *caps)
{
  GstRcDepthError *self = GST_RC_DEPTH_ERROR (agg);
  GstStructure *config;

  if (!gst_video_info_from_caps (&self->info, caps))
    return FALSE;
  drop_pool (self);
  self->pool = gst_video_buffer_pool_new ();
  config = gst_buffer_pool_get_config (self->pool);
  gst_buffer_pool_config_set_params (
      config, caps, GST_VIDEO_INFO_SIZE (&self->info), 0, 0);
  return gst_buffer_pool_set_config (self->pool, config)
         && gst_buffer_pool_set_active (self->pool, TRUE);
}

/* ---- sets ---- */

/* What the error of depth does not depend on may differ. */
static gboolean
keys_are_equal (const TableKey *a, const TableKey *b)
{
  return a->stereo.focal_length == b->stereo.focal_length
         && a->stereo.baseline == b->stereo.baseline
         && a->stereo.scale == b->stereo.scale
         && a->stereo.offset == b->stereo.offset
         && a->stereo.invalid_data_value == b->stereo.invalid_data_value
         && a->unit == b->unit && a->big_endian == b->big_endian;
}

static void
update_table (GstRcDepthError *self, const TableKey *key)
{
  if (self->table != NULL && keys_are_equal (&self->key, key))
    return;
  if (self->table == NULL)
    self->table = g_new (gdouble, RC_N_DISPARITIES);
  rc_depth_error_table_fill (
      self->table, &key->stereo, key->unit, key->big_endian);
  self->key = *key;
}

static void
fill_rows (const gdouble *table, const GstVideoFrame *disparity,
    const GstVideoFrame *error, GstVideoFrame *out)
{
  const guint8 *d = GST_VIDEO_FRAME_PLANE_DATA (disparity, 0);
  const guint8 *e = GST_VIDEO_FRAME_PLANE_DATA (error, 0);
  guint8 *z = GST_VIDEO_FRAME_PLANE_DATA (out, 0);

  for (gint k = 0; k < GST_VIDEO_FRAME_HEIGHT (out); k++)
    rc_depth_error_table_apply (table,
        d + (gssize)k * GST_VIDEO_FRAME_PLANE_STRIDE (disparity, 0),
        e + (gssize)k * GST_VIDEO_FRAME_PLANE_STRIDE (error, 0),
        z + (gssize)k * GST_VIDEO_FRAME_PLANE_STRIDE (out, 0),
        GST_VIDEO_FRAME_WIDTH (out));
}

static gboolean
fill (GstRcDepthError *self, const GstRcSetImage *disparity,
    const GstRcSetImage *error, GstBuffer *out)
{
  GstVideoFrame in, in_error, result;
  gboolean done = FALSE;

  if (!gst_rc_image_frame_map (&in, disparity->info, disparity->buffer))
    return FALSE;
  if (gst_rc_image_frame_map (&in_error, error->info, error->buffer)) {
    if (gst_video_frame_map (&result, &self->info, out, GST_MAP_WRITE)) {
      fill_rows (self->table, &in, &in_error, &result);
      gst_video_frame_unmap (&result);
      done = TRUE;
    }
    gst_video_frame_unmap (&in_error);
  }
  gst_video_frame_unmap (&in);
  return done;
}

static gboolean
check_sizes (GstRcDepthError *self, const GstVideoInfo *disparity,
    const GstVideoInfo *error)
{
  if (GST_VIDEO_INFO_WIDTH (disparity) == GST_VIDEO_INFO_WIDTH (error)
      && GST_VIDEO_INFO_HEIGHT (disparity) == GST_VIDEO_INFO_HEIGHT (error))
    return TRUE;
  GST_ELEMENT_ERROR (self, STREAM, FORMAT,
      ("The error image has another size than the disparity image. Link both "
       "pads to the same camera, without scaling in between."),
      ("%dx%d and %dx%d", GST_VIDEO_INFO_WIDTH (error),
          GST_VIDEO_INFO_HEIGHT (error), GST_VIDEO_INFO_WIDTH (disparity),
          GST_VIDEO_INFO_HEIGHT (disparity)));
  return FALSE;
}

static GstFlowReturn
gst_rc_depth_error_make (GstRcSetMatcher *matcher, const GstRcSetImage *images,
    guint n_images, GstBuffer **out)
{
  GstRcDepthError *self = GST_RC_DEPTH_ERROR (matcher);
  const GstRcSetImage *disparity = &images[0];
  const GstRcSetImage *error =
      gst_rc_set_find_image (images, n_images, "error");
  TableKey key = {.big_endian = GST_VIDEO_INFO_FORMAT (disparity->info)
                                == GST_VIDEO_FORMAT_GRAY16_BE};
  GstFlowReturn ret;

  if (!gst_rc_set_image_check_kind (error, GST_ELEMENT (self))
      || !check_sizes (self, disparity->info, error->info)
      || !gst_rc_stereo_settings_resolve (&self->settings, GST_ELEMENT (self),
          disparity->buffer, GST_VIDEO_INFO_WIDTH (disparity->info),
          GST_RC_STEREO_FOR_DEPTH, &key.stereo))
    return GST_FLOW_ERROR;
  GST_OBJECT_LOCK (self);
  key.unit = self->unit;
  GST_OBJECT_UNLOCK (self);
  update_table (self, &key);

  ret = gst_buffer_pool_acquire_buffer (self->pool, out, NULL);
  if (ret != GST_FLOW_OK)
    return ret;
  if (!fill (self, disparity, error, *out)) {
    GST_ELEMENT_ERROR (self, STREAM, FORMAT,
        ("An image is smaller than its caps say."),
        ("%" GST_PTR_FORMAT ", %" GST_PTR_FORMAT, disparity->buffer,
            error->buffer));
    return GST_FLOW_ERROR;
  }
  gst_rc_stereo_describe_depth (
      &key.stereo, disparity->buffer, *out, "depth-error", key.unit);
  return GST_FLOW_OK;
}

/* ---- life, properties ---- */

static gboolean
gst_rc_depth_error_start (GstAggregator *agg)
{
  gst_rc_stereo_settings_reset (&GST_RC_DEPTH_ERROR (agg)->settings);
  return GST_AGGREGATOR_CLASS (gst_rc_depth_error_parent_class)->start (agg);
}

static gboolean
gst_rc_depth_error_stop (GstAggregator *agg)
{
  GstRcDepthError *self = GST_RC_DEPTH_ERROR (agg);

  drop_pool (self);
  g_clear_pointer (&self->table, g_free);
  return TRUE;
}

static void
gst_rc_depth_error_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
  GstRcDepthError *self = GST_RC_DEPTH_ERROR (object);

  if (id >= FIRST_STEREO_PROPERTY) {
    gst_rc_stereo_settings_set (
        &self->settings, GST_ELEMENT (self), id - FIRST_STEREO_PROPERTY, value);
    return;
  }
  GST_OBJECT_LOCK (self);
  self->unit = g_value_get_double (value);
  GST_OBJECT_UNLOCK (self);
}

static void
gst_rc_depth_error_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *spec)
{
  GstRcDepthError *self = GST_RC_DEPTH_ERROR (object);

  if (id >= FIRST_STEREO_PROPERTY) {
    gst_rc_stereo_settings_get (
        &self->settings, GST_ELEMENT (self), id - FIRST_STEREO_PROPERTY, value);
    return;
  }
  GST_OBJECT_LOCK (self);
  g_value_set_double (value, self->unit);
  GST_OBJECT_UNLOCK (self);
}

static void
gst_rc_depth_error_class_init (GstRcDepthErrorClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstAggregatorClass *agg_class = GST_AGGREGATOR_CLASS (klass);

  object_class->set_property = gst_rc_depth_error_set_property;
  object_class->get_property = gst_rc_depth_error_get_property;

  /**
   * GstRcDepthError:unit:
   *
   * Metres of one step of the image that is made. Where there is a disparity it
   * is 1 at least, and 65535 at most.
   *
   * Since: 0.1
   */
  properties[PROP_UNIT] = g_param_spec_double ("unit", "Unit",
      "Metres of one step of the depth error image", GST_RC_MIN_UNIT,
      GST_RC_MAX_UNIT, DEFAULT_UNIT,
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING);
  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
  gst_rc_stereo_settings_install (
      object_class, FIRST_STEREO_PROPERTY, GST_RC_STEREO_FOR_DEPTH);

  gst_element_class_set_static_metadata (element_class, "Stereo depth error",
      "Filter/Converter/Video",
      "Turns a stereo camera's error images into errors of depth",
      "The gst-rcgrpc authors");
  gst_element_class_add_static_pad_template (
      element_class, &disparity_template);
  gst_element_class_add_static_pad_template (element_class, &error_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);

  agg_class->start = gst_rc_depth_error_start;
  agg_class->stop = gst_rc_depth_error_stop;
  agg_class->update_src_caps = gst_rc_depth_error_update_src_caps;
  agg_class->negotiated_src_caps = gst_rc_depth_error_negotiated_src_caps;
  GST_RC_SET_MATCHER_CLASS (klass)->make = gst_rc_depth_error_make;
}

static void
gst_rc_depth_error_init (GstRcDepthError *self)
{
  gst_rc_stereo_settings_init (&self->settings);
  self->unit = DEFAULT_UNIT;
}
