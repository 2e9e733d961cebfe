/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/rcbytebuffer.h"

#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/slice.h>

static void
unref_bytes (gpointer bytes)
{
  g_bytes_unref (bytes);
}

static grpc_slice
slice_from_bytes (GBytes *bytes)
{
  gsize size;
  gconstpointer data = g_bytes_get_data (bytes, &size);

  return grpc_slice_new_with_user_data (
      (gpointer)data, size, unref_bytes, g_bytes_ref (bytes));
}

grpc_byte_buffer *
rc_byte_buffer_new (GBytes *const *pieces, guint n_pieces)
{
  g_autofree grpc_slice *slices = g_new (grpc_slice, MAX (n_pieces, 1));

  for (guint i = 0; i < n_pieces; i++)
    slices[i] = slice_from_bytes (pieces[i]);
  grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create (slices, n_pieces);
  for (guint i = 0; i < n_pieces; i++)
    grpc_slice_unref (slices[i]);
  return buffer;
}

GBytes *
rc_byte_buffer_to_bytes (grpc_byte_buffer *buffer)
{
  grpc_byte_buffer_reader reader;

  if (!grpc_byte_buffer_reader_init (&reader, buffer))
    return NULL;
  grpc_slice slice = grpc_byte_buffer_reader_readall (&reader);
  GBytes *bytes =
      g_bytes_new (GRPC_SLICE_START_PTR (slice), GRPC_SLICE_LENGTH (slice));

  grpc_slice_unref (slice);
  grpc_byte_buffer_reader_destroy (&reader);
  return bytes;
}
