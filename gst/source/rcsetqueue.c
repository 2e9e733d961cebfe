/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "source/rcsetqueue.h"

/* One lock, held for a few instructions; `changed` wakes the one producer or
 * the one consumer that may be waiting, never both. A signal is a system call
 * even if nobody waits, and who is woken wants the lock: so a signal is for
 * who waits, and comes when the lock is free. */
struct _RcSetQueue {
  GMutex lock;
  GCond changed;

  /* all guarded by lock */
  guint waiting; /* threads in a wait for `changed`, woken ones too */
  GQueue items;  /* (element-type RcQueuedSet) */
  guint max;
  RcLeaky leaky;
  gboolean flushing;
  gboolean ended;
  gboolean outage;
  gboolean abandoned;
  guint64 queued;
  guint64 dropped;
  guint64 leaked;
};

static void
item_free (RcQueuedSet *item)
{
  g_clear_pointer (&item->set, rc_image_set_unref);
  g_free (item);
}

RcSetQueue *
rc_set_queue_new (void)
{
  RcSetQueue *queue = g_new0 (RcSetQueue, 1);

  g_mutex_init (&queue->lock);
  g_cond_init (&queue->changed);
  g_queue_init (&queue->items);
  queue->max = 1;
  return queue;
}

void
rc_set_queue_free (RcSetQueue *queue)
{
  g_queue_clear_full (&queue->items, (GDestroyNotify)item_free);
  g_cond_clear (&queue->changed);
  g_mutex_clear (&queue->lock);
  g_free (queue);
}

/* After a change that may be what the other side waits for. */
static void
unlock_and_wake (RcSetQueue *queue)
{
  gboolean wake = queue->waiting > 0;

  g_mutex_unlock (&queue->lock);
  if (wake)
    g_cond_signal (&queue->changed);
}

void
rc_set_queue_set_limit (RcSetQueue *queue, guint max, RcLeaky leaky)
{
  g_mutex_lock (&queue->lock);
  queue->max = MAX (max, 1);
  queue->leaky = leaky;
  unlock_and_wake (queue);
}

/* FALSE when @until (monotonic, µs; -1: never) came first. */
static gboolean
wait_for_change_unlocked (RcSetQueue *queue, gint64 until)
{
  gboolean changed = TRUE;

  queue->waiting++;
  if (until < 0)
    g_cond_wait (&queue->changed, &queue->lock);
  else
    changed = g_cond_wait_until (&queue->changed, &queue->lock, until);
  queue->waiting--;
  return changed;
}

static gboolean
is_full_unlocked (RcSetQueue *queue)
{
  return queue->items.length >= queue->max;
}

static gboolean
has_to_wait_unlocked (RcSetQueue *queue)
{
  return queue->leaky == RC_LEAKY_NONE && is_full_unlocked (queue)
         && !queue->flushing && !queue->abandoned;
}

/* How many images that are. */
static guint
count_drop_unlocked (RcSetQueue *queue, const RcQueuedSet *item)
{
  guint n_images = item->set != NULL ? 1 : 0;

  queue->dropped += n_images;
  return n_images;
}

static guint
drop_oldest_unlocked (RcSetQueue *queue)
{
  RcQueuedSet *oldest = g_queue_pop_head (&queue->items);
  guint n_images = count_drop_unlocked (queue, oldest);

  item_free (oldest);
  return n_images;
}

static void
push_unlocked (RcSetQueue *queue, const RcQueuedSet *item)
{
  RcQueuedSet *copy;

  if (item->set != NULL)
    queue->queued++;

  if (queue->flushing || queue->abandoned) {
    count_drop_unlocked (queue, item);
    return;
  }
  if (queue->leaky == RC_LEAKY_UPSTREAM && is_full_unlocked (queue)) {
    queue->leaked += count_drop_unlocked (queue, item);
    return;
  }
  while (is_full_unlocked (queue))
    queue->leaked += drop_oldest_unlocked (queue);

  copy = g_new (RcQueuedSet, 1);
  *copy = *item;
  if (copy->set != NULL)
    rc_image_set_ref (copy->set);
  g_queue_push_tail (&queue->items, copy);
}

