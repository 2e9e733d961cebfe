/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Threads: all is done in the pad's streaming thread, but for unlock (), which
 * ends what it is writing. GstBaseSink's preroll lock is held meanwhile, as in
 * any sink; a state change takes it after unlock (). */

#include "snapshot/gstrcsnapshotwriter.h"

#include <gst/video/video.h>

#include "depth/gstrcstereosettings.h"
#include "meta/gstrcimageframe.h"
#include "meta/gstrcimagemeta.h"
#include "snapshot/rcpng.h"
#include "snapshot/rcsnapshottext.h"

GST_DEBUG_CATEGORY_STATIC (gst_rc_snapshot_writer_debug);
#define GST_CAT_DEFAULT gst_rc_snapshot_writer_debug

#define IMAGE_CAPS(formats)                                                    \
  "video/x-raw, format = (string) " formats ", "                               \
  "width = (int) [ 1, MAX ], height = (int) [ 1, MAX ]"

struct _GstRcSnapshotWriter {
  GstBaseSink parent;

  RcStream stream;                /* set at creation */
  GstRcSnapshotSettings settings; /* set while stopped */
  GstCaps *unix_time_caps;        /* of a GstReferenceTimestampMeta */

  gint cancelled; /* atomic */

  /* streaming thread, or stopped */
  GstVideoInfo info;
  GstRcStereoSettings stereo; /* nothing is given */
  gboolean told_of_no_meta;   /* warned that there are no parameters */
};

/* What becomes of a buffer. */
typedef struct {
  GstBuffer *buffer;
  const GstStructure *fields; /* of its GstRcImageMeta, or NULL */
  guint64 timestamp;          /* in its name */
  gchar *name;                /* without extension */
  RcNewFile *files[2];        /* in the order in which they are published */
  guint n_files;
} Snapshot;

