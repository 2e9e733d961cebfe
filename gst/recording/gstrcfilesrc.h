/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_RC_FILE_SRC (gst_rc_file_src_get_type ())
G_DECLARE_FINAL_TYPE (GstRcFileSrc, gst_rc_file_src, GST, RC_FILE_SRC, GstBin)

GST_ELEMENT_REGISTER_DECLARE (rcfilesrc)

G_END_DECLS
