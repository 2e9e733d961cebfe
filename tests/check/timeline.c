/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What pads get of sets whose times are told to be this or that. All times are
 * ns. */

#include <gst/check/gstcheck.h>

#include "source/gstrctimeline.h"
#include "wire/rcimagesetbuilder.h"
#include "wirefixture.h"

#define MS GST_MSECOND
#define S GST_SECOND
#define HOUR (3600 * S)
#define PERIOD (40 * MS)

/* A day in 2025, and the running time at which its set arrives. */
#define EPOCH G_GUINT64_CONSTANT (1753093721123456789)
#define ORIGIN (2 * S + 345678)

/* The set does not have it. */
#define LACKS G_MAXUINT64
/* It has it, without a time. */
#define UNTOLD 0

/* Times of a set and of two of its images. */
typedef struct {
  guint64 set;
  guint64 left;
  guint64 disparity;
} Times;

static GstRcTimeline timeline;
static guint64 next_number;

static void
setup (void)
{
  gst_rc_timeline_init (&timeline);
  next_number = 0;
}

static void
teardown (void)
{
  gst_rc_timeline_clear (&timeline);
}

static RcImageSet *
make_set (Times times)
{
  g_autoptr (RcImageSetBuilder) builder = rc_image_set_builder_new (times.set);
  g_autoptr (GBytes) pixel = g_bytes_new ("ab", 2);
  g_autoptr (GPtrArray) pieces = NULL;
  g_autoptr (GError) error = NULL;
  RcImage image = {.width = 1, .height = 1, .step = 2};
  const RcDisparity disparity = {.scale = 1};
  GBytes *bytes;
  RcChunk chunk;
  RcImageSet *set;

  image.encoding = RC_ENCODING_MONO16;
  if (times.left != LACKS) {
    image.timestamp = times.left;
    rc_image_set_builder_add_image (builder, RC_STREAM_LEFT, &image, pixel);
  }
  if (times.disparity != LACKS) {
    image.timestamp = times.disparity;
    rc_image_set_builder_add_disparity (builder, &disparity, &image, pixel);
  }
  pieces = rc_image_set_builder_finish (builder);
  bytes = fixture_flatten (pieces);
  chunk.data = g_bytes_get_data (bytes, &chunk.size);
  set = rc_image_set_new (
      &chunk, 1, bytes, (GDestroyNotify)g_bytes_unref, &error);
  g_assert_no_error (error);
  return set;
}

/* What three pads get. */
typedef struct {
  RcQueuedSet left;
  RcQueuedSet disparity;
  RcQueuedSet metadata;
} Items;

static Items
take (Times times, GstClockTime arrival)
{
  g_autoptr (RcImageSet) set = make_set (times);
  Items items;

  gst_rc_timeline_take (&timeline, set, next_number++, arrival);
  items.left = gst_rc_timeline_item (&timeline, set, RC_STREAM_LEFT);
  items.disparity = gst_rc_timeline_item (&timeline, set, RC_STREAM_DISPARITY);
  items.metadata = gst_rc_timeline_item (&timeline, set, RC_STREAM_METADATA);
  fail_unless (items.metadata.set == set);
  fail_unless (items.left.set == (times.left == LACKS ? NULL : set));
  fail_unless (items.disparity.set == (times.disparity == LACKS ? NULL : set));
  fail_unless_equals_uint64 (items.left.number, next_number - 1);
  fail_unless_equals_uint64 (items.metadata.number, next_number - 1);
  return items;
}

static void
assert_pts (Items items, guint64 left, guint64 disparity, guint64 metadata)
{
  fail_unless_equals_uint64 (items.left.pts, left);
  fail_unless_equals_uint64 (items.disparity.pts, disparity);
  fail_unless_equals_uint64 (items.metadata.pts, metadata);
}

/* The set that is due @n periods after the first, all of one time. */
static Items
take_nth (guint n)
{
  guint64 time = EPOCH + n * PERIOD;

  return take ((Times){time, time, time}, ORIGIN + n * PERIOD);
}

