/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* RcImageSet: what RcImageSetBuilder puts in comes out, however it is cut. */

#include <gst/check/gstcheck.h>
#include <string.h>

#include "wirefixture.h"

#define GUARD 0xa5

static const gsize chunk_sizes[] = {1, 2, 7, 100, 4096, 65536, G_MAXINT32};
static const guint widths[] = {1, 3, 214, 641, 643};

typedef struct {
  gboolean present[RC_N_IMAGE_STREAMS];
  RcImage images[RC_N_IMAGE_STREAMS];
  GBytes *data[RC_N_IMAGE_STREAMS];
  RcDisparity disparity;
  guint64 timestamp;
  guint64 mesh_timestamp;
  GBytes *ply;
} Expected;

static void
clear_expected (Expected *expected)
{
  for (guint i = 0; i < RC_N_IMAGE_STREAMS; i++)
    g_clear_pointer (&expected->data[i], g_bytes_unref);
  g_clear_pointer (&expected->ply, g_bytes_unref);
}

static void
fill_expected (Expected *expected, GRand *rand)
{
  *expected = (Expected){
      .timestamp = G_GUINT64_CONSTANT (1700000000123456789),
      .mesh_timestamp = G_GUINT64_CONSTANT (1700000000000000001),
      .disparity = {0.0625f, 1.5f, -1, 0.16f, 0.25f},
  };
  for (guint i = 0; i < RC_N_IMAGE_STREAMS; i++) {
    RcImage *image = &expected->images[i];
    guint padding = g_rand_boolean (rand) ? 0 : g_rand_int_range (rand, 1, 9);

    expected->present[i] = g_rand_int_range (rand, 0, 4) != 0;
    *image = fixture_random_image (rand,
        widths[g_rand_int_range (rand, 0, G_N_ELEMENTS (widths))],
        g_rand_int_range (rand, 1, 12), padding,
        g_rand_int_range (rand, 0, RC_ENCODING_RGB8 + 1));
    expected->data[i] =
        fixture_random_bytes (rand, (gsize)image->step * image->height);
  }
  if (g_rand_boolean (rand))
    expected->ply =
        fixture_random_bytes (rand, g_rand_int_range (rand, 1, 9999));
}

static GBytes *
build (const Expected *expected)
{
  g_autoptr (RcImageSetBuilder) builder =
      rc_image_set_builder_new (expected->timestamp);
  g_autoptr (GPtrArray) pieces = NULL;

  for (guint i = 0; i < RC_N_IMAGE_STREAMS; i++) {
    if (!expected->present[i])
      continue;
    if (i == RC_STREAM_DISPARITY)
      rc_image_set_builder_add_disparity (builder, &expected->disparity,
          &expected->images[i], expected->data[i]);
    else
      rc_image_set_builder_add_image (
          builder, i, &expected->images[i], expected->data[i]);
  }
  if (expected->ply != NULL)
    rc_image_set_builder_add_mesh (
        builder, expected->mesh_timestamp, expected->ply);
  pieces = rc_image_set_builder_finish (builder);
  return fixture_flatten (pieces);
}

static void
check_image_equal (const RcImage *a, const RcImage *b)
{
  fail_unless_equals_uint64 (a->timestamp, b->timestamp);
  fail_unless_equals_int (a->width, b->width);
  fail_unless_equals_int (a->height, b->height);
  fail_unless_equals_int (a->step, b->step);
  fail_unless_equals_int (a->encoding, b->encoding);
  fail_unless_equals_int (a->is_bigendian, b->is_bigendian);
  fail_unless (a->focal_length == b->focal_length);
  fail_unless (a->principal_point_u == b->principal_point_u);
  fail_unless (a->principal_point_v == b->principal_point_v);
  fail_unless (a->exposure_time == b->exposure_time);
  fail_unless (a->gain == b->gain);
  fail_unless (a->noise == b->noise);
  fail_unless (a->out1_reduction == b->out1_reduction);
  fail_unless (a->brightness == b->brightness);
  fail_unless (a->gamma == b->gamma);
  fail_unless_equals_int (a->auto_exposure_adapting, b->auto_exposure_adapting);
  fail_unless (a->gpio_inputs == b->gpio_inputs);
  fail_unless (a->gpio_outputs == b->gpio_outputs);
  fail_unless (a->gpio_values == b->gpio_values);
}

/* Copies with @extra bytes between the rows, which must not be touched. */
static void
check_pixels (const RcImageSet *set, RcStream stream, GBytes *data, gsize extra)
{
  const RcImage *image = rc_image_set_get_image (set, stream);
  const guint8 *sent = g_bytes_get_data (data, NULL);
  gsize row = image->width * rc_encoding_bytes_per_pixel (image->encoding);
  gsize stride = row + extra;
  /* Not a byte more than the last pixel, for a sanitizer to see. */
  gsize size = stride * (image->height - 1) + row;
  g_autofree guint8 *dest = g_malloc (size);

  memset (dest, GUARD, size);
  rc_image_set_copy_image (set, stream, dest, stride);
  for (guint y = 0; y < image->height; y++) {
    fail_unless (
        memcmp (dest + y * stride, sent + (gsize)y * image->step, row) == 0);
    for (gsize x = row; x < stride && y + 1 < image->height; x++)
      fail_unless_equals_int (dest[y * stride + x], GUARD);
  }
}

