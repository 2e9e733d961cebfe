/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gst/video/video.h>

G_BEGIN_DECLS

/* Maps an image of one plane for reading. FALSE where its memory, whatever its
 * GstVideoMeta says, does not hold all pixels that its caps ask for. */
gboolean gst_rc_image_frame_map (
    GstVideoFrame *frame, const GstVideoInfo *info, GstBuffer *buffer);

G_END_DECLS
