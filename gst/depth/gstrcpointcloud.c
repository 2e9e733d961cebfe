/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-rcpointcloud
 * @title: rcpointcloud
 * @see_also: rcgrpcsrc, rcdepth
 *
 * Turns a camera's disparity images into point clouds: a PLY file a buffer,
 * which MeshLab, CloudCompare and Open3D open. With the pad `left` linked the
 * points are coloured; with `confidence` and `error` each has its confidence
 * and its error of depth, and the properties #GstRcPointCloud:min-confidence
 * and #GstRcPointCloud:max-depth-error leave points out.
 *
 * Coordinates are metres from the left camera's optical centre: x to the right,
 * y down, z forward.
 *
 * Images of one set are brought together by the set's time in GstRcImageMeta,
 * by PTS only without it. A set that lacks the image of a pad is dropped; the
 * property #GstRcSetMatcher:stats counts them.
 *
 * ## Example launch lines
 *
 * |[
 * gst-launch-1.0 rcgrpcsrc num-buffers=3 name=s rcpointcloud name=c
 *     s.disparity ! c.disparity s.left ! c.left
 *     c.src ! multifilesink location=cloud-%05d.ply
 * ]| Coloured clouds, a file each.
 * |[
 * gst-launch-1.0 rcgrpcsrc num-buffers=1 name=s rcpointcloud name=c faces=true
 *     max-depth=3 min-confidence=0.7 s.disparity ! c.disparity
 *     s.left ! c.left s.confidence ! c.confidence
 *     c.src ! filesink location=mesh.ply
 * ]| A surface of what is near and certain.
 *
 * Since: 0.1
 */

/* Threads: all work is done in the source pad's task, see gstrcsetmatcher.c.
 * The object lock is for the properties. */

#include "depth/gstrcpointcloud.h"

#include "depth/gstrccloudpool.h"
#include "depth/gstrccloudset.h"
#include "depth/gstrcstereosettings.h"
#include "meta/gstrcimagemeta.h"

GST_DEBUG_CATEGORY_STATIC (gst_rc_point_cloud_debug);
#define GST_CAT_DEFAULT gst_rc_point_cloud_debug

#define DEFAULT_FORMAT RC_PLY_BINARY
#define DEFAULT_MIN_CONFIDENCE 0.0
#define DEFAULT_MAX_DEPTH_ERROR RC_CLOUD_NO_LIMIT
#define DEFAULT_MIN_DEPTH 0.0
#define DEFAULT_MAX_DEPTH RC_CLOUD_NO_LIMIT
#define DEFAULT_ORGANIZED FALSE
#define DEFAULT_FACES FALSE
#define DEFAULT_FACE_STEP 2.0

#define DEPTH_CAPS GST_VIDEO_CAPS_MAKE ("{ GRAY16_LE, GRAY16_BE }")
#define GREY_CAPS GST_VIDEO_CAPS_MAKE ("GRAY8")
#define LEFT_CAPS GST_VIDEO_CAPS_MAKE ("{ GRAY8, RGB }")

struct _GstRcPointCloud {
  GstRcSetMatcher parent;

  GstRcStereoSettings settings;

  /* object lock */
  RcPlyFormat format;
  RcCloudOptions options;

  /* source pad's task, or stopped */
  RcCloud *cloud;      /* NULL when stopped */
  GstBufferPool *pool; /* of the largest file there can be; or NULL */
  guint pool_size;     /* bytes of that */
  guint8 *body;        /* for ASCII: body_size bytes, or NULL */
  gsize body_size;
};

G_DEFINE_TYPE_WITH_CODE (GstRcPointCloud, gst_rc_point_cloud,
    GST_TYPE_RC_SET_MATCHER,
    GST_DEBUG_CATEGORY_INIT (gst_rc_point_cloud_debug, "rcpointcloud", 0,
        "point clouds of stereo cameras"))
GST_ELEMENT_REGISTER_DEFINE (
    rcpointcloud, "rcpointcloud", GST_RANK_NONE, GST_TYPE_RC_POINT_CLOUD)

