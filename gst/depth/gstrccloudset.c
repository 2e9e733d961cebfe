/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "depth/gstrccloudset.h"

#include "meta/gstrcimageframe.h"

/* The left image may have another size, the others may not. */
static gboolean
check_size (GstElement *element, const GstRcSetImage *image,
    const GstRcSetImage *disparity)
{
  gint width = GST_VIDEO_INFO_WIDTH (image->info);
  gint height = GST_VIDEO_INFO_HEIGHT (image->info);

  if (g_str_equal (image->name, "left")
      || (width == GST_VIDEO_INFO_WIDTH (disparity->info)
          && height == GST_VIDEO_INFO_HEIGHT (disparity->info)))
    return TRUE;
  GST_ELEMENT_ERROR (element, STREAM, FORMAT,
      ("The %s image has another size than the disparity image. Link both "
       "pads to the same camera, without scaling in between.",
          image->name),
      ("%dx%d and %dx%d", width, height, GST_VIDEO_INFO_WIDTH (disparity->info),
          GST_VIDEO_INFO_HEIGHT (disparity->info)));
  return FALSE;
}

static void
take_left (RcLeftImage *left, const GstVideoFrame *frame)
{
  left->pixels = GST_VIDEO_FRAME_PLANE_DATA (frame, 0);
  left->stride = GST_VIDEO_FRAME_PLANE_STRIDE (frame, 0);
  left->width = GST_VIDEO_FRAME_WIDTH (frame);
  left->height = GST_VIDEO_FRAME_HEIGHT (frame);
  left->rgb = GST_VIDEO_FRAME_FORMAT (frame) == GST_VIDEO_FORMAT_RGB;
}

static void
take_disparity (RcCloudImages *images, const GstVideoFrame *frame)
{
  images->width = GST_VIDEO_FRAME_WIDTH (frame);
  images->height = GST_VIDEO_FRAME_HEIGHT (frame);
  images->big_endian =
      GST_VIDEO_FRAME_FORMAT (frame) == GST_VIDEO_FORMAT_GRAY16_BE;
}

static void
take_frame (
    RcCloudImages *images, const gchar *name, const GstVideoFrame *frame)
{
  const RcCloudPlane plane = {GST_VIDEO_FRAME_PLANE_DATA (frame, 0),
      GST_VIDEO_FRAME_PLANE_STRIDE (frame, 0)};

  if (g_str_equal (name, "left")) {
    take_left (&images->left, frame);
  } else if (g_str_equal (name, "confidence")) {
    images->confidence = plane;
  } else if (g_str_equal (name, "error")) {
    images->error = plane;
  } else {
    images->disparity = plane;
    take_disparity (images, frame);
  }
}

static gboolean
map_image (GstRcCloudSet *self, GstElement *element, const GstRcSetImage *image)
{
  GstVideoFrame *frame = &self->frames[self->n_frames];

  g_return_val_if_fail (self->n_frames < G_N_ELEMENTS (self->frames), FALSE);

  if (!gst_rc_image_frame_map (frame, image->info, image->buffer)) {
    GST_ELEMENT_ERROR (element, STREAM, FORMAT,
        ("An image is smaller than its caps say."),
        ("%s: %" GST_PTR_FORMAT, image->name, image->buffer));
    return FALSE;
  }
  self->n_frames++;
  take_frame (&self->images, image->name, frame);
  return TRUE;
}

gboolean
gst_rc_cloud_set_map (GstRcCloudSet *self, GstElement *element,
    const GstRcSetImage *images, guint n_images)
{
  self->n_frames = 0;
  self->images = (RcCloudImages){0};
  for (guint i = 0; i < n_images; i++) {
    if (!gst_rc_set_image_check_kind (&images[i], element)
        || !check_size (element, &images[i], &images[0])
        || !map_image (self, element, &images[i])) {
      gst_rc_cloud_set_unmap (self);
      return FALSE;
    }
  }
  return TRUE;
}

void
gst_rc_cloud_set_unmap (GstRcCloudSet *self)
{
  for (guint i = 0; i < self->n_frames; i++)
    gst_video_frame_unmap (&self->frames[i]);
  self->n_frames = 0;
}
