/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What GstRcSetMatcher does where its pads come, go, flush, change or stay
 * silent, and what comes out besides the sets. */

#include "setmatcherfixture.h"

#include <gst/video/video.h>

#include "meta/gstrcimagemeta.h"

/* ---- pads ---- */

static const Item one[] = {IMAGE (1), IMAGE (2), IMAGE (3), END};

GST_START_TEST (test_three_pads)
{
  static const Item some[] = {IMAGE (1), IMAGE (3), IMAGE (4), END};
  static const Item others[] = {IMAGE (2), IMAGE (3), IMAGE (4), END};
  static const Item all[] = {IMAGE (1), IMAGE (2), IMAGE (3), IMAGE (4), END};
  Feed a, b, c;

  set_up (__i__);
  add_error (__i__);
  start_feed (&a, disparity, all);
  start_feed (&b, left, some);
  start_feed (&c, error, others);
  check_output (3, 3, 3);
  check_output (4, 4, 4);
  wait_for_eos ();
  g_thread_join (a.thread);
  g_thread_join (b.thread);
  g_thread_join (c.thread);
  check_stats (2, 2);
  tear_down ();
}
GST_END_TEST;

GST_START_TEST (test_pads_come_and_go)
{
  GstPad *pad;

  set_up (__i__);
  fail_unless (gst_element_request_pad (element,
                   gst_element_get_pad_template (element, "left"), NULL, NULL)
               == NULL);
  push_item (disparity, &one[0]);
  push_item (left, &one[0]);
  check_output (1, 1, 0);

  add_error (__i__);
  push_item (disparity, &one[1]);
  push_item (left, &one[1]);
  push_item (error, &one[1]);
  check_output (2, 2, 2);

  /* Another that is waited for goes. */
  push_item (disparity, &one[2]);
  push_item (error, &one[2]);
  pad = gst_element_get_static_pad (element, "left");
  gst_element_release_request_pad (element, pad);
  gst_object_unref (pad);
  check_output (3, 0, 3);
  check_stats (3, 0);
  tear_down ();
}
GST_END_TEST;

/* ---- what else comes out ---- */

static GstEvent *
pull_event (GstEventType type)
{
  for (;;) {
    GstEvent *event = gst_harness_pull_event (disparity);

    fail_unless (event != NULL, "no %s", gst_event_type_get_name (type));
    if (GST_EVENT_TYPE (event) == type)
      return event;
    gst_event_unref (event);
  }
}

GST_START_TEST (test_times_and_flags)
{
  g_autoptr (GstCaps) caps = gst_caps_from_string ("timestamp/x-unix");
  g_autoptr (GstBuffer) out = NULL;
  g_autoptr (GstEvent) gap = NULL;
  GstReferenceTimestampMeta *reference;
  const Item four = IMAGE (4);
  GstBuffer *in = make_image (&one[2]);
  GstClockTime start;
  Feed feed;

  set_up (FALSE);
  start_feed (
      &feed, left, (const Item[]){IMAGE (1), IMAGE (3), IMAGE (4), END});
  push_item (disparity, &one[0]);
  out = gst_harness_pull (disparity);
  fail_if (GST_BUFFER_FLAG_IS_SET (out, GST_BUFFER_FLAG_DISCONT));
  gst_clear_buffer (&out);

  /* One set is dropped: a gap, and the next one does not follow on. */
  push_item (disparity, &one[1]);
  GST_BUFFER_DURATION (in) = 33 * MS;
  GST_BUFFER_OFFSET_END (in) = 4;
  GST_BUFFER_FLAG_SET (in, GST_BUFFER_FLAG_MARKER);
  gst_buffer_add_reference_timestamp_meta (in, caps, T, 7);
  gst_harness_push (disparity, in);
  out = gst_harness_pull (disparity);
  fail_unless_equals_uint64 (GST_BUFFER_PTS (out), PTS (3));
  fail_unless_equals_uint64 (GST_BUFFER_DURATION (out), 33 * MS);
  fail_unless_equals_uint64 (GST_BUFFER_OFFSET (out), 3);
  fail_unless_equals_uint64 (GST_BUFFER_OFFSET_END (out), 4);
  fail_unless (GST_BUFFER_FLAG_IS_SET (out, GST_BUFFER_FLAG_MARKER));
  fail_unless (GST_BUFFER_FLAG_IS_SET (out, GST_BUFFER_FLAG_DISCONT));
  reference = gst_buffer_get_reference_timestamp_meta (out, NULL);
  fail_unless (reference != NULL);
  fail_unless_equals_uint64 (reference->timestamp, T);
  fail_unless_equals_uint64 (reference->duration, 7);
  gst_clear_buffer (&out);
  push_item (disparity, &four);
  out = gst_harness_pull (disparity);
  fail_if (GST_BUFFER_FLAG_IS_SET (out, GST_BUFFER_FLAG_DISCONT));
  gap = pull_event (GST_EVENT_GAP);
  gst_event_parse_gap (gap, &start, NULL);
  fail_unless_equals_uint64 (start, PTS (2));
  g_thread_join (feed.thread);
  tear_down ();
}
GST_END_TEST;

