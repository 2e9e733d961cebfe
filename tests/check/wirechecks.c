/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What RcImageSet checks of a message that is well-formed, its times, and who
 * owns its bytes. */

#include <gst/check/gstcheck.h>
#include <math.h>
#include <string.h>

#include "image_interface.pb-c.h"
#include "wirefixture.h"

#define NSEC G_GUINT64_CONSTANT (1000000000)

/* A message with one of everything, to be spoilt. */
typedef struct {
  ImageSet set;
  Time set_time, image_time, disparity_time, disparity_image_time, mesh_time;
  Image left, right, depth, error, confidence;
  DisparityImage disparity;
  Mesh mesh;
  gchar mono8[8], mono16[8], ply[8];
  guint8 data[4096];
} Whole;

static void
init_image (Whole *whole, Image *image, gchar *encoding, guint bytes_per_pixel)
{
  image__init (image);
  image->timestamp = &whole->image_time;
  image->width = 5;
  image->height = 3;
  image->step = 5 * bytes_per_pixel;
  image->encoding = encoding;
  image->data.data = whole->data;
  image->data.len = image->step * image->height;
}

static void
init_time (Time *time, gint sec)
{
  time__init (time);
  time->sec = sec;
  time->nsec = 999999999;
}

static Whole *
new_whole (void)
{
  Whole *whole = g_new0 (Whole, 1);

  strcpy (whole->mono8, "mono8");
  strcpy (whole->mono16, "mono16");
  strcpy (whole->ply, "ply");
  init_time (&whole->set_time, 1);
  init_time (&whole->image_time, 2);
  init_time (&whole->disparity_time, 3);
  init_time (&whole->disparity_image_time, 4);
  init_time (&whole->mesh_time, 5);
  init_image (whole, &whole->left, whole->mono8, 1);
  init_image (whole, &whole->right, whole->mono8, 1);
  init_image (whole, &whole->error, whole->mono8, 1);
  init_image (whole, &whole->confidence, whole->mono8, 1);
  init_image (whole, &whole->depth, whole->mono16, 2);
  whole->depth.timestamp = &whole->disparity_image_time;
  disparity_image__init (&whole->disparity);
  whole->disparity.timestamp = &whole->disparity_time;
  whole->disparity.image = &whole->depth;
  mesh__init (&whole->mesh);
  whole->mesh.timestamp = &whole->mesh_time;
  whole->mesh.format = whole->ply;
  whole->mesh.data.data = whole->data;
  whole->mesh.data.len = 20;
  image_set__init (&whole->set);
  whole->set.timestamp = &whole->set_time;
  whole->set.left = &whole->left;
  whole->set.right = &whole->right;
  whole->set.disparity = &whole->disparity;
  whole->set.disparity_error = &whole->error;
  whole->set.confidence = &whole->confidence;
  whole->set.mesh = &whole->mesh;
  return whole;
}

static RcImageSet *
decode (const Whole *whole, GError **error)
{
  gsize size = image_set__get_packed_size (&whole->set);
  guint8 *data = g_malloc (size);
  RcChunk chunk = {data, size};

  image_set__pack (&whole->set, data);
  return rc_image_set_new (&chunk, 1, data, g_free, error);
}

static void
check_good (const Whole *whole)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (RcImageSet) set = decode (whole, &error);

  fail_unless (set != NULL, "%s", error != NULL ? error->message : "");
}

static void
check_bad (const Whole *whole, gint code)
{
  g_autoptr (GError) error = NULL;

  fail_unless (decode (whole, &error) == NULL);
  fail_unless (g_error_matches (error, RC_IMAGE_SET_ERROR, code), "code %d: %s",
      error->code, error->message);
}

static Image *
get_image (Whole *whole, guint i)
{
  Image *images[] = {&whole->left, &whole->right, &whole->depth,
      &whole->confidence, &whole->error};

  return images[i];
}

static void
check_geometry (
    guint i, guint width, guint height, guint step, gsize size, gboolean good)
{
  g_autofree Whole *whole = new_whole ();
  Image *image = get_image (whole, i);

  image->width = width;
  image->height = height;
  image->step = step;
  image->data.len = size;
  if (good)
    check_good (whole);
  else
    check_bad (whole, RC_IMAGE_SET_ERROR_GEOMETRY);
}

