/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-rcfilesink
 * @title: rcfilesink
 * @short_description: Records the streams of a stereo camera without loss
 *
 * rcfilesink writes what comes on its pads to a Matroska file: each image
 * stream as a track of FFV1, which keeps every bit, and what the camera says of
 * the images as a track of text, a line of JSON for each set. The tracks are
 * named after their pads. #GstRcFileSrc plays such a file as the camera did.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 -e rcgrpcsrc host=10.0.2.90 name=s rcfilesink location=rec.mkv name=r \
 *     s.left ! r.left   s.disparity ! r.disparity   s.metadata ! r.metadata
 * ]| Records left and disparity with all parameters.
 *
 * Since: 0.1
 */

/* Threads: each pad has that of its upstream, up to a queue of its own, and one
 * behind it that encodes. What upstream's threads do here is under the
 * recorder's lock. It is held while lines are handed to appsrc, which neither
 * waits nor pushes in that, so that lines keep their order; a leaf but for
 * that. Children are made in NULL→READY and go in READY→NULL, when no data
 * flows. */

#include "recording/gstrcfilesink.h"

#include <gst/base/gstcollectpads.h>
#include <gst/video/video.h>

#include "recording/gstrcparts.h"
#include "recording/gstrcrecordpart.h"
#include "recording/rcrecordjson.h"
#include "recording/rcrecordsets.h"

GST_DEBUG_CATEGORY_STATIC (gst_rc_file_sink_debug);
#define GST_CAT_DEFAULT gst_rc_file_sink_debug

#define IMAGE_CAPS                                                             \
  "video/x-raw, format = (string) { GRAY8, RGB, GRAY16_LE, GRAY16_BE }"
#define METADATA_CAPS "text/x-raw, format = (string) utf8"
/* What FFV1 takes and gives back bit by bit; videoconvert from the formats
 * above only moves bytes. */
#define ENCODED_CAPS "video/x-raw, format = (string) { GRAY8, GRAY16_LE, BGRx }"

/* Images of a stream that wait for their encoder, and for those of other streams
 * that come before them in the file: 16 s at 1280x960 and 25 Hz, and of 12 megapixels in
 * colour still more than RC_RECORD_MAX_PENDING. */
#define QUEUE_BYTES (512 * 1024 * 1024)
/* ns a tick of the file's times: what is a whole number of microseconds apart
 * stays exactly so. */
#define TIMECODE_SCALE 1000
/* Of a line whose set does not say: 25 Hz, ns. */
#define DEFAULT_DURATION (40 * GST_MSECOND)

enum {
  PROP_0,
  PROP_LOCATION,
  N_PROPERTIES,
};

typedef struct {
  GstPad *pad; /* NULL: not requested; belongs to the element */
  gboolean has_info;
  GstVideoInfo info;
} Stream;

struct _GstRcFileSink {
  GstBin parent;

  /* object lock */
  gchar *location;

  /* state changes */
  GstElement *mux; /* NULL in NULL; the children belong to the bin */
  GstElement *lines;

  GMutex lock; /* guards what follows */
  Stream streams[RC_N_STREAMS];
  RcRecordSets *sets;
  guint64 last_start; /* of the lines */
  gboolean metadata_linked;
  gboolean lines_ended;
};

static GParamSpec *properties[N_PROPERTIES];

G_DEFINE_TYPE_WITH_CODE (GstRcFileSink, gst_rc_file_sink, GST_TYPE_BIN,
    GST_DEBUG_CATEGORY_INIT (
        gst_rc_file_sink_debug, "rcfilesink", 0, "stereo camera recorder"))
GST_ELEMENT_REGISTER_DEFINE (
    rcfilesink, "rcfilesink", GST_RANK_NONE, GST_TYPE_RC_FILE_SINK)

/* ---- the metadata track ---- */

static void
write_line_unlocked (GstRcFileSink *self, RcRecordSet *set)
{
  guint64 start = rc_record_set_get_start (set);
  GstFlowReturn ret;
  GstBuffer *buffer;
  gchar *line;

  /* A replay has the stream even if the recording did not: at the set's start. */
  if (!self->metadata_linked)
    set->pts[RC_STREAM_METADATA] = start;
  line = rc_record_json_write (set);
  buffer = gst_buffer_new_wrapped (line, strlen (line));
  self->last_start = MAX (self->last_start, start);
  GST_BUFFER_PTS (buffer) = self->last_start;
  GST_BUFFER_DURATION (buffer) =
      set->duration != RC_RECORD_NONE ? set->duration : DEFAULT_DURATION;
  g_signal_emit_by_name (self->lines, "push-buffer", buffer, &ret);
  gst_buffer_unref (buffer);
}

