/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gst/video/video.h>

G_BEGIN_DECLS

/* Makes @frame, an image of one plane, as large as @info, its caps, says: a
 * GstVideoMeta may have more columns and rows than those. FALSE where its memory,
 * whatever its GstVideoMeta says, does not hold all pixels of that. */
gboolean gst_rc_image_frame_trim (
    GstVideoFrame *frame, const GstVideoInfo *info);

/* Maps an image of one plane for reading, trimmed; FALSE where that fails. */
gboolean gst_rc_image_frame_map (
    GstVideoFrame *frame, const GstVideoInfo *info, GstBuffer *buffer);

G_END_DECLS
