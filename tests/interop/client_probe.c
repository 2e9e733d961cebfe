/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Connects with RcClient, prints a line for each callback, and does what it
 * reads, a command a line:
 *
 *   request none | STREAM[+STREAM…] [color]
 *   hold     from the next set on, its callback waits …
 *   release  … until now
 *   keep     keeps the next set, and prints it again after "freed"
 *   state    prints the state
 *   free     frees the client, prints "freed", and ends; so does end of input
 *   cancel   cancels
 *
 * Usage: client_probe HOST PORT TIMEOUT_MS MAX_MESSAGE_SIZE EVENTS(0|1)
 *            [RETRIES BACKOFF_MAX_MS WAIT_FOR_CONNECTION(0|1)]
 *
 * TLS is configured by environment variables. With the last three it reconnects, and prints a line for each change.
 */

#include <stdio.h>
#include <string.h>

#include <grpc/grpc.h>

#include "client/rcclient.h"

static struct {
  GMutex lock;
  GCond changed;
  gboolean hold;
  gboolean keep;
  RcImageSet *kept;
  RcClient *client;
} probe;

static void G_GNUC_PRINTF (1, 2) say (const gchar *format, ...)
{
  g_autofree gchar *line = NULL;
  va_list args;

  va_start (args, format);
  line = g_strdup_vprintf (format, args);
  va_end (args);
  g_mutex_lock (&probe.lock);
  puts (line);
  fflush (stdout);
  g_mutex_unlock (&probe.lock);
}

static gchar *
streams_to_string (guint streams)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  guint i;

  for (i = 0; i < RC_N_STREAMS; i++) {
    if (streams & (1 << i))
      g_ptr_array_add (names, (gpointer)rc_stream_to_string (i));
  }
  g_ptr_array_add (names, NULL);
  return g_strjoinv ("+", (gchar **)names->pdata);
}

/* SHA-256 of the pixels without padding, or of the mesh. */
static gchar *
get_digest (const RcImageSet *set, RcStream stream)
{
  const RcImage *image = rc_image_set_get_image (set, stream);
  g_autofree guint8 *data = NULL;
  gsize size;

  if (image) {
    gsize row = image->width * rc_encoding_bytes_per_pixel (image->encoding);

    size = row * image->height;
    data = g_malloc (size);
    rc_image_set_copy_image (set, stream, data, row);
  } else {
    size = rc_image_set_get_mesh_size (set);
    data = g_malloc (size);
    rc_image_set_copy_mesh (set, data);
  }
  return g_compute_checksum_for_data (G_CHECKSUM_SHA256, data, size);
}

static void
say_set (const RcImageSet *set, const RcRequest *request)
{
  g_autoptr (GString) line = g_string_new (NULL);
  g_autofree gchar *streams = streams_to_string (request->streams);
  guint i;

  g_string_printf (line,
      "set size=%" G_GSIZE_FORMAT " timestamp=%" G_GUINT64_FORMAT
      " request=%s%s",
      rc_image_set_get_size (set), rc_image_set_get_timestamp (set), streams,
      request->color ? " color=1" : "");
  for (i = 0; i < RC_STREAM_METADATA; i++) {
    g_autofree gchar *digest = NULL;

    if (!rc_image_set_has (set, i))
      continue;
    digest = get_digest (set, i);
    g_string_append_printf (line, " %s=%s", rc_stream_to_string (i), digest);
  }
  say ("%s", line->str);
}

static const gchar *get_class (const GError *error);

static void
on_changed (const RcClientChange *change, gpointer user_data)
{
  say ("changed state=%s attempt=%u reason=%s",
      rc_client_state_to_string (change->state), change->attempt,
      change->reason ? get_class (change->reason) : "none");
}

static void
on_image_set (RcImageSet *set, const RcRequest *request, gpointer user_data)
{
  say_set (set, request);

  g_mutex_lock (&probe.lock);
  if (probe.keep && !probe.kept)
    probe.kept = rc_image_set_ref (set);
  while (probe.hold)
    g_cond_wait (&probe.changed, &probe.lock);
  g_mutex_unlock (&probe.lock);
  rc_image_set_unref (set);
}

static void
on_rejected (gsize size, const GError *error, gpointer user_data)
{
  say ("rejected size=%" G_GSIZE_FORMAT " domain=%s code=%d", size,
      g_quark_to_string (error->domain), error->code);
}

static const gchar *
get_class (const GError *error)
{
  static const gchar *const names[] = {
      [RC_CLIENT_ERROR_NOT_FOUND] = "not-found",
      [RC_CLIENT_ERROR_CONNECT] = "connect",
      [RC_CLIENT_ERROR_TIMEOUT] = "timeout",
      [RC_CLIENT_ERROR_NOT_A_CAMERA] = "not-a-camera",
      [RC_CLIENT_ERROR_TOO_LARGE] = "too-large",
      [RC_CLIENT_ERROR_LOST] = "lost",
      [RC_CLIENT_ERROR_SILENT] = "silent",
      [RC_CLIENT_ERROR_STATUS] = "status",
      [RC_CLIENT_ERROR_INCOMPATIBLE] = "incompatible",
      [RC_CLIENT_ERROR_RESOURCES] = "resources",
      [RC_CLIENT_ERROR_TLS_SETTINGS] = "tls-settings",
      [RC_CLIENT_ERROR_TLS_UNTRUSTED] = "tls-untrusted",
      [RC_CLIENT_ERROR_TLS_NAME] = "tls-name",
      [RC_CLIENT_ERROR_TLS_EXPIRED] = "tls-expired",
      [RC_CLIENT_ERROR_TLS_CLIENT_CERTIFICATE] = "tls-client-certificate",
      [RC_CLIENT_ERROR_TLS_CLOSED] = "tls-closed",
      [RC_CLIENT_ERROR_TLS_FAILED] = "tls-failed",
  };

  return error->domain == RC_CLIENT_ERROR ? names[error->code] : "foreign";
}

