/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "depth/rccloudcolor.h"

#include <string.h>

/* Less than the smallest distance of a mean of up to 2^32 pixels from a half
 * that it is not: lets an exact half, as a double not quite one, round up. */
#define HALF_UP (0.5 + 1e-10)

/* How pixels lie over left pixels in one direction. A left pixel is divided into
 * parts such that all lengths are whole numbers of them. */
typedef struct {
  guint left_size; /* left pixels */
  guint part;      /* parts of a left pixel */
  guint64 pixel;   /* parts of a pixel; the last ones may have less */
} Cover;

/* What a pixel covers: the left pixels from first to last, without so many parts
 * of these two. */
typedef struct {
  guint first, last;
  guint64 less_first, less_last;
  gdouble inverse; /* of the parts in all */
} Span;

struct _RcCloudColor {
  RcLeftImage left;
  guint width;
  gboolean same_size;
  Cover rows;

  Span *columns; /* for each of width */
  guint part;    /* of these */
  guint32 *sums; /* over the rows of a pixel, for each byte of a left row */
  gsize n_sums;
};

RcCloudColor *
rc_cloud_color_new (void)
{
  return g_new0 (RcCloudColor, 1);
}

void
rc_cloud_color_free (RcCloudColor *self)
{
  g_free (self->columns);
  g_free (self->sums);
  g_free (self);
}

/* ---- what covers what ---- */

static gboolean
block_fits (guint block, guint left_size, guint size)
{
  return (left_size + block - 1) / block == size;
}

/* The side of blocks of left pixels; 0 if there are none that fit. */
static guint
find_block (const RcLeftImage *left, guint width, guint height)
{
  guint block = (left->width + width - 1) / width;

  return block_fits (block, left->width, width)
                 && block_fits (block, left->height, height)
             ? block
             : 0;
}

static Cover
make_cover (guint left_size, guint size, guint block)
{
  if (block > 0)
    return (Cover){left_size, 1, block};
  return (Cover){left_size, size, left_size};
}

static Span
make_span (const Cover *cover, guint i)
{
  guint64 start = i * cover->pixel, end = start + cover->pixel;
  Span span;

  end = MIN (end, (guint64)cover->left_size * cover->part);
  span.first = start / cover->part;
  span.last = (end - 1) / cover->part;
  span.less_first = start - (guint64)span.first * cover->part;
  span.less_last = (span.last + 1) * (guint64)cover->part - end;
  span.inverse = 1.0 / (end - start);
  return span;
}

void
rc_cloud_color_begin (
    RcCloudColor *self, const RcLeftImage *left, guint width, guint height)
{
  guint block = find_block (left, width, height);
  gsize n_sums = (gsize)left->width * (left->rgb ? 3 : 1);
  Cover columns;

  self->same_size = block == 1;
  self->left = *left;
  self->width = width;
  self->rows = make_cover (left->height, height, block);

  columns = make_cover (left->width, width, block);
  self->part = columns.part;
  self->columns = g_renew (Span, self->columns, width);
  for (guint i = 0; i < width; i++)
    self->columns[i] = make_span (&columns, i);
  if (n_sums != self->n_sums) {
    self->sums = g_renew (guint32, self->sums, n_sums);
    self->n_sums = n_sums;
  }
}

/* ---- rows ---- */

static inline guint32
pack (guint red, guint green, guint blue)
{
  return GUINT32_TO_LE (red | green << 8 | blue << 16);
}

static const guint8 *
get_left_row (const RcCloudColor *self, guint row)
{
  return self->left.pixels + (gssize)row * self->left.stride;
}

/* Loops over so many at a time become SIMD at -O2, too. */
#define CHUNK 16

static void
copy_grey_row (const guint8 *restrict left, guint width, guint32 *colors)
{
  guint i = 0;

  for (; i + CHUNK <= width; i += CHUNK) {
    for (guint j = 0; j < CHUNK; j++)
      colors[i + j] = pack (left[i + j], left[i + j], left[i + j]);
  }
  for (; i < width; i++)
    colors[i] = pack (left[i], left[i], left[i]);
}

/* With the next pixel's red, but for the last one, which has none. */
static void
copy_rgb_row (const guint8 *left, guint width, guint32 *colors)
{
  for (guint i = 0; i + 1 < width; i++)
    memcpy (&colors[i], left + 3 * (gsize)i, sizeof *colors);
  left += 3 * (gsize)(width - 1);
  colors[width - 1] = pack (left[0], left[1], left[2]);
}

static void
add_left_row (
    guint32 *restrict sums, const guint8 *restrict left, gsize n, guint parts)
{
  gsize i = 0;

  for (; i + CHUNK <= n; i += CHUNK) {
    for (guint j = 0; j < CHUNK; j++)
      sums[i + j] += parts * left[i + j];
  }
  for (; i < n; i++)
    sums[i] += parts * left[i];
}

static void
sum_left_rows (RcCloudColor *self, const Span *span)
{
  memset (self->sums, 0, self->n_sums * sizeof *self->sums);
  for (guint row = span->first; row <= span->last; row++) {
    guint parts = self->rows.part;

    if (row == span->first)
      parts -= span->less_first;
    if (row == span->last)
      parts -= span->less_last;
    add_left_row (self->sums, get_left_row (self, row), self->n_sums, parts);
  }
}

/* @sums: of one of @n_channels that take turns. */
static inline guint
mean (const guint32 *sums, const Span *span, guint part, guint n_channels,
    gdouble per_part)
{
  const guint32 *first = sums + (gsize)span->first * n_channels;
  const guint32 *last = sums + (gsize)span->last * n_channels;
  guint64 sum = 0;

  for (const guint32 *s = first; s <= last; s += n_channels)
    sum += *s;
  sum = sum * part - span->less_first * *first - span->less_last * *last;
  return sum * per_part + HALF_UP;
}

static void
average_columns (const RcCloudColor *self, gdouble per_row, guint32 *colors)
{
  const guint32 *sums = self->sums;

  for (guint i = 0; i < self->width; i++) {
    const Span *span = &self->columns[i];
    gdouble per_part = span->inverse * per_row;

    if (self->left.rgb) {
      colors[i] = pack (mean (sums, span, self->part, 3, per_part),
          mean (sums + 1, span, self->part, 3, per_part),
          mean (sums + 2, span, self->part, 3, per_part));
    } else {
      guint grey = mean (sums, span, self->part, 1, per_part);

      colors[i] = pack (grey, grey, grey);
    }
  }
}

void
rc_cloud_color_fill_row (RcCloudColor *self, guint row, guint32 *colors)
{
  Span rows;

  if (self->same_size && self->left.rgb) {
    copy_rgb_row (get_left_row (self, row), self->width, colors);
  } else if (self->same_size) {
    copy_grey_row (get_left_row (self, row), self->width, colors);
  } else {
    rows = make_span (&self->rows, row);
    sum_left_rows (self, &rows);
    average_columns (self, rows.inverse, colors);
  }
}
