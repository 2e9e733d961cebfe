/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <gst/check/gstcheck.h>

#include <string.h>

#include "depth/rccolortable.h"

#define RED 0xff0000u

static const RcPixelLayout bgrx = {4, 2, 1, 0, 3};
static const RcPixelLayout rgb = {3, 0, 1, 2, RC_PIXEL_NO_ALPHA};

static RcColoring
make_coloring (RcGrey grey, const RcPixelLayout *layout)
{
  return (RcColoring){.palette = RC_PALETTE_JET,
      .range = {100, 355},
      .invalid_value = 0,
      .invalid_color = 0xff010203,
      .grey = grey,
      .layout = *layout};
}

GST_START_TEST (test_jet)
{
  /* jet (256) of MATLAB: its 1st, 96th, 97th, 128th, 224th and last row. */
  fail_unless_equals_int_hex (rc_palette_get (RC_PALETTE_JET, 0), 0x000083);
  fail_unless_equals_int_hex (rc_palette_get (RC_PALETTE_JET, 95), 0x00ffff);
  fail_unless_equals_int_hex (rc_palette_get (RC_PALETTE_JET, 96), 0x04fffb);
  fail_unless_equals_int_hex (rc_palette_get (RC_PALETTE_JET, 127), 0x80ff80);
  fail_unless_equals_int_hex (rc_palette_get (RC_PALETTE_JET, 223), 0xff0000);
  fail_unless_equals_int_hex (rc_palette_get (RC_PALETTE_JET, 255), 0x800000);
}
GST_END_TEST;

GST_START_TEST (test_ends_of_palettes)
{
  for (guint palette = RC_PALETTE_JET; palette <= RC_PALETTE_GRAY; palette++) {
    fail_unless_equals_int_hex (
        rc_palette_at (palette, -1), rc_palette_get (palette, 0));
    fail_unless_equals_int_hex (
        rc_palette_at (palette, 2), rc_palette_get (palette, 255));
  }
  fail_unless_equals_int_hex (rc_palette_at (RC_PALETTE_GRAY, 0.5), 0x808080);
}
GST_END_TEST;

/* Each value of 16 bits, through each byte order. */
GST_START_TEST (test_every_value)
{
  RcColorTable *table = g_new0 (RcColorTable, 1);

  for (guint grey = RC_GREY_16_LE; grey <= RC_GREY_16_BE; grey++) {
    RcColoring coloring = make_coloring (grey, &bgrx);

    rc_color_table_update (table, &coloring);
    for (guint value = 0; value <= G_MAXUINT16; value++) {
      guint8 low = value, high = value >> 8;
      guint8 src[2] = {grey == RC_GREY_16_LE ? low : high,
          grey == RC_GREY_16_LE ? high : low};
      guint step = CLAMP ((gint)value - 100, 0, 255);
      guint32 expected =
          value == 0 ? 0x010203 : rc_palette_get (RC_PALETTE_JET, step);
      guint8 pixel[4];

      rc_color_table_map_row (table, src, pixel, 1);
      fail_unless_equals_int_hex (
          pixel[2] << 16 | pixel[1] << 8 | pixel[0], expected);
      fail_unless_equals_int_hex (pixel[3], 0xff);
    }
  }
  g_free (table);
}
GST_END_TEST;

/* Pixels of 3 bytes are written as 4: not so the row's last. */
GST_START_TEST (test_nothing_behind_the_row)
{
  RcColorTable *table = g_new0 (RcColorTable, 1);
  RcColoring coloring = make_coloring (RC_GREY_8, &rgb);

  coloring.palette = RC_PALETTE_GRAY;
  coloring.range = (RcRange){0, 255};
  rc_color_table_update (table, &coloring);
  for (guint width = 1; width <= 67; width++) {
    g_autofree guint8 *src = g_malloc (width);
    g_autofree guint8 *dest = g_malloc (3 * width);

    memset (src, 77, width);
    rc_color_table_map_row (table, src, dest, width);
    for (guint i = 0; i < 3 * width; i++)
      fail_unless_equals_int (dest[i], 77);
  }
  g_free (table);
}
GST_END_TEST;

