/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Decodes ImageSets for a test in another language. On stdin each has its size
 * in front, 4 bytes little-endian. It is cut into random chunks, decoded, and
 * answered with two lines on stdout: its JSON, or '!' and the error's code;
 * then for each image and mesh of the set its name and the SHA-256 of its
 * pixels without padding, or of its bytes. */

#include <locale.h>
#include <stdio.h>

#include "wirefixture.h"

#define MAX_SIZE (16 * 1024 * 1024)

static void
print_sum (RcStream stream, const guint8 *data, gsize size)
{
  g_autofree gchar *sum =
      g_compute_checksum_for_data (G_CHECKSUM_SHA256, data, size);

  printf ("%s %s ", rc_stream_to_string (stream), sum);
}

static void
print_image (const RcImageSet *set, RcStream stream)
{
  const RcImage *image = rc_image_set_get_image (set, stream);
  gsize row = image->width * rc_encoding_bytes_per_pixel (image->encoding);
  g_autofree guint8 *pixels = g_malloc (row * image->height);

  rc_image_set_copy_image (set, stream, pixels, row);
  print_sum (stream, pixels, row * image->height);
}

static void
print_mesh (const RcImageSet *set)
{
  gsize size = rc_image_set_get_mesh_size (set);
  g_autofree guint8 *ply = g_malloc (size);

  rc_image_set_copy_mesh (set, ply);
  print_sum (RC_STREAM_MESH, ply, size);
}

static void
print_set (const RcImageSet *set)
{
  g_autofree gchar *json = rc_image_set_to_json (set);

  fputs (json, stdout);
  for (guint i = 0; i < RC_N_IMAGE_STREAMS; i++) {
    if (rc_image_set_has (set, i))
      print_image (set, i);
  }
  if (rc_image_set_has (set, RC_STREAM_MESH))
    print_mesh (set);
  putchar ('\n');
}

static void
answer (GBytes *bytes, GRand *rand)
{
  gsize max_chunk = 1 << g_rand_int_range (rand, 0, 17);
  g_autoptr (GError) error = NULL;
  g_autoptr (RcImageSet) set = fixture_decode (bytes, max_chunk, rand, &error);

  if (set != NULL)
    print_set (set);
  else
    printf ("!%d\n\n", error->code);
}

/* NULL at the end of the input. */
static GBytes *
read_message (void)
{
  guint8 prefix[4];
  guint32 size;
  guint8 *data;

  if (fread (prefix, 1, sizeof prefix, stdin) != sizeof prefix)
    return NULL;
  size =
      prefix[0] | prefix[1] << 8 | prefix[2] << 16 | (guint32)prefix[3] << 24;
  if (size > MAX_SIZE)
    return NULL;
  data = g_malloc (size);
  if (fread (data, 1, size, stdin) != size) {
    g_free (data);
    return NULL;
  }
  return g_bytes_new_take (data, size);
}

int
main (int argc, char **argv)
{
  GRand *rand = g_rand_new_with_seed (7);
  GBytes *bytes;

  setlocale (LC_ALL, "");
  while ((bytes = read_message ()) != NULL) {
    answer (bytes, rand);
    g_bytes_unref (bytes);
  }
  g_rand_free (rand);
  return 0;
}
