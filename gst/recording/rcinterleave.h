/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Brings the frames of several tracks in the order of their times, for one file,
 * and waits for none that does not come. A frame can be announced before it is
 * there, as it goes into an encoder: it is waited for long. A track of which
 * nothing is known is waited for as long as the others are not far ahead. Pure:
 * time is that of the frames, ns; one thread at a time. */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define RC_INTERLEAVE_MAX_TRACKS 8

/* How far others may be ahead of a track that says nothing, ns. */
#define RC_INTERLEAVE_MAX_SILENCE G_GUINT64_CONSTANT (1000000000)
/* The same for one of which a frame was announced: encoders look ahead. */
#define RC_INTERLEAVE_MAX_DELAY G_GUINT64_CONSTANT (10000000000)
/* Bytes of frames that wait for others, at most. */
#define RC_INTERLEAVE_MAX_BYTES (64 * 1024 * 1024)

/**
 * RcInterleaveFrame:
 * @track: below RC_INTERLEAVE_MAX_TRACKS; of frames of the same time, those of a
 *   lower track are first
 * @time: ns
 * @size: bytes
 * @data: the caller's
 */
typedef struct {
  guint track;
  guint64 time;
  guint64 size;
  gpointer data;
} RcInterleaveFrame;

typedef struct _RcInterleave RcInterleave;

RcInterleave *rc_interleave_new (GDestroyNotify free_data);
void rc_interleave_free (RcInterleave *interleave);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcInterleave, rc_interleave_free)

/* From now on, or again, something comes of that track. */
void rc_interleave_begin (RcInterleave *interleave, guint track);

/* Nothing more comes of it but what was added. Returns how many frames were
 * announced and did not come. */
guint rc_interleave_end (RcInterleave *interleave, guint track);

/* A frame of that time comes later, none before it but those announced.
 * @is_new: it has another format than those before. Files change with formats,
 * and have all tracks from their start: so frames of others wait for the first
 * one of a track or format also if they are earlier. */
void rc_interleave_announce (
    RcInterleave *interleave, guint track, guint64 time, gboolean is_new);

/* No frame up to @time comes but those announced. */
void rc_interleave_pass (RcInterleave *interleave, guint track, guint64 time);

/* Takes @frame's data. Frames of a track keep the order in which they are
 * added. @in_order: those come in the order of announcement: what was announced
 * before this one was lost. Returns how many that were. */
guint rc_interleave_add (RcInterleave *interleave,
    const RcInterleaveFrame *frame, gboolean in_order);

/* The time of the next frame; FALSE: there is none yet. */
gboolean rc_interleave_get_next_time (
    const RcInterleave *interleave, guint64 *time);

/* The next frame, with its data; FALSE: there is none yet. */
gboolean rc_interleave_pop (RcInterleave *interleave, RcInterleaveFrame *frame);

/* Data of the track's next frame, which stays; NULL: none is there. */
gpointer rc_interleave_peek (const RcInterleave *interleave, guint track);

/* No track has begun and not ended, and no frame is left. */
gboolean rc_interleave_is_done (const RcInterleave *interleave);

/* Bytes of all frames that are there. */
guint64 rc_interleave_get_bytes (const RcInterleave *interleave);

/* The latest time that anything was said of; 0: nothing was. */
guint64 rc_interleave_get_newest (const RcInterleave *interleave);

G_END_DECLS
