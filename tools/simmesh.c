/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "simmesh.h"

#include <string.h>

/* Neighbours whose depths differ by more than this part are not joined. */
#define DEPTH_JUMP 0.08f

#define VERTEX_SIZE (3 * 4 + 3)
#define FACE_SIZE (1 + 3 * 4)

typedef struct {
  gfloat x, y, z;
  guint8 rgb[3];
} Vertex;

/* One bin of the disparity image is one cell; its vertex is at `index`, or
 * there is none (-1). */
typedef struct {
  const SimMeshInput *input;
  RcMeshBinning binning;
  guint bin; /* pixels */
  guint columns;
  guint rows;
  gint32 *indices;
  GArray *vertices; /* of Vertex */
  GArray *faces;    /* of gint32[3] */
} Mesh;

/* The pixel that stands for the bin; FALSE if none of it is valid. */
static gboolean
choose_pixel (
    const Mesh *mesh, guint column, guint row, guint *best_x, guint *best_y)
{
  const SimIntrinsics *depth = mesh->input->depth;
  guint x0 = column * mesh->bin;
  guint y0 = row * mesh->bin;
  gint middle = mesh->bin / 2;
  glong best = G_MINLONG;

  for (guint y = y0; y < MIN (y0 + mesh->bin, depth->height); y++) {
    for (guint x = x0; x < MIN (x0 + mesh->bin, depth->width); x++) {
      guint16 value = mesh->input->disparity[(gsize)y * depth->width + x];
      gint dx = (gint)(x - x0) - middle;
      gint dy = (gint)(y - y0) - middle;
      glong score = mesh->binning == RC_MESH_BINNING_MIN_DEPTH
                        ? value
                        : -(glong)(dx * dx + dy * dy);

      if (value == SIM_DISPARITY_INVALID || score <= best)
        continue;
      best = score;
      *best_x = x;
      *best_y = y;
    }
  }
  return best != G_MINLONG;
}

static Vertex
vertex_of_pixel (const SimMeshInput *input, guint x, guint y)
{
  const SimIntrinsics *depth = input->depth;
  gdouble disparity = input->disparity[(gsize)y * depth->width + x]
                      * (gdouble)SIM_DISPARITY_SCALE;
  gdouble scale = input->baseline / disparity;
  gdouble k = input->camera->focal_length / depth->focal_length;
  guint cx = MIN ((x + 0.5) * k, input->camera->width - 1);
  guint cy = MIN ((y + 0.5) * k, input->camera->height - 1);
  Vertex vertex = {
      .x = (x + 0.5 - depth->u) * scale,
      .y = (y + 0.5 - depth->v) * scale,
      .z = depth->focal_length * scale,
  };

  memcpy (
      vertex.rgb, input->rgb + ((gsize)cy * input->camera->width + cx) * 3, 3);
  return vertex;
}

static void
add_vertices (Mesh *mesh)
{
  for (guint row = 0; row < mesh->rows; row++) {
    for (guint column = 0; column < mesh->columns; column++) {
      guint x, y;
      gint32 *index = &mesh->indices[(gsize)row * mesh->columns + column];

      *index = -1;
      if (!choose_pixel (mesh, column, row, &x, &y))
        continue;
      Vertex vertex = vertex_of_pixel (mesh->input, x, y);
      *index = mesh->vertices->len;
      g_array_append_val (mesh->vertices, vertex);
    }
  }
}

static gboolean
are_joined (const Mesh *mesh, gint32 a, gint32 b)
{
  if (a < 0 || b < 0)
    return FALSE;
  gfloat za = g_array_index (mesh->vertices, Vertex, a).z;
  gfloat zb = g_array_index (mesh->vertices, Vertex, b).z;

  return fabsf (za - zb) <= DEPTH_JUMP * MIN (za, zb);
}

static void
add_face (Mesh *mesh, gint32 a, gint32 b, gint32 c)
{
  gint32 corners[3] = {a, b, c};

  if (are_joined (mesh, a, b) && are_joined (mesh, b, c)
      && are_joined (mesh, c, a))
    g_array_append_vals (mesh->faces, corners, 3);
}

