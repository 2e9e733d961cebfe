/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* rcgrpcsink's pads, properties, states and errors, without clients. */

#include <gio/gio.h>
#include <gst/check/gstcheck.h>

#define MUTABLE_FLAGS                                                          \
  (GST_PARAM_MUTABLE_READY | GST_PARAM_MUTABLE_PAUSED                          \
      | GST_PARAM_MUTABLE_PLAYING)
#define READY GST_PARAM_MUTABLE_READY
#define PLAYING GST_PARAM_MUTABLE_PLAYING

#define SIZE "width = (int) [ 1, 16384 ], height = (int) [ 1, 16384 ]"

static const struct {
  const gchar *name;
  const gchar *caps;
} pads[] = {
    {"left", "video/x-raw, format = { GRAY8, RGB }, " SIZE},
    {"right", "video/x-raw, format = { GRAY8, RGB }, " SIZE},
    {"disparity", "video/x-raw, format = { GRAY16_LE, GRAY16_BE }, " SIZE},
    {"confidence", "video/x-raw, format = GRAY8, " SIZE},
    {"error", "video/x-raw, format = GRAY8, " SIZE},
    {"mesh", "application/x-ply"},
};

static const struct {
  const gchar *name;
  const gchar *type;
  guint mutability;
  const gchar *def;
  const gchar *other; /* a value that is not the default */
} settings[] = {
    {"address", "gchararray", READY, "127.0.0.1", "::1"},
    {"port", "guint", READY, "50051", "0"},
    {"max-clients", "guint", PLAYING, "0", "3"},
    {"queue-size", "guint", PLAYING, "4", "1"},
    {"set-timeout", "guint64", PLAYING, "500000000", "0"},
    {"sync", "gboolean", PLAYING, "true", "false"},
    {"tls", "gboolean", READY, "false", "true"},
    {"tls-ca-file", "gchararray", READY, NULL, "/etc/ca.pem"},
    {"tls-certificate-file", "gchararray", READY, NULL, "/etc/server.pem"},
    {"tls-private-key-file", "gchararray", READY, NULL, "/etc/server.key"},
    {"focal-length", "gdouble", PLAYING, "0", "500.5"},
    {"principal-point-u", "gdouble", PLAYING, "-1.79769313e+308", "320"},
    {"principal-point-v", "gdouble", PLAYING, "-1.79769313e+308", "240"},
    {"baseline", "gdouble", PLAYING, "0", "0.16"},
    {"scale", "gdouble", PLAYING, "0.0625", "1"},
    {"offset", "gdouble", PLAYING, "0", "270"},
    {"invalid-data-value", "gdouble", PLAYING, "0", "65535"},
};

/* Those that can only be read: current-port and stats. */
#define N_READ_ONLY 2

static GstElement *
make_sink (void)
{
  GstElement *sink = gst_element_factory_make ("rcgrpcsink", NULL);

  fail_unless (sink != NULL);
  g_object_set (sink, "port", 0, NULL);
  return sink;
}

static void
set_state (GstElement *sink, GstState state)
{
  fail_unless_equals_int (
      gst_element_set_state (sink, state), GST_STATE_CHANGE_SUCCESS);
}

static guint
get_current_port (GstElement *sink)
{
  guint port;

  g_object_get (sink, "current-port", &port, NULL);
  return port;
}

/* ---- properties ---- */

static gchar *
value_to_text (const GValue *value)
{
  if (G_VALUE_HOLDS_STRING (value))
    return g_value_dup_string (value);
  if (G_VALUE_HOLDS_DOUBLE (value))
    return g_strdup_printf ("%.9g", g_value_get_double (value));
  return gst_value_serialize (value);
}

static gchar *
get_as_text (GstElement *sink, const gchar *name)
{
  g_auto (GValue) value = G_VALUE_INIT;

  g_object_get_property (G_OBJECT (sink), name, &value);
  return value_to_text (&value);
}

