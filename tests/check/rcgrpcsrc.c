/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* rcgrpcsrc without a camera: its properties, URIs, pads and states. */

#include <gst/check/gstcheck.h>

#define MUTABLE_FLAGS                                                          \
  (GST_PARAM_MUTABLE_READY | GST_PARAM_MUTABLE_PAUSED                          \
      | GST_PARAM_MUTABLE_PLAYING)
#define N_STREAMS 7
#define IMAGE_CAPS                                                             \
  "video/x-raw, format = (string) { GRAY8, RGB, GRAY16_LE, GRAY16_BE }, "      \
  "width = (int) [ 1, MAX ], height = (int) [ 1, MAX ], "                      \
  "framerate = (fraction) 0/1, pixel-aspect-ratio = (fraction) 1/1"

static const struct {
  const gchar *name;
  const gchar *caps;
} streams[N_STREAMS] = {
    {"left", IMAGE_CAPS},
    {"right", IMAGE_CAPS},
    {"disparity", IMAGE_CAPS},
    {"confidence", IMAGE_CAPS},
    {"error", IMAGE_CAPS},
    {"mesh", "application/x-ply"},
    {"metadata", "text/x-raw, format = (string) utf8"},
};

static GstElement *
make_source (void)
{
  GstElement *source = gst_element_factory_make ("rcgrpcsrc", NULL);

  fail_unless (source != NULL);
  return source;
}

static gboolean
has_pad (GstElement *source, const gchar *name)
{
  g_autoptr (GstPad) pad = gst_element_get_static_pad (source, name);

  return pad != NULL;
}

static GstPad *
get_pad (GstElement *source, const gchar *name)
{
  GstPad *pad = gst_element_get_static_pad (source, name);

  fail_unless (pad != NULL, "no pad %s", name);
  return pad;
}

/* ---- properties ---- */

#define READY GST_PARAM_MUTABLE_READY
#define PLAYING GST_PARAM_MUTABLE_PLAYING

static const struct {
  const gchar *name;
  const gchar *type;
  guint mutability;
  const gchar *min, *max; /* NULL where the type has none */
  const gchar *def;
  const gchar *other; /* a value that is not the default */
} settings[] = {
    {"host", "gchararray", READY, NULL, NULL, "localhost", "10.0.2.90"},
    {"port", "guint", READY, "1", "65535", "50051", "1234"},
    {"pipeline", "guint", READY, "0", "65535", "0", "3"},
    {"color", "gboolean", PLAYING, NULL, NULL, "false", "true"},
    {"mesh-max-points", "guint", PLAYING, "0", "4294967295", "0", "1000"},
    {"mesh-binning-method", "GstRcMeshBinningMethod", PLAYING, NULL, NULL,
        "average", "min-depth"},
    {"mesh-watertight", "gboolean", PLAYING, NULL, NULL, "false", "true"},
    {"mesh-textured", "gboolean", PLAYING, NULL, NULL, "false", "true"},
    {"num-buffers", "gint", READY, "-1", "2147483647", "-1", "0"},
    {"timestamp-mode", "GstRcTimestampMode", READY, NULL, NULL, "capture",
        "arrival"},
    {"latency", "guint", PLAYING, "0", "4294967295", "100", "0"},
    {"queue-size", "guint", PLAYING, "1", "2147483647", "4", "1"},
    {"leaky", "GstRcLeaky", PLAYING, NULL, NULL, "downstream", "none"},
    {"max-message-size", "guint", READY, "1024", "2147483647", "536870912",
        "4194304"},
    {"timeout", "guint64", READY, "0", "18446744073709551615", "10000000000",
        "0"},
    {"image-events", "gboolean", READY, NULL, NULL, "false", "true"},
    {"auto-reconnect", "gboolean", READY, NULL, NULL, "true", "false"},
    {"retries", "gint", READY, "-1", "2147483647", "-1", "3"},
    {"retry-backoff-max", "guint64", READY, "0", "9223372036854775807",
        "5000000000", "100000000"},
    {"wait-for-connection", "gboolean", READY, NULL, NULL, "false", "true"},
    {"tls", "gboolean", READY, NULL, NULL, "false", "true"},
    {"tls-ca-file", "gchararray", READY, NULL, NULL, NULL, "/etc/ca.pem"},
    {"tls-certificate-file", "gchararray", READY, NULL, NULL, NULL,
        "/etc/client.pem"},
    {"tls-private-key-file", "gchararray", READY, NULL, NULL, NULL,
        "/etc/client.key"},
    {"tls-server-name", "gchararray", READY, NULL, NULL, NULL, "cube"},
    {"uri", "gchararray", READY, NULL, NULL, "rcgrpc://localhost",
        "rcgrpc://cube:1234?pipeline=2&color=true"},
};

