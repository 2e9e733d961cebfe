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
 * A stream that lacks images, or stops, holds no other back. Where images get
 * another size, and where a limit is reached, the recording goes on in another
 * file: rec.mkv, rec-00001.mkv … What was written so far can be played also if
 * the program is killed.
 *
 * Each second, and at the end, it posts an element message `rcfilesink-progress`
 * with the fields `location` (string), `files` (uint), `sets`, `bytes` and
 * `dropped` (guint64), and at the end of each file `rcfilesink-file-closed` with
 * `location`, `sets` and `bytes`.
 *
 * ## Example launch lines
 * |[
 * gst-launch-1.0 -e rcgrpcsrc host=10.0.2.90 name=s rcfilesink location=rec.mkv name=r \
 *     s.left ! r.left   s.disparity ! r.disparity   s.metadata ! r.metadata
 * ]| Records left and disparity with all parameters.
 * |[
 * gst-launch-1.0 -e rcgrpcsrc host=10.0.2.90 name=s \
 *     rcfilesink location=rec.mkv encoder="x264enc tune=zerolatency" max-size-time=60000000000 name=r \
 *     s.left ! r.left   s.disparity ! r.disparity
 * ]| A file a minute, the left image as H.264, disparity still without loss.
 *
 * Since: 0.1
 */

/* Threads: each pad has that of its upstream, up to the queue of its branch. It
 * reads there what an image says of itself, and tells the recorder what is on
 * its way. That is under this element's lock, so that lines keep their order;
 * the recorder's lock is taken in it. Children come and go with state changes
 * and pads, in the application's thread. */

#include "recording/gstrcfilesink.h"

#include <gst/video/video.h>

#include "recording/gstrcrecordbranch.h"
#include "recording/gstrcrecorder.h"
#include "recording/gstrcrecordpart.h"
#include "recording/rcrecordjson.h"
#include "recording/rcrecordsets.h"

GST_DEBUG_CATEGORY_STATIC (gst_rc_file_sink_debug);
#define GST_CAT_DEFAULT gst_rc_file_sink_debug

#define IMAGE_CAPS                                                             \
  "video/x-raw, format = (string) { GRAY8, RGB, GRAY16_LE, GRAY16_BE }"
#define MESH_CAPS "application/x-ply"
#define METADATA_CAPS "text/x-raw, format = (string) utf8"

/* Of a line whose set does not say: 25 Hz, ns. */
#define DEFAULT_DURATION (40 * GST_MSECOND)

enum {
  PROP_0,
  PROP_LOCATION,
  PROP_ENCODER,
  PROP_MAX_SIZE_TIME,
  PROP_MAX_SIZE_BYTES,
  PROP_STATS,
  N_PROPERTIES,
};

typedef struct {
  GstPad *pad;          /* NULL: not requested; belongs to the element */
  GstElement *branch;   /* belongs to the bin; NULL: none, as of metadata */
  GstPad *recorder_pad; /* belongs to the recorder */

  /* the element's lock */
  gboolean has_info;
  gboolean is_new; /* no image of @info came yet */
  GstVideoInfo info;
} Stream;

struct _GstRcFileSink {
  GstBin parent;

  /* object lock */
  gchar *location;
  gchar *encoder;
  guint64 max_size_time, max_size_bytes;
  GstRcRecorder *recorder; /* NULL in NULL; belongs to the bin */

  Stream
      streams[RC_N_STREAMS]; /* application's thread, but for what says else */

  GMutex lock;           /* guards what follows */
  RcRecordSets *sets;    /* NULL in NULL */
  guint64 last_start;    /* of the lines */
  gboolean has_lines;    /* they did not end */
  gboolean has_metadata; /* the camera's words come, or came */
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
  GstBuffer *buffer;
  gchar *line;

  /* A replay has the stream even if the recording did not: at the set's start. */
  if (!self->has_metadata)
    set->pts[RC_STREAM_METADATA] = start;
  line = rc_record_json_write (set);
  buffer = gst_buffer_new_wrapped (line, strlen (line));
  self->last_start = MAX (self->last_start, start);
  GST_BUFFER_PTS (buffer) = self->last_start;
  GST_BUFFER_DURATION (buffer) =
      set->duration != RC_RECORD_NONE ? set->duration : DEFAULT_DURATION;
  gst_rc_recorder_add_line (self->recorder, buffer, set->pts);
}

