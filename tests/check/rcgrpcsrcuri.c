/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* rcgrpcsrc as a GstURIHandler. */

#include "rcgrpcsrcfixture.h"

GST_START_TEST (test_uri_handler)
{
  GstElement *source = make_source ();
  GstURIHandler *handler = GST_URI_HANDLER (source);
  const gchar *const *protocols = gst_uri_handler_get_protocols (handler);
  GstElement *made;

  fail_unless_equals_int (gst_uri_handler_get_uri_type (handler), GST_URI_SRC);
  fail_unless_equals_string (protocols[0], "rcgrpc");
  fail_unless_equals_string (protocols[1], "rcgrpcs");
  fail_unless (protocols[2] == NULL);
  gst_object_unref (source);

  made = gst_element_make_from_uri (GST_URI_SRC, "rcgrpc://cube", NULL, NULL);
  fail_unless (made != NULL);
  fail_unless_equals_string (
      GST_OBJECT_NAME (gst_element_get_factory (made)), "rcgrpcsrc");
  gst_object_unref (made);
}
GST_END_TEST;

static void
check_uri (GstElement *source, const gchar *expected)
{
  g_autofree gchar *through_handler =
      gst_uri_handler_get_uri (GST_URI_HANDLER (source));
  g_autofree gchar *through_property = NULL;

  g_object_get (source, "uri", &through_property, NULL);
  fail_unless_equals_string (through_handler, expected);
  fail_unless_equals_string (through_property, expected);
}

GST_START_TEST (test_uri_sets_properties)
{
  GstElement *source = make_source ();
  g_autofree gchar *host = NULL;
  guint port, pipeline;
  gboolean color;

  set_uri (source, "rcgrpc://cube:1234?pipeline=2&color=true&streams=mesh");
  g_object_get (source, "host", &host, "port", &port, "pipeline", &pipeline,
      "color", &color, NULL);
  fail_unless_equals_string (host, "cube");
  fail_unless_equals_int (port, 1234);
  fail_unless_equals_int (pipeline, 2);
  fail_unless (color);
  check_uri (source, "rcgrpc://cube:1234?pipeline=2&color=true&streams=mesh");

  /* What the next one does not say is at its default. */
  set_uri (source, "rcgrpc://[fe80::1]");
  g_clear_pointer (&host, g_free);
  g_object_get (source, "host", &host, "port", &port, "pipeline", &pipeline,
      "color", &color, NULL);
  fail_unless_equals_string (host, "fe80::1");
  fail_unless_equals_int (port, 50051);
  fail_unless_equals_int (pipeline, 0);
  fail_if (color);
  check_uri (source, "rcgrpc://[fe80::1]?streams=left");
  gst_object_unref (source);
}
GST_END_TEST;

/* It may be asked for in two ways; one does not take back the other. */
GST_START_TEST (test_uri_and_tls)
{
  GstElement *source = make_source ();
  gboolean tls;

  set_uri (source, "rcgrpcs://cube");
  g_object_get (source, "tls", &tls, NULL);
  fail_unless (tls);

  g_object_set (source, "tls", FALSE, NULL);
  check_uri (source, "rcgrpc://cube?streams=left");

  g_object_set (source, "tls", TRUE, NULL);
  set_uri (source, "rcgrpc://cube");
  g_object_get (source, "tls", &tls, NULL);
  fail_unless (tls);
  check_uri (source, "rcgrpcs://cube?streams=left");
  gst_object_unref (source);
}
GST_END_TEST;

GST_START_TEST (test_uri_makes_pads)
{
  GstElement *source = make_source ();
  GstPad *disparity, *again, *right;

  set_uri (source, "rcgrpc://cube?streams=left+disparity");
  fail_unless_equals_int (source->numsrcpads, 2);
  fail_unless (has_pad (source, "left"));
  disparity = get_pad (source, "disparity");

  right = gst_element_request_pad_simple (source, "right");
  set_uri (source, "rcgrpc://cube?streams=disparity+mesh");
  fail_unless_equals_int (source->numsrcpads, 3);
  fail_if (has_pad (source, "left"));
  fail_unless (has_pad (source, "mesh"));
  again = get_pad (source, "disparity");
  fail_unless (again == disparity, "the pad that stays was made anew");
  /* What was requested is not the URI's. */
  fail_unless (has_pad (source, "right"));
  check_uri (source, "rcgrpc://cube?streams=disparity+mesh");

  gst_object_unref (right);
  gst_object_unref (again);
  gst_object_unref (disparity);
  gst_object_unref (source);
}
GST_END_TEST;

