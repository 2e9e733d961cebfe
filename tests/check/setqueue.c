/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <gst/check/gstcheck.h>

#include "source/rcsetqueue.h"

/* Enough for two threads to catch each other in every wait. */
#define N_MANY 100000

static void
assert_leaked (RcSetQueue *queue, guint64 leaked)
{
  RcSetQueueStats stats;

  rc_set_queue_get_stats (queue, &stats);
  fail_unless_equals_uint64 (stats.leaked, leaked);
}

static RcImageSet *
make_set (void)
{
  /* ImageSet { timestamp { sec: 1 } } */
  static const guint8 bytes[] = {0x0a, 0x02, 0x08, 0x01};
  const RcChunk chunk = {bytes, sizeof bytes};
  g_autoptr (GError) error = NULL;
  RcImageSet *set = rc_image_set_new (&chunk, 1, NULL, NULL, &error);

  g_assert_no_error (error);
  return set;
}

static RcSetQueue *
make_queue (guint max, RcLeaky leaky)
{
  RcSetQueue *queue = rc_set_queue_new ();

  rc_set_queue_set_limit (queue, max, leaky);
  return queue;
}

static gboolean
try_push (RcSetQueue *queue, guint64 number, gboolean gap)
{
  g_autoptr (RcImageSet) set = gap ? NULL : make_set ();
  const RcQueuedSet item = {.set = set, .number = number};

  return rc_set_queue_try_push (queue, &item);
}

static void
assert_next (RcSetQueue *queue, guint64 number)
{
  RcQueuedSet item;

  fail_unless_equals_int (rc_set_queue_pop (queue, &item), RC_POP_SET);
  fail_unless_equals_uint64 (item.number, number);
  g_clear_pointer (&item.set, rc_image_set_unref);
}

static void
assert_stats (RcSetQueue *queue, guint64 queued, guint64 dropped, guint level)
{
  RcSetQueueStats stats;

  rc_set_queue_get_stats (queue, &stats);
  fail_unless_equals_uint64 (stats.queued, queued);
  fail_unless_equals_uint64 (stats.dropped, dropped);
  fail_unless_equals_int (stats.level, level);
}

GST_START_TEST (test_leaky_downstream)
{
  RcSetQueue *queue = make_queue (2, RC_LEAKY_DOWNSTREAM);

  for (guint i = 0; i < 5; i++)
    fail_unless (try_push (queue, i, FALSE));
  assert_stats (queue, 5, 3, 2);
  assert_leaked (queue, 3);
  assert_next (queue, 3);
  assert_next (queue, 4);
  assert_stats (queue, 5, 3, 0);

  /* What is dropped for another reason did not lack room. */
  try_push (queue, 5, FALSE);
  rc_set_queue_drop_all (queue);
  rc_set_queue_set_flushing (queue, TRUE);
  try_push (queue, 6, FALSE);
  rc_set_queue_set_flushing (queue, FALSE);
  rc_set_queue_count_loss (queue);
  assert_stats (queue, 7, 6, 0);
  assert_leaked (queue, 3);
  rc_set_queue_reset (queue);
  assert_leaked (queue, 0);
  rc_set_queue_free (queue);
}
GST_END_TEST;

GST_START_TEST (test_leaky_upstream)
{
  RcSetQueue *queue = make_queue (2, RC_LEAKY_UPSTREAM);

  for (guint i = 0; i < 5; i++)
    fail_unless (try_push (queue, i, FALSE));
  assert_stats (queue, 5, 3, 2);
  assert_leaked (queue, 3);
  assert_next (queue, 0);
  assert_next (queue, 1);
  rc_set_queue_free (queue);
}
GST_END_TEST;

GST_START_TEST (test_not_leaky)
{
  RcSetQueue *queue = make_queue (2, RC_LEAKY_NONE);

  fail_unless (try_push (queue, 0, FALSE));
  fail_unless (try_push (queue, 1, FALSE));
  fail_if (try_push (queue, 2, FALSE));
  assert_stats (queue, 2, 0, 2);
  assert_next (queue, 0);
  fail_unless (try_push (queue, 2, FALSE));
  rc_set_queue_free (queue);
}
GST_END_TEST;

