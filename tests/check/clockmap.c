/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Generated series of sets, from fixed seeds, against what is true of them:
 * when a set would have arrived without jitter. All times are ns. */

#include <gst/check/gstcheck.h>
#include <math.h>

#include "clockseries.h"

#define PERIOD (40 * MS)

/* Delays, in the order of nastiness. */

static gint64
jitter_none (GRand *rand)
{
  return 0;
}

/* 0 to 30 ms */
static gint64
jitter_uniform (GRand *rand)
{
  return g_rand_int_range (rand, 0, 30 * MS);
}

/* 10 ms in the mean, without an upper limit */
static gint64
jitter_exponential (GRand *rand)
{
  return (gint64)(-log (1.0 - g_rand_double (rand)) * 10e6);
}

typedef gint64 (*Jitter) (GRand *rand);

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
  TCase *days = tcase_create ("days");
  TCase *jitter = tcase_create ("jitter");
  TCase *jumps = tcase_create ("jumps");
  TCase *rest = tcase_create ("rest");

  suite_add_tcase (suite, days);
  tcase_set_timeout (days, 60);
  tcase_add_test (days, test_day_fast);
  tcase_add_test (days, test_day_slow);
  tcase_add_test (days, test_day_steady_jitter);
  tcase_add_test (days, test_day_fast_jitter);
  tcase_add_test (days, test_day_slow_jitter);
  tcase_add_test (days, test_day_fast_exponential);
  tcase_add_test (days, test_day_slow_exponential);

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

  suite_add_tcase (suite, jumps);
  tcase_add_test (jumps, test_clear_jumps);
  tcase_add_test (jumps, test_jump_in_a_long_pause);
  tcase_add_test (jumps, test_subtle_jumps);
  tcase_add_test (jumps, test_reboot);
  tcase_add_test (jumps, test_rate_beyond_the_slew);

  suite_add_tcase (suite, rest);
  tcase_set_timeout (rest, 60);
  tcase_add_test (rest, test_lost_half_hour);
  tcase_add_test (rest, test_lost_half_hour_late_set);
  tcase_add_test (rest, test_triggered);
  tcase_add_test (rest, test_images_of_a_set);
  tcase_add_test (rest, test_duplicates_and_order);
  tcase_add_test (rest, test_order_while_slewing);
  tcase_add_test (rest, test_stopped_clock);
  tcase_add_test (rest, test_before_running_time_0);
  tcase_add_test (rest, test_reset);
  tcase_add_test (rest, test_extremes);

  return suite;
}

GST_CHECK_MAIN (clockmap);