GST_START_TEST (test_geometry)
{
  guint bytes_per_pixel = __i__ == RC_STREAM_DISPARITY ? 2 : 1;
  guint row = 5 * bytes_per_pixel;

  check_geometry (__i__, 5, 3, row, row * 3, TRUE);
  check_geometry (__i__, 5, 3, row + 1, row * 3 + 3, TRUE);
  check_geometry (__i__, 5, 3, row, row * 3 + 1, TRUE);
  check_geometry (__i__, 5, 3, row, row * 3 - 1, FALSE);
  check_geometry (__i__, 5, 3, row + 1, row * 3 + 2, FALSE);
  check_geometry (__i__, 5, 3, row - 1, row * 3, FALSE);
  check_geometry (__i__, 5, 3, row, 0, FALSE);
  check_geometry (__i__, 0, 3, row, row * 3, FALSE);
  check_geometry (__i__, 5, 0, row, row * 3, FALSE);
  check_geometry (__i__, 0, 0, 0, 0, FALSE);
  check_geometry (__i__, 5, 3, 0, row * 3, FALSE);
  /* Products beyond 32 bits that leave little or nothing in 32. */
  check_geometry (__i__, 5, 2, 0x80000000, 4096, FALSE);
  check_geometry (__i__, 5, 16384, 0x00040000, 4096, FALSE);
  check_geometry (__i__, 0x80000001, 3, row, row * 3, FALSE);
  check_geometry (__i__, 65535, 65535, 65535, 4096, FALSE);
  check_geometry (__i__, G_MAXUINT32, G_MAXUINT32, G_MAXUINT32, 4096, FALSE);
  check_geometry (__i__, 1024, 1, 1024 * bytes_per_pixel, 4096, TRUE);
}
GST_END_TEST;

static void
check_side (guint width, guint height, gboolean good)
{
  g_autofree Whole *whole = new_whole ();
  g_autofree guint8 *data = g_malloc0 ((gsize)width * height);

  whole->left.width = width;
  whole->left.height = height;
  whole->left.step = width;
  whole->left.data.data = data;
  whole->left.data.len = (gsize)width * height;
  if (good)
    check_good (whole);
  else
    check_bad (whole, RC_IMAGE_SET_ERROR_GEOMETRY);
}

GST_START_TEST (test_largest_side)
{
  check_side (RC_MAX_IMAGE_SIDE, 1, TRUE);
  check_side (1, RC_MAX_IMAGE_SIDE, TRUE);
  check_side (RC_MAX_IMAGE_SIDE + 1, 1, FALSE);
  check_side (1, RC_MAX_IMAGE_SIDE + 1, FALSE);
}
GST_END_TEST;

GST_START_TEST (test_encoding)
{
  static const gchar *const bad[] = {"", "mono", "mono8 ", "MONO8", "mono32",
      "bgr8", "YCbCr411_8", "\xc3\xa4"};
  g_autofree Whole *whole = new_whole ();

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    get_image (whole, __i__)->encoding = (gchar *)bad[i];
    check_bad (whole, RC_IMAGE_SET_ERROR_ENCODING);
  }
}
GST_END_TEST;

GST_START_TEST (test_encoding_names)
{
  fail_unless_equals_string (
      rc_encoding_to_string (RC_ENCODING_MONO8), "mono8");
  fail_unless_equals_string (
      rc_encoding_to_string (RC_ENCODING_MONO16), "mono16");
  fail_unless_equals_string (rc_encoding_to_string (RC_ENCODING_RGB8), "rgb8");
  fail_unless_equals_int (rc_encoding_bytes_per_pixel (RC_ENCODING_MONO8), 1);
  fail_unless_equals_int (rc_encoding_bytes_per_pixel (RC_ENCODING_MONO16), 2);
  fail_unless_equals_int (rc_encoding_bytes_per_pixel (RC_ENCODING_RGB8), 3);
}
GST_END_TEST;

GST_START_TEST (test_bad_times)
{
  static const gint bad[][2] = {{-1, 0}, {G_MININT32, 0}, {1, -1},
      {0, 1000000000}, {1, G_MAXINT32}, {0, G_MININT32}};

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autofree Whole *whole = new_whole ();
    Time *times[] = {&whole->set_time, &whole->image_time,
        &whole->disparity_time, &whole->disparity_image_time,
        &whole->mesh_time};

    times[__i__]->sec = bad[i][0];
    times[__i__]->nsec = bad[i][1];
    check_bad (whole, RC_IMAGE_SET_ERROR_TIME);
  }
}
GST_END_TEST;

