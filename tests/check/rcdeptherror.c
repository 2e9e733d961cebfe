/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* rcdeptherror: pixels, metas, caps, messages. What it does about sets is
 * tested with GstRcSetMatcher. */

#include "depthfixture.h"

#include <gst/check/gsttestclock.h>
#include <math.h>

#define LE GST_VIDEO_FORMAT_GRAY16_LE
#define BE GST_VIDEO_FORMAT_GRAY16_BE
#define GRAY8 GST_VIDEO_FORMAT_GRAY8
#define FOCAL_LENGTH 512.0

static GstHarness *harness, *error;
static GstBus *bus;

static void
set_up (void)
{
  GstElement *element = gst_element_factory_make ("rcdeptherror", NULL);

  bus = watch (element);
  harness = gst_harness_new_with_element (element, "disparity", "src");
  error = gst_harness_new_with_element (element, "error", NULL);
  gst_object_unref (element);
}

static void
tear_down (void)
{
  gst_element_set_bus (harness->element, NULL);
  gst_clear_object (&bus);
  gst_harness_teardown (error);
  gst_harness_teardown (harness);
}

static void
set_caps (GstVideoFormat format, guint width, guint height)
{
  gst_harness_set_src_caps (harness, make_caps (format, width, height));
  gst_harness_set_src_caps (error, make_caps (GRAY8, width, height));
}

static gdouble
expected_pixel (guint column, guint row, gdouble ft, gdouble unit)
{
  gdouble d = pixel_value (column, row) / 16.0;
  guint8 e = pixel_value (column, row);

  if (d == 0)
    return 0;
  return CLAMP (e / 16.0 * ft / (d * d) / unit, 1, 65535);
}

static void
check_pixels (
    GstBuffer *out, guint width, guint height, gdouble ft, gdouble unit)
{
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (harness->sinkpad);
  GstVideoInfo info;

  fail_unless (gst_video_info_from_caps (&info, caps));
  fail_unless_equals_int (GST_VIDEO_INFO_FORMAT (&info), LE);
  fail_unless_equals_int (GST_VIDEO_INFO_WIDTH (&info), width);
  fail_unless_equals_int (GST_VIDEO_INFO_HEIGHT (&info), height);
  for (guint row = 0; row < height; row++) {
    for (guint column = 0; column < width; column++)
      fail_unless (fabs (get_pixel (out, &info, column, row)
                         - expected_pixel (column, row, ft, unit))
                   < 0.5 + 1e-6);
  }
}

static const struct {
  GstVideoFormat format;
  guint width, height, padding;
} kinds[] = {{LE, 64, 48, 0}, {BE, 64, 48, 0}, {LE, 1, 1, 0}, {LE, 107, 5, 0},
    {BE, 107, 5, 3}, {LE, 63, 4, 1}};

/* In one stream. */
GST_START_TEST (test_pixels)
{
  set_up ();
  g_object_set (harness->element, "unit", 0.00001, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
    GstBuffer *in = make_image (
        kinds[i].format, kinds[i].width, kinds[i].height, kinds[i].padding);
    g_autoptr (GstBuffer) out = NULL;

    set_caps (kinds[i].format, kinds[i].width, kinds[i].height);
    add_meta (in, "disparity", FOCAL_LENGTH + i);
    gst_harness_push (harness, in);
    gst_harness_push (error, make_image (GRAY8, kinds[i].width, kinds[i].height,
                                 2 * kinds[i].padding));
    out = gst_harness_pull (harness);
    fail_unless (out != NULL);
    check_pixels (out, kinds[i].width, kinds[i].height,
        (FOCAL_LENGTH + i) * 0.0625, 0.00001);
    check_field (out, "unit", 0.00001);
    check_field (out, "invalid-data-value", 0);
    fail_unless_equals_string (
        gst_structure_get_string (get_meta (out), "stream"), "depth-error");
    fail_unless_equals_uint64 (GST_BUFFER_PTS (out), GST_SECOND);
    fail_unless_equals_uint64 (GST_BUFFER_OFFSET (out), 42);
  }
  expect_nothing (bus);
  tear_down ();
}
GST_END_TEST;

GST_START_TEST (test_properties)
{
  g_autoptr (GstBuffer) out = NULL;

  set_up ();
  set_caps (LE, 8, 4);
  g_object_set (harness->element, "focal-length", 100.0, "baseline", 1.0, NULL);
  gst_harness_push (harness, make_image (LE, 8, 4, 0));
  gst_harness_push (error, make_image (GRAY8, 8, 4, 0));
  out = gst_harness_pull (harness);
  check_pixels (out, 8, 4, 100, 0.001);
  fail_unless (gst_buffer_get_custom_meta (out, "GstRcImageMeta") == NULL);
  tear_down ();
}
GST_END_TEST;