enum {
  PROP_0,
  PROP_FORMAT,
  PROP_MIN_CONFIDENCE,
  PROP_MAX_DEPTH_ERROR,
  PROP_MIN_DEPTH,
  PROP_MAX_DEPTH,
  PROP_ORGANIZED,
  PROP_FACES,
  PROP_FACE_STEP,
  N_PROPERTIES,
  FIRST_STEREO_PROPERTY = N_PROPERTIES
};

static GParamSpec *properties[N_PROPERTIES];

static GstStaticPadTemplate disparity_template = GST_STATIC_PAD_TEMPLATE (
    "disparity", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS (DEPTH_CAPS));
static GstStaticPadTemplate left_template = GST_STATIC_PAD_TEMPLATE (
    "left", GST_PAD_SINK, GST_PAD_REQUEST, GST_STATIC_CAPS (LEFT_CAPS));
static GstStaticPadTemplate confidence_template = GST_STATIC_PAD_TEMPLATE (
    "confidence", GST_PAD_SINK, GST_PAD_REQUEST, GST_STATIC_CAPS (GREY_CAPS));
static GstStaticPadTemplate error_template = GST_STATIC_PAD_TEMPLATE (
    "error", GST_PAD_SINK, GST_PAD_REQUEST, GST_STATIC_CAPS (GREY_CAPS));
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE (
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS ("application/x-ply"));

#define GST_TYPE_RC_PLY_FORMAT (gst_rc_ply_format_get_type ())

static GType
gst_rc_ply_format_get_type (void)
{
  static const GEnumValue values[] = {
      {RC_PLY_BINARY, "Binary, little-endian", "binary"},
      {RC_PLY_ASCII, "ASCII", "ascii"},
      {0, NULL, NULL},
  };
  static GType type;

  if (g_once_init_enter (&type))
    g_once_init_leave (
        &type, g_enum_register_static ("GstRcPlyFormat", values));
  return type;
}

/* ---- clouds ---- */

/* A limit that cannot be kept is not passed over in silence. */
static gboolean
check_limits (GstRcPointCloud *self, const RcCloudOptions *options,
    const GstRcSetImage *images, guint n_images)
{
  const gchar *property = NULL, *pad = NULL;

  if (options->min_confidence > 0
      && !gst_rc_set_find_image (images, n_images, "confidence")) {
    property = "min-confidence";
    pad = "confidence";
  } else if (options->max_depth_error < RC_CLOUD_NO_LIMIT
             && !gst_rc_set_find_image (images, n_images, "error")) {
    property = "max-depth-error";
    pad = "error";
  }
  if (property == NULL)
    return TRUE;
  GST_ELEMENT_ERROR (self, RESOURCE, SETTINGS,
      ("The property %s needs the camera's %s images. Link the pad \"%s\".",
          property, pad, pad),
      (NULL));
  return FALSE;
}

static void
drop_pool (GstRcPointCloud *self)
{
  if (self->pool != NULL)
    gst_buffer_pool_set_active (self->pool, FALSE);
  gst_clear_object (&self->pool);
}

static GstFlowReturn
fail_without_memory (GstRcPointCloud *self, guint64 size)
{
  GST_ELEMENT_ERROR (self, RESOURCE, NO_SPACE_LEFT,
      ("There is no memory for a point cloud. Smaller images need less, and so "
       "do clouds without faces."),
      ("%" G_GUINT64_FORMAT " bytes", size));
  return GST_FLOW_ERROR;
}

/* A buffer for the largest file of such images. How large a file becomes is
 * only known when it is made, and memory that was used before costs a fraction
 * of fresh one; what is not written of it is never really there. */
static GstFlowReturn
acquire (GstRcPointCloud *self, guint64 size, GstBuffer **out)
{
  if (size > G_MAXUINT)
    return fail_without_memory (self, size);
  if (self->pool == NULL || self->pool_size != size) {
    drop_pool (self);
    self->pool = gst_rc_cloud_pool_new (size);
    self->pool_size = size;
  }
  if (gst_buffer_pool_acquire_buffer (self->pool, out, NULL) != GST_FLOW_OK)
    return fail_without_memory (self, size);
  return GST_FLOW_OK;
}

