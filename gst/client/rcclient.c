/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Threads
 * - the images' thread connects and makes one StreamImageSets call after the
 *   other, as requests change, until one ends by itself: then it says `ended`
 *   and is over;
 * - the events' thread, if asked for, waits for that connection and runs
 *   StreamImageEvents on it while there is a request. It does not connect, and
 *   is over when the images are;
 * - any other thread sets requests, reads the state, cancels.
 *
 * Lock: one, `lock`. It guards the group named below it and is not held in a
 * callback, nor in a call to gRPC or GIO. Who cancels takes a reference of
 * what is to be cancelled under the lock and cancels without it.
 *
 * What a thread waits in (an attempt to connect, a call, the condition) is
 * published under the lock before the wait, after a look at whether it is
 * still wanted: a change either comes before the look, or finds what to cancel.
 *
 * `serial` counts the questions. Whatever comes from a call of an older serial
 * is dropped under the lock, so a set of an old question and the end of a
 * call that was cancelled for a new one never get out.
 */

#include "client/rcclient.h"

#include "client/rccall.h"
#include "client/rcconnection.h"
#include "client/rcstatus.h"

#define IMAGES_METHOD "/ImageInterface/StreamImageSets"
#define EVENTS_METHOD "/ImageEventsInterface/StreamImageEvents"

struct _RcClient {
  /* constant */
  RcClientConfig config;
  gchar *host;
  RcClientCallbacks callbacks;
  gpointer user_data;
  GThread *images_thread;
  GThread *events_thread;

  GMutex lock;
  GCond changed; /* any of the following that a thread waits for */
  RcClientState state;
  gboolean cancelled;
  gboolean have_request;
  RcRequest request;
  guint serial;
  guint64 n_sets;
  RcConnection *connection;
  GCancellable *connecting; /* what the images' thread waits in */
  RcCall *images_call;
  RcCall *events_call; /* what the events' thread waits in */
};

GQuark
rc_client_error_quark (void)
{
  return g_quark_from_static_string ("rc-client-error-quark");
}

const gchar *
rc_client_state_to_string (RcClientState state)
{
  switch (state) {
  case RC_CLIENT_IDLE:
    return "idle";
  case RC_CLIENT_CONNECTING:
    return "connecting";
  case RC_CLIENT_STREAMING:
    return "streaming";
  case RC_CLIENT_ENDED:
    return "ended";
  }
  return "unknown";
}

/* TRUE when neither thread has anything more to do. */
static gboolean
is_over_unlocked (RcClient *self)
{
  return self->cancelled || self->state == RC_CLIENT_ENDED;
}

static gboolean
is_current_unlocked (RcClient *self, guint serial)
{
  return !is_over_unlocked (self) && self->have_request
         && self->serial == serial;
}

/* A point in time `timeout` from now, µs. */
static gint64
get_deadline (RcClient *self)
{
  if (self->config.timeout == 0)
    return RC_CALL_NO_DEADLINE;
  return g_get_monotonic_time () + (gint64)(self->config.timeout / 1000);
}

static RcCall *
ref_call (RcCall *call)
{
  return call ? rc_call_ref (call) : NULL;
}

static void
withdraw_call (RcClient *self, RcCall **slot)
{
  RcCall *call;

  g_mutex_lock (&self->lock);
  call = g_steal_pointer (slot);
  g_mutex_unlock (&self->lock);
  g_clear_pointer (&call, rc_call_unref);
}

/* Images */

/* The bytes stay where gRPC put them, inlined slices too, until the set
 * is gone; and gRPC stays as long as they do. */
static void
free_message (gpointer message)
{
  grpc_byte_buffer_destroy (message);
  grpc_shutdown ();
}

static RcImageSet *
message_to_set (grpc_byte_buffer *message, GError **error)
{
  const grpc_slice_buffer *slices = &message->data.raw.slice_buffer;
  g_autofree RcChunk *chunks = g_new (RcChunk, slices->count);
  gsize i;

  for (i = 0; i < slices->count; i++) {
    chunks[i].data = GRPC_SLICE_START_PTR (slices->slices[i]);
    chunks[i].size = GRPC_SLICE_LENGTH (slices->slices[i]);
  }
  grpc_init ();
  return rc_image_set_new (chunks, slices->count, message, free_message, error);
}

/* Consumes @message, which came on the call of @serial. */
static void
deliver_message (RcClient *self, guint serial, grpc_byte_buffer *message)
{
  gsize size = grpc_byte_buffer_length (message);
  g_autoptr (GError) error = NULL;
  g_autoptr (RcImageSet) set = message_to_set (message, &error);
  RcRequest request;
  gboolean current;

  g_mutex_lock (&self->lock);
  current = is_current_unlocked (self, serial);
  if (current) {
    request = self->request;
    if (set) {
      self->state = RC_CLIENT_STREAMING;
      self->n_sets++;
      g_cond_broadcast (&self->changed);
    }
  }
  g_mutex_unlock (&self->lock);

  if (!current)
    return;
  if (set && self->callbacks.image_set)
    self->callbacks.image_set (
        g_steal_pointer (&set), &request, self->user_data);
  else if (!set && self->callbacks.rejected)
    self->callbacks.rejected (size, error, self->user_data);
}

