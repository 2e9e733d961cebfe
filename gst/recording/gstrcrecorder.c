/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Threads: frames come on those of their encoders, lines and what is said of
 * images on those of rcfilesink's pads. All only put things in order, under the
 * recorder's lock, a leaf; the recorder's own thread writes, without the lock.
 * A frame's thread waits while the pipeline is paused, and while more is there
 * than the disk takes: of that much something can always be written (see
 * RC_INTERLEAVE_MAX_BYTES), so that no frame waits for one behind it. Waits end
 * at a flush and before the pads are stopped. */

#include "recording/gstrcrecorder.h"

#include <gst/video/video.h>

#include "recording/gstrcrecordwriter.h"
#include "recording/gstrctrackformat.h"
#include "recording/rcinterleave.h"

GST_DEBUG_CATEGORY (gst_rc_recorder_debug);
#define GST_CAT_DEFAULT gst_rc_recorder_debug

/* Bytes of frames that are there, beyond which frames' threads wait. */
#define MAX_BYTES (2 * RC_INTERLEAVE_MAX_BYTES)
/* Between messages of how far it is. */
#define PROGRESS_INTERVAL G_TIME_SPAN_SECOND

typedef struct {
  GstPad *pad;              /* NULL: there is none; belongs to the element */
  GstRcTrackFormat *format; /* of what comes; NULL: not known yet */
  gboolean needs_keys;      /* had a frame that needs others */
  GstSegment segment;       /* pad's thread */
} Track;

struct _GstRcRecorder {
  GstElement parent;

  GstElement *owner; /* these are set at creation; it outlives this */
  gchar *location;
  guint64 max_time, max_bytes;
  GstRcTrackFormat *line_format;

  GMutex lock; /* guards what follows */
  GCond changed;
  Track tracks[RC_N_STREAMS];
  RcInterleave *interleave;
  GstRcRecorderCounts counts;
  gchar *path;         /* of the file that is written, or was last */
  gboolean is_writing; /* a file is open */
  guint32 end_seqnum;
  gboolean has_begun; /* a track had */
  gboolean is_ended;  /* it was said so */
  gboolean is_playing;
  gboolean is_stopping;
  gboolean has_failed;

  /* while it has a thread, which uses it */
  GstRcRecordWriter *writer;

  GThread *thread; /* state changes */
};

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE (
    "%s", GST_PAD_SINK, GST_PAD_REQUEST, GST_STATIC_CAPS_ANY);

G_DEFINE_TYPE_WITH_CODE (GstRcRecorder, gst_rc_recorder, GST_TYPE_ELEMENT,
    GST_DEBUG_CATEGORY_INIT (
        gst_rc_recorder_debug, "rcrecorder", 0, "stereo camera recordings"))

/* ---- its own thread ---- */

static gboolean
has_failed (GstRcRecorder *self)
{
  gboolean failed;

  g_mutex_lock (&self->lock);
  failed = self->has_failed;
  g_mutex_unlock (&self->lock);
  return failed;
}

static void
post_progress (GstRcRecorder *self)
{
  GstStructure *structure;

  g_mutex_lock (&self->lock);
  structure = gst_structure_new ("rcfilesink-progress", "location",
      G_TYPE_STRING, self->path, "files", G_TYPE_UINT, self->counts.files,
      "sets", G_TYPE_UINT64, self->counts.sets, "bytes", G_TYPE_UINT64,
      self->counts.bytes, "dropped", G_TYPE_UINT64, self->counts.dropped, NULL);
  g_mutex_unlock (&self->lock);
  gst_element_post_message (self->owner,
      gst_message_new_element (GST_OBJECT (self->owner), structure));
}

/* Of all tracks, in the image after the latest that is known of: those before
 * may be encoded already. */
static void
ask_for_key_frames (GstRcRecorder *self)
{
  GstPad *pads[RC_N_STREAMS] = {NULL};
  guint64 time;

  g_mutex_lock (&self->lock);
  time = rc_interleave_get_newest (self->interleave) + 1;
  for (guint i = 0; i < RC_N_STREAMS; i++) {
    if (self->tracks[i].pad != NULL && self->tracks[i].needs_keys)
      pads[i] = gst_object_ref (self->tracks[i].pad);
  }
  g_mutex_unlock (&self->lock);
  for (guint i = 0; i < RC_N_STREAMS; i++) {
    if (pads[i] == NULL)
      continue;
    gst_pad_push_event (
        pads[i], gst_video_event_new_upstream_force_key_unit (time, TRUE, 0));
    gst_object_unref (pads[i]);
  }
}

