/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* RcImageSet: the verdict does not depend on where the chunks end; a set that
 * is taken has the values, pixels and mesh that protobuf-c finds in the flat
 * message, keeps to the limits, and can be copied out to the last byte. */

#include <math.h>
#include <string.h>

#include "fuzzinput.h"
#include "image_interface.pb-c.h"
#include "wire/rcimageset.h"

#define NSEC_PER_SEC G_GUINT64_CONSTANT (1000000000)
#define ROW_GAP 3

/* Of the first that says something but 0; at most three, any may be NULL. None
 * of them may be a lie. */
static guint64
first_time (const Time *a, const Time *b, const Time *c)
{
  const Time *times[] = {a, b, c};
  guint64 first = 0;

  for (guint i = 0; i < G_N_ELEMENTS (times); i++) {
    if (times[i] == NULL)
      continue;
    g_assert_cmpint (times[i]->sec, >=, 0);
    g_assert_cmpint (times[i]->nsec, >=, 0);
    g_assert_cmpint (times[i]->nsec, <, NSEC_PER_SEC);
    if (first == 0)
      first = times[i]->sec * NSEC_PER_SEC + times[i]->nsec;
  }
  return first;
}

/* NaNs are equal when their bits are. */
static void
assert_same_float (gfloat a, gfloat b)
{
  g_assert_cmpmem (&a, sizeof a, &b, sizeof b);
}

static void
check_values (const RcImage *image, const Image *flat)
{
  const Gpios none = GPIOS__INIT;
  const Gpios *gpios = flat->gpios != NULL ? flat->gpios : &none;

  g_assert_cmpuint (image->width, ==, flat->width);
  g_assert_cmpuint (image->height, ==, flat->height);
  g_assert_cmpuint (image->step, ==, flat->step);
  g_assert_cmpstr (rc_encoding_to_string (image->encoding), ==, flat->encoding);
  g_assert_true (!image->is_bigendian == !flat->is_bigendian);
  assert_same_float (image->focal_length, flat->focal_length);
  assert_same_float (image->principal_point_u, flat->principal_point_u);
  assert_same_float (image->principal_point_v, flat->principal_point_v);
  assert_same_float (image->exposure_time, flat->exposure_time);
  assert_same_float (image->gain, flat->gain);
  assert_same_float (image->noise, flat->noise);
  assert_same_float (image->out1_reduction, flat->out1_reduction);
  assert_same_float (image->brightness, flat->brightness);
  assert_same_float (image->gamma, flat->gamma);
  g_assert_true (
      !image->auto_exposure_adapting == !flat->auto_exposure_adapting);
  g_assert_cmpuint (image->gpio_inputs, ==, gpios->inputs);
  g_assert_cmpuint (image->gpio_outputs, ==, gpios->outputs);
  g_assert_cmpuint (image->gpio_values, ==, gpios->values);
}

static void
check_limits (const RcImage *image, gsize message_size)
{
  guint64 row =
      (guint64)image->width * rc_encoding_bytes_per_pixel (image->encoding);

  g_assert_cmpuint (image->width, >=, 1);
  g_assert_cmpuint (image->width, <=, RC_MAX_IMAGE_SIDE);
  g_assert_cmpuint (image->height, >=, 1);
  g_assert_cmpuint (image->height, <=, RC_MAX_IMAGE_SIDE);
  g_assert_cmpuint (image->step, >=, row);
  /* No buffer for it is larger than what the peer really sent. */
  g_assert_cmpuint (row * image->height, <=, message_size);
  g_assert_true (isfinite (image->focal_length));
  g_assert_true (isfinite (image->principal_point_u));
  g_assert_true (isfinite (image->principal_point_v));
}

/* @flat: NULL if there is nothing to compare with. */
static void
check_pixels (
    const RcImageSet *set, RcStream stream, const Image *flat, gsize gap)
{
  const RcImage *image = rc_image_set_get_image (set, stream);
  gsize row =
      (gsize)image->width * rc_encoding_bytes_per_pixel (image->encoding);
  gsize stride = row + gap;
  g_autofree guint8 *dest = g_malloc (stride * (image->height - 1) + row);

  rc_image_set_copy_image (set, stream, dest, stride);
  for (guint y = 0; y < image->height && flat != NULL; y++)
    g_assert_cmpmem (
        dest + y * stride, row, flat->data.data + (gsize)y * image->step, row);
}

static const Image *
find_image (const ImageSet *flat, RcStream stream)
{
  switch (stream) {
  case RC_STREAM_LEFT:
    return flat->left;
  case RC_STREAM_RIGHT:
    return flat->right;
  case RC_STREAM_DISPARITY:
    return flat->disparity != NULL ? flat->disparity->image : NULL;
  case RC_STREAM_CONFIDENCE:
    return flat->confidence;
  default:
    return flat->disparity_error;
  }
}

