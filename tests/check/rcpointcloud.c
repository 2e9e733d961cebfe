/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* rcpointcloud: what it takes and refuses, and what a cloud says of its set.
 * Its files are tested in tests/interop. */

#include "depthfixture.h"

#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#define LE GST_VIDEO_FORMAT_GRAY16_LE
#define GRAY8 GST_VIDEO_FORMAT_GRAY8
#define FOCAL_LENGTH 512.0

static const gchar *const names[] = {"left", "confidence", "error"};

static GstHarness *harness, *other;
static GstBus *bus;

/* With the pads "disparity" and @name, which may be NULL. */
static void
set_up (const gchar *name)
{
  GstElement *element = gst_element_factory_make ("rcpointcloud", NULL);

  bus = watch (element);
  harness = gst_harness_new_with_element (element, "disparity", "src");
  other = name ? gst_harness_new_with_element (element, name, NULL) : NULL;
  gst_object_unref (element);
  gst_harness_set_src_caps (harness, make_caps (LE, 8, 4));
  if (other != NULL)
    gst_harness_set_src_caps (other, make_caps (GRAY8, 8, 4));
}

static void
tear_down (void)
{
  gst_element_set_bus (harness->element, NULL);
  gst_clear_object (&bus);
  g_clear_pointer (&other, gst_harness_teardown);
  gst_harness_teardown (harness);
}

static GstBuffer *
make_disparity (void)
{
  GstBuffer *buffer = make_image (LE, 8, 4, 0);

  add_meta (buffer, "disparity", FOCAL_LENGTH);
  return buffer;
}

static void
expect_format_error (void)
{
  expect (bus, GST_MESSAGE_ERROR, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT);
}

/* ---- images that are less than they say ---- */

GST_START_TEST (test_short_image)
{
  set_up (names[__i__]);
  gst_harness_push (harness, make_disparity ());
  gst_harness_push (other, make_image (GRAY8, 4, 4, 0));
  expect_format_error ();
  tear_down ();
}
GST_END_TEST;

GST_START_TEST (test_short_image_with_video_meta)
{
  set_up (names[__i__]);
  gst_harness_push (harness, make_disparity ());
  gst_harness_push (other, make_cut_image (GRAY8, 8, 4));
  expect_format_error ();
  tear_down ();
}
GST_END_TEST;

GST_START_TEST (test_short_disparity_with_video_meta)
{
  GstBuffer *cut = make_cut_image (LE, 8, 4);

  set_up (NULL);
  add_meta (cut, "disparity", FOCAL_LENGTH);
  gst_harness_push (harness, cut);
  expect_format_error ();
  tear_down ();
}
GST_END_TEST;

/* ---- no memory ---- */

#define SIDE 5000
/* Less than the file of such an image may need, more than all else does. */
#define MEMORY (400 * 1024 * 1024)

/* Sanitizers take all addresses for themselves. */
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
static void
limit_memory (void)
{
  gulong pages;
  FILE *file = fopen ("/proc/self/statm", "r");
  struct rlimit limit;

  fail_unless (file != NULL && fscanf (file, "%lu", &pages) == 1);
  fclose (file);
  limit.rlim_cur = limit.rlim_max = pages * sysconf (_SC_PAGESIZE) + MEMORY;
  fail_unless (setrlimit (RLIMIT_AS, &limit) == 0);
}

GST_START_TEST (test_no_memory)
{
  GstBuffer *in = make_image (LE, SIDE, SIDE, 0);

  set_up (NULL);
  gst_harness_set_src_caps (harness, make_caps (LE, SIDE, SIDE));
  add_meta (in, "disparity", FOCAL_LENGTH);
  g_object_set (harness->element, "faces", TRUE, NULL);
  gst_util_set_object_arg (
      G_OBJECT (harness->element), "format", __i__ ? "ascii" : "binary");
  limit_memory ();
  gst_harness_push (harness, in);
  expect (bus, GST_MESSAGE_ERROR, GST_RESOURCE_ERROR,
      GST_RESOURCE_ERROR_NO_SPACE_LEFT);
  tear_down ();
}
GST_END_TEST;
#endif

/* ---- stopping ---- */

/* What is logged of a file when it is whole. */
static void
note_file (GstDebugCategory *category, GstDebugLevel level, const gchar *file,
    const gchar *function, gint line, GObject *object, GstDebugMessage *message,
    gpointer made)
{
  if (g_str_equal (function, "make_ascii"))
    g_atomic_int_inc ((gint *)made);
}

static void
push_large (void)
{
  GstBuffer *in = make_image (LE, 4112, 3008, 0);

  add_meta (in, "disparity", FOCAL_LENGTH);
  fail_unless_equals_int (gst_harness_push (harness, in), GST_FLOW_OK);
}

/* In the middle of a file whose text takes seconds, which nobody waits for. */
GST_START_TEST (test_stop_in_large_file)
{
  gint made = 0;

  set_up (NULL);
  gst_debug_set_active (TRUE);
  gst_debug_set_threshold_for_name ("rcpointcloud", GST_LEVEL_LOG);
  gst_debug_remove_log_function (NULL);
  gst_debug_add_log_function (note_file, &made, NULL);
  g_object_set (harness->element, "faces", TRUE, NULL);
  gst_util_set_object_arg (G_OBJECT (harness->element), "format", "ascii");
  gst_harness_set_src_caps (harness, make_caps (LE, 4112, 3008));
  push_large ();
  /* Let in when the first one is being worked on. */
  push_large ();
  gst_element_set_state (harness->element, GST_STATE_NULL);
  fail_unless_equals_int (g_atomic_int_get (&made), 0);
  expect_nothing (bus);
  gst_debug_remove_log_function (note_file);
  tear_down ();
}
GST_END_TEST;