/* FALSE: there is none yet. */
static gboolean
take_cluster_unlocked (GstRcRecorder *self, GstRcRecordCluster *cluster)
{
  GstRcTrackFormat *formats[RC_N_STREAMS];
  guint needs_keys = 0;

  for (guint i = 0; i < RC_N_STREAMS; i++) {
    formats[i] = self->tracks[i].format;
    if (self->tracks[i].needs_keys)
      needs_keys |= 1u << i;
  }
  formats[RC_STREAM_METADATA] = self->line_format;
  if (!gst_rc_record_cluster_take (
          cluster, self->interleave, formats, needs_keys))
    return FALSE;
  self->counts.sets += cluster->n_sets;
  return TRUE;
}

static void
update_unlocked (GstRcRecorder *self, gboolean ok, gboolean is_writing)
{
  g_free (self->path);
  self->path = g_strdup (gst_rc_record_writer_get_path (self->writer));
  self->counts.files = gst_rc_record_writer_get_n_files (self->writer);
  self->counts.bytes = gst_rc_record_writer_get_bytes (self->writer);
  self->has_failed |= !ok;
  self->is_writing = ok && is_writing;
  g_cond_broadcast (&self->changed);
}

/* What comes after a failure is thrown away. */
static void
write_cluster (GstRcRecorder *self, GstRcRecordCluster *cluster)
{
  gboolean ok, ask = FALSE;

  if (has_failed (self))
    return;
  ok = gst_rc_record_writer_write (self->writer, cluster, &ask);
  if (ask)
    ask_for_key_frames (self);
  g_mutex_lock (&self->lock);
  update_unlocked (self, ok, TRUE);
  g_mutex_unlock (&self->lock);
}

/* FALSE: there was nothing, or it failed. */
static gboolean
close_file (GstRcRecorder *self)
{
  gboolean was_writing, ok;

  g_mutex_lock (&self->lock);
  was_writing = self->is_writing;
  g_mutex_unlock (&self->lock);
  if (!was_writing)
    return FALSE;
  ok = gst_rc_record_writer_close (self->writer);
  g_mutex_lock (&self->lock);
  update_unlocked (self, ok, FALSE);
  g_mutex_unlock (&self->lock);
  return ok;
}

static void
end_recording (GstRcRecorder *self)
{
  GstMessage *message;

  if (close_file (self)) {
    post_progress (self);
  } else if (has_failed (self)) {
    return;
  } else {
    GST_ELEMENT_WARNING (self->owner, STREAM, FAILED,
        ("Nothing was recorded: the streams ended before the first image."),
        (NULL));
  }
  message = gst_message_new_eos (GST_OBJECT (self));
  g_mutex_lock (&self->lock);
  gst_message_set_seqnum (message, self->end_seqnum);
  g_mutex_unlock (&self->lock);
  gst_element_post_message (GST_ELEMENT (self), message);
}

/* All that came is in the file, and it was not said yet. */
static gboolean
is_at_end_unlocked (GstRcRecorder *self)
{
  return self->has_begun && self->end_seqnum != GST_SEQNUM_INVALID
         && !self->is_ended && self->is_playing && !self->has_failed
         && rc_interleave_is_done (self->interleave);
}

