/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* rcgrpcsrc's pads and states, without a camera. */

#include "rcgrpcsrcfixture.h"
#include "wire/rcstream.h"

/* ---- pads ---- */

GST_START_TEST (test_pad_templates)
{
  GstElement *source = make_source ();
  GList *templates = gst_element_get_pad_template_list (source);

  fail_unless_equals_int (g_list_length (templates), N_STREAMS);
  /* The first is what `rcgrpcsrc ! ...` links. */
  fail_unless_equals_string (
      GST_PAD_TEMPLATE_NAME_TEMPLATE (templates->data), "left");
  for (guint i = 0; i < N_STREAMS; i++) {
    GstPadTemplate *templ =
        gst_element_get_pad_template (source, streams[i].name);
    g_autoptr (GstCaps) caps = NULL;
    g_autoptr (GstCaps) expected = gst_caps_from_string (streams[i].caps);

    fail_unless (templ != NULL, "no template %s", streams[i].name);
    fail_unless_equals_int (GST_PAD_TEMPLATE_DIRECTION (templ), GST_PAD_SRC);
    fail_unless_equals_int (GST_PAD_TEMPLATE_PRESENCE (templ), GST_PAD_REQUEST);
    caps = gst_pad_template_get_caps (templ);
    fail_unless (gst_caps_is_equal (caps, expected), "%s", streams[i].name);
  }
  gst_object_unref (source);
}
GST_END_TEST;

/* The first one whose formats the element takes. */
GST_START_TEST (test_linked_without_a_name)
{
  static const gchar *const pads[][2] = {
      {"fakesink", "left"},
      {"rccolormap", "left"},
      {"rcdepth", "disparity"},
      {"rcpointcloud", "disparity"},
  };
  GstElement *bin = gst_pipeline_new (NULL);
  GstElement *source = make_source ();
  GstElement *sink = gst_element_factory_make (pads[__i__][0], NULL);

  fail_unless (sink != NULL);
  gst_bin_add_many (GST_BIN (bin), source, sink, NULL);
  fail_unless (gst_element_link (source, sink));
  fail_unless (has_pad (source, pads[__i__][1]), "%s", pads[__i__][0]);
  gst_object_unref (bin);
}
GST_END_TEST;

GST_START_TEST (test_request_pads)
{
  GstElement *source = make_source ();
  GstPad *pads[N_STREAMS];

  for (guint i = 0; i < N_STREAMS; i++) {
    g_autoptr (GstCaps) caps = NULL;
    g_autoptr (GstCaps) expected = gst_caps_from_string (streams[i].caps);

    pads[i] = gst_element_request_pad_simple (source, streams[i].name);
    fail_unless (pads[i] != NULL);
    fail_unless_equals_string (GST_PAD_NAME (pads[i]), streams[i].name);
    caps = gst_pad_query_caps (pads[i], NULL);
    fail_unless (gst_caps_is_equal (caps, expected), "%s", streams[i].name);
  }
  fail_unless_equals_int (source->numsrcpads, N_STREAMS);

  for (guint i = 0; i < N_STREAMS; i++) {
    gst_element_release_request_pad (source, pads[i]);
    fail_if (has_pad (source, streams[i].name));
    ASSERT_OBJECT_REFCOUNT (pads[i], streams[i].name, 1);
    gst_object_unref (pads[i]);
  }
  fail_unless_equals_int (GST_BIN_NUMCHILDREN (source), 0);
  gst_object_unref (source);
}
GST_END_TEST;

GST_START_TEST (test_request_twice)
{
  GstElement *source = make_source ();
  GstPadTemplate *templ = gst_element_get_pad_template (source, "left");
  GstPad *pad = gst_element_request_pad (source, templ, NULL, NULL);

  fail_unless (pad != NULL);
  fail_unless (gst_element_request_pad (source, templ, NULL, NULL) == NULL);
  fail_unless_equals_int (source->numsrcpads, 1);
  fail_unless_equals_int (GST_BIN_NUMCHILDREN (source), 1);

  gst_element_release_request_pad (source, pad);
  gst_object_unref (pad);
  pad = gst_element_request_pad (source, templ, NULL, NULL);
  fail_unless (pad != NULL, "a released pad cannot be had again");
  gst_object_unref (pad);
  gst_object_unref (source);
}
GST_END_TEST;

