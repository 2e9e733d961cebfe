/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gst/gst.h>

#include "recording/rcreplaylines.h"

G_BEGIN_DECLS

/* Reads what comes on @track, the demuxer's pad of the metadata, into @lines. Of
 * the first line that is none a warning is posted in the name of @owner. Both must
 * live as long as something comes. */
void gst_rc_replay_line_watch (
    GstElement *owner, GstPad *track, RcReplayLines *lines);

G_END_DECLS
