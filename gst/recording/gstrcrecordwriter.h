/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The files of a recording, one after the other. Waits for the disk; one thread
 * at a time. */

#pragma once

#include <gst/gst.h>

#include "recording/gstrcrecordcluster.h"

G_BEGIN_DECLS

typedef struct _GstRcRecordWriter GstRcRecordWriter;

/* Messages are posted in the name of @owner. */
GstRcRecordWriter *gst_rc_record_writer_new (GstElement *owner,
    const gchar *location, guint64 max_time, guint64 max_bytes);
/* What is open is closed first. */
void gst_rc_record_writer_free (GstRcRecordWriter *writer);

/* Whether there can be a file; FALSE after an error message. */
gboolean gst_rc_record_writer_check (GstRcRecordWriter *writer);

/* Takes what is in @cluster, or not. @ask: set to TRUE if tracks should send key
 * frames soon. FALSE after an error message: what is there was closed, and nothing
 * more is written. */
gboolean gst_rc_record_writer_write (
    GstRcRecordWriter *writer, GstRcRecordCluster *cluster, gboolean *ask);

/* The file that is open gets its end; FALSE after an error message. */
gboolean gst_rc_record_writer_close (GstRcRecordWriter *writer);

/* Of the present file or the last one; NULL: there was none. */
const gchar *gst_rc_record_writer_get_path (GstRcRecordWriter *writer);
guint gst_rc_record_writer_get_n_files (GstRcRecordWriter *writer);
/* Of all files. */
guint64 gst_rc_record_writer_get_bytes (GstRcRecordWriter *writer);

G_END_DECLS
