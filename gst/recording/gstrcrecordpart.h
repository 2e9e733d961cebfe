/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a buffer says of the set that it is part of. */

#pragma once

#include <gst/video/video.h>

#include "recording/rcrecordset.h"

G_BEGIN_DECLS

/* @pts: running time. @info: of an image; NULL: of another stream, or not known.
 * A GstRcImageMeta counts where it is about @stream and @info is known. */
RcRecordSet *gst_rc_record_part_new (GstBuffer *buffer, RcStream stream,
    GstClockTime pts, const GstVideoInfo *info);

G_END_DECLS