static void
write_lines_unlocked (GstRcFileSink *self)
{
  gboolean has_lines = !rc_record_sets_is_ended (self->sets);
  RcRecordSet *set;

  while ((set = rc_record_sets_pop (self->sets)) != NULL) {
    write_line_unlocked (self, set);
    rc_record_set_free (set);
  }
  if (has_lines != self->has_lines)
    gst_rc_recorder_set_has_lines (self->recorder, has_lines);
  self->has_lines = has_lines;
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

/* Encoders take what has no place in time for the segment's start, and overrun
 * an image that is smaller than its caps say. */
static gboolean
is_sound (const Stream *state, GstBuffer *buffer, GstClockTime pts)
{
  return GST_CLOCK_TIME_IS_VALID (pts)
         && (!state->has_info || gst_buffer_get_video_meta (buffer) != NULL
             || gst_buffer_get_size (buffer)
                    >= GST_VIDEO_INFO_SIZE (&state->info));
}

/* FALSE: it is not recorded. */
static gboolean
take_buffer (
    GstRcFileSink *self, RcStream stream, GstPad *pad, GstBuffer *buffer)
{
  GstClockTime pts = to_running_time (pad, GST_BUFFER_PTS (buffer));
  Stream *state = &self->streams[stream];
  gboolean ok;

  g_mutex_lock (&self->lock);
  ok = is_sound (state, buffer, pts);
  if (ok) {
    rc_record_sets_add (self->sets, stream,
        gst_rc_record_part_new (
            buffer, stream, pts, state->has_info ? &state->info : NULL));
    write_lines_unlocked (self);
  }
  if (stream != RC_STREAM_METADATA && ok) {
    gst_rc_recorder_announce (self->recorder, stream, pts, state->is_new);
    state->is_new = FALSE;
  } else if (stream != RC_STREAM_METADATA) {
    gst_rc_recorder_note_dropped (self->recorder);
  }
  g_mutex_unlock (&self->lock);
  return ok;
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
  if (stream != RC_STREAM_METADATA)
    gst_rc_recorder_pass (self->recorder, stream, pts);
  g_mutex_unlock (&self->lock);
}

static void
expect_unlocked (GstRcFileSink *self, RcStream stream)
{
  rc_record_sets_expect (self->sets, stream);
  gst_rc_recorder_begin_track (self->recorder, stream);
  self->has_metadata |= stream == RC_STREAM_METADATA;
}

static void
take_begin (GstRcFileSink *self, RcStream stream)
{
  g_mutex_lock (&self->lock);
  if (self->sets != NULL) {
    expect_unlocked (self, stream);
    write_lines_unlocked (self);
  }
  g_mutex_unlock (&self->lock);
}

static void
take_link (GstPad *pad, GstPad *peer, gpointer user_data)
{
  GstRcFileSink *self = GST_RC_FILE_SINK (GST_PAD_PARENT (pad));

  take_begin (self, GPOINTER_TO_UINT (user_data));
}

static void
take_end (GstRcFileSink *self, RcStream stream)
{
  g_mutex_lock (&self->lock);
  rc_record_sets_end (self->sets, stream);
  write_lines_unlocked (self);
  g_mutex_unlock (&self->lock);
}

static void
take_caps (GstRcFileSink *self, RcStream stream, GstEvent *event)
{
  Stream *state = &self->streams[stream];
  GstVideoInfo info;
  GstCaps *caps;

  gst_event_parse_caps (event, &caps);
  if (stream >= RC_N_IMAGE_STREAMS || !gst_video_info_from_caps (&info, caps))
    return;
  g_mutex_lock (&self->lock);
  state->is_new |= state->has_info;
  state->info = info;
  state->has_info = TRUE;
  g_mutex_unlock (&self->lock);
}

static GstPadProbeReturn
watch_pad (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  RcStream stream = GPOINTER_TO_UINT (user_data);
  GstRcFileSink *self = GST_RC_FILE_SINK (GST_PAD_PARENT (pad));
  GstEvent *event;

  if (info->type & GST_PAD_PROBE_TYPE_BUFFER) {
    return take_buffer (self, stream, pad, GST_PAD_PROBE_INFO_BUFFER (info))
               ? GST_PAD_PROBE_OK
               : GST_PAD_PROBE_DROP;
  }
  event = GST_PAD_PROBE_INFO_EVENT (info);
  switch (GST_EVENT_TYPE (event)) {
  case GST_EVENT_STREAM_START:
    take_begin (self, stream);
    break;
  case GST_EVENT_CAPS:
    take_caps (self, stream, event);
    break;
  case GST_EVENT_GAP:
    take_gap (self, stream, pad, event);
    break;
  case GST_EVENT_EOS:
    take_end (self, stream);
    break;
  default:
    break;
  }
  return GST_PAD_PROBE_OK;
}

/* ---- children ---- */

static void
set_recorder (GstRcFileSink *self, GstRcRecorder *recorder)
{
  GST_OBJECT_LOCK (self);
  self->recorder = recorder;
  GST_OBJECT_UNLOCK (self);
}

/* The recorder's pad @name of that stream gets what comes on the pad. */
static gboolean
add_branch (GstRcFileSink *self, RcStream stream)
{
  Stream *state = &self->streams[stream];
  g_autofree gchar *encoder = NULL;
  g_autoptr (GstPad) sink = NULL, src = NULL;

  if (stream == RC_STREAM_METADATA) {
    state->recorder_pad = gst_rc_recorder_add_track (self->recorder, stream);
    return gst_ghost_pad_set_target (
        GST_GHOST_PAD (state->pad), state->recorder_pad);
  }
  GST_OBJECT_LOCK (self);
  encoder = g_strdup (self->encoder);
  GST_OBJECT_UNLOCK (self);
  state->branch =
      gst_rc_record_branch_new (GST_ELEMENT (self), stream, encoder);
  if (state->branch == NULL)
    return FALSE;
  gst_bin_add (GST_BIN (self), state->branch);
  state->recorder_pad = gst_rc_recorder_add_track (self->recorder, stream);
  sink = gst_element_get_static_pad (state->branch, "sink");
  src = gst_element_get_static_pad (state->branch, "src");
  return gst_pad_link (src, state->recorder_pad) == GST_PAD_LINK_OK
         && gst_ghost_pad_set_target (GST_GHOST_PAD (state->pad), sink)
         && gst_element_sync_state_with_parent (state->branch);
}

static void
remove_branch (GstRcFileSink *self, RcStream stream)
{
  Stream *state = &self->streams[stream];

  if (state->recorder_pad != NULL)
    gst_rc_recorder_remove_track (self->recorder, stream);
  state->recorder_pad = NULL;
  if (state->branch != NULL) {
    gst_element_set_state (state->branch, GST_STATE_NULL);
    gst_bin_remove (GST_BIN (self), state->branch);
  }
  state->branch = NULL;
  if (state->pad != NULL)
    gst_ghost_pad_set_target (GST_GHOST_PAD (state->pad), NULL);
  state->has_info = FALSE;
}

static gboolean
add_recorder (GstRcFileSink *self)
{
  g_autofree gchar *location = NULL;
  guint64 max_time, max_bytes;

  GST_OBJECT_LOCK (self);
  location = g_strdup (self->location);
  max_time = self->max_size_time;
  max_bytes = self->max_size_bytes;
  GST_OBJECT_UNLOCK (self);
  if (location == NULL || *location == '\0') {
    GST_ELEMENT_ERROR (self, RESOURCE, SETTINGS,
        ("There is no file to record to. Set the property location."), (NULL));
    return FALSE;
  }
  set_recorder (self,
      gst_rc_recorder_new (GST_ELEMENT (self), location, max_time, max_bytes));
  return gst_bin_add (GST_BIN (self), GST_ELEMENT (self->recorder));
}

static gboolean
add_branches (GstRcFileSink *self)
{
  gboolean is_linked = FALSE;

  for (guint i = 0; i < RC_N_STREAMS; i++) {
    if (self->streams[i].pad == NULL)
      continue;
    is_linked |= gst_pad_is_linked (self->streams[i].pad);
    if (!add_branch (self, i))
      return FALSE;
  }
  if (!is_linked)
    GST_ELEMENT_ERROR (self, CORE, PAD,
        ("There is nothing to record. Link a pad of rcfilesink, such as left."),
        (NULL));
  return is_linked;
}

static void
remove_children (GstRcFileSink *self)
{
  GstElement *recorder = GST_ELEMENT (self->recorder);

  for (guint i = 0; i < RC_N_STREAMS; i++)
    remove_branch (self, i);
  g_mutex_lock (&self->lock);
  g_clear_pointer (&self->sets, rc_record_sets_free);
  g_mutex_unlock (&self->lock);
  set_recorder (self, NULL);
  if (recorder != NULL) {
    gst_element_set_state (recorder, GST_STATE_NULL);
    gst_bin_remove (GST_BIN (self), recorder);
  }
}

/* ---- states ---- */

/* Pads that are linked are waited for. */
static void
begin_sets (GstRcFileSink *self)
{
  g_mutex_lock (&self->lock);
  g_clear_pointer (&self->sets, rc_record_sets_free);
  self->sets = rc_record_sets_new ();
  self->last_start = 0;
  self->has_lines = FALSE;
  self->has_metadata = FALSE;
  for (guint i = 0; i < RC_N_STREAMS; i++) {
    GstPad *pad = self->streams[i].pad;

    if (pad != NULL && gst_pad_is_linked (pad))
      expect_unlocked (self, i);
  }
  write_lines_unlocked (self);
  g_mutex_unlock (&self->lock);
}

/* Lines of images that are in the file are not to wait for others any more. */
static void
end_sets (GstRcFileSink *self)
{
  g_mutex_lock (&self->lock);
  for (guint i = 0; i < RC_N_STREAMS; i++)
    rc_record_sets_end (self->sets, i);
  write_lines_unlocked (self);
  g_mutex_unlock (&self->lock);
}

static GstStateChangeReturn
gst_rc_file_sink_change_state (GstElement *element, GstStateChange transition)
{
  GstRcFileSink *self = GST_RC_FILE_SINK (element);
  GstStateChangeReturn ret;

  if (transition == GST_STATE_CHANGE_NULL_TO_READY
      && (!add_recorder (self) || !add_branches (self))) {
    remove_children (self);
    return GST_STATE_CHANGE_FAILURE;
  }
  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED)
    begin_sets (self);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY)
    end_sets (self);
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
  if (self->streams[stream].pad != NULL) {
    GST_WARNING_OBJECT (
        self, "there is a pad \"%s\" already", rc_stream_to_string (stream));
    return NULL;
  }
  pad = gst_ghost_pad_new_no_target_from_template (
      rc_stream_to_string (stream), templ);
  gst_pad_add_probe (pad,
      GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM,
      watch_pad, GUINT_TO_POINTER (stream), NULL);
  g_signal_connect (
      pad, "linked", G_CALLBACK (take_link), GUINT_TO_POINTER (stream));
  self->streams[stream].pad = pad;
  if (self->recorder != NULL && !add_branch (self, stream)) {
    remove_branch (self, stream);
    self->streams[stream].pad = NULL;
    gst_object_unref (gst_object_ref_sink (pad));
    return NULL;
  }
  if (GST_STATE (self) > GST_STATE_READY)
    gst_pad_set_active (pad, TRUE);
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
  remove_branch (self, stream);
  gst_pad_set_active (pad, FALSE);
  g_mutex_lock (&self->lock);
  if (self->sets != NULL) {
    rc_record_sets_end (self->sets, stream);
    write_lines_unlocked (self);
  }
  g_mutex_unlock (&self->lock);
  self->streams[stream].pad = NULL;
  gst_element_remove_pad (element, pad);
}

