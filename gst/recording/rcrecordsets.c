/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "recording/rcrecordsets.h"

/* PTS that differ by less are those of one set, ns. */
#define SAME_TIME G_GUINT64_CONSTANT (1000000)

typedef struct {
  gboolean expected;
  guint64 serial;   /* of the last set that it had a part in */
  guint64 number;   /* of its last part, or RC_RECORD_NONE */
  guint gaps;       /* since then */
  guint64 position; /* of the last of them */
  guint64 last;     /* PTS of its last part, or RC_RECORD_NONE */
} Progress;

typedef struct {
  RcRecordSet *set;
  guint64 serial; /* in the order of arrival, from 1 */
} Pending;

struct _RcRecordSets {
  GQueue pending;
  guint64 last_serial;
  Progress progress[RC_N_STREAMS];
};

static void
pending_free (gpointer data)
{
  Pending *pending = data;

  rc_record_set_free (pending->set);
  g_free (pending);
}

RcRecordSets *
rc_record_sets_new (void)
{
  RcRecordSets *sets = g_new0 (RcRecordSets, 1);

  g_queue_init (&sets->pending);
  for (guint i = 0; i < RC_N_STREAMS; i++)
    sets->progress[i].number = sets->progress[i].last = RC_RECORD_NONE;
  return sets;
}

void
rc_record_sets_free (RcRecordSets *sets)
{
  g_queue_clear_full (&sets->pending, pending_free);
  g_free (sets);
}

void
rc_record_sets_expect (RcRecordSets *sets, RcStream stream)
{
  sets->progress[stream].expected = TRUE;
}

void
rc_record_sets_end (RcRecordSets *sets, RcStream stream)
{
  sets->progress[stream].expected = FALSE;
}

gboolean
rc_record_sets_is_ended (const RcRecordSets *sets)
{
  for (guint i = 0; i < RC_N_STREAMS; i++) {
    if (sets->progress[i].expected)
      return FALSE;
  }
  return TRUE;
}

static gboolean
is_same_time (const RcRecordSet *a, const RcRecordSet *b)
{
  guint64 start_a = rc_record_set_get_start (a);
  guint64 start_b = rc_record_set_get_start (b);

  return MAX (start_a, start_b) - MIN (start_a, start_b) <= SAME_TIME;
}

static gboolean
belongs (const RcRecordSet *set, const RcRecordSet *part)
{
  gboolean numbered =
      set->number != RC_RECORD_NONE && part->number != RC_RECORD_NONE;
  gboolean timed = set->timestamp != 0 && part->timestamp != 0;

  if (numbered && set->number != part->number)
    return FALSE;
  if (timed && set->timestamp != part->timestamp)
    return FALSE;
  return numbered || timed || is_same_time (set, part);
}

static Pending *
find (RcRecordSets *sets, RcStream stream, const RcRecordSet *part)
{
  for (GList *link = sets->pending.head; link != NULL; link = link->next) {
    Pending *pending = link->data;

    if (pending->set->pts[stream] == RC_RECORD_NONE
        && belongs (pending->set, part))
      return pending;
  }
  return NULL;
}

static void
merge (RcRecordSet *set, RcStream stream, RcRecordSet *part)
{
  set->pts[stream] = part->pts[stream];
  if (set->number == RC_RECORD_NONE)
    set->number = part->number;
  if (set->timestamp == 0)
    set->timestamp = part->timestamp;
  if (part->json != NULL) {
    g_free (set->json);
    set->json = g_steal_pointer (&part->json);
    set->duration = part->duration;
  }
  if (stream < RC_N_IMAGE_STREAMS && part->has_image[stream]) {
    set->has_image[stream] = TRUE;
    set->images[stream] = part->images[stream];
  }
  if (part->mesh_timestamp != 0)
    set->mesh_timestamp = part->mesh_timestamp;
  if (stream == RC_STREAM_DISPARITY && part->has_disparity) {
    set->has_disparity = TRUE;
    set->disparity = part->disparity;
  }
  rc_record_set_free (part);
}

