/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include "depth/gstrcsetmatcher.h"

G_BEGIN_DECLS

#define GST_TYPE_RC_POINT_CLOUD (gst_rc_point_cloud_get_type ())
G_DECLARE_FINAL_TYPE (
    GstRcPointCloud, gst_rc_point_cloud, GST, RC_POINT_CLOUD, GstRcSetMatcher)

GST_ELEMENT_REGISTER_DECLARE (rcpointcloud);

G_END_DECLS
