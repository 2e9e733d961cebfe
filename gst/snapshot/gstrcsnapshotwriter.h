/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The child of rcsnapshotsink that writes what comes on one pad. */

#pragma once

#include <gst/base/gstbasesink.h>

#include "wire/rcstream.h"

G_BEGIN_DECLS

#define GST_TYPE_RC_SNAPSHOT_WRITER (gst_rc_snapshot_writer_get_type ())
G_DECLARE_FINAL_TYPE (GstRcSnapshotWriter, gst_rc_snapshot_writer, GST,
    RC_SNAPSHOT_WRITER, GstBaseSink)

typedef struct {
  gchar *location; /* the folder, for messages */
  int folder;      /* its file descriptor */
  guint compression_level;
  gboolean fsync;
  gboolean sync;
  gboolean async;
} GstRcSnapshotSettings;

/* Of the pad for @stream. */
GstCaps *gst_rc_snapshot_get_template_caps (RcStream stream);

/* Floating. @stream: all but RC_STREAM_METADATA. */
GstRcSnapshotWriter *gst_rc_snapshot_writer_new (RcStream stream);

/* To be called before it starts. The folder must stay open until it has
 * stopped. */
void gst_rc_snapshot_writer_configure (
    GstRcSnapshotWriter *self, const GstRcSnapshotSettings *settings);

G_END_DECLS
