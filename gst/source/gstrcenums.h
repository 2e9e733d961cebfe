/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The element's enumerations as GTypes. */

#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

typedef enum {
  GST_RC_TIMESTAMP_MODE_CAPTURE,
  GST_RC_TIMESTAMP_MODE_ARRIVAL,
} GstRcTimestampMode;

#define GST_TYPE_RC_TIMESTAMP_MODE (gst_rc_timestamp_mode_get_type ())
GType gst_rc_timestamp_mode_get_type (void);

#define GST_TYPE_RC_LEAKY (gst_rc_leaky_get_type ())
GType gst_rc_leaky_get_type (void);

#define GST_TYPE_RC_MESH_BINNING_METHOD (gst_rc_mesh_binning_method_get_type ())
GType gst_rc_mesh_binning_method_get_type (void);

G_END_DECLS
