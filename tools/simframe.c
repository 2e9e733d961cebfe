/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "simframe.h"

#include <string.h>

/* Meshes of different options that a frame keeps; of more, the oldest go. */
#define MAX_MESHES 4

typedef struct {
  guint max_points;
  RcMeshBinning binning;
  GBytes *ply;
} FrameMesh;

/* An image as it was rendered and as it is sent: the same bytes if there is
 * no padding. */
typedef struct {
  GBytes *tight;
  GBytes *padded;
} Picture;

typedef enum {
  LEFT_GREY,
  RIGHT_GREY,
  LEFT_RGB,
  RIGHT_RGB,
  DISPARITY,
  CONFIDENCE,
  ERROR,
  N_PICTURES,
} PictureKind;

struct _SimFrame {
  SimScene *scene;
  gdouble baseline;
  gfloat phase;
  guint padding;
  Picture pictures[N_PICTURES];
  GArray *meshes; /* of FrameMesh */
};

static void
clear_mesh (gpointer data)
{
  g_bytes_unref (((FrameMesh *)data)->ply);
}

SimFrame *
sim_frame_new (SimScene *scene, gdouble baseline, gfloat phase, guint padding)
{
  SimFrame *frame = g_new0 (SimFrame, 1);

  frame->scene = scene;
  frame->baseline = baseline;
  frame->phase = phase;
  frame->padding = padding;
  frame->meshes = g_array_new (FALSE, FALSE, sizeof (FrameMesh));
  g_array_set_clear_func (frame->meshes, clear_mesh);
  return frame;
}

void
sim_frame_free (SimFrame *frame)
{
  for (guint i = 0; i < N_PICTURES; i++) {
    g_clear_pointer (&frame->pictures[i].tight, g_bytes_unref);
    g_clear_pointer (&frame->pictures[i].padded, g_bytes_unref);
  }
  g_array_unref (frame->meshes);
  g_free (frame);
}

static GBytes *
pad_rows (GBytes *tight, gsize row_size, guint height, guint padding)
{
  const guint8 *rows = g_bytes_get_data (tight, NULL);
  gsize step = row_size + padding;

  if (padding == 0)
    return g_bytes_ref (tight);
  guint8 *padded = g_malloc (step * height);
  for (guint y = 0; y < height; y++) {
    memcpy (padded + y * step, rows + y * row_size, row_size);
    memset (padded + y * step + row_size, SIM_PADDING_BYTE, padding);
  }
  return g_bytes_new_take (padded, step * height);
}

static void
store (SimFrame *frame, PictureKind kind, gpointer pixels, gsize row_size,
    guint height)
{
  Picture *picture = &frame->pictures[kind];

  picture->tight = g_bytes_new_take (pixels, row_size * height);
  picture->padded = pad_rows (picture->tight, row_size, height, frame->padding);
}

static void
render_view (SimFrame *frame, SimView view, gboolean color)
{
  const SimIntrinsics *image = sim_scene_get_camera (frame->scene);
  gsize row_size = (gsize)image->width * (color ? 3 : 1);
  guint8 *pixels = g_malloc (row_size * image->height);

  sim_scene_render_view (frame->scene, view, frame->phase, color, pixels);
  store (frame, (color ? LEFT_RGB : LEFT_GREY) + view, pixels, row_size,
      image->height);
}

static void
render_depth (SimFrame *frame)
{
  const SimIntrinsics *image = sim_scene_get_depth (frame->scene);
  gsize n_pixels = (gsize)image->width * image->height;
  guint16 *disparity = g_new (guint16, n_pixels);
  guint8 *confidence = g_malloc (n_pixels);
  guint8 *error = g_malloc (n_pixels);

  sim_scene_render_depth (
      frame->scene, frame->phase, disparity, confidence, error);
  store (frame, DISPARITY, disparity, 2 * (gsize)image->width, image->height);
  store (frame, CONFIDENCE, confidence, image->width, image->height);
  store (frame, ERROR, error, image->width, image->height);
}

static const Picture *
get_picture (SimFrame *frame, PictureKind kind)
{
  if (!frame->pictures[kind].tight) {
    if (kind >= DISPARITY)
      render_depth (frame);
    else
      render_view (frame,
          kind == LEFT_GREY || kind == LEFT_RGB ? SIM_LEFT : SIM_RIGHT,
          kind == LEFT_RGB || kind == RIGHT_RGB);
  }
  return &frame->pictures[kind];
}

GBytes *
sim_frame_get_image (SimFrame *frame, RcStream stream, gboolean color)
{
  switch (stream) {
  case RC_STREAM_LEFT:
    return get_picture (frame, color ? LEFT_RGB : LEFT_GREY)->padded;
  case RC_STREAM_RIGHT:
    return get_picture (frame, color ? RIGHT_RGB : RIGHT_GREY)->padded;
  case RC_STREAM_DISPARITY:
    return get_picture (frame, DISPARITY)->padded;
  case RC_STREAM_CONFIDENCE:
    return get_picture (frame, CONFIDENCE)->padded;
  case RC_STREAM_ERROR:
    return get_picture (frame, ERROR)->padded;
  case RC_STREAM_MESH:
  case RC_STREAM_METADATA:
    break;
  }
  g_return_val_if_reached (NULL);
}

GBytes *
sim_frame_get_mesh (SimFrame *frame, const RcRequest *request)
{
  for (guint i = 0; i < frame->meshes->len; i++) {
    FrameMesh *mesh = &g_array_index (frame->meshes, FrameMesh, i);

    if (mesh->max_points == request->mesh_max_points
        && mesh->binning == request->mesh_binning)
      return mesh->ply;
  }

  SimMeshInput input = {
      .depth = sim_scene_get_depth (frame->scene),
      .baseline = frame->baseline,
      .disparity =
          g_bytes_get_data (get_picture (frame, DISPARITY)->tight, NULL),
      .camera = sim_scene_get_camera (frame->scene),
      .rgb = g_bytes_get_data (get_picture (frame, LEFT_RGB)->tight, NULL),
  };
  FrameMesh mesh = {request->mesh_max_points, request->mesh_binning,
      sim_mesh_new (&input, request->mesh_max_points, request->mesh_binning)};

  if (frame->meshes->len == MAX_MESHES)
    g_array_remove_index (frame->meshes, 0);
  g_array_append_val (frame->meshes, mesh);
  return mesh.ply;
}
