/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Threads: frames come on those of their encoders, lines and what is said of
 * images on those of rcfilesink's pads; one takes. The lock is a leaf. A frame's
 * thread waits while the pipeline is paused, and while more is there than the
 * disk takes: of that much something can always be taken (see
 * RC_INTERLEAVE_MAX_BYTES), so that no frame waits for one behind it. Waits end
 * at a flush and before the pads are stopped. */

#include "recording/gstrcrecordqueue.h"

#include "recording/rcinterleave.h"

/* Bytes of frames that are there, beyond which frames' threads wait. */
#define MAX_BYTES (2 * RC_INTERLEAVE_MAX_BYTES)

typedef struct {
  gboolean is_open;
  gboolean needs_keys;      /* had a frame that needs others */
  GstRcTrackFormat *format; /* of what comes; NULL: not known yet */
} Track;

struct _GstRcRecordQueue {
  GstRcTrackFormat *line_format; /* set at creation */

  GMutex lock; /* guards what follows */
  GCond changed;
  Track tracks[RC_N_STREAMS];
  RcInterleave *interleave;
  GstRcRecordCounts counts;
  guint32 end_seqnum; /* GST_SEQNUM_INVALID: there was no EOS */
  gboolean has_begun; /* a track had */
  gboolean is_ended;  /* it was said so */
  gboolean is_playing;
  gboolean is_stopping;
  gboolean has_failed;
};

GstRcRecordQueue *
gst_rc_record_queue_new (void)
{
  GstRcRecordQueue *queue = g_new0 (GstRcRecordQueue, 1);
  g_autoptr (GstCaps) text = gst_caps_new_empty_simple ("text/x-raw");

  g_mutex_init (&queue->lock);
  g_cond_init (&queue->changed);
  queue->interleave = rc_interleave_new (gst_rc_record_frame_free);
  queue->line_format = gst_rc_track_format_new (text);
  queue->end_seqnum = GST_SEQNUM_INVALID;
  return queue;
}

void
gst_rc_record_queue_free (GstRcRecordQueue *queue)
{
  for (guint i = 0; i < RC_N_STREAMS; i++)
    gst_rc_track_format_replace (&queue->tracks[i].format, NULL);
  rc_interleave_free (queue->interleave);
  gst_rc_track_format_unref (queue->line_format);
  g_cond_clear (&queue->changed);
  g_mutex_clear (&queue->lock);
  g_free (queue);
}

void
gst_rc_record_queue_get_counts (
    GstRcRecordQueue *queue, GstRcRecordCounts *counts)
{
  g_mutex_lock (&queue->lock);
  *counts = queue->counts;
  g_mutex_unlock (&queue->lock);
}

/* Of all that is guarded; who waits looks at it again. */
static void
unlock_changed (GstRcRecordQueue *queue)
{
  g_cond_broadcast (&queue->changed);
  g_mutex_unlock (&queue->lock);
}

/* ---- tracks ---- */

/* Not so when its pad is being released, while an image is on its way in. */
static gboolean
is_taken_unlocked (GstRcRecordQueue *queue, RcStream stream)
{
  return !queue->is_stopping && queue->tracks[stream].is_open;
}

/* Lines come on no pad. */
static void
begin_unlocked (GstRcRecordQueue *queue, RcStream stream)
{
  if (stream == RC_STREAM_METADATA || !is_taken_unlocked (queue, stream))
    return;
  rc_interleave_begin (queue->interleave, gst_rc_record_place_of (stream));
  queue->has_begun = TRUE;
  queue->is_ended = FALSE;
}

static void
end_unlocked (GstRcRecordQueue *queue, RcStream stream)
{
  if (stream == RC_STREAM_METADATA)
    return;
  queue->counts.dropped +=
      rc_interleave_end (queue->interleave, gst_rc_record_place_of (stream));
}

void
gst_rc_record_queue_open (GstRcRecordQueue *queue, RcStream stream)
{
  g_mutex_lock (&queue->lock);
  queue->tracks[stream].is_open = TRUE;
  g_mutex_unlock (&queue->lock);
}

void
gst_rc_record_queue_close (GstRcRecordQueue *queue, RcStream stream)
{
  Track *track = &queue->tracks[stream];

  g_mutex_lock (&queue->lock);
  end_unlocked (queue, stream);
  track->is_open = FALSE;
  track->needs_keys = FALSE;
  gst_rc_track_format_replace (&track->format, NULL);
  unlock_changed (queue);
}

void
gst_rc_record_queue_begin (GstRcRecordQueue *queue, RcStream stream)
{
  g_mutex_lock (&queue->lock);
  begin_unlocked (queue, stream);
  g_mutex_unlock (&queue->lock);
}

