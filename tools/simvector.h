/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Vectors in 3-D, metres. */

#pragma once

#include <math.h>

typedef struct {
  float x, y, z;
} SimVector;

static inline SimVector
sim_add (SimVector a, SimVector b)
{
  return (SimVector){a.x + b.x, a.y + b.y, a.z + b.z};
}

static inline SimVector
sim_sub (SimVector a, SimVector b)
{
  return (SimVector){a.x - b.x, a.y - b.y, a.z - b.z};
}

static inline SimVector
sim_scale (SimVector a, float factor)
{
  return (SimVector){a.x * factor, a.y * factor, a.z * factor};
}

static inline float
sim_dot (SimVector a, SimVector b)
{
  return a.x * b.x + a.y * b.y + a.z * b.z;
}

static inline SimVector
sim_normalize (SimVector a)
{
  return sim_scale (a, 1.0f / sqrtf (sim_dot (a, a)));
}

/* About the y axis. */
static inline SimVector
sim_turn_y (SimVector a, float cosine, float sine)
{
  return (SimVector){cosine * a.x + sine * a.z, a.y, cosine * a.z - sine * a.x};
}

/* About the x axis. */
static inline SimVector
sim_turn_x (SimVector a, float cosine, float sine)
{
  return (SimVector){a.x, cosine * a.y + sine * a.z, cosine * a.z - sine * a.y};
}
