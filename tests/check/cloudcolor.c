/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The colours of a disparity image's pixels, against means taken by hand and
 * by the definition. */

#include <gst/check/gstcheck.h>

#include "depth/rccloudcolor.h"

static guint32 *
take_colors (const RcLeftImage *left, guint width, guint height)
{
  RcCloudColor *color = rc_cloud_color_new ();
  guint32 *colors = g_new (guint32, (gsize)width * height);

  rc_cloud_color_begin (color, left, width, height);
  for (guint k = 0; k < height; k++)
    rc_cloud_color_fill_row (color, k, colors + (gsize)k * width);
  rc_cloud_color_free (color);
  return colors;
}

/* What comes after the three is anything. */
static void
check_color (guint32 color, const gchar *expected)
{
  fail_unless (memcmp (&color, expected, 3) == 0, "%08x", color);
}

static void
check_greys (const guint8 *left, guint left_width, guint left_height,
    const guint8 *expected, guint width, guint height)
{
  RcLeftImage image = {left, left_width, left_width, left_height, FALSE};
  g_autofree guint32 *colors = take_colors (&image, width, height);

  for (guint i = 0; i < width * height; i++) {
    guint8 bytes[4];

    memcpy (bytes, &colors[i], 4);
    for (guint c = 0; c < 3; c++)
      fail_unless_equals_int (bytes[c], expected[i]);
  }
}

GST_START_TEST (test_same_size)
{
  const guint8 grey[] = {0, 1, 254, 255, 7, 8};

  check_greys (grey, 3, 2, grey, 3, 2);
}
GST_END_TEST;

/* Blocks of two; the last column and row are half a block. */
GST_START_TEST (test_blocks_that_are_cut_off)
{
  const guint8 left[] = {
      0, 1, 10, 20, 7,   /* */
      2, 4, 30, 40, 9,   /* */
      100, 103, 5, 5, 66 /* */
  };
  /* 7/4 up, 100/4, 16/2; 203/2 up, 5, 66. */
  const guint8 expected[] = {2, 25, 8, 102, 5, 66};

  check_greys (left, 5, 3, expected, 3, 2);
}
GST_END_TEST;

/* 5 columns are no 4 blocks: a pixel covers 1.25 of them. */
GST_START_TEST (test_parts_of_pixels)
{
  const guint8 left[] = {100, 200, 0, 40, 255};
  /* (100 + 0.25·200)/1.25, (0.75·200 + 0.5·0)/1.25, (0.5·0 + 0.75·40)/1.25,
   * (0.25·40 + 255)/1.25 */
  const guint8 expected[] = {120, 120, 24, 212};

  check_greys (left, 5, 1, expected, 4, 1);
}
GST_END_TEST;

/* An exact half goes up, also where it is no exact double. */
GST_START_TEST (test_halves)
{
  guint8 left[36];

  for (guint sum = 18; sum < 36 * 255; sum += 36) {
    guint8 expected = sum / 36 + 1;
    guint rest = sum;

    for (guint i = 0; i < 36; i++) {
      left[i] = rest / (36 - i);
      rest -= left[i];
    }
    check_greys (left, 6, 6, &expected, 1, 1);
  }
}
GST_END_TEST;

GST_START_TEST (test_rgb)
{
  /* With 2 bytes behind each row. */
  const guint8 left[] = {
      0, 100, 255, 2, 103, 253, 9, 9,  /* */
      4, 104, 251, 6, 109, 249, 99, 99 /* */
  };
  RcLeftImage image = {left, 8, 2, 2, TRUE};
  g_autofree guint32 *same = take_colors (&image, 2, 2);
  g_autofree guint32 *one = take_colors (&image, 1, 1);

  check_color (same[0], "\x00\x64\xff");
  check_color (same[3], "\x06\x6d\xf9");
  check_color (*one, "\x03\x68\xfc");
}
GST_END_TEST;

/* ---- by the definition ---- */