GST_START_TEST (test_property)
{
  GstElement *sink = gst_element_factory_make ("rcgrpcsink", NULL);
  const gchar *name = settings[__i__].name;
  GParamSpec *spec =
      g_object_class_find_property (G_OBJECT_GET_CLASS (sink), name);
  g_autofree gchar *spec_default = NULL, *before = NULL, *after = NULL;

  fail_unless (spec != NULL, "no property %s", name);
  fail_unless_equals_string (
      g_type_name (spec->value_type), settings[__i__].type);
  fail_unless_equals_int (spec->flags & G_PARAM_READWRITE, G_PARAM_READWRITE);
  fail_unless_equals_int (
      spec->flags & MUTABLE_FLAGS, settings[__i__].mutability);
  spec_default = value_to_text (g_param_spec_get_default_value (spec));
  fail_unless_equals_string (spec_default, settings[__i__].def);
  before = get_as_text (sink, name);
  fail_unless_equals_string (before, settings[__i__].def);

  gst_util_set_object_arg (G_OBJECT (sink), name, settings[__i__].other);
  after = get_as_text (sink, name);
  fail_unless_equals_string (after, settings[__i__].other);
  gst_object_unref (sink);
}
GST_END_TEST;

/* The table above has all that can be written. */
GST_START_TEST (test_no_other_property)
{
  GstElement *sink = make_sink ();
  g_autofree GParamSpec **specs = NULL;
  guint n_specs, n_own = 0;

  specs = g_object_class_list_properties (G_OBJECT_GET_CLASS (sink), &n_specs);
  for (guint i = 0; i < n_specs; i++) {
    if (specs[i]->owner_type == G_OBJECT_TYPE (sink))
      n_own++;
  }
  fail_unless_equals_int (n_own, G_N_ELEMENTS (settings) + N_READ_ONLY);
  gst_object_unref (sink);
}
GST_END_TEST;

GST_START_TEST (test_no_address_is_default)
{
  GstElement *sink = make_sink ();
  g_autofree gchar *address = NULL;

  g_object_set (sink, "address", NULL, NULL);
  g_object_get (sink, "address", &address, NULL);
  fail_unless_equals_string (address, "127.0.0.1");
  gst_object_unref (sink);
}
GST_END_TEST;

/* ---- pads ---- */

GST_START_TEST (test_pad)
{
  GstElement *sink = make_sink ();
  const gchar *name = pads[__i__].name;
  GstPadTemplate *templ = gst_element_get_pad_template (sink, name);
  g_autoptr (GstCaps) expected = gst_caps_from_string (pads[__i__].caps);
  g_autoptr (GstCaps) caps = NULL, asked = NULL;
  GstPad *pad;

  fail_unless (templ != NULL);
  fail_unless_equals_int (GST_PAD_TEMPLATE_PRESENCE (templ), GST_PAD_REQUEST);
  caps = gst_pad_template_get_caps (templ);
  fail_unless (gst_caps_is_equal (caps, expected), "%s", name);

  pad = gst_element_request_pad_simple (sink, name);
  fail_unless (pad != NULL);
  fail_unless_equals_string (GST_PAD_NAME (pad), name);
  asked = gst_pad_query_caps (pad, NULL);
  fail_unless (gst_caps_is_equal (asked, expected), "%s", name);
  /* One of each. */
  fail_unless (gst_element_request_pad (sink, templ, NULL, NULL) == NULL);

  gst_element_release_request_pad (sink, pad);
  gst_object_unref (pad);
  fail_unless (gst_element_get_static_pad (sink, name) == NULL);
  pad = gst_element_request_pad_simple (sink, name);
  fail_unless (pad != NULL);
  gst_object_unref (pad);
  gst_object_unref (sink);
}
GST_END_TEST;