static gboolean
is_progress_due (gint64 *due, gboolean is_writing)
{
  gint64 now = g_get_monotonic_time ();

  if (!is_writing) {
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

  g_mutex_lock (&self->lock);
  for (;;) {
    if (is_progress_due (&progress_due, self->is_writing)) {
      g_mutex_unlock (&self->lock);
      post_progress (self);
      g_mutex_lock (&self->lock);
    } else if (take_cluster_unlocked (self, &cluster)) {
      g_mutex_unlock (&self->lock);
      write_cluster (self, &cluster);
      gst_rc_record_cluster_clear (&cluster);
      g_mutex_lock (&self->lock);
      g_cond_broadcast (&self->changed);
    } else if (self->is_stopping) {
      break;
    } else if (is_at_end_unlocked (self)) {
      self->is_ended = TRUE;
      g_mutex_unlock (&self->lock);
      end_recording (self);
      g_mutex_lock (&self->lock);
    } else {
      g_cond_wait_until (&self->changed, &self->lock, progress_due);
    }
  }
  g_mutex_unlock (&self->lock);
  close_file (self);
  return NULL;
}

/* ---- frames ---- */

static Track *
track_of (GstRcRecorder *self, GstPad *pad, RcStream *stream)
{
  *stream = GPOINTER_TO_UINT (gst_pad_get_element_private (pad));
  return &self->tracks[*stream];
}

/* Nobody takes what comes to the pad any more. */
static gboolean
is_let_go_unlocked (GstRcRecorder *self, GstPad *pad)
{
  RcStream stream;

  return self->is_stopping || self->has_failed || GST_PAD_IS_FLUSHING (pad)
         || track_of (self, pad, &stream)->pad != pad;
}

/* FALSE: let go. */
static gboolean
wait_for_room_unlocked (GstRcRecorder *self, GstPad *pad)
{
  while (!is_let_go_unlocked (self, pad)
         && (!self->is_playing
             || rc_interleave_get_bytes (self->interleave) > MAX_BYTES))
    g_cond_wait (&self->changed, &self->lock);
  return !is_let_go_unlocked (self, pad);
}

/* Takes @frame. */
static void
add_frame_unlocked (GstRcRecorder *self, GstRcRecordFrame *frame)
{
  RcInterleaveFrame what = {gst_rc_record_place_of (frame->stream), frame->time,
      gst_buffer_get_size (frame->buffer), frame};

  self->counts.dropped += rc_interleave_add (
      self->interleave, &what, gst_rc_track_format_is_intra (frame->format));
  g_cond_broadcast (&self->changed);
}

static GstFlowReturn
take_frame (
    GstRcRecorder *self, GstPad *pad, GstBuffer *buffer, GstClockTime time)
{
  RcStream stream;
  Track *track = track_of (self, pad, &stream);

  if (!wait_for_room_unlocked (self, pad)) {
    gst_buffer_unref (buffer);
    /* An error was posted: upstream need not post another one. */
    return self->has_failed ? GST_FLOW_EOS : GST_FLOW_FLUSHING;
  }
  if (stream == RC_STREAM_METADATA || !GST_CLOCK_TIME_IS_VALID (time)) {
    gst_buffer_unref (buffer);
    return GST_FLOW_OK;
  }
  if (track->format == NULL) {
    gst_buffer_unref (buffer);
    return GST_FLOW_NOT_NEGOTIATED;
  }
  if (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DELTA_UNIT))
    track->needs_keys = TRUE;
  add_frame_unlocked (self,
      gst_rc_record_frame_new (stream, buffer, track->format, time, NULL));
  return GST_FLOW_OK;
}

static GstFlowReturn
gst_rc_recorder_chain (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  GstRcRecorder *self = GST_RC_RECORDER (parent);
  RcStream stream;
  Track *track = track_of (self, pad, &stream);
  GstClockTime time = gst_segment_to_running_time (
      &track->segment, GST_FORMAT_TIME, GST_BUFFER_PTS (buffer));
  GstFlowReturn ret;

  g_mutex_lock (&self->lock);
  ret = take_frame (self, pad, buffer, time);
  g_mutex_unlock (&self->lock);
  return ret;
}

static gboolean
take_caps (GstRcRecorder *self, Track *track, RcStream stream, GstCaps *caps)
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
  g_mutex_lock (&self->lock);
  gst_rc_track_format_replace (&track->format, format);
  g_mutex_unlock (&self->lock);
  gst_rc_track_format_unref (format);
  return TRUE;
}

static void
begin_track_unlocked (GstRcRecorder *self, RcStream stream)
{
  /* Lines come on no pad. */
  if (stream == RC_STREAM_METADATA)
    return;
  rc_interleave_begin (self->interleave, gst_rc_record_place_of (stream));
  self->has_begun = TRUE;
  self->is_ended = FALSE;
}

static void
end_track_unlocked (GstRcRecorder *self, RcStream stream)
{
  if (stream == RC_STREAM_METADATA)
    return;
  self->counts.dropped +=
      rc_interleave_end (self->interleave, gst_rc_record_place_of (stream));
  g_cond_broadcast (&self->changed);
}

