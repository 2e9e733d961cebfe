/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Threads: those of rcfilesink's upstream. The lock keeps lines in their order:
 * that of the queue is taken in it. */

#include "recording/gstrcrecordinput.h"

#include <gst/video/video.h>

#include "recording/gstrcrecordpart.h"
#include "recording/rcrecordjson.h"
#include "recording/rcrecordsets.h"

/* Of a line whose set does not say: 25 Hz, ns. */
#define DEFAULT_DURATION (40 * GST_MSECOND)

typedef struct {
  gboolean has_info;
  gboolean is_new; /* no image of @info came yet */
  GstVideoInfo info;
} Stream;

struct _GstRcRecordInput {
  GstRcRecordQueue *queue; /* outlives this */

  GMutex lock; /* guards what follows */
  Stream streams[RC_N_STREAMS];
  RcRecordSets *sets;    /* NULL before it begins */
  guint64 last_start;    /* of the lines */
  gboolean has_lines;    /* they did not end */
  gboolean has_metadata; /* the camera's words come, or came */
};

GstRcRecordInput *
gst_rc_record_input_new (GstRcRecordQueue *queue)
{
  GstRcRecordInput *input = g_new0 (GstRcRecordInput, 1);

  input->queue = queue;
  g_mutex_init (&input->lock);
  return input;
}

void
gst_rc_record_input_free (GstRcRecordInput *input)
{
  g_clear_pointer (&input->sets, rc_record_sets_free);
  g_mutex_clear (&input->lock);
  g_free (input);
}

/* ---- the metadata track ---- */

static void
write_line_unlocked (GstRcRecordInput *input, RcRecordSet *set)
{
  guint64 start = rc_record_set_get_start (set);
  GstBuffer *buffer;
  gchar *line;

  /* A replay has the stream even if the recording did not: at the set's start. */
  if (!input->has_metadata)
    set->pts[RC_STREAM_METADATA] = start;
  line = rc_record_json_write (set);
  buffer = gst_buffer_new_wrapped (line, strlen (line));
  input->last_start = MAX (input->last_start, start);
  GST_BUFFER_PTS (buffer) = input->last_start;
  GST_BUFFER_DURATION (buffer) =
      set->duration != RC_RECORD_NONE ? set->duration : DEFAULT_DURATION;
  gst_rc_record_queue_add_line (input->queue, buffer, set->pts);
}

static void
write_lines_unlocked (GstRcRecordInput *input)
{
  gboolean has_lines = !rc_record_sets_is_ended (input->sets);
  RcRecordSet *set;

  while ((set = rc_record_sets_pop (input->sets)) != NULL) {
    write_line_unlocked (input, set);
    rc_record_set_free (set);
  }
  if (has_lines != input->has_lines)
    gst_rc_record_queue_set_has_lines (input->queue, has_lines);
  input->has_lines = has_lines;
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
    GstRcRecordInput *input, RcStream stream, GstPad *pad, GstBuffer *buffer)
{
  GstClockTime pts = to_running_time (pad, GST_BUFFER_PTS (buffer));
  Stream *state = &input->streams[stream];
  gboolean ok;

  g_mutex_lock (&input->lock);
  ok = is_sound (state, buffer, pts);
  if (ok) {
    rc_record_sets_add (input->sets, stream,
        gst_rc_record_part_new (
            buffer, stream, pts, state->has_info ? &state->info : NULL));
    write_lines_unlocked (input);
  }
  if (stream != RC_STREAM_METADATA && ok) {
    gst_rc_record_queue_announce (input->queue, stream, pts, state->is_new);
    state->is_new = FALSE;
  } else if (stream != RC_STREAM_METADATA) {
    gst_rc_record_queue_note_dropped (input->queue);
  }
  g_mutex_unlock (&input->lock);
  return ok;
}

