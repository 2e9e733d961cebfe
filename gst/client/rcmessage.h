/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is in a message as gRPC hands it over: pieces, and maybe compressed.
 * gRPC core itself would inflate a message whatever its size; it is told not to
 * (GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION), so that a limit can be kept. */

#pragma once

#include <gio/gio.h>
#include <grpc/byte_buffer.h>

#include "client/rcclient.h"

G_BEGIN_DECLS

/* Consumes @message. Without compression the set's bytes stay where gRPC put
 * them, and gRPC stays as long as they do: whatever thread drops the set's last
 * reference calls grpc_shutdown (), and when the client is gone that may clean
 * gRPC up right there: in a pad's streaming thread, say. NULL with an RC_IMAGE_SET_ERROR, or
 * RC_CLIENT_ERROR_TOO_LARGE when it inflates to more than @limit bytes, or
 * RC_CLIENT_ERROR_RESOURCES, or, when @cancellable is cancelled while it is
 * inflated, which takes seconds for the largest, G_IO_ERROR_CANCELLED. */
RcImageSet *rc_message_to_set (grpc_byte_buffer *message, gsize limit,
    GCancellable *cancellable, GError **error);

/* The bytes in one piece; errors are the same. */
GBytes *rc_message_to_bytes (const grpc_byte_buffer *message, gsize limit,
    GCancellable *cancellable, GError **error);

G_END_DECLS