/* The segment is that of "disparity": a file that is played from its middle
 * keeps its PTS. */
GST_START_TEST (test_segment)
{
  g_autoptr (GstEvent) event = NULL;
  const GstSegment *got;
  GstSegment segment;

  set_up (FALSE);
  gst_segment_init (&segment, GST_FORMAT_TIME);
  segment.start = segment.time = S / 2;
  gst_harness_push_event (disparity, gst_event_new_segment (&segment));
  push_item (disparity, &one[0]);
  push_item (left, &one[0]);
  check_output (1, 1, 0);
  event = pull_event (GST_EVENT_SEGMENT);
  gst_event_parse_segment (event, &got);
  fail_unless_equals_uint64 (got->start, S / 2);
  fail_unless_equals_uint64 (got->time, S / 2);
  tear_down ();
}
GST_END_TEST;

static void
check_size (gint width, gint height)
{
  g_autoptr (GstBuffer) buffer = gst_harness_pull (disparity);
  g_autoptr (GstCaps) caps = NULL;
  GstVideoInfo info;
  Joined joined;

  fail_unless (buffer != NULL);
  gst_buffer_extract (buffer, 0, &joined, sizeof joined);
  fail_unless_equals_int (joined.width, width);
  fail_unless_equals_int (joined.height, height);
  caps = gst_pad_get_current_caps (disparity->sinkpad);
  fail_unless (gst_video_info_from_caps (&info, caps));
  fail_unless_equals_int (GST_VIDEO_INFO_WIDTH (&info), width);
  fail_unless_equals_int (GST_VIDEO_INFO_HEIGHT (&info), height);
}

static gpointer
push_two_sizes (gpointer data)
{
  push_item (disparity, &one[0]);
  gst_harness_push_event (disparity,
      gst_event_new_caps (gst_caps_from_string (
          "video/x-raw, format = (string) GRAY16_LE, width = (int) 2, "
          "height = (int) 1, framerate = (fraction) 0/1")));
  push_item (disparity, &one[1]);
  return NULL;
}

/* The caps that an image came with count, not those that came last. */
GST_START_TEST (test_caps_change)
{
  GThread *thread;

  set_up (__i__);
  thread = g_thread_new ("push", push_two_sizes, NULL);
  push_item (left, &one[0]);
  check_size (4, 2);
  push_item (left, &one[1]);
  check_size (2, 1);
  g_thread_join (thread);
  tear_down ();
}
GST_END_TEST;