/* ---- properties ---- */

static GstStructure *
get_stats (GstRcFileSink *self)
{
  GstRcRecorderCounts counts = {0};
  GstRcRecorder *recorder;

  GST_OBJECT_LOCK (self);
  recorder = self->recorder ? gst_object_ref (self->recorder) : NULL;
  GST_OBJECT_UNLOCK (self);
  if (recorder != NULL) {
    gst_rc_recorder_get_counts (recorder, &counts);
    gst_object_unref (recorder);
  }
  return gst_structure_new ("rcfilesink-stats", "files", G_TYPE_UINT,
      counts.files, "sets", G_TYPE_UINT64, counts.sets, "bytes", G_TYPE_UINT64,
      counts.bytes, "dropped", G_TYPE_UINT64, counts.dropped, NULL);
}

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
  case PROP_ENCODER:
    g_free (self->encoder);
    self->encoder = g_value_dup_string (value);
    break;
  case PROP_MAX_SIZE_TIME:
    self->max_size_time = g_value_get_uint64 (value);
    break;
  case PROP_MAX_SIZE_BYTES:
    self->max_size_bytes = g_value_get_uint64 (value);
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

  if (id == PROP_STATS) {
    g_value_take_boxed (value, get_stats (self));
    return;
  }
  GST_OBJECT_LOCK (self);
  switch (id) {
  case PROP_LOCATION:
    g_value_set_string (value, self->location);
    break;
  case PROP_ENCODER:
    g_value_set_string (value, self->encoder);
    break;
  case PROP_MAX_SIZE_TIME:
    g_value_set_uint64 (value, self->max_size_time);
    break;
  case PROP_MAX_SIZE_BYTES:
    g_value_set_uint64 (value, self->max_size_bytes);
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
  g_free (self->encoder);
  g_mutex_clear (&self->lock);
  G_OBJECT_CLASS (gst_rc_file_sink_parent_class)->finalize (object);
}

