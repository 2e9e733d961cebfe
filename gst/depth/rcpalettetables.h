/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Published colour maps that are data, not formulas. */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define RC_PALETTE_SIZE 256

/* 0xRRGGBB, from the lowest value to the highest. */
extern const guint32 rc_palette_turbo[RC_PALETTE_SIZE];
extern const guint32 rc_palette_viridis[RC_PALETTE_SIZE];

G_END_DECLS
