/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The simulated world: what a ray meets and which colour it has there. Pure.
 *
 * Its frame is level: x right, y down, z forward, the left camera's optical
 * centre in the origin. Metres.
 *
 * - ground: y = SIM_GROUND_Y, tiles
 * - wall: z = SIM_WALL_Z, bricks
 * - a crate on the ground
 * - a ball that hops along an ellipse on the ground, once around a loop
 *
 * Both cameras look ahead and down by SIM_PITCH.
 */

#pragma once

#include "simtexture.h"

#define SIM_GROUND_Y 0.6f
#define SIM_WALL_Z 2.6f
#define SIM_BALL_RADIUS 0.14f
#define SIM_PITCH 0.2f /* radians */

typedef enum {
  SIM_NOTHING,
  SIM_GROUND,
  SIM_WALL,
  SIM_CRATE,
  SIM_BALL,
} SimObject;

typedef struct {
  SimObject object;
  float distance; /* in lengths of the ray's direction */
  SimVector point;
  SimVector normal;
} SimHit;

/* Where the ball is, in the world. */
typedef struct {
  SimVector center;
  float cos_x, sin_x; /* its turn about x, after … */
  float cos_y, sin_y; /* … that about y */
} SimBall;

/* A direction in the cameras' frame, in the world's. */
SimVector sim_world_from_camera (SimVector direction);
SimVector sim_world_to_camera (SimVector direction);

/* @phase: 0 to 1 through the loop. */
SimBall sim_ball_at (float phase, guint32 seed);

/* The first of the objects that do not move; the wall ends nowhere, so every
 * ray ahead meets something. */
SimHit sim_cast_still (SimVector origin, SimVector direction);
gboolean sim_cast_ball (
    const SimBall *ball, SimVector origin, SimVector direction, SimHit *hit);

/* TRUE if nothing that stands still is between the hit and @eye; and the ball
 * is not, if there is one. */
gboolean sim_sees (SimVector eye, const SimHit *hit, const SimBall *ball);

/* Lit colour of a point on what does not move, without the ball's shadow. */
SimColor sim_still_color (const SimHit *hit, guint32 seed, float footprint);
SimColor sim_ball_color (
    const SimBall *ball, const SimHit *hit, guint32 seed, float footprint);

/* How much light the ball leaves to a point of the ground, 0 to 1, and the
 * sphere around all points that lose some. */
float sim_ball_light (const SimBall *ball, SimVector ground);
void sim_ball_shadow_bounds (
    const SimBall *ball, SimVector *center, float *radius);