static GstFlowReturn
make_binary (GstRcPointCloud *self, const RcStereo *stereo,
    const RcCloudImages *images, const RcCloudOptions *options, GstBuffer **out)
{
  RcPlyContent content = rc_cloud_get_content (images, options);
  gsize header = rc_ply_header_size (&content, RC_PLY_BINARY);
  guint64 room = header + rc_cloud_max_size (images, options);
  guint n_vertices, n_faces;
  GstMapInfo map;
  GstFlowReturn ret;
  gsize size;

  ret = acquire (self, room, out);
  if (ret != GST_FLOW_OK)
    return ret;
  if (!gst_buffer_map (*out, &map, GST_MAP_WRITE))
    return fail_without_memory (self, room);
  size = rc_cloud_write (self->cloud, stereo, images, options,
      map.data + header, &n_vertices, &n_faces);
  rc_ply_write_header (
      &content, RC_PLY_BINARY, n_vertices, n_faces, (gchar *)map.data);
  gst_buffer_unmap (*out, &map);
  gst_buffer_set_size (*out, header + size);
  GST_LOG_OBJECT (self, "%u points, %u faces", n_vertices, n_faces);
  return GST_FLOW_OK;
}

/* Stopping and flushing come to the source pad first. */
static gboolean
is_flushing (gpointer src_pad)
{
  return GST_PAD_IS_FLUSHING (src_pad);
}

static GstFlowReturn
make_ascii (GstRcPointCloud *self, const RcStereo *stereo,
    const RcCloudImages *images, const RcCloudOptions *options, GstBuffer **out)
{
  RcPlyContent content = rc_cloud_get_content (images, options);
  GstPad *pad = GST_AGGREGATOR_SRC_PAD (self);
  guint64 room = rc_cloud_max_size (images, options);
  guint n_vertices, n_faces;
  gchar *text;
  gsize size;

  if (room != self->body_size) {
    g_free (self->body);
    self->body = room <= G_MAXUINT ? g_try_malloc (room) : NULL;
    self->body_size = self->body ? room : 0;
  }
  if (self->body == NULL)
    return fail_without_memory (self, room);
  rc_cloud_write (
      self->cloud, stereo, images, options, self->body, &n_vertices, &n_faces);
  text = rc_ply_print (
      &content, self->body, n_vertices, n_faces, is_flushing, pad, &size);
  if (text == NULL)
    return is_flushing (pad) ? GST_FLOW_FLUSHING
                             : fail_without_memory (self, room);
  *out = gst_buffer_new_wrapped (text, size);
  GST_LOG_OBJECT (self, "%u points, %u faces", n_vertices, n_faces);
  return GST_FLOW_OK;
}

static GstFlowReturn
gst_rc_point_cloud_make (GstRcSetMatcher *matcher, const GstRcSetImage *images,
    guint n_images, GstBuffer **out)
{
  GstRcPointCloud *self = GST_RC_POINT_CLOUD (matcher);
  GstRcCloudSet set;
  RcCloudOptions options;
  RcPlyFormat format;
  RcStereo stereo;
  GstFlowReturn ret;

  GST_OBJECT_LOCK (self);
  options = self->options;
  format = self->format;
  GST_OBJECT_UNLOCK (self);

  if (!check_limits (self, &options, images, n_images)
      || !gst_rc_stereo_settings_resolve (&self->settings, GST_ELEMENT (self),
          images[0].buffer, GST_VIDEO_INFO_WIDTH (images[0].info),
          GST_RC_STEREO_FOR_POINTS, &stereo)
      || !gst_rc_cloud_set_map (&set, GST_ELEMENT (self), images, n_images))
    return GST_FLOW_ERROR;
  if (format == RC_PLY_ASCII)
    ret = make_ascii (self, &stereo, &set.images, &options, out);
  else
    ret = make_binary (self, &stereo, &set.images, &options, out);
  gst_rc_cloud_set_unmap (&set);
  if (ret == GST_FLOW_OK)
    gst_buffer_describe_rc_mesh (*out, images[0].buffer);
  return ret;
}

/* ---- life, properties ---- */

