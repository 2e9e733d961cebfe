/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* rcdepth: pixels, parameters, metas, caps, messages. */

#include "depthfixture.h"

#include <math.h>

#define LE GST_VIDEO_FORMAT_GRAY16_LE
#define BE GST_VIDEO_FORMAT_GRAY16_BE
#define FOCAL_LENGTH 512.0

static GstHarness *harness;
static GstBus *bus;

static void
set_up (void)
{
  harness = gst_harness_new ("rcdepth");
  bus = watch (harness->element);
}

static void
tear_down (void)
{
  gst_element_set_bus (harness->element, NULL);
  gst_clear_object (&bus);
  gst_harness_teardown (harness);
}

static void
set_caps (GstVideoFormat format, guint width, guint height)
{
  gst_harness_set_src_caps (harness, make_caps (format, width, height));
}

static GstBuffer *
convert (GstBuffer *buffer)
{
  GstBuffer *out = gst_harness_push_and_pull (harness, buffer);

  fail_unless (out != NULL);
  return out;
}

/* With that f·t, a scale of 1/16 and millimetres. */
static void
check_pixels (GstBuffer *out, guint width, guint height, gdouble ft)
{
  GstVideoInfo info;
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (harness->sinkpad);

  fail_unless (gst_video_info_from_caps (&info, caps));
  fail_unless_equals_int (GST_VIDEO_INFO_FORMAT (&info), LE);
  fail_unless_equals_int (GST_VIDEO_INFO_WIDTH (&info), width);
  fail_unless_equals_int (GST_VIDEO_INFO_HEIGHT (&info), height);
  for (guint row = 0; row < height; row++) {
    for (guint column = 0; column < width; column++) {
      guint value = pixel_value (column, row);
      gdouble expected = value ? 16000 * ft / value : 0;
      guint got = get_pixel (out, &info, column, row);

      /* 0.001 is no number in binary: a half may go either way. */
      fail_unless (
          fabs (got - expected) < 0.5 + 1e-9, "%u of %g", got, expected);
    }
  }
}

static const struct {
  GstVideoFormat format;
  guint width, height, padding;
} kinds[] = {{LE, 64, 48, 0}, {BE, 64, 48, 0}, {LE, 1, 1, 0}, {BE, 1, 7, 0},
    {LE, 7, 1, 0}, {LE, 107, 5, 0}, {BE, 107, 5, 0}, {LE, 107, 5, 2},
    {BE, 107, 5, 10}, {LE, 63, 4, 1}, {BE, 63, 4, 3}};

GST_START_TEST (test_pixels)
{
  GstBuffer *in = make_image (kinds[__i__].format, kinds[__i__].width,
      kinds[__i__].height, kinds[__i__].padding);
  g_autoptr (GstBuffer) out = NULL;

  set_up ();
  set_caps (kinds[__i__].format, kinds[__i__].width, kinds[__i__].height);
  add_meta (in, "disparity", FOCAL_LENGTH);
  out = convert (in);
  check_pixels (
      out, kinds[__i__].width, kinds[__i__].height, FOCAL_LENGTH * 0.0625);
  expect_nothing (bus);
  tear_down ();
}
GST_END_TEST;

/* In one stream, as when a camera changes its quality. */
GST_START_TEST (test_changes_in_mid_stream)
{
  set_up ();
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
    GstBuffer *in = make_image (
        kinds[i].format, kinds[i].width, kinds[i].height, kinds[i].padding);
    g_autoptr (GstBuffer) out = NULL;

    add_meta (in, "disparity", FOCAL_LENGTH + i);
    set_caps (kinds[i].format, kinds[i].width, kinds[i].height);
    out = convert (in);
    check_pixels (
        out, kinds[i].width, kinds[i].height, (FOCAL_LENGTH + i) * 0.0625);
  }
  expect_nothing (bus);
  tear_down ();
}
GST_END_TEST;

