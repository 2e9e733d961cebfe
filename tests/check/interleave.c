/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The order of frames in a recording: that of their times, and who is waited
 * for. */

#include <gst/check/gstcheck.h>

#include "recording/rcinterleave.h"

#define MS G_GUINT64_CONSTANT (1000000)

static guint n_freed;

static void
count_freed (gpointer data)
{
  n_freed++;
}

static RcInterleave *
with_tracks (guint n)
{
  RcInterleave *interleave = rc_interleave_new (count_freed);

  n_freed = 0;
  for (guint i = 0; i < n; i++)
    rc_interleave_begin (interleave, i);
  return interleave;
}

static guint
add_sized (RcInterleave *interleave, guint track, guint64 time, guint64 size,
    gboolean in_order)
{
  RcInterleaveFrame frame = {
      track, time, size, GUINT_TO_POINTER (track * 1000 + time / MS + 1)};

  return rc_interleave_add (interleave, &frame, in_order);
}

static guint
add (RcInterleave *interleave, guint track, guint64 time)
{
  return add_sized (interleave, track, time, 1, TRUE);
}

static void
check_next (RcInterleave *interleave, guint track, guint64 time)
{
  RcInterleaveFrame frame;
  guint64 next;

  fail_unless (rc_interleave_get_next_time (interleave, &next));
  fail_unless_equals_uint64 (next, time);
  fail_unless (rc_interleave_pop (interleave, &frame));
  fail_unless_equals_int (frame.track, track);
  fail_unless_equals_uint64 (frame.time, time);
  fail_unless (frame.data == GUINT_TO_POINTER (track * 1000 + time / MS + 1));
}

static void
check_nothing (RcInterleave *interleave)
{
  RcInterleaveFrame frame;
  guint64 next;

  fail_if (rc_interleave_get_next_time (interleave, &next));
  fail_if (rc_interleave_pop (interleave, &frame));
}

GST_START_TEST (test_order)
{
  g_autoptr (RcInterleave) interleave = with_tracks (2);

  check_nothing (interleave);
  add (interleave, 1, 0);
  check_nothing (interleave);
  add (interleave, 0, 0);
  check_next (interleave, 0, 0);
  check_next (interleave, 1, 0);
  check_nothing (interleave);
  add (interleave, 0, 80 * MS);
  check_nothing (interleave);
  add (interleave, 1, 40 * MS);
  check_next (interleave, 1, 40 * MS);
  check_nothing (interleave);
  fail_if (rc_interleave_is_done (interleave));
  rc_interleave_end (interleave, 1);
  check_next (interleave, 0, 80 * MS);
  rc_interleave_end (interleave, 0);
  fail_unless (rc_interleave_is_done (interleave));
}
GST_END_TEST;

/* A stream without an image says so, or is known to be further. */
GST_START_TEST (test_missing)
{
  g_autoptr (RcInterleave) interleave = with_tracks (2);

  add (interleave, 0, 0);
  add (interleave, 1, 0);
  check_next (interleave, 0, 0);
  check_next (interleave, 1, 0);
  add (interleave, 0, 40 * MS);
  check_nothing (interleave);
  rc_interleave_pass (interleave, 1, 40 * MS);
  check_next (interleave, 0, 40 * MS);
  add (interleave, 0, 80 * MS);
  rc_interleave_announce (interleave, 1, 120 * MS, FALSE);
  check_next (interleave, 0, 80 * MS);
  add (interleave, 0, 120 * MS);
  check_nothing (interleave);
  add (interleave, 1, 120 * MS);
  check_next (interleave, 0, 120 * MS);
  check_next (interleave, 1, 120 * MS);
}
GST_END_TEST;

GST_START_TEST (test_silent)
{
  g_autoptr (RcInterleave) interleave = with_tracks (2);
  guint64 time;

  for (time = 0; time <= RC_INTERLEAVE_MAX_SILENCE; time += 40 * MS) {
    add (interleave, 0, time);
    check_nothing (interleave);
  }
  add (interleave, 0, time);
  check_next (interleave, 0, 0);
  check_nothing (interleave);
  /* It comes late: at once, and then in its turn. */
  add (interleave, 1, 0);
  check_next (interleave, 1, 0);
  check_nothing (interleave);
  add (interleave, 1, 40 * MS);
  check_next (interleave, 0, 40 * MS);
  check_next (interleave, 1, 40 * MS);
}
GST_END_TEST;

/* An encoder that looks ahead. */
GST_START_TEST (test_announced)
{
  g_autoptr (RcInterleave) interleave = with_tracks (2);
  guint64 time;

  for (time = 0; time <= RC_INTERLEAVE_MAX_DELAY; time += 40 * MS) {
    rc_interleave_announce (interleave, 1, time, FALSE);
    add (interleave, 0, time);
    check_nothing (interleave);
  }
  rc_interleave_announce (interleave, 1, time, FALSE);
  check_next (interleave, 0, 0);
  check_nothing (interleave);
  add (interleave, 1, 0);
  check_next (interleave, 1, 0);
}
GST_END_TEST;

GST_START_TEST (test_bytes)
{
  g_autoptr (RcInterleave) interleave = with_tracks (2);

  rc_interleave_announce (interleave, 1, 0, FALSE);
  add_sized (interleave, 0, 0, RC_INTERLEAVE_MAX_BYTES, TRUE);
  check_nothing (interleave);
  add_sized (interleave, 0, 40 * MS, 1, TRUE);
  fail_unless_equals_uint64 (
      rc_interleave_get_bytes (interleave), RC_INTERLEAVE_MAX_BYTES + 1);
  check_next (interleave, 0, 0);
  fail_unless_equals_uint64 (rc_interleave_get_bytes (interleave), 1);
  check_nothing (interleave);
}
GST_END_TEST;

