/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gst/gst.h>

#include "recording/rcreplaylines.h"

G_BEGIN_DECLS

#define GST_TYPE_RC_REPLAY_STREAM (gst_rc_replay_stream_get_type ())
G_DECLARE_FINAL_TYPE (
    GstRcReplayStream, gst_rc_replay_stream, GST, RC_REPLAY_STREAM, GstElement)

/* @lines must live as long as the element is not in NULL. */
GstRcReplayStream *gst_rc_replay_stream_new (
    RcStream stream, RcReplayLines *lines);

G_END_DECLS