static void
check_mesh (const RcImageSet *set, const Expected *expected)
{
  gsize size = rc_image_set_get_mesh_size (set);
  g_autofree guint8 *dest = g_malloc (MAX (size, 1));
  g_autoptr (GBytes) got = NULL;

  fail_unless_equals_int (
      rc_image_set_has (set, RC_STREAM_MESH), expected->ply != NULL);
  if (expected->ply == NULL) {
    fail_unless_equals_uint64 (size, 0);
    fail_unless_equals_uint64 (
        rc_image_set_get_stream_timestamp (set, RC_STREAM_MESH),
        expected->timestamp);
    return;
  }
  fail_unless_equals_uint64 (
      rc_image_set_get_stream_timestamp (set, RC_STREAM_MESH),
      expected->mesh_timestamp);
  rc_image_set_copy_mesh (set, dest);
  got = g_bytes_new (dest, size);
  fail_unless (g_bytes_equal (got, expected->ply));
}

static void
check_set (const RcImageSet *set, const Expected *expected)
{
  fail_unless_equals_uint64 (
      rc_image_set_get_timestamp (set), expected->timestamp);
  fail_unless (rc_image_set_has (set, RC_STREAM_METADATA));
  fail_unless_equals_uint64 (
      rc_image_set_get_stream_timestamp (set, RC_STREAM_METADATA),
      expected->timestamp);
  for (guint i = 0; i < RC_N_IMAGE_STREAMS; i++) {
    fail_unless_equals_int (rc_image_set_has (set, i), expected->present[i]);
    fail_unless_equals_uint64 (rc_image_set_get_stream_timestamp (set, i),
        expected->present[i] ? expected->images[i].timestamp
                             : expected->timestamp);
    if (!expected->present[i]) {
      fail_unless (rc_image_set_get_image (set, i) == NULL);
      continue;
    }
    check_image_equal (rc_image_set_get_image (set, i), &expected->images[i]);
    check_pixels (set, i, expected->data[i], 0);
    check_pixels (set, i, expected->data[i], 5);
  }
  fail_unless_equals_int (rc_image_set_get_disparity (set) != NULL,
      expected->present[RC_STREAM_DISPARITY]);
  if (rc_image_set_get_disparity (set) != NULL)
    fail_unless (memcmp (rc_image_set_get_disparity (set), &expected->disparity,
                     sizeof (RcDisparity))
                 == 0);
  check_mesh (set, expected);
}

GST_START_TEST (test_round_trip)
{
  GRand *rand = g_rand_new_with_seed (1);

  for (guint n = 0; n < 40; n++) {
    Expected expected;
    g_autoptr (GBytes) bytes = NULL;

    fill_expected (&expected, rand);
    bytes = build (&expected);
    for (guint i = 0; i < G_N_ELEMENTS (chunk_sizes); i++) {
      g_autoptr (RcImageSet) set =
          fixture_decode (bytes, chunk_sizes[i], rand, NULL);

      fail_unless (set != NULL);
      fail_unless_equals_uint64 (
          rc_image_set_get_size (set), g_bytes_get_size (bytes));
      check_set (set, &expected);
    }
    clear_expected (&expected);
  }
  g_rand_free (rand);
}
GST_END_TEST;

static void
note_free (gpointer freed)
{
  *(gboolean *)freed = TRUE;
}

/* It outlives the bytes, which are poisoned then. */
GST_START_TEST (test_without_data)
{
  GRand *rand = g_rand_new_with_seed (2);

  for (guint n = 0; n < 40; n++) {
    Expected expected;
    g_autoptr (GBytes) bytes = NULL;
    g_autofree gchar *json = NULL, *bare_json = NULL;
    RcImageSet *set, *bare;
    RcChunk chunk;
    gboolean freed = FALSE;

    fill_expected (&expected, rand);
    bytes = build (&expected);
    chunk.size = g_bytes_get_size (bytes);
    chunk.data = g_memdup2 (g_bytes_get_data (bytes, NULL), chunk.size);
    set = rc_image_set_new (&chunk, 1, &freed, note_free, NULL);
    fail_unless (set != NULL);
    json = rc_image_set_to_json (set);

    bare = rc_image_set_new_without_data (set);
    fail_if (freed);
    rc_image_set_unref (set);
    fail_unless (freed);
    memset ((gpointer)chunk.data, GUARD, chunk.size);
    g_free ((gpointer)chunk.data);

    bare_json = rc_image_set_to_json (bare);
    fail_unless_equals_string (bare_json, json);
    fail_unless_equals_uint64 (rc_image_set_get_size (bare), 0);
    fail_unless_equals_uint64 (
        rc_image_set_get_stream_timestamp (bare, RC_STREAM_METADATA),
        expected.timestamp);
    for (guint i = 0; i < RC_N_STREAMS; i++)
      fail_unless_equals_int (
          rc_image_set_has (bare, i), i == RC_STREAM_METADATA);
    fail_unless (rc_image_set_get_disparity (bare) == NULL);
    rc_image_set_unref (bare);
    clear_expected (&expected);
  }
  g_rand_free (rand);
}
GST_END_TEST;

static Suite *
wireimageset_suite (void)
{
  Suite *suite = suite_create ("wireimageset");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_round_trip);
  tcase_add_test (tcase, test_without_data);
  return suite;
}

GST_CHECK_MAIN (wireimageset);
