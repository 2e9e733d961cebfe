/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is between a track of a recording and a pad of rcfilesrc. */

#pragma once

#include "recording/gstrcreplaystream.h"

G_BEGIN_DECLS

/* A bin with the pads sink, of @caps, and src, a floating reference. @replay is
 * put into it. NULL after an error message in the name of @owner. */
GstElement *gst_rc_replay_branch_new (GstElement *owner, RcStream stream,
    GstCaps *caps, GstRcReplayStream *replay, gboolean is_live);

G_END_DECLS
