/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gst/gst.h>

#include "recording/gstrcreplaypace.h"
#include "recording/rcreplaylines.h"

G_BEGIN_DECLS

/* Times in the file are rounded by less than that, ns. */
#define GST_RC_REPLAY_TICK (1 * GST_USECOND)

#define GST_TYPE_RC_REPLAY_STREAM (gst_rc_replay_stream_get_type ())
G_DECLARE_FINAL_TYPE (
    GstRcReplayStream, gst_rc_replay_stream, GST, RC_REPLAY_STREAM, GstElement)

/**
 * GstRcReplayStream::round-over:
 *
 * This was the last stream to come to the end of a file that is to be played
 * again. In the streaming thread.
 */

/* @lines and @pace must live as long as the element is not in NULL. */
GstRcReplayStream *gst_rc_replay_stream_new (
    RcStream stream, RcReplayLines *lines, GstRcReplayPace *pace);

G_END_DECLS
