/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A client of gRPC core that knows nothing of cameras: calls a method with one
 * request and takes messages when it is told to. Fails the test when an answer
 * does not come. */

#pragma once

#include <glib.h>
#include <grpc/grpc.h>

typedef struct {
  grpc_completion_queue *queue;
  grpc_channel *channel;
  grpc_call *call;
  grpc_metadata_array initial, trailing;
  grpc_status_code status;
  grpc_slice details;
} GrpcCaller;

/* To @port on 127.0.0.1. Returns when the server has taken the request, or
 * refused it. */
GrpcCaller *grpc_caller_new (
    guint16 port, const gchar *method, GBytes *request);
void grpc_caller_free (GrpcCaller *caller);

/* The next message; NULL after the last. */
GBytes *grpc_caller_read (GrpcCaller *caller);

/* Waits for the end of the call. */
grpc_status_code grpc_caller_wait_status (GrpcCaller *caller);

void grpc_caller_cancel (GrpcCaller *caller);
