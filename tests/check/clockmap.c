/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the clock mapping promises of every call: images of a set, order, range. */

#include <gst/check/gstcheck.h>

#include "clockseries.h"

GST_START_TEST (test_images_of_a_set)
{
  Series s;
  guint64 set, image;

  series_init (&s);
  s.drift = 150;
  for (guint i = 0; i < 10000; i++) {
    series_set (&s, jitter_uniform (s.rand));
    set = rc_clock_map_to_running_time (s.map, s.capture);
    ENSURE (rc_clock_map_to_running_time (s.map, s.capture) == set);
    image = rc_clock_map_to_running_time (s.map, s.capture + 40 * MS);
    ENSURE (image - set == 40 * MS);
    image = rc_clock_map_to_running_time (s.map, s.capture - 40 * MS);
    ENSURE (set - image == 40 * MS);
    series_advance (&s, 80 * MS);
  }
  series_clear (&s);
}
GST_END_TEST;

GST_START_TEST (test_duplicates_and_order)
{
  Series s;
  gint64 pts;

  series_init (&s);
  series_run (&s, PERIOD, 10 * S);
  pts = s.last_pts;

  /* The same set again, and at the same time again. */
  s.capture -= PERIOD;
  for (guint i = 0; i < 10; i++) {
    fail_unless_equals_int (series_set (&s, 0), RC_CLOCK_MAP_FOLLOWED);
    fail_unless_equals_int64 (s.last_pts, pts);
  }
  s.capture += PERIOD;

  /* Neighbours change places: each keeps its own time. */
  for (guint i = 0; i < 100; i++) {
    const gint64 order[] = {0, 2, 1, 3};

    for (guint k = 0; k < G_N_ELEMENTS (order); k++) {
      guint64 capture = s.capture + order[k] * PERIOD;
      guint64 arrival = s.now + 4 * PERIOD + k;

      fail_unless_equals_int (
          rc_clock_map_update (s.map, capture, arrival, NULL),
          RC_CLOCK_MAP_FOLLOWED);
      fail_unless_equals_int64 (rc_clock_map_to_running_time (s.map, capture),
          s.now + order[k] * PERIOD);
    }
    series_advance (&s, 4 * PERIOD);
  }
  series_clear (&s);
}
GST_END_TEST;

/* A set that comes after its successor moves nothing, and is no time in which
 * the mapping may move. */
GST_START_TEST (test_order_while_slewing)
{
  Series s;

  series_init (&s);
  series_set (&s, 75 * MS);
  series_advance (&s, PERIOD);
  series_run (&s, PERIOD, 10 * S);
  for (guint i = 0; i < 100; i++) {
    guint64 newest = s.capture + PERIOD;
    guint64 arrival = s.now + PERIOD;
    guint64 pts;

    rc_clock_map_update (s.map, newest, arrival, NULL);
    pts = rc_clock_map_to_running_time (s.map, newest);
    rc_clock_map_update (s.map, s.capture, arrival, NULL);
    fail_unless_equals_uint64 (
        rc_clock_map_to_running_time (s.map, newest), pts);
    series_advance (&s, 2 * PERIOD);
  }
  series_run (&s, PERIOD, 10 * S);
  fail_unless_equals_int (s.jumps, 0);
  series_clear (&s);
}
GST_END_TEST;

GST_START_TEST (test_before_running_time_0)
{
  g_autoptr (RcClockMap) map = rc_clock_map_new ();

  fail_unless_equals_uint64 (rc_clock_map_to_running_time (map, EPOCH), 0);
  rc_clock_map_update (map, EPOCH, 10 * MS, NULL);
  fail_unless_equals_uint64 (
      rc_clock_map_to_running_time (map, EPOCH - 10 * MS), 0);
  fail_unless_equals_uint64 (
      rc_clock_map_to_running_time (map, EPOCH - 11 * MS), 0);
  fail_unless_equals_uint64 (rc_clock_map_to_running_time (map, 0), 0);
  fail_unless_equals_uint64 (
      rc_clock_map_to_running_time (map, EPOCH - 9 * MS), 1 * MS);
}
GST_END_TEST;

GST_START_TEST (test_reset)
{
  g_autoptr (RcClockMap) map = rc_clock_map_new ();
  gint64 jump = 1;

  rc_clock_map_update (map, EPOCH, 10 * S, NULL);
  rc_clock_map_reset (map);
  fail_unless_equals_uint64 (rc_clock_map_to_running_time (map, EPOCH), 0);
  fail_unless_equals_int (
      rc_clock_map_update (map, EPOCH + S, 3 * S, &jump), RC_CLOCK_MAP_STARTED);
  fail_unless_equals_int64 (jump, 0);
  fail_unless_equals_uint64 (
      rc_clock_map_to_running_time (map, EPOCH + S), 3 * S);
}
GST_END_TEST;

/* Whatever comes, in whatever order: no overflow (UBSan), PTS in range, and
 * the slew holds. */
GST_START_TEST (test_extremes)
{
  const guint64 times[] = {0, 1, PERIOD, ORIGIN, HOUR, EPOCH, EPOCH + PERIOD,
      G_MAXINT32 * (guint64)S, G_MAXINT64 / 4, G_MAXINT64 / 4 + 1,
      G_MAXINT64 / 2, G_MAXINT64, (guint64)G_MAXINT64 + 1, G_MAXUINT64 - 1,
      G_MAXUINT64};
  g_autoptr (RcClockMap) map = rc_clock_map_new ();
  g_autoptr (GRand) rand = g_rand_new_with_seed (SEED);
  const gint n = G_N_ELEMENTS (times);
  guint64 last_capture = 0, last_pts = 0;

  for (guint i = 0; i < 1000000; i++) {
    guint64 capture = times[g_rand_int_range (rand, 0, n)];
    guint64 arrival = times[g_rand_int_range (rand, 0, n)];
    RcClockMapResult result;
    guint64 pts;

    result = rc_clock_map_update (map, capture, arrival, NULL);
    pts = rc_clock_map_to_running_time (map, capture);
    ENSURE (pts <= (guint64)1 << 62);
    if (result != RC_CLOCK_MAP_FOLLOWED)
      ENSURE (pts <= arrival);
    else if (capture >= last_capture)
      ENSURE (pts >= last_pts);
    for (gint k = 0; k < n; k++)
      ENSURE (rc_clock_map_to_running_time (map, times[k]) <= (guint64)1 << 62);
    last_capture = capture;
    last_pts = pts;
  }
}
GST_END_TEST;

static Suite *
clockmap_suite (void)
{
  Suite *suite = suite_create ("clockmap");
  TCase *calls = tcase_create ("calls");

  suite_add_tcase (suite, calls);
  tcase_set_timeout (calls, 60);
  tcase_add_test (calls, test_images_of_a_set);
  tcase_add_test (calls, test_duplicates_and_order);
  tcase_add_test (calls, test_order_while_slewing);
  tcase_add_test (calls, test_before_running_time_0);
  tcase_add_test (calls, test_reset);
  tcase_add_test (calls, test_extremes);

  return suite;
}

GST_CHECK_MAIN (clockmap);