/* ---- images that are more than they say ---- */

/* What the caps say counts, also beside images without padding. */
GST_START_TEST (test_padded_image)
{
  GstBuffer *disparity = make_padded_image (LE, 8, 4);
  g_autoptr (GstBuffer) plain = NULL, padded = NULL;
  GstMapInfo map;

  set_up ("confidence");
  gst_harness_push (harness, make_disparity ());
  gst_harness_push (other, make_image (GRAY8, 8, 4, 0));
  plain = gst_harness_pull (harness);

  add_meta (disparity, "disparity", FOCAL_LENGTH);
  gst_harness_push (harness, disparity);
  gst_harness_push (other, make_image (GRAY8, 8, 4, 0));
  padded = gst_harness_pull (harness);

  fail_unless (gst_buffer_map (plain, &map, GST_MAP_READ));
  gst_check_buffer_data (padded, map.data, map.size);
  gst_buffer_unmap (plain, &map);
  tear_down ();
}
GST_END_TEST;

/* ---- images of another kind ---- */

/* What a pad takes, by the stream that the image's meta tells. */
static const struct {
  const gchar *pad;
  const gchar *stream;
  gboolean fits;
} kinds[] = {
    {"confidence", "confidence", TRUE},
    {"confidence", "error", FALSE},
    {"error", "error", TRUE},
    {"error", "confidence", FALSE},
    {"error", "left", FALSE},
    {"left", "left", TRUE},
    {"left", "right", FALSE},
    /* In false colours, say. */
    {"left", "disparity", TRUE},
};

GST_START_TEST (test_kinds)
{
  GstBuffer *image = make_image (GRAY8, 8, 4, 0);

  set_up (kinds[__i__].pad);
  add_meta (image, kinds[__i__].stream, FOCAL_LENGTH);
  gst_harness_push (harness, make_disparity ());
  gst_harness_push (other, image);
  if (kinds[__i__].fits) {
    gst_buffer_unref (gst_harness_pull (harness));
    expect_nothing (bus);
  } else {
    expect (
        bus, GST_MESSAGE_ERROR, GST_STREAM_ERROR, GST_STREAM_ERROR_WRONG_TYPE);
  }
  tear_down ();
}
GST_END_TEST;

/* ---- what a cloud says of its set ---- */

#define CAPTURED (G_GUINT64_CONSTANT (1753093721163456789))

/* Of a disparity image that was taken 40 ms after its set, in buffers that are
 * used again. */
GST_START_TEST (test_mesh_meta)
{
  set_up (NULL);
  for (guint i = 0; i < 3; i++) {
    GstBuffer *in = make_disparity ();
    g_autoptr (GstBuffer) out = NULL;
    const GstStructure *fields;
    guint64 time;

    gst_structure_set (gst_custom_meta_get_structure (
                           gst_buffer_get_custom_meta (in, "GstRcImageMeta")),
        "timestamp", G_TYPE_UINT64, CAPTURED + i, NULL);
    gst_harness_push (harness, in);
    out = gst_harness_pull (harness);
    fields = get_meta (out);
    fail_unless_equals_int (gst_structure_n_fields (fields), 3);
    fail_unless_equals_string (
        gst_structure_get_string (fields, "stream"), "mesh");
    fail_unless (gst_structure_get_uint64 (fields, "timestamp", &time));
    fail_unless_equals_uint64 (time, CAPTURED + i);
    fail_unless (gst_structure_get_uint64 (fields, "set-timestamp", &time));
    fail_unless_equals_uint64 (time, CAPTURED - 40 * GST_MSECOND);
  }
  expect_nothing (bus);
  tear_down ();
}
GST_END_TEST;

GST_START_TEST (test_no_meta)
{
  g_autoptr (GstBuffer) out = NULL;

  set_up (NULL);
  g_object_set (harness->element, "focal-length", 100.0, "baseline", 1.0,
      "principal-point-u", 4.0, "principal-point-v", 2.0, NULL);
  gst_harness_push (harness, make_image (LE, 8, 4, 0));
  out = gst_harness_pull (harness);
  fail_unless (gst_buffer_get_custom_meta (out, "GstRcImageMeta") == NULL);
  tear_down ();
}
GST_END_TEST;

static Suite *
rcpointcloud_suite (void)
{
  Suite *suite = suite_create ("rcpointcloud");
  TCase *tcase = tcase_create ("rcpointcloud");

  suite_add_tcase (suite, tcase);
  tcase_add_loop_test (tcase, test_short_image, 0, G_N_ELEMENTS (names));
  tcase_add_loop_test (
      tcase, test_short_image_with_video_meta, 0, G_N_ELEMENTS (names));
  tcase_add_test (tcase, test_short_disparity_with_video_meta);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  tcase_add_loop_test (tcase, test_no_memory, 0, 2);
#endif
  tcase_add_test (tcase, test_stop_in_large_file);
  tcase_add_test (tcase, test_padded_image);
  tcase_add_loop_test (tcase, test_kinds, 0, G_N_ELEMENTS (kinds));
  tcase_add_test (tcase, test_mesh_meta);
  tcase_add_test (tcase, test_no_meta);
  return suite;
}

GST_CHECK_MAIN (rcpointcloud);
