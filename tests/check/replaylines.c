/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which line of a recording an image finds, and how long it waits for one. */

#include <gst/check/gstcheck.h>

#include "recording/rcreplaylines.h"

#define MS G_GUINT64_CONSTANT (1000000)
#define MARGIN (2000 * MS)

/* Of left and disparity, 40 ms apart. */
static void
add (RcReplayLines *lines, guint64 number, guint64 pts)
{
  RcRecordSet *set = rc_record_set_new ();

  set->number = number;
  set->pts[RC_STREAM_LEFT] = pts;
  set->pts[RC_STREAM_DISPARITY] = pts + 40 * MS;
  rc_replay_lines_add (lines, set, pts);
}

static void
check_take (RcReplayLines *lines, RcStream stream, guint64 pts, guint64 number)
{
  const RcRecordSet *set;

  fail_unless_equals_int (
      rc_replay_lines_take (lines, stream, pts, MS, MARGIN, &set),
      RC_REPLAY_FOUND);
  fail_unless_equals_uint64 (set->number, number);
}

static void
check_take_other (
    RcReplayLines *lines, RcStream stream, guint64 pts, RcReplayResult result)
{
  const RcRecordSet *set;

  fail_unless_equals_int (
      rc_replay_lines_take (lines, stream, pts, MS, MARGIN, &set), result);
}

GST_START_TEST (test_find)
{
  RcReplayLines *lines = rc_replay_lines_new ();

  for (guint i = 0; i < 10; i++)
    add (lines, i, i * 40 * MS);
  rc_replay_lines_end (lines);
  check_take (lines, RC_STREAM_LEFT, 120 * MS + 400, 3);
  check_take (lines, RC_STREAM_DISPARITY, 120 * MS - 400, 2);
  /* Once for each stream. */
  check_take_other (lines, RC_STREAM_LEFT, 120 * MS, RC_REPLAY_NONE);
  check_take_other (lines, RC_STREAM_RIGHT, 120 * MS, RC_REPLAY_NONE);
  check_take_other (lines, RC_STREAM_LEFT, 141 * MS + 1, RC_REPLAY_NONE);
  rc_replay_lines_reset (lines);
  rc_replay_lines_end (lines);
  check_take_other (lines, RC_STREAM_LEFT, 0, RC_REPLAY_NONE);
  rc_replay_lines_free (lines);
}
GST_END_TEST;

/* Of images with one PTS the first has the first line. */
GST_START_TEST (test_same_time)
{
  RcReplayLines *lines = rc_replay_lines_new ();

  for (guint i = 0; i < 3; i++)
    add (lines, i, 0);
  for (guint i = 0; i < 3; i++)
    check_take (lines, RC_STREAM_LEFT, 0, i);
  rc_replay_lines_free (lines);
}
GST_END_TEST;

/* One that is far ahead says that none comes for what is behind. */
GST_START_TEST (test_margin)
{
  RcReplayLines *lines = rc_replay_lines_new ();

  add (lines, 0, 10 * MARGIN);
  check_take_other (lines, RC_STREAM_LEFT, 9 * MARGIN - 1, RC_REPLAY_NONE);
  rc_replay_lines_free (lines);
}
GST_END_TEST;

GST_START_TEST (test_let_go)
{
  RcReplayLines *lines = rc_replay_lines_new ();

  rc_replay_lines_set_flushing (lines, TRUE);
  check_take_other (lines, RC_STREAM_LEFT, 0, RC_REPLAY_FLUSHING);
  rc_replay_lines_set_flushing (lines, FALSE);
  rc_replay_lines_stop (lines);
  check_take_other (lines, RC_STREAM_LEFT, 0, RC_REPLAY_FLUSHING);
  rc_replay_lines_free (lines);
}
GST_END_TEST;

/* The file's reader waits for the images, and they do not wait for it. */
GST_START_TEST (test_held_up)
{
  RcReplayLines *lines = rc_replay_lines_new ();

  add (lines, 0, 0);
  rc_replay_lines_hold_up (lines);
  check_take (lines, RC_STREAM_LEFT, 0, 0);
  check_take_other (lines, RC_STREAM_LEFT, 40 * MS, RC_REPLAY_NONE);
  add (lines, 2, 80 * MS);
  check_take (lines, RC_STREAM_LEFT, 80 * MS, 2);
  rc_replay_lines_free (lines);
}
GST_END_TEST;

static gpointer
take_in_thread (gpointer lines)
{
  check_take (lines, RC_STREAM_LEFT, 80 * MS, 2);
  return NULL;
}

static gpointer
wait_in_thread (gpointer lines)
{
  check_take_other (lines, RC_STREAM_LEFT, 120 * MS, RC_REPLAY_FLUSHING);
  return NULL;
}

/* Lines may come after their images. */
GST_START_TEST (test_wait)
{
  RcReplayLines *lines = rc_replay_lines_new ();
  GThread *thread = g_thread_new ("image", take_in_thread, lines);

  for (guint i = 0; i < 3; i++) {
    g_thread_yield ();
    add (lines, i, i * 40 * MS);
  }
  g_thread_join (thread);
  thread = g_thread_new ("image", wait_in_thread, lines);
  rc_replay_lines_stop (lines);
  g_thread_join (thread);
  rc_replay_lines_free (lines);
}
GST_END_TEST;

static Suite *
replaylines_suite (void)
{
  Suite *suite = suite_create ("replaylines");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_find);
  tcase_add_test (tcase, test_same_time);
  tcase_add_test (tcase, test_margin);
  tcase_add_test (tcase, test_let_go);
  tcase_add_test (tcase, test_held_up);
  tcase_add_test (tcase, test_wait);
  return suite;
}

GST_CHECK_MAIN (replaylines);
