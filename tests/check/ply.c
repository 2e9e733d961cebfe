/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* PLY headers and text, against what was written by hand. */

#include <gst/check/gstcheck.h>
#include <math.h>

#include "depth/rcply.h"

#define POSITIONS "property float x\nproperty float y\nproperty float z\n"
#define COMMENT "comment Metres from the left camera: x to the right, y down, "

static gchar *
make_header (const RcPlyContent *content, RcPlyFormat format, guint n_vertices,
    guint n_faces)
{
  gsize size = rc_ply_header_size (content, format);
  gchar *text = g_malloc (size + 2);

  text[size] = '#';
  rc_ply_write_header (content, format, n_vertices, n_faces, text);
  fail_unless_equals_int (text[size], '#');
  text[size] = '\0';
  fail_unless_equals_int (strlen (text), size);
  return text;
}

GST_START_TEST (test_plain_header)
{
  RcPlyContent content = {0};
  g_autofree gchar *text = make_header (&content, RC_PLY_BINARY, 12345, 0);

  fail_unless_equals_string (text,
      "ply\nformat binary_little_endian 1.0\n" COMMENT
      "z forward               \n"
      "element vertex 12345\n" POSITIONS "end_header\n");
}
GST_END_TEST;

GST_START_TEST (test_full_header)
{
  RcPlyContent content = {TRUE, TRUE, TRUE, TRUE, 214, 160};
  g_autofree gchar *text = make_header (&content, RC_PLY_ASCII, 34240, 7);

  fail_unless_equals_string (text,
      "ply\nformat ascii 1.0\n" COMMENT "z forward              \n"
      "obj_info num_cols 214\nobj_info num_rows 160\n"
      "element vertex 34240\n" POSITIONS
      "property uchar red\nproperty uchar green\nproperty uchar blue\n"
      "property float confidence\nproperty float depth_error\n"
      "element face 7\nproperty list uchar int vertex_indices\n"
      "end_header\n");
}
GST_END_TEST;

/* Whatever the numbers, the body begins at the same place. */
GST_START_TEST (test_header_size)
{
  const guint numbers[] = {0, 9, 10, 99999, 100000, 999999999, G_MAXINT32};
  RcPlyContent content = {.faces = TRUE};

  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++) {
    for (guint j = 0; j < G_N_ELEMENTS (numbers); j++) {
      g_autofree gchar *text =
          make_header (&content, RC_PLY_BINARY, numbers[i], numbers[j]);
      g_autofree gchar *line =
          g_strdup_printf ("element vertex %u\n" POSITIONS "element face %u\n",
              numbers[i], numbers[j]);

      fail_unless (strstr (text, line) != NULL);
      fail_unless (g_str_has_suffix (text, "end_header\n"));
    }
  }
}
GST_END_TEST;

GST_START_TEST (test_vertex_size)
{
  fail_unless_equals_int (rc_ply_vertex_size (&(RcPlyContent){0}), 12);
  fail_unless_equals_int (
      rc_ply_vertex_size (&(RcPlyContent){.color = TRUE}), 15);
  fail_unless_equals_int (
      rc_ply_vertex_size (&(RcPlyContent){.confidence = TRUE}), 16);
  fail_unless_equals_int (
      rc_ply_vertex_size (&(RcPlyContent){TRUE, TRUE, TRUE, TRUE, 1, 1}), 23);
}
GST_END_TEST;

GST_START_TEST (test_bytes)
{
  const guint8 expected[] = {0x00, 0x00, 0x20, 0xc1, 0x04, 0x03, 0x02, 0x01};
  guint8 bytes[8];

  /* -10 is 0xc1200000. */
  rc_ply_put_float (bytes, -10);
  rc_ply_put_uint (bytes + 4, 0x01020304);
  fail_unless (memcmp (bytes, expected, sizeof bytes) == 0);
}
GST_END_TEST;

static gboolean
never (gpointer data)
{
  return FALSE;
}

/* What comes after the header, which is cut off. */
static gchar *
print_body (const RcPlyContent *content, const guint8 *body, guint n_vertices,
    guint n_faces)
{
  gsize size = 0, header = rc_ply_header_size (content, RC_PLY_ASCII);
  g_autofree gchar *text =
      rc_ply_print (content, body, n_vertices, n_faces, never, NULL, &size);

  fail_unless (text != NULL);
  fail_unless (size >= header);
  fail_unless (memcmp (text + header - 11, "end_header\n", 11) == 0);
  return g_strndup (text + header, size - header);
}

