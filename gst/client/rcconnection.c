/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* GIO resolves, connects and speaks TLS, gRPC gets a connected socket. gRPC could do
 * both, but resolves with c-ares, which knows neither NSS nor `.local`; tries
 * one address after the other; and cannot give up a connect () in progress:
 * grpc_shutdown () then blocks for up to 10 s.
 *
 * Threads: everything runs in the calling thread, which iterates a main
 * context of its own while a lookup is in a thread of GLib's pool.
 */

#include "config.h"

#include "client/rcconnection.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include <grpc/grpc_posix.h>
#include <grpc/grpc_security.h>

#include "client/rcbridge.h"
#include "client/rctls.h"

/* A connection without calls may rest; with one that brings nothing for that
 * long the peer is asked whether it is still there. Servers take a ping each
 * 300 s by default, and end the connection for more. */
#define KEEPALIVE_INTERVAL_MS (310 * 1000)
#define KEEPALIVE_TIMEOUT_MS (20 * 1000)

/* The longest time there and back, µs, for which a window of 1 MiB holds up no
 * camera: that is 1 GB/s at least. */
#define SHORT_ROUND_TRIP 1000

/* The longest TLS handshake, µs. A wait without a deadline is one for sets;
 * what takes the connection and does not answer is no camera that waits for a
 * trigger. */
#define HANDSHAKE_LIMIT (10 * G_TIME_SPAN_SECOND)

struct _RcConnection {
  GSocketConnection *transport;
  RcBridge *bridge; /* with TLS */
  grpc_channel *channel;
};

/* One attempt, in the thread and main context that wait for it. */
typedef struct {
  const RcClientConfig *config;
  GCancellable *cancellable;
  gint64 deadline;
  GSource *timer; /* for the deadline */
  GSocketConnection *transport;
  RcTlsHandshake *handshake;
  GTlsConnection *tls;
  GError *error;
  gboolean done;
  gboolean resolved;
  gboolean timed_out;
} Attempt;

static void
on_event (GSocketClient *client, GSocketClientEvent event,
    GSocketConnectable *connectable, GIOStream *stream, Attempt *attempt)
{
  if (event == G_SOCKET_CLIENT_RESOLVED)
    attempt->resolved = TRUE;
}

static void
set_deadline (Attempt *attempt, gint64 deadline)
{
  attempt->deadline = deadline;
  g_source_set_ready_time (
      attempt->timer, deadline == G_MAXINT64 ? -1 : deadline);
}

static void
on_handshaken (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Attempt *attempt = user_data;

  attempt->tls =
      rc_tls_handshake_finish (attempt->handshake, result, &attempt->error);
  attempt->done = TRUE;
}

static void
on_connected (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Attempt *attempt = user_data;

  attempt->transport = g_socket_client_connect_finish (
      G_SOCKET_CLIENT (source), result, &attempt->error);
  if (attempt->transport && attempt->config->tls.enabled)
    attempt->handshake = rc_tls_handshake_new (
        attempt->config, attempt->transport, &attempt->error);
  if (!attempt->handshake) {
    attempt->done = TRUE;
    return;
  }
  set_deadline (attempt,
      MIN (attempt->deadline, g_get_monotonic_time () + HANDSHAKE_LIMIT));
  rc_tls_handshake_start (
      attempt->handshake, attempt->cancellable, on_handshaken, attempt);
}

static gboolean
on_deadline (gpointer user_data)
{
  Attempt *attempt = user_data;

  attempt->timed_out = TRUE;
  g_cancellable_cancel (attempt->cancellable);
  return G_SOURCE_REMOVE;
}

static void
run_attempt (Attempt *attempt, gint64 deadline)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GSocketConnectable) name =
      g_network_address_new (attempt->config->host, attempt->config->port);
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSource) timer = g_timeout_source_new (0);

  /* A proxy that is set for the web is not meant for cameras. */
  g_socket_client_set_enable_proxy (client, FALSE);
  g_signal_connect (client, "event", G_CALLBACK (on_event), attempt);

  g_main_context_push_thread_default (context);
  attempt->timer = timer;
  set_deadline (attempt, deadline);
  g_source_set_callback (timer, on_deadline, attempt, NULL);
  g_source_attach (timer, context);
  g_socket_client_connect_async (
      client, name, attempt->cancellable, on_connected, attempt);
  while (!attempt->done)
    g_main_context_iteration (context, TRUE);
  g_source_destroy (timer);
  /* What GIO gave up in favour of another address still has to come back. */
  while (g_main_context_iteration (context, FALSE))
    ;
  g_main_context_pop_thread_default (context);
}

