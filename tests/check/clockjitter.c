/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The clock mapping and delays on the way: what it must not follow. */

#include <gst/check/gstcheck.h>

#include "clockseries.h"

/* Nothing to correct: the spacing is that of capture to the ns. */
GST_START_TEST (test_steady_is_exact)
{
  const gint64 periods[] = {40 * MS, S / 15, 40000001, 1, 333, 7 * MINUTE};

  for (guint i = 0; i < G_N_ELEMENTS (periods); i++) {
    Series s;

    series_init (&s);
    for (guint n = 0; n < 100000; n++) {
      series_set (&s, 0);
      series_advance (&s, periods[i]);
    }
    fail_unless_equals_int (s.jumps, 0);
    fail_unless_equals_int64 (s.max_bend, 0);
    fail_unless_equals_int64 (s.min_error, 0);
    fail_unless_equals_int64 (s.max_error, 0);
    series_clear (&s);
  }
}
GST_END_TEST;

/* Nor is there with the little jitter of a cable, first set or not. */
GST_START_TEST (test_little_jitter_is_exact)
{
  Series s;

  series_init (&s);
  series_set (&s, 4900 * US);
  for (guint n = 0; n < 10 * MINUTE / PERIOD; n++) {
    series_advance (&s, PERIOD);
    series_set (&s, g_rand_int_range (s.rand, 0, 3 * MS));
  }
  fail_unless_equals_int (s.jumps, 0);
  fail_unless_equals_int64 (s.max_bend, 0);
  series_clear (&s);
}
GST_END_TEST;

/* A camera captures at its own uneven times: they are kept as they are. */
GST_START_TEST (test_uneven_capture_is_kept)
{
  Series s;

  series_init (&s);
  for (guint n = 0; n < 10000; n++) {
    series_set (&s, 0);
    series_advance (&s, g_rand_int_range (s.rand, 1, 2 * S));
  }
  fail_unless_equals_int (s.jumps, 0);
  fail_unless_equals_int64 (s.max_bend, 0);
  series_clear (&s);
}
GST_END_TEST;

GST_START_TEST (test_late_first_set_is_made_good)
{
  Series s;

  /* 75 ms: 70 are corrected, at 200 ppm, the last 2 more and more gently. */
  series_init (&s);
  series_set (&s, 75 * MS);
  series_advance (&s, PERIOD);
  series_run (&s, PERIOD, 340 * S);
  fail_unless (s.error > 5 * MS);
  fail_unless_equals_int64 (s.max_bend, PERIOD / SLEW);
  series_run (&s, PERIOD, 120 * S);
  series_forget_extremes (&s);
  series_run (&s, PERIOD, 10 * S);
  fail_unless_equals_int (s.jumps, 0);
  fail_unless (s.max_error <= 5 * MS + 10 * US);
  fail_unless (s.max_bend <= 1 * US);
  series_clear (&s);

  /* More is not waited for: the next set shows it, and all is well. */
  series_init (&s);
  series_set (&s, 600 * MS);
  series_advance (&s, S);
  series_run (&s, PERIOD, MINUTE);
  fail_unless_equals_int (s.jumps, 1);
  fail_unless_equals_int (s.sets_at_jump, 1);
  fail_unless_equals_int64 (s.jump, 600 * MS);
  fail_unless_equals_int64 (s.error, 0);
  series_clear (&s);
}
GST_END_TEST;

/* WLAN: jitter, and each 5 to 30 s the link stands still for @shortest to
 * @longest; what was captured meanwhile comes after it at @rate times the
 * speed (0: all at once). */
static void
run_wlan (Series *s, gint64 time, gint64 shortest, gint64 longest, gint rate)
{
  gint64 end = s->now + time;
  gint64 stall = s->now + 5 * S;

  while (s->now < end) {
    if (s->now >= stall) {
      s->late = s->now
                + (gint64)g_rand_double_range (
                    s->rand, (gdouble)shortest, (gdouble)longest);
      stall = s->now + g_rand_int_range (s->rand, 5, 30) * S;
    }
    series_set (s, jitter_exponential (s->rand));
    if (rate > 0)
      s->late += PERIOD / rate;
    series_advance (s, PERIOD);
  }
}

