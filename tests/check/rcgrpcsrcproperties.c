/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* rcgrpcsrc's properties and statistics, without a camera. */

#include "rcgrpcsrcfixture.h"

#define MUTABLE_FLAGS                                                          \
  (GST_PARAM_MUTABLE_READY | GST_PARAM_MUTABLE_PAUSED                          \
      | GST_PARAM_MUTABLE_PLAYING)
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

static Suite *
rcgrpcsrcproperties_suite (void)
{
  Suite *suite = suite_create ("rcgrpcsrcproperties");
  TCase *tcase;

  tcase = tcase_create ("properties");
  suite_add_tcase (suite, tcase);
  tcase_add_loop_test (tcase, test_property, 0, G_N_ELEMENTS (settings));
  tcase_add_test (tcase, test_no_other_property);
  tcase_add_test (tcase, test_enum_values);
  tcase_add_test (tcase, test_no_host_is_default);
  tcase_add_test (tcase, test_stats);
  return suite;
}

GST_CHECK_MAIN (rcgrpcsrcproperties);
