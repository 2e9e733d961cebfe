/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Row by row: first what each pixel's position is to be multiplied with, looked
 * up by its disparity; NAN says that it is no point. Then the vertices, in a
 * loop without branches: what is no point is written, too, and written over by
 * the next one. */

#include "depth/rccloud.h"

#include <math.h>

#include "depth/rccloudfaces.h"

#define N_DISPARITIES 65536
#define N_CONFIDENCES 256

/* What the tables are made of. */
typedef struct {
  RcStereo stereo;
  gdouble min_depth;
  gdouble max_depth;
  gboolean big_endian;
} TableKey;

struct _RcCloud {
  TableKey key;
  gboolean has_tables;
  /* By disparities as they lie in memory, NAN where there is none: */
  gfloat *metres;      /* per pixel off the axis; also NAN beyond the depths */
  gdouble *error_step; /* metres of depth per step of the error image */
  gfloat confidence[N_CONFIDENCES];

  RcCloudColor *color;

  /* A row. */
  guint width;     /* that there is room for */
  gfloat *columns; /* pixels right of the axis */
  gfloat *scales;  /* metres per pixel off the axis; NAN: no point */
  gfloat *errors;  /* metres; NAN without a disparity */
  guint32 *colors; /* red, green, blue, anything */

  /* An image. */
  guint32 *numbers; /* of the vertices; n_numbers, or NULL */
  gsize n_numbers;
};

RcCloud *
rc_cloud_new (void)
{
  RcCloud *self = g_new0 (RcCloud, 1);

  self->metres = g_new (gfloat, N_DISPARITIES);
  self->error_step = g_new (gdouble, N_DISPARITIES);
  for (guint i = 0; i < N_CONFIDENCES; i++)
    self->confidence[i] = i / 255.0;
  self->color = rc_cloud_color_new ();
  return self;
}

void
rc_cloud_free (RcCloud *self)
{
  g_free (self->metres);
  g_free (self->error_step);
  rc_cloud_color_free (self->color);
  g_free (self->columns);
  g_free (self->scales);
  g_free (self->errors);
  g_free (self->colors);
  g_free (self->numbers);
  g_free (self);
}

RcPlyContent
rc_cloud_get_content (
    const RcCloudImages *images, const RcCloudOptions *options)
{
  return (RcPlyContent){
      .color = images->left.pixels != NULL,
      .confidence = images->confidence.pixels != NULL,
      .depth_error = images->error.pixels != NULL,
      .faces = options->faces,
      .columns = options->organized ? images->width : 0,
      .rows = options->organized ? images->height : 0,
  };
}

guint64
rc_cloud_max_size (const RcCloudImages *images, const RcCloudOptions *options)
{
  RcPlyContent content = rc_cloud_get_content (images, options);
  guint64 size =
      (guint64)images->width * images->height * rc_ply_vertex_size (&content);

  if (options->faces)
    size +=
        rc_cloud_max_faces (images->width, images->height) * RC_PLY_FACE_SIZE;
  /* Colours are written as four bytes. */
  return size + 1;
}

/* ---- tables ---- */

static gboolean
keys_are_equal (const TableKey *a, const TableKey *b)
{
  return a->stereo.focal_length == b->stereo.focal_length
         && a->stereo.baseline == b->stereo.baseline
         && a->stereo.scale == b->stereo.scale
         && a->stereo.offset == b->stereo.offset
         && a->stereo.invalid_data_value == b->stereo.invalid_data_value
         && a->min_depth == b->min_depth && a->max_depth == b->max_depth
         && a->big_endian == b->big_endian;
}

static void
update_tables (RcCloud *self, const TableKey *key)
{
  if (self->has_tables && keys_are_equal (&self->key, key))
    return;
  for (guint value = 0; value < N_DISPARITIES; value++) {
    guint i = key->big_endian ? GUINT16_TO_BE (value) : GUINT16_TO_LE (value);
    gdouble depth = rc_stereo_depth (&key->stereo, value);

    self->metres[i] = NAN;
    if (depth >= key->min_depth && depth <= key->max_depth)
      self->metres[i] = depth / key->stereo.focal_length;
    self->error_step[i] = rc_stereo_depth_error_step (&key->stereo, value);
  }
  self->key = *key;
  self->has_tables = TRUE;
}

