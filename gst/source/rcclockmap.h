/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Maps the camera's capture time to the pipeline's running time. Pure: time is
 * a parameter. Not locked: one thread at a time.
 *
 * All times are ns. Captures beyond 2^61 (the year 2043; the wire ends in
 * 2038) and arrivals beyond 2^61 (73 years) count as 2^61.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _RcClockMap RcClockMap;

/**
 * RcClockMapResult:
 * @RC_CLOCK_MAP_FOLLOWED: the mapping goes on; since the last set it moved by
 *   at most 200 ppm of the time between the two captures
 * @RC_CLOCK_MAP_STARTED: the first set: the mapping begins at its arrival
 * @RC_CLOCK_MAP_JUMPED: the mapping begins anew, for the camera's clock was
 *   set, or sets come lastingly sooner or later than before
 *
 * What a set did to the mapping. All but FOLLOWED are a discontinuity.
 */
typedef enum {
  RC_CLOCK_MAP_FOLLOWED = 0,
  RC_CLOCK_MAP_STARTED,
  RC_CLOCK_MAP_JUMPED,
} RcClockMapResult;

RcClockMap *rc_clock_map_new (void);
void rc_clock_map_free (RcClockMap *map);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcClockMap, rc_clock_map_free)

/* Forgets everything; the next set starts afresh. For when running time has
 * stood still. A new connection needs none: the mapping goes on over it. */
void rc_clock_map_reset (RcClockMap *map);

/**
 * rc_clock_map_update:
 * @capture: the set's time of capture, since the Unix epoch by the camera's
 *   clock
 * @arrival: the running time at which the set was received
 * @jump: (out) (optional): by how much the camera's clock went ahead of
 *   running time, negative if it fell back; 0 unless JUMPED
 *
 * To be called once a set, in the order of arrival, before the set's images
 * are mapped. A set without a time of capture has no place here: capture 0 is
 * taken as midnight, 1 January 1970.
 */
RcClockMapResult rc_clock_map_update (
    RcClockMap *map, guint64 capture, guint64 arrival, gint64 *jump);

/* The running time of @capture under the mapping as of the last update; 0 for
 * what would lie before running time 0, and without an update. Between two
 * updates the slope is exactly 1: what was captured 40 ms after the set lies
 * 40 ms after it. */
guint64 rc_clock_map_to_running_time (const RcClockMap *map, guint64 capture);

G_END_DECLS
