/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* From the images of a set to the body of a PLY file: which pixels become
 * points, and where these are. Pure. */

#pragma once

#include "depth/rccloudcolor.h"
#include "depth/rcgeometry.h"
#include "depth/rcply.h"

G_BEGIN_DECLS

/* What no setting excludes anything with. */
#define RC_CLOUD_NO_LIMIT G_MAXDOUBLE

/**
 * RcCloudPlane:
 * @pixels: rows from the top; %NULL without such an image
 * @stride: bytes from row to row
 *
 * An image of the disparity image's size.
 */
typedef struct {
  const guint8 *pixels;
  gssize stride;
} RcCloudPlane;

/**
 * RcCloudImages:
 * @width: pixels
 * @height: pixels
 * @disparity: 16 bits a pixel
 * @big_endian: the byte order of these
 * @confidence: 8 bits a pixel, 255 is 1
 * @error: 8 bits a pixel, in steps of the disparity's scale
 * @left: at any size
 */
typedef struct {
  guint width;
  guint height;
  RcCloudPlane disparity;
  gboolean big_endian;
  RcCloudPlane confidence;
  RcCloudPlane error;
  RcLeftImage left;
} RcCloudImages;

/**
 * RcCloudOptions:
 * @min_depth: metres; nothing nearer becomes a point
 * @max_depth: metres; nothing farther does
 * @min_confidence: 0 to 1; nothing with less does, where there are confidences
 * @max_depth_error: metres; nothing with more does, where there are errors
 * @organized: all pixels become vertices; those that are no points have NAN for
 *   a position
 * @faces: triangles between neighbours
 * @face_step: pixels that their disparities may differ by
 */
typedef struct {
  gdouble min_depth;
  gdouble max_depth;
  gdouble min_confidence;
  gdouble max_depth_error;
  gboolean organized;
  gboolean faces;
  gdouble face_step;
} RcCloudOptions;

typedef struct _RcCloud RcCloud;

RcCloud *rc_cloud_new (void);
void rc_cloud_free (RcCloud *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcCloud, rc_cloud_free)

/* What files of such clouds hold. */
RcPlyContent rc_cloud_get_content (
    const RcCloudImages *images, const RcCloudOptions *options);

/* Bytes that a body needs at most; rc_cloud_write() may touch them all. */
guint64 rc_cloud_max_size (
    const RcCloudImages *images, const RcCloudOptions *options);

/* Writes a binary body and returns its size. The vertices are in the pixels'
 * order, row by row. */
gsize rc_cloud_write (RcCloud *self, const RcStereo *stereo,
    const RcCloudImages *images, const RcCloudOptions *options, guint8 *dest,
    guint *n_vertices, guint *n_faces);

G_END_DECLS
