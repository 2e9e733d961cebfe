/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_RC_FILE_SINK (gst_rc_file_sink_get_type ())
G_DECLARE_FINAL_TYPE (
    GstRcFileSink, gst_rc_file_sink, GST, RC_FILE_SINK, GstBin)

GST_ELEMENT_REGISTER_DECLARE (rcfilesink)

G_END_DECLS
