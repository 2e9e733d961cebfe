/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "source/gstrctimeline.h"

/* How long a metadata line is taken to last before a second set tells. */
#define FIRST_SET_DURATION (40 * GST_MSECOND)
/* The longest that one lasts when sets are far apart. */
#define MAX_SET_DURATION GST_SECOND

void
gst_rc_timeline_init (GstRcTimeline *timeline)
{
  timeline->clock_map = rc_clock_map_new ();
  gst_rc_timeline_start (timeline, GST_RC_TIMESTAMP_MODE_CAPTURE);
}

void
gst_rc_timeline_clear (GstRcTimeline *timeline)
{
  g_clear_pointer (&timeline->clock_map, rc_clock_map_free);
}

void
gst_rc_timeline_start (GstRcTimeline *timeline, GstRcTimestampMode mode)
{
  rc_clock_map_reset (timeline->clock_map);
  timeline->mode = mode;
  timeline->last_pts = GST_CLOCK_TIME_NONE;
  timeline->broken = FALSE;
  timeline->floor = 0;
}

void
gst_rc_timeline_break (GstRcTimeline *timeline, GstClockTime slack)
{
  timeline->broken = TRUE;
  timeline->slack = slack;
}

static GstClockTime
to_pts (GstRcTimeline *timeline, guint64 capture)
{
  if (!timeline->by_capture)
    return timeline->arrival;
  return MAX (timeline->floor,
      rc_clock_map_to_running_time (timeline->clock_map, capture));
}

static GstClockTime
estimate_duration (GstRcTimeline *timeline, GstClockTime pts)
{
  if (!GST_CLOCK_TIME_IS_VALID (timeline->last_pts)
      || pts <= timeline->last_pts)
    return FIRST_SET_DURATION;
  return MIN (pts - timeline->last_pts, MAX_SET_DURATION);
}

/* Running time only goes back where it begins anew, after a flush that resets
 * it: nothing that was learned of it holds any more. */
static void
follow_running_time (GstRcTimeline *timeline, GstClockTime arrival)
{
  if (arrival < timeline->arrival) {
    rc_clock_map_reset (timeline->clock_map);
    timeline->last_pts = GST_CLOCK_TIME_NONE;
    timeline->broken = TRUE;
    timeline->slack = arrival;
    timeline->epoch++;
  }
  timeline->arrival = arrival;
  if (timeline->broken)
    timeline->floor = arrival - MIN (arrival, timeline->slack);
}

void
gst_rc_timeline_take (GstRcTimeline *timeline, RcImageSet *set, guint64 number,
    GstClockTime arrival)
{
  guint64 capture = rc_image_set_get_timestamp (set);
  GstClockTime pts;

  timeline->number = number;
  follow_running_time (timeline, arrival);
  /* A set without a time of capture has only its arrival. */
  timeline->by_capture =
      timeline->mode == GST_RC_TIMESTAMP_MODE_CAPTURE && capture != 0;
  timeline->mapping = RC_CLOCK_MAP_FOLLOWED;
  if (timeline->by_capture)
    timeline->mapping = rc_clock_map_update (
        timeline->clock_map, capture, arrival, &timeline->jump);
  timeline->resync =
      timeline->broken || timeline->mapping != RC_CLOCK_MAP_FOLLOWED;
  timeline->broken = FALSE;
  pts = to_pts (timeline, capture);
  timeline->duration = estimate_duration (timeline, pts);
  timeline->last_pts = pts;
}

RcQueuedSet
gst_rc_timeline_item (GstRcTimeline *timeline, RcImageSet *set, RcStream stream)
{
  return (RcQueuedSet){
      .set = rc_image_set_has (set, stream) ? set : NULL,
      .number = timeline->number,
      .pts = to_pts (timeline, rc_image_set_get_stream_timestamp (set, stream)),
      .duration = timeline->duration,
      .epoch = timeline->epoch,
      .resync = timeline->resync,
  };
}