static GParamSpec *
find_property (GstElement *source, const gchar *name)
{
  GParamSpec *spec =
      g_object_class_find_property (G_OBJECT_GET_CLASS (source), name);

  fail_unless (spec != NULL, "no property %s", name);
  return spec;
}

static gchar *
value_to_text (const GValue *value)
{
  if (G_VALUE_HOLDS_STRING (value))
    return g_value_dup_string (value);
  if (G_VALUE_HOLDS_ENUM (value)) {
    GEnumClass *klass = g_type_class_peek (G_VALUE_TYPE (value));

    return g_strdup (
        g_enum_get_value (klass, g_value_get_enum (value))->value_nick);
  }
  return gst_value_serialize (value);
}

static gchar *
get_as_text (GstElement *source, const gchar *name)
{
  g_auto (GValue) value = G_VALUE_INIT;

  g_object_get_property (G_OBJECT (source), name, &value);
  return value_to_text (&value);
}

static void
check_range (GParamSpec *spec, const gchar *min, const gchar *max)
{
  g_autofree gchar *got_min = NULL, *got_max = NULL;

  if (G_IS_PARAM_SPEC_UINT (spec)) {
    got_min = g_strdup_printf ("%u", G_PARAM_SPEC_UINT (spec)->minimum);
    got_max = g_strdup_printf ("%u", G_PARAM_SPEC_UINT (spec)->maximum);
  } else if (G_IS_PARAM_SPEC_INT (spec)) {
    got_min = g_strdup_printf ("%d", G_PARAM_SPEC_INT (spec)->minimum);
    got_max = g_strdup_printf ("%d", G_PARAM_SPEC_INT (spec)->maximum);
  } else if (G_IS_PARAM_SPEC_UINT64 (spec)) {
    got_min = g_strdup_printf (
        "%" G_GUINT64_FORMAT, G_PARAM_SPEC_UINT64 (spec)->minimum);
    got_max = g_strdup_printf (
        "%" G_GUINT64_FORMAT, G_PARAM_SPEC_UINT64 (spec)->maximum);
  }
  fail_unless_equals_string (got_min, min);
  fail_unless_equals_string (got_max, max);
}

GST_START_TEST (test_property)
{
  GstElement *source = make_source ();
  const gchar *name = settings[__i__].name;
  GParamSpec *spec = find_property (source, name);
  g_autofree gchar *spec_default =
      value_to_text (g_param_spec_get_default_value (spec));
  g_autofree gchar *before = get_as_text (source, name);
  g_autofree gchar *after = NULL;

  fail_unless_equals_string (
      g_type_name (spec->value_type), settings[__i__].type);
  fail_unless_equals_int (spec->flags & G_PARAM_READWRITE, G_PARAM_READWRITE);
  fail_unless_equals_int (
      spec->flags & MUTABLE_FLAGS, settings[__i__].mutability);
  check_range (spec, settings[__i__].min, settings[__i__].max);
  fail_unless_equals_string (spec_default, settings[__i__].def);
  fail_unless_equals_string (before, settings[__i__].def);

  gst_util_set_object_arg (G_OBJECT (source), name, settings[__i__].other);
  after = get_as_text (source, name);
  fail_unless_equals_string (after, settings[__i__].other);
  gst_object_unref (source);
}
GST_END_TEST;