/* What the caps say counts. */
GST_START_TEST (test_padded_image)
{
  GstBuffer *in = make_padded_image (LE, 8, 4);
  g_autoptr (GstBuffer) out = NULL;

  set_up ();
  set_caps (LE, 8, 4);
  add_meta (in, "disparity", FOCAL_LENGTH);
  out = convert (in);
  check_pixels (out, 8, 4, FOCAL_LENGTH * 0.0625);
  tear_down ();
}
GST_END_TEST;

/* What a GstVideoMeta says of its size is not believed. */
GST_START_TEST (test_cut_image)
{
  GstBuffer *in = make_cut_image (LE, 8, 4);

  set_up ();
  set_caps (LE, 8, 4);
  add_meta (in, "disparity", FOCAL_LENGTH);
  fail_unless_equals_int (gst_harness_push (harness, in), GST_FLOW_ERROR);
  expect (bus, GST_MESSAGE_ERROR, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT);
  tear_down ();
}
GST_END_TEST;

static guint
count_metas (GstBuffer *buffer)
{
  gpointer state = NULL;
  GstMeta *meta;
  guint n = 0;

  while ((meta = gst_buffer_iterate_meta (buffer, &state)) != NULL)
    n += gst_meta_info_is_custom (meta->info)
         && gst_custom_meta_has_name ((GstCustomMeta *)meta, "GstRcImageMeta");
  return n;
}

/* What was said with the image stays true with its depth. */
GST_START_TEST (test_meta)
{
  g_autoptr (GstCaps) unix_time = gst_caps_from_string ("timestamp/x-unix");
  GstBuffer *in = make_image (LE, 8, 4, 0);
  g_autoptr (GstBuffer) kept = NULL, out = NULL;
  GstReferenceTimestampMeta *reference;
  GstStructure *fields;
  guint64 timestamp;

  set_up ();
  fields = add_meta (in, "disparity", FOCAL_LENGTH);
  gst_structure_set (fields, "invalid-data-value", G_TYPE_DOUBLE, 65535.0,
      "gain", G_TYPE_DOUBLE, 6.5, NULL);
  gst_buffer_add_reference_timestamp_meta (in, unix_time, 77, 7);
  kept = gst_buffer_ref (in);
  set_caps (LE, 8, 4);
  g_object_set (harness->element, "unit", 0.0001, NULL);
  out = convert (in);

  fail_unless_equals_string (
      gst_structure_get_string (get_meta (out), "stream"), "depth");
  check_field (out, "unit", 0.0001);
  check_field (out, "invalid-data-value", 0);
  check_field (out, "focal-length", FOCAL_LENGTH);
  check_field (out, "principal-point-u", 100);
  check_field (out, "baseline", 0.0625);
  check_field (out, "gain", 6.5);
  fail_unless (
      gst_structure_get_uint64 (get_meta (out), "set-timestamp", &timestamp));
  fail_unless_equals_uint64 (timestamp, 1753093721123456789);
  reference = gst_buffer_get_reference_timestamp_meta (out, NULL);
  fail_unless (reference != NULL);
  fail_unless_equals_uint64 (reference->timestamp, 77);
  fail_unless_equals_uint64 (GST_BUFFER_PTS (out), GST_SECOND);
  fail_unless_equals_uint64 (GST_BUFFER_OFFSET (out), 42);

  /* Another branch has the disparity as it was. */
  fail_unless_equals_string (
      gst_structure_get_string (get_meta (kept), "stream"), "disparity");
  check_field (kept, "invalid-data-value", 65535);
  fail_unless_equals_int (count_metas (out), 1);
  tear_down ();
}
GST_END_TEST;

