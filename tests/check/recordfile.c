/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A recording's file while it is written, when it ends, and where the disk ends
 * first. That others read it is for tests/interop. */

#define _GNU_SOURCE /* memmem () */

#include <glib/gstdio.h>
#include <gst/check/gstcheck.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "recording/rcrecordfile.h"
#include "recording/rctracknames.h"

static gchar *folder, *path;

static void
setup (void)
{
  folder = g_dir_make_tmp ("rc-record-file-XXXXXX", NULL);
  path = g_build_filename (folder, "rec.mkv", NULL);
}

static void
teardown (void)
{
  g_remove (path);
  g_rmdir (folder);
  g_free (path);
  g_free (folder);
}

static RcRecordFile *
open_file (void)
{
  static const RcMatroskaTrack tracks[] = {
      {"left", RC_MATROSKA_VIDEO, "V_FFV1", NULL, 64, 48},
      {"metadata", RC_MATROSKA_SUBTITLE, "S_TEXT/UTF8", NULL, 0, 0},
  };
  g_autoptr (GError) error = NULL;
  RcRecordFile *file = rc_record_file_open (path, tracks, 2, &error);

  g_assert_no_error (error);
  return file;
}

static gboolean
write_set_until (RcRecordFile *file, guint64 time, guint64 set_end, gsize size,
    GError **error)
{
  g_autofree guint8 *image = g_malloc (size);
  RcRecordFrame frames[] = {
      {{2, TRUE, 40000, 2}, (const guint8 *)"{}"},
      {{1, TRUE, 0, size}, image},
  };

  memset (image, 'x', size);
  RcRecordCluster cluster = {time, TRUE, set_end, frames, 2};

  return rc_record_file_write (file, &cluster, error);
}

static gboolean
write_set (RcRecordFile *file, guint64 time, gsize size, GError **error)
{
  return write_set_until (file, time, time, size, error);
}

static gchar *
contents (gsize *length)
{
  gchar *data;

  fail_unless (g_file_get_contents (path, &data, length, NULL));
  return data;
}

/* EBML's length of eight bytes at @at. */
static guint64
read_length (const gchar *data, gsize at)
{
  guint64 bytes;

  memcpy (&bytes, data + at, sizeof bytes);
  return GUINT64_FROM_BE (bytes) & G_GUINT64_CONSTANT (0x00ffffffffffffff);
}

/* Behind the segment's ID. */
static gsize
find_segment (const gchar *data, gsize length)
{
  const gchar *id = memmem (data, length, "\x18\x53\x80\x67", 4);

  fail_unless (id != NULL);
  return id + 4 - data;
}

GST_START_TEST (test_head)
{
  RcRecordFile *file = open_file ();
  guint64 uids[RC_N_STREAMS];
  gsize length;
  g_autofree gchar *data = contents (&length);
  guint64 size;

  fail_unless_equals_uint64 (rc_record_file_get_size (file), length);
  /* All ones: it is being written. */
  fail_unless_equals_uint64 (read_length (data, find_segment (data, length)),
      G_GUINT64_CONSTANT (0x00ffffffffffffff));
  rc_track_names_read ((const guint8 *)data, length, uids);
  fail_unless_equals_uint64 (uids[RC_STREAM_LEFT], 1);
  fail_unless_equals_uint64 (uids[RC_STREAM_METADATA], 2);
  fail_unless_equals_uint64 (uids[RC_STREAM_RIGHT], 0);
  fail_unless (rc_record_file_close (file, 0, &size, NULL));
}
GST_END_TEST;

/* What was written is in the file at once, whole. */
GST_START_TEST (test_clusters)
{
  RcRecordFile *file = open_file ();
  guint64 size = rc_record_file_get_size (file);

  for (guint i = 0; i < 10; i++) {
    gsize length;
    g_autofree gchar *data = NULL;

    fail_unless (write_set (file, i * 40000, 1000 + i, NULL));
    data = contents (&length);
    fail_unless_equals_uint64 (rc_record_file_get_size (file), length);
    fail_unless (memcmp (data + size, "\x1f\x43\xb6\x75", 4) == 0);
    fail_unless_equals_uint64 (
        read_length (data, size + 4), length - size - 12);
    fail_unless (data[length - 1] == 'x');
    size = length;
  }
  fail_unless (rc_record_file_close (file, 40000, &size, NULL));
}
GST_END_TEST;

