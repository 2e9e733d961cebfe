/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "wire/rcstream.h"

static const gchar *const names[RC_N_STREAMS] = {
    [RC_STREAM_LEFT] = "left",
    [RC_STREAM_RIGHT] = "right",
    [RC_STREAM_DISPARITY] = "disparity",
    [RC_STREAM_CONFIDENCE] = "confidence",
    [RC_STREAM_ERROR] = "error",
    [RC_STREAM_MESH] = "mesh",
    [RC_STREAM_METADATA] = "metadata",
};

const gchar *
rc_stream_to_string (RcStream stream)
{
  g_return_val_if_fail ((guint)stream < RC_N_STREAMS, NULL);
  return names[stream];
}

gboolean
rc_stream_from_string (const gchar *name, RcStream *stream)
{
  for (guint i = 0; i < RC_N_STREAMS; i++) {
    if (g_strcmp0 (name, names[i]) == 0) {
      *stream = i;
      return TRUE;
    }
  }
  return FALSE;
}