void
gst_rc_record_queue_end (
    GstRcRecordQueue *queue, RcStream stream, guint32 seqnum)
{
  g_mutex_lock (&queue->lock);
  queue->end_seqnum = seqnum;
  end_unlocked (queue, stream);
  unlock_changed (queue);
}

void
gst_rc_record_queue_forget (GstRcRecordQueue *queue, RcStream stream)
{
  g_mutex_lock (&queue->lock);
  end_unlocked (queue, stream);
  begin_unlocked (queue, stream);
  unlock_changed (queue);
}

void
gst_rc_record_queue_set_has_lines (GstRcRecordQueue *queue, gboolean has_lines)
{
  guint place = gst_rc_record_place_of (RC_STREAM_METADATA);

  g_mutex_lock (&queue->lock);
  if (has_lines) {
    rc_interleave_begin (queue->interleave, place);
    queue->has_begun = TRUE;
    queue->is_ended = FALSE;
  } else {
    rc_interleave_end (queue->interleave, place);
  }
  unlock_changed (queue);
}

void
gst_rc_record_queue_set_format (
    GstRcRecordQueue *queue, RcStream stream, GstRcTrackFormat *format)
{
  g_mutex_lock (&queue->lock);
  gst_rc_track_format_replace (&queue->tracks[stream].format, format);
  g_mutex_unlock (&queue->lock);
}

/* ---- frames ---- */

void
gst_rc_record_queue_announce (GstRcRecordQueue *queue, RcStream stream,
    GstClockTime time, gboolean is_new)
{
  g_mutex_lock (&queue->lock);
  if (is_taken_unlocked (queue, stream)) {
    begin_unlocked (queue, stream);
    rc_interleave_announce (
        queue->interleave, gst_rc_record_place_of (stream), time, is_new);
  }
  unlock_changed (queue);
}

void
gst_rc_record_queue_pass (
    GstRcRecordQueue *queue, RcStream stream, GstClockTime time)
{
  g_mutex_lock (&queue->lock);
  rc_interleave_pass (queue->interleave, gst_rc_record_place_of (stream), time);
  unlock_changed (queue);
}

void
gst_rc_record_queue_note_dropped (GstRcRecordQueue *queue)
{
  g_mutex_lock (&queue->lock);
  queue->counts.dropped++;
  g_mutex_unlock (&queue->lock);
}

/* Nobody takes what comes to the pad any more. */
static gboolean
is_let_go_unlocked (GstRcRecordQueue *queue, RcStream stream, GstPad *pad)
{
  return queue->has_failed || GST_PAD_IS_FLUSHING (pad)
         || !is_taken_unlocked (queue, stream);
}

/* FALSE: let go. */
static gboolean
wait_for_room_unlocked (GstRcRecordQueue *queue, RcStream stream, GstPad *pad)
{
  while (!is_let_go_unlocked (queue, stream, pad)
         && (!queue->is_playing
             || rc_interleave_get_bytes (queue->interleave) > MAX_BYTES))
    g_cond_wait (&queue->changed, &queue->lock);
  return !is_let_go_unlocked (queue, stream, pad);
}

/* Takes @frame. */
static void
add_frame_unlocked (GstRcRecordQueue *queue, GstRcRecordFrame *frame)
{
  RcInterleaveFrame what = {gst_rc_record_place_of (frame->stream), frame->time,
      gst_buffer_get_size (frame->buffer), frame};

  queue->counts.dropped += rc_interleave_add (
      queue->interleave, &what, gst_rc_track_format_is_intra (frame->format));
}

static GstFlowReturn
add_unlocked (GstRcRecordQueue *queue, RcStream stream, GstPad *pad,
    GstBuffer *buffer, GstClockTime time)
{
  Track *track = &queue->tracks[stream];

  /* An error was posted: upstream need not post another one. */
  if (!wait_for_room_unlocked (queue, stream, pad))
    return queue->has_failed ? GST_FLOW_EOS : GST_FLOW_FLUSHING;
  if (stream == RC_STREAM_METADATA || !GST_CLOCK_TIME_IS_VALID (time))
    return GST_FLOW_OK;
  if (track->format == NULL)
    return GST_FLOW_NOT_NEGOTIATED;
  if (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DELTA_UNIT))
    track->needs_keys = TRUE;
  add_frame_unlocked (
      queue, gst_rc_record_frame_new (
                 stream, gst_buffer_ref (buffer), track->format, time, NULL));
  return GST_FLOW_OK;
}

GstFlowReturn
gst_rc_record_queue_add (GstRcRecordQueue *queue, RcStream stream, GstPad *pad,
    GstBuffer *buffer, GstClockTime time)
{
  GstFlowReturn ret;

  g_mutex_lock (&queue->lock);
  ret = add_unlocked (queue, stream, pad, buffer, time);
  unlock_changed (queue);
  gst_buffer_unref (buffer);
  return ret;
}

