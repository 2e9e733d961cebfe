/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which pixels become points, where these are, and the triangles between them,
 * against numbers worked out by hand. What is random is compared with numpy in
 * the element's tests. */

#include <gst/check/gstcheck.h>
#include <math.h>

#include "depth/rccloud.h"

#define WIDTH 4
#define HEIGHT 3
#define N_PIXELS (WIDTH * HEIGHT)

/* f·t = 64 pixels·m, t/d = 1/1024 at 64 pixels, which are 1024 steps. */
static const RcStereo stereo = {
    .focal_length = 1024,
    .principal_point_u = 2,
    .principal_point_v = 1,
    .baseline = 0.0625,
    .scale = 0.0625,
};

static const RcCloudOptions all = {
    .max_depth = RC_CLOUD_NO_LIMIT,
    .max_depth_error = RC_CLOUD_NO_LIMIT,
};

/* A cloud that was made. */
typedef struct {
  guint8 *body;
  gsize vertex_size;
  guint n_vertices;
  guint n_faces;
} Made;

static void
make (Made *made, const RcStereo *parameters, const RcCloudImages *images,
    const RcCloudOptions *options)
{
  g_autoptr (RcCloud) cloud = rc_cloud_new ();
  RcPlyContent content = rc_cloud_get_content (images, options);
  guint64 room = rc_cloud_max_size (images, options);
  gsize size;

  made->vertex_size = rc_ply_vertex_size (&content);
  /* Nothing behind it: AddressSanitizer watches. */
  made->body = g_malloc (room);
  size = rc_cloud_write (cloud, parameters, images, options, made->body,
      &made->n_vertices, &made->n_faces);
  fail_unless (size <= room);
  fail_unless_equals_int (size,
      made->n_vertices * made->vertex_size + made->n_faces * RC_PLY_FACE_SIZE);
}

static void
clear (Made *made)
{
  g_free (made->body);
}

/* GST_READ_UINT32_LE () reads at any address, which is no C. */
static guint32
read_uint (const guint8 *src)
{
  guint32 value;

  memcpy (&value, src, sizeof value);
  return GUINT32_FROM_LE (value);
}

static gfloat
read_float (const guint8 *src)
{
  guint32 bits = read_uint (src);
  gfloat value;

  memcpy (&value, &bits, sizeof value);
  return value;
}

/* The float at that byte of a vertex. */
static gfloat
at (const Made *made, guint vertex, guint byte)
{
  fail_unless (vertex < made->n_vertices);
  return read_float (made->body + vertex * made->vertex_size + byte);
}

static void
check_position (const Made *made, guint vertex, gfloat x, gfloat y, gfloat z)
{
  fail_unless_equals_float (at (made, vertex, 0), x);
  fail_unless_equals_float (at (made, vertex, 4), y);
  fail_unless_equals_float (at (made, vertex, 8), z);
}

static void
check_no_position (const Made *made, guint vertex)
{
  for (guint i = 0; i < 3; i++)
    fail_unless (isnan (at (made, vertex, 4 * i)));
}

/* ---- points ---- */

/* Invalid but for (0,0), (3,0), (1,1) and (3,2). */
static const guint16 four[N_PIXELS] = {
    1024, 0, 0, 2048, /* */
    0, 4096, 0, 0,    /* */
    0, 0, 0, 1024     /* */
};

static RcCloudImages
images_of (const guint16 *disparity)
{
  return (RcCloudImages){
      .width = WIDTH,
      .height = HEIGHT,
      .disparity = {(const guint8 *)disparity, WIDTH * sizeof *disparity},
      .big_endian = G_BYTE_ORDER == G_BIG_ENDIAN,
  };
}

GST_START_TEST (test_by_hand)
{
  RcCloudImages images = images_of (four);
  Made made;

  make (&made, &stereo, &images, &all);
  fail_unless_equals_int (made.n_vertices, 4);
  fail_unless_equals_int (made.vertex_size, 12);
  check_position (&made, 0, -1.5 / 1024, -0.5 / 1024, 1);
  check_position (&made, 1, 1.5 / 2048, -0.5 / 2048, 0.5);
  check_position (&made, 2, -0.5 / 4096, 0.5 / 4096, 0.25);
  check_position (&made, 3, 1.5 / 1024, 1.5 / 1024, 1);
  clear (&made);
}
GST_END_TEST;

