/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The wire walk against protobuf-c: every message that the walk takes decodes
 * to what protobuf-c makes of the same bytes in one piece, whatever was done to
 * them. Where the walk is stricter, that is fine. */

#include <gst/check/gstcheck.h>
#include <string.h>

#include "image_interface.pb-c.h"
#include "wirecompare.h"
#include "wirefixture.h"

#define N_PAYLOADS 8
#define N_MUTATIONS 30000

typedef struct {
  const gchar *data;
  gsize size;
} Token;

/* Bytes may be 0: the size is the literal's. */
#define BYTES(literal) literal, sizeof (literal) - 1

/* What a message may have more of. */
static const Token tokens[] = {
    {BYTES ("\x43\x08\x01\x44")},         /* an unknown group */
    {BYTES ("\x42\x03\x08\x01\x02")},     /* unknown bytes */
    {BYTES ("\x41\1\2\3\4\5\6\7\x08")},   /* unknown 64 bits */
    {BYTES ("\x80\x7d\x01")},             /* an unknown number, field 2000 */
    {BYTES ("\x8a\x80\x80\x00\x80\x00")}, /* an empty time, padded */
    {BYTES ("\x0a\x0b\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")},
    {BYTES ("\x18\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01")},
    {BYTES ("\x40\x80\x80\x80\x80\x80\x80\x01")}, /* true in high bits */
    {BYTES ("\x12\x04\x18\x07\x52\x00")},         /* left, data empty */
    {BYTES ("\x12\x06\x52\x01\x61\x52\x01\x62")}, /* left, data twice */
    {BYTES ("\x22\x02\x3a\x00")},                 /* an empty disparity */
    {BYTES ("\x3a\x00")},                         /* an empty mesh, or text */
    {BYTES ("\x3a\x04\x12\x02\xc3\xa4")},         /* a format beyond ASCII */
    {BYTES ("\x52\x02\x61\x62")},                 /* data */
};

/* TRUE if the walk takes the message; then protobuf-c must agree. */
static gboolean
check_differential (GBytes *bytes, GRand *rand)
{
  gsize max_chunk = g_rand_int_range (rand, 1, 64);
  g_autoptr (GArray) chunks = fixture_cut (bytes, max_chunk, rand);
  RcWireRange payloads[N_PAYLOADS] = {{0}};
  g_autoptr (GError) error = NULL;
  const guint8 *data;
  gsize size;
  ImageSet *message = (ImageSet *)rc_wire_unpack ((const RcChunk *)chunks->data,
      chunks->len, &image_set__descriptor, RC_MAX_HEADER_SIZE, payloads,
      N_PAYLOADS, &error);

  fail_unless_equals_int (message == NULL, error != NULL);
  if (message == NULL) {
    fail_unless (error->domain == RC_IMAGE_SET_ERROR);
    return FALSE;
  }
  data = g_bytes_get_data (bytes, &size);
  fail_unless (
      compare_with_flat (data, size, &message->base, payloads, N_PAYLOADS));
  image_set__free_unpacked (message, NULL);
  return TRUE;
}

/* Decodes and reads everything there is, for a sanitizer to watch. */
static gboolean
try_set (GBytes *bytes, GRand *rand)
{
  g_autoptr (RcImageSet) set = fixture_decode (bytes, 16, rand, NULL);
  g_autofree gchar *json = NULL;

  if (set == NULL)
    return FALSE;
  for (guint i = 0; i < RC_N_IMAGE_STREAMS; i++) {
    const RcImage *image = rc_image_set_get_image (set, i);
    g_autofree guint8 *dest = NULL;
    gsize row;

    if (image == NULL)
      continue;
    row = (gsize)image->width * rc_encoding_bytes_per_pixel (image->encoding);
    dest = g_malloc (row * image->height);
    rc_image_set_copy_image (set, i, dest, row);
  }
  if (rc_image_set_has (set, RC_STREAM_MESH)) {
    g_autofree guint8 *ply = g_malloc (rc_image_set_get_mesh_size (set));

    rc_image_set_copy_mesh (set, ply);
  }
  json = rc_image_set_to_json (set);
  fail_unless (g_str_has_suffix (json, "}\n"));
  return TRUE;
}

