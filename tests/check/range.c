/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <gst/check/gstcheck.h>

#include <math.h>
#include <stdlib.h>

#include "depth/rcrange.h"

static gint
compare (gconstpointer a, gconstpointer b)
{
  return *(const guint16 *)a - *(const guint16 *)b;
}

/* By sorting. */
static RcRange
find_range (guint16 *values, guint n)
{
  guint tail = n * 2 / 100;

  qsort (values, n, sizeof *values, compare);
  return (RcRange){values[tail], values[n - 1 - tail]};
}

GST_START_TEST (test_percentiles)
{
  RcHistogram *histogram = g_new (RcHistogram, 1);
  GRand *rand = g_rand_new_with_seed (__i__);
  guint n = g_rand_int_range (rand, 1, 3000), n_valid = 0;
  g_autofree guint16 *row = g_new (guint16, n);
  g_autofree guint16 *valid = g_new (guint16, n);
  guint top = 1 << g_rand_int_range (rand, 1, 17);
  RcRange range, expected;

  for (guint i = 0; i < n; i++) {
    guint16 value = g_rand_int_range (rand, 0, top);

    row[i] = GUINT16_TO_BE (value);
    if (value != 3)
      valid[n_valid++] = value;
  }
  rc_histogram_clear (histogram);
  rc_histogram_add_words (histogram, (const guint8 *)row, n, 1, TRUE);
  if (n_valid == 0) {
    fail_if (rc_histogram_get_range (histogram, 3, &range));
  } else {
    fail_unless (rc_histogram_get_range (histogram, 3, &range));
    expected = find_range (valid, n_valid);
    fail_unless_equals_float (range.low, expected.low);
    fail_unless_equals_float (range.high, expected.high);
  }
  g_rand_free (rand);
  g_free (histogram);
}
GST_END_TEST;

GST_START_TEST (test_samples)
{
  RcHistogram *histogram = g_new (RcHistogram, 1);
  const guint8 row[7] = {9, 1, 9, 1, 9, 1, 9};
  RcRange range;

  rc_histogram_clear (histogram);
  rc_histogram_add_bytes (histogram, row, 7, 2);
  fail_unless_equals_int (histogram->n, 4);
  fail_unless (rc_histogram_get_range (histogram, 0, &range));
  fail_unless_equals_float (range.low, 9);
  /* None, and none that is valid. */
  fail_if (rc_histogram_get_range (histogram, 9, &range));
  rc_histogram_clear (histogram);
  fail_if (rc_histogram_get_range (histogram, -1, &range));
  g_free (histogram);
}
GST_END_TEST;

/* The same after the same time, in however many steps. */
GST_START_TEST (test_follows_by_time)
{
  const RcRange target = {100, 400};
  RcRange once = {0, 0}, often = {0, 0};

  rc_range_follow (&once, &target, 0.5);
  for (guint i = 0; i < 50; i++)
    rc_range_follow (&often, &target, 0.01);
  fail_unless (fabs (once.low - 100 * (1 - exp (-0.5))) < 1e-9);
  fail_unless (fabs (often.low - once.low) < 1e-9);
  fail_unless (fabs (often.high - once.high) < 1e-9);
  rc_range_follow (&once, &target, -1);
  fail_unless (fabs (often.low - once.low) < 1e-9);
}
GST_END_TEST;

static Suite *
range_suite (void)
{
  Suite *suite = suite_create ("range");
  TCase *tcase = tcase_create ("range");

  suite_add_tcase (suite, tcase);
  tcase_add_loop_test (tcase, test_percentiles, 0, 200);
  tcase_add_test (tcase, test_samples);
  tcase_add_test (tcase, test_follows_by_time);
  return suite;
}

GST_CHECK_MAIN (range);
