/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* When a recording goes on in another file, and what that is called. */

#include <gst/check/gstcheck.h>

#include "recording/rcrecordsplit.h"

#define MS G_GUINT64_CONSTANT (1000000)

static RcRecordDecision
decide (RcRecordSplit *split, guint64 time, guint64 file_bytes, gboolean is_set,
    gboolean is_key)
{
  RcRecordCandidate cluster = {time, 100, is_set, is_key};

  return rc_record_split_decide (split, &cluster, file_bytes);
}

GST_START_TEST (test_no_limit)
{
  RcRecordSplit split = {0, 0};

  rc_record_split_begin (&split, 0);
  for (guint i = 0; i < 1000; i++)
    fail_unless_equals_int (
        decide (&split, i * 1000000 * MS, G_MAXUINT32 * (guint64)i, TRUE, TRUE),
        RC_RECORD_GO_ON);
}
GST_END_TEST;

GST_START_TEST (test_time)
{
  RcRecordSplit split = {.max_time = 1000 * MS};

  rc_record_split_begin (&split, 500 * MS);
  fail_unless_equals_int (
      decide (&split, 1499 * MS, 0, TRUE, TRUE), RC_RECORD_GO_ON);
  /* One that is late. */
  fail_unless_equals_int (
      decide (&split, 100 * MS, 0, TRUE, TRUE), RC_RECORD_GO_ON);
  fail_unless_equals_int (
      decide (&split, 1500 * MS, 0, TRUE, TRUE), RC_RECORD_SPLIT);
  rc_record_split_begin (&split, 1500 * MS);
  fail_unless_equals_int (
      decide (&split, 2499 * MS, 0, TRUE, TRUE), RC_RECORD_GO_ON);
}
GST_END_TEST;

GST_START_TEST (test_bytes)
{
  RcRecordSplit split = {.max_bytes = 1000};

  rc_record_split_begin (&split, 0);
  fail_unless_equals_int (decide (&split, 0, 900, TRUE, TRUE), RC_RECORD_GO_ON);
  fail_unless_equals_int (decide (&split, 0, 901, TRUE, TRUE), RC_RECORD_SPLIT);
}
GST_END_TEST;

/* Images that are not the set's first stay with it. */
GST_START_TEST (test_whole_sets)
{
  RcRecordSplit split = {.max_time = 1000 * MS};

  rc_record_split_begin (&split, 0);
  fail_unless_equals_int (
      decide (&split, 1040 * MS, 0, FALSE, TRUE), RC_RECORD_ASK);
  fail_unless_equals_int (
      decide (&split, 1080 * MS, 0, TRUE, TRUE), RC_RECORD_SPLIT);
}
GST_END_TEST;

GST_START_TEST (test_key_frames)
{
  RcRecordSplit split = {.max_time = 1000 * MS};
  guint n_asked = 0;
  guint64 time;

  rc_record_split_begin (&split, 0);
  fail_unless_equals_int (
      decide (&split, 1000 * MS, 0, TRUE, FALSE), RC_RECORD_ASK);
  fail_unless_equals_int (
      decide (&split, 1040 * MS, 0, TRUE, FALSE), RC_RECORD_GO_ON);
  fail_unless_equals_int (
      decide (&split, 1080 * MS, 0, TRUE, TRUE), RC_RECORD_SPLIT);

  /* They do not come: again and again, and then without. */
  rc_record_split_begin (&split, 0);
  for (time = 1000 * MS; time < 1000 * MS + RC_RECORD_SPLIT_PATIENCE;
       time += 40 * MS) {
    RcRecordDecision decision = decide (&split, time, 0, TRUE, FALSE);

    fail_if (decision == RC_RECORD_SPLIT);
    n_asked += decision == RC_RECORD_ASK;
  }
  fail_unless_equals_int (
      n_asked, RC_RECORD_SPLIT_PATIENCE / RC_RECORD_SPLIT_REPEAT);
  fail_unless_equals_int (
      decide (&split, time, 0, TRUE, FALSE), RC_RECORD_SPLIT);
}
GST_END_TEST;

GST_START_TEST (test_paths)
{
  static const struct {
    const gchar *location;
    guint n;
    const gchar *path;
  } cases[] = {
      {"rec.mkv", 0, "rec.mkv"},
      {"rec.mkv", 1, "rec-00001.mkv"},
      {"/a.b/rec", 2, "/a.b/rec-00002"},
      {"/a/x.y.mkv", 123456, "/a/x.y-123456.mkv"},
      {".hidden", 3, ".hidden-00003"},
      {"a%d/100%.mkv", 4, "a%d/100%-00004.mkv"},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *path =
        rc_record_split_get_path (cases[i].location, cases[i].n);

    fail_unless_equals_string (path, cases[i].path);
  }
}
GST_END_TEST;

static Suite *
recordsplit_suite (void)
{
  Suite *suite = suite_create ("recordsplit");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_no_limit);
  tcase_add_test (tcase, test_time);
  tcase_add_test (tcase, test_bytes);
  tcase_add_test (tcase, test_whole_sets);
  tcase_add_test (tcase, test_key_frames);
  tcase_add_test (tcase, test_paths);
  return suite;
}

GST_CHECK_MAIN (recordsplit);
