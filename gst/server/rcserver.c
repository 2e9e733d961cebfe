/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Threads:
 *
 * - the queue thread polls the completion queue, which does all of gRPC's
 *   I/O, and moves calls through their states. It never waits for the source.
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
 * A call is kept by its operations and by who works on it (Call.refs). gRPC
 * allows one operation of a kind at a time: `busy` says that metadata, a
 * message or the status is on its way.
 */

#include "server/rcserver.h"

#include "server/rcbytebuffer.h"

#include <grpc/byte_buffer.h>
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <grpc/slice.h>

G_DEFINE_QUARK (rc - server - error - quark, rc_server_error)

#define SETS_METHOD "/ImageInterface/StreamImageSets"
#define EVENTS_METHOD "/ImageEventsInterface/StreamImageEvents"

/* Bytes of a request; those that we know are below 64. */
#define MAX_REQUEST_SIZE (64 * 1024)

typedef enum {
  CALL_SETS,
  CALL_EVENTS,
  CALL_UNKNOWN,
} CallKind;

typedef enum {
  OP_NEW_CALL, /* a client called */
  OP_REQUEST,  /* its request was read */
  OP_SEND,     /* metadata or a message was sent */
  OP_STATUS,   /* the status was sent */
  OP_CLOSE,    /* the call is over, whoever ended it */
  OP_SHUTDOWN, /* no more calls */
  N_OPS,
} OpKind;

typedef struct _Call Call;

/* What the completion queue gives back. */
typedef struct {
  Call *call;
  OpKind kind;
} Tag;

struct _Call {
  gint refs; /* atomic */
  RcServer *server;
  Tag tags[N_OPS];

  /* Set before others see the call. */
  grpc_call *call;
  grpc_call_details details;
  grpc_metadata_array metadata;
  CallKind kind;

  /* Operations' own, while they run. */
  grpc_byte_buffer *request_buffer;
  grpc_byte_buffer *send_buffer;
  int cancelled;

  /* Source thread, once `open`. */
  RcServerCall sets;

  /* Guarded by RcServer.lock. */
  gboolean open; /* the request was read and is good */
  gboolean busy;
  gboolean over; /* nothing more may be sent */
  GQueue events; /* of GBytes, that wait to be sent */
};

struct _RcServer {
  /* Set before the threads start. */
  grpc_completion_queue *queue;
  grpc_server *server;
  guint16 port;
  gboolean events;
  RcServerSource source;
  gpointer user_data;
  GThread *queue_thread;
  GThread *source_thread;
  Tag shutdown_tag;

  GMutex lock;
  /* Guarded by lock. */
  GCond cond;       /* `woken` or `stopping` was set */
  GPtrArray *calls; /* of Call, those that wait for messages */
  gboolean woken;
  gboolean stopping;
  guint n_ops;
};

static Call *
call_new (RcServer *server)
{
  Call *call = g_new0 (Call, 1);

  call->refs = 1;
  call->server = server;
  for (guint i = 0; i < N_OPS; i++)
    call->tags[i] = (Tag){call, i};
  grpc_call_details_init (&call->details);
  grpc_metadata_array_init (&call->metadata);
  g_queue_init (&call->events);
  return call;
}

static Call *
call_ref (Call *call)
{
  g_atomic_int_inc (&call->refs);
  return call;
}

static void
call_unref (Call *call)
{
  if (!g_atomic_int_dec_and_test (&call->refs))
    return;
  grpc_call_details_destroy (&call->details);
  grpc_metadata_array_destroy (&call->metadata);
  if (call->call)
    grpc_call_unref (call->call);
  g_queue_clear_full (&call->events, (GDestroyNotify)g_bytes_unref);
  g_free (call);
}

static gboolean
begin_op_unlocked (RcServer *server)
{
  if (server->stopping)
    return FALSE;
  server->n_ops++;
  return TRUE;
}

static gboolean
begin_op (RcServer *server)
{
  g_mutex_lock (&server->lock);
  gboolean begun = begin_op_unlocked (server);
  g_mutex_unlock (&server->lock);
  return begun;
}