GST_START_TEST (test_flush)
{
  GstEvent *start, *stop, *other;
  GstSegment segment;

  set_up (__i__);
  push_item (disparity, &one[0]);
  push_item (left, &one[0]);
  check_output (1, 1, 0);
  push_item (disparity, &one[1]);

  /* All pads get it, as from a seek: with the same number. */
  start = gst_event_new_flush_start ();
  other = gst_event_new_flush_start ();
  gst_event_set_seqnum (other, gst_event_get_seqnum (start));
  gst_harness_push_event (disparity, start);
  gst_harness_push_event (left, other);
  stop = gst_event_new_flush_stop (TRUE);
  gst_event_set_seqnum (stop, gst_event_get_seqnum (other));
  other = gst_event_new_flush_stop (TRUE);
  gst_event_set_seqnum (other, gst_event_get_seqnum (stop));
  gst_harness_push_event (disparity, stop);
  gst_harness_push_event (left, other);
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_harness_push_event (disparity, gst_event_new_segment (&segment));
  gst_harness_push_event (left, gst_event_new_segment (&segment));

  /* What waited before is gone. */
  push_item (left, &one[1]);
  push_item (disparity, &one[2]);
  push_item (left, &one[2]);
  check_output (3, 3, 0);
  fail_unless_equals_uint64 (get_stat ("images-unmatched"), 1);
  check_stats (2, 0);
  tear_down ();
}
GST_END_TEST;

GST_START_TEST (test_start_anew)
{
  set_up (TRUE);
  push_item (disparity, &one[0]);
  push_item (left, &one[0]);
  check_output (1, 1, 0);
  push_item (disparity, &one[1]);
  gst_element_set_state (element, GST_STATE_READY);
  gst_element_set_state (element, GST_STATE_PLAYING);
  check_stats (0, 0);
  tear_down ();
}
GST_END_TEST;

static gpointer
push_in_vain (gpointer data)
{
  for (guint i = 0; i < 10; i++)
    gst_harness_push (disparity, make_image (&one[2]));
  return NULL;
}

/* Upstream waits for room, the task for "left". That this ends is what is
 * tested; the element is what stops it, not the harness. */
GST_START_TEST (test_stop_while_waiting)
{
  GThread *threads[3];

  set_up (__i__);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("push", push_in_vain, NULL);
  g_usleep (1000);
  gst_element_set_state (element, GST_STATE_NULL);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  tear_down ();
}
GST_END_TEST;

/* ---- silence ---- */

/* The matcher waits for the clock; it is past what it waits for. */
static void
pass_patience (void)
{
  g_autoptr (GstTestClock) clock =
      GST_TEST_CLOCK (gst_element_get_clock (element));
  GstClockID id;

  gst_test_clock_wait_for_next_pending_id (clock, &id);
  gst_test_clock_set_time (clock, gst_clock_id_get_time (id));
  id = gst_test_clock_process_next_clock_id (clock);
  gst_clock_id_unref (id);
}

static void
expect_warning (void)
{
  g_autoptr (GstMessage) message =
      gst_bus_timed_pop_filtered (bus, LONG * GST_USECOND, GST_MESSAGE_WARNING);
  g_autoptr (GError) warning = NULL;

  fail_unless (message != NULL);
  gst_message_parse_warning (message, &warning, NULL);
  fail_unless (g_error_matches (warning, GST_CORE_ERROR, GST_CORE_ERROR_CLOCK));
}

/* In a live pipeline a pad without anything holds the others up once; then they
 * lose their sets at once, which is said, until something comes. */
GST_START_TEST (test_silence)
{
  static const Item many[] = {IMAGE (1), IMAGE (2), IMAGE (3), IMAGE (4),
      IMAGE (5), IMAGE (6), IMAGE (7), END};

  set_up (TRUE);
  push_item (disparity, &many[0]);
  pass_patience ();
  expect_warning ();
  wait_for_stat ("sets-dropped", 1);
  for (guint i = 1; i < 5; i++) {
    push_item (disparity, &many[i]);
    wait_for_stat ("sets-dropped", i + 1);
  }

  push_item (left, &many[5]);
  push_item (disparity, &many[5]);
  check_output (6, 6, 0);
  push_item (disparity, &many[6]);
  push_item (left, &many[6]);
  check_output (7, 7, 0);
  check_stats (2, 5);
  fail_if (has_complaint ());
  tear_down ();
}
GST_END_TEST;

