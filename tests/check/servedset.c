/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What clients get of a set, read by protobuf-c's own parser: what it says,
 * and what was given where an image did not say it. */

#include <gst/check/gstcheck.h>

#include "image_interface.pb-c.h"
#include "sink/rcservedset.h"

#define SECOND (G_GUINT64_CONSTANT (1000000000))
#define ALL ((1u << RC_N_SET_STREAMS) - 1)

static const RcStereo nothing_given = {
    .principal_point_u = -G_MAXDOUBLE, .principal_point_v = -G_MAXDOUBLE};
static const RcStereo all_given = {
    .focal_length = 500,
    .principal_point_u = 30,
    .principal_point_v = 20,
    .baseline = 0.16,
    .scale = 0.0625,
    .offset = 270,
    .invalid_data_value = 7,
};

static RcServedImage *
make_image (guint width, guint height, RcEncoding encoding)
{
  RcServedImage *served = g_new0 (RcServedImage, 1);
  gsize size;

  served->image = (RcImage){
      .timestamp = 3 * SECOND + 5,
      .width = width,
      .height = height,
      .encoding = encoding,
      .step = width * rc_encoding_bytes_per_pixel (encoding),
  };
  size = (gsize)served->image.step * height;
  served->data = g_bytes_new_take (g_malloc0 (size), size);
  return served;
}

/* Parses the message; takes @set. */
static ImageSet *
build (RcServedSet *set, guint streams, gboolean color)
{
  RcRequest request = {.streams = streams, .color = color};
  g_autoptr (GPtrArray) pieces = rc_served_set_build (set, &request);
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  ImageSet *message;

  for (guint i = 0; i < pieces->len; i++) {
    gsize size;
    const guint8 *data = g_bytes_get_data (pieces->pdata[i], &size);

    g_byte_array_append (bytes, data, size);
  }
  message = image_set__unpack (NULL, bytes->len, bytes->data);
  fail_unless (message != NULL);
  return message;
}

static void
free_message (ImageSet *message)
{
  image_set__free_unpacked (message, NULL);
}

GST_START_TEST (test_streams)
{
  RcServedImage *images[RC_N_SET_STREAMS] = {NULL};
  RcServedSet *set;
  ImageSet *message;

  for (guint i = 0; i < RC_N_SET_STREAMS; i++) {
    if (i != RC_STREAM_RIGHT)
      images[i] = make_image (4, 2,
          i == RC_STREAM_DISPARITY ? RC_ENCODING_MONO16 : RC_ENCODING_MONO8);
  }
  set = rc_served_set_new (images, &nothing_given, 0);
  fail_unless_equals_int (
      rc_served_set_get_streams (set), ALL & ~(1u << RC_STREAM_RIGHT));
  fail_unless_equals_uint64 (rc_served_set_get_size (set), 16 + 4 * 8);

  message = build (set, ALL, FALSE);
  fail_unless (message->left && !message->right && message->disparity);
  fail_unless (message->confidence && message->disparity_error);
  fail_unless (message->mesh);
  fail_unless_equals_string (message->mesh->format, "ply");
  free_message (message);

  message = build (set, 1u << RC_STREAM_ERROR, FALSE);
  fail_if (message->left || message->disparity || message->confidence);
  fail_if (message->mesh);
  fail_unless (message->disparity_error);
  free_message (message);
  rc_served_set_unref (set);
}
GST_END_TEST;

