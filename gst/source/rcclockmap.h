/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Maps the camera's capture time to the pipeline's running time. Pure: time is
 * a parameter. */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _RcClockMap RcClockMap;

RcClockMap *rc_clock_map_new (void);
void rc_clock_map_free (RcClockMap *map);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcClockMap, rc_clock_map_free)

/* Forgets everything; the next set starts afresh. */
void rc_clock_map_reset (RcClockMap *map);

/* A set with the time of capture @capture (ns since the Unix epoch, the
 * camera's clock) has arrived at the running time @arrival (ns). TRUE if the
 * mapping jumped: the first set, or the camera's clock was set. */
gboolean rc_clock_map_update (
    RcClockMap *map, guint64 capture, guint64 arrival);

/* The running time (ns) of @capture under the mapping as of the last update;
 * 0 for what would lie before running time 0. */
guint64 rc_clock_map_to_running_time (RcClockMap *map, guint64 capture);

G_END_DECLS
