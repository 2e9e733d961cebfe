/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The simulator's scene and mesh, without a server. What the images show is
 * recomputed by tests/interop/test_sim_scene.py. */

#include "simmesh.h"

#include <gst/check/gstcheck.h>
#include <string.h>

static SimScene *
make_scene (guint width, guint height, guint divisor)
{
  SimSceneConfig config = {.width = width,
      .height = height,
      .divisor = divisor,
      .focal_length = 0.84375 * width,
      .baseline = 0.065,
      .seed = 3};

  return sim_scene_new (&config);
}

static guint8 *
render_view (SimScene *scene, SimView view, gfloat phase, gboolean color)
{
  const SimIntrinsics *image = sim_scene_get_camera (scene);
  guint8 *pixels =
      g_malloc0 ((gsize)image->width * image->height * (color ? 3 : 1));

  sim_scene_render_view (scene, view, phase, color, pixels);
  return pixels;
}

GST_START_TEST (test_depth_sizes)
{
  static const struct {
    guint width, height, divisor, depth_width, depth_height;
  } cases[] = {
      {1280, 960, 1, 1280, 960},
      {1280, 960, 2, 640, 480},
      {1280, 960, 6, 214, 160},
      {1440, 1080, 6, 240, 180},
      {641, 483, 2, 321, 242},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (SimScene) scene =
        make_scene (cases[i].width, cases[i].height, cases[i].divisor);
    const SimIntrinsics *camera = sim_scene_get_camera (scene);
    const SimIntrinsics *depth = sim_scene_get_depth (scene);

    fail_unless_equals_int (depth->width, cases[i].depth_width);
    fail_unless_equals_int (depth->height, cases[i].depth_height);
    fail_unless_equals_float (
        depth->focal_length * cases[i].divisor, camera->focal_length);
    fail_unless_equals_float (depth->u * cases[i].divisor, camera->u);
    fail_unless_equals_float (depth->v * cases[i].divisor, camera->v);
  }
}
GST_END_TEST;

/* Pictures that reuse what did not move are those of a scene that has never
 * rendered anything else: what the ball reaches is never underestimated. */
GST_START_TEST (test_each_moment_is_rendered_whole)
{
  const gsize n_depth = 160 * 120;
  g_autoptr (SimScene) used = make_scene (320, 240, 2);

  for (guint i = 0; i < 12; i++) {
    gfloat phase = i / 12.0f;
    g_autoptr (SimScene) fresh = make_scene (320, 240, 2);

    for (guint view = SIM_LEFT; view <= SIM_RIGHT; view++) {
      g_autofree guint8 *a = render_view (used, view, phase, TRUE);
      g_autofree guint8 *b = render_view (fresh, view, phase, TRUE);
      fail_unless (memcmp (a, b, 320 * 240 * 3) == 0);
    }
    g_autofree guint16 *disparity = g_new (guint16, 2 * n_depth);
    g_autofree guint8 *rest = g_malloc (4 * n_depth);
    sim_scene_render_depth (used, phase, disparity, rest, rest + n_depth);
    sim_scene_render_depth (fresh, phase, disparity + n_depth,
        rest + 2 * n_depth, rest + 3 * n_depth);
    fail_unless (memcmp (disparity, disparity + n_depth, 2 * n_depth) == 0);
    fail_unless (memcmp (rest, rest + 2 * n_depth, 2 * n_depth) == 0);
  }
}
GST_END_TEST;

/* Every pixel cast on its own, the ball and all that it hides included. */
GST_START_TEST (test_disparity_is_the_ray_s)
{
  g_autoptr (SimScene) scene = make_scene (320, 240, 1);
  const SimIntrinsics *image = sim_scene_get_depth (scene);
  g_autofree guint16 *disparity = g_new (guint16, 320 * 240);
  g_autofree guint8 *confidence = g_malloc (320 * 240);
  g_autofree guint8 *error = g_malloc (320 * 240);
  const SimVector eye = {0, 0, 0};
  const SimVector other = {0.065f, 0, 0};

  for (guint step = 0; step < 8; step++) {
    SimBall ball = sim_ball_at (step / 8.0f, 3);
    guint n_ball = 0;

    sim_scene_render_depth (scene, step / 8.0f, disparity, confidence, error);
    for (guint i = 0; i < 320 * 240; i++) {
      gdouble x = i % 320 + 0.5, y = i / 320 + 0.5;
      SimVector ray = sim_world_from_camera (
          (SimVector){(x - image->u) / image->focal_length,
              (y - image->v) / image->focal_length, 1});
      SimHit hit = sim_cast_still (eye, ray), on_ball;
      if (sim_cast_ball (&ball, eye, ray, &on_ball)
          && on_ball.distance < hit.distance) {
        hit = on_ball;
        n_ball++;
      }
      gdouble d = image->focal_length * 0.065 / hit.distance;
      gboolean seen = sim_sees (other, &hit, &ball) && x - d >= 0;

      /* On a silhouette rounding may decide either way. */
      if ((disparity[i] != 0) != seen)
        continue;
      if (seen)
        fail_unless (fabs (disparity[i] * 0.0625 - d) < 0.0325,
            "pixel %u: %f, not %f", i, disparity[i] * 0.0625, d);
    }
    fail_unless (n_ball > 300);
  }
}
GST_END_TEST;

