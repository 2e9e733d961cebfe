/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A compressed message from gRPC: inflated within its limit or refused,
 * wherever the slices end, and to what GLib's stream makes of it in one piece.
 *
 * The message that fuzzinput.h describes is here a byte of options and data:
 * bit 0 takes gzip, else zlib; with bit 1 the data is sent as it is, else it is
 * compressed first; the others, times 16, are the limit in bytes, or all of them
 * several blocks of the inflater. */

#include <gio/gio.h>
#include <grpc/grpc.h>

#include "client/rcmessage.h"
#include "fuzzinput.h"
#include "wirefixture.h"

#define IS_GZIP 1
#define IS_SENT_AS_IS 2
#define LIMIT_STEP 16
#define LARGE_LIMIT (1024 * 1024)

static gsize
get_limit (guint8 options)
{
  guint n = options >> 2;

  return n == 63 ? LARGE_LIMIT : n * LIMIT_STEP;
}

static GZlibCompressorFormat
get_format (guint8 options)
{
  return options & IS_GZIP ? G_ZLIB_COMPRESSOR_FORMAT_GZIP
                           : G_ZLIB_COMPRESSOR_FORMAT_ZLIB;
}

/* What @converter makes of the bytes, @limit + 1 of it at most; NULL with
 * @error if that cannot be had. */
static GBytes *
convert (GConverter *converter, GBytes *bytes, gsize limit, GError **error)
{
  g_autoptr (GInputStream) source =
      g_memory_input_stream_new_from_bytes (bytes);
  g_autoptr (GInputStream) stream =
      g_converter_input_stream_new (source, converter);
  g_autofree guint8 *content = g_malloc (limit + 1);
  gsize size;

  if (!g_input_stream_read_all (stream, content, limit + 1, &size, NULL, error))
    return NULL;
  return g_bytes_new (content, size);
}

static GBytes *
compress (GBytes *bytes, guint8 options)
{
  g_autoptr (GConverter) compressor =
      G_CONVERTER (g_zlib_compressor_new (get_format (options), -1));

  return convert (compressor, bytes, 2 * g_bytes_get_size (bytes) + 64, NULL);
}

/* The slices are the chunks, which have to outlive it. */
static grpc_byte_buffer *
make_message (GArray *chunks, guint8 options)
{
  g_autofree grpc_slice *slices = g_new (grpc_slice, chunks->len);

  for (guint i = 0; i < chunks->len; i++) {
    const RcChunk *chunk = &g_array_index (chunks, RcChunk, i);

    slices[i] = grpc_slice_from_static_buffer (chunk->data, chunk->size);
  }
  return grpc_raw_compressed_byte_buffer_create (slices, chunks->len,
      options & IS_GZIP ? GRPC_COMPRESS_GZIP : GRPC_COMPRESS_DEFLATE);
}

static gboolean
is_refusal (const GError *error)
{
  return g_error_matches (error, RC_CLIENT_ERROR, RC_CLIENT_ERROR_TOO_LARGE)
         || g_error_matches (
             error, RC_IMAGE_SET_ERROR, RC_IMAGE_SET_ERROR_MALFORMED);
}

static void
check_message (
    const grpc_byte_buffer *message, GBytes *compressed, guint8 options)
{
  gsize limit = get_limit (options);
  g_autoptr (GConverter) decompressor =
      G_CONVERTER (g_zlib_decompressor_new (get_format (options)));
  g_autoptr (GBytes) expected = convert (decompressor, compressed, limit, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) got = rc_message_to_bytes (message, limit, NULL, &error);

  g_assert_true ((got == NULL) == (error != NULL));
  if (expected != NULL && g_bytes_get_size (expected) <= limit) {
    g_assert_no_error (error);
    g_assert_true (g_bytes_equal (got, expected));
  } else if (options & IS_SENT_AS_IS) {
    /* Data can be too large and broken: which comes first depends on the
     * slices. */
    g_assert_true (is_refusal (error));
  } else {
    g_assert_error (error, RC_CLIENT_ERROR, RC_CLIENT_ERROR_TOO_LARGE);
  }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  static gsize started = 0;
  gsize n_sizes = size > 1 ? MIN (data[0], size - 2) : 0;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GBytes) compressed = NULL;
  g_autoptr (GArray) chunks = NULL;
  grpc_byte_buffer *message;
  guint8 options;

  if (g_once_init_enter (&started)) {
    grpc_init ();
    g_once_init_leave (&started, 1);
  }
  if (size < 2)
    return 0;
  options = data[1 + n_sizes];
  bytes = g_bytes_new (data + 2 + n_sizes, size - 2 - n_sizes);
  compressed =
      options & IS_SENT_AS_IS ? g_bytes_ref (bytes) : compress (bytes, options);
  chunks = fixture_cut_at (g_bytes_get_data (compressed, NULL),
      g_bytes_get_size (compressed), data + 1, n_sizes);
  message = make_message (chunks, options);
  check_message (message, compressed, options);
  grpc_byte_buffer_destroy (message);
  return 0;
}
