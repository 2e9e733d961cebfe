/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gst/video/gstvideofilter.h>

G_BEGIN_DECLS

#define GST_TYPE_RC_DEPTH (gst_rc_depth_get_type ())
G_DECLARE_FINAL_TYPE (GstRcDepth, gst_rc_depth, GST, RC_DEPTH, GstVideoFilter)

GST_ELEMENT_REGISTER_DECLARE (rcdepth);

G_END_DECLS
