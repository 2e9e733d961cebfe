/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "recording/gstrcrecordcluster.h"

#include <string.h>

GstRcRecordFrame *
gst_rc_record_frame_new (RcStream stream, GstBuffer *buffer,
    GstRcTrackFormat *format, GstClockTime time, const GstClockTime *set)
{
  GstRcRecordFrame *frame = g_new (GstRcRecordFrame, 1);

  frame->stream = stream;
  frame->buffer = buffer;
  frame->format = gst_rc_track_format_ref (format);
  frame->time = time;
  if (set != NULL)
    memcpy (frame->set, set, sizeof frame->set);
  return frame;
}

void
gst_rc_record_frame_free (gpointer data)
{
  GstRcRecordFrame *frame = data;

  gst_buffer_unref (frame->buffer);
  gst_rc_track_format_unref (frame->format);
  g_free (frame);
}

guint
gst_rc_record_place_of (RcStream stream)
{
  return (stream + 1) % RC_N_STREAMS;
}

/* Rounded down: a replay's segment begins at the first, and nothing before. */
guint64
gst_rc_record_to_ticks (GstClockTime time)
{
  return time / RC_MATROSKA_TICK;
}

static void
put_frame (GstRcRecordCluster *cluster, GstRcRecordFrame *frame)
{
  cluster->bytes += gst_buffer_get_size (frame->buffer);
  cluster->n_sets += frame->stream == RC_STREAM_METADATA;
  cluster->frames[cluster->n_frames++] = frame;
}

static void
take_frame (GstRcRecordCluster *cluster, RcInterleave *interleave)
{
  RcInterleaveFrame from;

  rc_interleave_pop (interleave, &from);
  cluster->time = gst_rc_record_to_ticks (from.time);
  put_frame (cluster, from.data);
}

static gboolean
has_keys (const GstRcRecordCluster *cluster, guint needs_keys)
{
  for (guint i = 0; i < cluster->n_frames; i++) {
    const GstRcRecordFrame *frame = cluster->frames[i];

    if (!GST_BUFFER_FLAG_IS_SET (frame->buffer, GST_BUFFER_FLAG_DELTA_UNIT))
      needs_keys &= ~(1u << frame->stream);
  }
  return needs_keys == 0;
}

/* Of what is in the cluster, or else comes next, or else came last. */
static void
take_formats (GstRcRecordCluster *cluster, RcInterleave *interleave,
    GstRcTrackFormat *const formats[RC_N_STREAMS])
{
  for (guint i = 0; i < RC_N_STREAMS; i++) {
    const GstRcRecordFrame *next =
        rc_interleave_peek (interleave, gst_rc_record_place_of (i));

    gst_rc_track_format_replace (
        &cluster->formats[i], next != NULL ? next->format : formats[i]);
  }
  for (guint i = cluster->n_frames; i > 0; i--) {
    const GstRcRecordFrame *frame = cluster->frames[i - 1];

    gst_rc_track_format_replace (
        &cluster->formats[frame->stream], frame->format);
  }
}

gboolean
gst_rc_record_cluster_take (GstRcRecordCluster *cluster,
    RcInterleave *interleave, GstRcTrackFormat *const formats[RC_N_STREAMS],
    guint needs_keys)
{
  guint64 time;

  while (cluster->n_frames < GST_RC_RECORD_MAX_FRAMES
         && rc_interleave_get_next_time (interleave, &time)
         && (cluster->n_frames == 0
             || gst_rc_record_to_ticks (time) == cluster->time))
    take_frame (cluster, interleave);
  if (cluster->n_frames == 0)
    return FALSE;
  cluster->is_key = has_keys (cluster, needs_keys);
  take_formats (cluster, interleave, formats);
  return TRUE;
}

void
gst_rc_record_cluster_move (
    GstRcRecordCluster *cluster, guint i, GstRcRecordCluster *to)
{
  GstRcRecordFrame *frame = cluster->frames[i];

  to->time = cluster->time;
  put_frame (to, frame);
  cluster->bytes -= gst_buffer_get_size (frame->buffer);
  cluster->n_sets -= frame->stream == RC_STREAM_METADATA;
  cluster->n_frames--;
  memmove (&cluster->frames[i], &cluster->frames[i + 1],
      (cluster->n_frames - i) * sizeof *cluster->frames);
}

void
gst_rc_record_cluster_clear (GstRcRecordCluster *cluster)
{
  for (guint i = 0; i < cluster->n_frames; i++)
    gst_rc_record_frame_free (cluster->frames[i]);
  for (guint i = 0; i < RC_N_STREAMS; i++)
    gst_rc_track_format_replace (&cluster->formats[i], NULL);
  cluster->n_frames = 0;
  cluster->bytes = 0;
  cluster->n_sets = 0;
}
