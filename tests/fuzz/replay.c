/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Runs a fuzz target over files, for builds without libFuzzer:
 * replay-TARGET FILE|DIRECTORY... An input that makes the target abort is the
 * last one that was printed. */

#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>

#include "fuzzinput.h"

/* Returns how many files were run. */
static guint
replay_file (const gchar *path)
{
  g_autofree gchar *content = NULL;
  g_autofree guint8 *input = NULL;
  g_autoptr (GError) error = NULL;
  gsize size;

  printf ("%s\n", path);
  fflush (stdout);
  if (!g_file_get_contents (path, &content, &size, &error)) {
    fprintf (stderr, "%s\n", error->message);
    exit (EXIT_FAILURE);
  }
  /* Without the NUL that GLib adds, for a sanitizer to see; never NULL, as from
   * libFuzzer. */
  input = size > 0 ? g_memdup2 (content, size) : g_malloc (1);
  LLVMFuzzerTestOneInput (input, size);
  return 1;
}

static guint
replay_directory (const gchar *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const gchar *name;
  guint n_files = 0;

  if (dir == NULL)
    return 0;
  while ((name = g_dir_read_name (dir)) != NULL) {
    g_autofree gchar *file = g_build_filename (path, name, NULL);

    n_files += replay_file (file);
  }
  return n_files;
}

int
main (int argc, char **argv)
{
  guint n_files = 0;

  LLVMFuzzerInitialize (&argc, &argv);
  for (gint i = 1; i < argc; i++) {
    if (g_file_test (argv[i], G_FILE_TEST_IS_DIR))
      n_files += replay_directory (argv[i]);
    else
      n_files += replay_file (argv[i]);
  }
  printf ("%u inputs\n", n_files);
  return n_files > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
