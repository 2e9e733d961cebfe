/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The lines of a recording that is being played, for the images that they are
 * about. The demuxer's thread adds, those of the images take. Its lock is a
 * leaf. */

#pragma once

#include "recording/rcrecordset.h"

G_BEGIN_DECLS

/* Lines that are kept for images that have not come; older ones go. */
#define RC_REPLAY_MAX_LINES 1024

typedef enum {
  RC_REPLAY_FOUND,
  RC_REPLAY_NONE, /* no line is about that image */
  RC_REPLAY_FLUSHING,
} RcReplayResult;

typedef struct _RcReplayLines RcReplayLines;

RcReplayLines *rc_replay_lines_new (void);
void rc_replay_lines_free (RcReplayLines *lines);

/* Takes @set; @pts: of the line itself, ns. */
void rc_replay_lines_add (RcReplayLines *lines, RcRecordSet *set, guint64 pts);

/* Until the next one no line can come: who reads the file waits for room. What
 * waits for a line goes without. */
void rc_replay_lines_hold_up (RcReplayLines *lines);

/* No more of them. */
void rc_replay_lines_end (RcReplayLines *lines);

/* Lets go of who waits, until it is FALSE again. */
void rc_replay_lines_set_flushing (RcReplayLines *lines, gboolean flushing);

/* Lets go of who waits, for good. */
void rc_replay_lines_stop (RcReplayLines *lines);

/* Forgets all lines, and that they ended. */
void rc_replay_lines_reset (RcReplayLines *lines);

/* The line about the next image of @stream, which has @pts in the file, ns, give
 * or take @tolerance. Waits until it is there or cannot come: a line is never
 * more than @margin ns after its images. Each is found once a stream; of images
 * with the same PTS the first has the first line. The set is the lines', and
 * valid until the next call for this stream. */
RcReplayResult rc_replay_lines_take (RcReplayLines *lines, RcStream stream,
    guint64 pts, guint64 tolerance, guint64 margin, const RcRecordSet **set);

G_END_DECLS
