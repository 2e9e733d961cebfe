/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "depth/gstrcsetimage.h"

const GstRcSetImage *
gst_rc_set_find_image (
    const GstRcSetImage *images, guint n_images, const gchar *name)
{
  for (guint i = 0; i < n_images; i++) {
    if (g_strcmp0 (images[i].name, name) == 0)
      return &images[i];
  }
  return NULL;
}

/* gst_video_frame_map () believes a GstVideoMeta, and maps one memory only. */
static gboolean
holds_all_rows (const GstVideoFrame *frame)
{
  const guint8 *pixels = GST_VIDEO_FRAME_PLANE_DATA (frame, 0);
  gint64 first = pixels - frame->map[0].data;
  gint64 last = first
                + (gint64)(GST_VIDEO_FRAME_HEIGHT (frame) - 1)
                      * GST_VIDEO_FRAME_PLANE_STRIDE (frame, 0);
  gint64 row = (gint64)GST_VIDEO_FRAME_WIDTH (frame)
               * GST_VIDEO_FRAME_COMP_PSTRIDE (frame, 0);

  return MIN (first, last) >= 0
         && MAX (first, last) + row <= (gint64)frame->map[0].size;
}

gboolean
gst_rc_set_image_map (const GstRcSetImage *image, GstVideoFrame *frame)
{
  if (!gst_video_frame_map (frame, image->info, image->buffer, GST_MAP_READ))
    return FALSE;
  if (holds_all_rows (frame))
    return TRUE;
  gst_video_frame_unmap (frame);
  return FALSE;
}