/* Waits for a request; FALSE when it is over. */
static gboolean
wait_for_request (RcClient *self, guint *serial, RcRequest *request)
{
  gboolean go_on;

  g_mutex_lock (&self->lock);
  while (!is_over_unlocked (self) && !self->have_request)
    g_cond_wait (&self->changed, &self->lock);
  go_on = !is_over_unlocked (self);
  *serial = self->serial;
  *request = self->request;
  g_mutex_unlock (&self->lock);
  return go_on;
}

/* The connection does not depend on the question, so a new question does not
 * interrupt this; none and cancelling do. NULL without an error when it is not
 * wanted any more. */
static RcConnection *
get_connection (RcClient *self, guint serial, gint64 deadline, gboolean *is_new,
    GError **error)
{
  g_autoptr (GCancellable) connecting = NULL;
  RcConnection *connection;

  g_mutex_lock (&self->lock);
  connection = self->connection ? rc_connection_ref (self->connection) : NULL;
  if (!connection && is_current_unlocked (self, serial))
    self->connecting = connecting = g_cancellable_new ();
  g_mutex_unlock (&self->lock);
  *is_new = connection == NULL;
  if (!connecting)
    return connection;

  connection = rc_connection_open (&self->config, deadline, connecting, error);

  g_mutex_lock (&self->lock);
  self->connecting = NULL;
  self->connection = connection ? rc_connection_ref (connection) : NULL;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
  return connection;
}

static void
drop_connection (RcClient *self)
{
  RcConnection *connection;

  g_mutex_lock (&self->lock);
  connection = g_steal_pointer (&self->connection);
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
  rc_connection_unref (connection);
}

/* Finishes @call. NULL if the server ended it well. */
static GError *
finish_images_call (
    RcClient *self, RcCall *call, RcCallResult result, gboolean received)
{
  g_autofree gchar *details = NULL;
  grpc_status_code status;

  status = rc_call_finish (call, &details);
  g_debug ("images: gRPC status %s (%d): %s", rc_status_to_string (status),
      status, details);
  if (result == RC_CALL_TIMEOUT)
    return g_error_new (RC_CLIENT_ERROR, RC_CLIENT_ERROR_TIMEOUT,
        "connected, but no %simage set within %.3f s",
        received ? "further " : "", self->config.timeout / 1e9);
  if (status == GRPC_STATUS_OK)
    return NULL;
  return rc_status_to_error (status, details, received);
}

/* One call from its start to its end, whatever ends it. */
static GError *
run_images_call (RcClient *self, RcConnection *connection, guint serial,
    const RcRequest *request, gint64 deadline)
{
  g_autoptr (GBytes) bytes = rc_request_to_bytes (request);
  g_autoptr (RcCall) call = NULL;
  gboolean received = FALSE;
  grpc_byte_buffer *message;
  RcCallResult result = RC_CALL_ENDED;
  gboolean current;

  call = rc_call_new (
      rc_connection_get_channel (connection), IMAGES_METHOD, bytes);
  g_mutex_lock (&self->lock);
  current = is_current_unlocked (self, serial);
  if (current) {
    self->images_call = rc_call_ref (call);
    g_cond_broadcast (&self->changed);
  }
  g_mutex_unlock (&self->lock);

  while (current
         && (result = rc_call_receive (call, deadline, &message))
                == RC_CALL_MESSAGE) {
    received = TRUE;
    deliver_message (self, serial, message);
    deadline = get_deadline (self);
  }

  withdraw_call (self, &self->images_call);
  return finish_images_call (self, call, result, received);
}

/* Connects if need be and asks. NULL if the server ended the call well. */
static GError *
connect_and_ask (RcClient *self, guint serial, const RcRequest *request)
{
  gint64 deadline = get_deadline (self);
  gboolean is_new = FALSE;
  GError *error = NULL;

  while (!is_new) {
    g_autoptr (RcConnection) connection = NULL;

    connection = get_connection (self, serial, deadline, &is_new, &error);
    if (!connection)
      break;
    error = run_images_call (self, connection, serial, request, deadline);
    if (is_new
        || !g_error_matches (error, RC_CLIENT_ERROR, RC_CLIENT_ERROR_CONNECT))
      break;
    /* It broke after the last call, where nobody could notice. */
    drop_connection (self);
    g_clear_error (&error);
  }
  return error;
}

