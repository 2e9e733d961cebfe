/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Turns a set into what each pad's queue gets: PTS, duration and number. */

#pragma once

#include <gst/gst.h>

#include "source/gstrcenums.h"
#include "source/rcclockmap.h"
#include "source/rcsetqueue.h"

G_BEGIN_DECLS

/* How far an image's time may lie from its set's, ns, and still be its PTS:
 * 25 times the 40 ms between camera and depth images of ExposureAlternateActive.
 * Beyond it the set's time counts. PTS never go back on a pad, so this is also
 * the longest for which one wrong time can hold up a pad. */
#define GST_RC_TIMELINE_MAX_SPREAD GST_SECOND

typedef struct {
  RcClockMap *clock_map;
  GstRcTimestampMode mode;
  GstClockTime last_pts; /* of a set; NONE before the first */
  guint epoch;           /* of running time */
  gboolean broken;       /* since the last set, see gst_rc_timeline_break () */
  GstClockTime slack;    /* of the break */
  GstClockTime floor;    /* no PTS lies before it */

  /* of the set that was last taken */
  guint64 number;
  GstClockTime arrival;
  guint64 capture; /* that its PTS go by; 0: they go by its arrival */
  GstClockTime duration;
  RcClockMapResult mapping; /* FOLLOWED where arrival counts */
  gint64 jump;              /* of the camera's clock, ns, if it JUMPED */
  gboolean resync;          /* does not follow on what came before */
  guint strays;     /* streams whose last time was too far from its set's,
                    * bits 1 << RcStream */
  guint new_strays; /* those of them whose time before that was not */
} GstRcTimeline;

void gst_rc_timeline_init (GstRcTimeline *timeline);
void gst_rc_timeline_clear (GstRcTimeline *timeline);

/* A new run of PLAYING. */
void gst_rc_timeline_start (GstRcTimeline *timeline, GstRcTimestampMode mode);

/* The stream was lost: the next set does not follow on the last one, and no PTS
 * lies more than @slack before its arrival, up to where pads may have sent GAP
 * events. One bound for all pads: images of one time keep one PTS. */
void gst_rc_timeline_break (GstRcTimeline *timeline, GstClockTime slack);

/* Set @number has arrived at the running time @arrival. */
void gst_rc_timeline_take (GstRcTimeline *timeline, RcImageSet *set,
    guint64 number, GstClockTime arrival);

/* What the pad of @stream gets of the set last taken, which is @set; a GAP
 * where the set does not have that stream. Borrows the set. */
RcQueuedSet gst_rc_timeline_item (
    GstRcTimeline *timeline, RcImageSet *set, RcStream stream);

G_END_DECLS
