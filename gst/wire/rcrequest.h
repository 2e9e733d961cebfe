/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is asked of the camera: ImageSetRequest and ImageEventsRequest. Pure. */

#pragma once

#include "wire/rcchunk.h"
#include "wire/rcstream.h"

G_BEGIN_DECLS

/* MeshOptions.BinningMethod; the values are the wire's. */
typedef enum {
  RC_MESH_BINNING_AVERAGE = 0,
  RC_MESH_BINNING_MIN_DEPTH = 1,
} RcMeshBinning;

/**
 * RcRequest:
 * @streams: bit mask of 1 << #RcStream; RC_STREAM_METADATA asks for nothing
 * @color: left and right, and the texture of a mesh, as rgb8
 * @mesh_max_points: 0 is the camera's default, else at least 1000
 * @mesh_binning: how points that fall together become one
 * @mesh_watertight: close the holes
 * @mesh_textured: with a texture of the left image
 */
typedef struct {
  guint streams;
  gboolean color;
  guint mesh_max_points;
  RcMeshBinning mesh_binning;
  gboolean mesh_watertight;
  gboolean mesh_textured;
} RcRequest;

/* TRUE if the two put the same question to the camera: fields that say
 * nothing (mesh options without a mesh, color without a camera image or a
 * textured mesh) and RC_STREAM_METADATA do not count. */
gboolean rc_request_equal (const RcRequest *a, const RcRequest *b);

/* The serialized ImageSetRequest. */
GBytes *rc_request_to_bytes (const RcRequest *request);

/* Parses a serialized ImageSetRequest; FALSE if it is not one, and @request is
 * then untouched. A binning method that we do not know is AVERAGE. */
gboolean rc_request_from_bytes (RcRequest *request, GBytes *bytes);

G_END_DECLS
