/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Files that come to be under their names whole, or not at all. */

#include <fcntl.h>
#include <glib/gstdio.h>
#include <gst/check/gstcheck.h>
#include <unistd.h>

#include "snapshot/rcnewfile.h"

static gchar *path;
static int folder;
static gint cancelled;

static void
set_up (void)
{
  path = g_dir_make_tmp ("newfile-XXXXXX", NULL);
  fail_unless (path != NULL);
  folder = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  fail_unless (folder >= 0);
  cancelled = 0;
}

static guint
count_files (gboolean hidden)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const gchar *name;
  guint n = 0;

  while ((name = g_dir_read_name (dir)) != NULL)
    n += (name[0] == '.') == hidden;
  return n;
}

static void
tear_down (void)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const gchar *name;

  fail_unless_equals_int (count_files (TRUE), 0);
  while ((name = g_dir_read_name (dir)) != NULL)
    unlinkat (folder, name, 0);
  close (folder);
  g_rmdir (path);
  g_clear_pointer (&path, g_free);
}

static RcNewFile *
make_file (const gchar *stem, const gchar *text)
{
  g_autoptr (GError) error = NULL;
  RcNewFile *file =
      rc_new_file_create (folder, stem, "txt", &cancelled, &error);

  fail_unless (file != NULL && error == NULL);
  fail_unless (rc_new_file_write (file, text, strlen (text), &error));
  fail_unless (rc_new_file_complete (file, FALSE, &error));
  fail_unless (rc_new_file_get_name (file) == NULL);
  return file;
}

static void
check_text (const gchar *name, const gchar *expected)
{
  g_autofree gchar *full = g_build_filename (path, name, NULL);
  g_autofree gchar *text = NULL;

  fail_unless (g_file_get_contents (full, &text, NULL, NULL), "no %s", name);
  fail_unless_equals_string (text, expected);
}

static void
publish (RcNewFile *file, const gchar *expected_name)
{
  fail_unless (rc_new_files_publish (&file, 1, NULL));
  fail_unless_equals_string (rc_new_file_get_name (file), expected_name);
}

GST_START_TEST (test_name_when_published)
{
  g_autoptr (RcNewFile) file = make_file ("a", "one");

  fail_unless_equals_int (count_files (FALSE), 0);
  publish (file, "a.txt");
  check_text ("a.txt", "one");
  fail_unless_equals_int (count_files (TRUE), 0);
}
GST_END_TEST;

GST_START_TEST (test_gone_unless_published)
{
  g_autoptr (GError) error = NULL;
  RcNewFile *file = make_file ("a", "one");

  rc_new_file_free (file);
  fail_unless_equals_int (count_files (FALSE) + count_files (TRUE), 0);

  file = rc_new_file_create (folder, "a", "txt", &cancelled, &error);
  fail_unless_equals_int (count_files (TRUE), 1);
  rc_new_file_free (file);
  fail_unless_equals_int (count_files (FALSE) + count_files (TRUE), 0);
}
GST_END_TEST;

GST_START_TEST (test_next_number)
{
  const gchar *names[] = {"a.txt", "a_1.txt", "a_2.txt", "a_3.txt"};

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autoptr (RcNewFile) file = make_file ("a", names[i]);

    publish (file, names[i]);
  }
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    check_text (names[i], names[i]);
  fail_unless_equals_int (count_files (FALSE), G_N_ELEMENTS (names));
}
GST_END_TEST;

/* Also where the name leads nowhere. */
GST_START_TEST (test_link_is_not_followed)
{
  g_autoptr (RcNewFile) file = make_file ("a", "one");

  fail_unless_equals_int (symlinkat ("nowhere", folder, "a.txt"), 0);
  publish (file, "a_1.txt");
  fail_unless_equals_int (count_files (FALSE), 2);
}
GST_END_TEST;

GST_START_TEST (test_one_number_for_all)
{
  g_autoptr (RcNewFile) taken = make_file ("b", "taken");
  g_autoptr (RcNewFile) other = make_file ("a_1", "other");
  g_autoptr (RcNewFile) a = make_file ("a", "a"), b = make_file ("b", "b");
  RcNewFile *both[] = {a, b};

  publish (taken, "b.txt");
  publish (other, "a_1.txt");
  fail_unless (rc_new_files_publish (both, 2, NULL));
  fail_unless_equals_string (rc_new_file_get_name (a), "a_2.txt");
  fail_unless_equals_string (rc_new_file_get_name (b), "b_2.txt");
  check_text ("a_2.txt", "a");
  check_text ("b_2.txt", "b");
  check_text ("b.txt", "taken");
  check_text ("a_1.txt", "other");
  fail_unless_equals_int (count_files (FALSE), 4);
}
GST_END_TEST;