/* ---- a row's pixels ---- */

static void
prepare_rows (RcCloud *self, const RcStereo *stereo, guint width)
{
  if (width > self->width) {
    self->columns = g_renew (gfloat, self->columns, width);
    self->scales = g_renew (gfloat, self->scales, width);
    self->errors = g_renew (gfloat, self->errors, width);
    self->colors = g_renew (guint32, self->colors, width);
    self->width = width;
  }
  for (guint i = 0; i < width; i++)
    self->columns[i] = i + 0.5 - stereo->principal_point_u;
}

static const guint8 *
get_row (const RcCloudPlane *plane, guint row)
{
  return plane->pixels + (gssize)row * plane->stride;
}

/* Rows need not be aligned: a stride may be odd. */
static inline guint16
load (const guint8 *row, guint i)
{
  guint16 value;

  memcpy (&value, row + 2 * (gsize)i, sizeof value);
  return value;
}

static void
look_up_scales (RcCloud *self, const guint8 *disparity, guint width)
{
  const gfloat *metres = self->metres;
  gfloat *scales = self->scales;

  for (guint i = 0; i < width; i++)
    scales[i] = metres[load (disparity, i)];
}

static void
apply_confidences (
    RcCloud *self, const guint8 *confidence, guint width, guint least)
{
  gfloat *scales = self->scales;

  for (guint i = 0; i < width; i++)
    scales[i] = confidence[i] < least ? NAN : scales[i];
}

static void
apply_errors (RcCloud *self, const guint8 *disparity, const guint8 *error,
    guint width, gdouble most)
{
  const gdouble *error_step = self->error_step;
  gfloat *errors = self->errors, *scales = self->scales;

  for (guint i = 0; i < width; i++) {
    gdouble metres = error_step[load (disparity, i)] * error[i];

    errors[i] = metres;
    scales[i] = metres > most ? NAN : scales[i];
  }
}

/* The smallest stored confidence that is @min at least. */
static guint
find_least_confidence (gdouble min)
{
  guint value = 0;

  while (value < N_CONFIDENCES && value / 255.0 < min)
    value++;
  return value;
}

static void
number_row (const gfloat *scales, guint width, gboolean organized, guint next,
    guint32 *numbers)
{
  for (guint i = 0; i < width; i++) {
    numbers[i] = isnan (scales[i]) ? RC_CLOUD_NO_POINT : next;
    next += organized || !isnan (scales[i]);
  }
}

/* ---- a row's vertices ---- */

/* What does not change along the row. */
typedef struct {
  gfloat row;   /* pixels below the axis */
  gfloat focal; /* pixels */
  guint width;
  gsize vertex_size;
  gsize skip; /* bytes from what is no point to the next one */
  const guint8 *confidence;
  gboolean has_errors;
} RowOptions;

static G_ALWAYS_INLINE inline guint8 *
put_vertices (const RcCloud *self, const RowOptions *options, gboolean color,
    gboolean extras, guint8 *dest)
{
  /* Locals, which what is written cannot be taken to change. */
  const gfloat *columns = self->columns, *scales = self->scales;
  const gfloat *errors = self->errors;
  const guint32 *colors = self->colors;
  const RowOptions row = *options;
  const gsize more = row.vertex_size - row.skip;

  for (guint i = 0; i < row.width; i++) {
    gfloat scale = scales[i];
    guint8 *extra = dest + RC_PLY_POSITION_SIZE;

    rc_ply_put_float (dest, columns[i] * scale);
    rc_ply_put_float (dest + 4, row.row * scale);
    rc_ply_put_float (dest + 8, row.focal * scale);
    if (color) {
      /* The fourth byte is written over by what comes next. */
      memcpy (extra, &colors[i], sizeof *colors);
      extra += RC_PLY_COLOR_SIZE;
    }
    if (extras && row.confidence != NULL) {
      rc_ply_put_float (extra, self->confidence[row.confidence[i]]);
      extra += sizeof (gfloat);
    }
    if (extras && row.has_errors)
      rc_ply_put_float (extra, errors[i]);
    /* Not a branch, which would be guessed wrong at each hole. */
    dest += row.skip + (more & -(gsize)!isnan (scale));
  }
  return dest;
}