/* One question from its beginning to its end. TRUE when the stream is over
 * by it. */
static gboolean
ask_for_images (RcClient *self, guint serial, const RcRequest *request)
{
  g_autoptr (GError) error = connect_and_ask (self, serial, request);
  g_autoptr (RcCall) events_call = NULL;
  gboolean over;

  g_mutex_lock (&self->lock);
  over = is_current_unlocked (self, serial);
  if (over) {
    self->state = RC_CLIENT_ENDED;
    events_call = ref_call (self->events_call);
    g_cond_broadcast (&self->changed);
  }
  g_mutex_unlock (&self->lock);
  if (events_call)
    rc_call_cancel (events_call);

  if (over && self->callbacks.ended)
    self->callbacks.ended (error, self->user_data);
  return over;
}

static gpointer
images_thread (gpointer user_data)
{
  RcClient *self = user_data;
  RcRequest request;
  guint serial;

  while (wait_for_request (self, &serial, &request)) {
    if (ask_for_images (self, serial, &request))
      break;
  }
  return NULL;
}

/* Events */

/* Takes @message. */
static GBytes *
message_to_bytes (grpc_byte_buffer *message)
{
  gsize size = grpc_byte_buffer_length (message);
  const grpc_slice_buffer *slices = &message->data.raw.slice_buffer;
  GByteArray *bytes = g_byte_array_sized_new (size);
  gsize i;

  for (i = 0; i < slices->count; i++)
    g_byte_array_append (bytes, GRPC_SLICE_START_PTR (slices->slices[i]),
        GRPC_SLICE_LENGTH (slices->slices[i]));
  return g_byte_array_free_to_bytes (bytes);
}

static void
deliver_event (RcClient *self, RcCall *call, grpc_byte_buffer *message)
{
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (RcImageEvent) event = NULL;
  g_autoptr (GError) error = NULL;

  if (grpc_byte_buffer_length (message) > RC_MAX_EVENT_SIZE) {
    g_debug ("event of %" G_GSIZE_FORMAT " bytes skipped",
        grpc_byte_buffer_length (message));
    return;
  }
  bytes = message_to_bytes (message);
  event = rc_image_event_from_bytes (bytes, &error);
  if (!event) {
    g_debug ("event skipped: %s", error ? error->message : "not known");
    return;
  }
  if (!rc_call_is_cancelled (call) && self->callbacks.event)
    self->callbacks.event (event, self->user_data);
}

/* Waits until images are asked for; NULL when it is over. The call for images
 * is the first on a connection, so that it is told why it fails. */
static RcConnection *
wait_for_connection (RcClient *self)
{
  RcConnection *connection = NULL;

  g_mutex_lock (&self->lock);
  while (!is_over_unlocked (self) && !(self->have_request && self->images_call))
    g_cond_wait (&self->changed, &self->lock);
  if (!is_over_unlocked (self))
    connection = rc_connection_ref (self->connection);
  g_mutex_unlock (&self->lock);
  return connection;
}

/* One call from its start to its end. NULL if it was cancelled, else why there
 * are no events any more. */
static GError *
run_events_call (RcClient *self, RcConnection *connection)
{
  g_autoptr (GBytes) bytes = rc_image_event_request_to_bytes ();
  g_autoptr (RcCall) call = NULL;
  g_autofree gchar *details = NULL;
  gboolean received = FALSE;
  gboolean cancelled;
  gboolean wanted;
  grpc_byte_buffer *message;
  grpc_status_code status;

  call = rc_call_new (
      rc_connection_get_channel (connection), EVENTS_METHOD, bytes);
  g_mutex_lock (&self->lock);
  wanted = !is_over_unlocked (self) && self->have_request;
  if (wanted)
    self->events_call = rc_call_ref (call);
  g_mutex_unlock (&self->lock);
  if (!wanted)
    rc_call_cancel (call);

  while (rc_call_receive (call, RC_CALL_NO_DEADLINE, &message)
         == RC_CALL_MESSAGE) {
    received = TRUE;
    deliver_event (self, call, message);
    grpc_byte_buffer_destroy (message);
  }

  withdraw_call (self, &self->events_call);
  cancelled = rc_call_is_cancelled (call);
  status = rc_call_finish (call, &details);
  g_debug ("events: gRPC status %s (%d): %s", rc_status_to_string (status),
      status, details);
  return cancelled ? NULL : rc_status_to_error (status, details, received);
}

/* What ends both calls is told once, by `ended`. So the end of the events is
 * news only when images go on over the same connection: waits for the next
 * one. */