/* None of them gets a name then. */
GST_START_TEST (test_no_numbers_left)
{
  g_autoptr (RcNewFile) a = make_file ("a", "a"), b = make_file ("b", "b");
  RcNewFile *both[] = {a, b};
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i <= RC_NEW_FILE_MAX_NUMBER; i++) {
    g_autofree gchar *name =
        i == 0 ? g_strdup ("b.txt") : g_strdup_printf ("b_%u.txt", i);

    close (openat (folder, name, O_WRONLY | O_CREAT, 0600));
  }
  fail_if (rc_new_files_publish (both, 2, &error));
  fail_unless (
      g_error_matches (error, RC_NEW_FILE_ERROR, RC_NEW_FILE_ERROR_EXISTS));
  fail_unless (rc_new_file_get_name (a) == NULL);
  fail_unless_equals_int (count_files (FALSE), RC_NEW_FILE_MAX_NUMBER + 1);
}
GST_END_TEST;

GST_START_TEST (test_cancel)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (RcNewFile) file =
      rc_new_file_create (folder, "a", "txt", &cancelled, &error);

  fail_unless (rc_new_file_write (file, "one", 3, &error));
  g_atomic_int_set (&cancelled, 1);
  fail_if (rc_new_file_write (file, "two", 3, &error));
  fail_unless (
      g_error_matches (error, RC_NEW_FILE_ERROR, RC_NEW_FILE_ERROR_CANCELLED));
  g_clear_error (&error);
  fail_if (rc_new_file_complete (file, FALSE, &error));
  fail_unless (
      g_error_matches (error, RC_NEW_FILE_ERROR, RC_NEW_FILE_ERROR_CANCELLED));
}
GST_END_TEST;

/* As of a process with this one's number that was killed. */
GST_START_TEST (test_hidden_names_are_taken)
{
  g_autoptr (RcNewFile) file = NULL;

  for (guint i = 0; i < 50; i++) {
    g_autofree gchar *name =
        g_strdup_printf (".rcsnapshot-%d-%u", (int)getpid (), i);

    close (openat (folder, name, O_WRONLY | O_CREAT | O_EXCL, 0600));
  }
  file = make_file ("a", "one");
  fail_unless_equals_int (count_files (TRUE), 51);
  publish (file, "a.txt");
  check_text ("a.txt", "one");
  fail_unless_equals_int (count_files (TRUE), 50);
  for (guint i = 0; i < 50; i++) {
    g_autofree gchar *name =
        g_strdup_printf (".rcsnapshot-%d-%u", (int)getpid (), i);

    unlinkat (folder, name, 0);
  }
}
GST_END_TEST;

GST_START_TEST (test_no_folder)
{
  g_autoptr (GError) error = NULL;

  g_rmdir (path);
  fail_unless (
      rc_new_file_create (folder, "a", "txt", &cancelled, &error) == NULL);
  fail_unless (
      g_error_matches (error, RC_NEW_FILE_ERROR, RC_NEW_FILE_ERROR_OPEN));
  fail_unless_equals_int (g_mkdir (path, 0700), 0);
}
GST_END_TEST;

GST_START_TEST (test_folder_goes)
{
  RcNewFile *file = make_file ("a", "one");
  g_autoptr (GError) error = NULL;

  fail_unless_equals_int (count_files (TRUE), 1);
  {
    g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);

    unlinkat (folder, g_dir_read_name (dir), 0);
  }
  fail_if (rc_new_files_publish (&file, 1, &error));
  fail_unless (
      g_error_matches (error, RC_NEW_FILE_ERROR, RC_NEW_FILE_ERROR_OPEN));
  rc_new_file_free (file);
}
GST_END_TEST;

static Suite *
newfile_suite (void)
{
  Suite *suite = suite_create ("newfile");
  TCase *tcase;

  tcase = tcase_create ("newfile");
  suite_add_tcase (suite, tcase);
  tcase_add_checked_fixture (tcase, set_up, tear_down);
  tcase_add_test (tcase, test_name_when_published);
  tcase_add_test (tcase, test_gone_unless_published);
  tcase_add_test (tcase, test_next_number);
  tcase_add_test (tcase, test_link_is_not_followed);
  tcase_add_test (tcase, test_one_number_for_all);
  tcase_add_test (tcase, test_no_numbers_left);
  tcase_add_test (tcase, test_cancel);
  tcase_add_test (tcase, test_hidden_names_are_taken);
  tcase_add_test (tcase, test_no_folder);
  tcase_add_test (tcase, test_folder_goes);
  return suite;
}

GST_CHECK_MAIN (newfile);
