/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "depth/gstrcfilterframes.h"

#include "meta/gstrcimageframe.h"

gboolean
gst_rc_filter_trim_frames (
    GstVideoFilter *filter, GstVideoFrame *in, GstVideoFrame *out)
{
  if (gst_rc_image_frame_trim (in, &filter->in_info)
      && gst_rc_image_frame_trim (out, &filter->out_info))
    return TRUE;
  GST_ELEMENT_ERROR (filter, STREAM, FORMAT,
      ("An image is smaller than its caps say."),
      ("%" GST_PTR_FORMAT ", %" GST_PTR_FORMAT, in->buffer, out->buffer));
  return FALSE;
}