GST_START_TEST (test_timestamp)
{
  RcServedImage *images[RC_N_SET_STREAMS] = {NULL};
  RcServedSet *set;
  ImageSet *message;

  images[RC_STREAM_LEFT] = make_image (1, 1, RC_ENCODING_MONO8);
  images[RC_STREAM_RIGHT] = make_image (1, 1, RC_ENCODING_MONO8);
  images[RC_STREAM_RIGHT]->image.timestamp = 2 * SECOND;
  set = rc_served_set_new (images, &nothing_given, 0);
  message = build (set, ALL, FALSE);
  fail_unless_equals_int (message->timestamp->sec, 2);
  fail_unless_equals_int (message->left->timestamp->sec, 3);
  fail_unless_equals_int (message->left->timestamp->nsec, 5);
  free_message (message);
  rc_served_set_unref (set);

  images[RC_STREAM_LEFT] = make_image (1, 1, RC_ENCODING_MONO8);
  images[RC_STREAM_RIGHT] = NULL;
  images[RC_STREAM_LEFT]->set_timestamp = 9 * SECOND;
  set = rc_served_set_new (images, &nothing_given, 0);
  message = build (set, ALL, FALSE);
  fail_unless_equals_int (message->timestamp->sec, 9);
  free_message (message);
  rc_served_set_unref (set);
}
GST_END_TEST;

static RcServedSet *
make_stereo (const RcStereo *given, gboolean said, guint given_width)
{
  RcServedImage *images[RC_N_SET_STREAMS] = {NULL};

  images[RC_STREAM_LEFT] = make_image (128, 96, RC_ENCODING_MONO8);
  images[RC_STREAM_DISPARITY] = make_image (64, 48, RC_ENCODING_MONO16);
  for (guint i = 0; said && i <= RC_STREAM_DISPARITY; i++) {
    if (images[i] == NULL)
      continue;
    images[i]->image.focal_length = 100;
    images[i]->image.principal_point_u = 1;
    images[i]->image.principal_point_v = 2;
    images[i]->disparity = (RcDisparity){.scale = 0.5f, .baseline = 0.25f};
  }
  return rc_served_set_new (images, given, given_width);
}

GST_START_TEST (test_what_images_say_counts)
{
  RcServedSet *set = make_stereo (&all_given, TRUE, 64);
  ImageSet *message = build (set, ALL, FALSE);

  fail_unless_equals_float (message->left->focal_length, 100);
  fail_unless_equals_float (message->left->principal_point_u, 1);
  fail_unless_equals_float (message->disparity->image->principal_point_v, 2);
  fail_unless_equals_float (message->disparity->scale, 0.5);
  fail_unless_equals_float (message->disparity->baseline, 0.25);
  fail_unless_equals_float (message->disparity->offset, 0);
  fail_unless_equals_float (message->disparity->invalid_data_value, 0);
  fail_unless_equals_float (message->disparity->delta_d, 0.5);
  fail_if (rc_served_set_lacks_lens (set));
  free_message (message);
  rc_served_set_unref (set);
}
GST_END_TEST;

/* What is given is in pixels of the disparity image. */
GST_START_TEST (test_what_is_given)
{
  RcServedSet *set = make_stereo (&all_given, FALSE, 64);
  ImageSet *message = build (set, ALL, FALSE);

  fail_unless_equals_float (message->left->focal_length, 1000);
  fail_unless_equals_float (message->left->principal_point_u, 60);
  fail_unless_equals_float (message->left->principal_point_v, 40);
  fail_unless_equals_float (message->disparity->image->focal_length, 500);
  fail_unless_equals_float (message->disparity->image->principal_point_u, 30);
  fail_unless_equals_float (message->disparity->image->principal_point_v, 20);
  fail_unless_equals_float (message->disparity->scale, 0.0625);
  fail_unless_equals_float (message->disparity->delta_d, 0.0625);
  fail_unless_equals_float (message->disparity->offset, 270);
  fail_unless_equals_float (message->disparity->invalid_data_value, 7);
  fail_unless (message->disparity->baseline == 0.16f);
  fail_if (rc_served_set_lacks_lens (set));
  free_message (message);
  rc_served_set_unref (set);
}
GST_END_TEST;

