/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Threads: frames come on those of their encoders, and may wait in the queue; the
 * recorder's own thread takes them from there and writes, under no lock. */

#include "recording/gstrcrecorder.h"

#include <gst/video/video.h>

#include "recording/gstrcrecordwriter.h"

GST_DEBUG_CATEGORY (gst_rc_recorder_debug);
#define GST_CAT_DEFAULT gst_rc_recorder_debug

/* Between messages of how far it is. */
#define PROGRESS_INTERVAL G_TIME_SPAN_SECOND

struct _GstRcRecorder {
  GstElement parent;

  GstElement *owner; /* these are set at creation; it outlives this */
  gchar *location;
  guint64 max_time, max_bytes;
  GstRcRecordQueue *queue;

  GstSegment segments[RC_N_STREAMS]; /* each its pad's thread */

  /* the writing thread, while there is one */
  GstRcRecordWriter *writer;
  gboolean is_writing; /* a file is open */
  gboolean has_failed;

  GThread *thread; /* state changes */
};

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE (
    "%s", GST_PAD_SINK, GST_PAD_REQUEST, GST_STATIC_CAPS_ANY);

G_DEFINE_TYPE_WITH_CODE (GstRcRecorder, gst_rc_recorder, GST_TYPE_ELEMENT,
    GST_DEBUG_CATEGORY_INIT (
        gst_rc_recorder_debug, "rcrecorder", 0, "stereo camera recordings"))

/* ---- the writing thread ---- */

static void
post_progress (GstRcRecorder *self)
{
  GstRcRecordCounts counts;

  gst_rc_record_queue_get_counts (self->queue, &counts);
  gst_element_post_message (self->owner,
      gst_message_new_element (GST_OBJECT (self->owner),
          gst_structure_new ("rcfilesink-progress", "location", G_TYPE_STRING,
              gst_rc_record_writer_get_path (self->writer), "files",
              G_TYPE_UINT, counts.files, "sets", G_TYPE_UINT64, counts.sets,
              "bytes", G_TYPE_UINT64, counts.bytes, "dropped", G_TYPE_UINT64,
              counts.dropped, NULL)));
}

/* Of all tracks, in the image after the latest that is known of: those before
 * may be encoded already. */
static void
ask_for_key_frames (GstRcRecorder *self)
{
  GstClockTime newest;
  guint keyed = gst_rc_record_queue_get_keyed (self->queue, &newest);

  for (guint i = 0; i < RC_N_STREAMS; i++) {
    g_autoptr (GstPad) pad = NULL;

    if (keyed & (1u << i))
      pad = gst_element_get_static_pad (
          GST_ELEMENT (self), rc_stream_to_string (i));
    if (pad != NULL)
      gst_pad_push_event (pad,
          gst_video_event_new_upstream_force_key_unit (newest + 1, TRUE, 0));
  }
}

static void
note_written (GstRcRecorder *self, gboolean ok, gboolean is_writing)
{
  gst_rc_record_queue_note_files (self->queue,
      gst_rc_record_writer_get_n_files (self->writer),
      gst_rc_record_writer_get_bytes (self->writer));
  self->is_writing = ok && is_writing;
  if (ok)
    return;
  self->has_failed = TRUE;
  gst_rc_record_queue_fail (self->queue);
}

/* What comes after a failure is thrown away. */
static void
write_cluster (GstRcRecorder *self, GstRcRecordCluster *cluster)
{
  gboolean ok, ask = FALSE;

  if (self->has_failed)
    return;
  ok = gst_rc_record_writer_write (self->writer, cluster, &ask);
  if (ask)
    ask_for_key_frames (self);
  note_written (self, ok, TRUE);
}

/* FALSE: there was nothing, or it failed. */
static gboolean
close_file (GstRcRecorder *self)
{
  gboolean ok;

  if (!self->is_writing)
    return FALSE;
  ok = gst_rc_record_writer_close (self->writer);
  note_written (self, ok, FALSE);
  return ok;
}

static void
end_recording (GstRcRecorder *self)
{
  GstMessage *message;

  if (close_file (self)) {
    post_progress (self);
  } else if (self->has_failed) {
    return;
  } else {
    GST_ELEMENT_WARNING (self->owner, STREAM, FAILED,
        ("Nothing was recorded: the streams ended before the first image."),
        (NULL));
  }
  message = gst_message_new_eos (GST_OBJECT (self));
  gst_message_set_seqnum (
      message, gst_rc_record_queue_get_end_seqnum (self->queue));
  gst_element_post_message (GST_ELEMENT (self), message);
}