GST_START_TEST (test_request_unknown)
{
  static const gchar *const names[] = {"src", "Left", "left_0", "lef", ""};
  GstElement *source = make_source ();

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    fail_unless (gst_element_request_pad_simple (source, names[i]) == NULL,
        "\"%s\"", names[i]);
  fail_unless_equals_int (source->numsrcpads, 0);
  gst_object_unref (source);
}
GST_END_TEST;

/* ---- states ---- */

GST_START_TEST (test_no_preroll)
{
  GstElement *source = make_source ();

  if (__i__ > 0)
    gst_object_unref (gst_element_request_pad_simple (source, "left"));
  fail_unless_equals_int (gst_element_set_state (source, GST_STATE_READY),
      GST_STATE_CHANGE_SUCCESS);
  fail_unless_equals_int (gst_element_set_state (source, GST_STATE_PAUSED),
      GST_STATE_CHANGE_NO_PREROLL);
  fail_unless_equals_int (
      gst_element_get_state (source, NULL, NULL, GST_CLOCK_TIME_NONE),
      GST_STATE_CHANGE_NO_PREROLL);
  if (__i__ == 0) {
    fail_unless_equals_int (gst_element_set_state (source, GST_STATE_PLAYING),
        GST_STATE_CHANGE_SUCCESS);
    fail_unless_equals_int (gst_element_set_state (source, GST_STATE_PAUSED),
        GST_STATE_CHANGE_NO_PREROLL);
  }
  fail_unless_equals_int (
      gst_element_set_state (source, GST_STATE_NULL), GST_STATE_CHANGE_SUCCESS);
  gst_object_unref (source);
}
GST_END_TEST;

/* Who forgot the pad is told; who has one is not. */
GST_START_TEST (test_tells_of_no_pad)
{
  GstElement *source = make_source ();
  g_autoptr (GstBus) bus = gst_bus_new ();
  g_autoptr (GstMessage) message = NULL;

  gst_element_set_bus (source, bus);
  if (__i__ > 0)
    gst_object_unref (gst_element_request_pad_simple (source, "metadata"));
  gst_element_set_state (source, GST_STATE_PLAYING);
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_INFO);
  fail_unless_equals_int (message != NULL, __i__ == 0);
  gst_element_set_state (source, GST_STATE_NULL);
  gst_element_set_bus (source, NULL);
  gst_object_unref (source);
}
GST_END_TEST;

GST_START_TEST (test_port_beyond_last)
{
  GstElement *source = make_source ();
  g_autoptr (GstBus) bus = gst_bus_new ();

  gst_element_set_bus (source, bus);
  g_object_set (source, "port", 65535, "pipeline", 1, NULL);
  fail_unless_equals_int (gst_element_set_state (source, GST_STATE_PLAYING),
      GST_STATE_CHANGE_FAILURE);
  expect_error (bus, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS);
  gst_element_set_state (source, GST_STATE_NULL);
  gst_element_set_bus (source, NULL);
  gst_object_unref (source);
}
GST_END_TEST;

static void
check_latency (GstElement *source, const gchar *name, GstClockTime expected)
{
  g_autoptr (GstPad) pad = get_pad (source, name);
  GstClockTime min, max;
  gboolean live;

  /* On the pad, as a pipeline asks, and on the element. */
  for (guint i = 0; i < 2; i++) {
    g_autoptr (GstQuery) query = gst_query_new_latency ();

    fail_unless (i == 0 ? gst_pad_query (pad, query)
                        : gst_element_query (source, query));
    gst_query_parse_latency (query, &live, &min, &max);
    fail_unless (live);
    fail_unless_equals_uint64 (min, expected);
    fail_unless_equals_uint64 (max, GST_CLOCK_TIME_NONE);
  }
}

