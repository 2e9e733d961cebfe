/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Threads:
 *
 * - the queue thread polls the completion queue, which does all of gRPC's
 *   I/O, and moves calls through their states. It never waits for the source.
 *   At the end it lets go of gRPC.
 * - the source thread asks the source for the sets of clients that can take
 *   one, and starts their sends.
 * - any thread may wake the server or push an event.
 *
 * There is one lock, RcServer.lock; it guards what is marked below. No gRPC
 * operation is started and no source is asked with it held.
 *
 * An operation is counted (RcServer.n_ops) before it is started and until its
 * tag came back. None is started once `stopping` is set, so when the count
 * has come to 0 the queue can be shut down: nobody will use it again.
 *
 * A call is kept by its operations and by who works on it. gRPC allows one
 * operation of a kind at a time: `busy` says that metadata, a message or the
 * status is on its way.
 *
 * rcserver.c      starting and stopping, the source thread, events
 * rcservedcall.c  a call and the operations on it
 * rcserverqueue.c the queue thread
 */

#include "server/rcservercredentials.h"
#include "server/rcserverprivate.h"

#include <grpc/grpc.h>
#include <grpc/grpc_security.h>

GQuark
rc_server_error_quark (void)
{
  return g_quark_from_static_string ("rc-server-error-quark");
}

/* Bytes of a request; those that we know are below 64. */
#define MAX_REQUEST_SIZE (64 * 1024)

/* How long freeing waits for gRPC. It ends a connection only after a write that
 * is under way, which a client that has stopped reading may hold up until TCP
 * gives up; and what polled for such writes may sleep for 10 s before
 * grpc_shutdown () returns. */
#define STOP_TIME (500 * G_TIME_SPAN_MILLISECOND)

/* --- source thread --- */

void
rc_server_wake_unlocked (RcServer *server)
{
  server->woken = TRUE;
  g_cond_signal (&server->cond);
}

/* Returns when to ask again for this call. */
static gint64
feed_call (RcServer *server, RcServedCall *call)
{
  g_autoptr (GPtrArray) message = NULL;
  gint64 ask_at = G_MAXINT64;
  RcServerAnswer answer = server->source (
      server, &call->sets, &message, &ask_at, server->user_data);

  if (answer == RC_SERVER_WAIT)
    return ask_at;

  g_mutex_lock (&server->lock);
  gboolean claimed = rc_served_call_claim_send_unlocked (call);
  if (answer == RC_SERVER_END)
    call->over = TRUE;
  g_mutex_unlock (&server->lock);
  if (!claimed)
    return G_MAXINT64;

  if (answer == RC_SERVER_END) {
    rc_served_call_start_status (
        call, call->sets.status, call->sets.status_message, FALSE);
  } else {
    call->sets.n_sets++;
    rc_served_call_start_send (
        call, (GBytes **)message->pdata, message->len, call->sets.gzip);
  }
  return G_MAXINT64;
}

static GPtrArray *
collect_hungry_unlocked (RcServer *server)
{
  GPtrArray *hungry =
      g_ptr_array_new_with_free_func ((GDestroyNotify)rc_served_call_unref);

  for (guint i = 0; i < server->calls->len; i++) {
    RcServedCall *call = server->calls->pdata[i];

    if (call->kind == RC_SERVED_SETS && call->open && !call->busy
        && !call->over)
      g_ptr_array_add (hungry, rc_served_call_ref (call));
  }
  return hungry;
}

static gboolean
is_stopping (RcServer *server)
{
  g_mutex_lock (&server->lock);
  gboolean stopping = server->stopping;
  g_mutex_unlock (&server->lock);
  return stopping;
}

/* Takes the array; returns when to ask again at the latest. */
static gint64
feed_calls (RcServer *server, GPtrArray *hungry)
{
  gint64 ask_at = G_MAXINT64;

  for (guint i = 0; i < hungry->len && !is_stopping (server); i++) {
    gint64 call_ask_at = feed_call (server, hungry->pdata[i]);

    ask_at = MIN (ask_at, call_ask_at);
  }
  g_ptr_array_unref (hungry);
  return ask_at;
}