static void
check_timestamps (const Whole *whole, guint64 set_time, guint64 image_time,
    guint64 disparity_time, guint64 mesh_time)
{
  g_autoptr (RcImageSet) set = decode (whole, NULL);
  const guint64 expected[RC_N_STREAMS] = {image_time, image_time,
      disparity_time, image_time, image_time, mesh_time, set_time};

  fail_unless (set != NULL);
  for (guint i = 0; i < RC_N_STREAMS; i++)
    fail_unless_equals_uint64 (
        rc_image_set_get_stream_timestamp (set, i), expected[i]);
}

/* What stands in for a time that is absent, or 0. */
GST_START_TEST (test_missing_times)
{
  g_autofree Whole *whole = new_whole ();

  check_timestamps (
      whole, 2 * NSEC - 1, 3 * NSEC - 1, 5 * NSEC - 1, 6 * NSEC - 1);
  time__init (&whole->disparity_image_time);
  check_timestamps (
      whole, 2 * NSEC - 1, 3 * NSEC - 1, 4 * NSEC - 1, 6 * NSEC - 1);
  whole->depth.timestamp = NULL;
  check_timestamps (
      whole, 2 * NSEC - 1, 3 * NSEC - 1, 4 * NSEC - 1, 6 * NSEC - 1);
  whole->disparity.timestamp = NULL;
  whole->mesh.timestamp = NULL;
  check_timestamps (
      whole, 2 * NSEC - 1, 3 * NSEC - 1, 2 * NSEC - 1, 2 * NSEC - 1);
  time__init (&whole->image_time);
  check_timestamps (
      whole, 2 * NSEC - 1, 2 * NSEC - 1, 2 * NSEC - 1, 2 * NSEC - 1);
  whole->set.timestamp = NULL;
  init_time (&whole->image_time, G_MAXINT32);
  check_timestamps (
      whole, 0, (G_MAXINT32 + G_GUINT64_CONSTANT (1)) * NSEC - 1, 0, 0);
}
GST_END_TEST;

GST_START_TEST (test_mesh)
{
  g_autofree Whole *whole = new_whole ();
  g_autoptr (RcImageSet) none = NULL;
  gchar stl[] = "stl", empty[] = "";

  whole->mesh.format = stl;
  check_bad (whole, RC_IMAGE_SET_ERROR_MESH);
  whole->mesh.format = empty;
  check_bad (whole, RC_IMAGE_SET_ERROR_MESH);
  whole->mesh.data.len = 0;
  none = decode (whole, NULL);
  fail_unless (none != NULL);
  fail_unless (!rc_image_set_has (none, RC_STREAM_MESH));
  fail_unless_equals_uint64 (
      rc_image_set_get_stream_timestamp (none, RC_STREAM_MESH), 2 * NSEC - 1);
}
GST_END_TEST;

GST_START_TEST (test_disparity_without_image)
{
  g_autofree Whole *whole = new_whole ();

  whole->disparity.image = NULL;
  check_bad (whole, RC_IMAGE_SET_ERROR_GEOMETRY);
}
GST_END_TEST;

GST_START_TEST (test_only_timestamp)
{
  g_autofree Whole *whole = new_whole ();
  g_autoptr (RcImageSet) set = NULL;

  image_set__init (&whole->set);
  whole->set.timestamp = &whole->set_time;
  set = decode (whole, NULL);
  fail_unless (set != NULL);
  fail_unless (rc_image_set_get_disparity (set) == NULL);
  for (guint i = 0; i < RC_N_STREAMS; i++)
    fail_unless_equals_int (rc_image_set_has (set, i), i == RC_STREAM_METADATA);
}
GST_END_TEST;

/* Logs and bindings show it. */
GST_START_TEST (test_error_domain)
{
  fail_unless_equals_string (
      g_quark_to_string (RC_IMAGE_SET_ERROR), "rc-image-set-error-quark");
}
GST_END_TEST;

static const gfloat not_finite[] = {NAN, -NAN, INFINITY, -INFINITY};

