/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The colours of a disparity image's pixels, from the left image, which shows
 * the same at another size. Pure.
 *
 * A pixel has the mean of the left pixels that it covers, rounded to the
 * nearest, halves up. Cameras make smaller images of blocks of whole pixels,
 * and cut the last blocks off at the edge: 1280x960 in blocks of 6 are 214x160.
 * Where the sizes fit no such block, pixels cover equal parts of the left image
 * and those of the left at their edges count by the part that is covered. */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * RcLeftImage:
 * @pixels: rows from the top; %NULL without a left image
 * @stride: bytes from row to row
 * @width: pixels
 * @height: pixels
 * @rgb: red, green and blue bytes rather than one grey byte
 */
typedef struct {
  const guint8 *pixels;
  gssize stride;
  guint width;
  guint height;
  gboolean rgb;
} RcLeftImage;

typedef struct _RcCloudColor RcCloudColor;

RcCloudColor *rc_cloud_color_new (void);
void rc_cloud_color_free (RcCloudColor *self);

/* Sets what the next rows are of: @left for an image of @width x @height, all
 * at least 1. */
void rc_cloud_color_begin (
    RcCloudColor *self, const RcLeftImage *left, guint width, guint height);

/* The colours of @row, four bytes each: red, green, blue, and anything. */
void rc_cloud_color_fill_row (RcCloudColor *self, guint row, guint32 *colors);

G_END_DECLS