GST_START_TEST (test_print)
{
  RcPlyContent content = {TRUE, TRUE, TRUE, TRUE, 0, 0};
  guint8 body[2 * 23 + 13];
  guint8 *other = body + 23, *face = body + 46;
  g_autofree gchar *text = NULL;

  rc_ply_put_float (body, -1.5);
  rc_ply_put_float (body + 4, 0);
  rc_ply_put_float (body + 8, 1024);
  memcpy (body + 12, "\x00\x0a\xff", 3);
  rc_ply_put_float (body + 15, 1);
  rc_ply_put_float (body + 19, 0.0078125);

  for (guint i = 0; i < 3; i++)
    rc_ply_put_float (other + 4 * i, NAN);
  memcpy (other + 12, "\x01\x63\x64", 3);
  rc_ply_put_float (other + 15, 0.5);
  rc_ply_put_float (other + 19, NAN);

  face[0] = 3;
  rc_ply_put_uint (face + 1, 0);
  rc_ply_put_uint (face + 5, 12345678);
  rc_ply_put_uint (face + 9, 10);

  text = print_body (&content, body, 2, 1);
  fail_unless_equals_string (text, "-1.5 0 1024 0 10 255 1 0.0078125\n"
                                   "nan nan nan 1 99 100 0.5 nan\n"
                                   "3 0 12345678 10\n");
}
GST_END_TEST;

static void
check_round_trip (gfloat value)
{
  static const RcPlyContent content = {0};
  g_autofree gchar *text = NULL;
  guint8 body[12];
  gchar *end;
  gfloat read[3];

  rc_ply_put_float (body, value);
  rc_ply_put_float (body + 4, -value);
  rc_ply_put_float (body + 8, value);
  end = text = print_body (&content, body, 1, 0);
  for (guint i = 0; i < 3; i++)
    read[i] = g_ascii_strtod (end, &end);
  fail_unless_equals_string (end, "\n");
  fail_unless (read[0] == value && read[1] == -value && read[2] == value,
      "%.9g became %s", value, text);
}

GST_START_TEST (test_floats_read_back)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (5);
  const gfloat edges[] = {0, 1, 10, 1e8, 99999992, 9999999.5, 0.1, 0.001,
      0.00099999995, 0.99999994, 1e-4, 1e-38, 1e-45, 3.4028235e38, 123456.79,
      INFINITY, 16777216, 33554432};

  for (guint i = 0; i < G_N_ELEMENTS (edges); i++)
    check_round_trip (edges[i]);
  for (guint i = 0; i < 20000; i++)
    check_round_trip (exp2 (g_rand_double_range (rand, -14, 28)));
}
GST_END_TEST;

/* At the last time that it is asked. */
static gboolean
count_down (gpointer data)
{
  guint *count = data;

  return --*count == 0;
}

/* In the vertices, and in the faces. */
GST_START_TEST (test_cancel)
{
  const guint n_vertices = 100000, n_faces = 200000;
  RcPlyContent content = {.faces = TRUE};
  g_autofree guint8 *body = g_malloc0 (
      n_vertices * RC_PLY_POSITION_SIZE + n_faces * RC_PLY_FACE_SIZE);

  for (guint times = 1; times <= 30; times++) {
    guint count = times;
    gsize size;

    fail_unless (rc_ply_print (&content, body, n_vertices, n_faces, count_down,
                     &count, &size)
                 == NULL);
    fail_unless_equals_int (count, 0);
  }
}
GST_END_TEST;

static Suite *
ply_suite (void)
{
  Suite *suite = suite_create ("ply");
  TCase *tcase = tcase_create ("ply");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_plain_header);
  tcase_add_test (tcase, test_full_header);
  tcase_add_test (tcase, test_header_size);
  tcase_add_test (tcase, test_vertex_size);
  tcase_add_test (tcase, test_bytes);
  tcase_add_test (tcase, test_print);
  tcase_add_test (tcase, test_floats_read_back);
  tcase_add_test (tcase, test_cancel);
  return suite;
}

GST_CHECK_MAIN (ply);
