/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "simworld.h"

#define AMBIENT 0.34f
#define DIRECT 0.74f
/* Hits nearer to a ray's start than this are the start itself. */
#define NEAR 1e-3f
/* The ball's shadow fades out between these parts of its radius. */
#define SHADOW_CORE 0.75f
#define SHADOW_EDGE 1.2f

/* The crate: centre, half sides, and its turn about y. */
static const SimVector crate_center = {-0.62f, SIM_GROUND_Y - 0.21f, 2.05f};
static const SimVector crate_half = {0.22f, 0.21f, 0.18f};
#define CRATE_COS 0.8829f
#define CRATE_SIN 0.4695f

/* Towards the light, of length 1; a window high up on the left, behind the cameras. */
static const SimVector light = {-0.340068f, -0.860172f, -0.380076f};

static SimVector
point_on (SimVector origin, SimVector direction, float distance)
{
  return sim_add (origin, sim_scale (direction, distance));
}

SimVector
sim_world_from_camera (SimVector direction)
{
  return sim_turn_x (direction, cosf (SIM_PITCH), sinf (SIM_PITCH));
}

SimVector
sim_world_to_camera (SimVector direction)
{
  return sim_turn_x (direction, cosf (SIM_PITCH), -sinf (SIM_PITCH));
}

SimBall
sim_ball_at (float phase, guint32 seed)
{
  const float full_turn = 2.0f * (float)G_PI;
  float start = (seed % 64) / 64.0f;
  float angle = full_turn * (phase + start);
  float hop = fabsf (sinf (2.0f * angle));

  return (SimBall){
      .center = {0.20f + 0.46f * cosf (angle),
          SIM_GROUND_Y - SIM_BALL_RADIUS - 0.14f * hop,
          1.45f + 0.36f * sinf (angle)},
      .cos_x = cosf (2.0f * angle),
      .sin_x = sinf (2.0f * angle),
      .cos_y = cosf (angle),
      .sin_y = sinf (angle),
  };
}

static void
cast_plane (SimVector origin, SimVector direction, SimObject object,
    SimVector normal, float offset, SimHit *nearest)
{
  float slope = sim_dot (normal, direction);
  float distance = (offset - sim_dot (normal, origin)) / slope;

  /* Seen from the front only. */
  if (slope >= 0 || distance < NEAR || distance >= nearest->distance)
    return;
  *nearest = (SimHit){
      object, distance, point_on (origin, direction, distance), normal};
}

static SimVector
to_crate (SimVector direction)
{
  return sim_turn_y (direction, CRATE_COS, CRATE_SIN);
}

static SimVector
from_crate (SimVector direction)
{
  return sim_turn_y (direction, CRATE_COS, -CRATE_SIN);
}

/* Where the ray enters the crate, and through which face. */
static gboolean
enter_crate (
    SimVector origin, SimVector direction, float *distance, SimVector *normal)
{
  SimVector o = to_crate (sim_sub (origin, crate_center));
  SimVector d = to_crate (direction);
  const float starts[3] = {o.x, o.y, o.z};
  const float slopes[3] = {d.x, d.y, d.z};
  const float halves[3] = {crate_half.x, crate_half.y, crate_half.z};
  float enter = -G_MAXFLOAT;
  float leave = G_MAXFLOAT;
  gint face = 0;

  for (gint axis = 0; axis < 3; axis++) {
    float side = slopes[axis] < 0 ? halves[axis] : -halves[axis];
    float in = (side - starts[axis]) / slopes[axis];
    float out = (-side - starts[axis]) / slopes[axis];

    if (in > enter) {
      enter = in;
      face = axis;
    }
    leave = MIN (leave, out);
  }
  if (enter >= leave || enter < NEAR)
    return FALSE;

  float sign = slopes[face] < 0 ? 1.0f : -1.0f;
  *distance = enter;
  *normal = from_crate ((SimVector){
      face == 0 ? sign : 0, face == 1 ? sign : 0, face == 2 ? sign : 0});
  return TRUE;
}

static void
cast_crate (SimVector origin, SimVector direction, SimHit *nearest)
{
  float distance;
  SimVector normal;

  if (enter_crate (origin, direction, &distance, &normal)
      && distance < nearest->distance)
    *nearest = (SimHit){
        SIM_CRATE, distance, point_on (origin, direction, distance), normal};
}

SimHit
sim_cast_still (SimVector origin, SimVector direction)
{
  SimHit hit = {SIM_NOTHING, G_MAXFLOAT};

  cast_plane (origin, direction, SIM_GROUND, (SimVector){0, -1, 0},
      -SIM_GROUND_Y, &hit);
  cast_plane (
      origin, direction, SIM_WALL, (SimVector){0, 0, -1}, -SIM_WALL_Z, &hit);
  cast_crate (origin, direction, &hit);
  return hit;
}

