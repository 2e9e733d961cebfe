/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A GstRcSetMatcher whose pads a test feeds, and which says of what it made
 * each set. Images are numbers in OFFSET; the clock is the test's. */

#pragma once

#include <gst/check/gstcheck.h>
#include <gst/check/gstharness.h>
#include <gst/check/gsttestclock.h>

#define MS GST_MSECOND
#define S GST_SECOND
#define PERIOD (40 * MS)
/* A day in 2025. */
#define T G_GUINT64_CONSTANT (1753093721123456789)
/* For what nothing takes unless it hangs, µs. */
#define LONG (60 * G_TIME_SPAN_SECOND)

/* An image (or a gap, with number 0) that comes on a pad. */
typedef struct {
  guint number;
  guint64 set; /* 0: no meta */
  GstClockTime pts;
  gboolean last; /* of the list; otherwise unused */
} Item;

#define END                                                                    \
  {                                                                            \
    .last = TRUE                                                               \
  }

/* Image n of a stream at 25 Hz; one that is 40 ms later than its set; one
 * without a meta; a gap. */
#define SET(n) T + (n)*PERIOD
#define PTS(n) S + (n)*PERIOD
#define IMAGE(n)                                                               \
  {                                                                            \
    n, SET (n), PTS (n)                                                        \
  }
#define LATER(n)                                                               \
  {                                                                            \
    n, SET (n), PTS (n) + PERIOD                                               \
  }
#define BARE(n)                                                                \
  {                                                                            \
    n, 0, PTS (n)                                                              \
  }
#define GAP(n)                                                                 \
  {                                                                            \
    0, 0, PTS (n)                                                              \
  }

/* What a set was made of; 0 where the pad is not there. */
typedef struct {
  guint n_images;
  guint64 left;
  guint64 error;
  gint width, height;
} Joined;

/* Pushes a list and EOS in a thread of its own. */
typedef struct {
  GstHarness *harness;
  const Item *items;
  GThread *thread;
} Feed;

extern GstElement *element;
extern GstHarness *disparity, *left, *error;
extern GstBus *bus;

/* With the pads "disparity" and "left". Not live: as from files. */
void set_up (gboolean live);
void add_error (gboolean live);
void tear_down (void);

GstBuffer *make_image (const Item *item);
void push_item (GstHarness *harness, const Item *item);
void start_feed (Feed *feed, GstHarness *harness, const Item *items);

/* The next set; 0 where a pad is not there. */
void check_output (guint64 number, guint64 left_number, guint64 error_number);
void wait_for_eos (void);

guint64 get_stat (const gchar *name);
/* Also lets those go whose time has come by the test's clock. */
void wait_for_stat (const gchar *name, guint64 value);
void check_stats (guint64 sets, guint64 dropped);

void wake_due (void);

/* A warning or an error. */
gboolean has_complaint (void);
