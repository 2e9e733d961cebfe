/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "recording/rcreplaytimeline.h"

#include <string.h>

/* Between sets, of a recording of one. */
#define DEFAULT_SPACING G_GUINT64_CONSTANT (40000000)

void
rc_replay_timeline_seek (RcReplayTimeline *timeline, guint64 start)
{
  RcReplayTimeline before = *timeline;

  *timeline = (RcReplayTimeline){
      .has_origin = TRUE,
      .origin = before.has_origin ? MIN (before.origin, start) : start,
      .start = start,
      .has_first = before.has_first,
      .first_number = before.first_number,
  };
}

void
rc_replay_timeline_place (
    RcReplayTimeline *timeline, RcStream stream, guint64 *time, guint64 *number)
{
  RcReplaySpan *span = &timeline->spans[stream];

  span->first = span->count > 0 ? MIN (span->first, *time) : *time;
  span->last = span->count > 0 ? MAX (span->last, *time) : *time;
  span->count++;
  *time += timeline->offset;
  if (*number == RC_RECORD_NONE)
    return;
  timeline->first_number =
      timeline->has_first ? MIN (timeline->first_number, *number) : *number;
  timeline->last_number =
      timeline->has_last ? MAX (timeline->last_number, *number) : *number;
  timeline->has_first = timeline->has_last = TRUE;
  *number += timeline->number_offset;
}

static const RcReplaySpan *
find_fullest (const RcReplayTimeline *timeline)
{
  const RcReplaySpan *fullest = &timeline->spans[0];

  for (guint i = 1; i < RC_N_STREAMS; i++) {
    if (timeline->spans[i].count > fullest->count)
      fullest = &timeline->spans[i];
  }
  return fullest;
}

gboolean
rc_replay_timeline_wrap (RcReplayTimeline *timeline)
{
  const RcReplaySpan *fullest = find_fullest (timeline);
  guint64 spacing = DEFAULT_SPACING, last = timeline->start;

  if (fullest->count == 0 && timeline->start <= timeline->origin)
    return FALSE;
  if (fullest->count > 1)
    spacing = (fullest->last - fullest->first) / (fullest->count - 1);
  for (guint i = 0; i < RC_N_STREAMS; i++) {
    if (timeline->spans[i].count > 0)
      last = MAX (last, timeline->spans[i].last);
  }
  timeline->offset += last - MIN (timeline->origin, last) + spacing;
  if (timeline->has_last)
    timeline->number_offset +=
        timeline->last_number - timeline->first_number + 1;
  timeline->has_last = FALSE;
  timeline->start = timeline->origin;
  memset (timeline->spans, 0, sizeof timeline->spans);
  return TRUE;
}