static void
write_lines_unlocked (GstRcFileSink *self)
{
  RcRecordSet *set;
  GstFlowReturn ret;

  while ((set = rc_record_sets_pop (self->sets)) != NULL) {
    write_line_unlocked (self, set);
    rc_record_set_free (set);
  }
  if (!rc_record_sets_is_ended (self->sets) || self->lines_ended)
    return;
  self->lines_ended = TRUE;
  g_signal_emit_by_name (self->lines, "end-of-stream", &ret);
}

/* ---- what comes to the pads ---- */

static GstClockTime
to_running_time (GstPad *pad, GstClockTime pts)
{
  g_autoptr (GstEvent) event =
      gst_pad_get_sticky_event (pad, GST_EVENT_SEGMENT, 0);
  const GstSegment *segment;

  if (event == NULL)
    return GST_CLOCK_TIME_NONE;
  gst_event_parse_segment (event, &segment);
  return segment->format == GST_FORMAT_TIME
             ? gst_segment_to_running_time (segment, GST_FORMAT_TIME, pts)
             : GST_CLOCK_TIME_NONE;
}

static void
take_buffer (
    GstRcFileSink *self, RcStream stream, GstPad *pad, GstBuffer *buffer)
{
  GstClockTime pts = to_running_time (pad, GST_BUFFER_PTS (buffer));
  Stream *state = &self->streams[stream];

  /* The muxer leaves out what has no place in time, too. */
  if (!GST_CLOCK_TIME_IS_VALID (pts))
    return;
  g_mutex_lock (&self->lock);
  rc_record_sets_add (self->sets, stream,
      gst_rc_record_part_new (
          buffer, stream, pts, state->has_info ? &state->info : NULL));
  write_lines_unlocked (self);
  g_mutex_unlock (&self->lock);
}

static void
take_gap (GstRcFileSink *self, RcStream stream, GstPad *pad, GstEvent *event)
{
  GstClockTime pts;

  gst_event_parse_gap (event, &pts, NULL);
  pts = to_running_time (pad, pts);
  if (!GST_CLOCK_TIME_IS_VALID (pts))
    return;
  g_mutex_lock (&self->lock);
  rc_record_sets_skip (self->sets, stream, pts);
  write_lines_unlocked (self);
  g_mutex_unlock (&self->lock);
}

static void
take_end (GstRcFileSink *self, RcStream stream)
{
  g_mutex_lock (&self->lock);
  rc_record_sets_end (self->sets, stream);
  write_lines_unlocked (self);
  g_mutex_unlock (&self->lock);
}

/* FALSE if the track cannot go on. */
static gboolean
take_caps (GstRcFileSink *self, RcStream stream, GstEvent *event)
{
  Stream *state = &self->streams[stream];
  GstVideoInfo info;
  gboolean fits;
  GstCaps *caps;

  gst_event_parse_caps (event, &caps);
  if (!gst_video_info_from_caps (&info, caps))
    return TRUE;
  g_mutex_lock (&self->lock);
  fits =
      !state->has_info
      || (GST_VIDEO_INFO_FORMAT (&info) == GST_VIDEO_INFO_FORMAT (&state->info)
          && GST_VIDEO_INFO_WIDTH (&info) == GST_VIDEO_INFO_WIDTH (&state->info)
          && GST_VIDEO_INFO_HEIGHT (&info)
                 == GST_VIDEO_INFO_HEIGHT (&state->info));
  if (fits) {
    state->info = info;
    state->has_info = TRUE;
  }
  g_mutex_unlock (&self->lock);
  if (!fits)
    GST_ELEMENT_ERROR (self, STREAM, FORMAT,
        ("The images of \"%s\" have another size or format now, which a track "
         "of a Matroska file cannot hold. Record the new ones to another file.",
            rc_stream_to_string (stream)),
        ("%" GST_PTR_FORMAT, caps));
  return fits;
}

