/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Threads: those of the streams wait here for their time, under no lock but for
 * the pipeline to play. The lock is a leaf. */

#include "recording/gstrcreplaypace.h"

#include "recording/rcreplaytimeline.h"

/* A live replay that is that far behind goes on from there: this computer does
 * not decode at the camera's pace. */
#define MAX_LAG GST_SECOND
/* For the first image, as others may be before it. */
#define MAX_WAIT GST_SECOND

struct _GstRcReplayPace {
  gboolean is_live, is_loop; /* these are set at creation */

  GMutex lock; /* guards what follows */
  GCond changed;
  RcReplayTimeline timeline;
  gboolean is_playing;
  gboolean is_stopped;
  gboolean has_start;     /* @start counts */
  GstClockTimeDiff start; /* running time of the file's start */
  guint expected, ended;  /* 1 << RcStream */
  guint begun;            /* the same, since the file's start or a seek */
  guint32 seqnum;         /* of the last round's seek */
  GstClockID waiting[RC_N_STREAMS]; /* NULL: does not wait for the clock */
};

GstRcReplayPace *
gst_rc_replay_pace_new (gboolean is_live, gboolean is_loop)
{
  GstRcReplayPace *pace = g_atomic_rc_box_new0 (GstRcReplayPace);

  pace->is_live = is_live;
  pace->is_loop = is_loop;
  pace->seqnum = GST_SEQNUM_INVALID;
  g_mutex_init (&pace->lock);
  g_cond_init (&pace->changed);
  return pace;
}

GstRcReplayPace *
gst_rc_replay_pace_ref (GstRcReplayPace *pace)
{
  return g_atomic_rc_box_acquire (pace);
}

static void
clear (gpointer data)
{
  GstRcReplayPace *pace = data;

  g_cond_clear (&pace->changed);
  g_mutex_clear (&pace->lock);
}

void
gst_rc_replay_pace_unref (GstRcReplayPace *pace)
{
  g_atomic_rc_box_release_full (pace, clear);
}

gboolean
gst_rc_replay_pace_is_live (const GstRcReplayPace *pace)
{
  return pace->is_live;
}

gboolean
gst_rc_replay_pace_is_loop (const GstRcReplayPace *pace)
{
  return pace->is_loop;
}

static void
wake_unlocked (GstRcReplayPace *pace)
{
  for (guint i = 0; i < RC_N_STREAMS; i++) {
    if (pace->waiting[i] != NULL)
      gst_clock_id_unschedule (pace->waiting[i]);
  }
  g_cond_broadcast (&pace->changed);
}

void
gst_rc_replay_pace_set_playing (GstRcReplayPace *pace, gboolean is_playing)
{
  g_mutex_lock (&pace->lock);
  pace->is_playing = is_playing;
  wake_unlocked (pace);
  g_mutex_unlock (&pace->lock);
}

void
gst_rc_replay_pace_stop (GstRcReplayPace *pace)
{
  g_mutex_lock (&pace->lock);
  pace->is_stopped = TRUE;
  wake_unlocked (pace);
  g_mutex_unlock (&pace->lock);
}

gboolean
gst_rc_replay_pace_is_stopped (GstRcReplayPace *pace)
{
  gboolean is_stopped;

  g_mutex_lock (&pace->lock);
  is_stopped = pace->is_stopped;
  g_mutex_unlock (&pace->lock);
  return is_stopped;
}

void
gst_rc_replay_pace_flush (GstRcReplayPace *pace, RcStream stream)
{
  g_mutex_lock (&pace->lock);
  if (pace->waiting[stream] != NULL)
    gst_clock_id_unschedule (pace->waiting[stream]);
  g_cond_broadcast (&pace->changed);
  g_mutex_unlock (&pace->lock);
}

void
gst_rc_replay_pace_expect (GstRcReplayPace *pace, RcStream stream)
{
  g_mutex_lock (&pace->lock);
  pace->expected |= 1u << stream;
  g_mutex_unlock (&pace->lock);
}

gboolean
gst_rc_replay_pace_forget (GstRcReplayPace *pace, RcStream stream)
{
  gboolean is_over;

  g_mutex_lock (&pace->lock);
  is_over = pace->ended != pace->expected;
  pace->expected &= ~(1u << stream);
  pace->begun &= ~(1u << stream);
  pace->ended &= ~(1u << stream);
  is_over &= pace->is_loop && pace->ended != 0 && pace->ended == pace->expected;
  g_mutex_unlock (&pace->lock);
  return is_over;
}

/* All streams begin at the same. */
void
gst_rc_replay_pace_begin (
    GstRcReplayPace *pace, RcStream stream, GstClockTime start)
{
  g_mutex_lock (&pace->lock);
  if (pace->begun == 0 || (pace->begun & (1u << stream)))
    rc_replay_timeline_seek (&pace->timeline, start);
  if (pace->begun & (1u << stream))
    pace->begun = 0;
  pace->begun |= 1u << stream;
  pace->ended &= ~(1u << stream);
  g_mutex_unlock (&pace->lock);
}

