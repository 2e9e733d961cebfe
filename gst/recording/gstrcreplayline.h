/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gst/gst.h>

#include "recording/rcrecordset.h"

G_BEGIN_DECLS

/* The line that a demuxer's buffer of the metadata track is. */
RcRecordSet *gst_rc_replay_line_read (GstBuffer *buffer, GError **error);

G_END_DECLS
