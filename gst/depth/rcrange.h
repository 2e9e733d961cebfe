/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The range of values worth showing in an image. Pure. */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Of the valid values, the share that lies beyond either end. */
#define RC_RANGE_TAIL 0.02
/* In which a range has come most (1 - 1/e) of the way to a new one, seconds. */
#define RC_RANGE_SETTLING_TIME 1.0

typedef struct {
  gdouble low;
  gdouble high;
} RcRange;

/* How often each value of an image occurs. */
typedef struct {
  guint32 counts[G_MAXUINT16 + 1];
  guint n; /* values counted */
} RcHistogram;

void rc_histogram_clear (RcHistogram *histogram);

/* Counts values of a row of @width, beginning with the first, @step apart. */
void rc_histogram_add_bytes (
    RcHistogram *histogram, const guint8 *row, guint width, guint step);
void rc_histogram_add_words (RcHistogram *histogram, const guint8 *row,
    guint width, guint step, gboolean is_bigendian);

/* The values within RC_RANGE_TAIL and 1 - RC_RANGE_TAIL of those that are not
 * @invalid; FALSE, and @range as it was, if there are none. */
gboolean rc_histogram_get_range (
    const RcHistogram *histogram, gint invalid, RcRange *range);

/* Takes @range towards @target; @elapsed: seconds since it last did. */
void rc_range_follow (RcRange *range, const RcRange *target, gdouble elapsed);

G_END_DECLS
