/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Depth, and its error, for each of the 65536 values that a disparity image can
 * hold. Pure.
 *
 * A disparity is looked up rather than divided by: every result is then exact,
 * rounded once from double precision, and a pixel costs one load. An image has
 * some hundreds to thousands of different disparities, so what it touches of a
 * table stays in the processor's caches. */

#pragma once

#include "depth/rcgeometry.h"

G_BEGIN_DECLS

#define RC_N_DISPARITIES 65536

/**
 * RcDepthRange:
 * @unit: metres of one step of the result
 * @min: metres; what is nearer counts as invalid
 * @max: metres; what is farther counts as invalid
 */
typedef struct {
  gdouble unit;
  gdouble min;
  gdouble max;
} RcDepthRange;

/* @metres in steps of @unit, to the nearest, halves away from zero; 65535 where
 * that is less; 0 for NAN. */
guint16 rc_depth_in_steps (gdouble metres, gdouble unit);

/* @table maps disparities as they lie in memory, in that byte order, to depth
 * in little-endian steps, 0 where there is none. */
void rc_depth_table_fill (guint16 *table, const RcStereo *stereo,
    const RcDepthRange *range, gboolean big_endian);

/* Looks each pixel of @src up. Strides in bytes, sizes in pixels. */
void rc_depth_table_apply (const guint16 *table, const guint8 *src,
    gssize src_stride, guint8 *dest, gssize dest_stride, guint width,
    guint height);

/* @table maps disparities as they lie in memory, in that byte order, to steps
 * of @unit for each step of the error image, 0 where there is no disparity. */
void rc_depth_error_table_fill (
    gdouble *table, const RcStereo *stereo, gdouble unit, gboolean big_endian);

/* Errors of depth for a row: little-endian steps, to the nearest, at least 1
 * and at most 65535; 0 where there is no disparity. */
void rc_depth_error_table_apply (const gdouble *table, const guint8 *disparity,
    const guint8 *error, guint8 *dest, guint width);

G_END_DECLS
