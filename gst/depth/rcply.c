/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "depth/rcply.h"

#include <math.h>

/* Floats have nine significant digits: so many tell any two apart. The smallest
 * whole number of so many digits. */
#define SIGNIFICANT_START 1e8

/* Characters at most, with what separates them from the next. */
#define MAX_UINT_TEXT 10
#define MAX_FLOAT_TEXT 16
#define MAX_VERTEX_TEXT ((gsize)(5 * MAX_FLOAT_TEXT + 3 * 4))
#define MAX_FACE_TEXT ((gsize)(1 + 3 * (1 + MAX_UINT_TEXT) + 1))

/* Printed between two looks at whether it is still wanted: milliseconds. */
#define LINES_AT_A_TIME 8192

gsize
rc_ply_vertex_size (const RcPlyContent *content)
{
  return RC_PLY_POSITION_SIZE + (content->color ? RC_PLY_COLOR_SIZE : 0)
         + (content->confidence ? sizeof (gfloat) : 0)
         + (content->depth_error ? sizeof (gfloat) : 0);
}

/* ---- header ---- */

static guint
count_digits (guint number)
{
  guint n = 1;

  while (number >= 10) {
    number /= 10;
    n++;
  }
  return n;
}

static GString *
make_header (const RcPlyContent *content, RcPlyFormat format, guint n_vertices,
    guint n_faces)
{
  GString *text = g_string_new ("ply\n");
  guint padding = 2 * MAX_UINT_TEXT - count_digits (n_vertices);

  if (content->faces)
    padding -= count_digits (n_faces);
  g_string_append_printf (text, "format %s 1.0\n",
      format == RC_PLY_ASCII ? "ascii" : "binary_little_endian");
  /* Zeros before a number would be octal to some readers, so a comment takes
   * up what the numbers leave. */
  g_string_append_printf (text,
      "comment Metres from the left camera: x to the right, y down, z "
      "forward%*s\n",
      (int)padding, "");
  if (content->columns > 0)
    g_string_append_printf (text,
        "obj_info num_cols %u\nobj_info num_rows %u\n", content->columns,
        content->rows);
  g_string_append_printf (text,
      "element vertex %u\n"
      "property float x\nproperty float y\nproperty float z\n",
      n_vertices);
  if (content->color)
    g_string_append (text, "property uchar red\nproperty uchar green\n"
                           "property uchar blue\n");
  if (content->confidence)
    g_string_append (text, "property float confidence\n");
  if (content->depth_error)
    g_string_append (text, "property float depth_error\n");
  if (content->faces)
    g_string_append_printf (text,
        "element face %u\nproperty list uchar int vertex_indices\n", n_faces);
  g_string_append (text, "end_header\n");
  return text;
}

gsize
rc_ply_header_size (const RcPlyContent *content, RcPlyFormat format)
{
  GString *text = make_header (content, format, 0, 0);
  gsize size = text->len;

  g_string_free (text, TRUE);
  return size;
}

void
rc_ply_write_header (const RcPlyContent *content, RcPlyFormat format,
    guint n_vertices, guint n_faces, gchar *dest)
{
  GString *text = make_header (content, format, n_vertices, n_faces);

  memcpy (dest, text->str, text->len);
  g_string_free (text, TRUE);
}

/* ---- ASCII ---- */

static guint32
get_uint (const guint8 *src)
{
  guint32 value;

  memcpy (&value, src, sizeof value);
  return GUINT32_FROM_LE (value);
}

static gfloat
get_float (const guint8 *src)
{
  guint32 bits = get_uint (src);
  gfloat value;

  memcpy (&value, &bits, sizeof value);
  return value;
}

static gchar *
print_uint (gchar *dest, guint value)
{
  guint n = count_digits (value);

  for (guint i = n; i > 0; i--) {
    dest[i - 1] = '0' + value % 10;
    value /= 10;
  }
  return dest + n;
}

/* @digits · 10^-@decimals, without zeros at the end. */
static gchar *
print_fixed (gchar *dest, guint64 digits, guint decimals)
{
  guint64 unit = 1;

  while (decimals > 0 && digits % 10 == 0) {
    digits /= 10;
    decimals--;
  }
  for (guint i = 0; i < decimals; i++)
    unit *= 10;
  dest = print_uint (dest, digits / unit);
  if (decimals == 0)
    return dest;
  *dest++ = '.';
  for (guint i = decimals; i > 0; i--) {
    dest[i - 1] = '0' + digits % 10;
    digits /= 10;
  }
  return dest + decimals;
}

/* What is common by integers, which takes a fraction of printf's time. */
static gchar *
print_float (gchar *dest, gfloat value)
{
  gdouble digits = fabs (value);
  guint decimals = 0;

  if (isnan (value)) {
    memcpy (dest, "nan", 3);
    return dest + 3;
  }
  if (digits != 0 && !(digits >= 1e-3 && digits < SIGNIFICANT_START)) {
    g_ascii_formatd (dest, MAX_FLOAT_TEXT, "%.9g", value);
    return dest + strlen (dest);
  }
  if (value < 0)
    *dest++ = '-';
  for (; digits != 0 && digits < SIGNIFICANT_START; decimals++)
    digits *= 10;
  return print_fixed (dest, digits + 0.5, decimals);
}

static gchar *
print_vertex (const RcPlyContent *content, const guint8 *src, gchar *dest)
{
  guint n_extra = (content->confidence != 0) + (content->depth_error != 0);

  for (guint i = 0; i < 3; i++, src += sizeof (gfloat)) {
    dest = print_float (dest, get_float (src));
    *dest++ = ' ';
  }
  for (guint i = 0; content->color && i < RC_PLY_COLOR_SIZE; i++) {
    dest = print_uint (dest, *src++);
    *dest++ = ' ';
  }
  for (guint i = 0; i < n_extra; i++, src += sizeof (gfloat)) {
    dest = print_float (dest, get_float (src));
    *dest++ = ' ';
  }
  dest[-1] = '\n';
  return dest;
}

static gchar *
print_face (const guint8 *src, gchar *dest)
{
  *dest++ = '3';
  for (guint i = 0; i < 3; i++) {
    *dest++ = ' ';
    dest = print_uint (dest, get_uint (src + 1 + i * sizeof (guint32)));
  }
  *dest++ = '\n';
  return dest;
}

gchar *
rc_ply_print (const RcPlyContent *content, const guint8 *body, guint n_vertices,
    guint n_faces, RcPlyIsCancelled is_cancelled, gpointer data, gsize *size)
{
  gsize header_size = rc_ply_header_size (content, RC_PLY_ASCII);
  gsize vertex_size = rc_ply_vertex_size (content);
  const guint8 *faces = body + n_vertices * vertex_size;
  g_autofree gchar *text = g_try_malloc (
      header_size + n_vertices * MAX_VERTEX_TEXT + n_faces * MAX_FACE_TEXT);
  gchar *end;

  if (text == NULL)
    return NULL;
  end = text + header_size;
  rc_ply_write_header (content, RC_PLY_ASCII, n_vertices, n_faces, text);
  for (gsize i = 0; i < n_vertices; i++) {
    if (i % LINES_AT_A_TIME == 0 && is_cancelled (data))
      return NULL;
    end = print_vertex (content, body + i * vertex_size, end);
  }
  for (gsize i = 0; i < n_faces; i++) {
    if (i % LINES_AT_A_TIME == 0 && is_cancelled (data))
      return NULL;
    end = print_face (faces + i * RC_PLY_FACE_SIZE, end);
  }
  *size = end - text;
  return g_realloc (g_steal_pointer (&text), *size);
}