static void
assert_nth (Items items, guint n)
{
  assert_pts (
      items, ORIGIN + n * PERIOD, ORIGIN + n * PERIOD, ORIGIN + n * PERIOD);
}

static void
assert_strays (guint strays, guint new_strays)
{
  fail_unless_equals_int (timeline.strays, strays);
  fail_unless_equals_int (timeline.new_strays, new_strays);
}

#define LEFT (1u << RC_STREAM_LEFT)
#define DISPARITY (1u << RC_STREAM_DISPARITY)

/* ---- the times of a set ---- */

GST_START_TEST (test_each_image_has_its_time)
{
  Items items;

  assert_nth (take_nth (0), 0);
  items = take ((Times){EPOCH + S, EPOCH + S - 7 * MS, EPOCH + S + 40 * MS},
      ORIGIN + S + 30 * MS);
  assert_pts (items, ORIGIN + S - 7 * MS, ORIGIN + S + 40 * MS, ORIGIN + S);
  assert_strays (0, 0);
}
GST_END_TEST;

GST_START_TEST (test_arrival)
{
  gst_rc_timeline_start (&timeline, GST_RC_TIMESTAMP_MODE_ARRIVAL);
  for (guint n = 0; n < 3; n++) {
    GstClockTime arrival = ORIGIN + n * 55 * MS;
    Times times = {
        EPOCH + n * PERIOD, EPOCH + n * PERIOD + HOUR, EPOCH - n * HOUR};

    assert_pts (take (times, arrival), arrival, arrival, arrival);
    fail_unless_equals_int (timeline.mapping, RC_CLOCK_MAP_FOLLOWED);
    assert_strays (0, 0);
  }
}
GST_END_TEST;

GST_START_TEST (test_what_a_set_lacks)
{
  take_nth (0);
  assert_pts (take ((Times){EPOCH + PERIOD, LACKS, EPOCH + PERIOD + MS},
                  ORIGIN + PERIOD),
      ORIGIN + PERIOD, ORIGIN + PERIOD + MS, ORIGIN + PERIOD);
  assert_strays (0, 0);
}
GST_END_TEST;

GST_START_TEST (test_image_without_time)
{
  take_nth (0);
  assert_nth (
      take ((Times){EPOCH + PERIOD, UNTOLD, UNTOLD}, ORIGIN + PERIOD), 1);
  assert_strays (0, 0);
}
GST_END_TEST;

/* Its images' times count all the same, and the first of them for what has
 * none. */
GST_START_TEST (test_set_without_time)
{
  take_nth (0);
  assert_pts (take ((Times){UNTOLD, EPOCH + PERIOD, EPOCH + 2 * PERIOD},
                  ORIGIN + PERIOD + 20 * MS),
      ORIGIN + PERIOD, ORIGIN + 2 * PERIOD, ORIGIN + PERIOD);
  assert_pts (take ((Times){UNTOLD, UNTOLD, EPOCH + 3 * PERIOD},
                  ORIGIN + 3 * PERIOD + 20 * MS),
      ORIGIN + 3 * PERIOD, ORIGIN + 3 * PERIOD, ORIGIN + 3 * PERIOD);
  assert_pts (
      take ((Times){UNTOLD, LACKS, EPOCH + 4 * PERIOD}, ORIGIN + 4 * PERIOD),
      ORIGIN + 4 * PERIOD, ORIGIN + 4 * PERIOD, ORIGIN + 4 * PERIOD);
  assert_strays (0, 0);
  assert_nth (take_nth (5), 5);
  fail_unless_equals_int (timeline.mapping, RC_CLOCK_MAP_FOLLOWED);
}
GST_END_TEST;

GST_START_TEST (test_set_without_any_time)
{
  const GstClockTime arrival = ORIGIN + PERIOD + 11 * MS;

  take_nth (0);
  assert_pts (take ((Times){UNTOLD, UNTOLD, UNTOLD}, arrival), arrival, arrival,
      arrival);
  fail_unless_equals_int (timeline.mapping, RC_CLOCK_MAP_FOLLOWED);
  assert_strays (0, 0);
  assert_nth (take_nth (2), 2);
}
GST_END_TEST;

