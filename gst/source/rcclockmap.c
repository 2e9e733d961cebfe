/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The mapping is one number, `offset`: running time = capture + offset. A set
 * shows arrival − capture, its lag. The lag is the difference of the two
 * clocks plus the delay on the way, and of the delay only its least is known
 * to stay: jitter adds to it and never takes away. So the mapping follows the
 * lower envelope of the lags.
 *
 * The envelope: the two clocks drift apart by SLEW at most, so no lag that was
 * seen allows the envelope to be higher now than that lag plus SLEW times its
 * age. `ceiling` is the least of these bounds. It needs no window of past
 * sets, works for 25 sets a second and for one in five minutes, and a stall
 * of some seconds cannot lift it by a millisecond.
 *
 * A late set and a clock that fell back look the same, a greater lag. What
 * tells them apart is what follows: after a stall the sets return to the old
 * lag, after a jump they stay at the new one. So a greater lag is only
 * believed when it lasts (LATE_TIME). No set arrives before it was captured,
 * so a smaller lag is believed at once, whether the clock went ahead or the
 * set that the mapping began with was late; and so is a capture time that goes
 * back, as sets arrive in order.
 */

#include "source/rcclockmap.h"

#define MSECOND (G_GINT64_CONSTANT (1000000))
#define SECOND (1000 * MSECOND)

/* Every difference and sum of two times below fits gint64. */
#define TIME_LIMIT (G_GINT64_CONSTANT (1) << 61)

/* 1 / SLEW is 200 ppm: twice what two poor crystals drift apart. */
#define SLEW 5000

/* A mapping this near to the envelope is left alone, so that the spacing of
 * capture is kept exactly while there is nothing worth correcting: less than
 * what a loaded host adds to an arrival, and a 20th of the default latency. */
#define HOLD (5 * MSECOND)

/* What lies beyond HOLD is corrected in this time, if SLEW allows: long enough
 * that the envelope's unrest (below 1 ms in 30 ms of jitter) moves the spacing
 * by less than drift does. */
#define SETTLE_TIME (10 * SECOND)

/* A mapping above the envelope makes sinks wait longer. With the default
 * latency of 100 ms this makes 180 ms, which the four images of a pad's queue
 * and the one that the sink holds still bridge at 25 Hz. */
#define EARLY_LIMIT (80 * MSECOND)

/* A mapping below the envelope takes from the latency: half of the default,
 * the other half is for jitter. */
#define LATE_LIMIT (50 * MSECOND)

/* How long sets must come late, and how many at least, until that is the
 * clock and not the network. The time outlasts stalls of TCP over WLAN (up to
 * 3 s); the number is for cameras with minutes between sets. */
#define LATE_TIME (5 * SECOND)
#define LATE_SETS 3

/* Later than the least of the late ones by this: in a stall, which begins and
 * ends within a moment of congestion and says nothing about what will stay. */
#define STALL_LIMIT (500 * MSECOND)

/* No delay: by default the connection is given up after 10 s of silence. */
#define DELAY_LIMIT (10 * SECOND)

/* Two sets that changed places, at 10 Hz and above, and not a jump. */
#define ORDER_LIMIT (100 * MSECOND)

/**
 * RcClockMap:
 * @started: a set was seen; the other fields are valid
 * @newest: the greatest capture since the mapping began
 * @offset: of the mapping
 * @ceiling: the envelope of lags is not above this
 * @late_sets: sets in a row beyond LATE_LIMIT
 * @late_since: arrival of the first of them
 * @late_first_lag: the lag of the first of them
 * @late_lag: the least lag of them
 */
struct _RcClockMap {
  gboolean started;
  gint64 newest;
  gint64 offset;
  gint64 ceiling;

  guint late_sets;
  gint64 late_since;
  gint64 late_first_lag;
  gint64 late_lag;
};

RcClockMap *
rc_clock_map_new (void)
{
  return g_new0 (RcClockMap, 1);
}

void
rc_clock_map_free (RcClockMap *map)
{
  g_free (map);
}

void
rc_clock_map_reset (RcClockMap *map)
{
  *map = (RcClockMap){0};
}

static void
begin (RcClockMap *map, gint64 capture, gint64 lag)
{
  map->started = TRUE;
  map->newest = capture;
  map->offset = lag;
  map->ceiling = lag;
  map->late_sets = 0;
}

/* Moves the offset towards the envelope, @elapsed of capture time after the
 * last set. */
static void
follow (RcClockMap *map, gint64 elapsed, gint64 lag)
{
  gint64 limit = elapsed / SLEW;
  gint64 error;

  map->ceiling = MIN (map->ceiling + limit, lag);

  error = map->ceiling - map->offset;
  error -= CLAMP (error, -HOLD, HOLD);

  if (elapsed < SETTLE_TIME) {
    const gint64 full = SETTLE_TIME / SLEW;

    map->offset += CLAMP (error, -full, full) * elapsed / SETTLE_TIME;
  } else {
    map->offset += CLAMP (error, -limit, limit);
  }
}

/* TRUE if sets have come late for so long, without catching up, that they
 * will go on so. */
static gboolean
is_late_for_good (RcClockMap *map, gint64 arrival, gint64 lag)
{
  if (lag - map->offset <= LATE_LIMIT) {
    map->late_sets = 0;
    return FALSE;
  }

  /* Still on the way back from a stall as long as the lag falls. */
  if (map->late_sets == 0 || lag < map->late_first_lag - LATE_LIMIT
      || lag > map->late_lag + STALL_LIMIT) {
    map->late_sets = 1;
    map->late_since = arrival;
    map->late_first_lag = lag;
    map->late_lag = lag;
    return FALSE;
  }

  map->late_sets = MIN (map->late_sets + 1, LATE_SETS);
  map->late_lag = MIN (map->late_lag, lag);
  return map->late_sets == LATE_SETS && arrival - map->late_since >= LATE_TIME;
}

RcClockMapResult
rc_clock_map_update (
    RcClockMap *map, guint64 capture, guint64 arrival, gint64 *jump)
{
  gint64 c = (gint64)MIN (capture, (guint64)TIME_LIMIT);
  gint64 a = (gint64)MIN (arrival, (guint64)TIME_LIMIT);
  gint64 lag = a - c;
  gint64 elapsed, before, error;

  if (jump)
    *jump = 0;

  if (!map->started) {
    begin (map, c, lag);
    return RC_CLOCK_MAP_STARTED;
  }

  before = map->offset;
  elapsed = c - map->newest;
  if (elapsed >= -ORDER_LIMIT) {
    elapsed = MAX (elapsed, 0);
    follow (map, elapsed, lag);
    map->newest += elapsed;

    error = lag - map->offset;
    if (error >= -EARLY_LIMIT && error <= DELAY_LIMIT) {
      if (!is_late_for_good (map, a, lag))
        return RC_CLOCK_MAP_FOLLOWED;
      lag = map->late_lag;
    }
  }

  begin (map, c, lag);
  if (jump)
    *jump = before - lag;
  return RC_CLOCK_MAP_JUMPED;
}

guint64
rc_clock_map_to_running_time (const RcClockMap *map, guint64 capture)
{
  gint64 c = (gint64)MIN (capture, (guint64)TIME_LIMIT);

  if (!map->started)
    return 0;
  return (guint64)MAX (c + map->offset, 0);
}
