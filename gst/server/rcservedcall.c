/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/rcbytebuffer.h"
#include "server/rcserverprivate.h"

#include <grpc/slice.h>

RcServedCall *
rc_served_call_new (RcServer *server)
{
  RcServedCall *call = g_new0 (RcServedCall, 1);

  call->refs = 1;
  call->server = server;
  for (guint i = 0; i < RC_SERVER_N_OPS; i++)
    call->tags[i] = (RcServerTag){call, i};
  grpc_call_details_init (&call->details);
  grpc_metadata_array_init (&call->metadata);
  call->status_message = grpc_empty_slice ();
  g_queue_init (&call->events);
  return call;
}

RcServedCall *
rc_served_call_ref (RcServedCall *call)
{
  g_atomic_int_inc (&call->refs);
  return call;
}

void
rc_served_call_unref (RcServedCall *call)
{
  if (!g_atomic_int_dec_and_test (&call->refs))
    return;
  grpc_call_details_destroy (&call->details);
  grpc_metadata_array_destroy (&call->metadata);
  if (call->call)
    grpc_call_unref (call->call);
  grpc_slice_unref (call->status_message);
  if (call->sets.data_free)
    call->sets.data_free (call->sets.data);
  g_free (call->sets.peer);
  g_free (call->sets.status_message);
  g_queue_clear_full (&call->events, (GDestroyNotify)g_bytes_unref);
  g_free (call);
}

gboolean
rc_server_begin_op_unlocked (RcServer *server)
{
  if (server->stopping)
    return FALSE;
  server->n_ops++;
  return TRUE;
}

gboolean
rc_server_begin_op (RcServer *server)
{
  g_mutex_lock (&server->lock);
  gboolean begun = rc_server_begin_op_unlocked (server);
  g_mutex_unlock (&server->lock);
  return begun;
}

void
rc_served_call_start_batch (
    RcServedCall *call, const grpc_op *ops, gsize n_ops, RcServerOp kind)
{
  rc_served_call_ref (call);
  grpc_call_error status =
      grpc_call_start_batch (call->call, ops, n_ops, &call->tags[kind], NULL);
  /* Fails only for a batch that breaks gRPC's rules. */
  g_assert (status == GRPC_CALL_OK);
}

gboolean
rc_served_call_claim_send_unlocked (RcServedCall *call)
{
  if (call->busy || call->over || !rc_server_begin_op_unlocked (call->server))
    return FALSE;
  call->busy = TRUE;
  return TRUE;
}

void
rc_served_call_start_send (RcServedCall *call, GBytes *const *pieces,
    guint n_pieces, gboolean compress)
{
  grpc_op op = {0};

  op.op = GRPC_OP_SEND_MESSAGE;
  op.flags = compress ? 0 : GRPC_WRITE_NO_COMPRESS;
  op.data.send_message.send_message = rc_byte_buffer_new (pieces, n_pieces);
  g_mutex_lock (&call->server->lock);
  call->send_buffer = op.data.send_message.send_message;
  g_mutex_unlock (&call->server->lock);
  rc_served_call_start_batch (call, &op, 1, RC_SERVER_OP_SEND);
}

void
rc_served_call_start_metadata (RcServedCall *call)
{
  grpc_op op = {0};

  op.op = GRPC_OP_SEND_INITIAL_METADATA;
  rc_served_call_start_batch (call, &op, 1, RC_SERVER_OP_SEND);
}

void
rc_served_call_start_status (RcServedCall *call, grpc_status_code status,
    const gchar *message, gboolean with_metadata)
{
  grpc_op ops[2] = {
      {.op = GRPC_OP_SEND_STATUS_FROM_SERVER},
      {.op = GRPC_OP_SEND_INITIAL_METADATA},
  };

  if (message)
    call->status_message = grpc_slice_from_copied_string (message);
  ops[0].data.send_status_from_server.status = status;
  ops[0].data.send_status_from_server.status_details = &call->status_message;
  rc_served_call_start_batch (
      call, ops, with_metadata ? 2 : 1, RC_SERVER_OP_STATUS);
}

void
rc_served_call_refuse (
    RcServedCall *call, grpc_status_code status, const gchar *message)
{
  RcServer *server = call->server;

  g_mutex_lock (&server->lock);
  gboolean claimed = rc_served_call_claim_send_unlocked (call);
  call->over = TRUE;
  g_mutex_unlock (&server->lock);
  if (claimed)
    rc_served_call_start_status (call, status, message, TRUE);
}

void
rc_served_call_feed_event (RcServedCall *call)
{
  RcServer *server = call->server;
  g_autoptr (GBytes) event = NULL;

  g_mutex_lock (&server->lock);
  if (!g_queue_is_empty (&call->events)
      && rc_served_call_claim_send_unlocked (call))
    event = g_queue_pop_head (&call->events);
  g_mutex_unlock (&server->lock);
  if (event)
    rc_served_call_start_send (call, &event, 1, FALSE);
}
