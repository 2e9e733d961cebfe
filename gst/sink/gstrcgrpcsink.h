/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_RC_GRPC_SINK (gst_rc_grpc_sink_get_type ())
G_DECLARE_FINAL_TYPE (
    GstRcGrpcSink, gst_rc_grpc_sink, GST, RC_GRPC_SINK, GstBin)

GST_ELEMENT_REGISTER_DECLARE (rcgrpcsink)

G_END_DECLS
