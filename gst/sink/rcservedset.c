/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sink/rcservedset.h"

#include <float.h>

#include "wire/rcimagesetbuilder.h"

struct _RcServedSet {
  gint refs; /* atomic */
  guint64 timestamp;
  RcServedImage *images[RC_N_SET_STREAMS]; /* NULL: has none */
  GBytes *grey[RC_N_SET_STREAMS];          /* who builds messages */
};

void
rc_served_image_free (RcServedImage *image)
{
  g_clear_pointer (&image->data, g_bytes_unref);
  g_free (image);
}

/* ---- what is known ---- */

static gfloat
to_float (gdouble value)
{
  return CLAMP (value, -FLT_MAX, FLT_MAX);
}

/* No camera's is the least double. */
static gboolean
is_given (gdouble principal_point)
{
  return principal_point > -G_MAXDOUBLE;
}

static void
complete_lens (RcImage *image, const RcStereo *given, guint given_width)
{
  gdouble ratio = given_width == 0 ? 1.0 : (gdouble)image->width / given_width;

  if (image->focal_length > 0 || !(given->focal_length > 0))
    return;
  image->focal_length = to_float (given->focal_length * ratio);
  image->principal_point_u = is_given (given->principal_point_u)
                                 ? to_float (given->principal_point_u * ratio)
                                 : image->width / 2.0f;
  image->principal_point_v = is_given (given->principal_point_v)
                                 ? to_float (given->principal_point_v * ratio)
                                 : image->height / 2.0f;
}

static void
complete_disparity (RcDisparity *disparity, const RcStereo *given)
{
  if (!(disparity->baseline > 0))
    disparity->baseline = to_float (given->baseline);
  if (!(disparity->scale > 0)) {
    disparity->scale = to_float (given->scale);
    disparity->offset = to_float (given->offset);
    disparity->invalid_data_value = to_float (given->invalid_data_value);
  }
  if (!(disparity->delta_d > 0))
    disparity->delta_d = disparity->scale;
}

/* The one that an image says, else the earliest capture. */
static guint64
find_timestamp (const RcServedSet *set)
{
  guint64 earliest = G_MAXUINT64;

  for (guint i = 0; i < RC_N_SET_STREAMS; i++) {
    const RcServedImage *image = set->images[i];

    if (image == NULL)
      continue;
    if (image->set_timestamp != 0)
      return image->set_timestamp;
    earliest = MIN (earliest, image->image.timestamp);
  }
  return earliest;
}

RcServedSet *
rc_served_set_new (RcServedImage *images[RC_N_SET_STREAMS],
    const RcStereo *given, guint given_width)
{
  RcServedSet *set = g_new0 (RcServedSet, 1);

  set->refs = 1;
  for (guint i = 0; i < RC_N_SET_STREAMS; i++) {
    set->images[i] = images[i];
    if (images[i] == NULL)
      continue;
    if (i < RC_N_IMAGE_STREAMS)
      complete_lens (&images[i]->image, given, given_width);
    if (i == RC_STREAM_DISPARITY)
      complete_disparity (&images[i]->disparity, given);
  }
  set->timestamp = find_timestamp (set);
  return set;
}

RcServedSet *
rc_served_set_ref (RcServedSet *set)
{
  g_atomic_int_inc (&set->refs);
  return set;
}

void
rc_served_set_unref (RcServedSet *set)
{
  if (!g_atomic_int_dec_and_test (&set->refs))
    return;
  for (guint i = 0; i < RC_N_SET_STREAMS; i++) {
    g_clear_pointer (&set->images[i], rc_served_image_free);
    g_clear_pointer (&set->grey[i], g_bytes_unref);
  }
  g_free (set);
}

guint
rc_served_set_get_streams (const RcServedSet *set)
{
  guint streams = 0;

  for (guint i = 0; i < RC_N_SET_STREAMS; i++) {
    if (set->images[i] != NULL)
      streams |= 1u << i;
  }
  return streams;
}

guint64
rc_served_set_get_size (const RcServedSet *set)
{
  guint64 size = 0;

  for (guint i = 0; i < RC_N_SET_STREAMS; i++) {
    if (set->images[i] != NULL)
      size += g_bytes_get_size (set->images[i]->data);
  }
  return size;
}

gboolean
rc_served_set_lacks_lens (const RcServedSet *set)
{
  const RcServedImage *disparity = set->images[RC_STREAM_DISPARITY];

  return disparity != NULL
         && (!(disparity->image.focal_length > 0)
             || !(disparity->disparity.baseline > 0));
}

/* ---- messages ---- */

/* Luma of ITU-R BT.601, in 256ths. */
static GBytes *
make_grey (const RcServedImage *image)
{
  gsize n_pixels = (gsize)image->image.width * image->image.height;
  const guint8 *rgb = g_bytes_get_data (image->data, NULL);
  guint8 *grey = g_malloc (n_pixels);

  for (gsize i = 0; i < n_pixels; i++, rgb += 3)
    grey[i] = (77 * rgb[0] + 150 * rgb[1] + 29 * rgb[2] + 128) >> 8;
  return g_bytes_new_take (grey, n_pixels);
}

/* Colour is for those that asked for it. */
static void
add_camera_image (RcServedSet *set, RcStream stream, const RcRequest *request,
    RcImageSetBuilder *builder)
{
  const RcServedImage *served = set->images[stream];
  RcImage image = served->image;

  if (image.encoding != RC_ENCODING_RGB8 || request->color) {
    rc_image_set_builder_add_image (builder, stream, &image, served->data);
    return;
  }
  if (set->grey[stream] == NULL)
    set->grey[stream] = make_grey (served);
  image.encoding = RC_ENCODING_MONO8;
  image.step = image.width;
  rc_image_set_builder_add_image (builder, stream, &image, set->grey[stream]);
}

static void
add_stream (RcServedSet *set, RcStream stream, const RcRequest *request,
    RcImageSetBuilder *builder)
{
  const RcServedImage *served = set->images[stream];

  if (stream == RC_STREAM_MESH)
    rc_image_set_builder_add_mesh (
        builder, served->image.timestamp, served->data);
  else if (stream == RC_STREAM_DISPARITY)
    rc_image_set_builder_add_disparity (
        builder, &served->disparity, &served->image, served->data);
  else
    add_camera_image (set, stream, request, builder);
}

GPtrArray *
rc_served_set_build (RcServedSet *set, const RcRequest *request)
{
  g_autoptr (RcImageSetBuilder) builder =
      rc_image_set_builder_new (set->timestamp);

  for (guint i = 0; i < RC_N_SET_STREAMS; i++) {
    if (set->images[i] != NULL && (request->streams & 1u << i))
      add_stream (set, i, request, builder);
  }
  return rc_image_set_builder_finish (builder);
}
