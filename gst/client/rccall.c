/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Threads: all fields but the first two belong to the receiver. Those are set
 * before another thread can know the RcCall and live as long as it does, so
 * that cancelling them, which is thread-safe, needs no lock.
 *
 * The completion queue is the call's own. The receiver alone polls it, and
 * destroys it in rc_call_finish (); other holders of a reference only cancel,
 * which on a finished call does nothing.
 */

#include "client/rccall.h"

#include <grpc/byte_buffer.h>
#include <grpc/support/alloc.h>
#include <grpc/support/time.h>

/* What a completion is about: bits of `pending`. */
typedef enum {
  BATCH_START = 1 << 0,
  BATCH_MESSAGE = 1 << 1,
  BATCH_STATUS = 1 << 2,
} Batch;

struct _RcCall {
  grpc_call *call;
  GCancellable *cancellable;

  grpc_completion_queue *queue;
  guint pending;
  gboolean no_more_messages;
  grpc_byte_buffer *request;
  grpc_byte_buffer *message;
  grpc_metadata_array initial_metadata;
  grpc_metadata_array trailing_metadata;
  grpc_status_code status;
  grpc_slice details;
};

static void
start_batch (RcCall *self, const grpc_op *ops, gsize n_ops, Batch batch)
{
  grpc_call_error err;

  err = grpc_call_start_batch (
      self->call, ops, n_ops, GUINT_TO_POINTER (batch), NULL);
  /* Depends on nothing that comes from outside. */
  if (G_UNLIKELY (err != GRPC_CALL_OK))
    g_error ("cannot start a batch: %s", grpc_call_error_to_string (err));
  self->pending |= batch;
}

static void
start_call (RcCall *self)
{
  grpc_op ops[] = {
      {.op = GRPC_OP_SEND_INITIAL_METADATA},
      {.op = GRPC_OP_SEND_MESSAGE},
      {.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT},
      {.op = GRPC_OP_RECV_INITIAL_METADATA},
  };
  grpc_op status_op = {.op = GRPC_OP_RECV_STATUS_ON_CLIENT};

  ops[1].data.send_message.send_message = self->request;
  ops[3].data.recv_initial_metadata.recv_initial_metadata =
      &self->initial_metadata;
  start_batch (self, ops, G_N_ELEMENTS (ops), BATCH_START);

  status_op.data.recv_status_on_client.trailing_metadata =
      &self->trailing_metadata;
  status_op.data.recv_status_on_client.status = &self->status;
  status_op.data.recv_status_on_client.status_details = &self->details;
  start_batch (self, &status_op, 1, BATCH_STATUS);
}

RcCall *
rc_call_new (grpc_channel *channel, const gchar *method, GBytes *request)
{
  RcCall *self = g_atomic_rc_box_new0 (RcCall);
  grpc_slice slice;

  slice = grpc_slice_from_copied_buffer (
      g_bytes_get_data (request, NULL), g_bytes_get_size (request));
  self->cancellable = g_cancellable_new ();
  self->request = grpc_raw_byte_buffer_create (&slice, 1);
  grpc_slice_unref (slice);
  grpc_metadata_array_init (&self->initial_metadata);
  grpc_metadata_array_init (&self->trailing_metadata);
  self->details = grpc_empty_slice ();

  self->queue = grpc_completion_queue_create_for_next (NULL);
  slice = grpc_slice_from_copied_string (method);
  self->call = grpc_channel_create_call (channel, NULL, GRPC_PROPAGATE_DEFAULTS,
      self->queue, slice, NULL, gpr_inf_future (GPR_CLOCK_MONOTONIC), NULL);
  grpc_slice_unref (slice);

  start_call (self);
  return self;
}

RcCall *
rc_call_ref (RcCall *call)
{
  return g_atomic_rc_box_acquire (call);
}

static void
rc_call_clear (RcCall *self)
{
  grpc_call_unref (self->call);
  g_object_unref (self->cancellable);
  grpc_byte_buffer_destroy (self->request);
  grpc_metadata_array_destroy (&self->initial_metadata);
  grpc_metadata_array_destroy (&self->trailing_metadata);
  grpc_slice_unref (self->details);
}

void
rc_call_unref (RcCall *call)
{
  g_atomic_rc_box_release_full (call, (GDestroyNotify)rc_call_clear);
}

static gpr_timespec
to_timespec (gint64 deadline)
{
  gint64 wait;

  if (deadline == RC_CALL_NO_DEADLINE)
    return gpr_inf_future (GPR_CLOCK_MONOTONIC);
  wait = MAX (deadline - g_get_monotonic_time (), 0);
  return gpr_time_add (
      gpr_now (GPR_CLOCK_MONOTONIC), gpr_time_from_micros (wait, GPR_TIMESPAN));
}

/* Takes the next completion in; FALSE when the deadline came first. */
static gboolean
take_completion (RcCall *self, gint64 deadline)
{
  grpc_event event;

  event =
      grpc_completion_queue_next (self->queue, to_timespec (deadline), NULL);
  if (event.type != GRPC_OP_COMPLETE)
    return FALSE;
  self->pending &= ~GPOINTER_TO_UINT (event.tag);
  return TRUE;
}

RcCallResult
rc_call_receive (RcCall *call, gint64 deadline, grpc_byte_buffer **message)
{
  grpc_op op = {.op = GRPC_OP_RECV_MESSAGE};

  if (!call->no_more_messages && !(call->pending & BATCH_MESSAGE)) {
    op.data.recv_message.recv_message = &call->message;
    start_batch (call, &op, 1, BATCH_MESSAGE);
  }
  while (call->pending & BATCH_MESSAGE) {
    if (!take_completion (call, deadline))
      return RC_CALL_TIMEOUT;
  }
  if (call->message) {
    *message = g_steal_pointer (&call->message);
    return RC_CALL_MESSAGE;
  }

  call->no_more_messages = TRUE;
  while (call->pending & BATCH_STATUS) {
    if (!take_completion (call, deadline))
      return RC_CALL_TIMEOUT;
  }
  return RC_CALL_ENDED;
}

void
rc_call_cancel (RcCall *call)
{
  g_cancellable_cancel (call->cancellable);
  grpc_call_cancel (call->call, NULL);
}

gboolean
rc_call_is_cancelled (RcCall *call)
{
  return g_cancellable_is_cancelled (call->cancellable);
}

GCancellable *
rc_call_get_cancellable (RcCall *call)
{
  return call->cancellable;
}

grpc_status_code
rc_call_finish (RcCall *call, gchar **details)
{
  if (call->pending & BATCH_STATUS)
    rc_call_cancel (call);
  while (call->pending)
    take_completion (call, RC_CALL_NO_DEADLINE);
  g_clear_pointer (&call->message, grpc_byte_buffer_destroy);

  grpc_completion_queue_shutdown (call->queue);
  while (grpc_completion_queue_next (
             call->queue, gpr_inf_future (GPR_CLOCK_MONOTONIC), NULL)
             .type
         != GRPC_QUEUE_SHUTDOWN)
    ;
  g_clear_pointer (&call->queue, grpc_completion_queue_destroy);

  /* A peer's words: any bytes, and no terminator. */
  *details =
      g_utf8_make_valid ((const gchar *)GRPC_SLICE_START_PTR (call->details),
          GRPC_SLICE_LENGTH (call->details));
  return call->status;
}