/* The operation was begun before; it keeps the call until its tag comes. */
static void
start_batch (Call *call, const grpc_op *ops, gsize n_ops, OpKind kind)
{
  call_ref (call);
  grpc_call_error status =
      grpc_call_start_batch (call->call, ops, n_ops, &call->tags[kind], NULL);
  /* Fails only for a batch that breaks gRPC's rules. */
  g_assert (status == GRPC_CALL_OK);
}

/* Takes the right to send (`busy`) with an operation begun. */
static gboolean
claim_send_unlocked (Call *call)
{
  if (call->busy || call->over || !begin_op_unlocked (call->server))
    return FALSE;
  call->busy = TRUE;
  return TRUE;
}

/* After claim_send. The client's flow control decides when it completes. */
static void
start_send (Call *call, GBytes *const *pieces, guint n_pieces)
{
  grpc_op op = {.op = GRPC_OP_SEND_MESSAGE};

  call->send_buffer = rc_byte_buffer_new (pieces, n_pieces);
  op.data.send_message.send_message = call->send_buffer;
  start_batch (call, &op, 1, OP_SEND);
}

/* After claim_send; the first thing that is sent, once the request was read:
 * whoever sees it knows that the request is in force. */
static void
start_metadata (Call *call)
{
  grpc_op op = {.op = GRPC_OP_SEND_INITIAL_METADATA};

  start_batch (call, &op, 1, OP_SEND);
}

/* After claim_send; the last thing that is sent. */
static void
start_status (Call *call, grpc_status_code status, const gchar *details,
    gboolean with_metadata)
{
  grpc_op ops[2] = {
      {.op = GRPC_OP_SEND_STATUS_FROM_SERVER},
      {.op = GRPC_OP_SEND_INITIAL_METADATA},
  };
  grpc_slice text = grpc_slice_from_static_string (details);

  ops[0].data.send_status_from_server.status = status;
  ops[0].data.send_status_from_server.status_details = &text;
  start_batch (call, ops, with_metadata ? 2 : 1, OP_STATUS);
}

static void
refuse (Call *call, grpc_status_code status, const gchar *details)
{
  RcServer *server = call->server;

  g_mutex_lock (&server->lock);
  gboolean claimed = claim_send_unlocked (call);
  call->over = TRUE;
  g_mutex_unlock (&server->lock);
  if (claimed)
    start_status (call, status, details, TRUE);
}

static void
wake_unlocked (RcServer *server)
{
  server->woken = TRUE;
  g_cond_signal (&server->cond);
}

/* --- source thread --- */

/* Returns when to ask again for this call. */
static gint64
feed_call (RcServer *server, Call *call)
{
  g_autoptr (GPtrArray) message = NULL;
  gint64 ask_at = G_MAXINT64;
  RcServerAnswer answer = server->source (
      server, &call->sets, &message, &ask_at, server->user_data);

  if (answer == RC_SERVER_WAIT)
    return ask_at;

  g_mutex_lock (&server->lock);
  gboolean claimed = claim_send_unlocked (call);
  if (answer == RC_SERVER_END)
    call->over = TRUE;
  g_mutex_unlock (&server->lock);
  if (!claimed)
    return G_MAXINT64;

  if (answer == RC_SERVER_END) {
    start_status (call, GRPC_STATUS_OK, "", FALSE);
  } else {
    call->sets.n_sets++;
    start_send (call, (GBytes **)message->pdata, message->len);
  }
  return G_MAXINT64;
}