/* The common kinds have loops of their own. */
static guint8 *
put_row (const RcCloud *self, const RowOptions *options, gboolean color,
    guint8 *dest)
{
  gboolean extras = options->confidence != NULL || options->has_errors;

  if (color && extras)
    return put_vertices (self, options, TRUE, TRUE, dest);
  if (color)
    return put_vertices (self, options, TRUE, FALSE, dest);
  if (extras)
    return put_vertices (self, options, FALSE, TRUE, dest);
  return put_vertices (self, options, FALSE, FALSE, dest);
}

/* ---- all of it ---- */

static guint8 *
write_vertices (RcCloud *self, const RcStereo *stereo,
    const RcCloudImages *images, const RcCloudOptions *options, guint8 *dest)
{
  RcPlyContent content = rc_cloud_get_content (images, options);
  guint least = find_least_confidence (options->min_confidence);
  gsize vertex_size = rc_ply_vertex_size (&content);
  RowOptions row = {
      .focal = stereo->focal_length,
      .width = images->width,
      .vertex_size = vertex_size,
      .skip = options->organized ? vertex_size : 0,
      .has_errors = content.depth_error,
  };
  guint8 *end = dest;

  for (guint k = 0; k < images->height; k++) {
    const guint8 *disparity = get_row (&images->disparity, k);

    row.row = k + 0.5 - stereo->principal_point_v;
    look_up_scales (self, disparity, row.width);
    if (content.confidence) {
      row.confidence = get_row (&images->confidence, k);
      apply_confidences (self, row.confidence, row.width, least);
    }
    if (content.depth_error)
      apply_errors (self, disparity, get_row (&images->error, k), row.width,
          options->max_depth_error);
    if (content.color)
      rc_cloud_color_fill_row (self->color, k, self->colors);
    if (content.faces)
      number_row (self->scales, row.width, options->organized,
          (end - dest) / vertex_size, self->numbers + (gsize)k * row.width);
    end = put_row (self, &row, content.color, end);
  }
  return end;
}

static void
make_room_for_numbers (RcCloud *self, gsize n_pixels)
{
  if (n_pixels == self->n_numbers)
    return;
  g_free (self->numbers);
  self->numbers = g_new (guint32, n_pixels);
  self->n_numbers = n_pixels;
}

/* In stored steps. */
static guint
find_max_step (gdouble pixels, gdouble scale)
{
  gdouble steps = floor (pixels / scale);

  if (isnan (steps))
    return 0;
  /* What the division rounded. */
  if ((steps + 1) * scale <= pixels)
    steps++;
  else if (steps * scale > pixels)
    steps--;
  return CLAMP (steps, 0, G_MAXUINT16);
}

gsize
rc_cloud_write (RcCloud *self, const RcStereo *stereo,
    const RcCloudImages *images, const RcCloudOptions *options, guint8 *dest,
    guint *n_vertices, guint *n_faces)
{
  TableKey key = {
      *stereo, options->min_depth, options->max_depth, images->big_endian};
  RcPlyContent content = rc_cloud_get_content (images, options);
  guint8 *end;

  update_tables (self, &key);
  prepare_rows (self, stereo, images->width);
  if (content.color)
    rc_cloud_color_begin (
        self->color, &images->left, images->width, images->height);
  if (content.faces)
    make_room_for_numbers (self, (gsize)images->width * images->height);

  end = write_vertices (self, stereo, images, options, dest);
  *n_vertices = (end - dest) / rc_ply_vertex_size (&content);
  *n_faces = 0;
  if (content.faces) {
    *n_faces = rc_cloud_write_faces (images, self->numbers,
        find_max_step (options->face_step, stereo->scale), end);
    end += (gsize)*n_faces * RC_PLY_FACE_SIZE;
  }
  return end - dest;
}