static void
check_image (const RcImageSet *set, RcStream stream, const ImageSet *flat)
{
  const RcImage *image = rc_image_set_get_image (set, stream);
  const Image *sent = flat != NULL ? find_image (flat, stream) : NULL;

  if (flat != NULL)
    g_assert_true ((image == NULL) == (sent == NULL));
  if (image == NULL)
    return;
  check_limits (image, rc_image_set_get_size (set));
  if (sent != NULL) {
    const Time *outer =
        stream == RC_STREAM_DISPARITY ? flat->disparity->timestamp : NULL;

    check_values (image, sent);
    g_assert_cmpuint (image->timestamp, ==,
        first_time (sent->timestamp, outer, flat->timestamp));
  }
  check_pixels (set, stream, sent, 0);
  check_pixels (set, stream, sent, ROW_GAP);
}

static void
check_disparity (const RcImageSet *set, const ImageSet *flat)
{
  const RcDisparity *disparity = rc_image_set_get_disparity (set);

  g_assert_true (
      (disparity != NULL) == rc_image_set_has (set, RC_STREAM_DISPARITY));
  if (disparity == NULL)
    return;
  g_assert_true (isfinite (disparity->scale) && isfinite (disparity->offset)
                 && isfinite (disparity->invalid_data_value)
                 && isfinite (disparity->baseline)
                 && isfinite (disparity->delta_d));
  if (flat == NULL)
    return;
  assert_same_float (disparity->scale, flat->disparity->scale);
  assert_same_float (disparity->offset, flat->disparity->offset);
  assert_same_float (
      disparity->invalid_data_value, flat->disparity->invalid_data_value);
  assert_same_float (disparity->baseline, flat->disparity->baseline);
  assert_same_float (disparity->delta_d, flat->disparity->delta_d);
}

static void
check_mesh (const RcImageSet *set, const ImageSet *flat)
{
  gsize size = rc_image_set_get_mesh_size (set);
  g_autofree guint8 *ply = g_malloc (size);

  g_assert_true (rc_image_set_has (set, RC_STREAM_MESH) == (size > 0));
  g_assert_cmpuint (size, <=, rc_image_set_get_size (set));
  if (size > 0)
    rc_image_set_copy_mesh (set, ply);
  if (flat == NULL)
    return;
  g_assert_cmpuint (size, ==, flat->mesh != NULL ? flat->mesh->data.len : 0);
  if (size == 0)
    return;
  g_assert_cmpmem (ply, size, flat->mesh->data.data, flat->mesh->data.len);
  g_assert_cmpstr (flat->mesh->format, ==, "ply");
  g_assert_cmpuint (rc_image_set_get_stream_timestamp (set, RC_STREAM_MESH), ==,
      first_time (flat->mesh->timestamp, flat->timestamp, NULL));
}

/* @flat is NULL for a message with a group, which protobuf-c does not take. */
static void
check_set (const RcImageSet *set, const ImageSet *flat)
{
  if (flat != NULL)
    g_assert_cmpuint (rc_image_set_get_timestamp (set), ==,
        first_time (flat->timestamp, NULL, NULL));
  for (guint i = 0; i < RC_N_IMAGE_STREAMS; i++)
    check_image (set, i, flat);
  check_disparity (set, flat);
  check_mesh (set, flat);
}

static void
count (gpointer counter)
{
  (*(guint *)counter)++;
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_auto (FuzzMessage) message;
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) cut_error = NULL;
  guint n_freed = 0;
  RcImageSet *set, *cut;

  fuzz_message_init (&message, data, size);
  {
    const RcChunk chunk = {message.data, message.size};

    set = rc_image_set_new (&chunk, 1, &n_freed, count, &error);
  }
  cut = rc_image_set_new ((const RcChunk *)message.chunks->data,
      message.chunks->len, &n_freed, count, &cut_error);

  g_assert_true ((set == NULL) == (error != NULL));
  g_assert_true ((cut == NULL) == (cut_error != NULL));
  if (set != NULL) {
    ImageSet *flat = image_set__unpack (NULL, message.size, message.data);

    g_assert_nonnull (cut);
    check_set (set, flat);
    check_set (cut, flat);
    if (flat != NULL)
      image_set__free_unpacked (flat, NULL);
    rc_image_set_unref (set);
    rc_image_set_unref (cut);
  } else {
    g_assert_true (error->domain == RC_IMAGE_SET_ERROR);
    g_assert_error (cut_error, RC_IMAGE_SET_ERROR, error->code);
  }
  g_assert_cmpuint (n_freed, ==, 2);
  return 0;
}