/* Of pixel @i: how much of left pixel @j it covers, times @size. */
static gint64
overlap (guint i, guint size, guint j, guint left_size, guint block)
{
  gint64 start = (gint64)i * (block ? block * size : left_size);
  gint64 end = start + (block ? block * size : left_size);

  start = MAX (start, (gint64)j * size);
  end = MIN (end, (gint64)(j + 1) * size);
  return MAX (end - start, 0);
}

static guint
mean_of (const RcLeftImage *left, guint channel, guint i, guint width, guint k,
    guint height, guint block)
{
  gint64 sum = 0, total = 0;

  for (guint y = 0; y < left->height; y++) {
    for (guint x = 0; x < left->width; x++) {
      gint64 part = overlap (i, width, x, left->width, block)
                    * overlap (k, height, y, left->height, block);

      sum += part * left->pixels[y * left->stride + 3 * x + channel];
      total += part;
    }
  }
  return (2 * sum + total) / (2 * total);
}

static void
check_size (
    guint left_width, guint left_height, guint width, guint height, guint block)
{
  g_autofree guint8 *pixels = g_malloc (left_width * left_height * 3);
  g_autoptr (GRand) rand = g_rand_new_with_seed (left_width + width);
  RcLeftImage left = {pixels, left_width * 3, left_width, left_height, TRUE};
  g_autofree guint32 *colors = NULL;

  for (guint i = 0; i < left_width * left_height * 3; i++)
    pixels[i] = g_rand_int (rand);
  colors = take_colors (&left, width, height);
  for (guint k = 0; k < height; k++) {
    for (guint i = 0; i < width; i++) {
      guint8 bytes[4];

      memcpy (bytes, &colors[k * width + i], 4);
      for (guint c = 0; c < 3; c++)
        fail_unless_equals_int (
            bytes[c], mean_of (&left, c, i, width, k, height, block));
    }
  }
}

GST_START_TEST (test_definition)
{
  check_size (64, 48, 32, 24, 2);
  check_size (64, 48, 16, 12, 4);
  check_size (64, 48, 11, 8, 6);
  check_size (65, 49, 33, 25, 2);
  check_size (7, 5, 1, 1, 7);
  check_size (64, 48, 48, 36, 0);
  check_size (64, 48, 11, 12, 0);
  check_size (20, 15, 32, 24, 0);
  check_size (1, 1, 5, 3, 0);
  check_size (13, 9, 12, 7, 0);
}
GST_END_TEST;

/* One after the other with one object. */
GST_START_TEST (test_changes)
{
  RcCloudColor *color = rc_cloud_color_new ();
  const guint8 pixels[24] = {8, 16, 8, 16, 40, 40, 40, 40, 1, 2, 3, 4};
  guint32 colors[4];

  rc_cloud_color_begin (color, &(RcLeftImage){pixels, 4, 4, 2, FALSE}, 2, 1);
  rc_cloud_color_fill_row (color, 0, colors);
  check_color (colors[0], "\x1a\x1a\x1a");
  check_color (colors[1], "\x1a\x1a\x1a");
  rc_cloud_color_begin (color, &(RcLeftImage){pixels, 12, 4, 2, TRUE}, 4, 2);
  rc_cloud_color_fill_row (color, 0, colors);
  check_color (colors[0], "\x08\x10\x08");
  check_color (colors[1], "\x10\x28\x28");
  rc_cloud_color_begin (color, &(RcLeftImage){pixels, 2, 2, 1, FALSE}, 1, 1);
  rc_cloud_color_fill_row (color, 0, colors);
  check_color (colors[0], "\x0c\x0c\x0c");
  rc_cloud_color_free (color);
}
GST_END_TEST;

static Suite *
cloudcolor_suite (void)
{
  Suite *suite = suite_create ("cloudcolor");
  TCase *tcase = tcase_create ("cloudcolor");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_same_size);
  tcase_add_test (tcase, test_blocks_that_are_cut_off);
  tcase_add_test (tcase, test_parts_of_pixels);
  tcase_add_test (tcase, test_halves);
  tcase_add_test (tcase, test_rgb);
  tcase_add_test (tcase, test_definition);
  tcase_add_test (tcase, test_changes);
  return suite;
}

GST_CHECK_MAIN (cloudcolor);
