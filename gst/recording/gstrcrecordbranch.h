/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is between a pad of rcfilesink and the recorder: a queue, and the
 * encoder of images. */

#pragma once

#include <gst/gst.h>

#include "wire/rcstream.h"

G_BEGIN_DECLS

/* A bin with the pads sink and src; a floating reference. @encoder: as for
 * gst-launch, of a camera image; NULL: FFV1. NULL after an error message in the
 * name of @owner. Not for RC_STREAM_METADATA. */
GstElement *gst_rc_record_branch_new (
    GstElement *owner, RcStream stream, const gchar *encoder);

G_END_DECLS