/* The table above has all that can be written. */
GST_START_TEST (test_no_other_property)
{
  GstElement *source = make_source ();
  g_autofree GParamSpec **specs = NULL;
  guint n_specs, n_own = 0;

  specs =
      g_object_class_list_properties (G_OBJECT_GET_CLASS (source), &n_specs);
  for (guint i = 0; i < n_specs; i++) {
    if (specs[i]->owner_type == G_OBJECT_TYPE (source))
      n_own++;
  }
  fail_unless_equals_int (n_own, G_N_ELEMENTS (settings) + 1);
  gst_object_unref (source);
}
GST_END_TEST;

GST_START_TEST (test_enum_values)
{
  static const struct {
    const gchar *property;
    const gchar *nicks[4];
  } enums[] = {
      {"leaky", {"none", "upstream", "downstream"}},
      {"timestamp-mode", {"capture", "arrival"}},
      {"mesh-binning-method", {"average", "min-depth"}},
  };
  GstElement *source = make_source ();

  for (guint i = 0; i < G_N_ELEMENTS (enums); i++) {
    GParamSpec *spec = find_property (source, enums[i].property);
    GEnumClass *klass = G_PARAM_SPEC_ENUM (spec)->enum_class;

    for (guint j = 0; enums[i].nicks[j] != NULL; j++) {
      fail_unless_equals_string (
          klass->values[j].value_nick, enums[i].nicks[j]);
      fail_unless_equals_int (klass->values[j].value, j);
      fail_unless (klass->n_values > j);
      if (enums[i].nicks[j + 1] == NULL)
        fail_unless_equals_int (klass->n_values, j + 1);
    }
  }
  gst_object_unref (source);
}
GST_END_TEST;

GST_START_TEST (test_no_host_is_default)
{
  GstElement *source = make_source ();
  g_autofree gchar *host = NULL;

  g_object_set (source, "host", "cube", NULL);
  g_object_set (source, "host", NULL, NULL);
  g_object_get (source, "host", &host, NULL);
  fail_unless_equals_string (host, "localhost");
  gst_object_unref (source);
}
GST_END_TEST;

/* ---- statistics ---- */

static void
check_counter (const GstStructure *stats, const gchar *name)
{
  guint64 value = 1;

  fail_unless (gst_structure_get_uint64 (stats, name, &value), "%s", name);
  fail_unless_equals_uint64 (value, 0);
}

static void
check_untouched_stats (GstElement *source, const gchar *state)
{
  g_autoptr (GstStructure) stats = NULL;
  gdouble rate = -1;

  g_object_get (source, "stats", &stats, NULL);
  fail_unless (stats != NULL);
  check_counter (stats, "sets-received");
  check_counter (stats, "sets-rejected");
  check_counter (stats, "images-dropped");
  check_counter (stats, "bytes-received");
  check_counter (stats, "reconnects");
  fail_unless (gst_structure_get_double (stats, "frame-rate", &rate));
  fail_unless_equals_float (rate, 0.0);
  fail_unless_equals_string (gst_structure_get_string (stats, "state"), state);

  for (guint i = 0; i < N_STREAMS; i++) {
    const GValue *value = gst_structure_get_value (stats, streams[i].name);
    const GstStructure *pad;
    guint level = 1;

    fail_unless_equals_int (value != NULL, has_pad (source, streams[i].name));
    if (value == NULL)
      continue;
    fail_unless (GST_VALUE_HOLDS_STRUCTURE (value));
    pad = gst_value_get_structure (value);
    check_counter (pad, "images-received");
    check_counter (pad, "images-dropped");
    fail_unless (gst_structure_get_uint (pad, "queue-level", &level));
    fail_unless_equals_int (level, 0);
  }
}

