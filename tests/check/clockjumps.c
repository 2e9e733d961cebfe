/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The clock mapping and a camera's clock that is set, starts anew, runs too fast
 * or stands still. */

#include <gst/check/gstcheck.h>

#include "clockseries.h"

/* A jump that shows at once: on the first set after it, with its size, and
 * the PTS go on as if there had been none. */
static void
check_clear_jump (gint64 jump, gint64 period)
{
  Series s;

  series_init (&s);
  series_run (&s, period, 100 * period);
  s.capture += jump;
  series_run (&s, period, 100 * period);
  fail_unless_equals_int (s.jumps, 1);
  fail_unless_equals_int (s.sets_at_jump, 100);
  fail_unless_equals_int64 (s.jump, jump);
  fail_unless_equals_int64 (s.max_error, 0);
  fail_unless_equals_int64 (s.min_error, 0);
  series_clear (&s);
}

GST_START_TEST (test_clear_jumps)
{
  const gint64 jumps[] = {S / 2, HOUR, YEAR, 17 * YEAR, DAY};

  for (guint i = 0; i < G_N_ELEMENTS (jumps); i++) {
    check_clear_jump (jumps[i], 40 * MS);
    check_clear_jump (-jumps[i], 40 * MS);
    check_clear_jump (jumps[i], S / 15);
    check_clear_jump (-jumps[i], S / 15);
  }
  /* Half a second back hides in the pause between two sets; an hour does
   * not, even in two hours. */
  check_clear_jump (S / 2, MINUTE);
  check_clear_jump (HOUR, 2 * MINUTE);
  check_clear_jump (-HOUR, 2 * MINUTE);
}
GST_END_TEST;

GST_START_TEST (test_jump_in_a_long_pause)
{
  Series s;

  series_init (&s);
  series_run (&s, PERIOD, MINUTE);
  series_advance (&s, 2 * HOUR);
  s.capture -= HOUR;
  series_run (&s, PERIOD, MINUTE);
  fail_unless_equals_int (s.jumps, 1);
  fail_unless_equals_int (s.sets_at_jump, MINUTE / PERIOD);
  /* What two clocks can drift apart in an hour is no part of a jump. */
  fail_unless (ABS (s.jump + HOUR) <= HOUR / SLEW);
  fail_unless_equals_int64 (s.error, 0);
  series_clear (&s);
}
GST_END_TEST;

/* A jump that could be a delay: believed after 5 s. */
static void
check_subtle_jump (gint64 jump, gint64 period, Jitter jitter, gint64 unsharp)
{
  Series s;
  guint before;

  series_init (&s);
  series_run (&s, period, 10 * S);
  before = s.sets;
  s.capture += jump;
  for (guint i = 0; i < MAX (20 * S / period, 10); i++) {
    series_set (&s, jitter (s.rand));
    series_advance (&s, period);
  }
  fail_unless_equals_int (s.jumps, 1);
  /* 5 s, anew if the lag fell by 50 ms: jitter may do that once. */
  fail_unless ((s.sets_at_jump - before) * period <= MAX (7 * S, 3 * period));
  fail_unless (ABS (s.jump - jump) <= unsharp);
  fail_unless (ABS (s.error) <= unsharp);
  series_clear (&s);
}

GST_START_TEST (test_subtle_jumps)
{
  check_subtle_jump (-60 * MS, PERIOD, jitter_none, 2 * MS);
  check_subtle_jump (-120 * MS, PERIOD, jitter_none, 2 * MS);
  check_subtle_jump (-90 * MS, PERIOD, jitter_uniform, 4 * MS);
  check_subtle_jump (-90 * MS, PERIOD, jitter_exponential, 4 * MS);
  check_subtle_jump (-500 * MS, S, jitter_none, 2 * MS);
  check_subtle_jump (-500 * MS, S, jitter_uniform, 10 * MS);
  check_subtle_jump (-500 * MS, 10 * S, jitter_none, 8 * MS);
}
GST_END_TEST;

/* Power-up in 1970, NTP to today, again after a reboot. */
GST_START_TEST (test_reboot)
{
  Series s;

  series_init (&s);
  series_run (&s, PERIOD, MINUTE);
  for (guint i = 1; i <= 3; i++) {
    series_advance (&s, 20 * S);
    s.capture = 7 * S;
    series_run (&s, PERIOD, MINUTE);
    fail_unless_equals_int (s.jumps, 2 * i - 1);
    s.capture = EPOCH + HOUR * i;
    series_run (&s, PERIOD, MINUTE);
    fail_unless_equals_int (s.jumps, 2 * i);
  }
  fail_unless_equals_int64 (s.min_error, 0);
  fail_unless_equals_int64 (s.max_error, 0);
  series_clear (&s);
}
GST_END_TEST;

/* NTP or PTP may also turn the clock's rate: up to 200 ppm are followed, what
 * is faster ends in a jump now and then, never in a map that runs away. */
GST_START_TEST (test_rate_beyond_the_slew)
{
  for (gint drift = -1000; drift <= 1000; drift += 2000) {
    Series s;

    series_init (&s);
    s.drift = drift;
    series_run (&s, PERIOD, HOUR);
    series_report (&s, "1000 ppm");
    fail_unless (s.jumps > 10 && s.jumps < 100);
    fail_unless (s.min_error >= -(50 + 5 + 5) * MS);
    fail_unless (s.max_error <= 80 * MS);
    series_clear (&s);
  }
}
GST_END_TEST;

/* A clock that stands still cannot take the PTS with it for ever. */
GST_START_TEST (test_stopped_clock)
{
  Series s;

  series_init (&s);
  for (guint i = 0; i < MINUTE / PERIOD; i++) {
    series_set (&s, 0);
    s.now += PERIOD;
  }
  fail_unless (s.jumps >= 1);
  fail_unless (s.min_error >= -10 * S - PERIOD);
  series_clear (&s);
}
GST_END_TEST;

static Suite *
clockjumps_suite (void)
{
  Suite *suite = suite_create ("clockjumps");
  TCase *jumps = tcase_create ("jumps");

  suite_add_tcase (suite, jumps);
  tcase_add_test (jumps, test_clear_jumps);
  tcase_add_test (jumps, test_jump_in_a_long_pause);
  tcase_add_test (jumps, test_subtle_jumps);
  tcase_add_test (jumps, test_reboot);
  tcase_add_test (jumps, test_rate_beyond_the_slew);
  tcase_add_test (jumps, test_stopped_clock);

  return suite;
}

GST_CHECK_MAIN (clockjumps);