GST_START_TEST (test_gaps_are_no_drops)
{
  RcSetQueue *queue = make_queue (1, RC_LEAKY_DOWNSTREAM);

  try_push (queue, 0, TRUE);
  try_push (queue, 1, FALSE);
  try_push (queue, 2, TRUE);
  assert_stats (queue, 1, 1, 1);
  assert_leaked (queue, 1);
  assert_next (queue, 2);
  rc_set_queue_free (queue);
}
GST_END_TEST;

GST_START_TEST (test_smaller_limit)
{
  RcSetQueue *queue = make_queue (4, RC_LEAKY_DOWNSTREAM);

  for (guint i = 0; i < 4; i++)
    try_push (queue, i, FALSE);
  rc_set_queue_set_limit (queue, 2, RC_LEAKY_DOWNSTREAM);
  try_push (queue, 4, FALSE);
  assert_stats (queue, 5, 3, 2);
  assert_next (queue, 3);
  rc_set_queue_free (queue);
}
GST_END_TEST;

GST_START_TEST (test_end_comes_last)
{
  RcSetQueue *queue = make_queue (2, RC_LEAKY_NONE);
  RcQueuedSet item;

  try_push (queue, 0, FALSE);
  rc_set_queue_end (queue);
  assert_next (queue, 0);
  fail_unless_equals_int (rc_set_queue_pop (queue, &item), RC_POP_END);
  fail_unless_equals_int (rc_set_queue_pop (queue, &item), RC_POP_END);

  rc_set_queue_reset (queue);
  try_push (queue, 7, FALSE);
  assert_next (queue, 7);
  assert_stats (queue, 1, 0, 0);
  rc_set_queue_free (queue);
}
GST_END_TEST;

GST_START_TEST (test_flushing)
{
  RcSetQueue *queue = make_queue (2, RC_LEAKY_NONE);
  RcQueuedSet item;

  try_push (queue, 0, FALSE);
  rc_set_queue_set_flushing (queue, TRUE);
  fail_unless_equals_int (rc_set_queue_pop (queue, &item), RC_POP_FLUSHING);
  fail_unless (try_push (queue, 1, FALSE));
  assert_stats (queue, 2, 1, 1);
  rc_set_queue_set_flushing (queue, FALSE);
  assert_next (queue, 0);
  rc_set_queue_free (queue);
}
GST_END_TEST;

typedef void (*Action) (RcSetQueue *queue);

static void
stop_flushing (RcSetQueue *queue)
{
  rc_set_queue_set_flushing (queue, FALSE);
}

static const Action come_back[] = {rc_set_queue_reset, stop_flushing};

GST_START_TEST (test_abandoned)
{
  RcSetQueue *queue = make_queue (2, RC_LEAKY_NONE);

  try_push (queue, 0, FALSE);
  rc_set_queue_abandon (queue);
  for (guint i = 1; i < 5; i++)
    fail_unless (try_push (queue, i, FALSE));
  assert_stats (queue, 5, 4, 1);
  assert_leaked (queue, 0);

  come_back[__i__](queue);
  rc_set_queue_drop_all (queue);
  try_push (queue, 0, FALSE);
  try_push (queue, 1, FALSE);
  fail_if (try_push (queue, 2, FALSE));
  assert_next (queue, 0);
  rc_set_queue_free (queue);
}
GST_END_TEST;

/* A producer that waits is let go by each of these. */
static void
let_go_by_pop (RcSetQueue *queue)
{
  assert_next (queue, 0);
}

static void
let_go_by_flush (RcSetQueue *queue)
{
  rc_set_queue_set_flushing (queue, TRUE);
}

static void
let_go_by_leaving (RcSetQueue *queue)
{
  rc_set_queue_abandon (queue);
}

static void
let_go_by_leaking (RcSetQueue *queue)
{
  rc_set_queue_set_limit (queue, 1, RC_LEAKY_DOWNSTREAM);
}

static void
let_go_by_drop (RcSetQueue *queue)
{
  rc_set_queue_drop_all (queue);
}

static const Action let_go[] = {let_go_by_pop, let_go_by_flush,
    let_go_by_leaving, let_go_by_leaking, let_go_by_drop};

static gpointer
push_second (gpointer queue)
{
  const RcQueuedSet item = {.set = NULL, .number = 1};

  rc_set_queue_push (queue, &item);
  return NULL;
}

