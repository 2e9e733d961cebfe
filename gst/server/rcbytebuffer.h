/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* gRPC's messages and GLib's bytes. */

#pragma once

#include <glib.h>
#include <grpc/grpc.h>

G_BEGIN_DECLS

/* The pieces, one after the other. They are not copied: the buffer, and gRPC
 * after it was sent, hold a reference to each until they are done with it. */
grpc_byte_buffer *rc_byte_buffer_new (GBytes *const *pieces, guint n_pieces);

/* A copy, inflated if it came compressed. NULL if it cannot be read. */
GBytes *rc_byte_buffer_to_bytes (grpc_byte_buffer *buffer);

G_END_DECLS