GST_START_TEST (test_end)
{
  RcRecordFile *file = open_file ();
  gsize length, segment;
  g_autofree gchar *data = NULL;
  guint64 size;

  fail_unless (write_set (file, 0, 100, NULL));
  fail_unless (rc_record_file_close (file, 40000, &size, NULL));
  data = contents (&length);
  fail_unless_equals_uint64 (size, length);
  segment = find_segment (data, length);
  fail_unless_equals_uint64 (read_length (data, segment), length - segment - 8);
  /* Seek head first, cues last. */
  fail_unless (memcmp (data + segment + 8, "\x11\x4d\x9b\x74", 4) == 0);
  fail_unless (memmem (data, length, "\x1c\x53\xbb\x6b", 4) != NULL);
}
GST_END_TEST;

/* Whoever begins at a time has the lines of all images from there on. */
GST_START_TEST (test_entries)
{
  RcRecordFile *file = open_file ();
  guint64 positions[6], size;
  const gchar *point;
  gsize length, segment;
  g_autofree gchar *data = NULL;

  for (guint i = 0; i < 6; i++) {
    positions[i] = rc_record_file_get_size (file);
    /* The first three have images at the time of the next one. */
    fail_unless (write_set_until (
        file, i * 40000, (i < 3 ? i + 1 : i) * 40000, 100, NULL));
  }
  fail_unless (rc_record_file_close (file, 40000, &size, NULL));
  data = contents (&length);
  segment = find_segment (data, length) + 8;
  point = memmem (data, length, "\x1c\x53\xbb\x6b", 4);
  for (guint i = 0; i < 6; i++) {
    guint64 position;

    /* CueClusterPosition, 8 bytes. */
    point = memmem (point, data + length - point, "\xf1\x88", 2);
    point += 2;
    memcpy (&position, point, sizeof position);
    fail_unless_equals_uint64 (GUINT64_FROM_BE (position) + segment,
        positions[i > 0 && i <= 3 ? i - 1 : i]);
  }
}
GST_END_TEST;

GST_START_TEST (test_cannot_open)
{
  g_autofree gchar *nowhere = g_build_filename (folder, "no", "rec.mkv", NULL);
  g_autoptr (GError) error = NULL;

  fail_if (rc_record_file_can_open (nowhere, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
  g_clear_error (&error);
  fail_unless (rc_record_file_open (nowhere, NULL, 0, &error) == NULL);
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);

  /* Looking changes nothing. */
  fail_unless (rc_record_file_can_open (path, NULL));
  fail_if (g_file_test (path, G_FILE_TEST_EXISTS));
  fail_unless (g_file_set_contents (path, "old", -1, NULL));
  fail_unless (rc_record_file_can_open (path, NULL));
  {
    gsize length;
    g_autofree gchar *data = contents (&length);

    fail_unless_equals_string (data, "old");
  }
}
GST_END_TEST;

/* A set that does not fit is not there in part, and the file gets its end. */
GST_START_TEST (test_full)
{
  RcRecordFile *file = open_file ();
  g_autoptr (GError) error = NULL;
  struct rlimit limit = {20000, RLIM_INFINITY};
  guint64 before = 0, size;
  gsize length, segment;
  g_autofree gchar *data = NULL;

  signal (SIGXFSZ, SIG_IGN);
  fail_unless (setrlimit (RLIMIT_FSIZE, &limit) == 0);
  for (guint i = 0; error == NULL && i < 100; i++) {
    before = rc_record_file_get_size (file);
    write_set (file, i * 40000, 1000, &error);
  }
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOSPC);
  fail_unless_equals_uint64 (rc_record_file_get_size (file), before);
  rc_record_file_close (file, 40000, &size, NULL);
  data = contents (&length);
  fail_unless_equals_uint64 (size, length);
  segment = find_segment (data, length);
  fail_unless_equals_uint64 (read_length (data, segment), length - segment - 8);
}
GST_END_TEST;

static Suite *
recordfile_suite (void)
{
  Suite *suite = suite_create ("recordfile");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_checked_fixture (tcase, setup, teardown);
  tcase_add_test (tcase, test_head);
  tcase_add_test (tcase, test_clusters);
  tcase_add_test (tcase, test_end);
  tcase_add_test (tcase, test_entries);
  tcase_add_test (tcase, test_cannot_open);
  tcase_add_test (tcase, test_full);
  return suite;
}

GST_CHECK_MAIN (recordfile);