static GstPadProbeReturn
watch_pad (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  RcStream stream = GPOINTER_TO_UINT (user_data);
  GstRcFileSink *self = GST_RC_FILE_SINK (GST_PAD_PARENT (pad));
  GstEvent *event;

  if (info->type & GST_PAD_PROBE_TYPE_BUFFER) {
    take_buffer (self, stream, pad, GST_PAD_PROBE_INFO_BUFFER (info));
    return GST_PAD_PROBE_OK;
  }
  event = GST_PAD_PROBE_INFO_EVENT (info);
  switch (GST_EVENT_TYPE (event)) {
  case GST_EVENT_CAPS:
    return take_caps (self, stream, event) ? GST_PAD_PROBE_OK
                                           : GST_PAD_PROBE_DROP;
  case GST_EVENT_GAP:
    take_gap (self, stream, pad, event);
    return GST_PAD_PROBE_OK;
  case GST_EVENT_EOS:
    take_end (self, stream);
    return GST_PAD_PROBE_OK;
  default:
    return GST_PAD_PROBE_OK;
  }
}

/* ---- children ---- */

/* The muxer does not wait for text as it does for images, and at the end loses
 * what of it is still on its way. There is a line for each set: it can wait.
 * The flag is public in GstCollectPads, and else the muxer's own affair. */
static void
wait_for_lines (GstPad *mux_pad)
{
  GstCollectData *data = gst_pad_get_element_private (mux_pad);

  GST_COLLECT_PADS_STATE_SET (data, GST_COLLECT_PADS_STATE_LOCKED);
}

static GstElement *
add_title (GstRcFileSink *self, RcStream stream)
{
  GstElement *title = gst_rc_parts_add (GST_BIN (self), "taginject");
  g_autofree gchar *tags =
      g_strdup_printf ("title=%s", rc_stream_to_string (stream));

  if (title != NULL)
    g_object_set (title, "tags", tags, NULL);
  return title;
}

static gboolean
link_to_mux (GstRcFileSink *self, GstElement *title, const gchar *templ)
{
  g_autoptr (GstPad) src = gst_element_get_static_pad (title, "src");
  g_autoptr (GstPad) sink = gst_element_request_pad_simple (self->mux, templ);

  if (g_str_has_prefix (templ, "subtitle"))
    wait_for_lines (sink);
  return gst_pad_link (src, sink) == GST_PAD_LINK_OK;
}

static void
target (GstRcFileSink *self, RcStream stream, GstElement *first)
{
  g_autoptr (GstPad) sink = gst_element_get_static_pad (first, "sink");

  gst_ghost_pad_set_target (GST_GHOST_PAD (self->streams[stream].pad), sink);
}

static gboolean
add_image_branch (GstRcFileSink *self, RcStream stream)
{
  GstBin *bin = GST_BIN (self);
  g_autoptr (GstCaps) caps = gst_caps_from_string (ENCODED_CAPS);
  GstElement *queue, *convert, *filter, *encoder, *title;

  if (!(queue = gst_rc_parts_add (bin, "queue"))
      || !(convert = gst_rc_parts_add (bin, "videoconvert"))
      || !(filter = gst_rc_parts_add (bin, "capsfilter"))
      || !(encoder = gst_rc_parts_add (bin, "avenc_ffv1"))
      || !(title = add_title (self, stream)))
    return FALSE;
  g_object_set (queue, "max-size-buffers", 0, "max-size-bytes", QUEUE_BYTES,
      "max-size-time", G_GUINT64_CONSTANT (0), NULL);
  g_object_set (filter, "caps", caps, NULL);
  /* Each image for itself, so that a replay can begin anywhere. Slices have
   * checksums, which tell of a damaged file. */
  g_object_set (encoder, "gop-size", 1, "slices", 4, NULL);
  if (!gst_element_link_many (queue, convert, filter, encoder, title, NULL)
      || !link_to_mux (self, title, "video_%u"))
    return FALSE;
  target (self, stream, queue);
  return TRUE;
}

/* Its words go into the lines. */
static gboolean
add_metadata_branch (GstRcFileSink *self)
{
  GstElement *end = gst_rc_parts_add (GST_BIN (self), "fakesink");

  if (end == NULL)
    return FALSE;
  g_object_set (
      end, "sync", FALSE, "async", FALSE, "enable-last-sample", FALSE, NULL);
  target (self, RC_STREAM_METADATA, end);
  return TRUE;
}

