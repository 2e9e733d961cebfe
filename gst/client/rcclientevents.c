/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The events' thread. */

#include "client/rcclientprivate.h"
#include "client/rcmessage.h"
#include "client/rcstatus.h"

#define EVENTS_METHOD "/ImageEventsInterface/StreamImageEvents"

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
  bytes = rc_message_to_bytes (
      message, RC_MAX_EVENT_SIZE, rc_call_get_cancellable (call), &error);
  if (bytes)
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
  while (!rc_client_is_over_unlocked (self)
         && !(self->have_request && self->waits.images_call))
    g_cond_wait (&self->changed, &self->lock);
  if (!rc_client_is_over_unlocked (self))
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
  wanted = !rc_client_is_over_unlocked (self) && self->have_request
           && self->connection == connection;
  if (wanted)
    self->waits.events_call = rc_call_ref (call);
  g_mutex_unlock (&self->lock);
  if (!wanted)
    rc_call_cancel (call);

  while (rc_call_receive (call, RC_CALL_NO_DEADLINE, &message)
         == RC_CALL_MESSAGE) {
    received = TRUE;
    deliver_event (self, call, message);
    grpc_byte_buffer_destroy (message);
  }

  rc_client_withdraw_call (self, &self->waits.events_call);
  cancelled = rc_call_is_cancelled (call);
  status = rc_call_finish (call, &details);
  g_debug ("events: gRPC status %s (%d): %s", rc_status_to_string (status),
      status, details);
  return cancelled ? NULL : rc_status_to_error (status, details, received);
}

/* What ends both calls is told once, by `ended`. So the end of the events is
 * news only when images go on over the same connection: waits for two more,
 * the first of which may have been sent before the events ended. */
static gboolean
images_go_on (RcClient *self, RcConnection *connection)
{
  guint64 n_sets;
  gboolean go_on;

  g_mutex_lock (&self->lock);
  n_sets = self->n_sets + 2;
  while (!rc_client_is_over_unlocked (self) && self->connection == connection
         && self->n_sets < n_sets)
    g_cond_wait (&self->changed, &self->lock);
  go_on = !rc_client_is_over_unlocked (self) && self->connection == connection;
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

gpointer
rc_client_events_thread (gpointer user_data)
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