static gpointer
run_source (gpointer user_data)
{
  RcServer *server = user_data;
  gint64 ask_at = G_MAXINT64;

  g_mutex_lock (&server->lock);
  while (!server->stopping) {
    if (!server->woken && ask_at == G_MAXINT64) {
      g_cond_wait (&server->cond, &server->lock);
      continue;
    }
    if (!server->woken
        && g_cond_wait_until (&server->cond, &server->lock, ask_at))
      continue;
    server->woken = FALSE;
    GPtrArray *hungry = collect_hungry_unlocked (server);
    g_mutex_unlock (&server->lock);
    ask_at = feed_calls (server, hungry);
    g_mutex_lock (&server->lock);
  }
  g_mutex_unlock (&server->lock);
  return NULL;
}

/* --- events --- */

void
rc_server_push_event (RcServer *server, const RcImageEvent *event)
{
  g_autoptr (GBytes) bytes = rc_image_event_to_bytes (event);
  g_autoptr (GPtrArray) calls =
      g_ptr_array_new_with_free_func ((GDestroyNotify)rc_served_call_unref);

  g_mutex_lock (&server->lock);
  for (guint i = 0; i < server->calls->len; i++) {
    RcServedCall *call = server->calls->pdata[i];

    if (call->kind != RC_SERVED_EVENTS || !call->open || call->over)
      continue;
    if (g_queue_get_length (&call->events) == RC_SERVER_MAX_EVENTS)
      g_bytes_unref (g_queue_pop_head (&call->events));
    g_queue_push_tail (&call->events, g_bytes_ref (bytes));
    g_ptr_array_add (calls, rc_served_call_ref (call));
  }
  g_mutex_unlock (&server->lock);

  for (guint i = 0; i < calls->len; i++)
    rc_served_call_feed_event (calls->pdata[i]);
}

/* --- life cycle --- */

/* gRPC takes credentials that make no sense, and then no port with them. For a
 * server that is not going to start. */
static gboolean
are_usable (RcServer *server, grpc_server_credentials *credentials)
{
  return grpc_server_add_http2_port (server->server, "127.0.0.1:0", credentials)
         > 0;
}

static gboolean
listen_on (RcServer *server, const RcServerConfig *config, GError **error)
{
  grpc_server_credentials *credentials =
      rc_server_credentials_new (config, error);

  if (!credentials)
    return FALSE;
  gboolean is_ipv6 = strchr (config->address, ':') != NULL;
  g_autofree gchar *target = g_strdup_printf (
      is_ipv6 ? "[%s]:%u" : "%s:%u", config->address, config->port);
  gint port = grpc_server_add_http2_port (server->server, target, credentials);

  if (port > 0)
    server->port = port;
  else if (are_usable (server, credentials))
    g_set_error (error, RC_SERVER_ERROR, RC_SERVER_ERROR_ADDRESS,
        "cannot listen on %s: not an address of this machine, or the port is "
        "taken",
        target);
  else
    g_set_error (error, RC_SERVER_ERROR, RC_SERVER_ERROR_CREDENTIALS,
        "cannot use %s with %s: not a certificate and its key, both PEM%s",
        config->tls_certificate_file, config->tls_private_key_file,
        config->tls_ca_file ? "; or the authority's file has none" : "");
  grpc_server_credentials_release (credentials);
  return port > 0;
}

static void
create_server (RcServer *server, const RcServerConfig *config)
{
  grpc_arg args[] = {
      /* Else a second server on the port would be no error. */
      {GRPC_ARG_INTEGER, (gchar *)GRPC_ARG_ALLOW_REUSEPORT, {.integer = 0}},
      {GRPC_ARG_INTEGER, (gchar *)GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH,
          {.integer = MAX_REQUEST_SIZE}},
      {GRPC_ARG_INTEGER, (gchar *)GRPC_ARG_MAX_SEND_MESSAGE_LENGTH,
          {.integer = -1}},
      {GRPC_ARG_INTEGER, (gchar *)GRPC_COMPRESSION_CHANNEL_DEFAULT_ALGORITHM,
          {.integer = config->gzip ? GRPC_COMPRESS_GZIP : GRPC_COMPRESS_NONE}},
  };
  grpc_channel_args channel_args = {G_N_ELEMENTS (args), args};

  server->queue = grpc_completion_queue_create_for_next (NULL);
  server->server = grpc_server_create (&channel_args, NULL);
  grpc_server_register_completion_queue (server->server, server->queue, NULL);
}

