/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* From a buffer to what is served of it. */

#pragma once

#include <gst/video/video.h>

#include "sink/rcservedset.h"

G_BEGIN_DECLS

/* What @buffer and its metas say. Its pixels are not copied where they lie as
 * a message has them, so the image may keep @buffer; but for one of a pool
 * with an end, which slow clients would empty: that is copied. A timestamp of
 * 0: the buffer says none. NULL if the buffer cannot be read. */
RcServedImage *gst_rc_served_image_new (
    GstBuffer *buffer, const GstVideoInfo *info);

/* The same for a mesh. */
RcServedImage *gst_rc_served_mesh_new (GstBuffer *buffer);

G_END_DECLS
