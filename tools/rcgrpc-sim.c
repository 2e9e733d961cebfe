/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* rcgrpc-sim, the camera simulator: a synthetic scene over RcServer. */

#include "simcamera.h"

#include <glib-unix.h>
#include <stdio.h>
#include <string.h>

/* What the shell's convention has for a command line that makes no sense. */
#define EXIT_USAGE 2

static gboolean
on_signal (gpointer loop)
{
  g_main_loop_quit (loop);
  return G_SOURCE_CONTINUE;
}

static gboolean
start_cameras (const SimOptions *options, GPtrArray *cameras, GError **error)
{
  for (guint i = 0; i < options->n_pipelines; i++) {
    SimCamera *camera = sim_camera_new (options, i, error);

    if (!camera)
      return FALSE;
    g_ptr_array_add (cameras, camera);
  }
  gboolean is_ipv6 = strchr (options->address, ':') != NULL;

  for (guint i = 0; i < cameras->len; i++)
    printf (is_ipv6 ? "pipeline %u: listening on [%s]:%u\n"
                    : "pipeline %u: listening on %s:%u\n",
        i, options->address, sim_camera_get_port (cameras->pdata[i]));
  /* Whoever started us reads the ports from a pipe. */
  fflush (stdout);
  return TRUE;
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SimOptions) options = sim_options_parse (argc, argv, &error);

  if (!options) {
    fprintf (stderr, "rcgrpc-sim: %s\n", error->message);
    return EXIT_USAGE;
  }

  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_unix_signal_add (SIGINT, on_signal, loop);
  g_unix_signal_add (SIGTERM, on_signal, loop);

  g_autoptr (GPtrArray) cameras =
      g_ptr_array_new_with_free_func ((GDestroyNotify)sim_camera_free);
  if (!start_cameras (options, cameras, &error)) {
    fprintf (stderr, "rcgrpc-sim: %s\n", error->message);
    return 1;
  }
  g_main_loop_run (loop);
  return 0;
}
