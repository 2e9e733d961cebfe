/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "meta/gstrcimageframe.h"

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
gst_rc_image_frame_trim (GstVideoFrame *frame, const GstVideoInfo *info)
{
  frame->info.width = GST_VIDEO_INFO_WIDTH (info);
  frame->info.height = GST_VIDEO_INFO_HEIGHT (info);
  return holds_all_rows (frame);
}

gboolean
gst_rc_image_frame_map (
    GstVideoFrame *frame, const GstVideoInfo *info, GstBuffer *buffer)
{
  if (!gst_video_frame_map (frame, info, buffer, GST_MAP_READ))
    return FALSE;
  if (gst_rc_image_frame_trim (frame, info))
    return TRUE;
  gst_video_frame_unmap (frame);
  return FALSE;
}
