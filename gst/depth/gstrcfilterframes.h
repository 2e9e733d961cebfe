/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gst/video/gstvideofilter.h>
#include <gst/video/video.h>

G_BEGIN_DECLS

/* For transform_frame (): GstVideoFilter maps both as their GstVideoMetas say;
 * afterwards they are as large as the caps say. FALSE where one's memory holds
 * less than that: then an error was posted on @filter. */
gboolean gst_rc_filter_trim_frames (
    GstVideoFilter *filter, GstVideoFrame *in, GstVideoFrame *out);

G_END_DECLS