GST_START_TEST (test_no_other_pad)
{
  GstElement *sink = make_sink ();

  fail_unless_equals_int (
      g_list_length (gst_element_class_get_pad_template_list (
          GST_ELEMENT_GET_CLASS (sink))),
      G_N_ELEMENTS (pads));
  fail_unless (gst_element_request_pad_simple (sink, "metadata") == NULL);
  gst_object_unref (sink);
}
GST_END_TEST;

GST_START_TEST (test_pads_in_playing)
{
  GstElement *sink = make_sink ();
  GstPad *pad;

  set_state (sink, GST_STATE_PLAYING);
  pad = gst_element_request_pad_simple (sink, "left");
  fail_unless (gst_pad_is_active (pad));
  gst_element_release_request_pad (sink, pad);
  fail_if (gst_pad_is_active (pad));
  gst_object_unref (pad);
  set_state (sink, GST_STATE_NULL);
  gst_object_unref (sink);
}
GST_END_TEST;

/* ---- states ---- */

static gboolean
is_listening (guint port)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketConnection) connection = NULL;

  g_socket_client_set_enable_proxy (client, FALSE);
  connection =
      g_socket_client_connect_to_host (client, "127.0.0.1", port, NULL, NULL);
  return connection != NULL;
}

GST_START_TEST (test_port_is_open_in_paused)
{
  GstElement *sink = make_sink ();
  guint port;

  set_state (sink, GST_STATE_READY);
  fail_unless_equals_int (get_current_port (sink), 0);
  set_state (sink, GST_STATE_PAUSED);
  port = get_current_port (sink);
  fail_unless (port > 0);
  fail_unless (is_listening (port));
  set_state (sink, GST_STATE_PLAYING);
  fail_unless_equals_int (get_current_port (sink), port);
  set_state (sink, GST_STATE_PAUSED);
  fail_unless (is_listening (port));
  set_state (sink, GST_STATE_READY);
  fail_unless_equals_int (get_current_port (sink), 0);
  fail_if (is_listening (port));
  set_state (sink, GST_STATE_PLAYING);
  fail_unless (get_current_port (sink) > 0);
  set_state (sink, GST_STATE_NULL);
  gst_object_unref (sink);
}
GST_END_TEST;

/* ---- errors ---- */

static void
expect_message (GstBus *bus, GstMessageType type, GQuark domain, gint code)
{
  g_autoptr (GstMessage) message = gst_bus_pop_filtered (bus, type);
  g_autoptr (GError) error = NULL;

  fail_unless (message != NULL, "nothing was posted");
  if (type == GST_MESSAGE_ERROR)
    gst_message_parse_error (message, &error, NULL);
  else
    gst_message_parse_warning (message, &error, NULL);
  fail_unless (g_error_matches (error, domain, code), "%s", error->message);
}

static void
expect_failure (GstElement *sink, gint code)
{
  g_autoptr (GstBus) bus = gst_bus_new ();

  gst_element_set_bus (sink, bus);
  fail_unless_equals_int (gst_element_set_state (sink, GST_STATE_PLAYING),
      GST_STATE_CHANGE_FAILURE);
  expect_message (bus, GST_MESSAGE_ERROR, GST_RESOURCE_ERROR, code);
  fail_unless_equals_int (get_current_port (sink), 0);
  gst_element_set_bus (sink, NULL);
  gst_element_set_state (sink, GST_STATE_NULL);
}

GST_START_TEST (test_port_that_is_taken)
{
  GstElement *holder = make_sink (), *other = make_sink ();

  set_state (holder, GST_STATE_PAUSED);
  g_object_set (other, "port", get_current_port (holder), NULL);
  expect_failure (other, GST_RESOURCE_ERROR_OPEN_WRITE);
  set_state (holder, GST_STATE_NULL);
  /* Nothing is left of the failure, nor of the first one. */
  set_state (other, GST_STATE_PAUSED);
  set_state (other, GST_STATE_NULL);
  gst_object_unref (holder);
  gst_object_unref (other);
}
GST_END_TEST;