/* ---- live ---- */

static gboolean
is_let_go_unlocked (GstRcReplayPace *pace, GstPad *sink)
{
  return pace->is_stopped || GST_PAD_IS_FLUSHING (sink);
}

static GstClockTimeDiff
get_running_time (GstElement *element)
{
  return gst_element_get_current_running_time (element);
}

/* In running time: the file's start is due when the first image is there, which may
 * not be the earliest one. Of streams that begin late it is that image. */
static GstClockTimeDiff
get_due_unlocked (GstRcReplayPace *pace, GstElement *element, GstClockTime pts)
{
  GstClockTimeDiff since_start = GST_CLOCK_DIFF (pace->timeline.origin, pts);

  if (!pace->has_start)
    pace->start = MAX (get_running_time (element), 0)
                  - (since_start > MAX_WAIT ? since_start : 0);
  pace->has_start = TRUE;
  return MAX (pace->start + since_start, 0);
}

static void
wait_for_clock_unlocked (GstRcReplayPace *pace, RcStream stream,
    GstElement *element, GstClockTime due)
{
  GstClock *clock = gst_element_get_clock (element);
  GstClockID id;

  if (clock == NULL)
    return;
  id = gst_clock_new_single_shot_id (
      clock, gst_element_get_base_time (element) + due);
  pace->waiting[stream] = id;
  g_mutex_unlock (&pace->lock);
  gst_clock_id_wait (id, NULL);
  g_mutex_lock (&pace->lock);
  pace->waiting[stream] = NULL;
  gst_clock_id_unref (id);
  gst_object_unref (clock);
}

/* FALSE: let go. */
static gboolean
wait_unlocked (GstRcReplayPace *pace, RcStream stream, GstElement *element,
    GstPad *sink, GstClockTime *pts)
{
  GstClockTimeDiff due, now;

  for (;;) {
    while (!pace->is_playing && !is_let_go_unlocked (pace, sink))
      g_cond_wait (&pace->changed, &pace->lock);
    if (is_let_go_unlocked (pace, sink))
      return FALSE;
    due = get_due_unlocked (pace, element, *pts);
    now = get_running_time (element);
    /* Without a clock nothing is early. */
    if (now == GST_CLOCK_STIME_NONE)
      now = due;
    if (now >= due)
      break;
    wait_for_clock_unlocked (pace, stream, element, due);
  }
  if (now - due > MAX_LAG) {
    GST_INFO_OBJECT (
        element, "%" GST_STIME_FORMAT " behind", GST_STIME_ARGS (now - due));
    pace->start += now - due;
    due = now;
  }
  *pts = due;
  return TRUE;
}

gboolean
gst_rc_replay_pace_take (GstRcReplayPace *pace, RcStream stream,
    GstElement *element, GstPad *sink, GstClockTime *pts, guint64 *number)
{
  gboolean ok;

  g_mutex_lock (&pace->lock);
  if (pace->is_loop)
    rc_replay_timeline_place (&pace->timeline, stream, pts, number);
  ok = !pace->is_live || wait_unlocked (pace, stream, element, sink, pts);
  g_mutex_unlock (&pace->lock);
  return ok;
}

/* ---- rounds ---- */

gboolean
gst_rc_replay_pace_end (GstRcReplayPace *pace, RcStream stream)
{
  gboolean is_last;

  g_mutex_lock (&pace->lock);
  is_last = pace->ended != pace->expected;
  pace->ended |= 1u << stream;
  is_last &= pace->ended == pace->expected;
  g_mutex_unlock (&pace->lock);
  return is_last;
}

gboolean
gst_rc_replay_pace_is_over (GstRcReplayPace *pace)
{
  gboolean is_over;

  g_mutex_lock (&pace->lock);
  is_over =
      !pace->is_stopped && pace->ended != 0 && pace->ended == pace->expected;
  g_mutex_unlock (&pace->lock);
  return is_over;
}

gboolean
gst_rc_replay_pace_wrap (GstRcReplayPace *pace, guint32 seqnum)
{
  gboolean ok;

  g_mutex_lock (&pace->lock);
  ok = rc_replay_timeline_wrap (&pace->timeline);
  pace->ended = 0;
  pace->seqnum = seqnum;
  g_mutex_unlock (&pace->lock);
  return ok;
}

gboolean
gst_rc_replay_pace_is_wrap (GstRcReplayPace *pace, GstEvent *event)
{
  gboolean is_wrap;

  g_mutex_lock (&pace->lock);
  is_wrap = pace->seqnum != GST_SEQNUM_INVALID
            && pace->seqnum == gst_event_get_seqnum (event);
  g_mutex_unlock (&pace->lock);
  return is_wrap;
}
