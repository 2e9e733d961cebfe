/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/rcmessage.h"

#include <grpc/grpc.h>

/* The smallest block that it is worth to show to malloc (), and the largest that
 * glibc learns from, with 64 bits: DEFAULT_MMAP_THRESHOLD_MAX, less room for
 * its header. */
#define MIN_LEARNED_SIZE (1024 * 1024)
#define MAX_LEARNED_SIZE (32 * 1024 * 1024 - 64 * 1024)
/* What is inflated at a time. */
#define BLOCK_SIZE (256 * 1024)

/* An inflated message, in blocks: one piece would be copied while it grows. */
typedef struct {
  GArray *chunks; /* (element-type RcChunk), of BLOCK_SIZE but for the last */
  gsize size;
} Inflated;

static void
inflated_free (Inflated *inflated)
{
  for (guint i = 0; i < inflated->chunks->len; i++)
    g_free ((gpointer)g_array_index (inflated->chunks, RcChunk, i).data);
  g_array_unref (inflated->chunks);
  g_free (inflated);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Inflated, inflated_free)

/* Room for more at the end, NULL with an error if there is none to be had. */
static guint8 *
get_room (Inflated *inflated, gsize *room, GError **error)
{
  RcChunk *last = NULL;

  if (inflated->chunks->len > 0)
    last =
        &g_array_index (inflated->chunks, RcChunk, inflated->chunks->len - 1);
  if (!last || last->size == BLOCK_SIZE) {
    RcChunk fresh = {g_try_malloc (BLOCK_SIZE), 0};

    if (!fresh.data) {
      g_set_error_literal (error, RC_CLIENT_ERROR, RC_CLIENT_ERROR_RESOURCES,
          "no memory to inflate a message");
      return NULL;
    }
    g_array_append_val (inflated->chunks, fresh);
    last =
        &g_array_index (inflated->chunks, RcChunk, inflated->chunks->len - 1);
  }
  *room = BLOCK_SIZE - last->size;
  return (guint8 *)last->data + last->size;
}

static gboolean
add_bytes (Inflated *inflated, gsize size, gsize limit, GError **error)
{
  g_array_index (inflated->chunks, RcChunk, inflated->chunks->len - 1).size +=
      size;
  inflated->size += size;
  if (inflated->size <= limit)
    return TRUE;
  g_set_error (error, RC_CLIENT_ERROR, RC_CLIENT_ERROR_TOO_LARGE,
      "a compressed message holds more than %" G_GSIZE_FORMAT " bytes", limit);
  return FALSE;
}

/* Inflates one slice, which may become a thousand times as much, onto the end
 * of @out. @finished: the compressed data says of itself that it is complete. */