static void
on_event (const RcImageEvent *event, gpointer user_data)
{
  say ("event set=%" G_GUINT64_FORMAT " timestamp=%" G_GUINT64_FORMAT
       " message=%s",
      event->set_timestamp, event->timestamp, event->message);
}

static void
on_events_failed (const GError *error, gpointer user_data)
{
  say ("events-failed class=%s", get_class (error));
  fprintf (stderr, "events: %s\n", error->message);
}

static void
on_ended (const GError *error, gpointer user_data)
{
  say ("ended class=%s", error ? get_class (error) : "ok");
  if (error)
    fprintf (stderr, "images: %s\n", error->message);
}

static void
set_flag (gboolean *flag, gboolean value)
{
  g_mutex_lock (&probe.lock);
  *flag = value;
  g_cond_broadcast (&probe.changed);
  g_mutex_unlock (&probe.lock);
}

static void
request (gchar **words)
{
  RcRequest question = {0};
  g_auto (GStrv) names = g_strsplit (words[1], "+", -1);
  RcStream stream;
  guint i;

  if (g_str_equal (words[1], "none")) {
    rc_client_set_request (probe.client, NULL);
    return;
  }
  for (i = 0; names[i]; i++) {
    if (!rc_stream_from_string (names[i], &stream))
      g_error ("no stream '%s'", names[i]);
    question.streams |= 1 << stream;
  }
  question.color = words[2] != NULL;
  rc_client_set_request (probe.client, &question);
}

/* Environment variables TLS, TLS_CA_FILE …, as the element's properties. */
static void
configure_tls (RcTlsConfig *tls)
{
  tls->enabled = g_getenv ("TLS") != NULL;
  tls->ca_file = g_getenv ("TLS_CA_FILE");
  tls->certificate_file = g_getenv ("TLS_CERTIFICATE_FILE");
  tls->private_key_file = g_getenv ("TLS_PRIVATE_KEY_FILE");
  tls->server_name = g_getenv ("TLS_SERVER_NAME");
}

/* FALSE at the end. */
static gboolean
run_command (gchar *line)
{
  g_auto (GStrv) words = g_strsplit (g_strchomp (line), " ", -1);
  const gchar *command = words[0] ? words[0] : "";

  if (g_str_equal (command, "request"))
    request (words);
  else if (g_str_equal (command, "hold"))
    set_flag (&probe.hold, TRUE);
  else if (g_str_equal (command, "release"))
    set_flag (&probe.hold, FALSE);
  else if (g_str_equal (command, "keep"))
    set_flag (&probe.keep, TRUE);
  else if (g_str_equal (command, "cancel"))
    rc_client_cancel (probe.client);
  else if (g_str_equal (command, "state"))
    say ("state %s",
        rc_client_state_to_string (rc_client_get_state (probe.client)));
  else if (g_str_equal (command, "free"))
    return FALSE;
  else
    g_error ("no command '%s'", command);
  return TRUE;
}

int
main (int argc, char **argv)
{
  RcClientCallbacks callbacks = {
      .image_set = on_image_set,
      .rejected = on_rejected,
      .event = on_event,
      .events_failed = on_events_failed,
      .ended = on_ended,
  };
  RcClientConfig config = {0};
  g_autoptr (GError) error = NULL;
  gchar line[256];

  if (argc != 6 && argc != 9)
    return 2;
  config.host = argv[1];
  config.port = g_ascii_strtoull (argv[2], NULL, 10);
  config.timeout = g_ascii_strtoull (argv[3], NULL, 10) * 1000000;
  config.max_message_size = g_ascii_strtoull (argv[4], NULL, 10);
  config.image_events = g_str_equal (argv[5], "1");
  configure_tls (&config.tls);
  if (argc == 9) {
    config.retry.auto_reconnect = TRUE;
    config.retry.retries = g_ascii_strtoll (argv[6], NULL, 10);
    config.retry.backoff_max = g_ascii_strtoull (argv[7], NULL, 10) * 1000000;
    config.retry.wait_for_connection = g_str_equal (argv[8], "1");
    callbacks.changed = on_changed;
  }

  grpc_init ();
  g_mutex_init (&probe.lock);
  g_cond_init (&probe.changed);
  probe.client = rc_client_new (&config, &callbacks, NULL, &error);
  if (!probe.client)
    g_error ("%s", error->message);

  while (fgets (line, sizeof line, stdin) && run_command (line))
    ;
  /* A callback that waits must be released by its owner. */
  rc_client_cancel (probe.client);
  set_flag (&probe.hold, FALSE);
  rc_client_free (probe.client);
  say ("freed");
  if (probe.kept) {
    static const RcRequest nothing = {0};

    say_set (probe.kept, &nothing);
    rc_image_set_unref (probe.kept);
  }
  /* LeakSanitizer, at exit, does not bear threads of gRPC's that are ending. */
  grpc_shutdown_blocking ();
  return 0;
}
