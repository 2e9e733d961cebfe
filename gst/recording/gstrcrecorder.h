/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The sink inside rcfilesink: takes encoded frames, and writes the files. It makes
 * one recording: it gets to PAUSED once. */

#pragma once

#include <gst/gst.h>

#include "recording/gstrcrecordqueue.h"
#include "wire/rcstream.h"

G_BEGIN_DECLS

#define GST_TYPE_RC_RECORDER (gst_rc_recorder_get_type ())
G_DECLARE_FINAL_TYPE (
    GstRcRecorder, gst_rc_recorder, GST, RC_RECORDER, GstElement)

/* Messages are posted in the name of @owner, which holds the recorder. The other
 * arguments are rcfilesink's properties. */
GstRcRecorder *gst_rc_recorder_new (GstElement *owner, const gchar *location,
    guint64 max_time, guint64 max_bytes);

/* Where what it writes comes from; the recorder's. */
GstRcRecordQueue *gst_rc_recorder_get_queue (GstRcRecorder *self);

/* A new pad, for what is encoded. */
GstPad *gst_rc_recorder_add_track (GstRcRecorder *self, RcStream stream);

/* What waits on its pad is let go, and the pad takes nothing more. It is to be
 * removed once what pushes to it has stopped: who finds no pad posts an error. */
void gst_rc_recorder_end_track (GstRcRecorder *self, GstPad *pad);

G_END_DECLS