static RcClientError
classify (const Attempt *attempt)
{
  if (attempt->timed_out)
    return RC_CLIENT_ERROR_TIMEOUT;
  if (!attempt->resolved)
    return RC_CLIENT_ERROR_NOT_FOUND;
  if (g_error_matches (
          attempt->error, G_IO_ERROR, G_IO_ERROR_TOO_MANY_OPEN_FILES))
    return RC_CLIENT_ERROR_RESOURCES;
  return RC_CLIENT_ERROR_CONNECT;
}

/* What the caller gets to know of an attempt that failed. */
static void
report_failure (
    const Attempt *attempt, const RcClientConfig *config, GError **error)
{
  if (!attempt->timed_out
      && g_cancellable_set_error_if_cancelled (attempt->cancellable, error))
    return;
  if (!attempt->timed_out && attempt->error->domain == RC_CLIENT_ERROR) {
    g_propagate_error (error, g_error_copy (attempt->error));
    return;
  }
  if (attempt->timed_out && attempt->handshake) {
    g_set_error (error, RC_CLIENT_ERROR, RC_CLIENT_ERROR_TIMEOUT,
        "connected to %s:%u, but the TLS handshake was not answered in time",
        config->host, config->port);
    return;
  }
  g_set_error (error, RC_CLIENT_ERROR, classify (attempt),
      "cannot %s %s:%u%s: %s", attempt->resolved ? "connect to" : "resolve",
      config->host, config->port, attempt->timed_out ? " in time" : "",
      attempt->error->message);
}

/* @tls: (out): NULL where none was asked for. */
static gboolean
connect_to_host (const RcClientConfig *config, gint64 deadline,
    GCancellable *cancellable, GSocketConnection **transport,
    GTlsConnection **tls, GError **error)
{
  Attempt attempt = {.config = config, .cancellable = cancellable};

  run_attempt (&attempt, deadline);
  if (attempt.error)
    report_failure (&attempt, config, error);
  g_clear_pointer (&attempt.handshake, rc_tls_handshake_free);
  if (attempt.error) {
    g_error_free (attempt.error);
    g_clear_object (&attempt.transport);
    return FALSE;
  }
  *transport = attempt.transport;
  *tls = attempt.tls;
  return TRUE;
}

/* gRPC takes a file descriptor over, GSocket keeps its own: a second one. */
static int
take_descriptor (GSocketConnection *connection, GError **error)
{
  GSocket *socket = g_socket_connection_get_socket (connection);
  int fd;

  fd = fcntl (g_socket_get_fd (socket), F_DUPFD_CLOEXEC, 0);
  if (fd < 0)
    g_set_error (error, RC_CLIENT_ERROR, RC_CLIENT_ERROR_RESOURCES,
        "no file descriptor: %s", g_strerror (errno));
  return fd;
}

static int
build_bridge (GTlsConnection *tls, RcBridge **bridge, GError **error)
{
  g_autoptr (GError) cause = NULL;
  int fd = -1;

  *bridge = rc_bridge_new (G_IO_STREAM (tls), &fd, &cause);
  if (*bridge)
    return fd;
  g_set_error_literal (
      error, RC_CLIENT_ERROR, RC_CLIENT_ERROR_RESOURCES, cause->message);
  return -1;
}

/* HTTP/2's :authority. A zone has a meaning on this machine only, RFC 6874. */
static gchar *
get_authority (const gchar *host, guint16 port)
{
  g_autofree gchar *ascii = g_hostname_to_ascii (host);
  g_autofree gchar *name = g_strdup (ascii ? ascii : host);

  if (strchr (name, ':') == NULL)
    return g_strdup_printf ("%s:%u", name, port);
  name[strcspn (name, "%")] = '\0';
  return g_strdup_printf ("[%s]:%u", name, port);
}

static grpc_arg
string_arg (const gchar *key, const gchar *value)
{
  grpc_arg arg = {.type = GRPC_ARG_STRING, .key = (gchar *)key};

  arg.value.string = (gchar *)value;
  return arg;
}

static grpc_arg
integer_arg (const gchar *key, gint value)
{
  grpc_arg arg = {.type = GRPC_ARG_INTEGER, .key = (gchar *)key};

  arg.value.integer = value;
  return arg;
}

/* By the time that the connection's handshake took. */
static gboolean
is_far (GSocketConnection *transport)
{
  GSocket *socket = g_socket_connection_get_socket (transport);
  struct tcp_info info = {0};
  socklen_t size = sizeof info;

  return getsockopt (
             g_socket_get_fd (socket), IPPROTO_TCP, TCP_INFO, &info, &size)
             != 0
         || info.tcpi_rtt > SHORT_ROUND_TRIP;
}

