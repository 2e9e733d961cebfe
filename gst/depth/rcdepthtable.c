/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "depth/rcdepthtable.h"

#include <math.h>
#include <string.h>

/* Pixels that are looked up together. */
#define BLOCK 8

guint16
rc_depth_in_steps (gdouble metres, gdouble unit)
{
  gdouble steps = round (metres / unit);

  if (isnan (steps))
    return 0;
  return CLAMP (steps, 0, G_MAXUINT16);
}

static guint
index_in_memory (guint value, gboolean big_endian)
{
  return big_endian ? GUINT16_TO_BE (value) : GUINT16_TO_LE (value);
}

void
rc_depth_table_fill (guint16 *table, const RcStereo *stereo,
    const RcDepthRange *range, gboolean big_endian)
{
  for (guint value = 0; value < RC_N_DISPARITIES; value++) {
    gdouble depth = rc_stereo_depth (stereo, value);
    guint16 steps = 0;

    if (depth >= range->min && depth <= range->max)
      steps = rc_depth_in_steps (depth, range->unit);
    table[index_in_memory (value, big_endian)] = GUINT16_TO_LE (steps);
  }
}

/* Rows need not be aligned: a stride may be odd. */
static inline guint16
load (const guint8 *pixel)
{
  guint16 value;

  memcpy (&value, pixel, sizeof value);
  return value;
}

/* As one load and one store: about twice as fast as pixel by pixel, and within
 * what a copy of both images takes. */
static inline void
apply_to_block (const guint16 *table, const guint8 *src, guint8 *dest)
{
  guint16 values[BLOCK];

  memcpy (values, src, sizeof values);
  for (guint i = 0; i < BLOCK; i++)
    values[i] = table[values[i]];
  memcpy (dest, values, sizeof values);
}

static void
apply_to_row (
    const guint16 *table, const guint8 *src, guint8 *dest, guint width)
{
  guint i = 0;

  for (; i + BLOCK <= width; i += BLOCK)
    apply_to_block (table, src + 2 * i, dest + 2 * i);
  for (; i < width; i++)
    memcpy (dest + 2 * i, &table[load (src + 2 * i)], sizeof *table);
}

void
rc_depth_table_apply (const guint16 *table, const guint8 *src,
    gssize src_stride, guint8 *dest, gssize dest_stride, guint width,
    guint height)
{
  for (guint k = 0; k < height; k++)
    apply_to_row (table, src + k * src_stride, dest + k * dest_stride, width);
}

void
rc_depth_error_table_fill (
    gdouble *table, const RcStereo *stereo, gdouble unit, gboolean big_endian)
{
  for (guint value = 0; value < RC_N_DISPARITIES; value++) {
    gdouble step = rc_stereo_depth_error_step (stereo, value) / unit;

    table[index_in_memory (value, big_endian)] = isnan (step) ? 0 : step;
  }
}

void
rc_depth_error_table_apply (const gdouble *table, const guint8 *disparity,
    const guint8 *error, guint8 *dest, guint width)
{
  for (guint i = 0; i < width; i++) {
    gdouble step = table[load (disparity + 2 * i)];
    gdouble steps = CLAMP (step * error[i] + 0.5, 1, G_MAXUINT16);
    guint16 rounded = GUINT16_TO_LE (step > 0 ? (guint16)steps : 0);

    memcpy (dest + 2 * i, &rounded, sizeof rounded);
  }
}