gboolean
rc_set_queue_try_push (RcSetQueue *queue, const RcQueuedSet *item)
{
  gboolean pushed;

  g_mutex_lock (&queue->lock);
  pushed = !has_to_wait_unlocked (queue);
  if (pushed)
    push_unlocked (queue, item);
  unlock_and_wake (queue);
  return pushed;
}

void
rc_set_queue_push (RcSetQueue *queue, const RcQueuedSet *item)
{
  g_mutex_lock (&queue->lock);
  while (has_to_wait_unlocked (queue))
    wait_for_change_unlocked (queue, -1);
  push_unlocked (queue, item);
  unlock_and_wake (queue);
}

/* FALSE when a tick of an outage passed without anything to pop. */
static gboolean
wait_unlocked (RcSetQueue *queue)
{
  gint64 tick = g_get_monotonic_time () + RC_SET_QUEUE_OUTAGE_TICK;

  while (!queue->flushing && !queue->ended && queue->items.length == 0) {
    if (!wait_for_change_unlocked (queue, queue->outage ? tick : -1))
      return FALSE;
  }
  return TRUE;
}

RcPop
rc_set_queue_pop (RcSetQueue *queue, RcQueuedSet *item)
{
  RcQueuedSet *head = NULL;
  RcPop result;

  g_mutex_lock (&queue->lock);
  if (!wait_unlocked (queue)) {
    result = RC_POP_NOTHING;
  } else if (queue->flushing) {
    result = RC_POP_FLUSHING;
  } else if ((head = g_queue_pop_head (&queue->items)) != NULL) {
    *item = *head;
    result = RC_POP_SET;
  } else {
    result = RC_POP_END;
  }
  unlock_and_wake (queue);
  g_free (head);
  return result;
}

void
rc_set_queue_set_outage (RcSetQueue *queue, gboolean outage)
{
  g_mutex_lock (&queue->lock);
  queue->outage = outage;
  unlock_and_wake (queue);
}

void
rc_set_queue_end (RcSetQueue *queue)
{
  g_mutex_lock (&queue->lock);
  queue->ended = TRUE;
  unlock_and_wake (queue);
}

void
rc_set_queue_set_flushing (RcSetQueue *queue, gboolean flushing)
{
  g_mutex_lock (&queue->lock);
  queue->flushing = flushing;
  if (!flushing)
    queue->abandoned = FALSE;
  unlock_and_wake (queue);
}

void
rc_set_queue_abandon (RcSetQueue *queue)
{
  g_mutex_lock (&queue->lock);
  queue->abandoned = TRUE;
  unlock_and_wake (queue);
}

void
rc_set_queue_drop_all (RcSetQueue *queue)
{
  g_mutex_lock (&queue->lock);
  while (queue->items.length > 0)
    drop_oldest_unlocked (queue);
  unlock_and_wake (queue);
}

void
rc_set_queue_reset (RcSetQueue *queue)
{
  rc_set_queue_drop_all (queue);
  g_mutex_lock (&queue->lock);
  queue->ended = FALSE;
  queue->outage = FALSE;
  queue->abandoned = FALSE;
  queue->queued = 0;
  queue->dropped = 0;
  queue->leaked = 0;
  g_mutex_unlock (&queue->lock);
}

void
rc_set_queue_count_loss (RcSetQueue *queue)
{
  g_mutex_lock (&queue->lock);
  queue->dropped++;
  g_mutex_unlock (&queue->lock);
}

void
rc_set_queue_get_stats (RcSetQueue *queue, RcSetQueueStats *stats)
{
  g_mutex_lock (&queue->lock);
  stats->queued = queue->queued;
  stats->dropped = queue->dropped;
  stats->leaked = queue->leaked;
  stats->level = queue->items.length;
  g_mutex_unlock (&queue->lock);
}
