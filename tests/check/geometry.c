/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* From stored disparities to metres, against numbers worked out by hand. What
 * is random is compared with numpy in the tests of the elements. */

#include <gst/check/gstcheck.h>
#include <math.h>

#include "depth/rcgeometry.h"

/* f·t = 64 pixels·m; powers of two, so that everything is exact. */
static const RcStereo plain = {
    .focal_length = 1024,
    .principal_point_u = 640,
    .principal_point_v = 480,
    .baseline = 0.0625,
    .scale = 0.0625,
};

GST_START_TEST (test_by_hand)
{
  gdouble xyz[3];

  /* 1024 steps are 64 pixels are 1 m. */
  fail_unless_equals_float (rc_stereo_disparity (&plain, 1024), 64);
  fail_unless_equals_float (rc_stereo_depth (&plain, 1024), 1);
  /* A step of the error image is 1/16 pixel: 1/16 · 64 / 64². */
  fail_unless_equals_float (
      rc_stereo_depth_error_step (&plain, 1024), 1.0 / 1024);

  /* Half a pixel right of the principal point, and 127.5 above it. */
  fail_unless (rc_stereo_point (&plain, 640, 352, 1024, xyz));
  fail_unless_equals_float (xyz[0], 0.5 * 0.0625 / 64);
  fail_unless_equals_float (xyz[1], -127.5 * 0.0625 / 64);
  fail_unless_equals_float (xyz[2], 1);

  /* Twice the disparity, half the distance, a quarter of the error. */
  fail_unless_equals_float (rc_stereo_depth (&plain, 2048), 0.5);
  fail_unless_equals_float (
      rc_stereo_depth_error_step (&plain, 2048), 0.25 / 1024);
  fail_unless (rc_stereo_point (&plain, 0, 0, 2048, xyz));
  fail_unless_equals_float (xyz[0], -639.5 * 0.0625 / 128);
  fail_unless_equals_float (xyz[1], -479.5 * 0.0625 / 128);

  fail_unless_equals_float (rc_stereo_depth (&plain, 65535), 1024.0 / 65535);
  fail_unless_equals_float (rc_stereo_depth (&plain, 1), 1024);
}
GST_END_TEST;

static void
check_nothing (const RcStereo *stereo, guint value)
{
  gdouble xyz[3] = {1, 2, 3};

  fail_unless (isnan (rc_stereo_disparity (stereo, value)));
  fail_unless (isnan (rc_stereo_depth (stereo, value)));
  fail_unless (isnan (rc_stereo_depth_error_step (stereo, value)));
  fail_if (rc_stereo_point (stereo, 5, 5, value, xyz));
  fail_unless_equals_float (xyz[0], 1);
  fail_unless_equals_float (xyz[1], 2);
  fail_unless_equals_float (xyz[2], 3);
}

/* By its value, whatever the offset would make of it. */
GST_START_TEST (test_invalid)
{
  RcStereo stereo = plain;

  stereo.offset = 8;
  check_nothing (&stereo, 0);
  fail_unless_equals_float (rc_stereo_depth (&stereo, 1), 64 / 8.0625);

  stereo.invalid_data_value = 65535;
  check_nothing (&stereo, 65535);
  fail_unless_equals_float (rc_stereo_depth (&stereo, 0), 8);
  fail_unless (rc_stereo_depth (&stereo, 65534) > 0);

  /* No stored value. */
  stereo.invalid_data_value = 100.5;
  fail_unless (rc_stereo_depth (&stereo, 100) > 0);
  fail_unless (rc_stereo_depth (&stereo, 101) > 0);
}
GST_END_TEST;

/* At infinity and behind the cameras. */
GST_START_TEST (test_nothing_in_front)
{
  RcStereo stereo = plain;

  stereo.invalid_data_value = -1;
  check_nothing (&stereo, 0);
  stereo.offset = -4;
  for (guint value = 0; value <= 64; value++)
    check_nothing (&stereo, value);
  fail_unless_equals_float (rc_stereo_depth (&stereo, 65), 1024);
}
GST_END_TEST;

/* A point is where it was, seen in an image of another resolution. */
GST_START_TEST (test_resize)
{
  RcStereo half = plain;
  gdouble a[3], b[3];

  rc_stereo_resize (&half, 0.5);
  fail_unless_equals_float (half.focal_length, 512);
  fail_unless_equals_float (half.principal_point_u, 320);
  fail_unless_equals_float (half.principal_point_v, 240);
  fail_unless_equals_float (half.baseline, plain.baseline);
  fail_unless_equals_float (half.scale, plain.scale);

  /* Centre of columns 100 and 101, which are column 50 of the half. */
  fail_unless (rc_stereo_point (&plain, 100, 200, 1024, a));
  fail_unless (rc_stereo_point (&plain, 101, 201, 1024, b));
  a[0] = (a[0] + b[0]) / 2;
  a[1] = (a[1] + b[1]) / 2;
  fail_unless (rc_stereo_point (&half, 50, 100, 512, b));
  for (guint i = 0; i < 3; i++)
    fail_unless_equals_float (a[i], b[i]);
}
GST_END_TEST;

static Suite *
geometry_suite (void)
{
  Suite *suite = suite_create ("geometry");
  TCase *tcase = tcase_create ("geometry");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_by_hand);
  tcase_add_test (tcase, test_invalid);
  tcase_add_test (tcase, test_nothing_in_front);
  tcase_add_test (tcase, test_resize);
  return suite;
}

GST_CHECK_MAIN (geometry);
