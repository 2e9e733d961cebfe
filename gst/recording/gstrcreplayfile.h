/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What has to be known of a recording's file beside what the demuxer tells. */

#pragma once

#include <gst/gst.h>

#include "wire/rcstream.h"

G_BEGIN_DECLS

/* The UIDs of the tracks that are named after streams; 0: there is none. FALSE
 * after an error message in the name of @owner: it is no file of that kind. */
gboolean gst_rc_replay_file_read (
    GstElement *owner, const gchar *location, guint64 uids[RC_N_STREAMS]);

/* Which stream @track is, a pad of the demuxer; FALSE: none. */
gboolean gst_rc_replay_file_find_stream (
    const guint64 uids[RC_N_STREAMS], GstPad *track, RcStream *stream);

G_END_DECLS
