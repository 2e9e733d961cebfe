/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The images' thread. */

#include "client/rcclientprivate.h"
#include "client/rcstatus.h"

#define IMAGES_METHOD "/ImageInterface/StreamImageSets"

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
  while (!rc_client_is_over_unlocked (self) && !self->have_request)
    g_cond_wait (&self->changed, &self->lock);
  go_on = !rc_client_is_over_unlocked (self);
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

  rc_client_withdraw_call (self, &self->images_call);
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
    events_call = rc_client_ref_call (self->events_call);
    g_cond_broadcast (&self->changed);
  }
  g_mutex_unlock (&self->lock);
  if (events_call)
    rc_call_cancel (events_call);

  if (over && self->callbacks.ended)
    self->callbacks.ended (error, self->user_data);
  return over;
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
