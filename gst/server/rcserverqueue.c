/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/rcbytebuffer.h"
#include "server/rcserverprivate.h"

#include <grpc/byte_buffer.h>
#include <grpc/slice.h>
#include <grpc/support/alloc.h>

#define SETS_METHOD "/ImageInterface/StreamImageSets"
#define EVENTS_METHOD "/ImageEventsInterface/StreamImageEvents"

static void
request_next_call (RcServer *server)
{
  if (!rc_server_begin_op (server))
    return;
  RcServedCall *call = rc_served_call_new (server);
  grpc_call_error status = grpc_server_request_call (server->server,
      &call->call, &call->details, &call->metadata, server->queue,
      server->queue, &call->tags[RC_SERVER_OP_NEW_CALL]);
  g_assert (status == GRPC_CALL_OK);
}

static RcServedKind
kind_of_method (RcServer *server, grpc_slice method)
{
  if (grpc_slice_str_cmp (method, SETS_METHOD) == 0)
    return RC_SERVED_SETS;
  if (server->events && grpc_slice_str_cmp (method, EVENTS_METHOD) == 0)
    return RC_SERVED_EVENTS;
  return RC_SERVED_UNKNOWN;
}

static void
on_new_call (RcServedCall *call)
{
  RcServer *server = call->server;

  request_next_call (server);
  call->kind = kind_of_method (server, call->details.method);

  if (!rc_server_begin_op (server))
    return;
  grpc_op close = {.op = GRPC_OP_RECV_CLOSE_ON_SERVER};
  close.data.recv_close_on_server.cancelled = &call->cancelled;
  rc_served_call_start_batch (call, &close, 1, RC_SERVER_OP_CLOSE);

  if (call->kind == RC_SERVED_UNKNOWN) {
    rc_served_call_refuse (call, GRPC_STATUS_UNIMPLEMENTED, "no such method");
    return;
  }

  if (!rc_server_begin_op (server))
    return;
  grpc_op request = {.op = GRPC_OP_RECV_MESSAGE};
  request.data.recv_message.recv_message = &call->request_buffer;
  rc_served_call_start_batch (call, &request, 1, RC_SERVER_OP_REQUEST);
}

static gchar *
dup_peer (RcServedCall *call)
{
  gchar *peer = grpc_call_get_peer (call->call);
  gchar *copy = g_strdup (peer);

  gpr_free (peer);
  return copy;
}

static void
on_request (RcServedCall *call)
{
  RcServer *server = call->server;
  g_autoptr (GBytes) bytes = NULL;

  /* None if the client gave up, or it was beyond MAX_REQUEST_SIZE. */
  if (call->request_buffer)
    bytes = rc_byte_buffer_to_bytes (call->request_buffer);
  g_clear_pointer (&call->request_buffer, grpc_byte_buffer_destroy);
  if (!bytes
      || (call->kind == RC_SERVED_SETS
          && !rc_request_from_bytes (&call->sets.request, bytes))) {
    rc_served_call_refuse (call, GRPC_STATUS_INVALID_ARGUMENT, "not a request");
    return;
  }
  call->sets.peer = dup_peer (call);
  gboolean wants_any = call->kind == RC_SERVED_SETS
                       || rc_image_event_request_wants_depth_done (bytes);

  g_mutex_lock (&server->lock);
  gboolean claimed = rc_served_call_claim_send_unlocked (call);
  if (claimed && wants_any) {
    call->open = TRUE;
    if (call->kind == RC_SERVED_SETS)
      call->sets.id = ++server->n_streams;
    g_ptr_array_add (server->calls, rc_served_call_ref (call));
  }
  g_mutex_unlock (&server->lock);
  if (claimed)
    rc_served_call_start_metadata (call);
}

static void
on_sent (RcServedCall *call, gboolean success)
{
  RcServer *server = call->server;
  grpc_byte_buffer *sent;

  g_mutex_lock (&server->lock);
  sent = g_steal_pointer (&call->send_buffer);
  call->busy = FALSE;
  if (!success)
    call->over = TRUE;
  else if (call->kind == RC_SERVED_SETS)
    rc_server_wake_unlocked (server);
  g_mutex_unlock (&server->lock);
  grpc_byte_buffer_destroy (sent);
  if (call->kind == RC_SERVED_EVENTS)
    rc_served_call_feed_event (call);
}

static void
on_close (RcServedCall *call)
{
  RcServer *server = call->server;

  g_mutex_lock (&server->lock);
  call->over = TRUE;
  gboolean listed = g_ptr_array_remove_fast (server->calls, call);
  g_mutex_unlock (&server->lock);
  if (listed)
    rc_served_call_unref (call);
}

static void
dispatch (const RcServerTag *tag, gboolean success)
{
  RcServedCall *call = tag->call;

  switch (tag->kind) {
  case RC_SERVER_OP_NEW_CALL:
    if (success)
      on_new_call (call);
    break;
  case RC_SERVER_OP_REQUEST:
    on_request (call);
    break;
  case RC_SERVER_OP_SEND:
    on_sent (call, success);
    break;
  case RC_SERVER_OP_CLOSE:
    on_close (call);
    break;
  case RC_SERVER_OP_STATUS:
  case RC_SERVER_OP_SHUTDOWN:
  case RC_SERVER_N_OPS:
    break;
  }
  /* The reference that the operation held. */
  if (call)
    rc_served_call_unref (call);
}

static gboolean
end_op (RcServer *server)
{
  g_mutex_lock (&server->lock);
  gboolean last = --server->n_ops == 0;
  g_mutex_unlock (&server->lock);
  return last;
}

gpointer
rc_server_run_queue (gpointer user_data)
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