GST_START_TEST (test_outage)
{
  RcSetQueue *queue = make_queue (2, RC_LEAKY_NONE);
  RcQueuedSet item;

  /* Whoever pops is told again and again; what comes still comes first. */
  rc_set_queue_set_outage (queue, TRUE);
  fail_unless_equals_int (rc_set_queue_pop (queue, &item), RC_POP_NOTHING);
  fail_unless_equals_int (rc_set_queue_pop (queue, &item), RC_POP_NOTHING);
  fail_unless (try_push (queue, 0, FALSE));
  assert_next (queue, 0);
  rc_set_queue_end (queue);
  fail_unless_equals_int (rc_set_queue_pop (queue, &item), RC_POP_END);

  /* A new run begins without one. */
  rc_set_queue_reset (queue);
  fail_unless (try_push (queue, 1, FALSE));
  assert_next (queue, 1);
  rc_set_queue_free (queue);
}
GST_END_TEST;

static gpointer
pop_once (gpointer queue)
{
  RcQueuedSet item;

  return GINT_TO_POINTER (rc_set_queue_pop (queue, &item));
}

/* Whoever waits already learns of it, too. */
GST_START_TEST (test_outage_begins_during_wait)
{
  RcSetQueue *queue = make_queue (2, RC_LEAKY_NONE);
  GThread *consumer = g_thread_new ("consumer", pop_once, queue);

  rc_set_queue_set_outage (queue, TRUE);
  fail_unless_equals_int (
      GPOINTER_TO_INT (g_thread_join (consumer)), RC_POP_NOTHING);
  rc_set_queue_free (queue);
}
GST_END_TEST;

GST_START_TEST (test_waiting_producer)
{
  RcSetQueue *queue = make_queue (1, RC_LEAKY_NONE);
  GThread *producer;

  try_push (queue, 0, FALSE);
  producer = g_thread_new ("producer", push_second, queue);
  let_go[__i__](queue);
  g_thread_join (producer);
  rc_set_queue_free (queue);
}
GST_END_TEST;

static gpointer
push_many (gpointer queue)
{
  g_autoptr (RcImageSet) set = make_set ();

  for (guint i = 0; i < N_MANY; i++) {
    const RcQueuedSet item = {.set = set, .number = i};

    rc_set_queue_push (queue, &item);
  }
  rc_set_queue_end (queue);
  return NULL;
}

GST_START_TEST (test_nothing_lost_between_threads)
{
  RcSetQueue *queue = make_queue (3, RC_LEAKY_NONE);
  GThread *producer = g_thread_new ("producer", push_many, queue);
  RcQueuedSet item;

  for (guint i = 0; i < N_MANY; i++)
    assert_next (queue, i);
  fail_unless_equals_int (rc_set_queue_pop (queue, &item), RC_POP_END);
  g_thread_join (producer);
  assert_stats (queue, N_MANY, 0, 0);
  rc_set_queue_free (queue);
}
GST_END_TEST;

GST_START_TEST (test_loss_after_pop)
{
  RcSetQueue *queue = make_queue (3, RC_LEAKY_NONE);

  fail_unless (try_push (queue, 0, FALSE));
  fail_unless (try_push (queue, 1, FALSE));
  assert_next (queue, 0);
  rc_set_queue_count_loss (queue);
  assert_stats (queue, 2, 1, 1);
  rc_set_queue_free (queue);
}
GST_END_TEST;

static Suite *
setqueue_suite (void)
{
  Suite *suite = suite_create ("setqueue");
  TCase *tcase = tcase_create ("general");

  tcase_add_test (tcase, test_leaky_downstream);
  tcase_add_test (tcase, test_leaky_upstream);
  tcase_add_test (tcase, test_not_leaky);
  tcase_add_test (tcase, test_gaps_are_no_drops);
  tcase_add_test (tcase, test_smaller_limit);
  tcase_add_test (tcase, test_end_comes_last);
  tcase_add_test (tcase, test_flushing);
  tcase_add_loop_test (tcase, test_abandoned, 0, G_N_ELEMENTS (come_back));
  tcase_add_test (tcase, test_outage);
  tcase_add_test (tcase, test_outage_begins_during_wait);
  tcase_add_loop_test (tcase, test_waiting_producer, 0, G_N_ELEMENTS (let_go));
  tcase_add_test (tcase, test_nothing_lost_between_threads);
  tcase_add_test (tcase, test_loss_after_pop);
  suite_add_tcase (suite, tcase);
  return suite;
}

GST_CHECK_MAIN (setqueue);