GST_START_TEST (test_organized)
{
  RcCloudImages images = images_of (four);
  RcCloudOptions options = all;
  RcPlyContent content;
  Made made;

  options.organized = TRUE;
  content = rc_cloud_get_content (&images, &options);
  fail_unless_equals_int (content.columns, WIDTH);
  fail_unless_equals_int (content.rows, HEIGHT);
  make (&made, &stereo, &images, &options);
  fail_unless_equals_int (made.n_vertices, N_PIXELS);
  for (guint i = 0; i < N_PIXELS; i++) {
    if (four[i] == 0)
      check_no_position (&made, i);
  }
  check_position (&made, 0, -1.5 / 1024, -0.5 / 1024, 1);
  check_position (&made, 5, -0.5 / 4096, 0.5 / 4096, 0.25);
  check_position (&made, 11, 1.5 / 1024, 1.5 / 1024, 1);
  clear (&made);
}
GST_END_TEST;

/* Rows from an odd address, with other bytes between them, in the byte order
 * that is not the machine's. */
GST_START_TEST (test_strides_and_byte_order)
{
  RcCloudImages images = images_of (four);
  guint8 bytes[1 + HEIGHT * 11];
  Made made;

  memset (bytes, 0x55, sizeof bytes);
  for (guint i = 0; i < N_PIXELS; i++) {
    guint16 swapped = GUINT16_SWAP_LE_BE (four[i]);

    memcpy (bytes + 1 + i / WIDTH * 11 + i % WIDTH * 2, &swapped, 2);
  }
  images.disparity = (RcCloudPlane){bytes + 1, 11};
  images.big_endian = !images.big_endian;
  make (&made, &stereo, &images, &all);
  fail_unless_equals_int (made.n_vertices, 4);
  check_position (&made, 1, 1.5 / 2048, -0.5 / 2048, 0.5);
  check_position (&made, 3, 1.5 / 1024, 1.5 / 1024, 1);
  clear (&made);
}
GST_END_TEST;

/* 0 is a disparity where another value is the invalid one. */
GST_START_TEST (test_offset_and_invalid)
{
  RcStereo other = stereo;
  RcCloudImages images = images_of (four);
  Made made;

  other.offset = 64;
  other.invalid_data_value = 1024;
  make (&made, &other, &images, &all);
  fail_unless_equals_int (made.n_vertices, N_PIXELS - 2);
  check_position (&made, 0, -0.5 / 1024, -0.5 / 1024, 1);
  check_position (&made, 2, 1.5 / 3072, -0.5 / 3072, 1 / 3.0f);
  clear (&made);
}
GST_END_TEST;

GST_START_TEST (test_depths)
{
  RcCloudImages images = images_of (four);
  RcCloudOptions options = all;
  Made made;

  options.min_depth = 0.5;
  make (&made, &stereo, &images, &options);
  fail_unless_equals_int (made.n_vertices, 3);
  clear (&made);

  options.max_depth = 0.999;
  make (&made, &stereo, &images, &options);
  fail_unless_equals_int (made.n_vertices, 1);
  check_position (&made, 0, 1.5 / 2048, -0.5 / 2048, 0.5);
  clear (&made);

  options.max_depth = 0.1;
  options.faces = TRUE;
  make (&made, &stereo, &images, &options);
  fail_unless_equals_int (made.n_vertices + made.n_faces, 0);
  clear (&made);
}
GST_END_TEST;

/* ---- what comes with points ---- */

