/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "simscene.h"

#include <string.h>

/* Disparities of neighbours that differ by more than this many pixels have an
 * edge between them. */
#define EDGE_DISPARITY 0.6f
/* Depth pixels from an edge within which confidence is lower. */
#define EDGE_REACH 2

/* What one camera sees of the world without the ball. */
typedef struct {
  guint8 *rgb;
  guint8 *grey;
  gfloat *depth; /* Z, metres */
} Backdrop;

/* The same for the depth images. */
typedef struct {
  gfloat *depth;
  guint16 *disparity;
  guint8 *certainty; /* confidence, edges left out of account */
  guint8 *confidence;
} DepthBackdrop;

/* Columns x0 … x1 - 1, rows y0 … y1 - 1. */
typedef struct {
  gint x0, y0, x1, y1;
} Area;

struct _SimScene {
  SimIntrinsics camera;
  SimIntrinsics depth;
  gfloat baseline;
  guint32 seed;

  /* Made when they are needed first. */
  Backdrop *backdrops[2];
  DepthBackdrop *depth_backdrop;
  guint8 *scratch; /* certainty of one picture */
};

static void
backdrop_free (Backdrop *backdrop)
{
  g_free (backdrop->rgb);
  g_free (backdrop->grey);
  g_free (backdrop->depth);
  g_free (backdrop);
}

static void
depth_backdrop_free (DepthBackdrop *backdrop)
{
  g_free (backdrop->depth);
  g_free (backdrop->disparity);
  g_free (backdrop->certainty);
  g_free (backdrop->confidence);
  g_free (backdrop);
}

SimScene *
sim_scene_new (const SimSceneConfig *config)
{
  SimScene *scene = g_new0 (SimScene, 1);
  gdouble k = config->divisor;

  /* The optical axes are near the middle, as real ones. */
  scene->camera = (SimIntrinsics){config->width, config->height,
      config->focal_length, 0.504 * config->width, 0.495 * config->height};
  scene->depth = (SimIntrinsics){
      (config->width + config->divisor - 1) / config->divisor,
      (config->height + config->divisor - 1) / config->divisor,
      scene->camera.focal_length / k, scene->camera.u / k, scene->camera.v / k};
  scene->baseline = config->baseline;
  scene->seed = config->seed;
  return scene;
}

void
sim_scene_free (SimScene *scene)
{
  for (guint i = 0; i < 2; i++)
    g_clear_pointer (&scene->backdrops[i], backdrop_free);
  g_clear_pointer (&scene->depth_backdrop, depth_backdrop_free);
  g_free (scene->scratch);
  g_free (scene);
}

const SimIntrinsics *
sim_scene_get_camera (const SimScene *scene)
{
  return &scene->camera;
}

const SimIntrinsics *
sim_scene_get_depth (const SimScene *scene)
{
  return &scene->depth;
}

guint8
sim_grey (const guint8 *rgb)
{
  return (77 * rgb[0] + 150 * rgb[1] + 29 * rgb[2] + 128) >> 8;
}

/* Through the centre of a pixel; Z is 1 in the camera's frame, so that a
 * distance in its lengths is a depth. */
static SimVector
pixel_ray (const SimIntrinsics *image, gint x, gint y)
{
  gfloat scale = 1.0f / (gfloat)image->focal_length;

  return sim_world_from_camera (
      (SimVector){(x + 0.5f - (gfloat)image->u) * scale,
          (y + 0.5f - (gfloat)image->v) * scale, 1.0f});
}

static SimVector
optical_centre (const SimScene *scene, SimView view)
{
  return (SimVector){view == SIM_RIGHT ? scene->baseline : 0, 0, 0};
}

static gfloat
footprint_at (const SimScene *scene, gfloat depth)
{
  return depth / scene->camera.focal_length;
}

static guint8
to_byte (gfloat value)
{
  return CLAMP (value, 0.0f, 1.0f) * 255.0f + 0.5f;
}

static void
store_color (SimColor color, guint8 *rgb)
{
  rgb[0] = to_byte (color.x);
  rgb[1] = to_byte (color.y);
  rgb[2] = to_byte (color.z);
}

/* --- what the ball can change --- */

/* Where a sphere can be seen along one axis: exact tangents. FALSE if it
 * reaches behind the camera. */
