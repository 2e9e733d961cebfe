/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* rccolormap: images that are not what they say. Its colours are tested in
 * tests/interop. */

#include "depthfixture.h"

#define LE GST_VIDEO_FORMAT_GRAY16_LE
#define GRAY8 GST_VIDEO_FORMAT_GRAY8

static const GstVideoFormat formats[] = {LE, GRAY8};

static GstHarness *harness;
static GstBus *bus;

static void
set_up (GstVideoFormat format)
{
  harness = gst_harness_new ("rccolormap");
  bus = watch (harness->element);
  g_object_set (harness->element, "range-min", 0.0, NULL);
  gst_harness_set_sink_caps_str (harness, "video/x-raw, format = RGBx");
  gst_harness_set_src_caps (harness, make_caps (format, 8, 4));
}

static void
tear_down (void)
{
  gst_element_set_bus (harness->element, NULL);
  gst_clear_object (&bus);
  gst_harness_teardown (harness);
}

/* What the caps say counts, also for the range. */
GST_START_TEST (test_padded_image)
{
  GstVideoFormat format = formats[__i__];
  g_autoptr (GstBuffer) plain = NULL, padded = NULL;
  GstMapInfo map;

  set_up (format);
  plain = gst_harness_push_and_pull (harness, make_image (format, 8, 4, 0));
  tear_down ();
  set_up (format);
  padded =
      gst_harness_push_and_pull (harness, make_padded_image (format, 8, 4));
  fail_unless (plain != NULL && padded != NULL);
  fail_unless (gst_buffer_map (plain, &map, GST_MAP_READ));
  gst_check_buffer_data (padded, map.data, map.size);
  gst_buffer_unmap (plain, &map);
  expect_nothing (bus);
  tear_down ();
}
GST_END_TEST;

/* What a GstVideoMeta says of its size is not believed. */
GST_START_TEST (test_cut_image)
{
  GstVideoFormat format = formats[__i__];

  set_up (format);
  fail_unless_equals_int (
      gst_harness_push (harness, make_cut_image (format, 8, 4)),
      GST_FLOW_ERROR);
  expect (bus, GST_MESSAGE_ERROR, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT);
  tear_down ();
}
GST_END_TEST;

static Suite *
rccolormap_suite (void)
{
  Suite *suite = suite_create ("rccolormap");
  TCase *tcase = tcase_create ("rccolormap");

  suite_add_tcase (suite, tcase);
  tcase_add_loop_test (tcase, test_padded_image, 0, G_N_ELEMENTS (formats));
  tcase_add_loop_test (tcase, test_cut_image, 0, G_N_ELEMENTS (formats));
  return suite;
}

GST_CHECK_MAIN (rccolormap);
