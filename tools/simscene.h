/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a rectified stereo camera sees of the simulated world. Pure; one thread
 * at a time.
 *
 * The left camera is in the origin, the right one @baseline along +x, both
 * with the same focal length and principal point. A pixel shows what the ray
 * through its centre, at + 0.5, meets; no noise, no blur. So a point at depth
 * Z is at the columns x and x − f·t/Z with the same grey value, and disparity
 * is exact but for its rounding to SIM_DISPARITY_SCALE.
 *
 * What does not move is cast once; for each picture only what the ball and its
 * shadow can reach is cast anew.
 */

#pragma once

#include "simworld.h"

#define SIM_DISPARITY_SCALE 0.0625f
#define SIM_DISPARITY_INVALID 0

typedef enum {
  SIM_LEFT,
  SIM_RIGHT,
} SimView;

/**
 * SimSceneConfig:
 * @width: of the camera images, pixels
 * @height: of the camera images, pixels
 * @divisor: camera pixels per depth pixel; the depth image's sides are
 *   rounded up
 * @focal_length: of the camera images, pixels
 * @baseline: metres
 * @seed: of textures and of where the ball starts
 */
typedef struct {
  guint width;
  guint height;
  guint divisor;
  gdouble focal_length;
  gdouble baseline;
  guint32 seed;
} SimSceneConfig;

/* An image's own geometry, in its own pixels. */
typedef struct {
  guint width;
  guint height;
  gdouble focal_length;
  gdouble u;
  gdouble v;
} SimIntrinsics;

typedef struct _SimScene SimScene;

SimScene *sim_scene_new (const SimSceneConfig *config);
void sim_scene_free (SimScene *scene);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SimScene, sim_scene_free)

const SimIntrinsics *sim_scene_get_camera (const SimScene *scene);
const SimIntrinsics *sim_scene_get_depth (const SimScene *scene);

/* Renders into @pixels, rows one after the other: grey, one byte a pixel, or
 * red, green, blue. @phase: 0 to 1 through the ball's loop. */
void sim_scene_render_view (SimScene *scene, SimView view, gfloat phase,
    gboolean color, guint8 *pixels);

/* Renders the depth images, one value a pixel. @disparity in steps of
 * SIM_DISPARITY_SCALE, SIM_DISPARITY_INVALID where the right camera does not
 * see the point; @confidence 0 there, else lower near edges and on slanted
 * surfaces; @error in steps of SIM_DISPARITY_SCALE, larger where confidence
 * is lower, 0 where invalid. */
void sim_scene_render_depth (SimScene *scene, gfloat phase, guint16 *disparity,
    guint8 *confidence, guint8 *error);

/* What a grey camera makes of a colour. */
guint8 sim_grey (const guint8 *rgb);
