/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The tracks of a file that is played, from the file to the multiqueue: which of
 * them are streams, and where each goes. */

#pragma once

#include <gst/gst.h>

#include "recording/rcreplaylines.h"
#include "wire/rcstream.h"

G_BEGIN_DECLS

typedef struct _GstRcReplayTracks GstRcReplayTracks;

/* There is a track of that stream. The demuxer's thread. */
typedef void (*GstRcReplayTrackFound) (GstElement *owner, RcStream stream);

/* The bin @owner gets the elements, and posts the messages: an error if there is
 * no track of a stream that is wanted, a warning if there is none of metadata.
 * What comes on that one goes into @lines. NULL after an error message. */
GstRcReplayTracks *gst_rc_replay_tracks_new (GstElement *owner,
    const gchar *location, RcReplayLines *lines, GstRcReplayTrackFound found);

/* All is detached, and its elements are in NULL. */
void gst_rc_replay_tracks_free (GstRcReplayTracks *tracks);

/* There is to be a track of it. */
void gst_rc_replay_tracks_want (
    GstRcReplayTracks *tracks, RcStream stream, gboolean is_wanted);

/* It was found. */
gboolean gst_rc_replay_tracks_has (GstRcReplayTracks *tracks, RcStream stream);

/* What the track that was found is coded in; NULL: that is not known. */
GstCaps *gst_rc_replay_tracks_get_caps (
    GstRcReplayTracks *tracks, RcStream stream);

/* The track that was found goes to @sink, until it is shut, before what is behind
 * @sink stops, and then detached. FALSE: it is damaged. */
gboolean gst_rc_replay_tracks_attach (
    GstRcReplayTracks *tracks, RcStream stream, GstPad *sink);
void gst_rc_replay_tracks_shut (GstRcReplayTracks *tracks, RcStream stream);
void gst_rc_replay_tracks_detach (GstRcReplayTracks *tracks, RcStream stream);

/* What was linked to @pad, a source, after all had come through hears of it: else it
 * would wait for an end that nobody sends again. */
void gst_rc_replay_tell_of_end (GstPad *pad, GstPad *peer);

/* Takes @seek. */
gboolean gst_rc_replay_tracks_seek (GstRcReplayTracks *tracks, GstEvent *seek);

G_END_DECLS