static gboolean
tangents (gfloat across, gfloat ahead, gfloat radius, gfloat *from, gfloat *to)
{
  gfloat room = ahead * ahead - radius * radius;
  gfloat reach = across * across + room;

  if (ahead <= 0 || room <= 0 || reach <= 0)
    return FALSE;
  *from = (across * ahead - radius * sqrtf (reach)) / room;
  *to = (across * ahead + radius * sqrtf (reach)) / room;
  return TRUE;
}

static Area
clip_area (Area area, const SimIntrinsics *image)
{
  return (Area){CLAMP (area.x0, 0, (gint)image->width),
      CLAMP (area.y0, 0, (gint)image->height),
      CLAMP (area.x1, 0, (gint)image->width),
      CLAMP (area.y1, 0, (gint)image->height)};
}

static Area
area_of_sphere (const SimScene *scene, const SimIntrinsics *image, SimView view,
    SimVector center, gfloat radius)
{
  SimVector c =
      sim_world_to_camera (sim_sub (center, optical_centre (scene, view)));
  gfloat left, right, top, bottom;

  if (!tangents (c.x, c.z, radius, &left, &right)
      || !tangents (c.y, c.z, radius, &top, &bottom))
    return (Area){0, 0, image->width, image->height};
  return clip_area ((Area){floor (left * image->focal_length + image->u) - 1,
                        floor (top * image->focal_length + image->v) - 1,
                        ceil (right * image->focal_length + image->u) + 1,
                        ceil (bottom * image->focal_length + image->v) + 1},
      image);
}

static Area
unite (Area a, Area b)
{
  return (Area){
      MIN (a.x0, b.x0), MIN (a.y0, b.y0), MAX (a.x1, b.x1), MAX (a.y1, b.y1)};
}

/* --- camera images --- */

static Backdrop *
cast_backdrop (const SimScene *scene, SimView view)
{
  const SimIntrinsics *image = &scene->camera;
  gsize n_pixels = (gsize)image->width * image->height;
  SimVector origin = optical_centre (scene, view);
  Backdrop *backdrop = g_new0 (Backdrop, 1);

  backdrop->rgb = g_malloc (n_pixels * 3);
  backdrop->grey = g_malloc (n_pixels);
  backdrop->depth = g_new (gfloat, n_pixels);
  for (gsize i = 0; i < n_pixels; i++) {
    SimHit hit = sim_cast_still (
        origin, pixel_ray (image, i % image->width, i / image->width));
    guint8 *rgb = backdrop->rgb + i * 3;

    store_color (
        sim_still_color (&hit, scene->seed, footprint_at (scene, hit.distance)),
        rgb);
    backdrop->grey[i] = sim_grey (rgb);
    backdrop->depth[i] = hit.distance;
  }
  return backdrop;
}

/* The colour of one pixel with the ball; FALSE if it is the backdrop's. */
static gboolean
cast_moving_pixel (const SimScene *scene, const Backdrop *backdrop,
    SimVector origin, const SimBall *ball, gint x, gint y, guint8 *rgb)
{
  gsize i = (gsize)y * scene->camera.width + x;
  SimVector ray = pixel_ray (&scene->camera, x, y);
  gfloat depth = backdrop->depth[i];
  SimHit hit;

  if (sim_cast_ball (ball, origin, ray, &hit) && hit.distance < depth) {
    store_color (sim_ball_color (ball, &hit, scene->seed,
                     footprint_at (scene, hit.distance)),
        rgb);
    return TRUE;
  }

  SimVector point = sim_add (origin, sim_scale (ray, depth));
  if (fabsf (point.y - SIM_GROUND_Y) > 1e-4f)
    return FALSE;
  gfloat light = sim_ball_light (ball, point);
  if (light >= 1.0f)
    return FALSE;
  for (guint k = 0; k < 3; k++)
    rgb[k] = backdrop->rgb[i * 3 + k] * light + 0.5f;
  return TRUE;
}

static void
cast_moving_area (const SimScene *scene, SimView view, const SimBall *ball,
    Area area, gboolean color, guint8 *pixels)
{
  SimVector origin = optical_centre (scene, view);

  for (gint y = area.y0; y < area.y1; y++) {
    for (gint x = area.x0; x < area.x1; x++) {
      gsize i = (gsize)y * scene->camera.width + x;
      guint8 rgb[3];

      if (!cast_moving_pixel (
              scene, scene->backdrops[view], origin, ball, x, y, rgb))
        continue;
      if (color)
        memcpy (pixels + i * 3, rgb, 3);
      else
        pixels[i] = sim_grey (rgb);
    }
  }
}

