/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Images whose GstVideoMeta and memory do not go together. */

#include <gst/check/gstcheck.h>

#include "meta/gstrcimageframe.h"

#define WIDTH 8
#define HEIGHT 4

typedef struct {
  gsize sizes[2]; /* of its memories, bytes */
  gsize offset;
  gint stride;
  gboolean fits;
  guint padding; /* columns and rows */
} Case;

static const Case cases[] = {
    {{32, 0}, 0, 8, TRUE},
    {{31, 0}, 0, 8, FALSE},
    {{32, 0}, 1, 8, FALSE},
    {{64, 0}, 32, 8, TRUE},
    {{56, 0}, 0, 16, TRUE}, /* the last row needs no padding */
    {{55, 0}, 0, 16, FALSE},
    {{32, 0}, 24, -8, TRUE}, /* the lowest row first */
    {{32, 0}, 23, -8, FALSE},
    {{32, 0}, 0, G_MAXINT, FALSE},
    {{16, 16}, 0, 8, FALSE}, /* it goes on in another memory */
    {{32, 32}, 0, 8, TRUE},
    {{80, 0}, 0, 10, TRUE, 2},
    {{38, 0}, 0, 10, TRUE, 2}, /* its padding is not needed */
    {{37, 0}, 0, 10, FALSE, 2},
};

static GstBuffer *
make_image (const Case *c)
{
  gsize offsets[GST_VIDEO_MAX_PLANES] = {c->offset};
  gint strides[GST_VIDEO_MAX_PLANES] = {c->stride};
  GstBuffer *buffer = gst_buffer_new ();

  for (guint i = 0; i < G_N_ELEMENTS (c->sizes); i++) {
    if (c->sizes[i] > 0)
      gst_buffer_append_memory (
          buffer, gst_allocator_alloc (NULL, c->sizes[i], NULL));
  }
  gst_buffer_add_video_meta_full (buffer, 0, GST_VIDEO_FORMAT_GRAY8,
      WIDTH + c->padding, HEIGHT + c->padding, 1, offsets, strides);
  return buffer;
}

GST_START_TEST (test_map)
{
  const Case *c = &cases[__i__];
  GstBuffer *buffer = make_image (c);
  GstVideoFrame frame;
  GstVideoInfo info;
  gboolean mapped;

  gst_video_info_set_format (&info, GST_VIDEO_FORMAT_GRAY8, WIDTH, HEIGHT);
  mapped = gst_rc_image_frame_map (&frame, &info, buffer);
  fail_unless_equals_int (mapped, c->fits);
  if (mapped) {
    fail_unless_equals_int (GST_VIDEO_FRAME_WIDTH (&frame), WIDTH);
    fail_unless_equals_int (GST_VIDEO_FRAME_HEIGHT (&frame), HEIGHT);
    gst_video_frame_unmap (&frame);
  }
  ASSERT_MINI_OBJECT_REFCOUNT (buffer, "buffer", 1);
  gst_buffer_unref (buffer);
}
GST_END_TEST;

static Suite *
image_frame_suite (void)
{
  Suite *suite = suite_create ("imageframe");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_loop_test (tcase, test_map, 0, G_N_ELEMENTS (cases));
  return suite;
}

GST_CHECK_MAIN (image_frame);