static void
add_faces (Mesh *mesh)
{
  for (guint row = 0; row + 1 < mesh->rows; row++) {
    for (guint column = 0; column + 1 < mesh->columns; column++) {
      const gint32 *top = &mesh->indices[(gsize)row * mesh->columns + column];
      const gint32 *bottom = top + mesh->columns;

      /* Counter-clockwise as the camera sees them. */
      add_face (mesh, top[0], bottom[0], top[1]);
      add_face (mesh, top[1], bottom[0], bottom[1]);
    }
  }
}

static guint8 *
write_float (guint8 *out, gfloat value)
{
  guint32 bits;

  memcpy (&bits, &value, 4);
  bits = GUINT32_TO_LE (bits);
  memcpy (out, &bits, 4);
  return out + 4;
}

static guint8 *
write_index (guint8 *out, gint32 value)
{
  value = GINT32_TO_LE (value);
  memcpy (out, &value, 4);
  return out + 4;
}

static GBytes *
write_ply (const Mesh *mesh)
{
  guint n_faces = mesh->faces->len / 3;
  g_autofree gchar *header = g_strdup_printf (
      "ply\n"
      "format binary_little_endian 1.0\n"
      "comment rcgrpc-sim, metres, left camera's frame\n"
      "element vertex %u\n"
      "property float x\nproperty float y\nproperty float z\n"
      "property uchar red\nproperty uchar green\nproperty uchar blue\n"
      "element face %u\n"
      "property list uchar int vertex_indices\n"
      "end_header\n",
      mesh->vertices->len, n_faces);
  gsize header_size = strlen (header);
  gsize size = header_size + (gsize)mesh->vertices->len * VERTEX_SIZE
               + (gsize)n_faces * FACE_SIZE;
  guint8 *ply = g_malloc (size);
  guint8 *out = ply + header_size;

  memcpy (ply, header, header_size);
  for (guint i = 0; i < mesh->vertices->len; i++) {
    const Vertex *vertex = &g_array_index (mesh->vertices, Vertex, i);

    out = write_float (out, vertex->x);
    out = write_float (out, vertex->y);
    out = write_float (out, vertex->z);
    memcpy (out, vertex->rgb, 3);
    out += 3;
  }
  for (guint i = 0; i < n_faces; i++) {
    *out++ = 3;
    for (guint k = 0; k < 3; k++)
      out = write_index (out, g_array_index (mesh->faces, gint32, i * 3 + k));
  }
  return g_bytes_new_take (ply, size);
}

static guint
count_valid (const SimMeshInput *input)
{
  gsize n_pixels = (gsize)input->depth->width * input->depth->height;
  guint n = 0;

  for (gsize i = 0; i < n_pixels; i++)
    n += input->disparity[i] != SIM_DISPARITY_INVALID;
  return n;
}

static guint
n_bins (guint side, guint bin)
{
  return (side + bin - 1) / bin;
}

GBytes *
sim_mesh_new (
    const SimMeshInput *input, guint max_points, RcMeshBinning binning)
{
  guint width = input->depth->width;
  guint height = input->depth->height;
  Mesh mesh = {.input = input, .binning = binning, .bin = 1};

  if (max_points == 0)
    max_points = SIM_MESH_DEFAULT_POINTS;
  max_points = MAX (max_points, SIM_MESH_MIN_POINTS);
  if (count_valid (input) > max_points)
    while ((guint64)n_bins (width, mesh.bin) * n_bins (height, mesh.bin)
           > max_points)
      mesh.bin++;

  mesh.columns = n_bins (width, mesh.bin);
  mesh.rows = n_bins (height, mesh.bin);
  gsize n_cells = (gsize)mesh.columns * mesh.rows;
  mesh.indices = g_new (gint32, n_cells);
  mesh.vertices = g_array_new (FALSE, FALSE, sizeof (Vertex));
  mesh.faces = g_array_new (FALSE, FALSE, sizeof (gint32));
  add_vertices (&mesh);
  add_faces (&mesh);

  GBytes *ply = write_ply (&mesh);
  g_free (mesh.indices);
  g_array_unref (mesh.vertices);
  g_array_unref (mesh.faces);
  return ply;
}