GST_START_TEST (test_middle_and_own_width)
{
  RcStereo given = {.focal_length = 500,
      .principal_point_u = -G_MAXDOUBLE,
      .principal_point_v = -G_MAXDOUBLE};
  RcServedSet *set = make_stereo (&given, FALSE, 0);
  ImageSet *message = build (set, ALL, FALSE);

  fail_unless_equals_float (message->left->focal_length, 500);
  fail_unless_equals_float (message->left->principal_point_u, 64);
  fail_unless_equals_float (message->left->principal_point_v, 48);
  fail_unless_equals_float (message->disparity->image->focal_length, 500);
  fail_unless (rc_served_set_lacks_lens (set)); /* the baseline */
  free_message (message);
  rc_served_set_unref (set);
}
GST_END_TEST;

GST_START_TEST (test_nothing_given)
{
  RcServedSet *set = make_stereo (&nothing_given, FALSE, 0);
  ImageSet *message = build (set, ALL, FALSE);

  fail_unless_equals_float (message->left->focal_length, 0);
  fail_unless_equals_float (message->left->principal_point_u, 0);
  fail_unless (rc_served_set_lacks_lens (set));
  free_message (message);
  rc_served_set_unref (set);
}
GST_END_TEST;

/* A message holds floats; what is beyond them must not become infinite. */
GST_START_TEST (test_beyond_float)
{
  RcStereo given = {.focal_length = 1e300, .baseline = 1e300, .scale = 1e300};
  RcServedSet *set = make_stereo (&given, FALSE, 1);
  ImageSet *message = build (set, ALL, FALSE);

  fail_unless (message->left->focal_length == G_MAXFLOAT);
  fail_unless (message->disparity->baseline == G_MAXFLOAT);
  fail_unless (message->disparity->scale == G_MAXFLOAT);
  free_message (message);
  rc_served_set_unref (set);
}
GST_END_TEST;

GST_START_TEST (test_grey_for_those_that_want_no_color)
{
  static const guint8 rgb[] = {
      255, 255, 255, 0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255, 100, 150, 200};
  /* 0.299 R + 0.587 G + 0.114 B */
  static const guint8 luma[] = {255, 0, 76, 150, 29, 141};
  RcServedImage *images[RC_N_SET_STREAMS] = {NULL};
  RcServedSet *set;
  ImageSet *message;

  images[RC_STREAM_RIGHT] = make_image (3, 2, RC_ENCODING_RGB8);
  g_bytes_unref (images[RC_STREAM_RIGHT]->data);
  images[RC_STREAM_RIGHT]->data = g_bytes_new_static (rgb, sizeof (rgb));
  set = rc_served_set_new (images, &nothing_given, 0);

  message = build (set, ALL, TRUE);
  fail_unless_equals_string (message->right->encoding, "rgb8");
  fail_unless_equals_int (message->right->step, 9);
  fail_unless_equals_int (message->right->data.len, sizeof (rgb));
  fail_unless (memcmp (message->right->data.data, rgb, sizeof (rgb)) == 0);
  free_message (message);

  for (guint pass = 0; pass < 2; pass++) {
    message = build (set, ALL, FALSE);
    fail_unless_equals_string (message->right->encoding, "mono8");
    fail_unless_equals_int (message->right->step, 3);
    fail_unless_equals_int (message->right->data.len, sizeof (luma));
    for (guint i = 0; i < sizeof (luma); i++)
      fail_unless (ABS (message->right->data.data[i] - luma[i]) <= 1);
    free_message (message);
  }
  rc_served_set_unref (set);
}
GST_END_TEST;

static Suite *
servedset_suite (void)
{
  Suite *suite = suite_create ("servedset");
  TCase *tcase = tcase_create ("messages");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_streams);
  tcase_add_test (tcase, test_timestamp);
  tcase_add_test (tcase, test_what_images_say_counts);
  tcase_add_test (tcase, test_what_is_given);
  tcase_add_test (tcase, test_middle_and_own_width);
  tcase_add_test (tcase, test_nothing_given);
  tcase_add_test (tcase, test_beyond_float);
  tcase_add_test (tcase, test_grey_for_those_that_want_no_color);
  return suite;
}

GST_CHECK_MAIN (servedset);
