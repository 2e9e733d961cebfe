/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the streams of one replay have in common beside its lines: when their
 * images are due, and how often all was played. */

#pragma once

#include <gst/gst.h>

#include "wire/rcstream.h"

G_BEGIN_DECLS

/* What a live replay answers a LATENCY query: images are pushed when they are
 * due, and some µs later they are there. */
#define GST_RC_REPLAY_LATENCY (20 * GST_MSECOND)

typedef struct _GstRcReplayPace GstRcReplayPace;

GstRcReplayPace *gst_rc_replay_pace_new (gboolean is_live, gboolean is_loop);
GstRcReplayPace *gst_rc_replay_pace_ref (GstRcReplayPace *pace);
void gst_rc_replay_pace_unref (GstRcReplayPace *pace);

gboolean gst_rc_replay_pace_is_live (const GstRcReplayPace *pace);
gboolean gst_rc_replay_pace_is_loop (const GstRcReplayPace *pace);

/* The pipeline plays, or not. */
void gst_rc_replay_pace_set_playing (
    GstRcReplayPace *pace, gboolean is_playing);

/* Nobody waits any more, for good. */
void gst_rc_replay_pace_stop (GstRcReplayPace *pace);
gboolean gst_rc_replay_pace_is_stopped (GstRcReplayPace *pace);

/* That stream comes, from now on. */
void gst_rc_replay_pace_expect (GstRcReplayPace *pace, RcStream stream);
/* Or not any more. TRUE: all others are at their end, and the round is over. */
gboolean gst_rc_replay_pace_forget (GstRcReplayPace *pace, RcStream stream);

/* The stream begins at that PTS, ns, or goes on there after a seek. */
void gst_rc_replay_pace_begin (
    GstRcReplayPace *pace, RcStream stream, GstClockTime start);

/* The PTS in the file and the set's number become those to be pushed; if the
 * replay is live that is waited for, with the clock of @element, until @sink is
 * flushed. FALSE: it was flushed, or all is stopped. */
gboolean gst_rc_replay_pace_take (GstRcReplayPace *pace, RcStream stream,
    GstElement *element, GstPad *sink, GstClockTime *pts, guint64 *number);

/* Lets go of who waits for that stream, whose sink is flushed. */
void gst_rc_replay_pace_flush (GstRcReplayPace *pace, RcStream stream);

/* The file is at its end. TRUE: for all streams now, and a round is over. */
gboolean gst_rc_replay_pace_end (GstRcReplayPace *pace, RcStream stream);

/* All streams are at their end, and were not moved from there. */
gboolean gst_rc_replay_pace_is_over (GstRcReplayPace *pace);

/* The next round begins with that seek. FALSE: nothing came in this one. */
gboolean gst_rc_replay_pace_wrap (GstRcReplayPace *pace, guint32 seqnum);

/* That event is of the present round's seek, of which nobody is to know. */
gboolean gst_rc_replay_pace_is_wrap (GstRcReplayPace *pace, GstEvent *event);

G_END_DECLS
