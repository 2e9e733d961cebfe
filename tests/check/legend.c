/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <gst/check/gstcheck.h>

#include <string.h>

#include "depth/rclegend.h"

static const RcPixelLayout layouts[] = {
    {3, 0, 1, 2, RC_PIXEL_NO_ALPHA},
    {4, 2, 1, 0, 3},
};

/* A picture in memory that is no larger than it. */
static RcCanvas
make_canvas (guint width, guint height, const RcPixelLayout *layout)
{
  RcCanvas canvas = {.stride = (gsize)width * layout->size,
      .width = width,
      .height = height,
      .layout = *layout};

  canvas.pixels = g_malloc (canvas.stride * height);
  memset (canvas.pixels, 200, canvas.stride * height);
  return canvas;
}

static void
draw (const RcCanvas *canvas, gdouble low, gdouble high)
{
  const RcColoring coloring = {.palette = RC_PALETTE_TURBO,
      .range = {low, high},
      .grey = RC_GREY_16_LE,
      .layout = canvas->layout};

  rc_legend_draw (canvas, &coloring, 0.0625, -3, "px");
}

/* Columns from the left that are as they were. */
static guint
count_untouched (const RcCanvas *canvas)
{
  for (guint x = 0; x < canvas->width; x++) {
    for (guint y = 0; y < canvas->height; y++) {
      const guint8 *pixel =
          canvas->pixels + y * canvas->stride + x * canvas->layout.size;

      for (guint i = 0; i < canvas->layout.size; i++) {
        if (pixel[i] != 200)
          return x;
      }
    }
  }
  return canvas->width;
}

/* AddressSanitizer sees what is written outside. */
GST_START_TEST (test_sizes)
{
  static const guint sizes[][2] = {{1, 1}, {95, 400}, {400, 63}, {96, 64},
      {97, 1001}, {1001, 65}, {160, 120}, {641, 479}, {1280, 960},
      {4112, 3008}};

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    for (guint j = 0; j < G_N_ELEMENTS (layouts); j++) {
      RcCanvas canvas = make_canvas (sizes[i][0], sizes[i][1], &layouts[j]);
      guint untouched;

      draw (&canvas, 100, 2500);
      untouched = count_untouched (&canvas);
      fail_unless_equals_int (
          untouched < sizes[i][0], sizes[i][0] >= RC_LEGEND_MIN_WIDTH
                                       && sizes[i][1] >= RC_LEGEND_MIN_HEIGHT);
      g_free (canvas.pixels);
    }
  }
}
GST_END_TEST;

/* Whatever the numbers are, it ends, and stays at its side. */
GST_START_TEST (test_ranges)
{
  static const gdouble ranges[][2] = {{0, 0}, {5, 4}, {0, 1}, {0, 65535},
      {1000, 1001}, {-1e300, 1e300}, {1e20, 1e20 + 32768}, {0, 1e-300},
      {65534.9999999, 65535}, {0, G_MAXDOUBLE}};

  for (guint i = 0; i < G_N_ELEMENTS (ranges); i++) {
    RcCanvas canvas = make_canvas (320, 240, &layouts[0]);

    draw (&canvas, ranges[i][0], ranges[i][1]);
    g_free (canvas.pixels);
  }
}
GST_END_TEST;

/* The bar is the palette, its highest value at the top. */
GST_START_TEST (test_bar)
{
  RcCanvas canvas = make_canvas (320, 240, &layouts[0]);
  const guint8 *column;
  guint32 above = G_MAXUINT32;
  guint n_colors = 0;

  draw (&canvas, 0, 255);
  column = canvas.pixels + (320 - 10) * 3;
  for (guint y = 0; y < 240; y++) {
    const guint8 *pixel = column + y * canvas.stride;
    guint32 color = pixel[0] << 16 | pixel[1] << 8 | pixel[2];

    if (color == 0x323232 || color == above)
      continue;
    for (guint i = 0; i < RC_PALETTE_SIZE; i++) {
      if (rc_palette_turbo[i] == color)
        n_colors++;
    }
    above = color;
  }
  fail_unless (n_colors > 150, "%u colours", n_colors);
  g_free (canvas.pixels);
}
GST_END_TEST;

static Suite *
legend_suite (void)
{
  Suite *suite = suite_create ("legend");
  TCase *tcase = tcase_create ("legend");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_sizes);
  tcase_add_test (tcase, test_ranges);
  tcase_add_test (tcase, test_bar);
  return suite;
}

GST_CHECK_MAIN (legend);
