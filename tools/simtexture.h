/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the scene's surfaces look like: functions of a point on the surface, so
 * that both cameras see the same colour there. Pure.
 *
 * Every texture is told the footprint, the width in metres that one pixel
 * covers at the point's distance (equal in both cameras), and leaves out what
 * is too fine for it: what is sampled can be interpolated again.
 */

#pragma once

#include "simvector.h"

#include <glib.h>

/* Red, green and blue, 0 to 1. */
typedef SimVector SimColor;

SimColor sim_texture_tiles (guint32 seed, float x, float z, float footprint);
SimColor sim_texture_bricks (guint32 seed, float x, float y, float footprint);
/* @point is in the crate's own frame, its faces at ±@half. */
SimColor sim_texture_crate (guint32 seed, SimVector point, SimVector half,
    SimVector normal, float footprint);
/* @point is in the ball's own frame. */
SimColor sim_texture_ball (
    guint32 seed, SimVector point, float radius, float footprint);