static void
add_pad_template (GstElementClass *klass, RcStream stream)
{
  g_autoptr (GstCaps) caps =
      gst_caps_from_string (stream == RC_STREAM_METADATA ? METADATA_CAPS
                            : stream == RC_STREAM_MESH   ? MESH_CAPS
                                                         : IMAGE_CAPS);

  gst_element_class_add_pad_template (
      klass, gst_pad_template_new (rc_stream_to_string (stream), GST_PAD_SINK,
                 GST_PAD_REQUEST, caps));
}

static void
install_properties (GObjectClass *object_class)
{
  /**
   * GstRcFileSink:location:
   *
   * The Matroska file to write; one of that name is overwritten. Further files
   * are called after it: rec.mkv, rec-00001.mkv, rec-00002.mkv …
   *
   * Since: 0.1
   */
  properties[PROP_LOCATION] = g_param_spec_string ("location", "Location",
      "The Matroska file to write; one of that name is overwritten", NULL,
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);

  /**
   * GstRcFileSink:encoder:
   *
   * What encodes left and right, as for gst-launch-1.0: an encoder, or several
   * elements with `!` between them. Its frames are H.264, H.265, VP8, VP9, AV1,
   * JPEG or FFV1. NULL: FFV1, without loss. What is measured in, disparity,
   * confidence and error, is always kept without loss.
   *
   * Since: 0.1
   */
  properties[PROP_ENCODER] = g_param_spec_string ("encoder", "Encoder",
      "Encoder of left and right, as for gst-launch-1.0; NULL: FFV1, without "
      "loss",
      NULL,
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);

  /**
   * GstRcFileSink:max-size-time:
   *
   * Nanoseconds of running time in a file; the next set begins another one. 0:
   * no limit. With an encoder that does not make a key frame of each image a
   * file can be longer by the time that one takes to come.
   *
   * Since: 0.1
   */
  properties[PROP_MAX_SIZE_TIME] = g_param_spec_uint64 ("max-size-time",
      "Maximum size in time",
      "Time in a file before the next set begins another one, ns; 0: no limit",
      0, G_MAXUINT64, 0,
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);

  /**
   * GstRcFileSink:max-size-bytes:
   *
   * Bytes in a file, without its index; a set that would exceed them begins
   * another one. 0: no limit. A set is never divided: a file has one at least.
   *
   * Since: 0.1
   */
  properties[PROP_MAX_SIZE_BYTES] =
      g_param_spec_uint64 ("max-size-bytes", "Maximum size in bytes",
          "Bytes in a file before the next set begins another one; 0: no limit",
          0, G_MAXUINT64, 0,
          G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);

  /**
   * GstRcFileSink:stats:
   *
   * `files` (uint), `sets`, `bytes` and `dropped` (guint64) of this recording:
   * of all its files, and images and meshes that came and are in none, as they
   * had no timestamp or their encoder failed.
   *
   * Since: 0.1
   */
  properties[PROP_STATS] =
      g_param_spec_boxed ("stats", "Statistics", "What was recorded so far",
          GST_TYPE_STRUCTURE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
}

static void
gst_rc_file_sink_class_init (GstRcFileSinkClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);

  object_class->set_property = gst_rc_file_sink_set_property;
  object_class->get_property = gst_rc_file_sink_get_property;
  object_class->finalize = gst_rc_file_sink_finalize;
  install_properties (object_class);

  gst_element_class_set_static_metadata (element_class,
      "Stereo camera recorder", "Sink/File",
      "Records the streams of a stereo camera to Matroska without loss",
      "The gst-rcgrpc authors");
  for (guint i = 0; i < RC_N_STREAMS; i++)
    add_pad_template (element_class, i);

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
