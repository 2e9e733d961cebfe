/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Colour maps. Pure. */

#pragma once

#include <glib.h>

#include "depth/rcpalettetables.h"

G_BEGIN_DECLS

typedef enum {
  RC_PALETTE_JET,
  RC_PALETTE_TURBO,
  RC_PALETTE_VIRIDIS,
  RC_PALETTE_GRAY,
} RcPalette;

/* 0xRRGGBB of step @i of RC_PALETTE_SIZE, from the lowest value on. */
guint32 rc_palette_get (RcPalette palette, guint i);

/* The same at @place, 0 to 1; what is beyond has the colour of the end. */
guint32 rc_palette_at (RcPalette palette, gdouble place);

G_END_DECLS