static gboolean
gst_rc_point_cloud_start (GstAggregator *agg)
{
  GstRcPointCloud *self = GST_RC_POINT_CLOUD (agg);

  gst_rc_stereo_settings_reset (&self->settings);
  self->cloud = rc_cloud_new ();
  return GST_AGGREGATOR_CLASS (gst_rc_point_cloud_parent_class)->start (agg);
}

static gboolean
gst_rc_point_cloud_stop (GstAggregator *agg)
{
  GstRcPointCloud *self = GST_RC_POINT_CLOUD (agg);

  drop_pool (self);
  g_clear_pointer (&self->body, g_free);
  self->body_size = 0;
  g_clear_pointer (&self->cloud, rc_cloud_free);
  return TRUE;
}

static gdouble *
find_number (GstRcPointCloud *self, guint id)
{
  switch (id) {
  case PROP_MIN_CONFIDENCE:
    return &self->options.min_confidence;
  case PROP_MAX_DEPTH_ERROR:
    return &self->options.max_depth_error;
  case PROP_MIN_DEPTH:
    return &self->options.min_depth;
  case PROP_MAX_DEPTH:
    return &self->options.max_depth;
  default:
    return &self->options.face_step;
  }
}

static void
gst_rc_point_cloud_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
  GstRcPointCloud *self = GST_RC_POINT_CLOUD (object);

  if (id >= FIRST_STEREO_PROPERTY) {
    gst_rc_stereo_settings_set (
        &self->settings, GST_ELEMENT (self), id - FIRST_STEREO_PROPERTY, value);
    return;
  }
  GST_OBJECT_LOCK (self);
  switch (id) {
  case PROP_FORMAT:
    self->format = g_value_get_enum (value);
    break;
  case PROP_ORGANIZED:
    self->options.organized = g_value_get_boolean (value);
    break;
  case PROP_FACES:
    self->options.faces = g_value_get_boolean (value);
    break;
  default:
    *find_number (self, id) = g_value_get_double (value);
  }
  GST_OBJECT_UNLOCK (self);
}

static void
gst_rc_point_cloud_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *spec)
{
  GstRcPointCloud *self = GST_RC_POINT_CLOUD (object);

  if (id >= FIRST_STEREO_PROPERTY) {
    gst_rc_stereo_settings_get (
        &self->settings, GST_ELEMENT (self), id - FIRST_STEREO_PROPERTY, value);
    return;
  }
  GST_OBJECT_LOCK (self);
  switch (id) {
  case PROP_FORMAT:
    g_value_set_enum (value, self->format);
    break;
  case PROP_ORGANIZED:
    g_value_set_boolean (value, self->options.organized);
    break;
  case PROP_FACES:
    g_value_set_boolean (value, self->options.faces);
    break;
  default:
    g_value_set_double (value, *find_number (self, id));
  }
  GST_OBJECT_UNLOCK (self);
}

