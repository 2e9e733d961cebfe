/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "recording/rcreplaylines.h"

typedef struct {
  gatomicrefcount ref_count;
  RcRecordSet *set;
  guint taken; /* by which streams, 1 << RcStream */
} Line;

struct _RcReplayLines {
  GMutex lock;
  GCond changed;
  GQueue lines;
  guint64 position; /* PTS of the last line, RC_RECORD_NONE: none yet */
  gboolean ended;
  gboolean held_up; /* since the last line */
  gboolean flushing;
  gboolean stopped;
  Line *in_use[RC_N_STREAMS]; /* what the stream took last */
};

static void
line_unref (gpointer data)
{
  Line *line = data;

  if (!g_atomic_ref_count_dec (&line->ref_count))
    return;
  rc_record_set_free (line->set);
  g_free (line);
}

RcReplayLines *
rc_replay_lines_new (void)
{
  RcReplayLines *lines = g_new0 (RcReplayLines, 1);

  g_mutex_init (&lines->lock);
  g_cond_init (&lines->changed);
  g_queue_init (&lines->lines);
  lines->position = RC_RECORD_NONE;
  return lines;
}

void
rc_replay_lines_free (RcReplayLines *lines)
{
  for (guint i = 0; i < RC_N_STREAMS; i++)
    g_clear_pointer (&lines->in_use[i], line_unref);
  g_queue_clear_full (&lines->lines, line_unref);
  g_cond_clear (&lines->changed);
  g_mutex_clear (&lines->lock);
  g_free (lines);
}

void
rc_replay_lines_add (RcReplayLines *lines, RcRecordSet *set, guint64 pts)
{
  Line *line = g_new0 (Line, 1);

  g_atomic_ref_count_init (&line->ref_count);
  line->set = set;
  g_mutex_lock (&lines->lock);
  g_queue_push_tail (&lines->lines, line);
  if (lines->lines.length > RC_REPLAY_MAX_LINES)
    line_unref (g_queue_pop_head (&lines->lines));
  lines->position = pts;
  lines->held_up = FALSE;
  g_cond_broadcast (&lines->changed);
  g_mutex_unlock (&lines->lock);
}

void
rc_replay_lines_hold_up (RcReplayLines *lines)
{
  g_mutex_lock (&lines->lock);
  lines->held_up = TRUE;
  g_cond_broadcast (&lines->changed);
  g_mutex_unlock (&lines->lock);
}

void
rc_replay_lines_end (RcReplayLines *lines)
{
  g_mutex_lock (&lines->lock);
  lines->ended = TRUE;
  g_cond_broadcast (&lines->changed);
  g_mutex_unlock (&lines->lock);
}

void
rc_replay_lines_set_flushing (RcReplayLines *lines, gboolean flushing)
{
  g_mutex_lock (&lines->lock);
  lines->flushing = flushing;
  g_cond_broadcast (&lines->changed);
  g_mutex_unlock (&lines->lock);
}

void
rc_replay_lines_stop (RcReplayLines *lines)
{
  g_mutex_lock (&lines->lock);
  lines->stopped = TRUE;
  g_cond_broadcast (&lines->changed);
  g_mutex_unlock (&lines->lock);
}

void
rc_replay_lines_reset (RcReplayLines *lines)
{
  g_mutex_lock (&lines->lock);
  g_queue_clear_full (&lines->lines, line_unref);
  lines->position = RC_RECORD_NONE;
  lines->ended = FALSE;
  lines->held_up = FALSE;
  g_mutex_unlock (&lines->lock);
}

static Line *
find (RcReplayLines *lines, RcStream stream, guint64 pts, guint64 tolerance)
{
  for (GList *link = lines->lines.head; link != NULL; link = link->next) {
    Line *line = link->data;
    guint64 its = line->set->pts[stream];

    if (its != RC_RECORD_NONE && !(line->taken & (1u << stream))
        && MAX (its, pts) - MIN (its, pts) <= tolerance)
      return line;
  }
  return NULL;
}

static gboolean
may_come (RcReplayLines *lines, guint64 pts, guint64 margin)
{
  return !lines->ended && !lines->held_up
         && (lines->position == RC_RECORD_NONE || lines->position < margin
             || lines->position - margin <= pts);
}

RcReplayResult
rc_replay_lines_take (RcReplayLines *lines, RcStream stream, guint64 pts,
    guint64 tolerance, guint64 margin, const RcRecordSet **set)
{
  RcReplayResult result = RC_REPLAY_NONE;
  Line *line;

  g_mutex_lock (&lines->lock);
  while ((line = find (lines, stream, pts, tolerance)) == NULL
         && !lines->flushing && !lines->stopped
         && may_come (lines, pts, margin))
    g_cond_wait (&lines->changed, &lines->lock);
  if (lines->flushing || lines->stopped) {
    result = RC_REPLAY_FLUSHING;
  } else if (line != NULL) {
    line->taken |= 1u << stream;
    g_atomic_ref_count_inc (&line->ref_count);
    g_clear_pointer (&lines->in_use[stream], line_unref);
    lines->in_use[stream] = line;
    *set = line->set;
    result = RC_REPLAY_FOUND;
  }
  g_mutex_unlock (&lines->lock);
  return result;
}
