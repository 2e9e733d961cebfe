/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "depth/rclegend.h"

#include <math.h>
#include <string.h>

#define GLYPH_WIDTH 5
#define GLYPH_HEIGHT 7
#define ADVANCE (GLYPH_WIDTH + 1)
/* A picture of this many rows is drawn with letters of GLYPH_HEIGHT rows. */
#define ROWS_PER_SCALE 240
#define MARGIN 6
#define BAR_WIDTH 8
#define TICK_WIDTH 3
#define MAX_TICKS 6
#define INK 0xffffffffu

/* The legend's own coordinates: a letter's dots, from the picture's top right
 * to the left and down. */
typedef struct {
  const RcCanvas *canvas;
  guint dot; /* pixels */
} Pen;

static const struct {
  gchar character;
  guint8 rows[GLYPH_HEIGHT];
} glyphs[] = {
    {'0', {0x0e, 0x11, 0x11, 0x11, 0x11, 0x11, 0x0e}},
    {'1', {0x04, 0x0c, 0x04, 0x04, 0x04, 0x04, 0x0e}},
    {'2', {0x0e, 0x11, 0x01, 0x06, 0x08, 0x10, 0x1f}},
    {'3', {0x0e, 0x11, 0x01, 0x06, 0x01, 0x11, 0x0e}},
    {'4', {0x02, 0x06, 0x0a, 0x12, 0x1f, 0x02, 0x02}},
    {'5', {0x1f, 0x10, 0x1e, 0x01, 0x01, 0x11, 0x0e}},
    {'6', {0x06, 0x08, 0x10, 0x1e, 0x11, 0x11, 0x0e}},
    {'7', {0x1f, 0x01, 0x02, 0x02, 0x04, 0x04, 0x04}},
    {'8', {0x0e, 0x11, 0x11, 0x0e, 0x11, 0x11, 0x0e}},
    {'9', {0x0e, 0x11, 0x11, 0x0f, 0x01, 0x02, 0x0c}},
    {'.', {0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x04}},
    {'-', {0x00, 0x00, 0x00, 0x1f, 0x00, 0x00, 0x00}},
    {'m', {0x00, 0x00, 0x1a, 0x15, 0x15, 0x15, 0x15}},
    {'p', {0x00, 0x00, 0x1e, 0x11, 0x1e, 0x10, 0x10}},
    {'x', {0x00, 0x00, 0x11, 0x0a, 0x04, 0x0a, 0x11}},
};

static void
fill (const RcCanvas *canvas, gint x, gint y, gint width, gint height,
    guint32 argb)
{
  guint32 pixel = rc_pixel_pack (&canvas->layout, argb);

  for (gint j = MAX (y, 0); j < MIN (y + height, (gint)canvas->height); j++) {
    for (gint i = MAX (x, 0); i < MIN (x + width, (gint)canvas->width); i++)
      memcpy (canvas->pixels + j * canvas->stride + i * canvas->layout.size,
          &pixel, canvas->layout.size);
  }
}

/* To a fourth of its brightness, so that white can be read on it. */
static void
darken (const RcCanvas *canvas, gint from_x)
{
  for (guint j = 0; j < canvas->height; j++) {
    guint8 *row = canvas->pixels + j * canvas->stride;

    for (guint i = MAX (from_x, 0); i < canvas->width; i++) {
      guint8 *pixel = row + i * canvas->layout.size;

      pixel[canvas->layout.red] /= 4;
      pixel[canvas->layout.green] /= 4;
      pixel[canvas->layout.blue] /= 4;
      if (canvas->layout.alpha != RC_PIXEL_NO_ALPHA)
        pixel[canvas->layout.alpha] = 0xff;
    }
  }
}

static const guint8 *
find_glyph (gchar character)
{
  for (guint i = 0; i < G_N_ELEMENTS (glyphs); i++) {
    if (glyphs[i].character == character)
      return glyphs[i].rows;
  }
  return NULL;
}

