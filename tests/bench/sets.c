/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sets.h"

#include "wire/rcimagesetbuilder.h"

struct _BenchSets {
  BenchSize size;
  BenchSize depth_size;
  GBytes *pixels; /* as many as the largest image has; all images are these */
};

/* Not a pattern that anything on the way could take for another page's. */
static GBytes *
make_pixels (gsize size)
{
  guint32 *words = g_malloc (size + sizeof (guint32));
  guint32 state = 1;

  for (gsize i = 0; i < size / sizeof (guint32) + 1; i++) {
    state = state * 1664525u + 1013904223u;
    words[i] = state;
  }
  return g_bytes_new_take (words, size);
}

BenchSets *
bench_sets_new (BenchSize size, BenchSize depth_size)
{
  BenchSets *sets = g_new0 (BenchSets, 1);
  gsize largest = MAX ((gsize)size.width * size.height * 3,
      (gsize)depth_size.width * depth_size.height * 2);

  sets->size = size;
  sets->depth_size = depth_size;
  sets->pixels = make_pixels (largest);
  return sets;
}

void
bench_sets_free (BenchSets *sets)
{
  g_bytes_unref (sets->pixels);
  g_free (sets);
}

static RcEncoding
get_encoding (RcStream stream, gboolean color)
{
  if (stream == RC_STREAM_DISPARITY)
    return RC_ENCODING_MONO16;
  if (stream == RC_STREAM_LEFT || stream == RC_STREAM_RIGHT)
    return color ? RC_ENCODING_RGB8 : RC_ENCODING_MONO8;
  return RC_ENCODING_MONO8;
}

static void
add_image (const BenchSets *sets, RcImageSetBuilder *builder, RcStream stream,
    gboolean color, guint64 timestamp)
{
  static const RcDisparity disparity = {
      .scale = 0.0625f, .baseline = 0.16f, .delta_d = 0.0625f};
  gboolean is_camera = stream == RC_STREAM_LEFT || stream == RC_STREAM_RIGHT;
  const BenchSize *size = is_camera ? &sets->size : &sets->depth_size;
  RcEncoding encoding = get_encoding (stream, color);
  RcImage image = {
      .timestamp = timestamp,
      .width = size->width,
      .height = size->height,
      .step = size->width * rc_encoding_bytes_per_pixel (encoding),
      .encoding = encoding,
      .focal_length = 1080.0f,
      .principal_point_u = size->width / 2.0f,
      .principal_point_v = size->height / 2.0f,
      .exposure_time = 0.005f,
      .gain = 3.0f,
      .noise = 1.5f,
      .brightness = 0.5f,
      .gamma = 1.0f,
  };
  g_autoptr (GBytes) pixels = g_bytes_new_from_bytes (
      sets->pixels, 0, (gsize)image.step * image.height);

  if (stream == RC_STREAM_DISPARITY)
    rc_image_set_builder_add_disparity (builder, &disparity, &image, pixels);
  else
    rc_image_set_builder_add_image (builder, stream, &image, pixels);
}

GPtrArray *
bench_sets_make (BenchSets *sets, const RcRequest *request)
{
  guint64 timestamp = (guint64)g_get_real_time () * 1000;
  g_autoptr (RcImageSetBuilder) builder = rc_image_set_builder_new (timestamp);

  for (guint i = 0; i < RC_N_IMAGE_STREAMS; i++) {
    if (request->streams & (1 << i))
      add_image (sets, builder, i, request->color, timestamp);
  }
  return rc_image_set_builder_finish (builder);
}