/* Once the last operation has ended. */
static void
release_grpc (RcServer *server)
{
  grpc_server_destroy (server->server);
  grpc_completion_queue_shutdown (server->queue);
  grpc_event event;
  do {
    event = grpc_completion_queue_next (
        server->queue, gpr_inf_future (GPR_CLOCK_MONOTONIC), NULL);
  } while (event.type != GRPC_QUEUE_SHUTDOWN);
  grpc_completion_queue_destroy (server->queue);
  grpc_shutdown ();
}

static void
free_memory (RcServer *server)
{
  g_ptr_array_free (server->calls, TRUE);
  g_cond_clear (&server->cond);
  g_mutex_clear (&server->lock);
  g_free (server);
}

static gpointer
run_queue (gpointer user_data)
{
  RcServer *server = user_data;

  rc_server_run_queue (server);
  /* It may be cancelling calls still. */
  g_mutex_lock (&server->lock);
  while (!server->cancelled)
    g_cond_wait (&server->cond, &server->lock);
  g_mutex_unlock (&server->lock);
  release_grpc (server);

  g_mutex_lock (&server->lock);
  server->ended = TRUE;
  gboolean abandoned = server->abandoned;
  g_cond_signal (&server->cond);
  g_mutex_unlock (&server->lock);
  if (abandoned)
    free_memory (server);
  return NULL;
}

static gboolean
start_threads (RcServer *server, GError **error)
{
  g_autoptr (GError) local_error = NULL;

  server->source_thread =
      g_thread_try_new ("rc-server-feed", run_source, server, &local_error);
  if (server->source_thread)
    server->queue_thread =
        g_thread_try_new ("rc-server-queue", run_queue, server, &local_error);
  if (server->queue_thread)
    return TRUE;
  g_set_error (error, RC_SERVER_ERROR, RC_SERVER_ERROR_RESOURCES,
      "cannot start a thread: %s", local_error->message);
  return FALSE;
}

RcServer *
rc_server_new (const RcServerConfig *config, RcServerSource source,
    gpointer user_data, GError **error)
{
  g_autoptr (RcServer) server = g_new0 (RcServer, 1);

  g_return_val_if_fail (config && config->address && source, NULL);

  grpc_init ();
  g_mutex_init (&server->lock);
  g_cond_init (&server->cond);
  server->calls = g_ptr_array_new ();
  server->events = config->events;
  server->source = source;
  server->user_data = user_data;
  server->shutdown_tag.kind = RC_SERVER_OP_SHUTDOWN;
  create_server (server, config);

  if (!listen_on (server, config, error))
    return NULL;
  grpc_server_start (server->server);
  if (!start_threads (server, error))
    return NULL;
  return g_steal_pointer (&server);
}

guint16
rc_server_get_port (RcServer *server)
{
  return server->port;
}

void
rc_server_wake (RcServer *server)
{
  g_mutex_lock (&server->lock);
  rc_server_wake_unlocked (server);
  g_mutex_unlock (&server->lock);
}

/* After cancelling. FALSE if the queue thread has not ended after STOP_TIME; it then frees the
 * server when it does. */
static gboolean
wait_for_queue (RcServer *server)
{
  gint64 until = g_get_monotonic_time () + STOP_TIME;

  g_mutex_lock (&server->lock);
  server->cancelled = TRUE;
  g_cond_signal (&server->cond);
  while (
      !server->ended && g_cond_wait_until (&server->cond, &server->lock, until))
    continue;
  gboolean ended = server->ended;
  server->abandoned = !ended;
  GThread *thread = g_steal_pointer (&server->queue_thread);
  g_mutex_unlock (&server->lock);

  if (ended)
    g_thread_join (thread);
  else
    g_thread_unref (thread);
  return ended;
}

void
rc_server_free (RcServer *server)
{
  g_mutex_lock (&server->lock);
  server->stopping = TRUE;
  server->n_ops++; /* the shutdown */
  g_cond_signal (&server->cond);
  g_mutex_unlock (&server->lock);

  /* First, so that the queue thread is the only one left that starts
   * operations. */
  if (server->source_thread)
    g_thread_join (server->source_thread);
  grpc_server_shutdown_and_notify (
      server->server, server->queue, &server->shutdown_tag);
  grpc_server_cancel_all_calls (server->server);
  if (server->queue_thread) {
    if (!wait_for_queue (server))
      return;
  } else {
    rc_server_run_queue (server);
    release_grpc (server);
  }
  free_memory (server);
}
