/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The images' thread. */

#include "client/rcclientprivate.h"
#include "client/rcmessage.h"
#include "client/rcstatus.h"

#define IMAGES_METHOD "/ImageInterface/StreamImageSets"

/* What may come on a connection beside the message that is waited for: frame
 * headers, events, and what the kernel holds of the next one (6 MB by Linux's
 * default), if this thread is late. Bytes. */
#define RECEIVE_SLACK (16 * 1024 * 1024)

/* The longest attempt to connect, if others follow. µs */
#define CONNECT_LIMIT (10 * G_TIME_SPAN_SECOND)

static gboolean
is_current_unlocked (RcClient *self, guint serial)
{
  return !rc_client_is_over_unlocked (self) && self->have_request
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

/* The callers have just seen under the lock that this connection is wanted. A
 * stop may come between: who stops knows that callbacks may still be running,
 * and holding the lock meanwhile would have it wait for them. */
static void
tell_change (RcClient *self, RcClientState state, guint attempt,
    guint64 retry_in, const GError *reason)
{
  RcClientChange change = {
      .state = state,
      .attempt = attempt,
      .retry_in = retry_in,
      .reason = reason,
  };

  if (self->callbacks.changed)
    self->callbacks.changed (&change, self->user_data);
}

/* A set came. TRUE if it is the first over its connection. */
static gboolean
take_set_unlocked (RcClient *self)
{
  gboolean first = !self->connection_has_streamed;

  self->state = RC_CLIENT_STREAMING;
  self->connection_has_streamed = TRUE;
  self->n_sets++;
  self->rejected_in_row = 0;
  rc_retry_succeeded (&self->retry);
  g_cond_broadcast (&self->changed);
  return first;
}

static GError *
count_rejected (RcClient *self, const GError *why)
{
  if (++self->rejected_in_row <= RC_CLIENT_MAX_REJECTED)
    return NULL;
  return g_error_new (RC_CLIENT_ERROR, RC_CLIENT_ERROR_INCOMPATIBLE,
      "%u messages in a row are no valid image sets; the last one: %s",
      self->rejected_in_row, why->message);
}

/* Consumes @message, which came on @call, that of @serial. Not NULL ends the
 * stream. */
static GError *
deliver_message (
    RcClient *self, RcCall *call, guint serial, grpc_byte_buffer *message)
{
  gsize size = grpc_byte_buffer_length (message);
  g_autoptr (GError) error = NULL;
  g_autoptr (RcImageSet) set = rc_message_to_set (message,
      self->config.max_message_size, rc_call_get_cancellable (call), &error);
  guint attempt = self->retry.attempts;
  RcRequest request;
  gboolean current, first = FALSE;

  g_mutex_lock (&self->lock);
  current = is_current_unlocked (self, serial);
  request = self->request;
  if (current && set)
    first = take_set_unlocked (self);
  g_mutex_unlock (&self->lock);

  /* A call that is cancelled is not current: nothing is said of a message that
   * was given up. */
  if (!current)
    return NULL;
  if (error && error->domain == RC_CLIENT_ERROR)
    return g_steal_pointer (&error);
  if (!set) {
    if (self->callbacks.rejected)
      self->callbacks.rejected (size, error, self->user_data);
    return count_rejected (self, error);
  }
  if (first)
    tell_change (self, RC_CLIENT_STREAMING, attempt, 0, NULL);
  if (self->callbacks.image_set)
    self->callbacks.image_set (
        g_steal_pointer (&set), &request, self->user_data);
  return NULL;
}

/* Waits for a request; FALSE when it is over. */
static gboolean
wait_for_request (RcClient *self, guint *serial, RcRequest *request)
{
  gboolean go_on;

  g_mutex_lock (&self->lock);
  while (!rc_client_is_over_unlocked (self) && !self->have_request)
    g_cond_wait (&self->changed, &self->lock);
  go_on = !rc_client_is_over_unlocked (self);
  *serial = self->serial;
  *request = self->request;
  g_mutex_unlock (&self->lock);
  return go_on;
}

/* With a `timeout` of minutes, or none, one attempt of many must not last as
 * long: the host may come back any moment, and the kernel asks it ever less
 * often. */
static gint64
get_connect_deadline (RcClient *self, gint64 deadline)
{
  const RcRetryPolicy *policy = &self->config.retry;

  if (self->retry.has_streamed ? !policy->auto_reconnect
                               : !policy->wait_for_connection)
    return deadline;
  return MIN (deadline, g_get_monotonic_time () + CONNECT_LIMIT);
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
    self->waits.connecting = connecting = g_cancellable_new ();
  g_mutex_unlock (&self->lock);
  *is_new = connection == NULL;
  if (!connecting)
    return connection;

  tell_change (self, RC_CLIENT_CONNECTING, self->retry.attempts, 0, NULL);
  connection = rc_connection_open (
      &self->config, get_connect_deadline (self, deadline), connecting, error);

  g_mutex_lock (&self->lock);
  self->waits.connecting = NULL;
  self->connection = connection ? rc_connection_ref (connection) : NULL;
  self->connection_has_streamed = FALSE;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
  return connection;
}

/* The events' call over it ends, too: where a connection died without a word
 * it would never know. */
static void
drop_connection (RcClient *self)
{
  g_autoptr (RcConnection) connection = NULL;
  RcClientWaits waits;

  g_mutex_lock (&self->lock);
  connection = g_steal_pointer (&self->connection);
  waits = rc_client_take_waits_unlocked (self, RC_CLIENT_WAIT_EVENTS);
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
  rc_client_cancel_waits (&waits);
}

/* How often to look at what has come of a message that is under way: a link
 * of 10 Gbit/s brings no more than the limit meanwhile. */
static gint64
get_look_interval (RcClient *self)
{
  gint64 interval = self->config.max_message_size / 1250; /* bytes a µs */

  return CLAMP (interval, 20 * G_TIME_SPAN_MILLISECOND, G_TIME_SPAN_SECOND);
}

/* gRPC looks at a message's size when all of it is in memory; so this looks
 * meanwhile at what the connection takes in. */
static RcCallResult
receive (RcClient *self, RcConnection *connection, RcCall *call,
    gint64 deadline, grpc_byte_buffer **message, GError **error)
{
  guint64 before = rc_connection_get_bytes_received (connection);
  gint64 interval = get_look_interval (self);

  for (;;) {
    gint64 look = g_get_monotonic_time () + interval;
    RcCallResult result = rc_call_receive (call, MIN (deadline, look), message);

    if (result != RC_CALL_TIMEOUT)
      return result;
    if (rc_connection_get_bytes_received (connection) - before
        > (guint64)self->config.max_message_size + RECEIVE_SLACK) {
      g_set_error (error, RC_CLIENT_ERROR, RC_CLIENT_ERROR_TOO_LARGE,
          "a message is larger than %" G_GSIZE_FORMAT " bytes",
          self->config.max_message_size);
      return RC_CALL_ENDED;
    }
    if (look >= deadline) {
      g_set_error (error, RC_CLIENT_ERROR, RC_CLIENT_ERROR_TIMEOUT,
          "connected, but no image set within %.3f s",
          self->config.timeout / 1e9);
      return RC_CALL_ENDED;
    }
  }
}

/* Receives until the call or the stream ends; not NULL is why the latter. */
static GError *
receive_sets (RcClient *self, RcConnection *connection, RcCall *call,
    guint serial, gint64 deadline, gboolean *received)
{
  grpc_byte_buffer *message;
  GError *error = NULL;

  while (!error
         && receive (self, connection, call, deadline, &message, &error)
                == RC_CALL_MESSAGE) {
    *received = TRUE;
    error = deliver_message (self, call, serial, message);
    deadline = get_deadline (self);
  }
  if (*received
      && g_error_matches (error, RC_CLIENT_ERROR, RC_CLIENT_ERROR_TIMEOUT))
    error->code = RC_CLIENT_ERROR_SILENT;
  return error;
}

/* One call from its start to its end, whatever ends it. NULL if the server
 * ended it well. */
static GError *
run_images_call (RcClient *self, RcConnection *connection, guint serial,
    const RcRequest *request, gint64 deadline)
{
  g_autoptr (GBytes) bytes = rc_request_to_bytes (request);
  g_autoptr (RcCall) call = NULL;
  g_autofree gchar *details = NULL;
  GError *error = NULL;
  grpc_status_code status;
  gboolean current, received = FALSE;

  call = rc_call_new (
      rc_connection_get_channel (connection), IMAGES_METHOD, bytes);
  g_mutex_lock (&self->lock);
  current = is_current_unlocked (self, serial);
  if (current) {
    self->waits.images_call = rc_call_ref (call);
    g_cond_broadcast (&self->changed);
  }
  g_mutex_unlock (&self->lock);

  if (current)
    error = receive_sets (self, connection, call, serial, deadline, &received);
  rc_client_withdraw_call (self, &self->waits.images_call);

  status = rc_call_finish (call, &details);
  g_debug ("images: gRPC status %s (%d): %s", rc_status_to_string (status),
      status, details);
  /* What TLS says is the cause, what gRPC says of it an effect. */
  if (!error && status == GRPC_STATUS_UNAVAILABLE)
    error = rc_connection_get_tls_error (connection);
  if (!error && status != GRPC_STATUS_OK)
    error = rc_status_to_error (status, details, received);
  return error;
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

/* Waits until it is time for another attempt, or there is no need of one. */
static void
wait_before_retry (RcClient *self, guint64 delay)
{
  gint64 until = g_get_monotonic_time () + (gint64)(delay / 1000);

  g_mutex_lock (&self->lock);
  while (!rc_client_is_over_unlocked (self) && self->have_request
         && g_cond_wait_until (&self->changed, &self->lock, until))
    ;
  if (self->state == RC_CLIENT_DISCONNECTED)
    self->state = RC_CLIENT_CONNECTING;
  g_mutex_unlock (&self->lock);
}

typedef enum {
  OUTCOME_SUPERSEDED, /* by another question, or cancelled */
  OUTCOME_RETRY,
  OUTCOME_OVER,
} Outcome;

static Outcome
judge_end (RcClient *self, guint serial, const GError *error, guint64 *delay)
{
  RcClientWaits waits = {0};
  Outcome outcome = OUTCOME_SUPERSEDED;

  g_mutex_lock (&self->lock);
  if (is_current_unlocked (self, serial)) {
    if (error
        && rc_retry_failed (&self->retry, &self->config.retry, error,
            g_random_double (), delay)) {
      outcome = OUTCOME_RETRY;
      self->state = RC_CLIENT_DISCONNECTED;
    } else {
      outcome = OUTCOME_OVER;
      self->state = RC_CLIENT_ENDED;
      waits = rc_client_take_waits_unlocked (self, RC_CLIENT_WAIT_EVENTS);
    }
    g_cond_broadcast (&self->changed);
  }
  g_mutex_unlock (&self->lock);
  rc_client_cancel_waits (&waits);
  return outcome;
}

/* One question from its beginning to its end. TRUE when the stream is over
 * by it. */
static gboolean
ask_for_images (RcClient *self, guint serial, const RcRequest *request)
{
  g_autoptr (GError) error = connect_and_ask (self, serial, request);
  guint attempt = self->retry.attempts;
  guint64 delay = 0;

  switch (judge_end (self, serial, error, &delay)) {
  case OUTCOME_SUPERSEDED:
    break;
  case OUTCOME_RETRY:
    drop_connection (self);
    tell_change (self, RC_CLIENT_DISCONNECTED, attempt, delay, error);
    wait_before_retry (self, delay);
    break;
  case OUTCOME_OVER:
    if (self->callbacks.ended)
      self->callbacks.ended (error, self->user_data);
    return TRUE;
  }
  return FALSE;
}

gpointer
rc_client_images_thread (gpointer user_data)
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