static gboolean
inflate_slice (GConverter *converter, grpc_slice *slice, Inflated *out,
    gsize limit, GCancellable *cancellable, gboolean *finished, GError **error)
{
  const guint8 *in = GRPC_SLICE_START_PTR (*slice);
  gsize left = GRPC_SLICE_LENGTH (*slice);

  while (left > 0 && !*finished) {
    g_autoptr (GError) cause = NULL;
    gsize room, taken = 0, made = 0;
    guint8 *place;
    GConverterResult result;

    if (g_cancellable_set_error_if_cancelled (cancellable, error))
      return FALSE;
    place = get_room (out, &room, error);
    if (!place)
      return FALSE;
    result = g_converter_convert (converter, in, left, place, room,
        G_CONVERTER_NO_FLAGS, &taken, &made, &cause);
    if (!add_bytes (out, made, limit, error))
      return FALSE;
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

/* gRPC knows these two. */
static GConverter *
make_decompressor (const grpc_byte_buffer *message)
{
  GZlibCompressorFormat format =
      message->data.raw.compression == GRPC_COMPRESS_GZIP
          ? G_ZLIB_COMPRESSOR_FORMAT_GZIP
          : G_ZLIB_COMPRESSOR_FORMAT_ZLIB;

  return G_CONVERTER (g_zlib_decompressor_new (format));
}

static Inflated *
inflate (const grpc_byte_buffer *message, gsize limit,
    GCancellable *cancellable, GError **error)
{
  grpc_slice_buffer slices = message->data.raw.slice_buffer;
  g_autoptr (GConverter) converter = make_decompressor (message);
  g_autoptr (Inflated) out = g_new0 (Inflated, 1);
  gboolean finished = FALSE;

  out->chunks = g_array_new (FALSE, FALSE, sizeof (RcChunk));
  for (gsize i = 0; i < slices.count; i++) {
    if (!inflate_slice (converter, &slices.slices[i], out, limit, cancellable,
            &finished, error))
      return NULL;
  }
  if (!finished) {
    g_set_error_literal (error, RC_IMAGE_SET_ERROR,
        RC_IMAGE_SET_ERROR_MALFORMED, "a compressed message is incomplete");
    return NULL;
  }
  return g_steal_pointer (&out);
}

static GBytes *
inflate_to_bytes (const grpc_byte_buffer *message, gsize limit,
    GCancellable *cancellable, GError **error)
{
  g_autoptr (Inflated) inflated = inflate (message, limit, cancellable, error);
  GByteArray *bytes;

  if (!inflated)
    return NULL;
  bytes = g_byte_array_new ();
  for (guint i = 0; i < inflated->chunks->len; i++) {
    RcChunk chunk = g_array_index (inflated->chunks, RcChunk, i);

    g_byte_array_append (bytes, chunk.data, chunk.size);
  }
  return g_byte_array_free_to_bytes (bytes);
}

GBytes *
rc_message_to_bytes (const grpc_byte_buffer *message, gsize limit,
    GCancellable *cancellable, GError **error)
{
  const grpc_slice_buffer *slices = &message->data.raw.slice_buffer;
  GByteArray *bytes;

  if (message->data.raw.compression != GRPC_COMPRESS_NONE)
    return inflate_to_bytes (message, limit, cancellable, error);
  bytes = g_byte_array_new ();
  for (gsize i = 0; i < slices->count; i++)
    g_byte_array_append (bytes, GRPC_SLICE_START_PTR (slices->slices[i]),
        GRPC_SLICE_LENGTH (slices->slices[i]));
  return g_byte_array_free_to_bytes (bytes);
}

/* Messages come and go in slices of 64 KiB. glibc gives the end of a heap back
 * to the kernel as soon as 128 KiB of it are free, and gets it anew, page fault
 * by page fault, for the next message. From a block that it had mapped and that
 * is freed it learns to keep twice as much: so it is shown one, which costs no
 * memory. A user's own M_TRIM_THRESHOLD stays in force, and other allocators do
 * as they like. docs/performance.md has what it brings. */
static void
keep_heap_for (gsize size)
{
  static gsize largest;

  if (size <= g_atomic_pointer_get (&largest))
    return;
  g_atomic_pointer_set (&largest, size);
  g_free (g_try_malloc (CLAMP (size, MIN_LEARNED_SIZE, MAX_LEARNED_SIZE)));
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

  keep_heap_for (slices->length);
  for (gsize i = 0; i < slices->count; i++) {
    chunks[i].data = GRPC_SLICE_START_PTR (slices->slices[i]);
    chunks[i].size = GRPC_SLICE_LENGTH (slices->slices[i]);
  }
  grpc_init ();
  return rc_image_set_new (chunks, slices->count, message, free_message, error);
}

RcImageSet *
rc_message_to_set (grpc_byte_buffer *message, gsize limit,
    GCancellable *cancellable, GError **error)
{
  Inflated *inflated;

  if (message->data.raw.compression == GRPC_COMPRESS_NONE)
    return wrap_message (message, error);

  inflated = inflate (message, limit, cancellable, error);
  grpc_byte_buffer_destroy (message);
  if (!inflated)
    return NULL;
  return rc_image_set_new ((const RcChunk *)inflated->chunks->data,
      inflated->chunks->len, inflated, (GDestroyNotify)inflated_free, error);
}