GST_START_TEST (test_far_points_are_not_invalid)
{
  /* So short a baseline that true disparities round to 0. */
  SimSceneConfig config = {64, 64, 1, 54, 0.001, 0};
  g_autoptr (SimScene) scene = sim_scene_new (&config);
  guint16 disparity[64 * 64];
  guint8 confidence[64 * 64], error[64 * 64];
  guint n_smallest = 0, n_invalid = 0;

  sim_scene_render_depth (scene, 0, disparity, confidence, error);
  for (guint i = 0; i < 64 * 64; i++) {
    n_smallest += disparity[i] == 1;
    n_invalid += disparity[i] == SIM_DISPARITY_INVALID;
  }
  fail_unless (n_smallest > 64 * 64 / 2);
  fail_unless (n_invalid < 64 * 8);
}
GST_END_TEST;

static guint
count_vertices (GBytes *ply)
{
  const gchar *text = g_bytes_get_data (ply, NULL);
  const gchar *line = strstr (text, "element vertex ");

  fail_unless (line != NULL);
  return strtoul (line + strlen ("element vertex "), NULL, 10);
}

GST_START_TEST (test_mesh_points)
{
  g_autoptr (SimScene) scene = make_scene (640, 480, 2);
  const SimIntrinsics *depth = sim_scene_get_depth (scene);
  gsize n_pixels = depth->width * depth->height;
  g_autofree guint16 *disparity = g_new (guint16, n_pixels);
  g_autofree guint8 *rest = g_malloc (2 * n_pixels);
  g_autofree guint8 *rgb = render_view (scene, SIM_LEFT, 0, TRUE);
  guint n_valid = 0;

  sim_scene_render_depth (scene, 0, disparity, rest, rest + n_pixels);
  for (gsize i = 0; i < n_pixels; i++)
    n_valid += disparity[i] != 0;

  SimMeshInput input = {
      depth, 0.065, disparity, sim_scene_get_camera (scene), rgb};
  static const guint limits[] = {1000, 1001, 5000, 40000};
  for (guint i = 0; i < G_N_ELEMENTS (limits); i++) {
    g_autoptr (GBytes) ply =
        sim_mesh_new (&input, limits[i], RC_MESH_BINNING_AVERAGE);
    fail_unless (count_vertices (ply) <= limits[i]);
    fail_unless (count_vertices (ply) > limits[i] / 3);
  }
  /* 0 is the camera's default, below 1000 is 1000. */
  g_autoptr (GBytes) all = sim_mesh_new (&input, 0, RC_MESH_BINNING_AVERAGE);
  g_autoptr (GBytes) few = sim_mesh_new (&input, 1, RC_MESH_BINNING_MIN_DEPTH);
  fail_unless_equals_int (count_vertices (all), n_valid);
  fail_unless (count_vertices (few) > 300);
  fail_unless (count_vertices (few) <= 1000);

  memset (disparity, 0, 2 * n_pixels);
  g_autoptr (GBytes) none = sim_mesh_new (&input, 0, RC_MESH_BINNING_AVERAGE);
  fail_unless_equals_int (count_vertices (none), 0);
}
GST_END_TEST;

static Suite *
scene_suite (void)
{
  Suite *s = suite_create ("scene");
  TCase *tc = tcase_create ("scene");

  tcase_set_timeout (tc, 60);
  tcase_add_test (tc, test_depth_sizes);
  tcase_add_test (tc, test_each_moment_is_rendered_whole);
  tcase_add_test (tc, test_disparity_is_the_ray_s);
  tcase_add_test (tc, test_far_points_are_not_invalid);
  tcase_add_test (tc, test_mesh_points);
  suite_add_tcase (s, tc);
  return s;
}

GST_CHECK_MAIN (scene);