GST_START_TEST (test_silence_of_disparity)
{
  static const Item many[] = {IMAGE (1), IMAGE (2), IMAGE (3), IMAGE (4), END};

  set_up (TRUE);
  push_item (left, &many[0]);
  pass_patience ();
  expect_warning ();
  wait_for_stat ("images-unmatched", 1);
  for (guint i = 1; i < 3; i++) {
    push_item (left, &many[i]);
    wait_for_stat ("images-unmatched", i + 1);
  }
  push_item (disparity, &many[3]);
  push_item (left, &many[3]);
  check_output (4, 4, 0);
  tear_down ();
}
GST_END_TEST;

/* One pad that is silent is no reason not to wait for the others. */
GST_START_TEST (test_silence_of_one_of_three)
{
  static const Item many[] = {IMAGE (1), IMAGE (2), IMAGE (3), END};

  set_up (TRUE);
  add_error (TRUE);
  push_item (disparity, &many[0]);
  push_item (error, &many[0]);
  pass_patience ();
  expect_warning ();
  wait_for_stat ("sets-dropped", 1);
  wait_for_stat ("images-unmatched", 1);

  push_item (error, &many[1]);
  for (guint i = 0; i < 20; i++) {
    wake_due ();
    g_usleep (1000);
  }
  fail_unless_equals_uint64 (get_stat ("images-unmatched"), 1);
  push_item (disparity, &many[1]);
  wait_for_stat ("sets-dropped", 2);
  wait_for_stat ("images-unmatched", 2);
  fail_if (has_complaint ());

  push_item (left, &many[2]);
  push_item (error, &many[2]);
  push_item (disparity, &many[2]);
  check_output (3, 3, 3);
  fail_if (has_complaint ());
  tear_down ();
}
GST_END_TEST;

/* A pad that was requested, and not linked, is nobody's fault. */
GST_START_TEST (test_not_linked)
{
  GstPad *pad;

  set_up (TRUE);
  pad = gst_element_request_pad_simple (element, "error");
  push_item (disparity, &one[0]);
  push_item (left, &one[0]);
  pass_patience ();
  check_output (1, 1, 0);
  push_item (disparity, &one[1]);
  push_item (left, &one[1]);
  wait_for_stat ("sets", 2);
  check_output (2, 2, 0);
  fail_if (has_complaint ());
  gst_element_release_request_pad (element, pad);
  gst_object_unref (pad);
  tear_down ();
}
GST_END_TEST;

GST_START_TEST (test_latency)
{
  set_up (TRUE);
  gst_harness_set_upstream_latency (disparity, 30 * MS);
  gst_harness_set_upstream_latency (left, 100 * MS);
  push_item (disparity, &one[0]);
  push_item (left, &one[0]);
  check_output (1, 1, 0);
  fail_unless_equals_uint64 (gst_harness_query_latency (disparity), 100 * MS);
  tear_down ();
}
GST_END_TEST;

static Suite *
setmatcherpads_suite (void)
{
  Suite *suite = suite_create ("setmatcherpads");
  TCase *tcase;

  gst_rc_image_meta_register ();

  tcase = tcase_create ("pads");
  suite_add_tcase (suite, tcase);
  tcase_add_loop_test (tcase, test_three_pads, FALSE, TRUE + 1);
  tcase_add_loop_test (tcase, test_pads_come_and_go, FALSE, TRUE + 1);

  tcase = tcase_create ("output");
  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_times_and_flags);
  tcase_add_test (tcase, test_segment);
  tcase_add_loop_test (tcase, test_caps_change, FALSE, TRUE + 1);
  tcase_add_loop_test (tcase, test_flush, FALSE, TRUE + 1);
  tcase_add_test (tcase, test_start_anew);
  tcase_add_loop_test (tcase, test_stop_while_waiting, FALSE, TRUE + 1);

  tcase = tcase_create ("silence");
  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_silence);
  tcase_add_test (tcase, test_silence_of_disparity);
  tcase_add_test (tcase, test_silence_of_one_of_three);
  tcase_add_test (tcase, test_not_linked);
  tcase_add_test (tcase, test_latency);
  return suite;
}

GST_CHECK_MAIN (setmatcherpads);