GST_START_TEST (test_no_parameters)
{
  set_up ();
  set_caps (LE, 8, 4);
  gst_harness_push (harness, make_image (LE, 8, 4, 0));
  gst_harness_push (error, make_image (GRAY8, 8, 4, 0));
  expect (
      bus, GST_MESSAGE_ERROR, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS);
  tear_down ();
}
GST_END_TEST;

GST_START_TEST (test_other_size)
{
  GstBuffer *in = make_image (LE, 8, 4, 0);

  set_up ();
  set_caps (LE, 8, 4);
  gst_harness_set_src_caps (error, make_caps (GRAY8, 16, 8));
  add_meta (in, "disparity", FOCAL_LENGTH);
  gst_harness_push (harness, in);
  gst_harness_push (error, make_image (GRAY8, 16, 8, 0));
  expect (bus, GST_MESSAGE_ERROR, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT);
  tear_down ();
}
GST_END_TEST;

/* A confidence image has the caps of an error image. */
static const struct {
  const gchar *stream;
  gboolean fits;
} kinds_of_error[] = {{"error", TRUE}, {"confidence", FALSE}, {"left", FALSE}};

GST_START_TEST (test_kinds)
{
  GstBuffer *in = make_image (LE, 8, 4, 0);
  GstBuffer *in_error = make_image (GRAY8, 8, 4, 0);

  set_up ();
  set_caps (LE, 8, 4);
  add_meta (in, "disparity", FOCAL_LENGTH);
  add_meta (in_error, kinds_of_error[__i__].stream, FOCAL_LENGTH);
  gst_harness_push (harness, in);
  gst_harness_push (error, in_error);
  if (kinds_of_error[__i__].fits) {
    gst_buffer_unref (gst_harness_pull (harness));
    expect_nothing (bus);
  } else {
    expect (
        bus, GST_MESSAGE_ERROR, GST_STREAM_ERROR, GST_STREAM_ERROR_WRONG_TYPE);
  }
  tear_down ();
}
GST_END_TEST;

/* Smaller than the caps say. */
GST_START_TEST (test_short_image)
{
  set_up ();
  set_caps (LE, 8, 4);
  g_object_set (harness->element, "focal-length", 100.0, "baseline", 1.0, NULL);
  gst_harness_push (harness, make_image (LE, 8, 4, 0));
  gst_harness_push (error, make_image (GRAY8, 4, 4, 0));
  expect (bus, GST_MESSAGE_ERROR, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT);
  tear_down ();
}
GST_END_TEST;

/* What a GstVideoMeta says of its size is not believed. */
GST_START_TEST (test_cut_image)
{
  set_up ();
  set_caps (LE, 8, 4);
  g_object_set (harness->element, "focal-length", 100.0, "baseline", 1.0, NULL);
  gst_harness_push (
      harness, __i__ ? make_image (LE, 8, 4, 0) : make_cut_image (LE, 8, 4));
  gst_harness_push (error,
      __i__ ? make_cut_image (GRAY8, 8, 4) : make_image (GRAY8, 8, 4, 0));
  expect (bus, GST_MESSAGE_ERROR, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT);
  tear_down ();
}
GST_END_TEST;

/* Each of the two is needed. */
GST_START_TEST (test_not_linked)
{
  GstHarness *alone = gst_harness_new_with_padnames (
      "rcdeptherror", __i__ ? "error" : "disparity", "src");
  g_autoptr (GstTestClock) clock = gst_harness_get_testclock (alone);
  GstVideoFormat format = __i__ ? GRAY8 : LE;

  bus = watch (alone->element);
  gst_harness_set_src_caps (alone, make_caps (format, 8, 4));
  gst_harness_push (alone, make_image (format, 8, 4, 0));
  fail_unless (gst_test_clock_timed_wait_for_multiple_pending_ids (
      clock, 1, 60 * 1000, NULL));
  gst_test_clock_crank (clock);
  expect (bus, GST_MESSAGE_WARNING, GST_CORE_ERROR, GST_CORE_ERROR_CLOCK);
  gst_element_set_bus (alone->element, NULL);
  gst_clear_object (&bus);
  gst_harness_teardown (alone);
}
GST_END_TEST;

static Suite *
rcdeptherror_suite (void)
{
  Suite *suite = suite_create ("rcdeptherror");
  TCase *tcase = tcase_create ("rcdeptherror");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_pixels);
  tcase_add_test (tcase, test_properties);
  tcase_add_test (tcase, test_no_parameters);
  tcase_add_test (tcase, test_other_size);
  tcase_add_loop_test (tcase, test_kinds, 0, G_N_ELEMENTS (kinds_of_error));
  tcase_add_test (tcase, test_short_image);
  tcase_add_loop_test (tcase, test_cut_image, 0, 2);
  tcase_add_loop_test (tcase, test_not_linked, 0, 2);
  return suite;
}

GST_CHECK_MAIN (rcdeptherror);