void
sim_scene_render_view (
    SimScene *scene, SimView view, gfloat phase, gboolean color, guint8 *pixels)
{
  const SimIntrinsics *image = &scene->camera;
  gsize n_pixels = (gsize)image->width * image->height;
  SimBall ball = sim_ball_at (phase, scene->seed);
  SimVector shadow;
  gfloat shadow_radius;

  if (!scene->backdrops[view])
    scene->backdrops[view] = cast_backdrop (scene, view);
  if (color)
    memcpy (pixels, scene->backdrops[view]->rgb, n_pixels * 3);
  else
    memcpy (pixels, scene->backdrops[view]->grey, n_pixels);

  sim_ball_shadow_bounds (&ball, &shadow, &shadow_radius);
  Area shadow_area = area_of_sphere (scene, image, view, shadow, shadow_radius);
  Area ball_area =
      area_of_sphere (scene, image, view, ball.center, SIM_BALL_RADIUS);
  cast_moving_area (scene, view, &ball, shadow_area, color, pixels);
  cast_moving_area (scene, view, &ball, ball_area, color, pixels);
}

/* --- depth images --- */

/* Both cameras have the pixel's point in their image. */
static gboolean
is_in_both_images (const SimScene *scene, gint x, gint y, gfloat disparity)
{
  gdouble k = scene->camera.focal_length / scene->depth.focal_length;

  return (x + 0.5) * k < scene->camera.width
         && (y + 0.5) * k < scene->camera.height && x + 0.5 - disparity >= 0;
}

/* The stored value; the smallest step stands for a disparity of 0. */
static guint16
measure_disparity (const SimScene *scene, gint x, gint y, const SimHit *hit,
    const SimBall *ball)
{
  gfloat disparity =
      scene->depth.focal_length * scene->baseline / hit->distance;

  if (!is_in_both_images (scene, x, y, disparity)
      || !sim_sees (optical_centre (scene, SIM_RIGHT), hit, ball))
    return SIM_DISPARITY_INVALID;
  return CLAMP (disparity / SIM_DISPARITY_SCALE + 0.5f, 1.0f, 65535.0f);
}

/* Sure where a surface is seen straight on. */
static guint8
measure_certainty (const SimHit *hit)
{
  gfloat cosine = -sim_dot (hit->normal, sim_normalize (hit->point));

  return 255.0f * (0.45f + 0.55f * MIN (1.0f, 1.5f * MAX (0.0f, cosine)));
}

/* TRUE if there is an edge @reach pixels away. */
static gboolean
is_near_edge (const SimIntrinsics *image, const guint16 *disparity, gint x,
    gint y, gint reach)
{
  static const gint steps[4][2] = {{1, 0}, {-1, 0}, {0, 1}, {0, -1}};
  gint limit = reach * EDGE_DISPARITY / SIM_DISPARITY_SCALE;
  gint here = disparity[(gsize)y * image->width + x];

  for (guint i = 0; i < 4; i++) {
    gint nx = x + reach * steps[i][0];
    gint ny = y + reach * steps[i][1];

    if (nx < 0 || ny < 0 || nx >= (gint)image->width
        || ny >= (gint)image->height)
      continue;
    gint there = disparity[(gsize)ny * image->width + nx];
    if (there == SIM_DISPARITY_INVALID || ABS (there - here) > limit)
      return TRUE;
  }
  return FALSE;
}

static void
measure_confidence (const SimScene *scene, Area area, const guint16 *disparity,
    const guint8 *certainty, guint8 *confidence)
{
  const SimIntrinsics *image = &scene->depth;

  for (gint y = area.y0; y < area.y1; y++) {
    for (gint x = area.x0; x < area.x1; x++) {
      gsize i = (gsize)y * image->width + x;
      gfloat factor = 1.0f;

      if (disparity[i] == SIM_DISPARITY_INVALID) {
        confidence[i] = 0;
        continue;
      }
      for (gint reach = EDGE_REACH; reach > 0; reach--)
        if (is_near_edge (image, disparity, x, y, reach))
          factor = (0.5f + reach) / (0.5f + EDGE_REACH + 1);
      confidence[i] = MAX (1, certainty[i] * factor);
    }
  }
}