/* At power-up, where 0 is near. */
GST_START_TEST (test_image_without_time_in_1970)
{
  assert_pts (
      take ((Times){UNTOLD, 300 * MS, UNTOLD}, ORIGIN), ORIGIN, ORIGIN, ORIGIN);
  assert_pts (take ((Times){340 * MS, UNTOLD, 300 * MS}, ORIGIN + PERIOD),
      ORIGIN + PERIOD, ORIGIN, ORIGIN + PERIOD);
  assert_strays (0, 0);
}
GST_END_TEST;

/* ---- times that cannot be ---- */

GST_START_TEST (test_limit_is_exact)
{
  const guint64 limit = GST_RC_TIMELINE_MAX_SPREAD;
  const guint64 capture = EPOCH + 10 * S, pts = ORIGIN + 10 * S;

  take_nth (0);
  assert_pts (take ((Times){capture, capture - limit, capture + limit}, pts),
      pts - limit, pts + limit, pts);
  assert_strays (0, 0);
  assert_pts (
      take ((Times){capture, capture - limit - 1, capture + limit}, pts), pts,
      pts + limit, pts);
  assert_strays (LEFT, LEFT);
  assert_pts (
      take ((Times){capture, capture - limit, capture + limit + 1}, pts),
      pts - limit, pts, pts);
  assert_strays (DISPARITY, DISPARITY);
}
GST_END_TEST;

/* PTS never go back on a pad, so none may go far ahead. */
GST_START_TEST (test_one_wrong_image)
{
  const guint64 wrong[] = {1, S, EPOCH - HOUR, EPOCH + HOUR, G_MAXINT32 * S};

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++) {
    Items items;

    teardown ();
    setup ();
    for (guint n = 0; n < 3; n++)
      assert_nth (take_nth (n), n);
    items = take ((Times){EPOCH + 3 * PERIOD, wrong[i], EPOCH + 3 * PERIOD},
        ORIGIN + 3 * PERIOD);
    assert_nth (items, 3);
    assert_strays (LEFT, LEFT);
    fail_if (items.left.resync);
    assert_nth (take_nth (4), 4);
    assert_strays (0, 0);
  }
}
GST_END_TEST;

GST_START_TEST (test_runs_of_wrong_images)
{
  const struct {
    guint64 left, disparity;
    guint strays, new_strays;
  } sets[] = {
      {0, HOUR, DISPARITY, DISPARITY},
      {0, HOUR, DISPARITY, 0},
      {2 * HOUR, HOUR, LEFT | DISPARITY, LEFT},
      {HOUR, 2 * HOUR, LEFT | DISPARITY, 0},
      /* A set that lacks the image ends no run of it. */
      {LACKS, HOUR, LEFT | DISPARITY, 0},
      {HOUR, 0, LEFT, 0},
      {0, 0, 0, 0},
      {HOUR, 0, LEFT, LEFT},
  };

  for (guint n = 0; n < G_N_ELEMENTS (sets); n++) {
    guint64 time = EPOCH + n * PERIOD;
    Times times = {time, sets[n].left == LACKS ? LACKS : time + sets[n].left,
        time + sets[n].disparity};

    assert_nth (take (times, ORIGIN + n * PERIOD), n);
    assert_strays (sets[n].strays, sets[n].new_strays);
  }
  gst_rc_timeline_start (&timeline, GST_RC_TIMESTAMP_MODE_CAPTURE);
  assert_strays (0, 0);
}
GST_END_TEST;

