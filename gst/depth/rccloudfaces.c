/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "depth/rccloudfaces.h"

#include <stdlib.h>

/* A point: its stored disparity, and the number of its vertex. */
typedef struct {
  gint disparity;
  guint32 number;
} Corner;

guint64
rc_cloud_max_faces (guint width, guint height)
{
  return 2 * (guint64)(width - 1) * (height - 1);
}

static inline Corner
get_corner (
    const guint8 *row, const guint32 *numbers, guint i, gboolean big_endian)
{
  guint16 value;

  memcpy (&value, row + 2 * (gsize)i, sizeof value);
  value = big_endian ? GUINT16_FROM_BE (value) : GUINT16_FROM_LE (value);
  return (Corner){value, numbers[i]};
}

/* What is no face is written, too, and written over by the next one: it cannot
 * be foreseen which are, and a wrong guess costs the processor more. */
static inline guint8 *
put_face (guint8 *dest, Corner a, Corner b, Corner c, gint max_step)
{
  gint least = MIN (MIN (a.disparity, b.disparity), c.disparity);
  gint most = MAX (MAX (a.disparity, b.disparity), c.disparity);

  dest[0] = 3;
  rc_ply_put_uint (dest + 1, a.number);
  rc_ply_put_uint (dest + 5, b.number);
  rc_ply_put_uint (dest + 9, c.number);
  return dest + (most - least > max_step ? 0 : RC_PLY_FACE_SIZE);
}

/* Four neighbours: a b
 *                  c d. They are divided where they differ less. */
static inline guint8 *
put_square (guint8 *dest, Corner a, Corner b, Corner c, Corner d, gint max_step)
{
  gint ad = abs (a.disparity - d.disparity);
  gint bc = abs (b.disparity - c.disparity);

  dest = put_face (dest, a, c, ad <= bc ? d : b, max_step);
  return put_face (dest, b, ad <= bc ? a : c, d, max_step);
}

/* With one of them missing at least. */
static guint8 *
put_corner (guint8 *dest, Corner a, Corner b, Corner c, Corner d, gint max_step)
{
  const Corner around[] = {a, c, d, b};
  Corner points[3];
  guint n = 0;

  for (guint i = 0; i < G_N_ELEMENTS (around); i++) {
    if (around[i].number != RC_CLOUD_NO_POINT)
      points[n++] = around[i];
  }
  if (n < 3)
    return dest;
  return put_face (dest, points[0], points[1], points[2], max_step);
}

static guint8 *
put_row (guint8 *dest, const RcCloudImages *images, const guint32 *numbers,
    guint k, gint max_step)
{
  const guint8 *row =
      images->disparity.pixels + (gssize)k * images->disparity.stride;
  const guint8 *next = row + images->disparity.stride;
  const guint32 *next_numbers = numbers + images->width;
  gboolean big_endian = images->big_endian;
  Corner a = get_corner (row, numbers, 0, big_endian);
  Corner c = get_corner (next, next_numbers, 0, big_endian);

  for (guint i = 1; i < images->width; i++) {
    Corner b = get_corner (row, numbers, i, big_endian);
    Corner d = get_corner (next, next_numbers, i, big_endian);

    /* Numbers of points are below 2^31. */
    if ((gint32)(a.number | b.number | c.number | d.number) >= 0)
      dest = put_square (dest, a, b, c, d, max_step);
    else
      dest = put_corner (dest, a, b, c, d, max_step);
    a = b;
    c = d;
  }
  return dest;
}

guint
rc_cloud_write_faces (const RcCloudImages *images, const guint32 *numbers,
    guint max_step, guint8 *dest)
{
  guint8 *end = dest;

  for (guint k = 0; k + 1 < images->height; k++)
    end =
        put_row (end, images, numbers + (gsize)k * images->width, k, max_step);
  return (end - dest) / RC_PLY_FACE_SIZE;
}