static gboolean
gst_rc_recorder_event (GstPad *pad, GstObject *parent, GstEvent *event)
{
  GstRcRecorder *self = GST_RC_RECORDER (parent);
  RcStream stream;
  Track *track = track_of (self, pad, &stream);
  gboolean ok = TRUE;
  GstCaps *caps;

  if (GST_EVENT_TYPE (event) == GST_EVENT_CAPS) {
    gst_event_parse_caps (event, &caps);
    ok = take_caps (self, track, stream, caps);
  }
  g_mutex_lock (&self->lock);
  switch (GST_EVENT_TYPE (event)) {
  case GST_EVENT_STREAM_START:
    begin_track_unlocked (self, stream);
    break;
  case GST_EVENT_SEGMENT:
    gst_event_copy_segment (event, &track->segment);
    break;
  case GST_EVENT_EOS:
    self->end_seqnum = gst_event_get_seqnum (event);
    end_track_unlocked (self, stream);
    break;
  case GST_EVENT_FLUSH_START:
    g_cond_broadcast (&self->changed);
    break;
  case GST_EVENT_FLUSH_STOP:
    /* What was in the encoder is gone. */
    end_track_unlocked (self, stream);
    begin_track_unlocked (self, stream);
    break;
  default:
    break;
  }
  g_mutex_unlock (&self->lock);
  gst_event_unref (event);
  return ok;
}

/* A frame's thread may wait here, which has to leave the pad. */
static gboolean
gst_rc_recorder_activate_mode (
    GstPad *pad, GstObject *parent, GstPadMode mode, gboolean active)
{
  GstRcRecorder *self = GST_RC_RECORDER (parent);

  g_mutex_lock (&self->lock);
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
  return TRUE;
}

/* ---- what rcfilesink says ---- */

GstPad *
gst_rc_recorder_add_track (GstRcRecorder *self, RcStream stream)
{
  GstPad *pad = gst_pad_new_from_static_template (
      &sink_template, rc_stream_to_string (stream));

  gst_pad_set_element_private (pad, GUINT_TO_POINTER (stream));
  gst_pad_set_chain_function (pad, gst_rc_recorder_chain);
  gst_pad_set_event_function (pad, gst_rc_recorder_event);
  gst_pad_set_activatemode_function (pad, gst_rc_recorder_activate_mode);
  g_mutex_lock (&self->lock);
  self->tracks[stream].pad = pad;
  g_mutex_unlock (&self->lock);
  gst_element_add_pad (GST_ELEMENT (self), pad);
  gst_pad_set_active (pad, TRUE);
  return pad;
}

void
gst_rc_recorder_remove_track (GstRcRecorder *self, RcStream stream)
{
  Track *track = &self->tracks[stream];
  GstPad *pad;

  g_mutex_lock (&self->lock);
  end_track_unlocked (self, stream);
  pad = g_steal_pointer (&track->pad);
  track->needs_keys = FALSE;
  gst_rc_track_format_replace (&track->format, NULL);
  g_mutex_unlock (&self->lock);
  gst_pad_set_active (pad, FALSE);
}

/* What comes is taken; not so when its pad is being released, while an image is on
 * its way in. */
static gboolean
is_open_unlocked (GstRcRecorder *self, RcStream stream)
{
  return !self->is_stopping && self->tracks[stream].pad != NULL;
}

void
gst_rc_recorder_begin_track (GstRcRecorder *self, RcStream stream)
{
  g_mutex_lock (&self->lock);
  if (is_open_unlocked (self, stream))
    begin_track_unlocked (self, stream);
  g_mutex_unlock (&self->lock);
}

void
gst_rc_recorder_announce (
    GstRcRecorder *self, RcStream stream, GstClockTime time, gboolean is_new)
{
  g_mutex_lock (&self->lock);
  if (is_open_unlocked (self, stream)) {
    begin_track_unlocked (self, stream);
    rc_interleave_announce (
        self->interleave, gst_rc_record_place_of (stream), time, is_new);
    g_cond_broadcast (&self->changed);
  }
  g_mutex_unlock (&self->lock);
}

