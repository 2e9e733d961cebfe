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
  timeline->strays = 0;
  timeline->new_strays = 0;
}

void
gst_rc_timeline_break (GstRcTimeline *timeline, GstClockTime slack)
{
  timeline->broken = TRUE;
  timeline->slack = slack;
}

/* The time of capture that a set's PTS go by; 0: they go by its arrival. */
static guint64
get_capture (GstRcTimeline *timeline, const RcImageSet *set)
{
  guint64 capture = rc_image_set_get_timestamp (set);

  if (timeline->mode != GST_RC_TIMESTAMP_MODE_CAPTURE)
    return 0;
  for (guint i = 0; i < RC_N_STREAMS && capture == 0; i++)
    capture = rc_image_set_get_stream_timestamp (set, i);
  return capture;
}

static gboolean
is_stray (GstRcTimeline *timeline, guint64 capture)
{
  guint64 set_capture = timeline->capture;

  return MAX (capture, set_capture) - MIN (capture, set_capture)
         > GST_RC_TIMELINE_MAX_SPREAD;
}

/* @capture: 0 if it was not told. */
static GstClockTime
to_pts (GstRcTimeline *timeline, guint64 capture)
{
  if (timeline->capture == 0)
    return timeline->arrival;
  if (capture == 0 || is_stray (timeline, capture))
    capture = timeline->capture;
  return MAX (timeline->floor,
      rc_clock_map_to_running_time (timeline->clock_map, capture));
}

static void
find_strays (GstRcTimeline *timeline, const RcImageSet *set)
{
  guint before = timeline->strays;

  for (guint i = 0; i < RC_N_STREAMS; i++) {
    guint64 capture = rc_image_set_get_stream_timestamp (set, i);

    if (!rc_image_set_has (set, i))
      continue;
    timeline->strays &= ~(1u << i);
    if (timeline->capture != 0 && capture != 0 && is_stray (timeline, capture))
      timeline->strays |= 1u << i;
  }
  timeline->new_strays = timeline->strays & ~before;
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
  GstClockTime pts;

  timeline->number = number;
  follow_running_time (timeline, arrival);
  timeline->capture = get_capture (timeline, set);
  find_strays (timeline, set);
  timeline->mapping = RC_CLOCK_MAP_FOLLOWED;
  if (timeline->capture != 0)
    timeline->mapping = rc_clock_map_update (
        timeline->clock_map, timeline->capture, arrival, &timeline->jump);
  timeline->resync =
      timeline->broken || timeline->mapping != RC_CLOCK_MAP_FOLLOWED;
  timeline->broken = FALSE;
  pts = to_pts (timeline, timeline->capture);
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
