/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which parts of a set make one line, and when. */

#include <gst/check/gstcheck.h>

#include "recording/rcrecordsets.h"

#define MS G_GUINT64_CONSTANT (1000000)
#define LEFT (1 << RC_STREAM_LEFT)
#define DISPARITY (1 << RC_STREAM_DISPARITY)
#define METADATA (1 << RC_STREAM_METADATA)

static RcRecordSets *
expecting (guint streams)
{
  RcRecordSets *sets = rc_record_sets_new ();

  for (guint i = 0; i < RC_N_STREAMS; i++) {
    if (streams & (1 << i))
      rc_record_sets_expect (sets, i);
  }
  return sets;
}

static void
add (RcRecordSets *sets, RcStream stream, guint64 number, guint64 timestamp,
    guint64 pts)
{
  RcRecordSet *part = rc_record_set_new ();

  part->number = number;
  part->timestamp = timestamp;
  part->pts[stream] = pts;
  rc_record_sets_add (sets, stream, part);
}

static void
check_next (RcRecordSets *sets, guint64 number, guint streams)
{
  g_autoptr (RcRecordSet) set = rc_record_sets_pop (sets);

  fail_unless (set != NULL);
  fail_unless_equals_uint64 (set->number, number);
  for (guint i = 0; i < RC_N_STREAMS; i++)
    fail_unless_equals_int (
        set->pts[i] != RC_RECORD_NONE, (streams & (1 << i)) != 0);
}

static void
check_nothing (RcRecordSets *sets)
{
  fail_unless (rc_record_sets_pop (sets) == NULL);
}

GST_START_TEST (test_whole)
{
  g_autoptr (RcRecordSets) sets = expecting (LEFT | DISPARITY | METADATA);

  check_nothing (sets);
  add (sets, RC_STREAM_METADATA, 0, 7, 10 * MS);
  add (sets, RC_STREAM_LEFT, 0, 7, 10 * MS);
  check_nothing (sets);
  add (sets, RC_STREAM_DISPARITY, 0, 7, 50 * MS);
  check_next (sets, 0, LEFT | DISPARITY | METADATA);
  check_nothing (sets);
}
GST_END_TEST;

/* A stream may run ahead of another. */
GST_START_TEST (test_ahead)
{
  g_autoptr (RcRecordSets) sets = expecting (LEFT | DISPARITY);

  for (guint i = 0; i < 4; i++)
    add (sets, RC_STREAM_LEFT, i, 0, i * 40 * MS);
  check_nothing (sets);
  for (guint i = 0; i < 4; i++) {
    /* When the next set begins. */
    add (sets, RC_STREAM_DISPARITY, i, 0, (i + 1) * 40 * MS);
    check_next (sets, i, LEFT | DISPARITY);
    check_nothing (sets);
  }
}
GST_END_TEST;

/* A part of a set comes before any of the one before it. */
GST_START_TEST (test_order)
{
  g_autoptr (RcRecordSets) sets = expecting (LEFT | METADATA);

  add (sets, RC_STREAM_LEFT, 3, 0, 0);
  add (sets, RC_STREAM_METADATA, 3, 0, 0);
  check_next (sets, 3, LEFT | METADATA);
  rc_record_sets_skip (sets, RC_STREAM_LEFT, 0);
  add (sets, RC_STREAM_LEFT, 5, 0, 1);
  check_nothing (sets);
  add (sets, RC_STREAM_METADATA, 4, 0, 0);
  check_next (sets, 4, METADATA);
  check_nothing (sets);
  add (sets, RC_STREAM_METADATA, 5, 0, 1);
  check_next (sets, 5, LEFT | METADATA);
}
GST_END_TEST;

GST_START_TEST (test_missing)
{
  g_autoptr (RcRecordSets) sets = expecting (LEFT | DISPARITY);

  add (sets, RC_STREAM_LEFT, 0, 0, 0);
  check_nothing (sets);
  /* Dropped: the next one says so. */
  add (sets, RC_STREAM_DISPARITY, 1, 0, 40 * MS);
  check_next (sets, 0, LEFT);
  add (sets, RC_STREAM_LEFT, 1, 0, 40 * MS);
  check_next (sets, 1, LEFT | DISPARITY);
  /* None in the set: a GAP says so. One that may be of the set before, 40 ms
   * apart, does not. */
  add (sets, RC_STREAM_LEFT, 2, 0, 80 * MS);
  rc_record_sets_skip (sets, RC_STREAM_DISPARITY, 80 * MS);
  check_nothing (sets);
  rc_record_sets_skip (sets, RC_STREAM_DISPARITY, 120 * MS);
  check_next (sets, 2, LEFT);
}
GST_END_TEST;

