/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Triangles between the points of a disparity image. Pure. */

#pragma once

#include "depth/rccloud.h"

G_BEGIN_DECLS

/* The number of a pixel that is no point. */
#define RC_CLOUD_NO_POINT G_MAXUINT32

/* Most faces of an image of that size. */
guint64 rc_cloud_max_faces (guint width, guint height);

/* Writes the faces of @images, whose pixels are the vertices @numbers, row by
 * row, and returns how many. No two corners' stored disparities differ by more
 * than @max_step. Corners go around counter-clockwise as the camera sees them,
 * so that faces face it. */
guint rc_cloud_write_faces (const RcCloudImages *images, const guint32 *numbers,
    guint max_step, guint8 *dest);

G_END_DECLS