GST_START_TEST (test_inverted)
{
  RcColoring coloring = make_coloring (RC_GREY_8, &rgb);

  fail_unless_equals_int_hex (
      rc_coloring_get (&coloring, 223 / 255.0), 0xff000000u | RED);
  coloring.is_inverted = TRUE;
  fail_unless_equals_int_hex (
      rc_coloring_get (&coloring, 32 / 255.0), 0xff000000u | RED);
}
GST_END_TEST;

/* The table stays while nobody would see a difference. */
GST_START_TEST (test_made_when_needed)
{
  RcColorTable *table = g_new0 (RcColorTable, 1);
  RcColoring coloring = make_coloring (RC_GREY_16_LE, &bgrx);

  rc_color_table_update (table, &coloring);
  coloring.range.high += 0.4;
  rc_color_table_update (table, &coloring);
  fail_unless (table->coloring.range.high == 355);
  coloring.range.high += 0.2;
  rc_color_table_update (table, &coloring);
  fail_unless (table->coloring.range.high == coloring.range.high);
  coloring.invalid_color = 0xff00ff00;
  rc_color_table_update (table, &coloring);
  fail_unless_equals_int_hex (
      table->pixels[0], rc_pixel_pack (&bgrx, 0xff00ff00));
  g_free (table);
}
GST_END_TEST;

static guint
get_gray (RcColorTable *table, gdouble low, gdouble high, guint8 value)
{
  RcColoring coloring = make_coloring (RC_GREY_8, &rgb);
  guint8 pixel[3];

  coloring.palette = RC_PALETTE_GRAY;
  coloring.range = (RcRange){low, high};
  rc_color_table_update (table, &coloring);
  rc_color_table_map_row (table, &value, pixel, 1);
  return pixel[0];
}

/* Confidences from 0.998 to 1: the ends of the palette are where they are
 * said to be. */
GST_START_TEST (test_range_within_one_value)
{
  RcColorTable *table = g_new0 (RcColorTable, 1);

  fail_unless_equals_int (get_gray (table, 254.5, 255, 255), 255);
  fail_unless_equals_int (get_gray (table, 254.5, 255, 254), 0);
  fail_unless_equals_int (get_gray (table, 254.9, 255.1, 255), 128);
  fail_unless_equals_int (get_gray (table, 7, 7 + 1e-15, 7), 0);
  fail_unless_equals_int (get_gray (table, 7, 7 + 1e-15, 8), 255);
  g_free (table);
}
GST_END_TEST;

/* All pixels with one value, and a range the wrong way round. */
GST_START_TEST (test_no_range)
{
  RcColorTable *table = g_new0 (RcColorTable, 1);
  RcColoring coloring = make_coloring (RC_GREY_16_LE, &bgrx);
  const guint8 src[2] = {7, 0};
  guint8 pixel[4];

  coloring.range = (RcRange){7, 7};
  rc_color_table_update (table, &coloring);
  rc_color_table_map_row (table, src, pixel, 1);
  fail_unless_equals_int (pixel[0], 0x83);
  coloring.range = (RcRange){1000, 5};
  rc_color_table_update (table, &coloring);
  rc_color_table_map_row (table, src, pixel, 1);
  fail_unless_equals_int (pixel[0], 0x83);
  g_free (table);
}
GST_END_TEST;

static Suite *
colors_suite (void)
{
  Suite *suite = suite_create ("colors");
  TCase *tcase = tcase_create ("colors");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_jet);
  tcase_add_test (tcase, test_ends_of_palettes);
  tcase_add_test (tcase, test_every_value);
  tcase_add_test (tcase, test_nothing_behind_the_row);
  tcase_add_test (tcase, test_inverted);
  tcase_add_test (tcase, test_made_when_needed);
  tcase_add_test (tcase, test_range_within_one_value);
  tcase_add_test (tcase, test_no_range);
  return suite;
}

GST_CHECK_MAIN (colors);
