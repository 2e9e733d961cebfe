/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Where images of a recording are in time when it is played again and again:
 * each round begins where the next image after the last one's would be. Pure;
 * times in ns, of the file on the way in. */

#pragma once

#include "recording/rcrecordset.h"

G_BEGIN_DECLS

typedef struct {
  guint64 count;
  guint64 first, last; /* times; of @count images */
} RcReplaySpan;

/**
 * RcReplayTimeline:
 * @has_origin: @origin counts
 * @origin: time of the file's start, the earliest that was gone to
 * @start: where in the file this round began
 * @offset: what is added to times in this round
 * @number_offset: the same for numbers of sets
 * @spans: what came of each stream in this round
 * @has_first: @first_number counts
 * @first_number: the lowest that came at all
 * @has_last: @last_number counts
 * @last_number: the highest that came in this round
 *
 * Zeroed, it is before all.
 */
typedef struct {
  gboolean has_origin;
  guint64 origin;
  guint64 start;
  guint64 offset;
  guint64 number_offset;
  RcReplaySpan spans[RC_N_STREAMS];
  gboolean has_first, has_last;
  guint64 first_number, last_number;
} RcReplayTimeline;

/* The file is played from @start on, with the times and numbers that it has. */
void rc_replay_timeline_seek (RcReplayTimeline *timeline, guint64 start);

/* An image or line comes; @number: of its set, or RC_RECORD_NONE. Both become
 * those of this round. */
void rc_replay_timeline_place (RcReplayTimeline *timeline, RcStream stream,
    guint64 *time, guint64 *number);

/* The next round begins, at the file's start. FALSE: nothing came in this one, which
 * began there. */
gboolean rc_replay_timeline_wrap (RcReplayTimeline *timeline);

G_END_DECLS
