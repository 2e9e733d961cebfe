/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The lines of a recording, letter by letter, and what hostile ones do. */

#include <gst/check/gstcheck.h>
#include <math.h>
#include <string.h>

#include "recording/rcrecordjson.h"

#define LINE                                                                   \
  "{\"timestamp\":{\"sec\":5,\"nsec\":6},"                                     \
  "\"confidence\":{\"timestamp\":{\"sec\":5,\"nsec\":40000006},"               \
  "\"height\":3,\"width\":4,\"focal_length\":0.1,\"encoding\":\"mono8\","      \
  "\"step\":7,\"gain\":\"NaN\",\"gpios\":{\"inputs\":12,\"values\":1},"        \
  "\"auto_exposure_adapting\":true},"                                          \
  "\"disparity\":{\"timestamp\":{\"sec\":9},\"scale\":0.0625,"                 \
  "\"image\":{\"height\":3,\"width\":4,\"encoding\":\"mono16\"}}"
#define RECORDING                                                              \
  "\"recording\":{\"set\":12,\"duration\":40000000,"                           \
  "\"pts\":{\"disparity\":80000001,\"metadata\":40000001}}}\n"

static RcRecordSet *
read_line (const gchar *line)
{
  g_autoptr (GError) error = NULL;
  RcRecordSet *set = rc_record_json_read (line, strlen (line), &error);

  fail_unless (set != NULL, "%s", error ? error->message : "");
  return set;
}

GST_START_TEST (test_read)
{
  g_autoptr (RcRecordSet) set = read_line (LINE "," RECORDING);
  const RcImage *image = &set->images[RC_STREAM_CONFIDENCE];

  fail_unless_equals_uint64 (set->number, 12);
  fail_unless_equals_uint64 (set->duration, 40000000);
  fail_unless_equals_uint64 (set->timestamp, 5000000006);
  fail_unless_equals_uint64 (set->pts[RC_STREAM_DISPARITY], 80000001);
  fail_unless_equals_uint64 (set->pts[RC_STREAM_METADATA], 40000001);
  fail_unless_equals_uint64 (set->pts[RC_STREAM_LEFT], RC_RECORD_NONE);
  fail_unless (set->has_image[RC_STREAM_CONFIDENCE]);
  fail_if (set->has_image[RC_STREAM_LEFT]);
  fail_unless_equals_uint64 (image->timestamp, 5040000006);
  fail_unless_equals_int (image->height, 3);
  fail_unless_equals_int (image->width, 4);
  fail_unless_equals_int (image->step, 7);
  fail_unless_equals_int (image->encoding, RC_ENCODING_MONO8);
  fail_unless (image->focal_length == 0.1f);
  fail_unless (isnan (image->gain));
  fail_unless_equals_int (image->gpio_inputs, 12);
  fail_unless_equals_int (image->gpio_values, 1);
  fail_unless (image->auto_exposure_adapting);
  fail_unless (set->has_disparity);
  fail_unless (set->disparity.scale == 0.0625f);
  fail_unless_equals_uint64 (
      set->images[RC_STREAM_DISPARITY].timestamp, 9000000000);
  fail_unless_equals_string (set->json, LINE "}\n");
}
GST_END_TEST;

GST_START_TEST (test_write_what_was_read)
{
  g_autoptr (RcRecordSet) set = read_line (LINE "," RECORDING);
  g_autofree gchar *line = rc_record_json_write (set);

  fail_unless_equals_string (line, LINE "," RECORDING);
}
GST_END_TEST;

GST_START_TEST (test_without_camera)
{
  g_autoptr (RcRecordSet) set = rc_record_set_new ();
  g_autofree gchar *bare = NULL, *line = NULL;
  g_autoptr (RcRecordSet) read = NULL;

  set->pts[RC_STREAM_LEFT] = 1;
  bare = rc_record_json_write (set);
  fail_unless_equals_string (bare, "{\"recording\":{\"pts\":{\"left\":1}}}\n");
  read = read_line (bare);
  fail_unless_equals_string (read->json, "{}\n");
}
GST_END_TEST;

/* Whatever else has that name. */
GST_START_TEST (test_cut)
{
  static const struct {
    const gchar *line;
    const gchar *json;
  } lines[] = {
      {"{\"a\":\"\\\"recording\":{\"}\n", NULL},
      {"{\"a\":\",\\\"recording\\\":{\",\"recording\":{}}\n",
          "{\"a\":\",\\\"recording\\\":{\"}\n"},
      {"{\"a\":{\"recording\":{}},\"recording\":{\"b\":{\"recording\":{}}}}\n",
          "{\"a\":{\"recording\":{}}}\n"},
      {"{\"recording\":{\"set\":1},\"b\":2}", "{\"b\":2}\n"},
      {"{\"recording\":{\"set\":1} \n,\"b\":2}", "{\"b\":2}\n"},
      {"{\"b\":2,\"recording\":{\"set\":1} \n}", "{\"b\":2 \n}\n"},
      {"{'a':1}", NULL},
      {"{/**/}", NULL},
  };

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++) {
    g_autoptr (RcRecordSet) set =
        rc_record_json_read (lines[i].line, strlen (lines[i].line), NULL);

    fail_unless_equals_string (set ? set->json : NULL, lines[i].json);
  }
}
GST_END_TEST;

