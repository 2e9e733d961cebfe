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
 * @origin: time of the file's start
 * @offset: what is added to times in this round
 * @number_offset: the same for numbers of sets
 * @spans: what came of each stream in this round
 * @has_numbers: @first_number and @last_number count
 *
 * Zeroed, it is at the start of the first round.
 */
typedef struct {
  guint64 origin;
  guint64 offset;
  guint64 number_offset;
  RcReplaySpan spans[RC_N_STREAMS];
  gboolean has_numbers;
  guint64 first_number, last_number;
} RcReplayTimeline;

/* An image or line comes; @number: of its set, or RC_RECORD_NONE. Both become
 * those of this round. */
void rc_replay_timeline_place (RcReplayTimeline *timeline, RcStream stream,
    guint64 *time, guint64 *number);

/* The next round begins. FALSE: nothing came in this one. */
gboolean rc_replay_timeline_wrap (RcReplayTimeline *timeline);

G_END_DECLS
