/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The JSON of messages, letter by letter; tests/interop compares it with
 * protobuf's own. */

#include <gst/check/gstcheck.h>
#include <math.h>
#include <string.h>

#include "image_interface.pb-c.h"
#include "wire/rcjson.h"

static void
check_json (const ProtobufCMessage *message, const gchar *expected)
{
  g_autofree gchar *json = rc_json_from_message (message);

  fail_unless_equals_string (json, expected);
}

GST_START_TEST (test_absent_and_default)
{
  ImageSet set = IMAGE_SET__INIT;
  Mesh mesh = MESH__INIT;
  Gpios gpios = GPIOS__INIT;
  Image image = IMAGE__INIT;

  check_json (&set.base, "{}\n");
  set.mesh = &mesh;
  mesh.data.data = (guint8 *)"pixels";
  mesh.data.len = 6;
  check_json (&set.base, "{\"mesh\":{\"format\":\"\"}}\n");
  set.mesh = NULL;
  set.left = &image;
  image.gpios = &gpios;
  check_json (&set.base,
      "{\"left\":{\"height\":0,\"width\":0,\"focal_length\":0.0,"
      "\"principal_point_u\":0.0,\"principal_point_v\":0.0,\"encoding\":\"\","
      "\"is_bigendian\":false,\"step\":0,"
      "\"gpios\":{\"inputs\":0,\"outputs\":0,\"values\":0},"
      "\"exposure_time\":0.0,\"gain\":0.0,\"noise\":0.0,"
      "\"out1_reduction\":0.0,\"brightness\":0.0,\"gamma\":0.0,"
      "\"auto_exposure_adapting\":false}}\n");
}
GST_END_TEST;

GST_START_TEST (test_numbers)
{
  Time time = TIME__INIT;
  Gpios gpios = GPIOS__INIT;

  time.sec = G_MININT32;
  time.nsec = G_MAXINT32;
  check_json (&time.base, "{\"sec\":-2147483648,\"nsec\":2147483647}\n");
  gpios.values = G_MAXUINT32;
  check_json (
      &gpios.base, "{\"inputs\":0,\"outputs\":0,\"values\":4294967295}\n");
}
GST_END_TEST;

GST_START_TEST (test_enums_and_bools)
{
  MeshOptions options = MESH_OPTIONS__INIT;

  options.watertight = TRUE;
  options.binning_method = MESH_OPTIONS__BINNING_METHOD__MIN_DEPTH;
  check_json (&options.base,
      "{\"max_points\":0,\"binning_method\":\"MIN_DEPTH\","
      "\"watertight\":true,\"textured\":false}\n");
  options.binning_method = 9;
  check_json (&options.base, "{\"max_points\":0,\"binning_method\":9,"
                             "\"watertight\":true,\"textured\":false}\n");
}
GST_END_TEST;

GST_START_TEST (test_strings)
{
  static const struct {
    const gchar *text;
    const gchar *json;
  } strings[] = {
      {"mono8", "mono8"},
      {"\"\\/", "\\\"\\\\/"},
      {"\n\r\t", "\\n\\r\\t"},
      {"\x01\x08\x1f\x7f", "\\u0001\\u0008\\u001f\\u007f"},
      {"<b>&amp;</b>", "\\u003cb\\u003e\\u0026amp;\\u003c/b\\u003e"},
      {"\xc2\x85\xc2\x9f\xc2\xa0", "\\u0085\\u009f\xc2\xa0"},
      {"\xe2\x80\xa7\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa",
          "\xe2\x80\xa7\\u2028\\u2029\xe2\x80\xaa"},
      {"gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80",
          "gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80"},
  };

  for (guint i = 0; i < G_N_ELEMENTS (strings); i++) {
    Mesh mesh = MESH__INIT;
    g_autofree gchar *expected =
        g_strdup_printf ("{\"format\":\"%s\"}\n", strings[i].json);

    mesh.format = (gchar *)strings[i].text;
    check_json (&mesh.base, expected);
  }
}
GST_END_TEST;

