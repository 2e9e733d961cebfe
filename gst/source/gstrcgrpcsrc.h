/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_RC_GRPC_SRC (gst_rc_grpc_src_get_type ())
G_DECLARE_FINAL_TYPE (GstRcGrpcSrc, gst_rc_grpc_src, GST, RC_GRPC_SRC, GstBin)

GST_ELEMENT_REGISTER_DECLARE (rcgrpcsrc);

G_END_DECLS