static gboolean
add_lines (GstRcFileSink *self)
{
  g_autoptr (GstCaps) caps = gst_caps_from_string (METADATA_CAPS);
  GstElement *title;

  if (!(self->lines = gst_rc_parts_add (GST_BIN (self), "appsrc"))
      || !(title = add_title (self, RC_STREAM_METADATA)))
    return FALSE;
  g_object_set (self->lines, "caps", caps, "format", GST_FORMAT_TIME,
      "max-bytes", G_GUINT64_CONSTANT (0), NULL);
  return gst_element_link (self->lines, title)
         && link_to_mux (self, title, "subtitle_%u");
}

static gboolean
add_file (GstRcFileSink *self)
{
  GstBin *bin = GST_BIN (self);
  g_autofree gchar *location = NULL;
  GstElement *sink;

  GST_OBJECT_LOCK (self);
  location = g_strdup (self->location);
  GST_OBJECT_UNLOCK (self);
  if (location == NULL || *location == '\0') {
    GST_ELEMENT_ERROR (self, RESOURCE, SETTINGS,
        ("There is no file to record to. Set the property location."), (NULL));
    return FALSE;
  }
  if (!(self->mux = gst_rc_parts_add (bin, "matroskamux"))
      || !(sink = gst_rc_parts_add (bin, "filesink")))
    return FALSE;
  g_object_set (self->mux, "timecodescale", (gint64)TIMECODE_SCALE, "version",
      2, "writing-app", "rcfilesink", NULL);
  g_object_set (sink, "location", location, NULL);
  return gst_element_link (self->mux, sink);
}

static gboolean
add_branches (GstRcFileSink *self)
{
  guint n = 0;

  for (guint i = 0; i < RC_N_STREAMS; i++) {
    GstPad *pad = self->streams[i].pad;

    if (pad == NULL || !gst_pad_is_linked (pad))
      continue;
    n++;
    rc_record_sets_expect (self->sets, i);
    if (i == RC_STREAM_METADATA ? !add_metadata_branch (self)
                                : !add_image_branch (self, i))
      return FALSE;
  }
  if (n > 0)
    return add_lines (self);
  GST_ELEMENT_ERROR (self, CORE, PAD,
      ("There is nothing to record. Link a pad of rcfilesink, such as left."),
      (NULL));
  return FALSE;
}

static void
remove_children (GstRcFileSink *self)
{
  GstBin *bin = GST_BIN (self);

  for (guint i = 0; i < RC_N_STREAMS; i++) {
    if (self->streams[i].pad != NULL)
      gst_ghost_pad_set_target (GST_GHOST_PAD (self->streams[i].pad), NULL);
    self->streams[i].has_info = FALSE;
  }
  while (GST_BIN_NUMCHILDREN (bin) > 0) {
    GstElement *child = gst_object_ref (GST_BIN_CHILDREN (bin)->data);

    gst_element_set_state (child, GST_STATE_NULL);
    gst_bin_remove (bin, child);
    gst_object_unref (child);
  }
  self->mux = NULL;
  self->lines = NULL;
  g_clear_pointer (&self->sets, rc_record_sets_free);
}

static gboolean
make_children (GstRcFileSink *self)
{
  GstPad *metadata = self->streams[RC_STREAM_METADATA].pad;

  self->sets = rc_record_sets_new ();
  self->last_start = 0;
  self->lines_ended = FALSE;
  self->metadata_linked = metadata != NULL && gst_pad_is_linked (metadata);
  return add_file (self) && add_branches (self);
}

/* ---- states ---- */

static GstStateChangeReturn
gst_rc_file_sink_change_state (GstElement *element, GstStateChange transition)
{
  GstRcFileSink *self = GST_RC_FILE_SINK (element);
  GstStateChangeReturn ret;

  if (transition == GST_STATE_CHANGE_NULL_TO_READY && !make_children (self)) {
    remove_children (self);
    return GST_STATE_CHANGE_FAILURE;
  }
  ret = GST_ELEMENT_CLASS (gst_rc_file_sink_parent_class)
            ->change_state (element, transition);
  if (transition == GST_STATE_CHANGE_READY_TO_NULL)
    remove_children (self);
  return ret;
}

/* ---- pads ---- */