GST_START_TEST (test_limit)
{
  g_autoptr (RcRecordSets) sets = expecting (LEFT | DISPARITY);
  guint i;

  for (i = 0; i * 40 * MS <= RC_RECORD_MAX_WAIT; i++) {
    add (sets, RC_STREAM_LEFT, i, 0, i * 40 * MS);
    check_nothing (sets);
  }
  add (sets, RC_STREAM_LEFT, i, 0, i * 40 * MS);
  check_next (sets, 0, LEFT);
  check_nothing (sets);
  /* Late: a line of its own. It says nothing of the others. */
  add (sets, RC_STREAM_DISPARITY, 0, 0, 0);
  check_next (sets, 0, DISPARITY);
  check_nothing (sets);
  add (sets, RC_STREAM_DISPARITY, 1, 0, 40 * MS);
  check_next (sets, 1, LEFT | DISPARITY);
}
GST_END_TEST;

/* Lines are small and come long before their images where those are slow. */
/* A set a second, and one stream is silent. */
GST_START_TEST (test_rare)
{
  g_autoptr (RcRecordSets) sets = expecting (LEFT | DISPARITY);

  add (sets, RC_STREAM_LEFT, 0, 0, 0);
  add (sets, RC_STREAM_LEFT, 1, 0, RC_RECORD_MAX_WAIT);
  check_nothing (sets);
  add (sets, RC_STREAM_LEFT, 2, 0, 2 * RC_RECORD_MAX_WAIT);
  check_next (sets, 0, LEFT);
  check_nothing (sets);
}
GST_END_TEST;

GST_START_TEST (test_lines_run_ahead)
{
  g_autoptr (RcRecordSets) sets = expecting (LEFT | METADATA);

  for (guint i = 0; i < 256; i++) {
    add (sets, RC_STREAM_METADATA, i, 0, i * 40 * MS);
    check_nothing (sets);
  }
  for (guint i = 0; i < 256; i++) {
    add (sets, RC_STREAM_LEFT, i, 0, i * 40 * MS);
    check_next (sets, i, LEFT | METADATA);
  }
  for (guint i = 0; i < RC_RECORD_MAX_LINES; i++) {
    add (sets, RC_STREAM_METADATA, 256 + i, 0, (256 + i) * 40 * MS);
    check_nothing (sets);
  }
  add (sets, RC_STREAM_METADATA, 256 + RC_RECORD_MAX_LINES, 0,
      (256 + RC_RECORD_MAX_LINES) * 40 * MS);
  check_next (sets, 256, METADATA);
}
GST_END_TEST;

GST_START_TEST (test_end)
{
  g_autoptr (RcRecordSets) sets = expecting (LEFT | DISPARITY);

  add (sets, RC_STREAM_LEFT, 0, 0, 0);
  fail_if (rc_record_sets_is_ended (sets));
  rc_record_sets_end (sets, RC_STREAM_DISPARITY);
  check_next (sets, 0, LEFT);
  rc_record_sets_end (sets, RC_STREAM_LEFT);
  fail_unless (rc_record_sets_is_ended (sets));
}
GST_END_TEST;

/* Without numbers the camera's time tells, without it the PTS. */
GST_START_TEST (test_without_numbers)
{
  g_autoptr (RcRecordSets) sets = expecting (LEFT | DISPARITY);

  add (sets, RC_STREAM_LEFT, RC_RECORD_NONE, 7, 0);
  add (sets, RC_STREAM_DISPARITY, 3, 7, 40 * MS);
  check_next (sets, 3, LEFT | DISPARITY);
  add (sets, RC_STREAM_LEFT, RC_RECORD_NONE, 0, 80 * MS);
  add (sets, RC_STREAM_DISPARITY, RC_RECORD_NONE, 0, 80 * MS + MS / 2);
  check_next (sets, RC_RECORD_NONE, LEFT | DISPARITY);
  /* The same number of another count. */
  add (sets, RC_STREAM_LEFT, 5, 8, 120 * MS);
  add (sets, RC_STREAM_DISPARITY, 5, 9, 120 * MS);
  check_next (sets, 5, LEFT);
}
GST_END_TEST;

static Suite *
recordsets_suite (void)
{
  Suite *suite = suite_create ("recordsets");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_whole);
  tcase_add_test (tcase, test_ahead);
  tcase_add_test (tcase, test_order);
  tcase_add_test (tcase, test_missing);
  tcase_add_test (tcase, test_limit);
  tcase_add_test (tcase, test_rare);
  tcase_add_test (tcase, test_lines_run_ahead);
  tcase_add_test (tcase, test_end);
  tcase_add_test (tcase, test_without_numbers);
  return suite;
}

GST_CHECK_MAIN (recordsets);
