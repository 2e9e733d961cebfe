/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Where GStreamer pipelines end: fakesinks whose buffers are mapped and touched
 * as they come, and counted as sets: a set is there when its last image is.
 * When a set was sent says its GstReferenceTimestampMeta, else OFFSET_END;
 * OFFSET tells sets apart. */

#pragma once

#include <gst/gst.h>

#include "meter.h"

G_BEGIN_DECLS

typedef struct _BenchSinks BenchSinks;

/* @n_pads: sinks that make up a set. */
BenchSinks *bench_sinks_new (Meter *meter, guint n_pads);
/* When nothing comes any more. */
void bench_sinks_free (BenchSinks *sinks);

/* Adds one to @bin and returns its pad, for a source pad to be linked to. */
GstPad *bench_sinks_add (BenchSinks *sinks, GstBin *bin);

/* Waits until the meter has enough, at most until @deadline
 * (g_get_monotonic_time ()); TRUE if it has. */
gboolean bench_sinks_wait (BenchSinks *sinks, gint64 deadline);

/* Waits for the first set; when the first buffer and it came, meter_clock (). */
void bench_sinks_wait_first (
    BenchSinks *sinks, gdouble *first_buffer, gdouble *first_set);

/* While held, each sink keeps the buffer that comes. */
void bench_sinks_hold (BenchSinks *sinks, gboolean hold);

G_END_DECLS