void
gst_rc_recorder_pass (GstRcRecorder *self, RcStream stream, GstClockTime time)
{
  g_mutex_lock (&self->lock);
  rc_interleave_pass (self->interleave, gst_rc_record_place_of (stream), time);
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

void
gst_rc_recorder_add_line (
    GstRcRecorder *self, GstBuffer *line, const GstClockTime set[RC_N_STREAMS])
{
  g_mutex_lock (&self->lock);
  if (self->is_stopping || self->has_failed)
    gst_buffer_unref (line);
  else
    add_frame_unlocked (
        self, gst_rc_record_frame_new (RC_STREAM_METADATA, line,
                  self->line_format, GST_BUFFER_PTS (line), set));
  g_mutex_unlock (&self->lock);
}

void
gst_rc_recorder_set_has_lines (GstRcRecorder *self, gboolean has_lines)
{
  guint place = gst_rc_record_place_of (RC_STREAM_METADATA);

  g_mutex_lock (&self->lock);
  if (has_lines) {
    rc_interleave_begin (self->interleave, place);
    self->has_begun = TRUE;
    self->is_ended = FALSE;
  } else {
    rc_interleave_end (self->interleave, place);
  }
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

void
gst_rc_recorder_note_dropped (GstRcRecorder *self)
{
  g_mutex_lock (&self->lock);
  self->counts.dropped++;
  g_mutex_unlock (&self->lock);
}

void
gst_rc_recorder_get_counts (GstRcRecorder *self, GstRcRecorderCounts *counts)
{
  g_mutex_lock (&self->lock);
  *counts = self->counts;
  g_mutex_unlock (&self->lock);
}

/* ---- states ---- */

/* FALSE after an error message. */
static gboolean
start (GstRcRecorder *self)
{
  GstRcRecordWriter *writer = gst_rc_record_writer_new (
      self->owner, self->location, self->max_time, self->max_bytes);

  /* One hears of a wrong name before the first image. What is in the file stays
   * until then. */
  if (!gst_rc_record_writer_check (writer)) {
    gst_rc_record_writer_free (writer);
    return FALSE;
  }
  self->writer = writer;
  self->thread = g_thread_new ("rcrecorder", run, self);
  return TRUE;
}

/* What came is written, what waits is let go. */
static void
stop_frames (GstRcRecorder *self)
{
  g_mutex_lock (&self->lock);
  self->is_stopping = TRUE;
  for (guint i = 0; i < RC_N_STREAMS; i++)
    rc_interleave_end (self->interleave, i);
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

static void
stop (GstRcRecorder *self)
{
  g_clear_pointer (&self->thread, g_thread_join);
  g_clear_pointer (&self->writer, gst_rc_record_writer_free);
}

static void
set_playing (GstRcRecorder *self, gboolean is_playing)
{
  g_mutex_lock (&self->lock);
  self->is_playing = is_playing;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
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
    set_playing (self, TRUE);
    break;
  case GST_STATE_CHANGE_PLAYING_TO_PAUSED:
    set_playing (self, FALSE);
    break;
  case GST_STATE_CHANGE_PAUSED_TO_READY:
    stop_frames (self);
    break;
  default:
    break;
  }
  ret = GST_ELEMENT_CLASS (gst_rc_recorder_parent_class)
            ->change_state (element, transition);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY)
    stop (self);
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

static void
gst_rc_recorder_finalize (GObject *object)
{
  GstRcRecorder *self = GST_RC_RECORDER (object);

  for (guint i = 0; i < RC_N_STREAMS; i++)
    gst_rc_track_format_replace (&self->tracks[i].format, NULL);
  rc_interleave_free (self->interleave);
  gst_rc_track_format_unref (self->line_format);
  g_free (self->path);
  g_free (self->location);
  g_cond_clear (&self->changed);
  g_mutex_clear (&self->lock);
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
  g_autoptr (GstCaps) text = gst_caps_new_empty_simple ("text/x-raw");

  GST_OBJECT_FLAG_SET (self, GST_ELEMENT_FLAG_SINK);
  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  self->interleave = rc_interleave_new (gst_rc_record_frame_free);
  self->line_format = gst_rc_track_format_new (text);
  self->end_seqnum = GST_SEQNUM_INVALID;
  for (guint i = 0; i < RC_N_STREAMS; i++)
    gst_segment_init (&self->tracks[i].segment, GST_FORMAT_UNDEFINED);
}
