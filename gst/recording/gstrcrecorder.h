/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The sink inside rcfilesink: takes encoded frames, brings the tracks together
 * and writes the files. It makes one recording: it gets to PAUSED once. */

#pragma once

#include <gst/gst.h>

#include "wire/rcstream.h"

G_BEGIN_DECLS

#define GST_TYPE_RC_RECORDER (gst_rc_recorder_get_type ())
G_DECLARE_FINAL_TYPE (
    GstRcRecorder, gst_rc_recorder, GST, RC_RECORDER, GstElement)

/**
 * GstRcRecorderCounts:
 * @files: that were begun
 * @sets: lines that were written
 * @bytes: of all files
 * @dropped: images and meshes that came and are in no file
 */
typedef struct {
  guint files;
  guint64 sets;
  guint64 bytes;
  guint64 dropped;
} GstRcRecorderCounts;

/* Messages are posted in the name of @owner, which holds the recorder. The other
 * arguments are rcfilesink's properties. */
GstRcRecorder *gst_rc_recorder_new (GstElement *owner, const gchar *location,
    guint64 max_time, guint64 max_bytes);

/* A new pad, for what is encoded. */
GstPad *gst_rc_recorder_add_track (GstRcRecorder *self, RcStream stream);

/* Frames are going to come, and are waited for. */
void gst_rc_recorder_begin_track (GstRcRecorder *self, RcStream stream);

/* What waits on its pad is let go. The pad takes nothing more, and stays until what
 * pushes to it has stopped, for which it would be unlinked otherwise. */
void gst_rc_recorder_remove_track (GstRcRecorder *self, RcStream stream);

/* A frame with that running time comes out of the track's encoder later. @is_new:
 * the first of another size or format. */
void gst_rc_recorder_announce (
    GstRcRecorder *self, RcStream stream, GstClockTime time, gboolean is_new);

/* Until that running time nothing more goes into the track's encoder. */
void gst_rc_recorder_pass (
    GstRcRecorder *self, RcStream stream, GstClockTime time);

/* The next set's line, which is taken; PTS is its running time, @set those of
 * its images, or GST_CLOCK_TIME_NONE. */
void gst_rc_recorder_add_line (
    GstRcRecorder *self, GstBuffer *line, const GstClockTime set[RC_N_STREAMS]);

/* Lines come, or no more of them. */
void gst_rc_recorder_set_has_lines (GstRcRecorder *self, gboolean has_lines);

/* An image did not get as far as an encoder. */
void gst_rc_recorder_note_dropped (GstRcRecorder *self);

void gst_rc_recorder_get_counts (
    GstRcRecorder *self, GstRcRecorderCounts *counts);

G_END_DECLS