GST_START_TEST (test_stats)
{
  GstElement *source = make_source ();
  GParamSpec *spec = find_property (source, "stats");

  fail_unless (spec->value_type == GST_TYPE_STRUCTURE);
  fail_unless_equals_int (spec->flags & G_PARAM_READWRITE, G_PARAM_READABLE);

  check_untouched_stats (source, "stopped");
  gst_object_unref (gst_element_request_pad_simple (source, "left"));
  gst_object_unref (gst_element_request_pad_simple (source, "metadata"));
  check_untouched_stats (source, "stopped");
  gst_object_unref (source);

  source = make_source ();
  gst_element_set_state (source, GST_STATE_PAUSED);
  check_untouched_stats (source, "stopped");
  gst_element_set_state (source, GST_STATE_PLAYING);
  check_untouched_stats (source, "idle");
  gst_element_set_state (source, GST_STATE_NULL);
  check_untouched_stats (source, "stopped");
  gst_object_unref (source);
}
GST_END_TEST;

/* ---- URI ---- */

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
  g_autofree gchar *through_property = get_as_text (source, "uri");

  fail_unless_equals_string (through_handler, expected);
  fail_unless_equals_string (through_property, expected);
}

static void
set_uri (GstElement *source, const gchar *uri)
{
  g_autoptr (GError) error = NULL;

  fail_unless (gst_uri_handler_set_uri (GST_URI_HANDLER (source), uri, &error),
      "%s: %s", uri, error ? error->message : NULL);
  fail_unless (error == NULL);
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

static void
expect_error (GstBus *bus, GQuark domain, gint code)
{
  g_autoptr (GstMessage) message =
      gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  g_autoptr (GError) error = NULL;

  fail_unless (message != NULL, "no error was posted");
  gst_message_parse_error (message, &error, NULL);
  fail_unless (g_error_matches (error, domain, code), "%s", error->message);
}

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
  child = gst_bin_get_by_name (GST_BIN (source), "left");
  fail_unless (child != NULL);
  gst_object_unref (child);
  gst_check_objects_destroyed_on_unref (source, pad, child, NULL);
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

  tcase = tcase_create ("properties");
  suite_add_tcase (suite, tcase);
  tcase_add_loop_test (tcase, test_property, 0, G_N_ELEMENTS (settings));
  tcase_add_test (tcase, test_no_other_property);
  tcase_add_test (tcase, test_enum_values);
  tcase_add_test (tcase, test_no_host_is_default);
  tcase_add_test (tcase, test_stats);

  tcase = tcase_create ("uri");
  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_uri_handler);
  tcase_add_test (tcase, test_uri_sets_properties);
  tcase_add_test (tcase, test_uri_makes_pads);
  tcase_add_test (tcase, test_uri_without_streams);
  tcase_add_loop_test (tcase, test_bad_uri, 0, G_N_ELEMENTS (bad_uris));
  tcase_add_loop_test (tcase, test_bad_uri_in_property, 0, 2);
  tcase_add_test (tcase, test_uri_in_playing);

  tcase = tcase_create ("pads");
  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_pad_templates);
  tcase_add_test (tcase, test_request_pads);
  tcase_add_test (tcase, test_request_twice);
  tcase_add_test (tcase, test_request_unknown);

  tcase = tcase_create ("states");
  suite_add_tcase (suite, tcase);
  tcase_add_loop_test (tcase, test_no_preroll, 0, 2);
  tcase_add_test (tcase, test_port_beyond_last);
  tcase_add_test (tcase, test_latency);
  tcase_add_test (tcase, test_makes_no_thread);
  tcase_add_loop_test (tcase, test_unref_without_release, 0, 2);
  tcase_add_test (tcase, test_unref_after_run);
  return suite;
}

GST_CHECK_MAIN (rcgrpcsrc);
