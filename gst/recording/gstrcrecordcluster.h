/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Frames of all tracks at one time, which go to a file together. */

#pragma once

#include <gst/gst.h>

#include "recording/gstrctrackformat.h"
#include "recording/rcinterleave.h"
#include "wire/rcstream.h"

G_BEGIN_DECLS

/* More of one time come in several clusters. */
#define GST_RC_RECORD_MAX_FRAMES 32

typedef struct {
  RcStream stream;
  GstBuffer *buffer;
  GstRcTrackFormat *format;
  GstClockTime time;              /* running time */
  GstClockTime set[RC_N_STREAMS]; /* of a line: those of its set's images */
} GstRcRecordFrame;

/* Takes @buffer. @set: NULL but for lines. */
GstRcRecordFrame *gst_rc_record_frame_new (RcStream stream, GstBuffer *buffer,
    GstRcTrackFormat *format, GstClockTime time, const GstClockTime *set);
/* A GDestroyNotify. */
void gst_rc_record_frame_free (gpointer frame);

/* In the unit of the file. */
guint64 gst_rc_record_to_ticks (GstClockTime time);

/* The track of an RcInterleave: lines before the images that they are about. */
guint gst_rc_record_place_of (RcStream stream);

/**
 * GstRcRecordCluster:
 * @time: of all its frames, RC_MATROSKA_TICK
 * @frames: in their order
 * @n_frames: how many
 * @bytes: of all frames
 * @n_sets: lines among them
 * @is_key: of every track that needs key frames there is one
 * @formats: of the tracks of a file that begins here; NULL: no such track
 */
typedef struct {
  guint64 time;
  GstRcRecordFrame *frames[GST_RC_RECORD_MAX_FRAMES];
  guint n_frames;
  guint64 bytes;
  guint n_sets;
  gboolean is_key;
  GstRcTrackFormat *formats[RC_N_STREAMS];
} GstRcRecordCluster;

/* The next one, from GstRcRecordFrames in their places; FALSE: there is none
 * yet. @cluster: zeroed, or cleared. @formats: of the tracks now, or NULL.
 * @needs_keys: tracks that do, 1 << RcStream. */
gboolean gst_rc_record_cluster_take (GstRcRecordCluster *cluster,
    RcInterleave *interleave, GstRcTrackFormat *const formats[RC_N_STREAMS],
    guint needs_keys);

/* Moves frame @i to @to, which has the same time. */
void gst_rc_record_cluster_move (
    GstRcRecordCluster *cluster, guint i, GstRcRecordCluster *to);

void gst_rc_record_cluster_clear (GstRcRecordCluster *cluster);

G_END_DECLS