static DepthBackdrop *
cast_depth_backdrop (const SimScene *scene)
{
  const SimIntrinsics *image = &scene->depth;
  gsize n_pixels = (gsize)image->width * image->height;
  DepthBackdrop *backdrop = g_new0 (DepthBackdrop, 1);

  backdrop->depth = g_new (gfloat, n_pixels);
  backdrop->disparity = g_new (guint16, n_pixels);
  backdrop->certainty = g_malloc (n_pixels);
  backdrop->confidence = g_malloc (n_pixels);
  for (gsize i = 0; i < n_pixels; i++) {
    gint x = i % image->width;
    gint y = i / image->width;
    SimHit hit = sim_cast_still (
        optical_centre (scene, SIM_LEFT), pixel_ray (image, x, y));

    backdrop->depth[i] = hit.distance;
    backdrop->disparity[i] = measure_disparity (scene, x, y, &hit, NULL);
    backdrop->certainty[i] = measure_certainty (&hit);
  }
  measure_confidence (scene, (Area){0, 0, image->width, image->height},
      backdrop->disparity, backdrop->certainty, backdrop->confidence);
  return backdrop;
}

static void
cast_moving_depth (const SimScene *scene, const SimBall *ball, gint x, gint y,
    guint16 *disparity, guint8 *certainty)
{
  const DepthBackdrop *backdrop = scene->depth_backdrop;
  gsize i = (gsize)y * scene->depth.width + x;
  SimVector ray = pixel_ray (&scene->depth, x, y);
  SimVector eye = optical_centre (scene, SIM_LEFT);
  SimHit hit;

  if (sim_cast_ball (ball, eye, ray, &hit)
      && hit.distance < backdrop->depth[i]) {
    disparity[i] = measure_disparity (scene, x, y, &hit, ball);
    certainty[i] = measure_certainty (&hit);
  } else if (disparity[i] != SIM_DISPARITY_INVALID) {
    hit = sim_cast_still (eye, ray);
    if (!sim_sees (optical_centre (scene, SIM_RIGHT), &hit, ball))
      disparity[i] = SIM_DISPARITY_INVALID;
  }
}

/* d_eps from one step, where all is sure, to a pixel and more. */
static void
measure_error (gsize n_pixels, const guint8 *confidence, guint8 *error)
{
  for (gsize i = 0; i < n_pixels; i++)
    error[i] = confidence[i] == 0 ? 0 : 1 + (255 - confidence[i]) / 12;
}

void
sim_scene_render_depth (SimScene *scene, gfloat phase, guint16 *disparity,
    guint8 *confidence, guint8 *error)
{
  const SimIntrinsics *image = &scene->depth;
  gsize n_pixels = (gsize)image->width * image->height;
  SimBall ball = sim_ball_at (phase, scene->seed);

  if (!scene->depth_backdrop) {
    scene->depth_backdrop = cast_depth_backdrop (scene);
    scene->scratch = g_malloc (n_pixels);
  }
  const DepthBackdrop *backdrop = scene->depth_backdrop;
  memcpy (disparity, backdrop->disparity, n_pixels * sizeof *disparity);
  memcpy (confidence, backdrop->confidence, n_pixels);
  memcpy (scene->scratch, backdrop->certainty, n_pixels);

  /* What the ball hides from the right camera lies, in the left image,
   * between where the two cameras see the ball. */
  Area area = unite (
      area_of_sphere (scene, image, SIM_LEFT, ball.center, SIM_BALL_RADIUS),
      area_of_sphere (scene, image, SIM_RIGHT, ball.center, SIM_BALL_RADIUS));
  for (gint y = area.y0; y < area.y1; y++)
    for (gint x = area.x0; x < area.x1; x++)
      cast_moving_depth (scene, &ball, x, y, disparity, scene->scratch);

  area = clip_area ((Area){area.x0 - EDGE_REACH, area.y0 - EDGE_REACH,
                        area.x1 + EDGE_REACH, area.y1 + EDGE_REACH},
      image);
  measure_confidence (scene, area, disparity, scene->scratch, confidence);
  measure_error (n_pixels, confidence, error);
}
