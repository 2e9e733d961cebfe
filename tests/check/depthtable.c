/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Tables of depth and of its error: all values, for generated parameters,
 * against the formulas in long double. */

#include <gst/check/gstcheck.h>
#include <math.h>

#include "depth/rcdepthtable.h"

/* One of many cameras, the same for the same number. */
typedef struct {
  RcStereo stereo;
  RcDepthRange range;
} Camera;

static Camera
make_camera (guint number)
{
  GRand *rand = g_rand_new_with_seed (number);
  Camera camera = {
      .stereo = {.focal_length = g_rand_double_range (rand, 50, 4000),
          .baseline = g_rand_double_range (rand, 0.02, 0.5),
          .scale = number % 3 ? 0.0625 : g_rand_double_range (rand, 1e-3, 1),
          .offset = number % 2 ? 0 : g_rand_double_range (rand, -50, 50),
          .invalid_data_value =
              number % 4 ? 0 : g_rand_int_range (rand, 0, 65536)},
      .range = {.unit = number % 5
                            ? 0.001
                            : pow (10, g_rand_double_range (rand, -5, 0)),
          .min = number % 3 == 1 ? g_rand_double_range (rand, 0, 2) : 0,
          .max = number % 3 == 2 ? g_rand_double_range (rand, 0, 5)
                                 : G_MAXDOUBLE}};

  g_rand_free (rand);
  return camera;
}

/* Pixels; 0 and less: none. */
static long double
disparity_of (const RcStereo *stereo, guint value)
{
  if (value == stereo->invalid_data_value)
    return 0;
  return (long double)value * stereo->scale + stereo->offset;
}

static guint16
look_up (const guint16 *table, guint value, gboolean big_endian)
{
  guint index = big_endian ? GUINT16_SWAP_LE_BE (value) : value;

  if (G_BYTE_ORDER == G_BIG_ENDIAN)
    index = GUINT16_SWAP_LE_BE (index);
  return GUINT16_FROM_LE (table[index]);
}

static gboolean
is_right_depth (const Camera *camera, guint value, guint16 steps)
{
  const RcDepthRange *range = &camera->range;
  long double d = disparity_of (&camera->stereo, value);
  long double z =
      (long double)camera->stereo.focal_length * camera->stereo.baseline / d;

  if (d <= 0)
    return steps == 0;
  /* A last bit beside a limit either may be right. */
  if (fabsl (z - range->min) < 1e-12 || fabsl (z - range->max) < 1e-12)
    return TRUE;
  if (z < range->min || z > range->max)
    return steps == 0;
  if (steps == G_MAXUINT16)
    return z >= 65534.5L * range->unit * (1 - 1e-12L);
  return fabsl (steps * (long double)range->unit - z)
         <= 0.5L * range->unit + 1e-12L * z;
}

GST_START_TEST (test_every_depth)
{
  g_autofree guint16 *table = g_new (guint16, RC_N_DISPARITIES);
  const Camera camera = make_camera (__i__);
  gboolean big_endian = __i__ % 2;

  rc_depth_table_fill (table, &camera.stereo, &camera.range, big_endian);
  for (guint value = 0; value < RC_N_DISPARITIES; value++)
    if (!is_right_depth (&camera, value, look_up (table, value, big_endian)))
      fail ("%u: %u", value, look_up (table, value, big_endian));
}
GST_END_TEST;

/* For the table of errors: which pixel holds it. */
static void
put_le (guint8 *at, guint value)
{
  at[0] = value & 0xff;
  at[1] = value >> 8;
}

static guint
get_le (const guint8 *at)
{
  return at[0] + at[1] * 256u;
}

GST_START_TEST (test_every_error)
{
  g_autofree gdouble *table = g_new (gdouble, RC_N_DISPARITIES);
  g_autofree guint8 *disparity = g_malloc (2 * RC_N_DISPARITIES);
  g_autofree guint8 *error = g_malloc (RC_N_DISPARITIES);
  g_autofree guint8 *out = g_malloc (2 * RC_N_DISPARITIES);
  const Camera camera = make_camera (__i__);
  const RcStereo *stereo = &camera.stereo;
  gboolean big_endian = __i__ % 2;
  gdouble unit = camera.range.unit;

  rc_depth_error_table_fill (table, stereo, unit, big_endian);
  for (guint value = 0; value < RC_N_DISPARITIES; value++) {
    put_le (
        disparity + 2 * value, big_endian ? GUINT16_SWAP_LE_BE (value) : value);
    error[value] = value * 7 + __i__;
  }
  rc_depth_error_table_apply (table, disparity, error, out, RC_N_DISPARITIES);

  for (guint value = 0; value < RC_N_DISPARITIES; value++) {
    long double d = disparity_of (stereo, value);
    long double z = (long double)error[value] * stereo->scale
                    * stereo->focal_length * stereo->baseline / (d * d) / unit;
    guint steps = get_le (out + 2 * value);

    if (d <= 0)
      z = 0;
    else
      z = CLAMP (z, 1, G_MAXUINT16);
    if (fabsl (steps - z) > 0.5L + 1e-12L * z || (steps > 0) != (d > 0))
      fail ("%u: %u steps for %Lg", value, steps, z);
  }
}
GST_END_TEST;