static void
install_properties (GObjectClass *object_class)
{
  const GParamFlags flags =
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING;

  /**
   * GstRcPointCloud:format:
   *
   * How the files are written. Binary ones are little-endian. ASCII is for
   * readers that take nothing else: it is larger and takes many times longer;
   * its numbers read back as those of the binary file.
   *
   * Since: 0.1
   */
  properties[PROP_FORMAT] = g_param_spec_enum ("format", "Format",
      "Format of the PLY files", GST_TYPE_RC_PLY_FORMAT, DEFAULT_FORMAT, flags);
  /**
   * GstRcPointCloud:min-confidence:
   *
   * The probability, 0 to 1, that a point is right; what has less is left out.
   * More than 0 needs the pad `confidence`.
   *
   * Since: 0.1
   */
  properties[PROP_MIN_CONFIDENCE] = g_param_spec_double ("min-confidence",
      "Min. confidence", "0 to 1; points with less are left out", 0, 1,
      DEFAULT_MIN_CONFIDENCE, flags);
  /**
   * GstRcPointCloud:max-depth-error:
   *
   * Metres. Points with a larger error of depth are left out. Any limit needs
   * the pad `error`.
   *
   * Since: 0.1
   */
  properties[PROP_MAX_DEPTH_ERROR] = g_param_spec_double ("max-depth-error",
      "Max. depth error", "Metres; points with a larger error are left out", 0,
      G_MAXDOUBLE, DEFAULT_MAX_DEPTH_ERROR, flags);
  /**
   * GstRcPointCloud:min-depth:
   *
   * Metres along the optical axis. What is nearer is left out.
   *
   * Since: 0.1
   */
  properties[PROP_MIN_DEPTH] = g_param_spec_double ("min-depth", "Min. depth",
      "Metres; points that are nearer are left out", 0, G_MAXDOUBLE,
      DEFAULT_MIN_DEPTH, flags);
  /**
   * GstRcPointCloud:max-depth:
   *
   * Metres along the optical axis. What is farther is left out.
   *
   * Since: 0.1
   */
  properties[PROP_MAX_DEPTH] = g_param_spec_double ("max-depth", "Max. depth",
      "Metres; points that are farther are left out", 0, G_MAXDOUBLE,
      DEFAULT_MAX_DEPTH, flags);
  /**
   * GstRcPointCloud:organized:
   *
   * Keep the grid: a vertex for each pixel, row by row. x, y and z of what is
   * left out are NaN, and the header has the lines `obj_info num_cols` and
   * `obj_info num_rows`.
   *
   * Since: 0.1
   */
  properties[PROP_ORGANIZED] = g_param_spec_boolean ("organized", "Organized",
      "Keep the grid, with NaN where there is no point", DEFAULT_ORGANIZED,
      flags);
  /**
   * GstRcPointCloud:faces:
   *
   * Triangles between points of neighbouring pixels, see
   * #GstRcPointCloud:face-step. They face the camera.
   *
   * Since: 0.1
   */
  properties[PROP_FACES] = g_param_spec_boolean ("faces", "Faces",
      "Triangles between neighbouring points", DEFAULT_FACES, flags);
  /**
   * GstRcPointCloud:face-step:
   *
   * Pixels that the disparities of a triangle's corners may differ by: more is
   * an edge between near and far.
   *
   * Since: 0.1
   */
  properties[PROP_FACE_STEP] = g_param_spec_double ("face-step", "Face step",
      "Pixels that the disparities of a triangle's corners may differ by", 0,
      G_MAXDOUBLE, DEFAULT_FACE_STEP, flags);
  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
  gst_rc_stereo_settings_install (
      object_class, FIRST_STEREO_PROPERTY, GST_RC_STEREO_FOR_POINTS);
}

static void
gst_rc_point_cloud_class_init (GstRcPointCloudClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstAggregatorClass *agg_class = GST_AGGREGATOR_CLASS (klass);

  object_class->set_property = gst_rc_point_cloud_set_property;
  object_class->get_property = gst_rc_point_cloud_get_property;
  install_properties (object_class);

  gst_element_class_set_static_metadata (element_class, "Stereo point cloud",
      "Filter/Converter/Video",
      "Turns a stereo camera's disparity images into point clouds (PLY)",
      "The gst-rcgrpc authors");
  gst_element_class_add_static_pad_template (
      element_class, &disparity_template);
  gst_element_class_add_static_pad_template (element_class, &left_template);
  gst_element_class_add_static_pad_template (
      element_class, &confidence_template);
  gst_element_class_add_static_pad_template (element_class, &error_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_type_mark_as_plugin_api (GST_TYPE_RC_PLY_FORMAT, 0);

  agg_class->start = gst_rc_point_cloud_start;
  agg_class->stop = gst_rc_point_cloud_stop;
  GST_RC_SET_MATCHER_CLASS (klass)->make = gst_rc_point_cloud_make;
}

static void
gst_rc_point_cloud_init (GstRcPointCloud *self)
{
  gst_rc_stereo_settings_init (&self->settings);
  self->format = DEFAULT_FORMAT;
  self->options = (RcCloudOptions){
      .min_depth = DEFAULT_MIN_DEPTH,
      .max_depth = DEFAULT_MAX_DEPTH,
      .min_confidence = DEFAULT_MIN_CONFIDENCE,
      .max_depth_error = DEFAULT_MAX_DEPTH_ERROR,
      .organized = DEFAULT_ORGANIZED,
      .faces = DEFAULT_FACES,
      .face_step = DEFAULT_FACE_STEP,
  };
}
