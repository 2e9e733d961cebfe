/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "depth/rccolortable.h"

#include <math.h>
#include <string.h>

#define OPAQUE 0xff000000u

guint32
rc_pixel_pack (const RcPixelLayout *layout, guint32 argb)
{
  guint8 bytes[4] = {0, 0, 0, 0};
  guint32 pixel;

  bytes[layout->red] = argb >> 16;
  bytes[layout->green] = argb >> 8;
  bytes[layout->blue] = argb;
  if (layout->alpha != RC_PIXEL_NO_ALPHA)
    bytes[layout->alpha] = argb >> 24;
  memcpy (&pixel, bytes, sizeof pixel);
  return pixel;
}

guint32
rc_coloring_get (const RcColoring *coloring, gdouble place)
{
  return OPAQUE
         | rc_palette_at (
             coloring->palette, coloring->is_inverted ? 1 - place : place);
}

static gboolean
is_good_enough (const RcColorTable *table, const RcColoring *wanted)
{
  const RcColoring *made = &table->coloring;
  gdouble half_step =
      (wanted->range.high - wanted->range.low) / (2 * RC_PALETTE_SIZE);

  return made->palette == wanted->palette
         && made->is_inverted == wanted->is_inverted
         && made->invalid_value == wanted->invalid_value
         && made->invalid_color == wanted->invalid_color
         && made->grey == wanted->grey
         && memcmp (&made->layout, &wanted->layout, sizeof made->layout) == 0
         && fabs (made->range.low - wanted->range.low) <= half_step
         && fabs (made->range.high - wanted->range.high) <= half_step;
}

static guint
get_table_size (RcGrey grey)
{
  return grey == RC_GREY_8 ? G_MAXUINT8 + 1 : G_MAXUINT16 + 1;
}

/* A value as it is loaded. */
static guint
get_index (RcGrey grey, guint value)
{
  switch (grey) {
  case RC_GREY_16_LE:
    return GUINT16_TO_LE (value);
  case RC_GREY_16_BE:
    return GUINT16_TO_BE (value);
  default:
    return value;
  }
}

void
rc_color_table_update (RcColorTable *table, const RcColoring *coloring)
{
  guint32 palette[RC_PALETTE_SIZE];
  gdouble low = coloring->range.low;
  gdouble span = coloring->range.high - low;
  /* One value alone is at the lower end. */
  gdouble steps = (RC_PALETTE_SIZE - 1) / (span > 0 ? span : 1);

  if (is_good_enough (table, coloring))
    return;
  table->coloring = *coloring;

  for (guint i = 0; i < RC_PALETTE_SIZE; i++)
    palette[i] = rc_pixel_pack (&coloring->layout,
        rc_coloring_get (coloring, i / (RC_PALETTE_SIZE - 1.0)));
  for (guint i = 0; i < get_table_size (coloring->grey); i++) {
    gdouble step = (i - low) * steps + 0.5;
    /* Not a number where a range is as good as infinite. */
    guint place = step > 0 ? (guint)MIN (step, RC_PALETTE_SIZE - 1) : 0;

    table->pixels[get_index (coloring->grey, i)] = palette[place];
  }
  if (coloring->invalid_value >= 0
      && (guint)coloring->invalid_value < get_table_size (coloring->grey))
    table->pixels[get_index (coloring->grey, coloring->invalid_value)] =
        rc_pixel_pack (&coloring->layout, coloring->invalid_color);
}

static inline guint
load (const guint8 *src, guint i, gboolean is_wide)
{
  guint16 value;

  if (!is_wide)
    return src[i];
  memcpy (&value, src + 2 * i, sizeof value);
  return value;
}

/* A pixel of 3 bytes is written as 4, the last one over by its successor; the
 * row's last has none. */
static inline void
map_row (const guint32 *pixels, const guint8 *src, guint8 *dest, guint width,
    gboolean is_wide, guint size)
{
  for (guint i = 0; i < width - 1; i++)
    memcpy (dest + i * size, &pixels[load (src, i, is_wide)], 4);
  memcpy (
      dest + (width - 1) * size, &pixels[load (src, width - 1, is_wide)], size);
}

void
rc_color_table_map_row (
    const RcColorTable *table, const guint8 *src, guint8 *dest, guint width)
{
  gboolean is_wide = table->coloring.grey != RC_GREY_8;

  if (width == 0)
    return;
  /* Constants, so that the compiler makes a loop for each. */
  if (table->coloring.layout.size == 3) {
    if (is_wide)
      map_row (table->pixels, src, dest, width, TRUE, 3);
    else
      map_row (table->pixels, src, dest, width, FALSE, 3);
  } else {
    if (is_wide)
      map_row (table->pixels, src, dest, width, TRUE, 4);
    else
      map_row (table->pixels, src, dest, width, FALSE, 4);
  }
}
