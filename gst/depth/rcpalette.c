/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "depth/rcpalette.h"

/* Of MATLAB's jet (256): each channel rises in 64 steps, stays, and falls. */
static guint32
jet_channel (gint from_rise, gint from_fall)
{
  gint level = CLAMP (MIN (from_rise, from_fall), 0, 64);

  return (level * 255 + 32) / 64;
}

static guint32
jet (gint i)
{
  return jet_channel (i - 95, 287 - i) << 16
         | jet_channel (i - 31, 223 - i) << 8 | jet_channel (i + 33, 159 - i);
}

guint32
rc_palette_get (RcPalette palette, guint i)
{
  g_return_val_if_fail (i < RC_PALETTE_SIZE, 0);

  switch (palette) {
  case RC_PALETTE_TURBO:
    return rc_palette_turbo[i];
  case RC_PALETTE_VIRIDIS:
    return rc_palette_viridis[i];
  case RC_PALETTE_GRAY:
    return i << 16 | i << 8 | i;
  default:
    return jet (i);
  }
}

guint32
rc_palette_at (RcPalette palette, gdouble place)
{
  return rc_palette_get (
      palette, CLAMP (place, 0, 1) * (RC_PALETTE_SIZE - 1) + 0.5);
}