static GPtrArray *
collect_hungry_unlocked (RcServer *server)
{
  GPtrArray *hungry =
      g_ptr_array_new_with_free_func ((GDestroyNotify)call_unref);

  for (guint i = 0; i < server->calls->len; i++) {
    Call *call = server->calls->pdata[i];

    if (call->kind == CALL_SETS && call->open && !call->busy && !call->over)
      g_ptr_array_add (hungry, call_ref (call));
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

/* Sends the oldest event that waits, if the call can take one. */
static void
feed_event (Call *call)
{
  RcServer *server = call->server;
  g_autoptr (GBytes) event = NULL;

  g_mutex_lock (&server->lock);
  if (!g_queue_is_empty (&call->events) && claim_send_unlocked (call))
    event = g_queue_pop_head (&call->events);
  g_mutex_unlock (&server->lock);
  if (event)
    start_send (call, &event, 1);
}

void
rc_server_push_event (RcServer *server, const RcImageEvent *event)
{
  g_autoptr (GBytes) bytes = rc_image_event_to_bytes (event);
  g_autoptr (GPtrArray) calls =
      g_ptr_array_new_with_free_func ((GDestroyNotify)call_unref);

  g_mutex_lock (&server->lock);
  for (guint i = 0; i < server->calls->len; i++) {
    Call *call = server->calls->pdata[i];

    if (call->kind != CALL_EVENTS || !call->open || call->over)
      continue;
    if (g_queue_get_length (&call->events) == RC_SERVER_MAX_EVENTS)
      g_bytes_unref (g_queue_pop_head (&call->events));
    g_queue_push_tail (&call->events, g_bytes_ref (bytes));
    g_ptr_array_add (calls, call_ref (call));
  }
  g_mutex_unlock (&server->lock);

  for (guint i = 0; i < calls->len; i++)
    feed_event (calls->pdata[i]);
}

/* --- queue thread --- */

static void
request_next_call (RcServer *server)
{
  if (!begin_op (server))
    return;
  Call *call = call_new (server);
  grpc_call_error status = grpc_server_request_call (server->server,
      &call->call, &call->details, &call->metadata, server->queue,
      server->queue, &call->tags[OP_NEW_CALL]);
  g_assert (status == GRPC_CALL_OK);
}

static CallKind
kind_of_method (RcServer *server, grpc_slice method)
{
  if (grpc_slice_str_cmp (method, SETS_METHOD) == 0)
    return CALL_SETS;
  if (server->events && grpc_slice_str_cmp (method, EVENTS_METHOD) == 0)
    return CALL_EVENTS;
  return CALL_UNKNOWN;
}

static void
on_new_call (Call *call)
{
  RcServer *server = call->server;

  request_next_call (server);
  call->kind = kind_of_method (server, call->details.method);

  if (!begin_op (server))
    return;
  grpc_op close = {.op = GRPC_OP_RECV_CLOSE_ON_SERVER};
  close.data.recv_close_on_server.cancelled = &call->cancelled;
  start_batch (call, &close, 1, OP_CLOSE);

  if (call->kind == CALL_UNKNOWN) {
    refuse (call, GRPC_STATUS_UNIMPLEMENTED, "no such method");
    return;
  }

  if (!begin_op (server))
    return;
  grpc_op request = {.op = GRPC_OP_RECV_MESSAGE};
  request.data.recv_message.recv_message = &call->request_buffer;
  start_batch (call, &request, 1, OP_REQUEST);
}

static void
on_request (Call *call)
{
  RcServer *server = call->server;
  g_autoptr (GBytes) bytes = NULL;

  /* None if the client gave up, or it was beyond MAX_REQUEST_SIZE. */
  if (call->request_buffer)
    bytes = rc_byte_buffer_to_bytes (call->request_buffer);
  g_clear_pointer (&call->request_buffer, grpc_byte_buffer_destroy);
  if (!bytes
      || (call->kind == CALL_SETS
          && !rc_request_from_bytes (&call->sets.request, bytes))) {
    refuse (call, GRPC_STATUS_INVALID_ARGUMENT, "not a request");
    return;
  }
  gboolean wants_any = call->kind == CALL_SETS
                       || rc_image_event_request_wants_depth_done (bytes);

  g_mutex_lock (&server->lock);
  gboolean claimed = claim_send_unlocked (call);
  if (claimed && wants_any) {
    call->open = TRUE;
    g_ptr_array_add (server->calls, call_ref (call));
  }
  g_mutex_unlock (&server->lock);
  if (claimed)
    start_metadata (call);
}

static void
on_sent (Call *call, gboolean success)
{
  RcServer *server = call->server;

  g_clear_pointer (&call->send_buffer, grpc_byte_buffer_destroy);
  g_mutex_lock (&server->lock);
  call->busy = FALSE;
  if (!success)
    call->over = TRUE;
  else if (call->kind == CALL_SETS)
    wake_unlocked (server);
  g_mutex_unlock (&server->lock);
  if (call->kind == CALL_EVENTS)
    feed_event (call);
}

static void
on_close (Call *call)
{
  RcServer *server = call->server;

  g_mutex_lock (&server->lock);
  call->over = TRUE;
  gboolean listed = g_ptr_array_remove_fast (server->calls, call);
  g_mutex_unlock (&server->lock);
  if (listed)
    call_unref (call);
}

static void
dispatch (const Tag *tag, gboolean success)
{
  Call *call = tag->call;

  switch (tag->kind) {
  case OP_NEW_CALL:
    if (success)
      on_new_call (call);
    break;
  case OP_REQUEST:
    on_request (call);
    break;
  case OP_SEND:
    on_sent (call, success);
    break;
  case OP_CLOSE:
    on_close (call);
    break;
  case OP_STATUS:
  case OP_SHUTDOWN:
  case N_OPS:
    break;
  }
  /* The reference that the operation held. */
  if (call)
    call_unref (call);
}

static gboolean
end_op (RcServer *server)
{
  g_mutex_lock (&server->lock);
  gboolean last = --server->n_ops == 0;
  g_mutex_unlock (&server->lock);
  return last;
}

static gpointer
run_queue (gpointer user_data)
{
  RcServer *server = user_data;

  request_next_call (server);
  /* Shutting down is an operation too, and while the server runs there is
   * always one for the next call: the last one to end ends the server. */
  for (;;) {
    grpc_event event = grpc_completion_queue_next (
        server->queue, gpr_inf_future (GPR_CLOCK_MONOTONIC), NULL);

    g_assert (event.type == GRPC_OP_COMPLETE);
    dispatch (event.tag, event.success);
    if (end_op (server))
      return NULL;
  }
}

/* --- life cycle --- */

static gboolean
listen_on (RcServer *server, const RcServerConfig *config, GError **error)
{
  gboolean is_ipv6 = strchr (config->address, ':') != NULL;
  g_autofree gchar *target = g_strdup_printf (
      is_ipv6 ? "[%s]:%u" : "%s:%u", config->address, config->port);
  grpc_server_credentials *credentials =
      grpc_insecure_server_credentials_create ();
  gint port = grpc_server_add_http2_port (server->server, target, credentials);

  grpc_server_credentials_release (credentials);
  if (port <= 0) {
    g_set_error (error, RC_SERVER_ERROR, RC_SERVER_ERROR_ADDRESS,
        "cannot listen on %s: not an address of this machine, or the port is "
        "taken",
        target);
    return FALSE;
  }
  server->port = port;
  return TRUE;
}

static void
create_server (RcServer *server)
{
  grpc_arg args[] = {
      /* Else a second server on the port would be no error. */
      {GRPC_ARG_INTEGER, (gchar *)GRPC_ARG_ALLOW_REUSEPORT, {.integer = 0}},
      {GRPC_ARG_INTEGER, (gchar *)GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH,
          {.integer = MAX_REQUEST_SIZE}},
      {GRPC_ARG_INTEGER, (gchar *)GRPC_ARG_MAX_SEND_MESSAGE_LENGTH,
          {.integer = -1}},
  };
  grpc_channel_args channel_args = {G_N_ELEMENTS (args), args};

  server->queue = grpc_completion_queue_create_for_next (NULL);
  server->server = grpc_server_create (&channel_args, NULL);
  grpc_server_register_completion_queue (server->server, server->queue, NULL);
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
  server->shutdown_tag.kind = OP_SHUTDOWN;
  create_server (server);

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
  wake_unlocked (server);
  g_mutex_unlock (&server->lock);
}

static void
stop_threads (RcServer *server)
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
  if (server->queue_thread)
    g_thread_join (server->queue_thread);
  else
    run_queue (server);
}

void
rc_server_free (RcServer *server)
{
  stop_threads (server);
  grpc_server_destroy (server->server);
  grpc_completion_queue_shutdown (server->queue);
  grpc_event event;
  do {
    event = grpc_completion_queue_next (
        server->queue, gpr_inf_future (GPR_CLOCK_MONOTONIC), NULL);
  } while (event.type != GRPC_QUEUE_SHUTDOWN);
  grpc_completion_queue_destroy (server->queue);

  g_ptr_array_free (server->calls, TRUE);
  g_cond_clear (&server->cond);
  g_mutex_clear (&server->lock);
  g_free (server);
  grpc_shutdown ();
}