/* All its times: as if the clock had jumped, there and back again. */
GST_START_TEST (test_one_wrong_set)
{
  const guint64 wrong[] = {1, S, EPOCH - HOUR, EPOCH + HOUR, G_MAXINT32 * S};

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++) {
    for (guint n_before = 0; n_before < 3; n_before++) {
      Times times = {wrong[i], wrong[i], wrong[i]};
      Items items;

      teardown ();
      setup ();
      for (guint n = 0; n < n_before; n++)
        assert_nth (take_nth (n), n);
      items = take (times, ORIGIN + n_before * PERIOD);
      assert_nth (items, n_before);
      fail_unless (items.left.resync);
      items = take_nth (n_before + 1);
      assert_nth (items, n_before + 1);
      fail_unless (items.left.resync);
      items = take_nth (n_before + 2);
      assert_nth (items, n_before + 2);
      fail_if (items.left.resync);
    }
  }
}
GST_END_TEST;

/* Its own time only: its images go with it, there and back again. */
GST_START_TEST (test_set_with_a_wrong_time)
{
  take_nth (0);
  take_nth (1);
  assert_nth (take ((Times){EPOCH + HOUR, EPOCH + 2 * PERIOD, LACKS},
                  ORIGIN + 2 * PERIOD),
      2);
  assert_strays (LEFT, LEFT);
  assert_nth (take_nth (3), 3);
  assert_nth (take_nth (4), 4);
  fail_unless_equals_int (timeline.mapping, RC_CLOCK_MAP_FOLLOWED);
}
GST_END_TEST;

/* ---- breaks ---- */

GST_START_TEST (test_first_set)
{
  fail_unless (take_nth (0).left.resync);
  fail_unless_equals_int (timeline.mapping, RC_CLOCK_MAP_STARTED);
  fail_if (take_nth (1).left.resync);
}
GST_END_TEST;

GST_START_TEST (test_break_keeps_the_mapping)
{
  Items items;

  take_nth (0);
  gst_rc_timeline_break (&timeline, S);
  items = take ((Times){EPOCH + 10 * S, EPOCH + 10 * S, EPOCH + 10 * S},
      ORIGIN + 10 * S + 30 * MS);
  assert_pts (items, ORIGIN + 10 * S, ORIGIN + 10 * S, ORIGIN + 10 * S);
  fail_unless (items.left.resync && items.metadata.resync);
  fail_unless_equals_int (timeline.mapping, RC_CLOCK_MAP_FOLLOWED);
  fail_if (take_nth (251).left.resync);
}
GST_END_TEST;

/* Where GAP events have been. One bound for all pads, which stays. */
GST_START_TEST (test_break_has_a_floor)
{
  const GstClockTime arrival = ORIGIN + 10 * S + 300 * MS;
  const GstClockTime floor = arrival - 100 * MS;
  guint64 time = EPOCH + 10 * S;

  take_nth (0);
  gst_rc_timeline_break (&timeline, 100 * MS);
  assert_pts (take ((Times){time, time, time + 250 * MS}, arrival), floor,
      ORIGIN + 10 * S + 250 * MS, floor);
  time += PERIOD;
  assert_pts (take ((Times){time, time, time + 250 * MS}, arrival), floor,
      ORIGIN + 10 * S + 250 * MS + PERIOD, floor);
}
GST_END_TEST;

GST_START_TEST (test_break_near_the_beginning)
{
  gst_rc_timeline_break (&timeline, HOUR);
  assert_nth (take_nth (0), 0);
  fail_unless_equals_uint64 (timeline.floor, 0);
}
GST_END_TEST;

GST_START_TEST (test_clock_jump)
{
  Items items;

  take_nth (0);
  items = take ((Times){EPOCH + HOUR, EPOCH + HOUR, EPOCH + HOUR + 40 * MS},
      ORIGIN + PERIOD);
  assert_pts (
      items, ORIGIN + PERIOD, ORIGIN + PERIOD + 40 * MS, ORIGIN + PERIOD);
  fail_unless (items.disparity.resync);
  fail_unless_equals_int (timeline.mapping, RC_CLOCK_MAP_JUMPED);
  fail_unless_equals_int64 (timeline.jump, HOUR - PERIOD);
}
GST_END_TEST;

