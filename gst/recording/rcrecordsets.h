/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Brings together what comes of a set on several pads, so that a recording gets
 * one line for it. Pure; one thread at a time. */

#pragma once

#include "recording/rcrecordset.h"

G_BEGIN_DECLS

/* How far an image stream goes on while a set waits for an image of another, ns;
 * what comes later than that gets a line of its own. */
#define RC_RECORD_MAX_WAIT G_GUINT64_CONSTANT (1000000000)
/* Sets that wait for their images at all, at most: lines run ahead of images. */
#define RC_RECORD_MAX_LINES 1024

typedef struct _RcRecordSets RcRecordSets;

RcRecordSets *rc_record_sets_new (void);
void rc_record_sets_free (RcRecordSets *sets);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcRecordSets, rc_record_sets_free)

/* That stream is part of the sets, from now on. */
void rc_record_sets_expect (RcRecordSets *sets, RcStream stream);

/* Nothing more comes of that stream. */
void rc_record_sets_end (RcRecordSets *sets, RcStream stream);

gboolean rc_record_sets_is_expected (const RcRecordSets *sets, RcStream stream);

/* TRUE once no stream is left. */
gboolean rc_record_sets_is_ended (const RcRecordSets *sets);

/* Takes @part: a set of which that stream alone is known. What belongs together
 * has the same number and the same timestamp, as far as both parts say so, or
 * else the same PTS. */
void rc_record_sets_add (
    RcRecordSets *sets, RcStream stream, RcRecordSet *part);

/* The stream has nothing up to @pts, ns. */
void rc_record_sets_skip (RcRecordSets *sets, RcStream stream, guint64 pts);

/* The next set that is whole, in the order of arrival; NULL: not yet. */
RcRecordSet *rc_record_sets_pop (RcRecordSets *sets);

G_END_DECLS