GST_START_TEST (test_all_properties)
{
  const guint8 confidence[N_PIXELS] = {255, 0, 0, 51, 0, 0, 0, 0, 0, 0, 0, 102};
  const guint8 error[N_PIXELS] = {16, 0, 0, 0, 0, 255, 0, 0, 0, 0, 0, 1};
  const guint8 grey[N_PIXELS] = {10, 0, 0, 20, 0, 30, 0, 0, 0, 0, 0, 40};
  RcCloudImages images = images_of (four);
  Made made;

  images.confidence = (RcCloudPlane){confidence, WIDTH};
  images.error = (RcCloudPlane){error, WIDTH};
  images.left = (RcLeftImage){grey, WIDTH, WIDTH, HEIGHT, FALSE};
  make (&made, &stereo, &images, &all);
  fail_unless_equals_int (made.vertex_size, 23);
  fail_unless_equals_int (made.n_vertices, 4);
  for (guint i = 0; i < 4; i++) {
    for (guint c = 0; c < 3; c++)
      fail_unless_equals_int (made.body[23 * i + 12 + c], 10 * (i + 1));
  }
  fail_unless_equals_float (at (&made, 0, 15), 1);
  fail_unless_equals_float (at (&made, 1, 15), 0.2f);
  fail_unless_equals_float (at (&made, 2, 15), 0);
  fail_unless_equals_float (at (&made, 3, 15), 0.4f);
  /* A step of error is 1/16 pixel: 1/1024 m at 1 m, a sixteenth at 0.25 m. */
  fail_unless_equals_float (at (&made, 0, 19), 16 / 1024.0);
  fail_unless_equals_float (at (&made, 1, 19), 0);
  fail_unless_equals_float (at (&made, 2, 19), 255 / 16384.0);
  fail_unless_equals_float (at (&made, 3, 19), 1 / 1024.0);
  check_position (&made, 3, 1.5 / 1024, 1.5 / 1024, 1);
  clear (&made);
}
GST_END_TEST;

static guint
count_with (const RcCloudImages *images, gdouble min_confidence,
    gdouble max_depth_error)
{
  RcCloudOptions options = all;
  Made made;

  options.min_confidence = min_confidence;
  options.max_depth_error = max_depth_error;
  make (&made, &stereo, images, &options);
  clear (&made);
  return made.n_vertices;
}

GST_START_TEST (test_filters)
{
  const guint8 confidence[N_PIXELS] = {255, 0, 0, 51, 0, 0, 0, 0, 0, 0, 0, 102};
  const guint8 error[N_PIXELS] = {16, 0, 0, 0, 0, 255, 0, 0, 0, 0, 0, 1};
  RcCloudImages images = images_of (four);

  images.confidence = (RcCloudPlane){confidence, WIDTH};
  images.error = (RcCloudPlane){error, WIDTH};
  fail_unless_equals_int (count_with (&images, 0, RC_CLOUD_NO_LIMIT), 4);
  fail_unless_equals_int (count_with (&images, 1e-9, RC_CLOUD_NO_LIMIT), 3);
  fail_unless_equals_int (count_with (&images, 0.2, RC_CLOUD_NO_LIMIT), 3);
  fail_unless_equals_int (count_with (&images, 0.21, RC_CLOUD_NO_LIMIT), 2);
  fail_unless_equals_int (count_with (&images, 1, RC_CLOUD_NO_LIMIT), 1);
  fail_unless_equals_int (count_with (&images, 0, 16 / 1024.0), 4);
  fail_unless_equals_int (count_with (&images, 0, 15.95 / 1024), 3);
  fail_unless_equals_int (count_with (&images, 0, 1 / 1024.0), 2);
  fail_unless_equals_int (count_with (&images, 0, 0), 1);
  fail_unless_equals_int (count_with (&images, 0.3, 1 / 1024.0), 1);
}
GST_END_TEST;

/* What the images say stays with a pixel that is no point. */
GST_START_TEST (test_organized_properties)
{
  const guint8 confidence[N_PIXELS] = {255, 51, 0, 51};
  const guint8 error[N_PIXELS] = {16, 7, 0, 32};
  RcCloudImages images = images_of (four);
  RcCloudOptions options = all;
  Made made;

  images.confidence = (RcCloudPlane){confidence, WIDTH};
  images.error = (RcCloudPlane){error, WIDTH};
  images.left = (RcLeftImage){confidence, WIDTH, WIDTH, HEIGHT, FALSE};
  options.organized = TRUE;
  options.min_confidence = 0.5;
  make (&made, &stereo, &images, &options);
  check_position (&made, 0, -1.5 / 1024, -0.5 / 1024, 1);
  check_no_position (&made, 1);
  fail_unless_equals_float (at (&made, 1, 15), 0.2f);
  fail_unless (isnan (at (&made, 1, 19)));
  check_no_position (&made, 3);
  fail_unless_equals_int (made.body[3 * 23 + 12], 51);
  fail_unless_equals_float (at (&made, 3, 19), 8 / 1024.0);
  clear (&made);
}
GST_END_TEST;

