/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The camera of the benchmarks: costs as little as it can, and each set says
 * when it was sent. Prints the port of each camera, a line each, and serves
 * until its stdin is closed; then prints a line of JSON.
 *
 * Threads: those of each RcServer; `n_sets` and `n_missed` of a camera belong
 * to its source thread until the server is freed.
 */

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "rawsender.h"
#include "server/rcserver.h"

typedef struct {
  BenchSets *sets;
  RcServer *server;
  gint64 start;    /* µs, of the monotonic clock */
  gint64 interval; /* µs; 0: whenever a client can take a set */
  guint64 n_sets;
  guint64 n_missed;
} Camera;

static const gchar *size_text = "1280x960";
static const gchar *depth_text;
static const gchar *streams_text = "left+right+disparity+confidence+error";
static gdouble fps;
static gint n_cameras = 1;
static gboolean color;
static gboolean raw;

static const GOptionEntry entries[] = {
    {"size", 0, 0, G_OPTION_ARG_STRING, &size_text,
        "of left and right (1280x960)", "WxH"},
    {"depth", 0, 0, G_OPTION_ARG_STRING, &depth_text,
        "of the other images (as left)", "WxH"},
    {"fps", 0, 0, G_OPTION_ARG_DOUBLE, &fps,
        "sets per second; 0, the default: as fast as they are taken", "F"},
    {"cameras", 0, 0, G_OPTION_ARG_INT, &n_cameras, "how many (1)", "N"},
    {"raw", 0, 0, G_OPTION_ARG_NONE, &raw, "plain TCP, at full rate", NULL},
    {"streams", 0, 0, G_OPTION_ARG_STRING, &streams_text,
        "with --raw; gRPC's clients ask", "A+B"},
    {"color", 0, 0, G_OPTION_ARG_NONE, &color, "with --raw, too", NULL},
    {NULL},
};

static gboolean
parse_size (const gchar *text, BenchSize *size)
{
  gchar end;

  return sscanf (text, "%ux%u%c", &size->width, &size->height, &end) == 2
         && size->width > 0 && size->height > 0;
}

static gboolean
parse_streams (const gchar *text, guint *streams)
{
  g_auto (GStrv) names = g_strsplit (text, "+", -1);

  *streams = 0;
  for (guint i = 0; names[i] != NULL; i++) {
    RcStream stream;

    if (!rc_stream_from_string (names[i], &stream))
      return FALSE;
    *streams |= 1 << stream;
  }
  return TRUE;
}

/* Set k of a stream is due k intervals after the camera's start, whatever
 * became of those before it. `position` is the one that is next, from 1. */
static gboolean
is_due (Camera *camera, RcServerCall *call, gint64 *ask_at)
{
  guint64 now;

  if (camera->interval == 0)
    return TRUE;
  now = (g_get_monotonic_time () - camera->start) / camera->interval;
  if (call->position == 0)
    call->position = now + 1;
  if (now < call->position) {
    *ask_at = camera->start + (gint64)call->position * camera->interval;
    return FALSE;
  }
  camera->n_missed += now - call->position;
  call->position = now + 1;
  return TRUE;
}

static RcServerAnswer
give_set (RcServer *server, RcServerCall *call, GPtrArray **message,
    gint64 *ask_at, gpointer user_data)
{
  Camera *camera = user_data;

  if (!is_due (camera, call, ask_at))
    return RC_SERVER_WAIT;
  camera->n_sets++;
  *message = bench_sets_make (camera->sets, &call->request);
  return RC_SERVER_SEND;
}

static gboolean
start_camera (Camera *camera, BenchSets *sets, gint64 start, GError **error)
{
  RcServerConfig config = {.address = "127.0.0.1"};

  camera->sets = sets;
  camera->interval = fps > 0 ? G_USEC_PER_SEC / fps : 0;
  camera->start = start;
  camera->server = rc_server_new (&config, give_set, camera, error);
  if (camera->server == NULL)
    return FALSE;
  g_print ("%u\n", rc_server_get_port (camera->server));
  return TRUE;
}

/* Cameras that run freely send at different moments. */
static gint64
get_start (gint64 now, gint i)
{
  return fps > 0 ? now + (gint64)(G_USEC_PER_SEC / fps * i / n_cameras) : now;
}

static gboolean
start_cameras (Camera *cameras, BenchSets *sets, GError **error)
{
  gint64 now = g_get_monotonic_time ();

  for (gint i = 0; i < n_cameras; i++) {
    if (!start_camera (&cameras[i], sets, get_start (now, i), error))
      return FALSE;
  }
  return TRUE;
}

static void
wait_for_stdin (void)
{
  gchar byte;

  while (read (STDIN_FILENO, &byte, 1) > 0)
    ;
}

static void
print_result (const Camera *cameras)
{
  guint64 sent = 0, missed = 0;

  for (gint i = 0; i < n_cameras; i++) {
    sent += cameras[i].n_sets;
    missed += cameras[i].n_missed;
  }
  g_print ("{\"sent\": %" G_GUINT64_FORMAT ", \"missed\": %" G_GUINT64_FORMAT
           "}\n",
      sent, missed);
}

static int
serve_grpc (BenchSets *sets)
{
  g_autofree Camera *cameras = g_new0 (Camera, n_cameras);
  g_autoptr (GError) error = NULL;
  gboolean started = start_cameras (cameras, sets, &error);

  if (started)
    wait_for_stdin ();
  else
    g_printerr ("%s\n", error->message);
  for (gint i = 0; i < n_cameras; i++)
    g_clear_pointer (&cameras[i].server, rc_server_free);
  print_result (cameras);
  return started ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int
serve_raw (BenchSets *sets)
{
  RcRequest request = {.color = color};
  guint16 port;

  if (!parse_streams (streams_text, &request.streams)) {
    g_printerr ("streams make no sense: %s\n", streams_text);
    return EXIT_FAILURE;
  }
  port = bench_raw_sender_start (sets, &request);
  if (port == 0) {
    g_printerr ("cannot listen\n");
    return EXIT_FAILURE;
  }
  g_print ("%u\n", port);
  wait_for_stdin ();
  /* The sender has no end of its own, and uses the sets. */
  _exit (EXIT_SUCCESS);
}

int
main (int argc, char **argv)
{
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (BenchSets) sets = NULL;
  BenchSize size, depth_size;

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error)) {
    g_printerr ("%s\n", error->message);
    return EXIT_FAILURE;
  }
  if (!parse_size (size_text, &size) || n_cameras < 1
      || !parse_size (depth_text ? depth_text : size_text, &depth_size)) {
    g_printerr ("options make no sense\n");
    return EXIT_FAILURE;
  }
  sets = bench_sets_new (size, depth_size);
  return raw ? serve_raw (sets) : serve_grpc (sets);
}