static GBytes *
random_set (GRand *rand)
{
  g_autoptr (RcImageSetBuilder) builder = rc_image_set_builder_new (
      g_rand_int (rand) * G_GUINT64_CONSTANT (100000000));
  g_autoptr (GPtrArray) pieces = NULL;
  RcDisparity disparity = {0.0625f, 0, 0, 0.065f, 0.25f};

  for (guint n = g_rand_int_range (rand, 1, 4); n > 0; n--) {
    RcStream stream = g_rand_int_range (rand, 0, RC_STREAM_MESH + 1);
    RcImage image = fixture_random_image (rand, g_rand_int_range (rand, 1, 5),
        g_rand_int_range (rand, 1, 4), g_rand_int_range (rand, 0, 3),
        g_rand_int_range (rand, 0, RC_ENCODING_RGB8 + 1));
    g_autoptr (GBytes) data =
        fixture_random_bytes (rand, image.step * image.height);

    if (stream == RC_STREAM_MESH)
      rc_image_set_builder_add_mesh (builder, image.timestamp, data);
    else if (stream == RC_STREAM_DISPARITY)
      rc_image_set_builder_add_disparity (builder, &disparity, &image, data);
    else
      rc_image_set_builder_add_image (builder, stream, &image, data);
  }
  pieces = rc_image_set_builder_finish (builder);
  return fixture_flatten (pieces);
}

static void
insert (GByteArray *bytes, guint at, const guint8 *data, guint size)
{
  guint tail = bytes->len - at;

  if (size == 0)
    return;
  g_byte_array_set_size (bytes, bytes->len + size);
  memmove (bytes->data + at + size, bytes->data + at, tail);
  memcpy (bytes->data + at, data, size);
}

static void
mutate (GByteArray *bytes, GRand *rand)
{
  guint at = g_rand_int_range (rand, 0, bytes->len);
  guint run = g_rand_int_range (rand, 0, MIN (bytes->len - at, 40) + 1);
  const Token *token =
      &tokens[g_rand_int_range (rand, 0, G_N_ELEMENTS (tokens))];
  g_autofree guint8 *copy = NULL;

  switch (g_rand_int_range (rand, 0, 7)) {
  case 0:
    bytes->data[at] ^= 1 << g_rand_int_range (rand, 0, 8);
    break;
  case 1:
    bytes->data[at] = g_rand_int (rand);
    break;
  case 2:
    if (bytes->len > 1)
      g_byte_array_remove_index (bytes, at);
    break;
  case 3:
    copy = g_memdup2 (bytes->data + at, run);
    insert (bytes, g_rand_int_range (rand, 0, bytes->len + 1), copy, run);
    break;
  case 4:
    insert (bytes, at, (const guint8 *)token->data, token->size);
    break;
  case 5:
    insert (bytes, bytes->len, (const guint8 *)token->data, token->size);
    break;
  default:
    g_byte_array_set_size (bytes, at + 1);
    break;
  }
}

GST_START_TEST (test_mutations)
{
  GRand *rand = g_rand_new_with_seed (4);
  guint n_walked = 0, n_decoded = 0;

  for (guint i = 0; i < N_MUTATIONS; i++) {
    GByteArray *array = g_bytes_unref_to_array (random_set (rand));
    g_autoptr (GBytes) bytes = NULL;

    for (guint n = g_rand_int_range (rand, 1, 4); n > 0; n--)
      mutate (array, rand);
    bytes = g_byte_array_free_to_bytes (array);
    n_walked += check_differential (bytes, rand);
    n_decoded += try_set (bytes, rand);
  }
  /* Both verdicts were seen often enough to say something. */
  fail_unless (n_walked > N_MUTATIONS / 20, "%u", n_walked);
  fail_unless (n_walked < N_MUTATIONS * 19 / 20, "%u", n_walked);
  fail_unless (n_decoded > N_MUTATIONS / 50, "%u", n_decoded);
  g_rand_free (rand);
}
GST_END_TEST;

/* Sets one after the other are one message whose fields come twice. */
GST_START_TEST (test_concatenated)
{
  GRand *rand = g_rand_new_with_seed (5);

  for (guint i = 0; i < 3000; i++) {
    g_autoptr (GPtrArray) pieces =
        g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
    g_autoptr (GBytes) bytes = NULL;

    for (guint n = g_rand_int_range (rand, 2, 5); n > 0; n--)
      g_ptr_array_add (pieces, random_set (rand));
    /* Disparity, mesh and left again, with little or nothing in them. */
    if (g_rand_boolean (rand))
      g_ptr_array_add (
          pieces, g_bytes_new_static (BYTES ("\x22\x02\x3a\x00\x3a\x02\x1a\x00"
                                             "\x12\x04\x18\x07\x52\x00")));
    bytes = fixture_flatten (pieces);
    fail_unless (check_differential (bytes, rand));
  }
  g_rand_free (rand);
}
GST_END_TEST;

static Suite *
wiredifferential_suite (void)
{
  Suite *suite = suite_create ("wiredifferential");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_set_timeout (tcase, 100);
  tcase_add_test (tcase, test_mutations);
  tcase_add_test (tcase, test_concatenated);
  return suite;
}

GST_CHECK_MAIN (wiredifferential);
