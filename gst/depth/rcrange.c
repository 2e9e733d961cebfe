/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "depth/rcrange.h"

#include <math.h>
#include <string.h>

void
rc_histogram_clear (RcHistogram *histogram)
{
  memset (histogram, 0, sizeof *histogram);
}

void
rc_histogram_add_bytes (
    RcHistogram *histogram, const guint8 *row, guint width, guint step)
{
  for (guint i = 0; i < width; i += step) {
    histogram->counts[row[i]]++;
    histogram->n++;
  }
}

void
rc_histogram_add_words (RcHistogram *histogram, const guint8 *row, guint width,
    guint step, gboolean is_bigendian)
{
  guint high = is_bigendian ? 0 : 1;

  for (guint i = 0; i < width; i += step) {
    histogram->counts[row[2 * i + high] << 8 | row[2 * i + 1 - high]]++;
    histogram->n++;
  }
}

gboolean
rc_histogram_get_range (
    const RcHistogram *histogram, gint invalid, RcRange *range)
{
  guint n_invalid =
      invalid >= 0 && invalid <= G_MAXUINT16 ? histogram->counts[invalid] : 0;
  guint n = histogram->n - n_invalid;
  guint tail = n * RC_RANGE_TAIL;
  guint seen = 0;
  gboolean have_low = FALSE;

  if (n == 0)
    return FALSE;
  for (gint i = 0; i <= G_MAXUINT16; i++) {
    if (i == invalid || histogram->counts[i] == 0)
      continue;
    seen += histogram->counts[i];
    if (!have_low && seen > tail) {
      range->low = i;
      have_low = TRUE;
    }
    if (seen >= n - tail) {
      range->high = i;
      break;
    }
  }
  return TRUE;
}

void
rc_range_follow (RcRange *range, const RcRange *target, gdouble elapsed)
{
  gdouble share = -expm1 (-MAX (elapsed, 0) / RC_RANGE_SETTLING_TIME);

  range->low += share * (target->low - range->low);
  range->high += share * (target->high - range->high);
}
