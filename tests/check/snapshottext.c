/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Names and parameters of snapshots, against what was written by hand after
 * the vendor's example client. */

#include <gst/check/gstcheck.h>

#include "snapshot/rcsnapshottext.h"

#define NS_PER_SECOND G_GUINT64_CONSTANT (1000000000)

static const struct {
  guint64 timestamp;
  const gchar *stream;
  RcSnapshotGpios gpios;
  const gchar *name;
} names[] = {
    {1700000000 * NS_PER_SECOND + 123456789, "left", {0xc, 0x3, 0x0},
        "image_1700000000.123456789_left_00_00"},
    /* Out 1 alone is high, then Out 2, In 1, In 2. */
    {1700000000 * NS_PER_SECOND + 7, "right", {0xc, 0x3, 0x1},
        "image_1700000000.000000007_right_01_00"},
    {7, "disparity", {0xc, 0x3, 0x2}, "image_0.000000007_disparity_10_00"},
    {NS_PER_SECOND - 1, "confidence", {0xc, 0x3, 0x4},
        "image_0.999999999_confidence_00_01"},
    {NS_PER_SECOND, "error", {0xc, 0x3, 0x8}, "image_1.000000000_error_00_10"},
    {0, "left", {0x0, 0x0, 0xf}, "image_0.000000000_left__"},
    {0, "left", {0x0, 0x1, 0xf}, "image_0.000000000_left_1_"},
    {0, "left", {0x80000000, 0x1, 0x80000000}, "image_0.000000000_left_0_1"},
    {G_MAXUINT64, "left", {0x0, 0x0, 0x0},
        "image_18446744073.709551615_left__"},
};

GST_START_TEST (test_name)
{
  g_autofree gchar *name = rc_snapshot_make_name (
      names[__i__].timestamp, names[__i__].stream, &names[__i__].gpios);

  fail_unless_equals_string (name, names[__i__].name);
}
GST_END_TEST;

GST_START_TEST (test_name_without_lines)
{
  g_autofree gchar *name =
      rc_snapshot_make_name (5 * NS_PER_SECOND, "mesh", NULL);

  fail_unless_equals_string (name, "image_5.000000000_mesh");
}
GST_END_TEST;

static const RcSnapshotParameters parameters = {
    .focal_length = 540.123456,
    .principal_point_u = 322.5,
    .principal_point_v = -0.25,
    .baseline = 0.0625,
    .width = 640,
    .height = 480,
    .exposure_time = 0.008,
    .gain = 3.5,
    .noise = 0.006,
    .out1_reduction = 0.25,
    .brightness = 0.4556,
    .scale = 0.0625,
    .offset = 128,
    .invalid_data_value = 65535,
};

static const gchar expected[] = "# Created by gst-rcgrpc\n"
                                "camera.A=[540.12346 0 322.50000; "
                                "0 540.12346 -0.25000; 0 0 1]\n"
                                "camera.height=480\n"
                                "camera.width=640\n"
                                "rho=33.75772\n"
                                "t=0.06250\n"
                                "camera.exposure_time=0.00800\n"
                                "camera.gain=3.50000\n"
                                "camera.noise=0.00600\n"
                                "camera.out1_reduction=0.25000\n"
                                "camera.brightness=0.45560\n"
                                "disp.scale=0.06250\n"
                                "disp.offset=128.00000\n"
                                "disp.inv=65535.00000\n";

GST_START_TEST (test_parameters)
{
  g_autofree gchar *text = rc_snapshot_parameters_to_text (&parameters);

  fail_unless_equals_string (text, expected);
}
GST_END_TEST;

/* The largest float that a camera can send. */
GST_START_TEST (test_large_numbers)
{
  RcSnapshotParameters large = parameters;
  g_autofree gchar *text = NULL;

  large.gain = G_MAXFLOAT;
  large.noise = -G_MAXDOUBLE;
  text = rc_snapshot_parameters_to_text (&large);
  fail_unless (
      strstr (text, "\ncamera.gain=340282346638528859811704183484516925440."
                    "00000\n")
      != NULL);
  fail_unless (strstr (text, "\ncamera.noise=-17976931348623157") != NULL);
  fail_unless (strstr (text, ".00000\ncamera.out1_reduction=") != NULL);
}
GST_END_TEST;

static Suite *
snapshottext_suite (void)
{
  Suite *suite = suite_create ("snapshottext");
  TCase *tcase;

  tcase = tcase_create ("snapshottext");
  suite_add_tcase (suite, tcase);
  tcase_add_loop_test (tcase, test_name, 0, G_N_ELEMENTS (names));
  tcase_add_test (tcase, test_name_without_lines);
  tcase_add_test (tcase, test_parameters);
  tcase_add_test (tcase, test_large_numbers);
  return suite;
}

GST_CHECK_MAIN (snapshottext);
