/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clockseries.h"

#include <gst/check/gstcheck.h>
#include <math.h>

gint64
jitter_none (GRand *rand)
{
  return 0;
}

gint64
jitter_uniform (GRand *rand)
{
  return g_rand_int_range (rand, 0, 30 * MS);
}

gint64
jitter_exponential (GRand *rand)
{
  return (gint64)(-log (1.0 - g_rand_double (rand)) * 10e6);
}

void
series_forget_extremes (Series *s)
{
  s->min_error = G_MAXINT64;
  s->max_error = G_MININT64;
  s->max_bend = 0;
}

void
series_init (Series *s)
{
  *s = (Series){0};
  s->map = rc_clock_map_new ();
  s->rand = g_rand_new_with_seed (SEED);
  s->capture = EPOCH;
  s->now = ORIGIN;
  series_forget_extremes (s);
}

void
series_clear (Series *s)
{
  rc_clock_map_free (s->map);
  g_rand_free (s->rand);
}

void
series_report (const Series *s, const gchar *name)
{
  GST_INFO ("%s: %u sets, %u jumps, PTS - truth %" G_GINT64_FORMAT
            " ... %" G_GINT64_FORMAT " ns, bend %" G_GINT64_FORMAT " ns",
      name, s->sets, s->jumps, s->min_error, s->max_error, s->max_bend);
}

void
series_advance (Series *s, gint64 elapsed)
{
  gint64 drift = elapsed * s->drift + s->drift_rest;

  s->capture += elapsed;
  s->now += elapsed + drift / 1000000;
  s->drift_rest = drift % 1000000;
}

RcClockMapResult
series_set (Series *s, gint64 delay)
{
  gint64 arrival = MAX (s->now + delay, s->late);
  gint64 pts, jump, bend;
  RcClockMapResult result;

  s->late = arrival;
  result = rc_clock_map_update (
      s->map, (guint64)s->capture, (guint64)arrival, &jump);
  pts = (gint64)rc_clock_map_to_running_time (s->map, (guint64)s->capture);

  ENSURE ((result == RC_CLOCK_MAP_STARTED) == !s->running);
  if (result == RC_CLOCK_MAP_FOLLOWED) {
    gint64 step = s->capture - s->last_capture;

    bend = ABS (pts - s->last_pts - step);
    ENSURE (jump == 0);
    ENSURE (bend * SLEW <= MAX (step, 0));
    ENSURE (step <= 0 || pts > s->last_pts);
    s->max_bend = MAX (s->max_bend, bend);
  } else {
    /* It begins anew where a set arrived, never later. */
    ENSURE (pts <= arrival);
  }
  if (result == RC_CLOCK_MAP_JUMPED) {
    ENSURE (jump != 0);
    s->jumps++;
    s->sets_at_jump = s->sets;
    s->jump = jump;
  }

  s->running = TRUE;
  s->last_capture = s->capture;
  s->last_pts = pts;
  s->error = pts - s->now;
  s->min_error = MIN (s->min_error, s->error);
  s->max_error = MAX (s->max_error, s->error);
  s->sets++;
  return result;
}

void
series_run (Series *s, gint64 period, gint64 time)
{
  for (gint64 t = 0; t < time; t += period) {
    series_set (s, 0);
    series_advance (s, period);
  }
}
