/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_RC_SNAPSHOT_SINK (gst_rc_snapshot_sink_get_type ())
G_DECLARE_FINAL_TYPE (
    GstRcSnapshotSink, gst_rc_snapshot_sink, GST, RC_SNAPSHOT_SINK, GstBin)

GST_ELEMENT_REGISTER_DECLARE (rcsnapshotsink);

G_END_DECLS