GST_START_TEST (test_latency)
{
  GstElement *source = make_source ();
  g_autoptr (GstBus) bus = gst_bus_new ();
  g_autoptr (GstMessage) message = NULL;

  gst_element_set_bus (source, bus);
  gst_object_unref (gst_element_request_pad_simple (source, "left"));
  gst_element_set_state (source, GST_STATE_PAUSED);
  check_latency (source, "left", 100 * GST_MSECOND);

  g_object_set (source, "latency", 250, NULL);
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_LATENCY);
  fail_unless (message != NULL, "nobody was told");
  check_latency (source, "left", 250 * GST_MSECOND);
  gst_object_unref (gst_element_request_pad_simple (source, "mesh"));
  check_latency (source, "mesh", 250 * GST_MSECOND);

  gst_element_set_state (source, GST_STATE_NULL);
  gst_element_set_bus (source, NULL);
  gst_object_unref (source);
}
GST_END_TEST;

/* ---- what is left behind ---- */

static guint
count_threads (void)
{
  GDir *tasks = g_dir_open ("/proc/self/task", 0, NULL);
  guint n = 0;

  fail_unless (tasks != NULL);
  while (g_dir_read_name (tasks) != NULL)
    n++;
  g_dir_close (tasks);
  return n;
}

/* The plugin is loaded here: each test has a process of its own. */
GST_START_TEST (test_makes_no_thread)
{
  guint before = count_threads ();
  GstElement *source = make_source ();

  gst_object_unref (gst_element_request_pad_simple (source, "left"));
  gst_element_set_state (source, GST_STATE_READY);
  fail_unless_equals_int (count_threads (), before);
  gst_element_set_state (source, GST_STATE_NULL);
  gst_object_unref (source);
}
GST_END_TEST;

GST_START_TEST (test_unref_without_release)
{
  GstElement *source = make_source ();
  GstElement *child;
  GstPad *pad;

  if (__i__ == 0)
    gst_object_unref (gst_element_request_pad_simple (source, "left"));
  else
    set_uri (source, "rcgrpc://cube?streams=left");
  pad = get_pad (source, "left");
  gst_object_unref (pad);
  child = gst_bin_get_by_name (GST_BIN (source), "left-src");
  fail_unless (child != NULL);
  gst_object_unref (child);
  gst_check_objects_destroyed_on_unref (source, pad, child, NULL);
}
GST_END_TEST;

/* An application's own elements are found by the names of streams. */
GST_START_TEST (test_names_of_streams_are_free)
{
  GstElement *source = make_source ();

  for (RcStream stream = 0; stream < RC_N_STREAMS; stream++) {
    const gchar *name = rc_stream_to_string (stream);

    gst_object_unref (gst_element_request_pad_simple (source, name));
    fail_unless (gst_bin_get_by_name (GST_BIN (source), name) == NULL);
  }
  gst_object_unref (source);
}
GST_END_TEST;

GST_START_TEST (test_unref_after_run)
{
  GstElement *source = make_source ();

  for (guint i = 0; i < 3; i++) {
    gst_element_set_state (source, GST_STATE_PLAYING);
    gst_element_set_state (source, GST_STATE_NULL);
  }
  gst_check_object_destroyed_on_unref (source);
}
GST_END_TEST;

static Suite *
rcgrpcsrc_suite (void)
{
  Suite *suite = suite_create ("rcgrpcsrc");
  TCase *tcase;

  tcase = tcase_create ("pads");
  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_pad_templates);
  tcase_add_loop_test (tcase, test_linked_without_a_name, 0, 4);
  tcase_add_test (tcase, test_request_pads);
  tcase_add_test (tcase, test_request_twice);
  tcase_add_test (tcase, test_request_unknown);

  tcase = tcase_create ("states");
  suite_add_tcase (suite, tcase);
  tcase_add_loop_test (tcase, test_no_preroll, 0, 2);
  tcase_add_loop_test (tcase, test_tells_of_no_pad, 0, 2);
  tcase_add_test (tcase, test_port_beyond_last);
  tcase_add_test (tcase, test_latency);
  tcase_add_test (tcase, test_makes_no_thread);
  tcase_add_loop_test (tcase, test_unref_without_release, 0, 2);
  tcase_add_test (tcase, test_names_of_streams_are_free);
  tcase_add_test (tcase, test_unref_after_run);
  return suite;
}

GST_CHECK_MAIN (rcgrpcsrc);