/* @x: of the text's end. */
static void
write_text (const Pen *pen, gint x, gint y, const gchar *text)
{
  gint dot = pen->dot;

  x -= (gint)strlen (text) * ADVANCE * dot;
  for (; *text != '\0'; text++, x += ADVANCE * dot) {
    const guint8 *rows = find_glyph (*text);

    for (gint j = 0; rows != NULL && j < GLYPH_HEIGHT; j++) {
      for (gint i = 0; i < GLYPH_WIDTH; i++) {
        if (rows[j] & 1 << (GLYPH_WIDTH - 1 - i))
          fill (pen->canvas, x + i * dot, y + j * dot, dot, dot, INK);
      }
    }
  }
}

/* The least of 1, 2, 5, 10, 20, … that divides @span into less than MAX_TICKS. */
static gdouble
get_tick_step (gdouble span)
{
  gdouble power = pow (10, floor (log10 (span / MAX_TICKS)));

  if (span / power < MAX_TICKS)
    return power;
  if (span / (2 * power) < MAX_TICKS)
    return 2 * power;
  return span / (5 * power) < MAX_TICKS ? 5 * power : 10 * power;
}

static void
format_number (gchar text[G_ASCII_DTOSTR_BUF_SIZE], gdouble value, gdouble step)
{
  gchar format[8];

  g_snprintf (format, sizeof format, "%%.%df",
      (gint)CLAMP (-floor (log10 (step) + 1e-9), 0, 9));
  /* A tick at 0 that came of a sum may be a little less. */
  g_ascii_formatd (text, G_ASCII_DTOSTR_BUF_SIZE, format,
      fabs (value) < step / 2 ? 0 : value);
}

/* The values with a number beside them; how many there are. */
static guint
get_ticks (gdouble low, gdouble high, gdouble step, gdouble ticks[MAX_TICKS])
{
  gdouble first = ceil (low / step);
  guint n = 0;

  while (n < MAX_TICKS && (first + n) * step <= high) {
    ticks[n] = (first + n) * step;
    n++;
  }
  return n;
}

static guint
get_label_width (const gdouble *ticks, guint n_ticks, gdouble step)
{
  gchar text[G_ASCII_DTOSTR_BUF_SIZE];
  gsize longest = 1;

  for (guint i = 0; i < n_ticks; i++) {
    format_number (text, ticks[i], step);
    longest = MAX (longest, strlen (text));
  }
  return longest * ADVANCE;
}

void
rc_legend_draw (const RcCanvas *canvas, const RcColoring *coloring,
    gdouble factor, gdouble offset, const gchar *unit)
{
  const Pen pen = {canvas, MAX (1, canvas->height / ROWS_PER_SCALE)};
  gint dot = pen.dot;
  gdouble low = coloring->range.low * factor + offset;
  gdouble high = coloring->range.high * factor + offset;
  gint bar_x, top, height, labels_x;
  gdouble step, ticks[MAX_TICKS];
  guint n_ticks;

  if (canvas->width < RC_LEGEND_MIN_WIDTH
      || canvas->height < RC_LEGEND_MIN_HEIGHT || !(high > low))
    return;
  step = get_tick_step (high - low);
  n_ticks = get_ticks (low, high, step, ticks);
  bar_x = canvas->width - (MARGIN + BAR_WIDTH) * dot;
  labels_x = bar_x - TICK_WIDTH * dot;
  top = (2 * MARGIN + GLYPH_HEIGHT) * dot;
  height = canvas->height - top - 2 * MARGIN * dot;

  darken (canvas,
      labels_x - ((gint)get_label_width (ticks, n_ticks, step) + MARGIN) * dot);
  write_text (&pen, canvas->width - (MARGIN - 1) * dot, MARGIN * dot, unit);
  for (gint i = 0; i < height; i++)
    fill (canvas, bar_x, top + i, BAR_WIDTH * dot, 1,
        rc_coloring_get (coloring, 1 - (i + 0.5) / height));

  for (guint i = 0; i < n_ticks; i++) {
    gint y = top + (high - ticks[i]) / (high - low) * height;
    gchar text[G_ASCII_DTOSTR_BUF_SIZE];

    format_number (text, ticks[i], step);
    fill (canvas, labels_x, y - dot / 2, TICK_WIDTH * dot, dot, INK);
    write_text (&pen, labels_x, y - GLYPH_HEIGHT * dot / 2, text);
  }
}