/* A player needs a pad at once; who sets the property can request one. */
GST_START_TEST (test_uri_without_streams)
{
  GstElement *source = make_source ();

  g_object_set (source, "uri", "rcgrpc://cube", NULL);
  fail_unless_equals_int (source->numsrcpads, 0);
  set_uri (source, "rcgrpc://cube");
  fail_unless_equals_int (source->numsrcpads, 1);
  fail_unless (has_pad (source, "left"));
  g_object_set (source, "uri", "rcgrpc://cube?streams=mesh", NULL);
  fail_unless_equals_int (source->numsrcpads, 1);
  fail_unless (has_pad (source, "mesh"));
  g_object_set (source, "uri", "rcgrpc://cube", NULL);
  fail_unless_equals_int (source->numsrcpads, 0);
  gst_object_unref (source);
}
GST_END_TEST;

static const struct {
  const gchar *uri;
  GstURIError code;
} bad_uris[] = {
    {"http://cube", GST_URI_ERROR_UNSUPPORTED_PROTOCOL},
    {"rcgrpc://", GST_URI_ERROR_BAD_URI},
    {"rcgrpc://cube:0", GST_URI_ERROR_BAD_URI},
    {"rcgrpc://cube:65536", GST_URI_ERROR_BAD_URI},
    {"rcgrpc://cube:x", GST_URI_ERROR_BAD_URI},
    {"rcgrpc://cube/path", GST_URI_ERROR_BAD_URI},
    {"rcgrpc://cube?pipeline=-1", GST_URI_ERROR_BAD_URI},
    {"rcgrpc://cube?pipeline=15485", GST_URI_ERROR_BAD_URI},
    {"rcgrpc://cube?color=maybe", GST_URI_ERROR_BAD_URI},
    {"rcgrpc://cube?streams=", GST_URI_ERROR_BAD_URI},
    {"rcgrpc://cube?streams=left+up", GST_URI_ERROR_BAD_URI},
    {"rcgrpc://cube?stream=left", GST_URI_ERROR_BAD_URI},
};

GST_START_TEST (test_bad_uri)
{
  GstElement *source = make_source ();
  g_autoptr (GError) error = NULL;

  set_uri (source, "rcgrpc://old:1?streams=mesh");
  fail_if (gst_uri_handler_set_uri (
      GST_URI_HANDLER (source), bad_uris[__i__].uri, &error));
  fail_unless (g_error_matches (error, GST_URI_ERROR, bad_uris[__i__].code),
      "%s", bad_uris[__i__].uri);
  check_uri (source, "rcgrpc://old:1?streams=mesh");
  gst_object_unref (source);
}
GST_END_TEST;

/* A property cannot refuse; the element does not run with another camera. */
GST_START_TEST (test_bad_uri_in_property)
{
  GstElement *source = make_source ();
  g_autoptr (GstBus) bus = gst_bus_new ();

  gst_element_set_bus (source, bus);
  g_object_set (source, "uri", "rcgrpc://cube?color=maybe", NULL);
  fail_unless_equals_int (gst_element_set_state (source, GST_STATE_PAUSED),
      GST_STATE_CHANGE_FAILURE);
  expect_error (bus, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS);
  gst_element_set_state (source, GST_STATE_NULL);

  if (__i__ == 0)
    g_object_set (source, "uri", "rcgrpc://cube", NULL);
  else
    set_uri (source, "rcgrpc://cube");
  fail_unless_equals_int (gst_element_set_state (source, GST_STATE_PAUSED),
      GST_STATE_CHANGE_NO_PREROLL);
  gst_element_set_state (source, GST_STATE_NULL);
  gst_element_set_bus (source, NULL);
  gst_object_unref (source);
}
GST_END_TEST;

GST_START_TEST (test_uri_in_playing)
{
  GstElement *source = make_source ();
  g_autoptr (GError) error = NULL;

  gst_element_set_state (source, GST_STATE_PLAYING);
  fail_if (gst_uri_handler_set_uri (
      GST_URI_HANDLER (source), "rcgrpc://cube", &error));
  fail_unless (g_error_matches (error, GST_URI_ERROR, GST_URI_ERROR_BAD_STATE));
  check_uri (source, "rcgrpc://localhost");
  gst_element_set_state (source, GST_STATE_NULL);
  set_uri (source, "rcgrpc://cube");
  gst_object_unref (source);
}
GST_END_TEST;

static Suite *
rcgrpcsrcuri_suite (void)
{
  Suite *suite = suite_create ("rcgrpcsrcuri");
  TCase *tcase;

  tcase = tcase_create ("uri");
  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_uri_handler);
  tcase_add_test (tcase, test_uri_sets_properties);
  tcase_add_test (tcase, test_uri_and_tls);
  tcase_add_test (tcase, test_uri_makes_pads);
  tcase_add_test (tcase, test_uri_without_streams);
  tcase_add_loop_test (tcase, test_bad_uri, 0, G_N_ELEMENTS (bad_uris));
  tcase_add_loop_test (tcase, test_bad_uri_in_property, 0, 2);
  tcase_add_test (tcase, test_uri_in_playing);
  return suite;
}

GST_CHECK_MAIN (rcgrpcsrcuri);
