/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/rcmessage.h"

#include <gio/gio.h>
#include <grpc/grpc.h>

/* What is inflated at a time. */
#define INFLATE_STEP (64 * 1024)

static GZlibDecompressor *
get_decompressor (const grpc_byte_buffer *message)
{
  switch (message->data.raw.compression) {
  case GRPC_COMPRESS_DEFLATE:
    return g_zlib_decompressor_new (G_ZLIB_COMPRESSOR_FORMAT_ZLIB);
  case GRPC_COMPRESS_GZIP:
    return g_zlib_decompressor_new (G_ZLIB_COMPRESSOR_FORMAT_GZIP);
  default:
    return NULL;
  }
}

/* Inflates one slice onto the end of @out. @finished: the compressed data says
 * of itself that it is complete. */
static gboolean
inflate_slice (GConverter *converter, grpc_slice *slice, GByteArray *out,
    gsize limit, gboolean *finished, GError **error)
{
  const guint8 *in = GRPC_SLICE_START_PTR (*slice);
  gsize left = GRPC_SLICE_LENGTH (*slice);

  while (left > 0 && !*finished) {
    g_autoptr (GError) cause = NULL;
    gsize size = out->len, taken = 0, made = 0;
    GConverterResult result;

    if (size > limit) {
      g_set_error (error, RC_CLIENT_ERROR, RC_CLIENT_ERROR_TOO_LARGE,
          "a compressed message holds more than %" G_GSIZE_FORMAT " bytes",
          limit);
      return FALSE;
    }
    g_byte_array_set_size (out, size + INFLATE_STEP);
    result = g_converter_convert (converter, in, left, out->data + size,
        INFLATE_STEP, G_CONVERTER_NO_FLAGS, &taken, &made, &cause);
    g_byte_array_set_size (out, size + made);
    in += taken;
    left -= taken;
    *finished = result == G_CONVERTER_FINISHED;
    /* It takes the end of this slice in, and wants the next one. */
    if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT))
      return TRUE;
    if (cause) {
      g_set_error (error, RC_IMAGE_SET_ERROR, RC_IMAGE_SET_ERROR_MALFORMED,
          "a compressed message is broken: %s", cause->message);
      return FALSE;
    }
  }
  return TRUE;
}

static GBytes *
inflate (const grpc_byte_buffer *message, GConverter *converter, gsize limit,
    GError **error)
{
  grpc_slice_buffer slices = message->data.raw.slice_buffer;
  g_autoptr (GByteArray) out = g_byte_array_new ();
  gboolean finished = FALSE;

  for (gsize i = 0; i < slices.count; i++) {
    if (!inflate_slice (
            converter, &slices.slices[i], out, limit, &finished, error))
      return NULL;
  }
  if (!finished) {
    g_set_error_literal (error, RC_IMAGE_SET_ERROR,
        RC_IMAGE_SET_ERROR_MALFORMED, "a compressed message is incomplete");
    return NULL;
  }
  return g_byte_array_free_to_bytes (g_steal_pointer (&out));
}

GBytes *
rc_message_to_bytes (
    const grpc_byte_buffer *message, gsize limit, GError **error)
{
  const grpc_slice_buffer *slices = &message->data.raw.slice_buffer;
  g_autoptr (GZlibDecompressor) decompressor = get_decompressor (message);
  GByteArray *bytes;

  if (decompressor)
    return inflate (message, G_CONVERTER (decompressor), limit, error);

  bytes = g_byte_array_sized_new (
      (guint)grpc_byte_buffer_length ((grpc_byte_buffer *)message));
  for (gsize i = 0; i < slices->count; i++)
    g_byte_array_append (bytes, GRPC_SLICE_START_PTR (slices->slices[i]),
        GRPC_SLICE_LENGTH (slices->slices[i]));
  return g_byte_array_free_to_bytes (bytes);
}

static void
free_message (gpointer message)
{
  grpc_byte_buffer_destroy (message);
  grpc_shutdown ();
}

/* gRPC's slices are the set's chunks, those that are inlined in the buffer
 * too: it stays where it is. */
static RcImageSet *
wrap_message (grpc_byte_buffer *message, GError **error)
{
  const grpc_slice_buffer *slices = &message->data.raw.slice_buffer;
  g_autofree RcChunk *chunks = g_new (RcChunk, slices->count);

  for (gsize i = 0; i < slices->count; i++) {
    chunks[i].data = GRPC_SLICE_START_PTR (slices->slices[i]);
    chunks[i].size = GRPC_SLICE_LENGTH (slices->slices[i]);
  }
  grpc_init ();
  return rc_image_set_new (chunks, slices->count, message, free_message, error);
}

RcImageSet *
rc_message_to_set (grpc_byte_buffer *message, gsize limit, GError **error)
{
  g_autoptr (GBytes) inflated = NULL;
  RcChunk chunk;

  if (message->data.raw.compression == GRPC_COMPRESS_NONE)
    return wrap_message (message, error);

  inflated = rc_message_to_bytes (message, limit, error);
  grpc_byte_buffer_destroy (message);
  if (!inflated)
    return NULL;
  chunk.data = g_bytes_get_data (inflated, &chunk.size);
  return rc_image_set_new (&chunk, 1, g_steal_pointer (&inflated),
      (GDestroyNotify)g_bytes_unref, error);
}