/* The image's own word counts before a property's, where there is one. */
GST_START_TEST (test_parameters)
{
  GstBuffer *in = make_image (LE, 8, 4, 0);
  g_autoptr (GstBuffer) out = NULL;
  GstStructure *fields;

  set_up ();
  set_caps (LE, 8, 4);
  g_object_set (harness->element, "focal-length", 1000.0, "baseline", 0.5,
      "scale", 0.0625, "offset", 0.0, "invalid-data-value", 0.0, NULL);
  out = convert (in);
  check_pixels (out, 8, 4, 500);
  fail_unless (gst_buffer_get_custom_meta (out, "GstRcImageMeta") == NULL);
  gst_clear_buffer (&out);

  in = make_image (LE, 8, 4, 0);
  add_meta (in, "disparity", FOCAL_LENGTH);
  out = convert (in);
  check_pixels (out, 8, 4, FOCAL_LENGTH * 0.0625);
  gst_clear_buffer (&out);

  /* A camera that does not say them. */
  in = make_image (LE, 8, 4, 0);
  fields = add_meta (in, "disparity", 0);
  gst_structure_set (fields, "baseline", G_TYPE_DOUBLE, 0.0, "scale",
      G_TYPE_DOUBLE, 0.0, NULL);
  out = convert (in);
  check_pixels (out, 8, 4, 500);
  expect_nothing (bus);
  tear_down ();
}
GST_END_TEST;

/* From one image to the next. */
GST_START_TEST (test_properties_in_playing)
{
  g_autoptr (GstBuffer) out = NULL;
  GstVideoInfo info;
  guint value = pixel_value (1, 0);

  set_up ();
  set_caps (LE, 8, 4);
  gst_video_info_set_format (&info, LE, 8, 4);
  g_object_set (harness->element, "focal-length", 100.0, "baseline", 1.0, NULL);
  out = convert (make_image (LE, 8, 4, 0));
  check_pixels (out, 8, 4, 100);
  gst_clear_buffer (&out);

  g_object_set (harness->element, "unit", 0.01, NULL);
  out = convert (make_image (LE, 8, 4, 0));
  fail_unless_equals_int (
      get_pixel (out, &info, 1, 0), (int)round (160000.0 / value));
  gst_clear_buffer (&out);

  g_object_set (harness->element, "max-depth", 1600.0 / value - 0.001, NULL);
  out = convert (make_image (LE, 8, 4, 0));
  fail_unless_equals_int (get_pixel (out, &info, 1, 0), 0);
  fail_unless (get_pixel (out, &info, 2, 0) > 0);
  gst_clear_buffer (&out);

  g_object_set (harness->element, "max-depth", G_MAXDOUBLE, "min-depth",
      1600.0 / value - 0.001, NULL);
  out = convert (make_image (LE, 8, 4, 0));
  fail_unless (get_pixel (out, &info, 1, 0) > 0);
  fail_unless_equals_int (get_pixel (out, &info, 2, 0), 0);
  tear_down ();
}
GST_END_TEST;

static GstBuffer *
make_with_left (guint left_width, gdouble left_focal_length)
{
  GstBuffer *in = make_image (LE, 16, 4, 0);

  gst_structure_set (add_meta (in, "disparity", FOCAL_LENGTH), "left-width",
      G_TYPE_UINT, left_width, "left-focal-length", G_TYPE_DOUBLE,
      left_focal_length, NULL);
  return in;
}

static void
check_left (guint left_width, gdouble left_focal_length, gdouble focal_length)
{
  g_autoptr (GstBuffer) out =
      convert (make_with_left (left_width, left_focal_length));

  check_pixels (out, 16, 4, focal_length * 0.0625);
  check_field (out, "focal-length", focal_length);
  check_field (out, "principal-point-u", 100 * focal_length / FOCAL_LENGTH);
  check_field (out, "principal-point-v", 80 * focal_length / FOCAL_LENGTH);
}

/* The left image's focal length at another size is scaled, which is told once
 * in a run. */
