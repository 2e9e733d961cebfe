/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "wirefixture.h"

#include <string.h>

GBytes *
fixture_flatten (GPtrArray *pieces)
{
  GByteArray *flat = g_byte_array_new ();

  for (guint i = 0; i < pieces->len; i++) {
    gsize size;
    const guint8 *data = g_bytes_get_data (pieces->pdata[i], &size);

    g_byte_array_append (flat, data, size);
  }
  return g_byte_array_free_to_bytes (flat);
}

static void
clear_chunk (gpointer chunk)
{
  g_free ((gpointer)((RcChunk *)chunk)->data);
}

static void
append_chunk (GArray *chunks, const guint8 *data, gsize size)
{
  /* One byte at least, so that a chunk of none has an address too. */
  guint8 *copy = g_malloc (MAX (size, 1));
  RcChunk chunk = {copy, size};

  if (size > 0)
    memcpy (copy, data, size);
  g_array_append_val (chunks, chunk);
}

GArray *
fixture_cut (GBytes *bytes, gsize max_chunk, GRand *rand)
{
  GArray *chunks = g_array_new (FALSE, FALSE, sizeof (RcChunk));
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  g_array_set_clear_func (chunks, clear_chunk);
  while (size > 0) {
    gsize run = 1;

    if (max_chunk > 1)
      run = g_rand_int_range (rand, 1, MIN (max_chunk, size) + 1);
    if (g_rand_int_range (rand, 0, 8) == 0)
      append_chunk (chunks, data, 0);
    append_chunk (chunks, data, run);
    data += run;
    size -= run;
  }
  return chunks;
}

GArray *
fixture_cut_at (
    const guint8 *data, gsize size, const guint8 *sizes, guint n_sizes)
{
  GArray *chunks = g_array_new (FALSE, FALSE, sizeof (RcChunk));

  g_array_set_clear_func (chunks, clear_chunk);
  for (guint i = 0; i < n_sizes && size > 0; i++) {
    gsize run = MIN (sizes[i], size);

    append_chunk (chunks, data, run);
    data += run;
    size -= run;
  }
  append_chunk (chunks, data, size);
  return chunks;
}

RcImageSet *
fixture_decode (GBytes *bytes, gsize max_chunk, GRand *rand, GError **error)
{
  GArray *chunks = fixture_cut (bytes, max_chunk, rand);

  return rc_image_set_new ((const RcChunk *)chunks->data, chunks->len, chunks,
      (GDestroyNotify)g_array_unref, error);
}

static gfloat
random_float (GRand *rand)
{
  return g_rand_double_range (rand, 0.001, 2000);
}

RcImage
fixture_random_image (
    GRand *rand, guint width, guint height, guint padding, RcEncoding encoding)
{
  return (RcImage){
      .timestamp = g_rand_int_range (rand, 1, G_MAXINT32)
                       * G_GUINT64_CONSTANT (1000000000)
                   + g_rand_int_range (rand, 0, 1000000000),
      .width = width,
      .height = height,
      .step = width * rc_encoding_bytes_per_pixel (encoding) + padding,
      .encoding = encoding,
      .is_bigendian = g_rand_boolean (rand),
      .focal_length = random_float (rand),
      .principal_point_u = random_float (rand),
      .principal_point_v = random_float (rand),
      .exposure_time = random_float (rand),
      .gain = random_float (rand),
      .noise = random_float (rand),
      .out1_reduction = random_float (rand),
      .brightness = random_float (rand),
      .gamma = random_float (rand),
      .auto_exposure_adapting = g_rand_boolean (rand),
      .gpio_inputs = g_rand_int (rand),
      .gpio_outputs = g_rand_int (rand),
      .gpio_values = g_rand_int (rand),
  };
}

GBytes *
fixture_random_bytes (GRand *rand, gsize size)
{
  guint8 *data = g_malloc (size);

  for (gsize i = 0; i < size; i++)
    data[i] = g_rand_int (rand);
  return g_bytes_new_take (data, size);
}