/* Moves @due, monotonic time, µs, if it is. */
static gboolean
is_progress_due (GstRcRecorder *self, gint64 *due)
{
  gint64 now = g_get_monotonic_time ();

  if (!self->is_writing) {
    *due = now + PROGRESS_INTERVAL;
    return FALSE;
  }
  if (now < *due)
    return FALSE;
  *due += ((now - *due) / PROGRESS_INTERVAL + 1) * PROGRESS_INTERVAL;
  return TRUE;
}

static gpointer
run (gpointer data)
{
  GstRcRecorder *self = data;
  GstRcRecordCluster cluster = {0};
  gint64 progress_due = 0;

  for (;;) {
    if (is_progress_due (self, &progress_due))
      post_progress (self);
    switch (gst_rc_record_queue_take (self->queue, &cluster, progress_due)) {
    case GST_RC_RECORD_CLUSTER:
      write_cluster (self, &cluster);
      gst_rc_record_cluster_clear (&cluster);
      break;
    case GST_RC_RECORD_END:
      end_recording (self);
      break;
    case GST_RC_RECORD_STOPPED:
      close_file (self);
      return NULL;
    case GST_RC_RECORD_NOTHING:
      break;
    }
  }
}

/* ---- pads ---- */

static RcStream
stream_of (GstPad *pad)
{
  return GPOINTER_TO_UINT (gst_pad_get_element_private (pad));
}

static GstFlowReturn
gst_rc_recorder_chain (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  GstRcRecorder *self = GST_RC_RECORDER (parent);
  RcStream stream = stream_of (pad);

  return gst_rc_record_queue_add (self->queue, stream, pad, buffer,
      gst_segment_to_running_time (
          &self->segments[stream], GST_FORMAT_TIME, GST_BUFFER_PTS (buffer)));
}

/* FALSE after an error message. */
static gboolean
take_caps (GstRcRecorder *self, RcStream stream, GstCaps *caps)
{
  GstRcTrackFormat *format;

  if (stream == RC_STREAM_METADATA)
    return TRUE;
  format = gst_rc_track_format_new (caps);
  if (format == NULL) {
    GST_ELEMENT_ERROR (self->owner, STREAM, FORMAT,
        ("The frames of \"%s\" are of a kind that a recording cannot hold.",
            rc_stream_to_string (stream)),
        ("%" GST_PTR_FORMAT, caps));
    return FALSE;
  }
  gst_rc_record_queue_set_format (self->queue, stream, format);
  gst_rc_track_format_unref (format);
  return TRUE;
}

static gboolean
gst_rc_recorder_event (GstPad *pad, GstObject *parent, GstEvent *event)
{
  GstRcRecorder *self = GST_RC_RECORDER (parent);
  RcStream stream = stream_of (pad);
  gboolean ok = TRUE;
  GstCaps *caps;

  switch (GST_EVENT_TYPE (event)) {
  case GST_EVENT_STREAM_START:
    gst_rc_record_queue_begin (self->queue, stream);
    break;
  case GST_EVENT_CAPS:
    gst_event_parse_caps (event, &caps);
    ok = take_caps (self, stream, caps);
    break;
  case GST_EVENT_SEGMENT:
    gst_event_copy_segment (event, &self->segments[stream]);
    break;
  case GST_EVENT_EOS:
    gst_rc_record_queue_end (self->queue, stream, gst_event_get_seqnum (event));
    break;
  case GST_EVENT_FLUSH_START:
    gst_rc_record_queue_wake (self->queue);
    break;
  case GST_EVENT_FLUSH_STOP:
    /* What was in the encoder is gone. */
    gst_rc_record_queue_forget (self->queue, stream);
    break;
  default:
    break;
  }
  gst_event_unref (event);
  return ok;
}

/* A frame's thread may wait here, which has to leave the pad. */
static gboolean
gst_rc_recorder_activate_mode (
    GstPad *pad, GstObject *parent, GstPadMode mode, gboolean active)
{
  gst_rc_record_queue_wake (GST_RC_RECORDER (parent)->queue);
  return TRUE;
}

