/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Grey values into coloured pixels, by a table. Pure. */

#pragma once

#include <glib.h>

#include "depth/rcpalette.h"
#include "depth/rcrange.h"

G_BEGIN_DECLS

#define RC_PIXEL_NO_ALPHA 0xff

/* Where the bytes of a packed pixel are; there is one of 3 or of 4. */
typedef struct {
  guint size;
  guint8 red;
  guint8 green;
  guint8 blue;
  guint8 alpha; /* or padding, or RC_PIXEL_NO_ALPHA */
} RcPixelLayout;

/* The bytes of 0xAARRGGBB as they lie in memory. */
guint32 rc_pixel_pack (const RcPixelLayout *layout, guint32 argb);

typedef enum {
  RC_GREY_8,
  RC_GREY_16_LE,
  RC_GREY_16_BE,
} RcGrey;

/**
 * RcColoring:
 * @range: the values at the palette's ends
 * @is_inverted: the palette's last colour belongs to the lowest value
 * @invalid_value: has @invalid_color, 0xAARRGGBB; -1: there is none
 */
typedef struct {
  RcPalette palette;
  RcRange range;
  gboolean is_inverted;
  gint invalid_value;
  guint32 invalid_color;
  RcGrey grey;
  RcPixelLayout layout;
} RcColoring;

/* By a value as this machine loads it from an image, whatever its byte order:
 * what is to be written. */
typedef struct {
  guint32 pixels[G_MAXUINT16 + 1];
  RcColoring coloring; /* what it was made for; layout.size 0: nothing */
} RcColorTable;

/* Makes the table, if it is not good enough as it is: a range that moved by less
 * than half a step of the palette makes no difference to the eye. */
void rc_color_table_update (RcColorTable *table, const RcColoring *coloring);

/* 0xFFRRGGBB at @place of the range, 0 to 1. */
guint32 rc_coloring_get (const RcColoring *coloring, gdouble place);

void rc_color_table_map_row (
    const RcColorTable *table, const guint8 *src, guint8 *dest, guint width);

G_END_DECLS