/* From the images: all that they say can be read back. */
GST_START_TEST (test_made_of_images)
{
  g_autoptr (RcRecordSet) set = rc_record_set_new ();
  g_autoptr (RcRecordSet) read = NULL;
  g_autofree gchar *line = NULL;

  set->timestamp = 1700000000123456789;
  set->pts[RC_STREAM_DISPARITY] = 5;
  set->has_image[RC_STREAM_DISPARITY] = set->has_disparity = TRUE;
  set->images[RC_STREAM_DISPARITY] = (RcImage){.timestamp = 1700000000163456789,
      .width = 214,
      .height = 160,
      .step = 428,
      .encoding = RC_ENCODING_MONO16,
      .is_bigendian = TRUE,
      .focal_length = 180.12345f,
      .gamma = INFINITY,
      .gpio_outputs = 3};
  set->disparity = (RcDisparity){.scale = 0.0625f, .baseline = 0.065f};
  line = rc_record_json_write (set);
  read = read_line (line);
  fail_unless_equals_uint64 (read->timestamp, set->timestamp);
  fail_unless (memcmp (&read->images[RC_STREAM_DISPARITY],
                   &set->images[RC_STREAM_DISPARITY], sizeof (RcImage))
               == 0);
  fail_unless (
      memcmp (&read->disparity, &set->disparity, sizeof (RcDisparity)) == 0);
}
GST_END_TEST;

GST_START_TEST (test_refused)
{
  static const struct {
    const gchar *line;
    RcRecordError code;
  } lines[] = {
      {"", RC_RECORD_ERROR_SYNTAX},
      {"[]", RC_RECORD_ERROR_SYNTAX},
      {"{\"left\":", RC_RECORD_ERROR_SYNTAX},
      {"{\"left\":\"\xff\"}", RC_RECORD_ERROR_SYNTAX},
      {"<b>no</b>", RC_RECORD_ERROR_SYNTAX},
      {"{}{}", RC_RECORD_ERROR_SYNTAX},
      {"{\"recording\":{\"set\":1}}\n{\"left\":{}}", RC_RECORD_ERROR_SYNTAX},
      {"{} 1", RC_RECORD_ERROR_SYNTAX},
      {"{},", RC_RECORD_ERROR_SYNTAX},
      {"{\"\\u0\"\":6}//////", RC_RECORD_ERROR_SYNTAX},
      {"{\"\\u00g0\":6}", RC_RECORD_ERROR_SYNTAX},
      {"{\"\\x\":6}", RC_RECORD_ERROR_SYNTAX},
      {"\"a\" {}", RC_RECORD_ERROR_SYNTAX},
      {"{\"left\":1}", RC_RECORD_ERROR_TYPE},
      {"{\"left\":{}}", RC_RECORD_ERROR_TYPE},
      {"{\"left\":{\"encoding\":\"jpeg\"}}", RC_RECORD_ERROR_RANGE},
      {"{\"left\":{\"encoding\":\"mono8\",\"width\":-1}}",
          RC_RECORD_ERROR_RANGE},
      {"{\"left\":{\"encoding\":\"mono8\",\"width\":4294967296}}",
          RC_RECORD_ERROR_RANGE},
      {"{\"left\":{\"encoding\":\"mono8\",\"gain\":1e39}}",
          RC_RECORD_ERROR_RANGE},
      {"{\"left\":{\"encoding\":\"mono8\",\"gain\":\"much\"}}",
          RC_RECORD_ERROR_TYPE},
      {"{\"timestamp\":{\"sec\":-1}}", RC_RECORD_ERROR_RANGE},
      {"{\"timestamp\":{\"nsec\":1000000000}}", RC_RECORD_ERROR_RANGE},
      {"{\"recording\":{\"set\":\"1\"}}", RC_RECORD_ERROR_TYPE},
      {"{\"recording\":{\"set\":-1}}", RC_RECORD_ERROR_RANGE},
      {"{\"recording\":{\"pts\":[]}}", RC_RECORD_ERROR_TYPE},
      {"{\"a\":[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]}", RC_RECORD_ERROR_LIMIT},
  };

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++) {
    g_autoptr (GError) error = NULL;

    fail_unless (
        rc_record_json_read (lines[i].line, strlen (lines[i].line), &error)
            == NULL,
        "%s", lines[i].line);
    fail_unless (
        g_error_matches (error, RC_RECORD_ERROR, lines[i].code), "%u", i);
  }
}
GST_END_TEST;

GST_START_TEST (test_too_long)
{
  g_autofree gchar *line = g_strnfill (RC_RECORD_MAX_LINE + 1, ' ');
  g_autoptr (GError) error = NULL;

  fail_unless (
      rc_record_json_read (line, RC_RECORD_MAX_LINE + 1, &error) == NULL);
  fail_unless (g_error_matches (error, RC_RECORD_ERROR, RC_RECORD_ERROR_LIMIT));
}
GST_END_TEST;

GST_START_TEST (test_unescape)
{
  const gchar *escaped = "{&quot;a&apos;&#39;&lt;&gt;&amp;quot; &x &";
  g_autofree gchar *plain = rc_record_unescape (escaped, strlen (escaped));

  fail_unless_equals_string (plain, "{\"a''<>&quot; &x &");
}
GST_END_TEST;

static Suite *
recordjson_suite (void)
{
  Suite *suite = suite_create ("recordjson");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_read);
  tcase_add_test (tcase, test_write_what_was_read);
  tcase_add_test (tcase, test_cut);
  tcase_add_test (tcase, test_without_camera);
  tcase_add_test (tcase, test_made_of_images);
  tcase_add_test (tcase, test_refused);
  tcase_add_test (tcase, test_too_long);
  tcase_add_test (tcase, test_unescape);
  return suite;
}

GST_CHECK_MAIN (recordjson);
