/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "source/gstrcenums.h"

#include "source/rcsetqueue.h"
#include "wire/rcrequest.h"

GType
gst_rc_timestamp_mode_get_type (void)
{
  static GType type;
  static const GEnumValue values[] = {
      {GST_RC_TIMESTAMP_MODE_CAPTURE, "Time of capture, mapped to running time",
          "capture"},
      {GST_RC_TIMESTAMP_MODE_ARRIVAL, "Running time of arrival", "arrival"},
      {0, NULL, NULL},
  };

  if (g_once_init_enter (&type))
    g_once_init_leave (
        &type, g_enum_register_static ("GstRcTimestampMode", values));
  return type;
}

GType
gst_rc_leaky_get_type (void)
{
  static GType type;
  static const GEnumValue values[] = {
      {RC_LEAKY_NONE, "Drop nothing, hold the camera back", "none"},
      {RC_LEAKY_UPSTREAM, "Drop the newest image", "upstream"},
      {RC_LEAKY_DOWNSTREAM, "Drop the oldest image", "downstream"},
      {0, NULL, NULL},
  };

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_enum_register_static ("GstRcLeaky", values));
  return type;
}

GType
gst_rc_mesh_binning_method_get_type (void)
{
  static GType type;
  static const GEnumValue values[] = {
      {RC_MESH_BINNING_AVERAGE, "Average of the points in a bin", "average"},
      {RC_MESH_BINNING_MIN_DEPTH, "The point nearest to the camera",
          "min-depth"},
      {0, NULL, NULL},
  };

  if (g_once_init_enter (&type))
    g_once_init_leave (
        &type, g_enum_register_static ("GstRcMeshBinningMethod", values));
  return type;
}