GST_START_TEST (test_focal_length_of_the_wrong_size)
{
  GstSegment segment;

  set_up ();
  set_caps (LE, 16, 4);
  check_left (16, FOCAL_LENGTH, FOCAL_LENGTH);
  check_left (32, 2 * FOCAL_LENGTH, FOCAL_LENGTH);
  check_left (32, 1.001 * FOCAL_LENGTH, FOCAL_LENGTH);
  check_left (32, 0, FOCAL_LENGTH);
  check_left (0, FOCAL_LENGTH, FOCAL_LENGTH);
  expect_nothing (bus);

  check_left (32, FOCAL_LENGTH, FOCAL_LENGTH / 2);
  expect (bus, GST_MESSAGE_WARNING, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT);
  check_left (64, FOCAL_LENGTH, FOCAL_LENGTH / 4);
  check_left (16, FOCAL_LENGTH, FOCAL_LENGTH);
  expect_nothing (bus);

  gst_element_set_state (harness->element, GST_STATE_READY);
  gst_element_set_state (harness->element, GST_STATE_PLAYING);
  gst_harness_push_event (harness, gst_event_new_stream_start ("another"));
  set_caps (LE, 16, 4);
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_harness_push_event (harness, gst_event_new_segment (&segment));
  check_left (32, FOCAL_LENGTH, FOCAL_LENGTH / 2);
  expect (bus, GST_MESSAGE_WARNING, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT);
  tear_down ();
}
GST_END_TEST;

static const struct {
  gdouble focal_length, baseline;
} lacking[] = {{0, 0}, {500, 0}, {0, 0.16}};

GST_START_TEST (test_no_parameters)
{
  set_up ();
  set_caps (LE, 8, 4);
  g_object_set (harness->element, "focal-length", lacking[__i__].focal_length,
      "baseline", lacking[__i__].baseline, NULL);
  fail_unless_equals_int (
      gst_harness_push (harness, make_image (LE, 8, 4, 0)), GST_FLOW_ERROR);
  expect (
      bus, GST_MESSAGE_ERROR, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS);
  expect_nothing (bus);
  tear_down ();
}
GST_END_TEST;

/* Its own output, for one. */
GST_START_TEST (test_no_disparity)
{
  GstBuffer *in = make_image (LE, 8, 4, 0);

  set_up ();
  set_caps (LE, 8, 4);
  add_meta (in, "depth", FOCAL_LENGTH);
  fail_unless_equals_int (gst_harness_push (harness, in), GST_FLOW_ERROR);
  expect (
      bus, GST_MESSAGE_ERROR, GST_STREAM_ERROR, GST_STREAM_ERROR_WRONG_TYPE);
  tear_down ();
}
GST_END_TEST;

/* Upstream is told what can come, and what is wanted of it. */
GST_START_TEST (test_caps)
{
  g_autoptr (GstCaps) caps = NULL, wanted = NULL, other = NULL;

  set_up ();
  gst_harness_set_sink_caps_str (
      harness, "video/x-raw, format = (string) GRAY16_LE, width = (int) 8");
  caps = gst_pad_peer_query_caps (harness->srcpad, NULL);
  wanted = gst_caps_from_string (
      "video/x-raw, format = (string) GRAY16_BE, width = (int) 8, "
      "height = (int) 4, framerate = (fraction) 25/1");
  fail_unless (gst_caps_can_intersect (caps, wanted));
  gst_caps_set_simple (wanted, "width", G_TYPE_INT, 9, NULL);
  fail_if (gst_caps_can_intersect (caps, wanted));
  other = gst_caps_from_string ("video/x-raw, format = (string) GRAY8");
  fail_if (gst_caps_can_intersect (caps, other));
  tear_down ();
}
GST_END_TEST;

static Suite *
rcdepth_suite (void)
{
  Suite *suite = suite_create ("rcdepth");
  TCase *tcase = tcase_create ("rcdepth");

  suite_add_tcase (suite, tcase);
  tcase_add_loop_test (tcase, test_pixels, 0, G_N_ELEMENTS (kinds));
  tcase_add_test (tcase, test_changes_in_mid_stream);
  tcase_add_test (tcase, test_padded_image);
  tcase_add_test (tcase, test_cut_image);
  tcase_add_test (tcase, test_meta);
  tcase_add_test (tcase, test_parameters);
  tcase_add_test (tcase, test_properties_in_playing);
  tcase_add_test (tcase, test_focal_length_of_the_wrong_size);
  tcase_add_loop_test (tcase, test_no_parameters, 0, G_N_ELEMENTS (lacking));
  tcase_add_test (tcase, test_no_disparity);
  tcase_add_test (tcase, test_caps);
  return suite;
}

GST_CHECK_MAIN (rcdepth);
