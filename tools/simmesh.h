/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The mesh of a disparity image, as a PLY file. Pure. */

#pragma once

#include "simscene.h"
#include "wire/rcrequest.h"

/* The camera's own limits of MeshOptions.max_points. */
#define SIM_MESH_DEFAULT_POINTS 3100000
#define SIM_MESH_MIN_POINTS 1000

/**
 * SimMeshInput:
 * @depth: geometry of the disparity image
 * @baseline: metres
 * @disparity: as of sim_scene_render_depth ()
 * @camera: geometry of the left image
 * @rgb: the left image in colour
 */
typedef struct {
  const SimIntrinsics *depth;
  gdouble baseline;
  const guint16 *disparity;
  const SimIntrinsics *camera;
  const guint8 *rgb;
} SimMeshInput;

/* PLY, binary and little-endian: vertices x, y, z (float, metres, in the left
 * camera's frame) and red, green, blue; triangles between neighbours, none
 * across a jump in depth. With more valid pixels than @max_points (0: the
 * default) the image is cut into square bins that give one vertex each: the
 * pixel nearest to the bin's middle, or to the camera with @binning
 * RC_MESH_BINNING_MIN_DEPTH. */
GBytes *sim_mesh_new (
    const SimMeshInput *input, guint max_points, RcMeshBinning binning);