static gchar *
float_to_json (gfloat value)
{
  DisparityImage disparity = DISPARITY_IMAGE__INIT;
  g_autofree gchar *json = NULL;
  gchar *text;

  disparity.scale = value;
  json = rc_json_from_message (&disparity.base);
  fail_unless (g_str_has_prefix (json, "{\"scale\":"));
  text = json + strlen ("{\"scale\":");
  return g_strndup (text, strcspn (text, ","));
}

static void
check_float (gfloat value, const gchar *expected)
{
  g_autofree gchar *text = float_to_json (value);

  fail_unless_equals_string (text, expected);
}

GST_START_TEST (test_floats)
{
  check_float (0, "0.0");
  check_float (-0.0f, "-0.0");
  check_float (1080, "1080.0");
  check_float (0.1f, "0.1");
  check_float (0.0625f, "0.0625");
  check_float (1081.4742f, "1081.4742");
  check_float (16777216, "16777216.0");
  check_float (1.0f / 3, "0.33333334");
  check_float (1e-45f, "1.4013e-45");
  check_float (-G_MAXFLOAT, "-3.402823466e+38");
  check_float (nextafterf (G_MAXFLOAT, 0), "3.4028233e+38");
  check_float (NAN, "\"NaN\"");
  check_float (-NAN, "\"NaN\"");
  check_float (INFINITY, "\"Infinity\"");
  check_float (-INFINITY, "\"-Infinity\"");
}
GST_END_TEST;

/* Any bits: what is printed reads back to them, directly and over a double. */
GST_START_TEST (test_random_floats)
{
  GRand *rand = g_rand_new_with_seed (6);

  for (guint i = 0; i < 50000; i++) {
    guint32 bits = g_rand_int (rand);
    gfloat value, direct, over_double;
    g_autofree gchar *text = NULL;

    if (i % 8 == 0)
      bits &= 0x807fffff;
    memcpy (&value, &bits, sizeof value);
    if (!isfinite (value))
      continue;
    text = float_to_json (value);
    direct = strtof (text, NULL);
    over_double = strtod (text, NULL);
    fail_unless (memcmp (&direct, &value, sizeof value) == 0, "%s", text);
    fail_unless (memcmp (&over_double, &value, sizeof value) == 0, "%s", text);
  }
  g_rand_free (rand);
}
GST_END_TEST;

static void
check_types (const ProtobufCMessageDescriptor *descriptor)
{
  ProtobufCMessage *message = g_malloc (descriptor->sizeof_message);
  g_autofree gchar *json = NULL;

  /* Aborts at a type that the writer does not know. */
  protobuf_c_message_init (descriptor, message);
  json = rc_json_from_message (message);
  g_free (message);
  for (guint i = 0; i < descriptor->n_fields; i++) {
    const ProtobufCFieldDescriptor *field = &descriptor->fields[i];

    fail_unless_equals_int (field->label, PROTOBUF_C_LABEL_NONE);
    if (field->type == PROTOBUF_C_TYPE_MESSAGE)
      check_types (field->descriptor);
  }
}

/* The writer, and the walk, support all that the .proto file has. */
GST_START_TEST (test_all_types)
{
  check_types (&image_set__descriptor);
  check_types (&image_set_request__descriptor);
  check_types (&image_events__descriptor);
  check_types (&image_events_request__descriptor);
}
GST_END_TEST;

static Suite *
wirejson_suite (void)
{
  Suite *suite = suite_create ("wirejson");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_absent_and_default);
  tcase_add_test (tcase, test_numbers);
  tcase_add_test (tcase, test_enums_and_bools);
  tcase_add_test (tcase, test_strings);
  tcase_add_test (tcase, test_floats);
  tcase_add_test (tcase, test_random_floats);
  tcase_add_test (tcase, test_all_types);
  return suite;
}

GST_CHECK_MAIN (wirejson);