static GstPad *
gst_rc_file_sink_request_new_pad (GstElement *element, GstPadTemplate *templ,
    const gchar *name, const GstCaps *caps)
{
  GstRcFileSink *self = GST_RC_FILE_SINK (element);
  RcStream stream;
  GstPad *pad;

  if (!rc_stream_from_string (GST_PAD_TEMPLATE_NAME_TEMPLATE (templ), &stream))
    return NULL;
  if (self->streams[stream].pad != NULL || self->mux != NULL) {
    GST_WARNING_OBJECT (self, "%s: there is one, or the file has begun",
        rc_stream_to_string (stream));
    return NULL;
  }
  pad = gst_ghost_pad_new_no_target_from_template (
      rc_stream_to_string (stream), templ);
  gst_pad_add_probe (pad,
      GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM,
      watch_pad, GUINT_TO_POINTER (stream), NULL);
  self->streams[stream].pad = pad;
  gst_element_add_pad (element, pad);
  return pad;
}

static void
gst_rc_file_sink_release_pad (GstElement *element, GstPad *pad)
{
  GstRcFileSink *self = GST_RC_FILE_SINK (element);
  RcStream stream;

  if (!rc_stream_from_string (GST_PAD_NAME (pad), &stream))
    return;
  self->streams[stream].pad = NULL;
  gst_element_remove_pad (element, pad);
}

/* ---- properties ---- */

static void
gst_rc_file_sink_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  GstRcFileSink *self = GST_RC_FILE_SINK (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
  case PROP_LOCATION:
    g_free (self->location);
    self->location = g_value_dup_string (value);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
  GST_OBJECT_UNLOCK (self);
}

static void
gst_rc_file_sink_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GstRcFileSink *self = GST_RC_FILE_SINK (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
  case PROP_LOCATION:
    g_value_set_string (value, self->location);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
  GST_OBJECT_UNLOCK (self);
}

static void
gst_rc_file_sink_finalize (GObject *object)
{
  GstRcFileSink *self = GST_RC_FILE_SINK (object);

  g_clear_pointer (&self->sets, rc_record_sets_free);
  g_free (self->location);
  g_mutex_clear (&self->lock);
  G_OBJECT_CLASS (gst_rc_file_sink_parent_class)->finalize (object);
}

static void
add_pad_template (GstElementClass *klass, RcStream stream)
{
  g_autoptr (GstCaps) caps = gst_caps_from_string (
      stream == RC_STREAM_METADATA ? METADATA_CAPS : IMAGE_CAPS);

  gst_element_class_add_pad_template (
      klass, gst_pad_template_new (rc_stream_to_string (stream), GST_PAD_SINK,
                 GST_PAD_REQUEST, caps));
}

static void
gst_rc_file_sink_class_init (GstRcFileSinkClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);

  object_class->set_property = gst_rc_file_sink_set_property;
  object_class->get_property = gst_rc_file_sink_get_property;
  object_class->finalize = gst_rc_file_sink_finalize;

  /**
   * GstRcFileSink:location:
   *
   * The Matroska file to write; one of that name is overwritten.
   *
   * Since: 0.1
   */
  properties[PROP_LOCATION] = g_param_spec_string ("location", "Location",
      "The Matroska file to write; one of that name is overwritten", NULL,
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);
  g_object_class_install_properties (object_class, N_PROPERTIES, properties);

  gst_element_class_set_static_metadata (element_class,
      "Stereo camera recorder", "Sink/File",
      "Records the streams of a stereo camera to Matroska without loss",
      "The gst-rcgrpc authors");
  for (guint i = 0; i < RC_N_STREAMS; i++) {
    if (i != RC_STREAM_MESH)
      add_pad_template (element_class, i);
  }

  element_class->change_state = gst_rc_file_sink_change_state;
  element_class->request_new_pad = gst_rc_file_sink_request_new_pad;
  element_class->release_pad = gst_rc_file_sink_release_pad;
}

static void
gst_rc_file_sink_init (GstRcFileSink *self)
{
  g_mutex_init (&self->lock);
  /* A sink also while it has no children, and never a source for the one among
   * them. */
  gst_bin_set_suppressed_flags (
      GST_BIN (self), GST_ELEMENT_FLAG_SOURCE | GST_ELEMENT_FLAG_SINK);
  GST_OBJECT_FLAG_SET (self, GST_ELEMENT_FLAG_SINK);
}