/* Distance along the ray to the sphere around the ball's centre; negative if
 * the ray passes it by. */
static inline float
distance_to_ball (const SimBall *ball, SimVector origin, SimVector direction)
{
  SimVector to_center = sim_sub (ball->center, origin);
  float square = sim_dot (direction, direction);
  float along = sim_dot (to_center, direction);
  float outside =
      sim_dot (to_center, to_center) - SIM_BALL_RADIUS * SIM_BALL_RADIUS;
  float within = along * along - square * outside;

  return within > 0 ? (along - sqrtf (within)) / square : -1.0f;
}

gboolean
sim_cast_ball (
    const SimBall *ball, SimVector origin, SimVector direction, SimHit *hit)
{
  float distance = distance_to_ball (ball, origin, direction);

  if (distance < NEAR)
    return FALSE;
  hit->object = SIM_BALL;
  hit->distance = distance;
  hit->point = point_on (origin, direction, distance);
  hit->normal =
      sim_scale (sim_sub (hit->point, ball->center), 1.0f / SIM_BALL_RADIUS);
  return TRUE;
}

gboolean
sim_sees (SimVector eye, const SimHit *hit, const SimBall *ball)
{
  SimVector to_eye = sim_sub (eye, hit->point);
  float distance;
  SimVector normal;

  if (sim_dot (hit->normal, to_eye) <= 0)
    return FALSE;
  if (enter_crate (hit->point, to_eye, &distance, &normal) && distance < 1.0f)
    return FALSE;
  if (!ball || hit->object == SIM_BALL)
    return TRUE;
  distance = distance_to_ball (ball, hit->point, to_eye);
  return distance < 0 || distance >= 1.0f;
}

static SimColor
shade (SimColor color, SimVector normal, float lit)
{
  float lambert = MAX (0.0f, sim_dot (normal, light));

  return sim_scale (color, AMBIENT + DIRECT * lambert * lit);
}

/* The window is large: its four corners make the crate's shadow soft. */
static float
crate_light (SimVector point)
{
  static const SimVector corners[4] = {{-0.02f, 0, -0.02f}, {0.02f, 0, -0.01f},
      {-0.01f, 0, 0.02f}, {0.01f, 0, 0.01f}};
  float lit = 0;

  for (gint i = 0; i < 4; i++) {
    float distance;
    SimVector normal;

    if (!enter_crate (point, sim_add (light, corners[i]), &distance, &normal))
      lit += 0.25f;
  }
  return lit;
}

SimColor
sim_still_color (const SimHit *hit, guint32 seed, float footprint)
{
  SimVector p = hit->point;
  SimColor color = {0};

  switch (hit->object) {
  case SIM_GROUND:
    color = sim_texture_tiles (seed, p.x, p.z, footprint);
    break;
  case SIM_WALL:
    color = sim_texture_bricks (seed + 1, p.x, p.y, footprint);
    break;
  case SIM_CRATE:
    color = sim_texture_crate (seed + 2, to_crate (sim_sub (p, crate_center)),
        crate_half, to_crate (hit->normal), footprint);
    return shade (color, hit->normal, 1.0f);
  case SIM_BALL:
  case SIM_NOTHING:
    return color;
  }
  return shade (color, hit->normal, crate_light (p));
}

SimColor
sim_ball_color (
    const SimBall *ball, const SimHit *hit, guint32 seed, float footprint)
{
  SimVector own = sim_sub (hit->point, ball->center);

  own = sim_turn_y (own, ball->cos_y, ball->sin_y);
  own = sim_turn_x (own, ball->cos_x, ball->sin_x);
  return shade (sim_texture_ball (seed + 3, own, SIM_BALL_RADIUS, footprint),
      hit->normal, 1.0f);
}

float
sim_ball_light (const SimBall *ball, SimVector ground)
{
  SimVector to_center = sim_sub (ball->center, ground);
  float along = sim_dot (to_center, light);
  SimVector off = sim_sub (to_center, sim_scale (light, along));
  float distance = sqrtf (sim_dot (off, off)) / SIM_BALL_RADIUS;

  if (distance >= SHADOW_EDGE)
    return 1.0f;
  float direct = DIRECT * light.y * -1.0f;
  float t = MAX (0.0f, (distance - SHADOW_CORE) / (SHADOW_EDGE - SHADOW_CORE));
  float lit = t * t * (3.0f - 2.0f * t);
  return (AMBIENT + direct * lit) / (AMBIENT + direct);
}

void
sim_ball_shadow_bounds (const SimBall *ball, SimVector *center, float *radius)
{
  float height = SIM_GROUND_Y - ball->center.y;

  *center = sim_sub (ball->center, sim_scale (light, height / -light.y));
  /* A disc that is seen along the light is longest where it is steepest. */
  *radius = SHADOW_EDGE * SIM_BALL_RADIUS / -light.y;
}