/* ---- faces ---- */

/* As the corners' numbers, "012 345", in the order that they come in. */
static void
check_faces (const guint16 *disparity, guint width, guint height,
    const RcCloudOptions *options, const gchar *expected)
{
  g_autoptr (GString) faces = g_string_new (NULL);
  RcCloudImages images = images_of (disparity);
  const guint8 *face;
  Made made;

  images.width = width;
  images.height = height;
  images.disparity.stride = width * sizeof *disparity;
  make (&made, &stereo, &images, options);
  face = made.body + made.n_vertices * made.vertex_size;
  for (guint i = 0; i < made.n_faces; i++, face += RC_PLY_FACE_SIZE) {
    fail_unless_equals_int (face[0], 3);
    g_string_append (faces, i > 0 ? " " : "");
    for (guint c = 0; c < 3; c++)
      g_string_append_printf (faces, "%u", read_uint (face + 1 + 4 * c));
  }
  fail_unless_equals_string (faces->str, expected);
  clear (&made);
}

/* 2 pixels are 32 steps. */
GST_START_TEST (test_faces)
{
  RcCloudOptions options = all;

  options.faces = TRUE;
  options.face_step = 2;
  /* 0 1
   * 2 3: down, right, seen from the camera counter-clockwise. */
  check_faces ((guint16[]){100, 100, 100, 100}, 2, 2, &options, "023 103");
  /* Along the smaller difference. */
  check_faces ((guint16[]){100, 110, 110, 120}, 2, 2, &options, "021 123");
  check_faces ((guint16[]){110, 100, 120, 110}, 2, 2, &options, "023 103");
  /* One missing, each in turn: the others count from 0. */
  check_faces ((guint16[]){0, 100, 100, 100}, 2, 2, &options, "120");
  check_faces ((guint16[]){100, 0, 100, 100}, 2, 2, &options, "012");
  check_faces ((guint16[]){100, 100, 0, 100}, 2, 2, &options, "021");
  check_faces ((guint16[]){100, 100, 100, 0}, 2, 2, &options, "021");
  check_faces ((guint16[]){0, 100, 100, 0}, 2, 2, &options, "");
  /* One too far away. */
  check_faces ((guint16[]){100, 132, 132, 132}, 2, 2, &options, "021 123");
  check_faces ((guint16[]){99, 132, 132, 132}, 2, 2, &options, "123");
  /* Two of them are too far from c. */
  check_faces ((guint16[]){100, 132, 66, 100}, 2, 2, &options, "103");
  check_faces ((guint16[]){100, 100, 133, 133}, 2, 2, &options, "");
  /* No squares. */
  check_faces ((guint16[]){9, 9, 9, 9}, 4, 1, &options, "");
  check_faces ((guint16[]){9, 9, 9, 9}, 1, 4, &options, "");
  check_faces ((guint16[]){9}, 1, 1, &options, "");
  /* Rows and columns. */
  check_faces ((guint16[]){9, 9, 9, 9, 0, 9}, 3, 2, &options, "031 142");
  check_faces (
      (guint16[]){9, 9, 9, 9, 9, 9}, 2, 3, &options, "023 103 245 325");
}
GST_END_TEST;

GST_START_TEST (test_faces_of_a_grid)
{
  RcCloudOptions options = all;

  options.faces = options.organized = TRUE;
  check_faces ((guint16[]){9, 9, 9, 9, 0, 9}, 3, 2, &options, "031 152");
}
GST_END_TEST;