/* What points and depths are computed from. */
GST_START_TEST (test_geometry_not_finite)
{
  for (guint i = 0; i < G_N_ELEMENTS (not_finite); i++) {
    g_autofree Whole *whole = new_whole ();
    Image *image = get_image (whole, __i__);
    gfloat *parameters[] = {&image->focal_length, &image->principal_point_u,
        &image->principal_point_v};

    for (guint n = 0; n < G_N_ELEMENTS (parameters); n++) {
      *parameters[n] = not_finite[i];
      check_bad (whole, RC_IMAGE_SET_ERROR_PARAMETER);
      *parameters[n] = -G_MAXFLOAT;
      check_good (whole);
    }
  }
}
GST_END_TEST;

GST_START_TEST (test_disparity_not_finite)
{
  g_autofree Whole *whole = new_whole ();
  gfloat *parameters[] = {&whole->disparity.scale, &whole->disparity.offset,
      &whole->disparity.invalid_data_value, &whole->disparity.baseline,
      &whole->disparity.delta_d};

  for (guint i = 0; i < G_N_ELEMENTS (not_finite); i++) {
    *parameters[__i__] = not_finite[i];
    check_bad (whole, RC_IMAGE_SET_ERROR_PARAMETER);
  }
  *parameters[__i__] = G_MAXFLOAT;
  check_good (whole);
}
GST_END_TEST;

/* What only describes the image is handed on as sent. */
GST_START_TEST (test_description_not_finite)
{
  g_autofree Whole *whole = new_whole ();
  Image *image = get_image (whole, __i__);
  g_autoptr (RcImageSet) set = NULL;
  const RcImage *got;

  image->exposure_time = NAN;
  image->gain = INFINITY;
  image->noise = -INFINITY;
  image->out1_reduction = NAN;
  image->brightness = INFINITY;
  image->gamma = -INFINITY;
  set = decode (whole, NULL);
  fail_unless (set != NULL);
  got = rc_image_set_get_image (set, __i__);
  fail_unless (isnan (got->exposure_time));
  fail_unless (got->gain == INFINITY);
  fail_unless (got->noise == -INFINITY);
  fail_unless (isnan (got->out1_reduction));
  fail_unless (got->brightness == INFINITY);
  fail_unless (got->gamma == -INFINITY);
}
GST_END_TEST;

static void
count (gpointer counter)
{
  (*(guint *)counter)++;
}

GST_START_TEST (test_owner)
{
  static const guint8 good[] = {0x0a, 0x02, 0x08, 0x01};
  RcChunk chunk = {good, sizeof good};
  guint n_freed = 0;
  RcImageSet *set = rc_image_set_new (&chunk, 1, &n_freed, count, NULL);

  fail_unless_equals_uint64 (rc_image_set_get_timestamp (set), NSEC);
  fail_unless (rc_image_set_ref (set) == set);
  rc_image_set_unref (set);
  fail_unless_equals_int (n_freed, 0);
  rc_image_set_unref (set);
  fail_unless_equals_int (n_freed, 1);

  chunk.size = 3;
  fail_unless (rc_image_set_new (&chunk, 1, &n_freed, count, NULL) == NULL);
  fail_unless_equals_int (n_freed, 2);
  fail_unless (rc_image_set_new (NULL, 0, &n_freed, count, NULL) == NULL);
  fail_unless_equals_int (n_freed, 3);
}
GST_END_TEST;

static Suite *
wirechecks_suite (void)
{
  Suite *suite = suite_create ("wirechecks");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_loop_test (tcase, test_geometry, 0, RC_N_IMAGE_STREAMS);
  tcase_add_test (tcase, test_largest_side);
  tcase_add_loop_test (tcase, test_encoding, 0, RC_N_IMAGE_STREAMS);
  tcase_add_test (tcase, test_encoding_names);
  tcase_add_loop_test (tcase, test_bad_times, 0, 5);
  tcase_add_test (tcase, test_missing_times);
  tcase_add_test (tcase, test_mesh);
  tcase_add_test (tcase, test_disparity_without_image);
  tcase_add_test (tcase, test_only_timestamp);
  tcase_add_loop_test (tcase, test_geometry_not_finite, 0, RC_N_IMAGE_STREAMS);
  tcase_add_loop_test (tcase, test_disparity_not_finite, 0, 5);
  tcase_add_loop_test (
      tcase, test_description_not_finite, 0, RC_N_IMAGE_STREAMS);
  tcase_add_test (tcase, test_error_domain);
  tcase_add_test (tcase, test_owner);
  return suite;
}

GST_CHECK_MAIN (wirechecks);
