/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The bounded queue between the client's thread and a pad's: one producer, one
 * consumer, and a rule for what happens when it is full. GLib only. */

#pragma once

#include <glib.h>

#include "wire/rcimageset.h"

G_BEGIN_DECLS

typedef enum {
  RC_LEAKY_NONE,       /* the producer waits */
  RC_LEAKY_UPSTREAM,   /* the newest goes */
  RC_LEAKY_DOWNSTREAM, /* the oldest goes */
} RcLeaky;

/* How often an outage makes itself felt, µs. */
#define RC_SET_QUEUE_OUTAGE_TICK (G_TIME_SPAN_SECOND / 2)

/**
 * RcQueuedSet:
 * @set: the set, or NULL for a set that lacks what was asked for
 * @number: of the set, counted from 0
 * @pts: running time, ns
 * @duration: to the next set, ns, as expected
 * @epoch: a change says that running time began anew
 * @resync: the camera's clock jumped or the connection was lost before this
 *   set
 */
typedef struct {
  RcImageSet *set;
  guint64 number;
  guint64 pts;
  guint64 duration;
  guint epoch;
  gboolean resync;
} RcQueuedSet;

typedef enum {
  RC_POP_SET,
  RC_POP_NOTHING, /* for RC_SET_QUEUE_OUTAGE_TICK, in an outage */
  RC_POP_FLUSHING,
  RC_POP_END,
} RcPop;

typedef struct {
  guint64 queued;  /* sets with data that came in */
  guint64 dropped; /* of those, the ones that never came out, and what was
                    * reported as lost after */
  guint64 leaked;  /* of those, the ones for which there was no room */
  guint level;     /* sets in the queue now */
} RcSetQueueStats;

typedef struct _RcSetQueue RcSetQueue;

RcSetQueue *rc_set_queue_new (void);
void rc_set_queue_free (RcSetQueue *queue);

/* @max: at least 1. */
void rc_set_queue_set_limit (RcSetQueue *queue, guint max, RcLeaky leaky);

/* Takes a copy of @item, and a reference to its set. Returns FALSE, without
 * having taken it, only where it would have to wait: the queue is full and
 * does not leak. While flushing, the item is dropped. */
gboolean rc_set_queue_try_push (RcSetQueue *queue, const RcQueuedSet *item);

/* The same, but waits for room, flushing, or the consumer to leave. */
void rc_set_queue_push (RcSetQueue *queue, const RcQueuedSet *item);

/* Waits for an item, the end or flushing, in an outage also for its tick; hands
 * the set's reference over. */
RcPop rc_set_queue_pop (RcSetQueue *queue, RcQueuedSet *item);

/* In an outage no sets are to be expected for a while, and the consumer is
 * told so every RC_SET_QUEUE_OUTAGE_TICK. */
void rc_set_queue_set_outage (RcSetQueue *queue, gboolean outage);

/* After what is queued now comes the end, which stays until a reset. */
void rc_set_queue_end (RcSetQueue *queue);

/* While flushing nothing waits and nothing goes in; what is in stays. */
void rc_set_queue_set_flushing (RcSetQueue *queue, gboolean flushing);

/* There is no consumer any more, until a reset or the end of flushing: what is
 * pushed is dropped, and nothing waits for room. */
void rc_set_queue_abandon (RcSetQueue *queue);

/* Drops what is queued. */
void rc_set_queue_drop_all (RcSetQueue *queue);

/* Empties the queue and starts the counters anew, for a consumer that is there:
 * no end and no outage any more. */
void rc_set_queue_reset (RcSetQueue *queue);

/* A set with data that was popped got no further. */
void rc_set_queue_count_loss (RcSetQueue *queue);

void rc_set_queue_get_stats (RcSetQueue *queue, RcSetQueueStats *stats);

G_END_DECLS