GST_START_TEST (test_rounding)
{
  fail_unless_equals_int (rc_depth_in_steps (NAN, 1), 0);
  fail_unless_equals_int (rc_depth_in_steps (0.49, 1), 0);
  fail_unless_equals_int (rc_depth_in_steps (0.5, 1), 1);
  fail_unless_equals_int (rc_depth_in_steps (1.5, 1), 2);
  fail_unless_equals_int (rc_depth_in_steps (2.5, 1), 3);
  fail_unless_equals_int (rc_depth_in_steps (2.5, 0.5), 5);
  fail_unless_equals_int (rc_depth_in_steps (65534.4, 1), 65534);
  fail_unless_equals_int (rc_depth_in_steps (65535.4, 1), 65535);
  fail_unless_equals_int (rc_depth_in_steps (65536, 1), 65535);
  fail_unless_equals_int (rc_depth_in_steps (G_MAXDOUBLE, 1e-9), 65535);
}
GST_END_TEST;

/* Limits belong to what is valid. */
GST_START_TEST (test_limits)
{
  g_autofree guint16 *table = g_new (guint16, RC_N_DISPARITIES);
  /* Depth is 64 m divided by the stored value. */
  const RcStereo stereo = {.focal_length = 64, .baseline = 1, .scale = 1};
  RcDepthRange range = {0.001, 1, 2};

  rc_depth_table_fill (table, &stereo, &range, FALSE);
  fail_unless_equals_int (look_up (table, 65, FALSE), 0);
  fail_unless_equals_int (look_up (table, 64, FALSE), 1000);
  fail_unless_equals_int (look_up (table, 40, FALSE), 1600);
  fail_unless_equals_int (look_up (table, 32, FALSE), 2000);
  fail_unless_equals_int (look_up (table, 31, FALSE), 0);
  fail_unless_equals_int (look_up (table, 0, FALSE), 0);

  range.min = 3;
  rc_depth_table_fill (table, &stereo, &range, FALSE);
  for (guint value = 0; value < RC_N_DISPARITIES; value++)
    fail_unless_equals_int (look_up (table, value, FALSE), 0);
}
GST_END_TEST;

/* Any width, any stride, also an odd one and one that goes up; nothing beside
 * the rows is touched. */
GST_START_TEST (test_rows)
{
  g_autofree guint16 *table = g_new (guint16, RC_N_DISPARITIES);
  g_autofree guint8 *src = g_malloc (4096);
  g_autofree guint8 *dest = g_malloc (4096);
  gssize strides[] = {2 * __i__, 2 * __i__ + 1, 2 * __i__ + 6};

  for (guint i = 0; i < RC_N_DISPARITIES; i++)
    table[i] = i ^ 0xffff;
  for (guint i = 0; i < 4096; i++)
    src[i] = i * 31;
  for (guint i = 0; i < G_N_ELEMENTS (strides); i++) {
    gssize stride = strides[i], other = strides[(i + 1) % 3];
    guint height = 5;

    memset (dest, 0xa5, 4096);
    rc_depth_table_apply (
        table, src + 4 * stride, -stride, dest, other, __i__, height);
    for (gssize at = 0; at < 4096; at++) {
      gssize row = other ? at / other : 0, column = other ? at % other : 0;
      guint8 expected = 0xa5;

      if (row < height && column < 2 * __i__)
        expected = src[(4 - row) * stride + column] ^ 0xff;
      if (dest[at] != expected)
        fail ("byte %" G_GSSIZE_FORMAT, at);
    }
  }
}
GST_END_TEST;

static Suite *
depthtable_suite (void)
{
  Suite *suite = suite_create ("depthtable");
  TCase *tcase = tcase_create ("tables");

  suite_add_tcase (suite, tcase);
  tcase_add_loop_test (tcase, test_every_depth, 0, 20);
  tcase_add_loop_test (tcase, test_every_error, 0, 20);
  tcase_add_test (tcase, test_rounding);
  tcase_add_test (tcase, test_limits);
  tcase_add_loop_test (tcase, test_rows, 1, 40);
  return suite;
}

GST_CHECK_MAIN (depthtable);