static gboolean
images_go_on (RcClient *self, RcConnection *connection)
{
  guint64 n_sets;
  gboolean go_on;

  g_mutex_lock (&self->lock);
  n_sets = self->n_sets;
  while (!is_over_unlocked (self) && self->connection == connection
         && self->n_sets == n_sets)
    g_cond_wait (&self->changed, &self->lock);
  go_on = !is_over_unlocked (self) && self->connection == connection;
  g_mutex_unlock (&self->lock);
  return go_on;
}

/* TRUE when there are no events any more, and it was said. */
static gboolean
ask_for_events (RcClient *self, RcConnection *connection)
{
  g_autoptr (GError) error = run_events_call (self, connection);

  if (!error)
    return FALSE;
  if (!g_error_matches (error, RC_CLIENT_ERROR, RC_CLIENT_ERROR_NOT_A_CAMERA)
      && !images_go_on (self, connection))
    return FALSE;
  if (self->callbacks.events_failed)
    self->callbacks.events_failed (error, self->user_data);
  return TRUE;
}

static gpointer
events_thread (gpointer user_data)
{
  RcClient *self = user_data;
  RcConnection *connection;
  gboolean failed = FALSE;

  while (!failed && (connection = wait_for_connection (self)) != NULL) {
    failed = ask_for_events (self, connection);
    rc_connection_unref (connection);
  }
  return NULL;
}

/* Public */

RcClient *
rc_client_new (const RcClientConfig *config, const RcClientCallbacks *callbacks,
    gpointer user_data, GError **error)
{
  g_autoptr (RcClient) self = g_new0 (RcClient, 1);
  g_autoptr (GError) cause = NULL;

  grpc_init ();
  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  self->host = g_strdup (config->host);
  self->config = *config;
  self->config.host = self->host;
  self->callbacks = *callbacks;
  self->user_data = user_data;

  self->images_thread =
      g_thread_try_new ("rcgrpc-images", images_thread, self, &cause);
  if (self->images_thread && config->image_events)
    self->events_thread =
        g_thread_try_new ("rcgrpc-events", events_thread, self, &cause);
  if (cause) {
    g_set_error_literal (
        error, RC_CLIENT_ERROR, RC_CLIENT_ERROR_RESOURCES, cause->message);
    return NULL;
  }
  return g_steal_pointer (&self);
}

static gboolean
is_same_question_unlocked (RcClient *self, const RcRequest *request)
{
  if (!request || !self->have_request)
    return !request && !self->have_request;
  return rc_request_equal (request, &self->request);
}

void
rc_client_set_request (RcClient *client, const RcRequest *request)
{
  g_autoptr (GCancellable) connecting = NULL;
  g_autoptr (RcCall) images_call = NULL;
  g_autoptr (RcCall) events_call = NULL;

  g_mutex_lock (&client->lock);
  if (!is_over_unlocked (client)
      && !is_same_question_unlocked (client, request)) {
    client->serial++;
    client->state = request ? RC_CLIENT_CONNECTING : RC_CLIENT_IDLE;
    images_call = ref_call (client->images_call);
    if (!request) {
      events_call = ref_call (client->events_call);
      g_set_object (&connecting, client->connecting);
    }
    g_cond_broadcast (&client->changed);
  }
  client->have_request = request != NULL;
  if (request)
    client->request = *request;
  g_mutex_unlock (&client->lock);

  if (images_call)
    rc_call_cancel (images_call);
  if (events_call)
    rc_call_cancel (events_call);
  g_cancellable_cancel (connecting);
}

RcClientState
rc_client_get_state (RcClient *client)
{
  RcClientState state;

  g_mutex_lock (&client->lock);
  state = client->state;
  g_mutex_unlock (&client->lock);
  return state;
}

void
rc_client_cancel (RcClient *client)
{
  g_autoptr (GCancellable) connecting = NULL;
  g_autoptr (RcCall) images_call = NULL;
  g_autoptr (RcCall) events_call = NULL;

  g_mutex_lock (&client->lock);
  client->cancelled = TRUE;
  if (client->state != RC_CLIENT_ENDED)
    client->state = RC_CLIENT_IDLE;
  images_call = ref_call (client->images_call);
  events_call = ref_call (client->events_call);
  g_set_object (&connecting, client->connecting);
  g_cond_broadcast (&client->changed);
  g_mutex_unlock (&client->lock);

  if (images_call)
    rc_call_cancel (images_call);
  if (events_call)
    rc_call_cancel (events_call);
  g_cancellable_cancel (connecting);
}

void
rc_client_free (RcClient *client)
{
  rc_client_cancel (client);
  g_clear_pointer (&client->images_thread, g_thread_join);
  g_clear_pointer (&client->events_thread, g_thread_join);

  g_clear_pointer (&client->connection, rc_connection_unref);
  g_mutex_clear (&client->lock);
  g_cond_clear (&client->changed);
  g_free (client->host);
  g_free (client);
  grpc_shutdown ();
}