G_DEFINE_TYPE_WITH_CODE (GstRcSnapshotWriter, gst_rc_snapshot_writer,
    GST_TYPE_BASE_SINK,
    GST_DEBUG_CATEGORY_INIT (gst_rc_snapshot_writer_debug, "rcsnapshotwriter",
        0, "one stream of snapshots"))

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE (
    "sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

GstCaps *
gst_rc_snapshot_get_template_caps (RcStream stream)
{
  switch (stream) {
  case RC_STREAM_LEFT:
  case RC_STREAM_RIGHT:
    /* All that rcgrpcsrc may have: `rcgrpcsrc ! rcsnapshotsink` then links
     * left, the first one. */
    return gst_caps_from_string (
        IMAGE_CAPS ("{ GRAY8, RGB, GRAY16_LE, GRAY16_BE }"));
  case RC_STREAM_DISPARITY:
    return gst_caps_from_string (IMAGE_CAPS ("{ GRAY16_LE, GRAY16_BE }"));
  case RC_STREAM_MESH:
    return gst_caps_from_string ("application/x-ply");
  default:
    return gst_caps_from_string (IMAGE_CAPS ("GRAY8"));
  }
}

GstRcSnapshotWriter *
gst_rc_snapshot_writer_new (RcStream stream)
{
  /* Users name their own elements after streams, and look them up. */
  g_autofree gchar *name =
      g_strdup_printf ("%s-sink", rc_stream_to_string (stream));
  GstRcSnapshotWriter *self =
      g_object_new (GST_TYPE_RC_SNAPSHOT_WRITER, "name", name, NULL);

  self->stream = stream;
  return self;
}

void
gst_rc_snapshot_writer_configure (
    GstRcSnapshotWriter *self, const GstRcSnapshotSettings *settings)
{
  g_free (self->settings.location);
  self->settings = *settings;
  self->settings.location = g_strdup (settings->location);
  gst_base_sink_set_sync (GST_BASE_SINK (self), settings->sync);
  gst_base_sink_set_async_enabled (GST_BASE_SINK (self), settings->async);
}

/* ---- caps ---- */

static GstCaps *
gst_rc_snapshot_writer_get_caps (GstBaseSink *sink, GstCaps *filter)
{
  g_autoptr (GstCaps) caps =
      gst_rc_snapshot_get_template_caps (GST_RC_SNAPSHOT_WRITER (sink)->stream);

  if (filter == NULL)
    return g_steal_pointer (&caps);
  return gst_caps_intersect_full (filter, caps, GST_CAPS_INTERSECT_FIRST);
}

static gboolean
gst_rc_snapshot_writer_set_caps (GstBaseSink *sink, GstCaps *caps)
{
  GstRcSnapshotWriter *self = GST_RC_SNAPSHOT_WRITER (sink);

  return self->stream == RC_STREAM_MESH
         || gst_video_info_from_caps (&self->info, caps);
}

static gboolean
gst_rc_snapshot_writer_propose_allocation (GstBaseSink *sink, GstQuery *query)
{
  if (GST_RC_SNAPSHOT_WRITER (sink)->stream != RC_STREAM_MESH)
    gst_query_add_allocation_meta (query, GST_VIDEO_META_API_TYPE, NULL);
  return TRUE;
}

/* ---- names ---- */

/* All of a set have the same one, and so the same name. */
static guint64
find_timestamp (GstRcSnapshotWriter *self, const Snapshot *snapshot)
{
  GstReferenceTimestampMeta *reference;
  guint64 timestamp;

  if (snapshot->fields != NULL
      && gst_structure_get_uint64 (
          snapshot->fields, "set-timestamp", &timestamp))
    return timestamp;
  reference = gst_buffer_get_reference_timestamp_meta (
      snapshot->buffer, self->unix_time_caps);
  if (reference != NULL)
    return reference->timestamp;
  if (GST_BUFFER_PTS_IS_VALID (snapshot->buffer))
    return GST_BUFFER_PTS (snapshot->buffer);
  return (guint64)g_get_real_time () * GST_USECOND;
}

static guint32
get_mask (const GstStructure *fields, const gchar *name)
{
  guint mask = 0;

  if (fields != NULL)
    gst_structure_get_uint (fields, name, &mask);
  return mask;
}

static gchar *
make_name (GstRcSnapshotWriter *self, const Snapshot *snapshot)
{
  const RcSnapshotGpios gpios = {
      .inputs = get_mask (snapshot->fields, "gpio-inputs"),
      .outputs = get_mask (snapshot->fields, "gpio-outputs"),
      .values = get_mask (snapshot->fields, "gpio-values"),
  };

  return rc_snapshot_make_name (snapshot->timestamp,
      rc_stream_to_string (self->stream),
      self->stream == RC_STREAM_MESH ? NULL : &gpios);
}

/* ---- files ---- */

/* The snapshot has it, for the caller to write to. */
static RcNewFile *
add_file (GstRcSnapshotWriter *self, Snapshot *snapshot, const gchar *name,
    const gchar *extension, GError **error)
{
  RcNewFile *file = rc_new_file_create (
      self->settings.folder, name, extension, &self->cancelled, error);

  if (file != NULL)
    snapshot->files[snapshot->n_files++] = file;
  return file;
}

static gboolean
write_bytes (GstRcSnapshotWriter *self, Snapshot *snapshot, const gchar *name,
    const gchar *extension, gconstpointer bytes, gsize size, GError **error)
{
  RcNewFile *file = add_file (self, snapshot, name, extension, error);

  return file != NULL && rc_new_file_write (file, bytes, size, error)
         && rc_new_file_complete (file, self->settings.fsync, error);
}

static RcPngFormat
png_format (GstVideoFormat format)
{
  switch (format) {
  case GST_VIDEO_FORMAT_GRAY16_LE:
    return RC_PNG_GRAY16_LE;
  case GST_VIDEO_FORMAT_GRAY16_BE:
    return RC_PNG_GRAY16_BE;
  case GST_VIDEO_FORMAT_RGB:
    return RC_PNG_RGB;
  default:
    return RC_PNG_GRAY8;
  }
}

static gboolean
write_image (GstRcSnapshotWriter *self, Snapshot *snapshot,
    const GstVideoFrame *frame, GError **error)
{
  const RcPngImage image = {
      .format = png_format (GST_VIDEO_FRAME_FORMAT (frame)),
      .width = GST_VIDEO_FRAME_WIDTH (frame),
      .height = GST_VIDEO_FRAME_HEIGHT (frame),
      .stride = GST_VIDEO_FRAME_PLANE_STRIDE (frame, 0),
      .pixels = GST_VIDEO_FRAME_PLANE_DATA (frame, 0),
  };
  RcNewFile *file = add_file (self, snapshot, snapshot->name, "png", error);

  return file != NULL
         && rc_png_write (&image, self->settings.compression_level, file, error)
         && rc_new_file_complete (file, self->settings.fsync, error);
}

static gdouble
get_number (const GstStructure *fields, const gchar *name)
{
  gdouble number = 0;

  gst_structure_get_double (fields, name, &number);
  return number;
}

/* Scaled where they are for another size. Those of a camera that does not know
 * them are written as it sends them. */
static void
fit_parameters (GstRcSnapshotWriter *self, const Snapshot *snapshot,
    RcSnapshotParameters *parameters)
{
  RcStereo stereo;

  if (!(parameters->focal_length > 0 && parameters->baseline > 0)
      || !gst_rc_stereo_settings_resolve (&self->stereo, GST_ELEMENT (self),
          snapshot->buffer, parameters->width, GST_RC_STEREO_FOR_DEPTH,
          &stereo))
    return;
  parameters->focal_length = stereo.focal_length;
  parameters->principal_point_u = stereo.principal_point_u;
  parameters->principal_point_v = stereo.principal_point_v;
}

static gboolean
write_parameters (GstRcSnapshotWriter *self, Snapshot *snapshot, GError **error)
{
  const GstStructure *fields = snapshot->fields;
  RcSnapshotParameters parameters = {
      .focal_length = get_number (fields, "focal-length"),
      .principal_point_u = get_number (fields, "principal-point-u"),
      .principal_point_v = get_number (fields, "principal-point-v"),
      .baseline = get_number (fields, "baseline"),
      .width = GST_VIDEO_INFO_WIDTH (&self->info),
      .height = GST_VIDEO_INFO_HEIGHT (&self->info),
      .exposure_time = get_number (fields, "exposure-time"),
      .gain = get_number (fields, "gain"),
      .noise = get_number (fields, "noise"),
      .out1_reduction = get_number (fields, "out1-reduction"),
      .brightness = get_number (fields, "brightness"),
      .scale = get_number (fields, "scale"),
      .offset = get_number (fields, "offset"),
      .invalid_data_value = get_number (fields, "invalid-data-value"),
  };
  g_autofree gchar *name = g_strconcat (snapshot->name, "_param", NULL);
  g_autofree gchar *text = NULL;

  fit_parameters (self, snapshot, &parameters);
  text = rc_snapshot_parameters_to_text (&parameters);
  return write_bytes (self, snapshot, name, "txt", text, strlen (text), error);
}

/* ---- messages ---- */

/* From rcsnapshotsink, which is what an application knows. */
static void
post_file (GstRcSnapshotWriter *self, const Snapshot *snapshot, RcNewFile *file)
{
  g_autoptr (GstObject) sink = gst_object_get_parent (GST_OBJECT (self));
  g_autofree gchar *path = g_build_filename (
      self->settings.location, rc_new_file_get_name (file), NULL);

  GST_DEBUG_OBJECT (self, "wrote %s", path);
  /* A pad that is just being released has none. */
  if (sink == NULL)
    return;
  gst_element_post_message (GST_ELEMENT (sink),
      gst_message_new_element (sink,
          gst_structure_new ("rc-snapshot", "filename", G_TYPE_STRING, path,
              "stream", G_TYPE_STRING, rc_stream_to_string (self->stream),
              "timestamp", G_TYPE_UINT64, snapshot->timestamp, NULL)));
}

static void
post_error (GstRcSnapshotWriter *self, const GError *error)
{
  const gchar *location = self->settings.location;

  switch ((RcNewFileError)error->code) {
  case RC_NEW_FILE_ERROR_NO_SPACE:
    GST_ELEMENT_ERROR (self, RESOURCE, NO_SPACE_LEFT,
        ("There is no space left in the folder \"%s\". Make room there, or set "
         "the property location to another one.",
            location),
        ("%s", error->message));
    break;
  case RC_NEW_FILE_ERROR_WRITE:
    GST_ELEMENT_ERROR (self, RESOURCE, WRITE,
        ("A file in the folder \"%s\" cannot be written. Check its disk.",
            location),
        ("%s", error->message));
    break;
  case RC_NEW_FILE_ERROR_EXISTS:
    GST_ELEMENT_ERROR (self, RESOURCE, OPEN_WRITE,
        ("The folder \"%s\" has too many files of the same time. Set the "
         "property location to another one.",
            location),
        ("%s", error->message));
    break;
  default:
    GST_ELEMENT_ERROR (self, RESOURCE, OPEN_WRITE,
        ("No file can be made in the folder \"%s\". Check that it is there and "
         "may be written to, or set the property location to another one.",
            location),
        ("%s", error->message));
    break;
  }
}

/* A file that says "disparity" and holds something else would lie to whoever
 * measures in it. */
static gboolean
check_stream (GstRcSnapshotWriter *self, const Snapshot *snapshot)
{
  const gchar *own = rc_stream_to_string (self->stream);
  const gchar *stream = snapshot->fields != NULL ? gst_structure_get_string (
                            snapshot->fields, "stream")
                                                 : NULL;

  if (stream == NULL || g_str_equal (stream, own))
    return TRUE;
  GST_ELEMENT_ERROR (self, STREAM, WRONG_TYPE,
      ("What comes on the pad \"%s\" is of the stream \"%s\". Link the pads of "
       "the same names.",
          own, stream),
      ("%" GST_PTR_FORMAT, snapshot->fields));
  return FALSE;
}

static void
warn_of_no_meta (GstRcSnapshotWriter *self)
{
  if (self->told_of_no_meta)
    return;
  self->told_of_no_meta = TRUE;
  GST_ELEMENT_WARNING (self, STREAM, FORMAT,
      ("The disparity images come without the camera's parameters: they are "
       "stored without _param.txt. What scales, crops, encodes or decodes "
       "images loses them."),
      ("no GstRcImageMeta"));
}

/* ---- buffers ---- */

static gboolean
write_mesh (GstRcSnapshotWriter *self, Snapshot *snapshot, GError **error)
{
  GstMapInfo map;
  gboolean done;

  if (!gst_buffer_map (snapshot->buffer, &map, GST_MAP_READ)) {
    g_set_error_literal (error, RC_NEW_FILE_ERROR, RC_NEW_FILE_ERROR_WRITE,
        "the mesh cannot be mapped");
    return FALSE;
  }
  done = write_bytes (
      self, snapshot, snapshot->name, "ply", map.data, map.size, error);
  gst_buffer_unmap (snapshot->buffer, &map);
  return done;
}

/* The parameters first: where there is an image, they are there. */
static gboolean
write_files (GstRcSnapshotWriter *self, Snapshot *snapshot,
    const GstVideoFrame *frame, GError **error)
{
  if (frame == NULL)
    return write_mesh (self, snapshot, error);
  if (self->stream == RC_STREAM_DISPARITY && snapshot->fields != NULL
      && !write_parameters (self, snapshot, error))
    return FALSE;
  return write_image (self, snapshot, frame, error);
}

/* FALSE when it was cancelled, and nothing is left of it. */
static gboolean
try_to_store (GstRcSnapshotWriter *self, Snapshot *snapshot,
    const GstVideoFrame *frame, GstFlowReturn *ret)
{
  g_autoptr (GError) error = NULL;
  gboolean done =
      write_files (self, snapshot, frame, &error)
      && rc_new_files_publish (snapshot->files, snapshot->n_files, &error);
  gboolean cancelled =
      g_error_matches (error, RC_NEW_FILE_ERROR, RC_NEW_FILE_ERROR_CANCELLED);

  if (!done && !cancelled)
    post_error (self, error);
  *ret = done ? GST_FLOW_OK : GST_FLOW_ERROR;
  for (guint i = 0; i < snapshot->n_files; i++) {
    if (done)
      post_file (self, snapshot, snapshot->files[i]);
    rc_new_file_free (snapshot->files[i]);
  }
  snapshot->n_files = 0;
  return !cancelled;
}

/* Going to PAUSED ends writing as well; it is begun anew in PLAYING. */
static GstFlowReturn
store (
    GstRcSnapshotWriter *self, Snapshot *snapshot, const GstVideoFrame *frame)
{
  GstFlowReturn ret;

  while (!try_to_store (self, snapshot, frame, &ret)) {
    ret = gst_base_sink_wait_preroll (GST_BASE_SINK (self));
    if (ret != GST_FLOW_OK)
      break;
  }
  return ret;
}

static GstFlowReturn
gst_rc_snapshot_writer_render (GstBaseSink *sink, GstBuffer *buffer)
{
  GstRcSnapshotWriter *self = GST_RC_SNAPSHOT_WRITER (sink);
  Snapshot snapshot = {
      .buffer = buffer, .fields = gst_buffer_get_rc_image_fields (buffer)};
  g_autofree gchar *name = NULL;
  GstVideoFrame frame;
  GstFlowReturn ret;

  if (!check_stream (self, &snapshot))
    return GST_FLOW_ERROR;
  if (self->stream == RC_STREAM_DISPARITY && snapshot.fields == NULL)
    warn_of_no_meta (self);
  snapshot.timestamp = find_timestamp (self, &snapshot);
  snapshot.name = name = make_name (self, &snapshot);

  if (self->stream == RC_STREAM_MESH)
    return store (self, &snapshot, NULL);

  if (!gst_rc_image_frame_map (&frame, &self->info, buffer)) {
    GST_ELEMENT_ERROR (self, STREAM, FORMAT,
        ("An image is smaller than its caps say. Check what makes it."),
        ("%" G_GSIZE_FORMAT " bytes", gst_buffer_get_size (buffer)));
    return GST_FLOW_ERROR;
  }
  ret = store (self, &snapshot, &frame);
  gst_video_frame_unmap (&frame);
  return ret;
}

/* ---- states ---- */

static gboolean
gst_rc_snapshot_writer_start (GstBaseSink *sink)
{
  GstRcSnapshotWriter *self = GST_RC_SNAPSHOT_WRITER (sink);

  gst_rc_stereo_settings_reset (&self->stereo);
  self->told_of_no_meta = FALSE;
  return TRUE;
}

static gboolean
gst_rc_snapshot_writer_unlock (GstBaseSink *sink)
{
  g_atomic_int_set (&GST_RC_SNAPSHOT_WRITER (sink)->cancelled, 1);
  return TRUE;
}

static gboolean
gst_rc_snapshot_writer_unlock_stop (GstBaseSink *sink)
{
  g_atomic_int_set (&GST_RC_SNAPSHOT_WRITER (sink)->cancelled, 0);
  return TRUE;
}

static void
gst_rc_snapshot_writer_finalize (GObject *object)
{
  GstRcSnapshotWriter *self = GST_RC_SNAPSHOT_WRITER (object);

  gst_clear_caps (&self->unix_time_caps);
  g_free (self->settings.location);
  G_OBJECT_CLASS (gst_rc_snapshot_writer_parent_class)->finalize (object);
}

static void
gst_rc_snapshot_writer_class_init (GstRcSnapshotWriterClass *klass)
{
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseSinkClass *base_class = GST_BASE_SINK_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = gst_rc_snapshot_writer_finalize;

  gst_element_class_set_static_metadata (element_class,
      "Stereo snapshot stream", "Sink/File",
      "Writes one stream of a stereo camera, inside rcsnapshotsink",
      "The gst-rcgrpc authors");
  gst_element_class_add_static_pad_template (element_class, &sink_template);

  base_class->start = gst_rc_snapshot_writer_start;
  base_class->unlock = gst_rc_snapshot_writer_unlock;
  base_class->unlock_stop = gst_rc_snapshot_writer_unlock_stop;
  base_class->get_caps = gst_rc_snapshot_writer_get_caps;
  base_class->set_caps = gst_rc_snapshot_writer_set_caps;
  base_class->propose_allocation = gst_rc_snapshot_writer_propose_allocation;
  base_class->render = gst_rc_snapshot_writer_render;
}

static void
gst_rc_snapshot_writer_init (GstRcSnapshotWriter *self)
{
  self->settings.folder = -1;
  self->unix_time_caps = gst_caps_new_empty_simple ("timestamp/x-unix");
  gst_rc_stereo_settings_init (&self->stereo);
}
