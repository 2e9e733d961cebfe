/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the property `stats` says, held against what passed the pads. */

#pragma once

#include <gst/gst.h>

typedef struct {
  guint64 images; /* received by pads whose account was checked */
  guint64 lost;   /* of those, without a counter */
} SoakAccountFigures;

/* A violation if there is none. */
guint64 soak_stats_count (const GstStructure *stats, const gchar *name);

/**
 * soak_account_check:
 * @stats: in READY or NULL
 * @pad: a name
 * @passed: buffers on that pad
 * @resumed: counters began anew in PAUSED: one image may have come after that
 *   was counted before
 * @whole_sets: every set had an image for the pad
 * @figures: are added to
 *
 * For a pad that was there from the beginning.
 */
void soak_account_check (const GstStructure *stats, const gchar *pad,
    guint64 passed, gboolean resumed, gboolean whole_sets,
    SoakAccountFigures *figures);
