/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "recording/rcinterleave.h"

typedef struct {
  guint64 time;
  gboolean is_new;
} Announced;

typedef struct {
  gboolean is_open;   /* begun, and not ended */
  gboolean has_time;  /* @passed counts */
  guint64 passed;     /* what comes and was not announced is later */
  GQueue frames;      /* RcInterleaveFrame */
  gboolean has_begun; /* a frame came */
  GArray *announced;  /* Announced, in the order of announcement */
} Track;

struct _RcInterleave {
  GDestroyNotify free_data;
  Track tracks[RC_INTERLEAVE_MAX_TRACKS];
  guint64 bytes;
  guint64 newest;
  gboolean has_popped;
  guint64 popped; /* time of the last frame that went */
};

RcInterleave *
rc_interleave_new (GDestroyNotify free_data)
{
  RcInterleave *interleave = g_new0 (RcInterleave, 1);

  interleave->free_data = free_data;
  for (guint i = 0; i < RC_INTERLEAVE_MAX_TRACKS; i++) {
    g_queue_init (&interleave->tracks[i].frames);
    interleave->tracks[i].announced =
        g_array_new (FALSE, FALSE, sizeof (Announced));
  }
  return interleave;
}

void
rc_interleave_free (RcInterleave *interleave)
{
  for (guint i = 0; i < RC_INTERLEAVE_MAX_TRACKS; i++) {
    Track *track = &interleave->tracks[i];
    RcInterleaveFrame *frame;

    while ((frame = g_queue_pop_head (&track->frames)) != NULL) {
      interleave->free_data (frame->data);
      g_free (frame);
    }
    g_array_unref (track->announced);
  }
  g_free (interleave);
}

void
rc_interleave_begin (RcInterleave *interleave, guint track)
{
  Track *state = &interleave->tracks[track];

  if (!state->is_open)
    state->has_time = state->has_begun = FALSE;
  state->is_open = TRUE;
}

guint
rc_interleave_end (RcInterleave *interleave, guint track)
{
  Track *state = &interleave->tracks[track];
  guint lost = state->announced->len;

  state->is_open = FALSE;
  g_array_set_size (state->announced, 0);
  return lost;
}

void
rc_interleave_pass (RcInterleave *interleave, guint track, guint64 time)
{
  Track *state = &interleave->tracks[track];

  state->passed = state->has_time ? MAX (state->passed, time) : time;
  state->has_time = TRUE;
  interleave->newest = MAX (interleave->newest, time);
}

void
rc_interleave_announce (
    RcInterleave *interleave, guint track, guint64 time, gboolean is_new)
{
  Announced announced = {time, is_new};

  g_array_append_val (interleave->tracks[track].announced, announced);
  rc_interleave_pass (interleave, track, time);
}

static const Announced *
get_announced (const Track *track, guint i)
{
  return &g_array_index (track->announced, Announced, i);
}

/* How many were announced before the one of that time, and did not come. */
static guint
take_announced (Track *track, guint64 time, gboolean in_order)
{
  guint i = 0;

  while (i < track->announced->len && get_announced (track, i)->time != time)
    i++;
  if (i == track->announced->len)
    return 0;
  if (!in_order) {
    g_array_remove_index (track->announced, i);
    return 0;
  }
  g_array_remove_range (track->announced, 0, i + 1);
  return i;
}

guint
rc_interleave_add (
    RcInterleave *interleave, const RcInterleaveFrame *frame, gboolean in_order)
{
  Track *track = &interleave->tracks[frame->track];

  g_queue_push_tail (&track->frames, g_memdup2 (frame, sizeof *frame));
  track->has_begun = TRUE;
  interleave->bytes += frame->size;
  rc_interleave_pass (interleave, frame->track, frame->time);
  return take_announced (track, frame->time, in_order);
}

/* @is_begun: frames of that time have gone already. */
static gboolean
is_announced (const Track *track, guint64 time, gboolean is_begun)
{
  for (guint i = 0; i < track->announced->len; i++) {
    const Announced *announced = get_announced (track, i);

    if (announced->time <= time
        || (!is_begun && (announced->is_new || !track->has_begun)))
      return TRUE;
  }
  return FALSE;
}

/* Whether a frame that comes next has to be known before one of @time goes. */
static gboolean
is_waited_for (const RcInterleave *interleave, const Track *track, guint64 time)
{
  guint64 ahead = interleave->newest - MIN (time, interleave->newest);
  gboolean is_begun = interleave->has_popped && interleave->popped == time;

  if (!track->is_open || track->frames.head != NULL)
    return FALSE;
  if (is_announced (track, time, is_begun))
    return ahead <= RC_INTERLEAVE_MAX_DELAY
           && interleave->bytes <= RC_INTERLEAVE_MAX_BYTES;
  return (!track->has_begun || !track->has_time || track->passed < time)
         && ahead <= RC_INTERLEAVE_MAX_SILENCE;
}

static RcInterleaveFrame *
find_first (const RcInterleave *interleave)
{
  RcInterleaveFrame *first = NULL;

  for (guint i = 0; i < RC_INTERLEAVE_MAX_TRACKS; i++) {
    GList *head = interleave->tracks[i].frames.head;
    RcInterleaveFrame *frame = head != NULL ? head->data : NULL;

    if (frame != NULL && (first == NULL || frame->time < first->time))
      first = frame;
  }
  return first;
}

static RcInterleaveFrame *
find_next (const RcInterleave *interleave)
{
  RcInterleaveFrame *first = find_first (interleave);

  for (guint i = 0; first != NULL && i < RC_INTERLEAVE_MAX_TRACKS; i++) {
    if (is_waited_for (interleave, &interleave->tracks[i], first->time))
      return NULL;
  }
  return first;
}

gboolean
rc_interleave_get_next_time (const RcInterleave *interleave, guint64 *time)
{
  const RcInterleaveFrame *next = find_next (interleave);

  if (next == NULL)
    return FALSE;
  *time = next->time;
  return TRUE;
}

gboolean
rc_interleave_pop (RcInterleave *interleave, RcInterleaveFrame *frame)
{
  RcInterleaveFrame *next = find_next (interleave);

  if (next == NULL)
    return FALSE;
  g_queue_pop_head (&interleave->tracks[next->track].frames);
  interleave->bytes -= next->size;
  interleave->has_popped = TRUE;
  interleave->popped = next->time;
  *frame = *next;
  g_free (next);
  return TRUE;
}

gpointer
rc_interleave_peek (const RcInterleave *interleave, guint track)
{
  GList *head = interleave->tracks[track].frames.head;

  return head != NULL ? ((RcInterleaveFrame *)head->data)->data : NULL;
}

gboolean
rc_interleave_is_done (const RcInterleave *interleave)
{
  for (guint i = 0; i < RC_INTERLEAVE_MAX_TRACKS; i++) {
    const Track *track = &interleave->tracks[i];

    if (track->is_open || track->frames.head != NULL)
      return FALSE;
  }
  return TRUE;
}

guint64
rc_interleave_get_bytes (const RcInterleave *interleave)
{
  return interleave->bytes;
}

guint64
rc_interleave_get_newest (const RcInterleave *interleave)
{
  return interleave->newest;
}
