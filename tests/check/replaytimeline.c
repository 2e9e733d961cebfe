/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Where images are that are played again and again. */

#include <gst/check/gstcheck.h>

#include "recording/rcreplaytimeline.h"

#define MS G_GUINT64_CONSTANT (1000000)

static void
check_place (RcReplayTimeline *timeline, RcStream stream, guint64 time,
    guint64 number, guint64 then_time, guint64 then_number)
{
  rc_replay_timeline_place (timeline, stream, &time, &number);
  fail_unless_equals_uint64 (time, then_time);
  fail_unless_equals_uint64 (number, then_number);
}

/* 10 images from 60 s on, and a stream that is 40 ms behind it. */
GST_START_TEST (test_rounds)
{
  RcReplayTimeline timeline = {0};

  rc_replay_timeline_seek (&timeline, 60000 * MS);
  for (guint64 round = 0; round < 5; round++) {
    for (guint64 i = 0; i < 10; i++) {
      guint64 time = 60000 * MS + i * 40 * MS, shift = round * 11 * 40 * MS;

      check_place (&timeline, RC_STREAM_LEFT, time, 7 + i, time + shift,
          7 + round * 10 + i);
      check_place (&timeline, RC_STREAM_DISPARITY, time + 40 * MS, 7 + i,
          time + 40 * MS + shift, 7 + round * 10 + i);
    }
    fail_unless (rc_replay_timeline_wrap (&timeline));
  }
}
GST_END_TEST;

GST_START_TEST (test_one_image)
{
  RcReplayTimeline timeline = {0};

  rc_replay_timeline_seek (&timeline, 5);
  for (guint64 round = 0; round < 3; round++) {
    check_place (&timeline, RC_STREAM_RIGHT, 5, RC_RECORD_NONE,
        5 + round * 40 * MS, RC_RECORD_NONE);
    fail_unless (rc_replay_timeline_wrap (&timeline));
  }
}
GST_END_TEST;

GST_START_TEST (test_nothing)
{
  RcReplayTimeline timeline = {0};

  rc_replay_timeline_seek (&timeline, 5);
  fail_if (rc_replay_timeline_wrap (&timeline));
  check_place (&timeline, RC_STREAM_LEFT, 9, 1, 9, 1);
  fail_unless (rc_replay_timeline_wrap (&timeline));
  fail_if (rc_replay_timeline_wrap (&timeline));
}
GST_END_TEST;

/* The round after it goes on behind what came, with all of the file. */
GST_START_TEST (test_seek)
{
  RcReplayTimeline timeline = {0};

  rc_replay_timeline_seek (&timeline, 100 * MS);
  for (guint64 i = 0; i < 3; i++)
    check_place (&timeline, RC_STREAM_LEFT, (100 + i * 40) * MS, i,
        (100 + i * 40) * MS, i);
  fail_unless (rc_replay_timeline_wrap (&timeline));
  rc_replay_timeline_seek (&timeline, 400 * MS);
  for (guint64 i = 8; i < 10; i++)
    check_place (&timeline, RC_STREAM_LEFT, (100 + i * 40) * MS, i,
        (100 + i * 40) * MS, i);
  fail_unless (rc_replay_timeline_wrap (&timeline));
  check_place (&timeline, RC_STREAM_LEFT, 100 * MS, 0, 500 * MS, 10);
}
GST_END_TEST;

/* There nothing comes, once. */
GST_START_TEST (test_seek_to_the_end)
{
  RcReplayTimeline timeline = {0};

  rc_replay_timeline_seek (&timeline, 100 * MS);
  check_place (&timeline, RC_STREAM_LEFT, 100 * MS, 3, 100 * MS, 3);
  rc_replay_timeline_seek (&timeline, 500 * MS);
  fail_unless (rc_replay_timeline_wrap (&timeline));
  check_place (&timeline, RC_STREAM_LEFT, 100 * MS, 3, 540 * MS, 3);
  rc_replay_timeline_seek (&timeline, 500 * MS);
  fail_unless (rc_replay_timeline_wrap (&timeline));
  fail_if (rc_replay_timeline_wrap (&timeline));
}
GST_END_TEST;

static Suite *
replaytimeline_suite (void)
{
  Suite *suite = suite_create ("replaytimeline");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_rounds);
  tcase_add_test (tcase, test_one_image);
  tcase_add_test (tcase, test_nothing);
  tcase_add_test (tcase, test_seek);
  tcase_add_test (tcase, test_seek_to_the_end);
  return suite;
}

GST_CHECK_MAIN (replaytimeline);