GST_START_TEST (test_running_time_begins_anew)
{
  Items before, after;

  take_nth (0);
  before = take_nth (100);
  after = take ((Times){EPOCH + 5 * S, EPOCH + 5 * S, LACKS}, 10 * MS);
  assert_pts (after, 10 * MS, 10 * MS, 10 * MS);
  fail_unless_equals_int (after.left.epoch, before.left.epoch + 1);
  fail_unless (after.left.resync);
  fail_unless_equals_int (timeline.mapping, RC_CLOCK_MAP_STARTED);
  fail_unless_equals_uint64 (timeline.floor, 0);
  after = take (
      (Times){EPOCH + 5 * S + PERIOD, EPOCH + 5 * S, LACKS}, 10 * MS + PERIOD);
  fail_unless_equals_int (after.left.epoch, before.left.epoch + 1);
  fail_if (after.left.resync);
}
GST_END_TEST;

GST_START_TEST (test_start_forgets)
{
  take_nth (0);
  gst_rc_timeline_break (&timeline, 0);
  take_nth (1);
  fail_unless (timeline.floor > 0);
  gst_rc_timeline_start (&timeline, GST_RC_TIMESTAMP_MODE_CAPTURE);
  /* Later by what no mapping would have followed, with images before it. */
  assert_pts (take ((Times){EPOCH, EPOCH - S, EPOCH}, ORIGIN + S), ORIGIN,
      ORIGIN + S, ORIGIN + S);
  fail_unless_equals_int (timeline.mapping, RC_CLOCK_MAP_STARTED);
  fail_unless_equals_uint64 (timeline.duration, 40 * MS);
}
GST_END_TEST;

/* ---- duration ---- */

GST_START_TEST (test_duration)
{
  /* Nothing is known of the first; then it is the time since the last. */
  fail_unless_equals_uint64 (take_nth (0).metadata.duration, 40 * MS);
  fail_unless_equals_uint64 (take_nth (1).metadata.duration, PERIOD);
  fail_unless_equals_uint64 (take_nth (4).metadata.duration, 3 * PERIOD);
  /* Minutes between sets: a line is not shown for ever. */
  fail_unless_equals_uint64 (take_nth (4000).metadata.duration, S);
  /* The same set again. */
  fail_unless_equals_uint64 (take_nth (4000).metadata.duration, 40 * MS);
  fail_unless_equals_uint64 (take_nth (4002).left.duration, 2 * PERIOD);
}
GST_END_TEST;

static Suite *
timeline_suite (void)
{
  Suite *suite = suite_create ("timeline");
  TCase *times = tcase_create ("times");
  TCase *wrong = tcase_create ("wrong");
  TCase *breaks = tcase_create ("breaks");

  suite_add_tcase (suite, times);
  tcase_add_checked_fixture (times, setup, teardown);
  tcase_add_test (times, test_each_image_has_its_time);
  tcase_add_test (times, test_arrival);
  tcase_add_test (times, test_what_a_set_lacks);
  tcase_add_test (times, test_image_without_time);
  tcase_add_test (times, test_image_without_time_in_1970);
  tcase_add_test (times, test_set_without_time);
  tcase_add_test (times, test_set_without_any_time);
  tcase_add_test (times, test_duration);

  suite_add_tcase (suite, wrong);
  tcase_add_checked_fixture (wrong, setup, teardown);
  tcase_add_test (wrong, test_limit_is_exact);
  tcase_add_test (wrong, test_one_wrong_image);
  tcase_add_test (wrong, test_runs_of_wrong_images);
  tcase_add_test (wrong, test_one_wrong_set);
  tcase_add_test (wrong, test_set_with_a_wrong_time);

  suite_add_tcase (suite, breaks);
  tcase_add_checked_fixture (breaks, setup, teardown);
  tcase_add_test (breaks, test_first_set);
  tcase_add_test (breaks, test_break_keeps_the_mapping);
  tcase_add_test (breaks, test_break_has_a_floor);
  tcase_add_test (breaks, test_break_near_the_beginning);
  tcase_add_test (breaks, test_clock_jump);
  tcase_add_test (breaks, test_running_time_begins_anew);
  tcase_add_test (breaks, test_start_forgets);

  return suite;
}

GST_CHECK_MAIN (timeline);
