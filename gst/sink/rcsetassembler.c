/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sink/rcsetassembler.h"

typedef struct {
  RcSetTime time; /* running: of the earliest item */
  gint64 since;   /* monotonic, µs */
  gpointer items[RC_N_SET_STREAMS];
} WaitingSet;

/* What is not to come on a stream: anything before a running time, and one item
 * at that time for each that was told. */
typedef struct {
  guint64 running; /* NONE: not known */
  guint n_there;
} Passed;

struct _RcSetAssembler {
  GDestroyNotify item_free;
  gint64 timeout;
  guint expected; /* 1 << RcStream */
  guint ended;    /* 1 << RcStream */
  Passed passed[RC_N_SET_STREAMS];
  GPtrArray *sets; /* of WaitingSet, in the order of capture */

  /* The set that went last. */
  gboolean any_went;
  RcSetTime last_time;
  guint last_streams;
};

RcSetAssembler *
rc_set_assembler_new (GDestroyNotify item_free, gint64 timeout)
{
  RcSetAssembler *self = g_new0 (RcSetAssembler, 1);

  self->item_free = item_free;
  self->timeout = timeout;
  self->sets = g_ptr_array_new ();
  rc_set_assembler_flush (self);
  return self;
}

void
rc_set_assembler_free (RcSetAssembler *self)
{
  rc_set_assembler_flush (self);
  g_ptr_array_unref (self->sets);
  g_free (self);
}

void
rc_set_assembler_set_timeout (RcSetAssembler *self, gint64 timeout)
{
  self->timeout = timeout;
}

void
rc_set_assembler_expect (
    RcSetAssembler *self, RcStream stream, gboolean expected)
{
  g_return_if_fail ((guint)stream < RC_N_SET_STREAMS);

  self->expected &= ~(1u << stream);
  if (expected)
    self->expected |= 1u << stream;
}

/* ---- giving ---- */

static guint64
earlier (guint64 a, guint64 b)
{
  return a == RC_SET_TIME_NONE ? b : MIN (a, b);
}

static void
join (WaitingSet *set, RcStream stream, const RcSetTime *time, gpointer item)
{
  set->items[stream] = item;
  if (set->time.set == RC_SET_TIME_NONE)
    set->time.set = time->set;
  set->time.running = earlier (set->time.running, time->running);
}

/* The set that the item belongs to, NULL where it starts one; @place is then
 * where that goes. It is behind the stream's last one, whatever their times
 * say. The oldest of those that it fits: only where sets have all the same time
 * are there several. */
static WaitingSet *
find_set (
    RcSetAssembler *self, RcStream stream, const RcSetTime *time, guint *place)
{
  WaitingSet *found = NULL;
  guint i;

  *place = 0;
  for (i = self->sets->len; i > 0; i--) {
    WaitingSet *set = self->sets->pdata[i - 1];
    RcSetOrder order = rc_set_time_compare (time, &set->time);

    if (order == RC_SET_AFTER || set->items[stream] != NULL)
      *place = MAX (*place, i);
    if (set->items[stream] != NULL)
      break;
    if (order == RC_SET_SAME)
      found = set;
  }
  return found;
}

/* Its set went without it. */
static gboolean
is_late (RcSetAssembler *self, RcStream stream, const RcSetTime *time)
{
  return self->any_went && !(self->last_streams & 1u << stream)
         && rc_set_time_compare (time, &self->last_time) != RC_SET_AFTER;
}

gboolean
rc_set_assembler_push (RcSetAssembler *self, RcStream stream,
    const RcSetTime *time, gpointer item, gint64 now)
{
  WaitingSet *set;
  guint place;

  g_return_val_if_fail ((guint)stream < RC_N_SET_STREAMS, FALSE);

  set = find_set (self, stream, time, &place);
  if (set == NULL && place == 0 && is_late (self, stream, time)) {
    self->item_free (item);
    return FALSE;
  }
  if (set == NULL) {
    set = g_new0 (WaitingSet, 1);
    set->time = (RcSetTime){RC_SET_TIME_NONE, RC_SET_TIME_NONE};
    set->since = now;
    g_ptr_array_insert (self->sets, place, set);
  }
  join (set, stream, time, item);
  return TRUE;
}

void
rc_set_assembler_pass (RcSetAssembler *self, RcStream stream, guint64 running)
{
  Passed *passed;

  g_return_if_fail ((guint)stream < RC_N_SET_STREAMS);

  passed = &self->passed[stream];

  if (passed->running != running)
    *passed = (Passed){.running = running};
  passed->n_there++;
}