GST_START_TEST (test_face_step)
{
  const guint16 slope[] = {100, 100, 103, 103};
  RcCloudOptions options = all;

  options.faces = TRUE;
  options.face_step = 0.1874;
  check_faces (slope, 2, 2, &options, "");
  options.face_step = 0.1875;
  check_faces (slope, 2, 2, &options, "023 103");
  options.face_step = 1e300;
  check_faces ((guint16[]){1, 65535, 1, 65535}, 2, 2, &options, "023 103");
}
GST_END_TEST;

/* A face has its normal against the view: its sum with the way to it is less
 * than 0. */
GST_START_TEST (test_faces_face_the_camera)
{
  guint16 disparity[N_PIXELS];
  RcCloudImages images = images_of (disparity);
  RcCloudOptions options = all;
  const guint8 *face;
  Made made;

  for (guint i = 0; i < N_PIXELS; i++)
    disparity[i] = 1000 + i * 7 % 5;
  options.faces = TRUE;
  options.face_step = 2;
  make (&made, &stereo, &images, &options);
  fail_unless_equals_int (made.n_faces, 12);
  face = made.body + made.n_vertices * made.vertex_size;
  for (guint i = 0; i < made.n_faces; i++, face += RC_PLY_FACE_SIZE) {
    gdouble p[3][3], a[3], b[3];

    for (guint c = 0; c < 9; c++)
      p[c / 3][c % 3] = at (&made, read_uint (face + 1 + c / 3 * 4), c % 3 * 4);
    for (guint c = 0; c < 3; c++) {
      a[c] = p[1][c] - p[0][c];
      b[c] = p[2][c] - p[0][c];
    }
    fail_unless ((a[1] * b[2] - a[2] * b[1]) * p[0][0]
                     + (a[2] * b[0] - a[0] * b[2]) * p[0][1]
                     + (a[0] * b[1] - a[1] * b[0]) * p[0][2]
                 < 0);
  }
  clear (&made);
}
GST_END_TEST;

/* ---- one object, many images ---- */

/* Wide and low, then narrow and high, and the other way round. */
GST_START_TEST (test_changes)
{
  g_autoptr (RcCloud) cloud = rc_cloud_new ();
  const guint16 same[] = {1024, 1024, 1024, 1024, 1024, 1024, 1024, 1024};
  guint8 body[8 * 12 + 6 * 13 + 1];
  RcStereo other = stereo;
  RcCloudOptions options = all;

  for (guint round = 0; round < 6; round++) {
    RcCloudImages images = images_of (same);
    guint n_vertices, n_faces;

    images.width = round % 2 ? 8 : 2;
    images.height = 8 / images.width;
    images.disparity.stride = images.width * 2;
    options.faces = round > 1;
    options.min_depth = round == 4 ? 2.5 : 0;
    other.baseline = round < 3 ? 0.0625 : 0.125;
    rc_cloud_write (
        cloud, &other, &images, &options, body, &n_vertices, &n_faces);
    fail_unless_equals_int (n_vertices, round == 4 ? 0 : 8);
    fail_unless_equals_int (n_faces, round == 2 ? 6 : 0);
    if (n_vertices > 0)
      fail_unless_equals_float (read_float (body + 8), round < 3 ? 1 : 2);
  }
}
GST_END_TEST;

static Suite *
cloud_suite (void)
{
  Suite *suite = suite_create ("cloud");
  TCase *tcase = tcase_create ("cloud");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_by_hand);
  tcase_add_test (tcase, test_organized);
  tcase_add_test (tcase, test_strides_and_byte_order);
  tcase_add_test (tcase, test_offset_and_invalid);
  tcase_add_test (tcase, test_depths);
  tcase_add_test (tcase, test_all_properties);
  tcase_add_test (tcase, test_filters);
  tcase_add_test (tcase, test_organized_properties);
  tcase_add_test (tcase, test_faces);
  tcase_add_test (tcase, test_faces_of_a_grid);
  tcase_add_test (tcase, test_face_step);
  tcase_add_test (tcase, test_faces_face_the_camera);
  tcase_add_test (tcase, test_changes);
  return suite;
}

GST_CHECK_MAIN (cloud);