/* An encoder that loses images is not waited for. */
GST_START_TEST (test_lost)
{
  g_autoptr (RcInterleave) interleave = with_tracks (2);

  for (guint i = 0; i < 5; i++) {
    rc_interleave_announce (interleave, 1, i * 40 * MS, FALSE);
    add (interleave, 0, i * 40 * MS);
  }
  check_nothing (interleave);
  fail_unless_equals_int (add (interleave, 1, 0), 0);
  check_next (interleave, 0, 0);
  check_next (interleave, 1, 0);
  check_nothing (interleave);
  fail_unless_equals_int (add (interleave, 1, 120 * MS), 2);
  check_next (interleave, 0, 40 * MS);
  check_next (interleave, 0, 80 * MS);
  check_next (interleave, 0, 120 * MS);
  check_next (interleave, 1, 120 * MS);
  fail_unless_equals_int (rc_interleave_end (interleave, 1), 1);
  check_next (interleave, 0, 160 * MS);
}
GST_END_TEST;

/* I, P, B, B: in the order of decoding, without a loss. */
GST_START_TEST (test_reordered)
{
  static const guint order[] = {0, 3, 1, 2, 4};
  g_autoptr (RcInterleave) interleave = with_tracks (1);

  for (guint i = 0; i < G_N_ELEMENTS (order); i++)
    rc_interleave_announce (interleave, 0, i * 40 * MS, FALSE);
  for (guint i = 0; i < G_N_ELEMENTS (order); i++) {
    fail_unless_equals_int (
        add_sized (interleave, 0, order[i] * 40 * MS, 1, FALSE), 0);
    check_next (interleave, 0, order[i] * 40 * MS);
  }
  fail_unless_equals_int (rc_interleave_end (interleave, 0), 0);
}
GST_END_TEST;

/* What a file begins with has to be known. */
GST_START_TEST (test_new)
{
  g_autoptr (RcInterleave) interleave = with_tracks (2);

  add (interleave, 0, 0);
  rc_interleave_announce (interleave, 1, 40 * MS, FALSE);
  check_nothing (interleave);
  add (interleave, 1, 40 * MS);
  check_next (interleave, 0, 0);

  add (interleave, 0, 40 * MS);
  check_next (interleave, 0, 40 * MS);
  check_next (interleave, 1, 40 * MS);

  add (interleave, 0, 80 * MS);
  rc_interleave_announce (interleave, 1, 120 * MS, TRUE);
  check_nothing (interleave);
  add (interleave, 1, 120 * MS);
  check_next (interleave, 0, 80 * MS);
}
GST_END_TEST;

GST_START_TEST (test_free)
{
  RcInterleave *interleave = with_tracks (3);

  add (interleave, 0, 0);
  add (interleave, 2, 7);
  add (interleave, 2, 8);
  fail_unless (rc_interleave_peek (interleave, 0) == GUINT_TO_POINTER (1));
  fail_unless (rc_interleave_peek (interleave, 1) == NULL);
  rc_interleave_free (interleave);
  fail_unless_equals_int (n_freed, 3);
}
GST_END_TEST;

/* Whatever comes, each frame leaves once, those of a track in their order; and
 * with tracks that all go on, in the order of time. */
GST_START_TEST (test_random)
{
  for (guint seed = 0; seed < 300; seed++) {
    g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
    g_autoptr (RcInterleave) interleave = with_tracks (4);
    guint64 times[4] = {0}, last[4] = {0}, newest = 0;
    guint n_added = 0, n_popped = 0;
    RcInterleaveFrame frame;

    for (guint i = 0; i < 400; i++) {
      guint track = g_rand_int_range (rand, 0, 4);

      /* No track is far behind. */
      for (guint j = 0; j < 4; j++)
        track = times[j] + 300 * MS < times[track] ? j : track;
      times[track] += g_rand_int_range (rand, 0, 3) * 20 * MS;
      if (g_rand_int_range (rand, 0, 5) == 0) {
        rc_interleave_pass (interleave, track, times[track]);
        continue;
      }
      add (interleave, track, times[track]);
      n_added++;
      while (rc_interleave_pop (interleave, &frame)) {
        n_popped++;
        fail_unless (frame.time >= newest);
        fail_unless (frame.time >= last[frame.track]);
        newest = last[frame.track] = frame.time;
      }
    }
    for (guint i = 0; i < 4; i++)
      rc_interleave_end (interleave, i);
    while (rc_interleave_pop (interleave, &frame))
      n_popped++;
    fail_unless_equals_int (n_popped, n_added);
    fail_unless (rc_interleave_is_done (interleave));
    fail_unless_equals_uint64 (rc_interleave_get_bytes (interleave), 0);
  }
}
GST_END_TEST;

static Suite *
interleave_suite (void)
{
  Suite *suite = suite_create ("interleave");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_order);
  tcase_add_test (tcase, test_missing);
  tcase_add_test (tcase, test_silent);
  tcase_add_test (tcase, test_announced);
  tcase_add_test (tcase, test_bytes);
  tcase_add_test (tcase, test_lost);
  tcase_add_test (tcase, test_reordered);
  tcase_add_test (tcase, test_new);
  tcase_add_test (tcase, test_free);
  tcase_add_test (tcase, test_random);
  return suite;
}

GST_CHECK_MAIN (interleave);
