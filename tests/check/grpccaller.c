/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "grpccaller.h"

#include <gst/check/gstcheck.h>
#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc_security.h>

/* Longer than anything takes that does not hang. */
#define DEADLINE_S 60

#define TAG_SEND ((gpointer)1)
#define TAG_READ ((gpointer)2)
#define TAG_STATUS ((gpointer)3)

static void
wait_for (GrpcCaller *caller, gpointer tag)
{
  gpr_timespec deadline = gpr_time_add (gpr_now (GPR_CLOCK_REALTIME),
      gpr_time_from_seconds (DEADLINE_S, GPR_TIMESPAN));
  grpc_event event =
      grpc_completion_queue_pluck (caller->queue, tag, deadline, NULL);

  fail_unless_equals_int (event.type, GRPC_OP_COMPLETE);
}

static void
start (GrpcCaller *caller, const grpc_op *ops, gsize n_ops, gpointer tag)
{
  fail_unless_equals_int (
      grpc_call_start_batch (caller->call, ops, n_ops, tag, NULL),
      GRPC_CALL_OK);
}

static void
start_call (GrpcCaller *caller, GBytes *request)
{
  gsize size;
  gconstpointer data = g_bytes_get_data (request, &size);
  grpc_slice slice = grpc_slice_from_copied_buffer (data, size);
  grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create (&slice, 1);
  grpc_op ops[4] = {
      {.op = GRPC_OP_SEND_INITIAL_METADATA},
      {.op = GRPC_OP_SEND_MESSAGE},
      {.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT},
      {.op = GRPC_OP_RECV_INITIAL_METADATA},
  };
  grpc_op end = {.op = GRPC_OP_RECV_STATUS_ON_CLIENT};

  end.data.recv_status_on_client.trailing_metadata = &caller->trailing;
  end.data.recv_status_on_client.status = &caller->status;
  end.data.recv_status_on_client.status_details = &caller->details;
  start (caller, &end, 1, TAG_STATUS);

  ops[1].data.send_message.send_message = buffer;
  ops[3].data.recv_initial_metadata.recv_initial_metadata = &caller->initial;
  start (caller, ops, 4, TAG_SEND);
  wait_for (caller, TAG_SEND);
  grpc_byte_buffer_destroy (buffer);
  grpc_slice_unref (slice);
}

GrpcCaller *
grpc_caller_new (guint16 port, const gchar *method, GBytes *request)
{
  GrpcCaller *caller = g_new0 (GrpcCaller, 1);
  g_autofree gchar *target = g_strdup_printf ("127.0.0.1:%u", port);
  grpc_arg args[] = {
      {GRPC_ARG_INTEGER, (gchar *)GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL,
          {.integer = 1}},
      {GRPC_ARG_INTEGER, (gchar *)GRPC_ARG_ENABLE_HTTP_PROXY, {.integer = 0}},
      {GRPC_ARG_INTEGER, (gchar *)GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH,
          {.integer = -1}},
  };
  grpc_channel_args channel_args = {G_N_ELEMENTS (args), args};
  grpc_channel_credentials *credentials = grpc_insecure_credentials_create ();

  caller->queue = grpc_completion_queue_create_for_pluck (NULL);
  caller->channel = grpc_channel_create (target, credentials, &channel_args);
  grpc_channel_credentials_release (credentials);
  caller->call =
      grpc_channel_create_call (caller->channel, NULL, GRPC_PROPAGATE_DEFAULTS,
          caller->queue, grpc_slice_from_static_string (method), NULL,
          gpr_inf_future (GPR_CLOCK_REALTIME), NULL);
  grpc_metadata_array_init (&caller->initial);
  grpc_metadata_array_init (&caller->trailing);
  start_call (caller, request);
  return caller;
}

GBytes *
grpc_caller_read (GrpcCaller *caller)
{
  grpc_byte_buffer *buffer = NULL;
  grpc_byte_buffer_reader reader;
  grpc_op op = {.op = GRPC_OP_RECV_MESSAGE};

  op.data.recv_message.recv_message = &buffer;
  start (caller, &op, 1, TAG_READ);
  wait_for (caller, TAG_READ);
  if (!buffer)
    return NULL;

  fail_unless (grpc_byte_buffer_reader_init (&reader, buffer));
  grpc_slice slice = grpc_byte_buffer_reader_readall (&reader);
  GBytes *bytes =
      g_bytes_new (GRPC_SLICE_START_PTR (slice), GRPC_SLICE_LENGTH (slice));
  grpc_slice_unref (slice);
  grpc_byte_buffer_reader_destroy (&reader);
  grpc_byte_buffer_destroy (buffer);
  return bytes;
}

grpc_status_code
grpc_caller_wait_status (GrpcCaller *caller)
{
  wait_for (caller, TAG_STATUS);
  grpc_slice_unref (caller->details);
  grpc_call_unref (caller->call);
  caller->call = NULL;
  return caller->status;
}

void
grpc_caller_cancel (GrpcCaller *caller)
{
  grpc_call_cancel (caller->call, NULL);
}

void
grpc_caller_free (GrpcCaller *caller)
{
  if (caller->call) {
    grpc_caller_cancel (caller);
    grpc_caller_wait_status (caller);
  }
  grpc_channel_destroy (caller->channel);
  grpc_completion_queue_shutdown (caller->queue);
  grpc_completion_queue_destroy (caller->queue);
  grpc_metadata_array_destroy (&caller->initial);
  grpc_metadata_array_destroy (&caller->trailing);
  g_free (caller);
}