void
rc_set_assembler_end (RcSetAssembler *self, RcStream stream)
{
  g_return_if_fail ((guint)stream < RC_N_SET_STREAMS);

  self->ended |= 1u << stream;
}

void
rc_set_assembler_restart (RcSetAssembler *self, RcStream stream)
{
  g_return_if_fail ((guint)stream < RC_N_SET_STREAMS);

  self->ended &= ~(1u << stream);
}

gboolean
rc_set_assembler_has_ended (RcSetAssembler *self)
{
  return self->expected != 0 && !(self->expected & ~self->ended);
}

static void
free_set (RcSetAssembler *self, WaitingSet *set)
{
  for (guint i = 0; i < RC_N_SET_STREAMS; i++) {
    if (set->items[i] != NULL)
      self->item_free (set->items[i]);
  }
  g_free (set);
}

void
rc_set_assembler_flush (RcSetAssembler *self)
{
  for (guint i = 0; i < self->sets->len; i++)
    free_set (self, self->sets->pdata[i]);
  g_ptr_array_set_size (self->sets, 0);
  for (guint i = 0; i < RC_N_SET_STREAMS; i++)
    self->passed[i] = (Passed){.running = RC_SET_TIME_NONE};
  self->any_went = FALSE;
}

/* ---- taking ---- */

static guint
streams_of (const WaitingSet *set)
{
  guint streams = 0;

  for (guint i = 0; i < RC_N_SET_STREAMS; i++) {
    if (set->items[i] != NULL)
      streams |= 1u << i;
  }
  return streams;
}

/* TRUE if it is at that time, as far as running times tell. */
static gboolean
is_there (const Passed *passed, const WaitingSet *set)
{
  guint64 running = set->time.running;

  return passed->running != RC_SET_TIME_NONE && running != RC_SET_TIME_NONE
         && passed->running <= running + RC_SET_TIME_TOLERANCE
         && running <= passed->running + RC_SET_TIME_TOLERANCE;
}

static gboolean
was_passed (const Passed *passed, const WaitingSet *set)
{
  if (is_there (passed, set))
    return passed->n_there > 0;
  return passed->running != RC_SET_TIME_NONE
         && set->time.running != RC_SET_TIME_NONE
         && set->time.running < passed->running;
}

/* A stream's items come in order, so the oldest set can no more get what a
 * later one has. */
static gboolean
can_come (RcSetAssembler *self, const WaitingSet *oldest, RcStream stream)
{
  if (self->ended & 1u << stream)
    return FALSE;
  if (was_passed (&self->passed[stream], oldest))
    return FALSE;
  for (guint i = 1; i < self->sets->len; i++) {
    const WaitingSet *later = self->sets->pdata[i];

    if (later->items[stream] != NULL)
      return FALSE;
  }
  return TRUE;
}

static gboolean
can_get_more (RcSetAssembler *self, const WaitingSet *oldest, guint missing)
{
  for (guint i = 0; i < RC_N_SET_STREAMS; i++) {
    if ((missing & 1u << i) && can_come (self, oldest, i))
      return TRUE;
  }
  return FALSE;
}

gboolean
rc_set_assembler_pop (RcSetAssembler *self, gint64 now,
    gpointer items[RC_N_SET_STREAMS], gboolean *whole)
{
  WaitingSet *oldest;
  guint streams, missing;

  if (self->sets->len == 0)
    return FALSE;
  oldest = self->sets->pdata[0];
  streams = streams_of (oldest);
  missing = self->expected & ~streams;
  if (can_get_more (self, oldest, missing)
      && now < rc_set_assembler_get_deadline (self)
      && self->sets->len <= RC_SET_ASSEMBLER_MAX_SETS)
    return FALSE;

  *whole = missing == 0;
  self->any_went = TRUE;
  self->last_time = oldest->time;
  self->last_streams = streams;
  for (guint i = 0; i < RC_N_SET_STREAMS; i++) {
    items[i] = oldest->items[i];
    if (items[i] == NULL && self->passed[i].n_there > 0
        && is_there (&self->passed[i], oldest))
      self->passed[i].n_there--;
  }
  g_free (oldest);
  g_ptr_array_remove_index (self->sets, 0);
  return TRUE;
}

gint64
rc_set_assembler_get_deadline (RcSetAssembler *self)
{
  const WaitingSet *oldest;

  if (self->sets->len == 0)
    return G_MAXINT64;
  oldest = self->sets->pdata[0];
  return oldest->since > G_MAXINT64 - self->timeout
             ? G_MAXINT64
             : oldest->since + self->timeout;
}
