/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "depth/gstrcsetmatcher.h"

G_BEGIN_DECLS

#define GST_TYPE_RC_DEPTH_ERROR (gst_rc_depth_error_get_type ())
G_DECLARE_FINAL_TYPE (
    GstRcDepthError, gst_rc_depth_error, GST, RC_DEPTH_ERROR, GstRcSetMatcher)

GST_ELEMENT_REGISTER_DECLARE (rcdeptherror);

G_END_DECLS