GstPad *
gst_rc_recorder_add_track (GstRcRecorder *self, RcStream stream)
{
  GstPad *pad = gst_pad_new_from_static_template (
      &sink_template, rc_stream_to_string (stream));

  gst_pad_set_element_private (pad, GUINT_TO_POINTER (stream));
  gst_pad_set_chain_function (pad, gst_rc_recorder_chain);
  gst_pad_set_event_function (pad, gst_rc_recorder_event);
  gst_pad_set_activatemode_function (pad, gst_rc_recorder_activate_mode);
  gst_rc_record_queue_open (self->queue, stream);
  gst_element_add_pad (GST_ELEMENT (self), pad);
  gst_pad_set_active (pad, TRUE);
  return pad;
}

void
gst_rc_recorder_end_track (GstRcRecorder *self, GstPad *pad)
{
  gst_rc_record_queue_close (self->queue, stream_of (pad));
  gst_pad_set_active (pad, FALSE);
}

/* ---- states ---- */

/* FALSE after an error message. */
static gboolean
start (GstRcRecorder *self)
{
  self->writer = gst_rc_record_writer_new (
      self->owner, self->location, self->max_time, self->max_bytes);
  /* One hears of a wrong name before the first image. What is in the file stays
   * until then. */
  if (!gst_rc_record_writer_check (self->writer))
    return FALSE;
  self->thread = g_thread_new ("rcrecorder", run, self);
  return TRUE;
}

static GstStateChangeReturn
gst_rc_recorder_change_state (GstElement *element, GstStateChange transition)
{
  GstRcRecorder *self = GST_RC_RECORDER (element);
  GstStateChangeReturn ret;

  switch (transition) {
  case GST_STATE_CHANGE_READY_TO_PAUSED:
    if (!start (self))
      return GST_STATE_CHANGE_FAILURE;
    break;
  case GST_STATE_CHANGE_PAUSED_TO_PLAYING:
    gst_rc_record_queue_set_playing (self->queue, TRUE);
    break;
  case GST_STATE_CHANGE_PLAYING_TO_PAUSED:
    gst_rc_record_queue_set_playing (self->queue, FALSE);
    break;
  case GST_STATE_CHANGE_PAUSED_TO_READY:
    gst_rc_record_queue_stop (self->queue);
    break;
  default:
    break;
  }
  ret = GST_ELEMENT_CLASS (gst_rc_recorder_parent_class)
            ->change_state (element, transition);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY)
    g_clear_pointer (&self->thread, g_thread_join);
  return ret;
}

/* ---- object ---- */

GstRcRecorder *
gst_rc_recorder_new (GstElement *owner, const gchar *location, guint64 max_time,
    guint64 max_bytes)
{
  GstRcRecorder *self = g_object_new (GST_TYPE_RC_RECORDER, NULL);

  self->owner = owner;
  self->location = g_strdup (location);
  self->max_time = max_time;
  self->max_bytes = max_bytes;
  return self;
}

GstRcRecordQueue *
gst_rc_recorder_get_queue (GstRcRecorder *self)
{
  return self->queue;
}

static void
gst_rc_recorder_finalize (GObject *object)
{
  GstRcRecorder *self = GST_RC_RECORDER (object);

  g_clear_pointer (&self->writer, gst_rc_record_writer_free);
  gst_rc_record_queue_free (self->queue);
  g_free (self->location);
  G_OBJECT_CLASS (gst_rc_recorder_parent_class)->finalize (object);
}

static void
gst_rc_recorder_class_init (GstRcRecorderClass *klass)
{
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = gst_rc_recorder_finalize;
  element_class->change_state = gst_rc_recorder_change_state;
  gst_element_class_set_static_metadata (element_class,
      "Stereo camera recordings' writer", "Sink/File",
      "Writes a recording, inside rcfilesink", "The gst-rcgrpc authors");
  gst_element_class_add_static_pad_template (element_class, &sink_template);
}

static void
gst_rc_recorder_init (GstRcRecorder *self)
{
  GST_OBJECT_FLAG_SET (self, GST_ELEMENT_FLAG_SINK);
  self->queue = gst_rc_record_queue_new ();
  for (guint i = 0; i < RC_N_STREAMS; i++)
    gst_segment_init (&self->segments[i], GST_FORMAT_UNDEFINED);
}
