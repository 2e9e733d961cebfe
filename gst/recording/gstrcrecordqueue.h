/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What goes from the threads of rcfilesink's pads and encoders to the one that
 * writes: frames, in the order in which they are written, and what is known of
 * those to come. */

#pragma once

#include <gst/gst.h>

#include "recording/gstrcrecordcluster.h"
#include "recording/gstrctrackformat.h"
#include "wire/rcstream.h"

G_BEGIN_DECLS

typedef struct _GstRcRecordQueue GstRcRecordQueue;

/**
 * GstRcRecordCounts:
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
} GstRcRecordCounts;

GstRcRecordQueue *gst_rc_record_queue_new (void);
void gst_rc_record_queue_free (GstRcRecordQueue *queue);

void gst_rc_record_queue_get_counts (
    GstRcRecordQueue *queue, GstRcRecordCounts *counts);

/* ---- tracks ---- */

/* There is a pad for the stream, or none any more: what waits to add to it is let
 * go, and nothing of it is taken. */
void gst_rc_record_queue_open (GstRcRecordQueue *queue, RcStream stream);
void gst_rc_record_queue_close (GstRcRecordQueue *queue, RcStream stream);

/* Frames are going to come, and are waited for; or no more of them, said by an
 * EOS event of @seqnum; or those that were announced are gone. */
void gst_rc_record_queue_begin (GstRcRecordQueue *queue, RcStream stream);
void gst_rc_record_queue_end (
    GstRcRecordQueue *queue, RcStream stream, guint32 seqnum);
void gst_rc_record_queue_forget (GstRcRecordQueue *queue, RcStream stream);

/* Lines come, or no more of them. */
void gst_rc_record_queue_set_has_lines (
    GstRcRecordQueue *queue, gboolean has_lines);

/* Of the frames that follow. */
void gst_rc_record_queue_set_format (
    GstRcRecordQueue *queue, RcStream stream, GstRcTrackFormat *format);

/* ---- frames ---- */

/* A frame with that running time comes out of the track's encoder later. @is_new:
 * the first of another size or format. */
void gst_rc_record_queue_announce (GstRcRecordQueue *queue, RcStream stream,
    GstClockTime time, gboolean is_new);

/* Until that running time nothing more goes into the track's encoder. */
void gst_rc_record_queue_pass (
    GstRcRecordQueue *queue, RcStream stream, GstClockTime time);

/* An image did not get as far as an encoder. */
void gst_rc_record_queue_note_dropped (GstRcRecordQueue *queue);

/* Takes @buffer, which came to @pad and has that running time. Waits while the
 * pipeline is paused, and for room. Lines are not for this. */
GstFlowReturn gst_rc_record_queue_add (GstRcRecordQueue *queue, RcStream stream,
    GstPad *pad, GstBuffer *buffer, GstClockTime time);

/* Takes the next set's @line; PTS is its running time, @set those of its images,
 * or GST_CLOCK_TIME_NONE. */
void gst_rc_record_queue_add_line (GstRcRecordQueue *queue, GstBuffer *line,
    const GstClockTime set[RC_N_STREAMS]);

/* A pad is flushing: who waits for it looks. */
void gst_rc_record_queue_wake (GstRcRecordQueue *queue);

/* ---- states ---- */

void gst_rc_record_queue_set_playing (
    GstRcRecordQueue *queue, gboolean is_playing);

/* Nothing more comes; what is there is to be taken. For good. */
void gst_rc_record_queue_stop (GstRcRecordQueue *queue);

/* ---- who writes ---- */

typedef enum {
  GST_RC_RECORD_CLUSTER, /* there is one */
  GST_RC_RECORD_END,     /* all tracks ended, and all was taken; said once */
  GST_RC_RECORD_STOPPED, /* and all was taken */
  GST_RC_RECORD_NOTHING, /* nothing so far */
} GstRcRecordNext;

/* What is next. Waits until @until, monotonic time, µs. @cluster: zeroed, or
 * cleared. */
GstRcRecordNext gst_rc_record_queue_take (
    GstRcRecordQueue *queue, GstRcRecordCluster *cluster, gint64 until);

/* Of the last EOS event. */
guint32 gst_rc_record_queue_get_end_seqnum (GstRcRecordQueue *queue);

/* The tracks that need key frames, 1 << RcStream. @newest: the latest running time
 * that is known of. */
guint gst_rc_record_queue_get_keyed (
    GstRcRecordQueue *queue, GstClockTime *newest);

/* What is in files by now. */
void gst_rc_record_queue_note_files (
    GstRcRecordQueue *queue, guint files, guint64 bytes);

/* Nothing can be written any more: frames are refused. */
void gst_rc_record_queue_fail (GstRcRecordQueue *queue);

G_END_DECLS
