/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The PLY files that clouds are written to: header, and text of what is binary.
 * Pure.
 *
 * A binary body is its vertices and then its faces, one after the other without
 * gaps, all numbers little-endian. A vertex: x, y, z (float); red, green, blue
 * (uchar) with a colour; confidence (float); depth_error (float). A face: 3
 * (uchar), three vertices' numbers (int). */

#pragma once

#include <glib.h>
#include <string.h>

G_BEGIN_DECLS

typedef enum {
  RC_PLY_BINARY,
  RC_PLY_ASCII,
} RcPlyFormat;

/**
 * RcPlyContent:
 * @color: vertices have a colour
 * @confidence: vertices have a confidence
 * @depth_error: vertices have an error of depth
 * @faces: there are faces
 * @columns: of the grid that the vertices are, row by row; 0 if they are none
 * @rows: of that grid
 *
 * What a file has besides positions.
 */
typedef struct {
  gboolean color;
  gboolean confidence;
  gboolean depth_error;
  gboolean faces;
  guint columns;
  guint rows;
} RcPlyContent;

#define RC_PLY_POSITION_SIZE 12
#define RC_PLY_COLOR_SIZE 3
#define RC_PLY_FACE_SIZE 13

/* Bytes of a vertex in a binary body. */
gsize rc_ply_vertex_size (const RcPlyContent *content);

/* Whatever the numbers of vertices and faces are: room can be left for a header
 * before they are known. */
gsize rc_ply_header_size (const RcPlyContent *content, RcPlyFormat format);

/* Writes rc_ply_header_size() bytes. */
void rc_ply_write_header (const RcPlyContent *content, RcPlyFormat format,
    guint n_vertices, guint n_faces, gchar *dest);

/* Whether nobody wants what is being made any more. */
typedef gboolean (*RcPlyIsCancelled) (gpointer data);

/* The whole file in ASCII for a binary @body, to be freed with g_free(); %NULL
 * without memory for it, or when @is_cancelled says so, which is asked every few
 * milliseconds: a large file takes seconds. Floats read back as they are,
 * whatever the locale. */
gchar *rc_ply_print (const RcPlyContent *content, const guint8 *body,
    guint n_vertices, guint n_faces, RcPlyIsCancelled is_cancelled,
    gpointer data, gsize *size);

static inline void
rc_ply_put_uint (guint8 *dest, guint32 value)
{
  value = GUINT32_TO_LE (value);
  memcpy (dest, &value, sizeof value);
}

static inline void
rc_ply_put_float (guint8 *dest, gfloat value)
{
  guint32 bits;

  memcpy (&bits, &value, sizeof bits);
  rc_ply_put_uint (dest, bits);
}

G_END_DECLS