void
gst_rc_record_queue_add_line (GstRcRecordQueue *queue, GstBuffer *line,
    const GstClockTime set[RC_N_STREAMS])
{
  g_mutex_lock (&queue->lock);
  if (queue->is_stopping || queue->has_failed)
    gst_buffer_unref (line);
  else
    add_frame_unlocked (
        queue, gst_rc_record_frame_new (RC_STREAM_METADATA, line,
                   queue->line_format, GST_BUFFER_PTS (line), set));
  unlock_changed (queue);
}

void
gst_rc_record_queue_wake (GstRcRecordQueue *queue)
{
  g_mutex_lock (&queue->lock);
  unlock_changed (queue);
}

/* ---- states ---- */

void
gst_rc_record_queue_set_playing (GstRcRecordQueue *queue, gboolean is_playing)
{
  g_mutex_lock (&queue->lock);
  queue->is_playing = is_playing;
  unlock_changed (queue);
}

void
gst_rc_record_queue_stop (GstRcRecordQueue *queue)
{
  g_mutex_lock (&queue->lock);
  queue->is_stopping = TRUE;
  for (guint i = 0; i < RC_N_STREAMS; i++)
    rc_interleave_end (queue->interleave, i);
  unlock_changed (queue);
}

/* ---- who writes ---- */

static guint
get_keyed_unlocked (GstRcRecordQueue *queue)
{
  guint keyed = 0;

  for (guint i = 0; i < RC_N_STREAMS; i++) {
    if (queue->tracks[i].needs_keys)
      keyed |= 1u << i;
  }
  return keyed;
}

/* FALSE: there is none yet. */
static gboolean
take_cluster_unlocked (GstRcRecordQueue *queue, GstRcRecordCluster *cluster)
{
  GstRcTrackFormat *formats[RC_N_STREAMS];

  for (guint i = 0; i < RC_N_STREAMS; i++)
    formats[i] = queue->tracks[i].format;
  formats[RC_STREAM_METADATA] = queue->line_format;
  if (!gst_rc_record_cluster_take (
          cluster, queue->interleave, formats, get_keyed_unlocked (queue)))
    return FALSE;
  queue->counts.sets += cluster->n_sets;
  return TRUE;
}

static gboolean
is_at_end_unlocked (GstRcRecordQueue *queue)
{
  return queue->has_begun && queue->end_seqnum != GST_SEQNUM_INVALID
         && !queue->is_ended && queue->is_playing && !queue->has_failed
         && rc_interleave_is_done (queue->interleave);
}

static GstRcRecordNext
take_unlocked (GstRcRecordQueue *queue, GstRcRecordCluster *cluster)
{
  if (take_cluster_unlocked (queue, cluster))
    return GST_RC_RECORD_CLUSTER;
  if (queue->is_stopping)
    return GST_RC_RECORD_STOPPED;
  if (!is_at_end_unlocked (queue))
    return GST_RC_RECORD_NOTHING;
  queue->is_ended = TRUE;
  return GST_RC_RECORD_END;
}

GstRcRecordNext
gst_rc_record_queue_take (
    GstRcRecordQueue *queue, GstRcRecordCluster *cluster, gint64 until)
{
  GstRcRecordNext next;

  g_mutex_lock (&queue->lock);
  while ((next = take_unlocked (queue, cluster)) == GST_RC_RECORD_NOTHING
         && g_cond_wait_until (&queue->changed, &queue->lock, until))
    continue;
  unlock_changed (queue);
  return next;
}

guint32
gst_rc_record_queue_get_end_seqnum (GstRcRecordQueue *queue)
{
  guint32 seqnum;

  g_mutex_lock (&queue->lock);
  seqnum = queue->end_seqnum;
  g_mutex_unlock (&queue->lock);
  return seqnum;
}

guint
gst_rc_record_queue_get_keyed (GstRcRecordQueue *queue, GstClockTime *newest)
{
  guint keyed;

  g_mutex_lock (&queue->lock);
  keyed = get_keyed_unlocked (queue);
  *newest = rc_interleave_get_newest (queue->interleave);
  g_mutex_unlock (&queue->lock);
  return keyed;
}

void
gst_rc_record_queue_note_files (
    GstRcRecordQueue *queue, guint files, guint64 bytes)
{
  g_mutex_lock (&queue->lock);
  queue->counts.files = files;
  queue->counts.bytes = bytes;
  g_mutex_unlock (&queue->lock);
}

void
gst_rc_record_queue_fail (GstRcRecordQueue *queue)
{
  g_mutex_lock (&queue->lock);
  queue->has_failed = TRUE;
  unlock_changed (queue);
}