/* gRPC has the window follow the bandwidth that it probes. On a fast link with
 * a slower client it grows to tens of megabytes, all of which come to lie in
 * memory that is cold; so it does that only where the way is long enough for it. */
static grpc_channel *
create_channel (const RcClientConfig *config, gboolean far, int fd)
{
  g_autofree gchar *authority = get_authority (config->host, config->port);
  gint limit = MIN (config->max_message_size, G_MAXINT);
  grpc_arg arg[] = {
      string_arg (GRPC_ARG_DEFAULT_AUTHORITY, authority),
      string_arg (GRPC_ARG_PRIMARY_USER_AGENT_STRING, PACKAGE "/" VERSION),
      integer_arg (GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, limit),
      integer_arg (GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, FALSE),
      integer_arg (GRPC_ARG_KEEPALIVE_TIME_MS, KEEPALIVE_INTERVAL_MS),
      integer_arg (GRPC_ARG_KEEPALIVE_TIMEOUT_MS, KEEPALIVE_TIMEOUT_MS),
      integer_arg (GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0),
      integer_arg (GRPC_ARG_HTTP2_BDP_PROBE, far),
  };
  grpc_channel_args args = {.num_args = G_N_ELEMENTS (arg), .args = arg};
  grpc_channel_credentials *credentials = grpc_insecure_credentials_create ();
  grpc_channel *channel;

  channel = grpc_channel_create_from_fd (authority, fd, credentials, &args);
  grpc_channel_credentials_release (credentials);
  return channel;
}

RcConnection *
rc_connection_open (const RcClientConfig *config, gint64 deadline,
    GCancellable *cancellable, GError **error)
{
  g_autoptr (GSocketConnection) transport = NULL;
  g_autoptr (GTlsConnection) tls = NULL;
  RcBridge *bridge = NULL;
  RcConnection *self;
  int fd;

  if (!connect_to_host (config, deadline, cancellable, &transport, &tls, error))
    return NULL;
  /* A window update that waits for an acknowledgement stalls the camera. */
  g_socket_set_option (g_socket_connection_get_socket (transport), IPPROTO_TCP,
      TCP_NODELAY, TRUE, NULL);
  fd = tls ? build_bridge (tls, &bridge, error)
           : take_descriptor (transport, error);
  if (fd < 0)
    return NULL;
  self = g_atomic_rc_box_new0 (RcConnection);
  self->transport = g_steal_pointer (&transport);
  self->bridge = bridge;
  self->channel = create_channel (config, is_far (self->transport), fd);
  return self;
}

RcConnection *
rc_connection_ref (RcConnection *connection)
{
  return g_atomic_rc_box_acquire (connection);
}

static void
rc_connection_clear (RcConnection *self)
{
  grpc_channel_destroy (self->channel);
  /* TLS would say goodbye, and wait for a peer that may not listen. */
  g_socket_shutdown (
      g_socket_connection_get_socket (self->transport), TRUE, TRUE, NULL);
  g_clear_pointer (&self->bridge, rc_bridge_free);
  g_object_unref (self->transport);
}

void
rc_connection_unref (RcConnection *connection)
{
  g_atomic_rc_box_release_full (
      connection, (GDestroyNotify)rc_connection_clear);
}

grpc_channel *
rc_connection_get_channel (RcConnection *connection)
{
  return connection->channel;
}

guint64
rc_connection_get_bytes_received (RcConnection *connection)
{
  GSocket *socket = g_socket_connection_get_socket (connection->transport);
  struct tcp_info info = {0};
  socklen_t size = sizeof info;

  /* Older kernels fill less in: 0. */
  getsockopt (g_socket_get_fd (socket), IPPROTO_TCP, TCP_INFO, &info, &size);
  return info.tcpi_bytes_received;
}

/* An HTTP/2 server speaks at once. One that does not has no camera behind it,
 * or does not take this client: gRPC's own closes the connection without a word
 * on those that have no certificate (of its authority). */
GError *
rc_connection_get_tls_error (RcConnection *connection)
{
  g_autoptr (GError) cause = NULL;
  GError *error = NULL;
  gboolean anything_came;

  if (!connection->bridge)
    return NULL;
  anything_came = rc_bridge_anything_came (connection->bridge);
  cause = rc_bridge_get_error (connection->bridge);
  if (cause)
    error = rc_tls_describe_error (cause, anything_came);
  if (!error && !anything_came)
    error = g_error_new_literal (RC_CLIENT_ERROR, RC_CLIENT_ERROR_TLS_CLOSED,
        "the server closed the connection right after the TLS handshake");
  return error;
}