static void
take_gap (
    GstRcRecordInput *input, RcStream stream, GstPad *pad, GstEvent *event)
{
  GstClockTime pts;

  gst_event_parse_gap (event, &pts, NULL);
  pts = to_running_time (pad, pts);
  if (!GST_CLOCK_TIME_IS_VALID (pts))
    return;
  g_mutex_lock (&input->lock);
  rc_record_sets_skip (input->sets, stream, pts);
  write_lines_unlocked (input);
  if (stream != RC_STREAM_METADATA)
    gst_rc_record_queue_pass (input->queue, stream, pts);
  g_mutex_unlock (&input->lock);
}

static void
expect_unlocked (GstRcRecordInput *input, RcStream stream)
{
  rc_record_sets_expect (input->sets, stream);
  gst_rc_record_queue_begin (input->queue, stream);
  input->has_metadata |= stream == RC_STREAM_METADATA;
}

void
gst_rc_record_input_expect (GstRcRecordInput *input, RcStream stream)
{
  g_mutex_lock (&input->lock);
  if (input->sets != NULL) {
    expect_unlocked (input, stream);
    write_lines_unlocked (input);
  }
  g_mutex_unlock (&input->lock);
}

void
gst_rc_record_input_end (GstRcRecordInput *input, RcStream stream)
{
  g_mutex_lock (&input->lock);
  if (input->sets != NULL) {
    rc_record_sets_end (input->sets, stream);
    write_lines_unlocked (input);
  }
  g_mutex_unlock (&input->lock);
}

void
gst_rc_record_input_begin (GstRcRecordInput *input, guint streams)
{
  g_mutex_lock (&input->lock);
  g_clear_pointer (&input->sets, rc_record_sets_free);
  input->sets = rc_record_sets_new ();
  input->last_start = 0;
  input->has_lines = FALSE;
  input->has_metadata = FALSE;
  for (guint i = 0; i < RC_N_STREAMS; i++) {
    if (streams & (1u << i))
      expect_unlocked (input, i);
  }
  write_lines_unlocked (input);
  g_mutex_unlock (&input->lock);
}

void
gst_rc_record_input_forget_format (GstRcRecordInput *input, RcStream stream)
{
  g_mutex_lock (&input->lock);
  input->streams[stream].has_info = FALSE;
  input->streams[stream].is_new = FALSE;
  g_mutex_unlock (&input->lock);
}

static void
take_caps (GstRcRecordInput *input, RcStream stream, GstEvent *event)
{
  Stream *state = &input->streams[stream];
  GstVideoInfo info;
  GstCaps *caps;

  gst_event_parse_caps (event, &caps);
  if (stream >= RC_N_IMAGE_STREAMS || !gst_video_info_from_caps (&info, caps))
    return;
  g_mutex_lock (&input->lock);
  state->is_new |= state->has_info;
  state->info = info;
  state->has_info = TRUE;
  g_mutex_unlock (&input->lock);
}

GstPadProbeReturn
gst_rc_record_input_take (GstRcRecordInput *input, RcStream stream, GstPad *pad,
    GstPadProbeInfo *info)
{
  GstEvent *event;

  if (info->type & GST_PAD_PROBE_TYPE_BUFFER) {
    return take_buffer (input, stream, pad, GST_PAD_PROBE_INFO_BUFFER (info))
               ? GST_PAD_PROBE_OK
               : GST_PAD_PROBE_DROP;
  }
  event = GST_PAD_PROBE_INFO_EVENT (info);
  switch (GST_EVENT_TYPE (event)) {
  case GST_EVENT_STREAM_START:
    gst_rc_record_input_expect (input, stream);
    break;
  case GST_EVENT_CAPS:
    take_caps (input, stream, event);
    break;
  case GST_EVENT_GAP:
    take_gap (input, stream, pad, event);
    break;
  case GST_EVENT_EOS:
    gst_rc_record_input_end (input, stream);
    break;
  default:
    break;
  }
  return GST_PAD_PROBE_OK;
}