GST_START_TEST (test_address_that_is_not_ours)
{
  GstElement *sink = make_sink ();

  /* Of a block that is for documentation alone. */
  g_object_set (sink, "address", "192.0.2.1", NULL);
  expect_failure (sink, GST_RESOURCE_ERROR_OPEN_WRITE);
  gst_object_unref (sink);
}
GST_END_TEST;

GST_START_TEST (test_tls_without_certificate)
{
  GstElement *sink = make_sink ();

  g_object_set (sink, "tls", TRUE, NULL);
  expect_failure (sink, GST_RESOURCE_ERROR_SETTINGS);
  g_object_set (sink, "tls-certificate-file", "/nowhere.pem", NULL);
  expect_failure (sink, GST_RESOURCE_ERROR_SETTINGS);
  gst_object_unref (sink);
}
GST_END_TEST;

GST_START_TEST (test_tls_that_is_not_switched_on)
{
  static const gchar *const names[] = {
      "tls-certificate-file", "tls-private-key-file", "tls-ca-file"};

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    GstElement *sink = make_sink ();
    g_autoptr (GstBus) bus = gst_bus_new ();

    gst_element_set_bus (sink, bus);
    g_object_set (sink, names[i], "/nowhere.pem", NULL);
    set_state (sink, GST_STATE_PAUSED);
    expect_message (bus, GST_MESSAGE_WARNING, GST_RESOURCE_ERROR,
        GST_RESOURCE_ERROR_SETTINGS);
    set_state (sink, GST_STATE_NULL);
    gst_element_set_bus (sink, NULL);
    gst_object_unref (sink);
  }
}
GST_END_TEST;

/* ---- statistics ---- */

GST_START_TEST (test_stats)
{
  static const gchar *const counters[] = {"sets", "sets-incomplete",
      "images-dropped", "sets-sent", "sets-missed", "bytes-sent"};
  GstElement *sink = make_sink ();
  g_autoptr (GstStructure) stats = NULL;
  guint clients = 1;

  g_object_get (sink, "stats", &stats, NULL);
  fail_unless (stats != NULL);
  for (guint i = 0; i < G_N_ELEMENTS (counters); i++) {
    guint64 value = 1;

    fail_unless (gst_structure_get_uint64 (stats, counters[i], &value), "%s",
        counters[i]);
    fail_unless_equals_uint64 (value, 0);
  }
  fail_unless (gst_structure_get_uint (stats, "clients", &clients));
  fail_unless_equals_int (clients, 0);
  fail_unless_equals_int (
      gst_structure_n_fields (stats), G_N_ELEMENTS (counters) + 1);
  gst_object_unref (sink);
}
GST_END_TEST;

static Suite *
rcgrpcsink_suite (void)
{
  Suite *suite = suite_create ("rcgrpcsink");
  TCase *tcase = tcase_create ("element");

  suite_add_tcase (suite, tcase);
  tcase_add_loop_test (tcase, test_property, 0, G_N_ELEMENTS (settings));
  tcase_add_test (tcase, test_no_other_property);
  tcase_add_test (tcase, test_no_address_is_default);
  tcase_add_loop_test (tcase, test_pad, 0, G_N_ELEMENTS (pads));
  tcase_add_test (tcase, test_no_other_pad);
  tcase_add_test (tcase, test_pads_in_playing);
  tcase_add_test (tcase, test_port_is_open_in_paused);
  tcase_add_test (tcase, test_port_that_is_taken);
  tcase_add_test (tcase, test_address_that_is_not_ours);
  tcase_add_test (tcase, test_tls_without_certificate);
  tcase_add_test (tcase, test_tls_that_is_not_switched_on);
  tcase_add_test (tcase, test_stats);
  return suite;
}

GST_CHECK_MAIN (rcgrpcsink);
