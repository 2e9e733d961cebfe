/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* rcsnapshotsink: properties, pads, states, without a camera. */

#include <gst/check/gstcheck.h>

#define MUTABLE_FLAGS                                                          \
  (GST_PARAM_MUTABLE_READY | GST_PARAM_MUTABLE_PAUSED                          \
      | GST_PARAM_MUTABLE_PLAYING)

static const struct {
  const gchar *name;
  const gchar *type;
  const gchar *def, *other; /* as GStreamer writes values */
} settings[] = {
    {"location", "gchararray", ".", "/tmp"},
    {"compression-level", "guint", "1", "9"},
    {"fsync", "gboolean", "true", "false"},
    {"sync", "gboolean", "false", "true"},
    {"async", "gboolean", "true", "false"},
};

static const struct {
  const gchar *name;
  const gchar *caps;  /* taken */
  const gchar *other; /* not taken */
} pads[] = {
    {"left", "video/x-raw, format=RGB, width=3, height=2",
        "video/x-raw, format=I420, width=4, height=2"},
    {"right", "video/x-raw, format=GRAY16_LE, width=3, height=2",
        "video/x-raw, format=BGRx, width=3, height=2"},
    {"disparity", "video/x-raw, format=GRAY16_BE, width=3, height=2",
        "video/x-raw, format=GRAY8, width=3, height=2"},
    {"confidence", "video/x-raw, format=GRAY8, width=3, height=2",
        "video/x-raw, format=GRAY16_LE, width=3, height=2"},
    {"error", "video/x-raw, format=GRAY8, width=3, height=2",
        "video/x-raw, format=RGB, width=3, height=2"},
    {"mesh", "application/x-ply", "text/x-raw, format=utf8"},
};

static GstElement *
make_sink (void)
{
  GstElement *sink = gst_element_factory_make ("rcsnapshotsink", NULL);

  fail_unless (sink != NULL);
  return gst_object_ref_sink (sink);
}

static gchar *
get_as_text (GstElement *sink, const gchar *name)
{
  g_auto (GValue) value = G_VALUE_INIT;

  g_object_get_property (G_OBJECT (sink), name, &value);
  return G_VALUE_HOLDS_STRING (&value) ? g_value_dup_string (&value)
                                       : gst_value_serialize (&value);
}

GST_START_TEST (test_property)
{
  g_autoptr (GstElement) sink = make_sink ();
  const gchar *name = settings[__i__].name;
  GParamSpec *spec =
      g_object_class_find_property (G_OBJECT_GET_CLASS (sink), name);
  g_autofree gchar *before = get_as_text (sink, name);
  g_autofree gchar *after = NULL;

  fail_unless (spec != NULL);
  fail_unless_equals_string (
      g_type_name (spec->value_type), settings[__i__].type);
  fail_unless_equals_int (spec->flags & MUTABLE_FLAGS, GST_PARAM_MUTABLE_READY);
  fail_unless_equals_string (before, settings[__i__].def);
  gst_util_set_object_arg (G_OBJECT (sink), name, settings[__i__].other);
  after = get_as_text (sink, name);
  fail_unless_equals_string (after, settings[__i__].other);
}
GST_END_TEST;

GST_START_TEST (test_no_location_is_default)
{
  g_autoptr (GstElement) sink = make_sink ();
  g_autofree gchar *location = NULL;

  g_object_set (sink, "location", "/tmp", NULL);
  g_object_set (sink, "location", NULL, NULL);
  location = get_as_text (sink, "location");
  fail_unless_equals_string (location, ".");
}
GST_END_TEST;

GST_START_TEST (test_pad)
{
  g_autoptr (GstElement) sink = make_sink ();
  g_autoptr (GstPad) pad =
      gst_element_request_pad_simple (sink, pads[__i__].name);
  g_autoptr (GstCaps) caps = gst_caps_from_string (pads[__i__].caps);
  g_autoptr (GstCaps) other = gst_caps_from_string (pads[__i__].other);

  fail_unless (pad != NULL);
  fail_unless_equals_string (GST_PAD_NAME (pad), pads[__i__].name);
  fail_unless (gst_pad_query_accept_caps (pad, caps));
  fail_if (gst_pad_query_accept_caps (pad, other));

  /* One of each, and again after its release. */
  fail_unless (
      gst_element_request_pad (sink, GST_PAD_PAD_TEMPLATE (pad), NULL, NULL)
      == NULL);
  gst_element_release_request_pad (sink, pad);
  fail_unless_equals_int (sink->numsinkpads, 0);
  fail_unless_equals_int (GST_BIN_NUMCHILDREN (sink), 0);
  gst_clear_object (&pad);
  pad = gst_element_request_pad_simple (sink, pads[__i__].name);
  fail_unless (pad != NULL);
}
GST_END_TEST;

GST_START_TEST (test_no_other_pad)
{
  g_autoptr (GstElement) sink = make_sink ();

  fail_unless (gst_element_request_pad_simple (sink, "metadata") == NULL);
  fail_unless (gst_element_request_pad_simple (sink, "sink") == NULL);
}
GST_END_TEST;

/* It is a sink from the start, so that pipelines wait for its EOS. */
GST_START_TEST (test_states)
{
  g_autoptr (GstElement) sink = make_sink ();

  fail_unless (GST_OBJECT_FLAG_IS_SET (sink, GST_ELEMENT_FLAG_SINK));
  g_object_set (sink, "location", g_get_tmp_dir (), "async", FALSE, NULL);
  for (guint i = 0; i < 3; i++) {
    GstPad *pad = gst_element_request_pad_simple (sink, "left");

    fail_unless_equals_int (gst_element_set_state (sink, GST_STATE_PLAYING),
        GST_STATE_CHANGE_SUCCESS);
    gst_object_unref (gst_element_request_pad_simple (sink, "mesh"));
    gst_element_release_request_pad (sink, pad);
    gst_object_unref (pad);
    fail_unless_equals_int (
        gst_element_set_state (sink, GST_STATE_NULL), GST_STATE_CHANGE_SUCCESS);
    pad = gst_element_get_static_pad (sink, "mesh");
    gst_element_release_request_pad (sink, pad);
    gst_object_unref (pad);
    fail_unless (GST_OBJECT_FLAG_IS_SET (sink, GST_ELEMENT_FLAG_SINK));
  }
}
GST_END_TEST;

static Suite *
rcsnapshotsink_suite (void)
{
  Suite *suite = suite_create ("rcsnapshotsink");
  TCase *tcase;

  tcase = tcase_create ("rcsnapshotsink");
  suite_add_tcase (suite, tcase);
  tcase_add_loop_test (tcase, test_property, 0, G_N_ELEMENTS (settings));
  tcase_add_test (tcase, test_no_location_is_default);
  tcase_add_loop_test (tcase, test_pad, 0, G_N_ELEMENTS (pads));
  tcase_add_test (tcase, test_no_other_pad);
  tcase_add_test (tcase, test_states);
  return suite;
}

GST_CHECK_MAIN (rcsnapshotsink);
