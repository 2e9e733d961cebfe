/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The clock mapping over long series: clocks that drift, sets that are delayed,
 * pauses. Against what is true of them: when a set would have arrived without
 * jitter. */

#include <gst/check/gstcheck.h>

#include "clockseries.h"

/* A day at 25 Hz */
static void
check_day (
    gint64 drift, Jitter jitter, gint64 below, gint64 above, const gchar *name)
{
  Series s;

  series_init (&s);
  s.drift = drift;
  for (guint i = 0; i < DAY / PERIOD; i++) {
    series_set (&s, jitter (s.rand));
    series_advance (&s, PERIOD);
    /* The first set was late by its jitter: 200 ppm take that back. */
    if (s.sets == 10 * MINUTE / PERIOD)
      series_forget_extremes (&s);
  }
  series_report (&s, name);
  fail_unless_equals_int (s.jumps, 0);
  fail_unless (s.min_error >= -below);
  fail_unless (s.max_error <= above);
  series_clear (&s);
}

/* However the clocks drift, PTS stay within 5 ms and what the follower lags:
 * 1 ms per 100 ppm. Jitter leaves the envelope unsharp by about 1 ms. */

GST_START_TEST (test_day_fast)
{
  check_day (-100, jitter_none, 0, 6 * MS + 100 * US, "-100 ppm");
}
GST_END_TEST;

GST_START_TEST (test_day_slow)
{
  check_day (100, jitter_none, 6 * MS + 100 * US, 0, "+100 ppm");
}
GST_END_TEST;

GST_START_TEST (test_day_steady_jitter)
{
  check_day (0, jitter_uniform, 5 * MS, 8 * MS, "0 ppm, uniform");
}
GST_END_TEST;

GST_START_TEST (test_day_fast_jitter)
{
  check_day (-100, jitter_uniform, 0, 9 * MS, "-100 ppm, uniform");
}
GST_END_TEST;

GST_START_TEST (test_day_slow_jitter)
{
  check_day (100, jitter_uniform, 6 * MS + 100 * US, 0, "+100 ppm, uniform");
}
GST_END_TEST;

GST_START_TEST (test_day_fast_exponential)
{
  check_day (-100, jitter_exponential, 0, 9 * MS, "-100 ppm, exponential");
}
GST_END_TEST;

GST_START_TEST (test_day_slow_exponential)
{
  check_day (
      100, jitter_exponential, 6 * MS + 100 * US, 0, "+100 ppm, exponential");
}
GST_END_TEST;

/* No sets for half an hour while both clocks go on, 180 ms apart in the end:
 * 200 ppm of half an hour are more than that, so there is no jump. */
GST_START_TEST (test_lost_half_hour)
{
  for (gint drift = -100; drift <= 100; drift += 100) {
    Series s;

    series_init (&s);
    s.drift = drift;
    series_run (&s, PERIOD, 10 * MINUTE);
    series_advance (&s, 30 * MINUTE);
    series_forget_extremes (&s);
    series_run (&s, PERIOD, 10 * MINUTE);
    series_report (&s, "lost half hour");
    fail_unless_equals_int (s.jumps, 0);
    fail_unless (s.min_error >= -6 * MS - 100 * US);
    fail_unless (s.max_error <= 6 * MS + 100 * US);
    series_clear (&s);
  }
}
GST_END_TEST;

/* The first set after it is late: the lag could be the drift's and is taken
 * so, but not for long. */
GST_START_TEST (test_lost_half_hour_late_set)
{
  Series s;

  series_init (&s);
  series_run (&s, PERIOD, 10 * MINUTE);
  series_advance (&s, 30 * MINUTE);
  series_set (&s, 300 * MS);
  series_advance (&s, S);
  series_run (&s, PERIOD, MINUTE);
  fail_unless_equals_int (s.jumps, 1);
  fail_unless_equals_int64 (s.error, 0);
  series_clear (&s);
}
GST_END_TEST;

/* Three minutes between sets, for two days. */
GST_START_TEST (test_triggered)
{
  const Jitter jitters[] = {jitter_none, jitter_uniform};

  for (gint drift = -100; drift <= 100; drift += 100) {
    for (guint i = 0; i < G_N_ELEMENTS (jitters); i++) {
      Series s;

      series_init (&s);
      s.drift = drift;
      for (guint n = 0; n < 2 * DAY / (3 * MINUTE); n++) {
        series_set (&s, jitters[i](s.rand));
        series_advance (&s, 3 * MINUTE);
      }
      series_report (&s, "triggered");
      fail_unless_equals_int (s.jumps, 0);
      /* Never above what arrived, but for what is left alone: 5 ms. */
      fail_unless (s.min_error >= -5 * MS);
      fail_unless (s.max_error <= (i == 0 ? 5 : 35) * MS);
      series_clear (&s);
    }
  }
}
GST_END_TEST;

static Suite *
clockdrift_suite (void)
{
  Suite *suite = suite_create ("clockdrift");
  TCase *days = tcase_create ("days");
  TCase *pauses = tcase_create ("pauses");

  suite_add_tcase (suite, days);
  tcase_set_timeout (days, 60);
  tcase_add_test (days, test_day_fast);
  tcase_add_test (days, test_day_slow);
  tcase_add_test (days, test_day_steady_jitter);
  tcase_add_test (days, test_day_fast_jitter);
  tcase_add_test (days, test_day_slow_jitter);
  tcase_add_test (days, test_day_fast_exponential);
  tcase_add_test (days, test_day_slow_exponential);

  suite_add_tcase (suite, pauses);
  tcase_set_timeout (pauses, 60);
  tcase_add_test (pauses, test_lost_half_hour);
  tcase_add_test (pauses, test_lost_half_hour_late_set);
  tcase_add_test (pauses, test_triggered);

  return suite;
}

GST_CHECK_MAIN (clockdrift);
