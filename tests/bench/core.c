/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Consumer: gRPC core from C. --mode=discard drops each message as it came,
 * which is what gRPC itself costs; --mode=unpack flattens it and decodes it with
 * protobuf-c, which is what a client in C does without further thought. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>
#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>

#include "image_interface.pb-c.h"
#include "meter.h"
#include "touch.h"

#define METHOD "/ImageInterface/StreamImageSets"

typedef struct {
  grpc_completion_queue *queue;
  grpc_channel *channel;
  grpc_call *call;
  grpc_metadata_array initial;
  grpc_metadata_array trailing;
  grpc_status_code status;
  grpc_slice details;
} Client;

static void
run_batch (Client *client, const grpc_op *ops, size_t n_ops)
{
  grpc_call_error error =
      grpc_call_start_batch (client->call, ops, n_ops, client, NULL);
  grpc_event event;

  g_assert_cmpint (error, ==, GRPC_CALL_OK);
  event = grpc_completion_queue_pluck (
      client->queue, client, gpr_inf_future (GPR_CLOCK_REALTIME), NULL);
  g_assert_cmpint (event.type, ==, GRPC_OP_COMPLETE);
}

static grpc_byte_buffer *
make_request (const BenchOptions *options)
{
  ImageSetRequest request = IMAGE_SET_REQUEST__INIT;
  uint8_t packed[64];
  grpc_slice slice;
  grpc_byte_buffer *buffer;

  request.left_enabled = (options->streams & BENCH_LEFT) != 0;
  request.right_enabled = (options->streams & BENCH_RIGHT) != 0;
  request.disparity_enabled = (options->streams & BENCH_DISPARITY) != 0;
  request.confidence_enabled = (options->streams & BENCH_CONFIDENCE) != 0;
  request.disparity_error_enabled = (options->streams & BENCH_ERROR) != 0;
  request.color = options->color;
  slice = grpc_slice_from_copied_buffer (
      (const char *)packed, image_set_request__pack (&request, packed));
  buffer = grpc_raw_byte_buffer_create (&slice, 1);
  grpc_slice_unref (slice);
  return buffer;
}

static void
start_call (Client *client, const BenchOptions *options)
{
  grpc_byte_buffer *request = make_request (options);
  grpc_op ops[4] = {
      {.op = GRPC_OP_SEND_INITIAL_METADATA},
      {.op = GRPC_OP_SEND_MESSAGE},
      {.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT},
      {.op = GRPC_OP_RECV_INITIAL_METADATA},
  };

  client->call =
      grpc_channel_create_call (client->channel, NULL, GRPC_PROPAGATE_DEFAULTS,
          client->queue, grpc_slice_from_static_string (METHOD), NULL,
          gpr_inf_future (GPR_CLOCK_REALTIME), NULL);
  ops[1].data.send_message.send_message = request;
  ops[3].data.recv_initial_metadata.recv_initial_metadata = &client->initial;
  run_batch (client, ops, 4);
  grpc_byte_buffer_destroy (request);
}

static void
open_client (Client *client, const BenchOptions *options)
{
  g_autofree char *target = g_strdup_printf ("127.0.0.1:%u", options->ports[0]);
  grpc_arg arg = {GRPC_ARG_INTEGER, (char *)GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH,
      {.integer = -1}};
  grpc_channel_args args = {1, &arg};
  grpc_channel_credentials *credentials = grpc_insecure_credentials_create ();

  client->queue = grpc_completion_queue_create_for_pluck (NULL);
  client->channel = grpc_channel_create (target, credentials, &args);
  grpc_channel_credentials_release (credentials);
  grpc_metadata_array_init (&client->initial);
  grpc_metadata_array_init (&client->trailing);
  start_call (client, options);
}

static void
close_client (Client *client)
{
  grpc_op op = {.op = GRPC_OP_RECV_STATUS_ON_CLIENT};

  op.data.recv_status_on_client.trailing_metadata = &client->trailing;
  op.data.recv_status_on_client.status = &client->status;
  op.data.recv_status_on_client.status_details = &client->details;
  grpc_call_cancel (client->call, NULL);
  run_batch (client, &op, 1);
  grpc_slice_unref (client->details);
  grpc_call_unref (client->call);
  grpc_channel_destroy (client->channel);
  grpc_completion_queue_shutdown (client->queue);
  grpc_completion_queue_destroy (client->queue);
  grpc_metadata_array_destroy (&client->initial);
  grpc_metadata_array_destroy (&client->trailing);
}

static uint64_t
touch_image (const Image *image)
{
  if (image == NULL)
    return 0;
  bench_touch (image->data.data, image->data.len);
  return image->data.len;
}

static uint64_t
unpack (grpc_byte_buffer *message)
{
  grpc_byte_buffer_reader reader;
  grpc_slice flat;
  ImageSet *set;
  uint64_t bytes;

  g_assert_true (grpc_byte_buffer_reader_init (&reader, message));
  flat = grpc_byte_buffer_reader_readall (&reader);
  grpc_byte_buffer_reader_destroy (&reader);
  set = image_set__unpack (
      NULL, GRPC_SLICE_LENGTH (flat), GRPC_SLICE_START_PTR (flat));
  grpc_slice_unref (flat);
  g_assert_nonnull (set);
  bytes = touch_image (set->left) + touch_image (set->right)
          + touch_image (set->disparity ? set->disparity->image : NULL)
          + touch_image (set->confidence) + touch_image (set->disparity_error);
  image_set__free_unpacked (set, NULL);
  return bytes;
}

int
main (int argc, char **argv)
{
  BenchOptions options;
  Client client = {NULL};
  Meter *meter;
  bool more = true;

  bench_options_parse (&options, argc, argv);
  meter = meter_new (&options);
  grpc_init ();
  meter_begin (meter);
  open_client (&client, &options);
  while (more) {
    grpc_byte_buffer *message = NULL;
    grpc_op op = {.op = GRPC_OP_RECV_MESSAGE};
    uint64_t bytes;

    op.data.recv_message.recv_message = &message;
    run_batch (&client, &op, 1);
    if (message == NULL)
      break;
    bytes = strcmp (options.mode, "unpack") == 0
                ? unpack (message)
                : grpc_byte_buffer_length (message);
    grpc_byte_buffer_destroy (message);
    more = meter_add_set (meter, bytes, 0);
  }
  meter_print (meter);
  close_client (&client);
  grpc_shutdown ();
  meter_free (meter);
  return 0;
}