GST_START_TEST (test_stalls_bend_nothing)
{
  const gint rates[] = {0, 10, 2};

  for (guint i = 0; i < G_N_ELEMENTS (rates); i++) {
    Series s;

    series_init (&s);
    series_run (&s, PERIOD, S);
    run_wlan (&s, 2 * HOUR, 500 * MS, 3 * S, rates[i]);
    series_report (&s, "stalls");
    /* Two hours with some 400 stalls, and not one ns. */
    fail_unless_equals_int (s.jumps, 0);
    fail_unless_equals_int64 (s.max_bend, 0);
    series_clear (&s);
  }
}
GST_END_TEST;

GST_START_TEST (test_stalls_with_drift)
{
  for (gint drift = -100; drift <= 100; drift += 200) {
    Series s;

    series_init (&s);
    s.drift = drift;
    series_run (&s, PERIOD, S);
    run_wlan (&s, 2 * HOUR, 500 * MS, 3 * S, 10);
    series_report (&s, "stalls with drift");
    fail_unless_equals_int (s.jumps, 0);
    fail_unless (s.min_error >= -6 * MS - 100 * US);
    fail_unless (s.max_error <= 9 * MS);
    series_clear (&s);
  }
}
GST_END_TEST;

/* Congestion delays all by 70 ms for four seconds, a stall follows. */
GST_START_TEST (test_congestion_is_no_jump)
{
  Series s;

  series_init (&s);
  series_run (&s, PERIOD, 10 * S);
  for (guint i = 0; i < 4 * S / PERIOD; i++) {
    series_set (&s, 70 * MS);
    series_advance (&s, PERIOD);
  }
  s.late = s.now + 2 * S;
  series_run (&s, PERIOD, 20 * S);
  fail_unless_equals_int (s.jumps, 0);
  fail_unless_equals_int64 (s.max_bend, 0);
  series_clear (&s);
}
GST_END_TEST;

/* After a stall the link is hardly faster than the camera: a minute passes
 * until the sets are on time again, and all of them are late for long. */
GST_START_TEST (test_slow_catching_up_is_no_jump)
{
  Series s;

  series_init (&s);
  series_run (&s, PERIOD, 10 * S);
  for (gint64 delay = 3 * S; delay > 0; delay -= 2 * MS) {
    series_set (&s, delay);
    series_advance (&s, PERIOD);
  }
  series_run (&s, PERIOD, 10 * S);
  fail_unless_equals_int (s.jumps, 0);
  /* 200 ppm of that minute, less the 5 ms that are left alone. */
  fail_unless (s.min_error >= 0 && s.max_error <= 7 * MS);
  series_clear (&s);
}
GST_END_TEST;

/* With long pauses between the sets, two late ones in a row say little. */
GST_START_TEST (test_two_late_triggered_sets)
{
  Series s;

  series_init (&s);
  series_run (&s, 10 * S, MINUTE);
  for (guint i = 0; i < 2; i++) {
    series_set (&s, 400 * MS);
    series_advance (&s, 10 * S);
  }
  series_run (&s, 10 * S, MINUTE);
  fail_unless_equals_int (s.jumps, 0);
  series_clear (&s);
}
GST_END_TEST;

static Suite *
clockjitter_suite (void)
{
  Suite *suite = suite_create ("clockjitter");
  TCase *jitter = tcase_create ("jitter");

  suite_add_tcase (suite, jitter);
  tcase_add_test (jitter, test_steady_is_exact);
  tcase_add_test (jitter, test_little_jitter_is_exact);
  tcase_add_test (jitter, test_uneven_capture_is_kept);
  tcase_add_test (jitter, test_late_first_set_is_made_good);
  tcase_add_test (jitter, test_stalls_bend_nothing);
  tcase_add_test (jitter, test_stalls_with_drift);
  tcase_add_test (jitter, test_congestion_is_no_jump);
  tcase_add_test (jitter, test_slow_catching_up_is_no_jump);
  tcase_add_test (jitter, test_two_late_triggered_sets);

  return suite;
}

GST_CHECK_MAIN (clockjitter);