static gboolean
is_before (const RcRecordSet *a, const RcRecordSet *b)
{
  return a->number != RC_RECORD_NONE && b->number != RC_RECORD_NONE
         && a->number < b->number;
}

/* In the order of their numbers: a part of the next set can come before the
 * first one of this set. */
static Pending *
insert (RcRecordSets *sets, RcRecordSet *part)
{
  Pending *pending = g_new0 (Pending, 1);
  GList *link = sets->pending.head;

  pending->set = part;
  pending->serial = ++sets->last_serial;
  while (link != NULL && !is_before (part, ((Pending *)link->data)->set))
    link = link->next;
  if (link != NULL)
    g_queue_insert_before (&sets->pending, link, pending);
  else
    g_queue_push_tail (&sets->pending, pending);
  return pending;
}

void
rc_record_sets_add (RcRecordSets *sets, RcStream stream, RcRecordSet *part)
{
  Progress *progress = &sets->progress[stream];
  Pending *pending = find (sets, stream, part);

  /* Its PTS says nothing of other sets: images of one can be 40 ms apart, which
   * is when the next set begins. */
  progress->number = part->number;
  progress->last = part->pts[stream];
  progress->gaps = 0;
  if (pending != NULL)
    merge (pending->set, stream, part);
  else
    pending = insert (sets, part);
  progress->serial = MAX (progress->serial, pending->serial);
}

void
rc_record_sets_skip (RcRecordSets *sets, RcStream stream, guint64 pts)
{
  sets->progress[stream].gaps++;
  sets->progress[stream].position = pts;
}

/* A gap stands for one set at most. Its time alone is not enough: PTS of several
 * sets can be the same. Nor are numbers: gaps come during an outage, too. */
static gboolean
is_in_gap (const Progress *progress, const RcRecordSet *set)
{
  if (progress->gaps == 0
      || progress->position <= rc_record_set_get_start (set))
    return FALSE;
  return progress->number == RC_RECORD_NONE || set->number == RC_RECORD_NONE
         || set->number <= progress->number + progress->gaps;
}

/* The stream had a part in a later set. */
static gboolean
is_past (const Progress *progress, const Pending *pending)
{
  if (progress->number != RC_RECORD_NONE
      && pending->set->number != RC_RECORD_NONE)
    return progress->number >= pending->set->number;
  return progress->serial > pending->serial;
}

static gboolean
may_come (const RcRecordSets *sets, const Pending *pending, RcStream stream)
{
  const Progress *progress = &sets->progress[stream];

  return progress->expected && pending->set->pts[stream] == RC_RECORD_NONE
         && !is_past (progress, pending) && !is_in_gap (progress, pending->set);
}

static gboolean
is_whole (const RcRecordSets *sets, const Pending *pending)
{
  for (guint i = 0; i < RC_N_STREAMS; i++) {
    if (may_come (sets, pending, i))
      return FALSE;
  }
  return TRUE;
}

/* Since the set, an image stream went on for that long. */
static gboolean
is_old (const RcRecordSets *sets, const RcRecordSet *set)
{
  guint64 start = rc_record_set_get_start (set);

  for (guint i = 0; i < RC_N_IMAGE_STREAMS; i++) {
    guint64 last = sets->progress[i].last;

    if (last != RC_RECORD_NONE && last > start
        && last - start > RC_RECORD_MAX_WAIT)
      return TRUE;
  }
  return FALSE;
}

/* An image's stream is held up while its set's line is: not for ever. */
static gboolean
is_waited_out (const RcRecordSets *sets, const RcRecordSet *first)
{
  return is_old (sets, first) || sets->pending.length > RC_RECORD_MAX_LINES;
}

RcRecordSet *
rc_record_sets_pop (RcRecordSets *sets)
{
  Pending *pending = g_queue_peek_head (&sets->pending);
  RcRecordSet *set;

  if (pending == NULL
      || (!is_whole (sets, pending) && !is_waited_out (sets, pending->set)))
    return NULL;
  g_queue_pop_head (&sets->pending);
  set = g_steal_pointer (&pending->set);
  g_free (pending);
  return set;
}
