/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "simtexture.h"

/* The cells of the coarsest octave of grain, metres: on what is cast once, and
 * on the ball, where octaves cost time in every picture. */
#define GRAIN_CELL 0.12f
#define BALL_GRAIN_CELL 0.016f
#define GRAIN_OCTAVES 8
/* A cell of noise is left out below the first and full from the second number
 * of pixels on. */
#define CELL_FADE_FROM 1.8f
#define CELL_FADE_TO 3.2f

/* Steps from cell to cell; a cell's number is scrambled once. */
#define CELL_X 0x8da6b343u
#define CELL_Y 0xd8163841u
#define CELL_Z 0xcb1ab31fu

/* -1 to 1 */
static inline float
scramble (guint32 number)
{
  number = (number ^ (number >> 15)) * 0x2c1b3c6du;
  number = (number ^ (number >> 13)) * 0x297a2d39u;
  return (gint32)number * (1.0f / 2147483648.0f);
}

static float
cell_value (guint32 seed, gint32 x, gint32 y, gint32 z)
{
  return scramble (
      seed + (guint32)x * CELL_X + (guint32)y * CELL_Y + (guint32)z * CELL_Z);
}

/* floor_to_int () is a function call where the compiler may not assume SSE 4. */
static inline gint32
floor_to_int (float x)
{
  gint32 i = (gint32)x;

  return x < (float)i ? i - 1 : i;
}

static inline float
mix (float a, float b, float t)
{
  return a + (b - a) * t;
}

static SimColor
mix_colors (SimColor a, SimColor b, float t)
{
  return (SimColor){mix (a.x, b.x, t), mix (a.y, b.y, t), mix (a.z, b.z, t)};
}

static inline float
smooth (float from, float to, float x)
{
  float t = CLAMP ((x - from) / (to - from), 0.0f, 1.0f);

  return t * t * (3.0f - 2.0f * t);
}

/* One octave of value noise with cells of side 1. */
static inline float
noise (guint32 seed, SimVector p)
{
  gint32 x = floor_to_int (p.x);
  gint32 y = floor_to_int (p.y);
  gint32 z = floor_to_int (p.z);
  float tx = smooth (0, 1, p.x - x);
  float ty = smooth (0, 1, p.y - y);
  float tz = smooth (0, 1, p.z - z);
  guint32 cell =
      seed + (guint32)x * CELL_X + (guint32)y * CELL_Y + (guint32)z * CELL_Z;
  float planes[2];

  for (gint k = 0; k < 2; k++, cell += CELL_Z) {
    float row = mix (scramble (cell), scramble (cell + CELL_X), tx);
    float next =
        mix (scramble (cell + CELL_Y), scramble (cell + CELL_X + CELL_Y), tx);

    planes[k] = mix (row, next, ty);
  }
  return mix (planes[0], planes[1], tz);
}

/* Octaves down to the finest that the pixels can carry; about -1 to 1. The
 * fine ones are strong: they are what stereo matching lives on. */
static inline float
grain (guint32 seed, SimVector point, float cell, float footprint)
{
  float sum = 0;
  float weight = 0.45f;

  for (guint k = 0; k < GRAIN_OCTAVES; k++) {
    float visible = smooth (CELL_FADE_FROM, CELL_FADE_TO, cell / footprint);

    if (visible == 0)
      break;
    sum += weight * visible
           * noise (seed + k * 0x9e3779b9u, sim_scale (point, 1.0f / cell));
    weight *= 0.85f;
    cell *= 0.5f;
  }
  return sum;
}

static SimColor
with_grain (SimColor color, float depth, guint32 seed, SimVector point,
    float cell, float footprint)
{
  return sim_scale (color, 1.0f + depth * grain (seed, point, cell, footprint));
}

/* 0 on the edges of cells of width 1, 1 inside: a joint of half width
 * @joint, as sharp as @blur allows. */
static float
off_joint (float x, float joint, float blur)
{
  float distance = 0.5f - fabsf (x - floor_to_int (x) - 0.5f);

  return smooth (joint - blur, joint + blur, distance);
}

SimColor
sim_texture_tiles (guint32 seed, float x, float z, float footprint)
{
  const SimColor light = {0.80f, 0.74f, 0.64f};
  const SimColor dark = {0.46f, 0.42f, 0.40f};
  const SimColor joint = {0.30f, 0.28f, 0.27f};
  const float side = 0.25f;
  float u = x / side;
  float v = z / side;
  float blur = 1.5f * footprint / side;
  gint32 i = (gint32)floor_to_int (u);
  gint32 j = (gint32)floor_to_int (v);
  SimColor tile = (i + j) & 1 ? light : dark;

  tile = sim_scale (tile, 1.0f + 0.12f * cell_value (seed, i, j, 7));
  tile = with_grain (
      tile, 0.42f, seed, (SimVector){x, 0.0f, z}, GRAIN_CELL, footprint);
  return mix_colors (
      joint, tile, off_joint (u, 0.02f, blur) * off_joint (v, 0.02f, blur));
}

SimColor
sim_texture_bricks (guint32 seed, float x, float y, float footprint)
{
  const SimColor mortar = {0.97f, 0.94f, 0.89f};
  const SimColor red = {0.90f, 0.50f, 0.38f};
  const SimColor brown = {0.68f, 0.43f, 0.35f};
  const float width = 0.30f;
  const float height = 0.11f;
  float v = y / height;
  gint32 row = (gint32)floor_to_int (v);
  float u = x / width + 0.5f * (row & 1);
  gint32 column = (gint32)floor_to_int (u);
  float blur = 1.5f * footprint;
  float tone = 0.5f + 0.5f * cell_value (seed, column, row, 3);
  float inside = off_joint (u, 0.025f, blur / width)
                 * off_joint (v, 0.065f, blur / height);
  SimColor color = mix_colors (mortar, mix_colors (red, brown, tone), inside);

  return with_grain (
      color, 0.42f, seed, (SimVector){x, y, 0.0f}, GRAIN_CELL, footprint);
}

SimColor
sim_texture_crate (guint32 seed, SimVector point, SimVector half,
    SimVector normal, float footprint)
{
  const SimColor board = {0.27f, 0.76f, 0.78f};
  const SimColor frame = {0.16f, 0.48f, 0.56f};
  const float rim = 0.035f;
  float blur = 1.5f * footprint;
  /* The distance to the nearest edge of the face that the point is on. */
  float distance = G_MAXFLOAT;

  if (fabsf (normal.x) < 0.5f)
    distance = MIN (distance, half.x - fabsf (point.x));
  if (fabsf (normal.y) < 0.5f)
    distance = MIN (distance, half.y - fabsf (point.y));
  if (fabsf (normal.z) < 0.5f)
    distance = MIN (distance, half.z - fabsf (point.z));

  SimColor color =
      mix_colors (frame, board, smooth (rim - blur, rim + blur, distance));
  return with_grain (color, 0.5f, seed, point, GRAIN_CELL, footprint);
}

SimColor
sim_texture_ball (guint32 seed, SimVector point, float radius, float footprint)
{
  const SimColor orange = {0.95f, 0.47f, 0.10f};
  const SimColor cream = {0.95f, 0.90f, 0.78f};
  float blur = 2.0f * footprint / radius;
  float band = fabsf (point.y / radius);
  float white = smooth (0.34f - blur, 0.34f + blur, band)
                * (1.0f - smooth (0.72f - blur, 0.72f + blur, band));

  return with_grain (mix_colors (orange, cream, white), 0.42f, seed, point,
      BALL_GRAIN_CELL, footprint);
}
