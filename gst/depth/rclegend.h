/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A scale bar drawn into a picture. Pure. */

#pragma once

#include <glib.h>

#include "depth/rccolortable.h"

G_BEGIN_DECLS

/* Smaller pictures have no room for a scale that can be read. */
#define RC_LEGEND_MIN_WIDTH 96
#define RC_LEGEND_MIN_HEIGHT 64

typedef struct {
  guint8 *pixels;
  gsize stride;
  guint width;
  guint height;
  RcPixelLayout layout;
} RcCanvas;

/**
 * rc_legend_draw:
 * @coloring: what the colours mean
 * @factor: @unit for one stored step
 * @offset: @unit, to be added
 * @unit: digits, full stop and the letters of "mm" and "px" can be drawn
 *
 * Draws the palette, numbers and unit at the right side. Does nothing where
 * there is no room.
 */
void rc_legend_draw (const RcCanvas *canvas, const RcColoring *coloring,
    gdouble factor, gdouble offset, const gchar *unit);

G_END_DECLS
