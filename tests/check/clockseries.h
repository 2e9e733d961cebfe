/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A made-up camera and the way from it, from a fixed seed, for the tests of the
 * clock mapping. All times are ns. */

#pragma once

#include "source/rcclockmap.h"

#define US G_GINT64_CONSTANT (1000)
#define MS (1000 * US)
#define S (1000 * MS)
#define MINUTE (60 * S)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define YEAR (365 * DAY)

/* A day in 2025 that is no round number. */
#define EPOCH G_GINT64_CONSTANT (1753093721123456789)
/* Running time of the first set, without jitter. */
#define ORIGIN (2 * S + 345678)

/* From set to set of a camera at 25 Hz. */
#define PERIOD (40 * MS)

/* 1 / 200 ppm */
#define SLEW 5000

#define SEED 20250721

/* For each of millions of sets: Check's own assertions are a system call. */
#define ENSURE(condition)                                                      \
  G_STMT_START                                                                 \
  {                                                                            \
    if (!(condition))                                                          \
      ck_abort_msg ("%s", #condition);                                         \
  }                                                                            \
  G_STMT_END

/**
 * Series:
 * @capture: the camera's clock
 * @now: running time at which the set would arrive without jitter
 * @late: when the link is free again; sets arrive in order, not before it
 * @drift: ppm by which the camera's clock is slow (the envelope rises)
 * @drift_rest: what the drift left of a whole ns
 *
 * A camera, the way from it, and the checks that hold for every series: PTS
 * never go back, and move by 200 ppm at most, but for a jump.
 */
typedef struct {
  RcClockMap *map;
  GRand *rand;
  gint64 capture;
  gint64 now;
  gint64 late;
  gint64 drift;
  gint64 drift_rest;

  gboolean running;
  gint64 last_capture;
  gint64 last_pts;

  guint sets;
  guint jumps;
  guint sets_at_jump;
  gint64 jump;
  /* PTS − now, and how far the change in PTS is from that in capture. */
  gint64 error;
  gint64 min_error;
  gint64 max_error;
  gint64 max_bend;
} Series;

/* A random delay. */
typedef gint64 (*Jitter) (GRand *rand);

gint64 jitter_none (GRand *rand);
/* 0 to 30 ms */
gint64 jitter_uniform (GRand *rand);
/* 10 ms in the mean, without an upper limit */
gint64 jitter_exponential (GRand *rand);

void series_init (Series *s);
void series_clear (Series *s);

/* Starts min_error, max_error and max_bend afresh. */
void series_forget_extremes (Series *s);

/* Logs them. */
void series_report (const Series *s, const gchar *name);

/* Both clocks go on by about @elapsed. */
void series_advance (Series *s, gint64 elapsed);

/* A set that is @delay later than without jitter. */
RcClockMapResult series_set (Series *s, gint64 delay);

/* Sets without jitter, @period apart, for @time. */
void series_run (Series *s, gint64 period, gint64 time);
