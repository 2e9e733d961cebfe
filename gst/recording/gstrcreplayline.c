/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "recording/gstrcreplayline.h"

#include "recording/rcrecordjson.h"

/* A line that matroskamux took from rcgrpcsrc's metadata pad: its images are as
 * far from it as they were captured. */
static void
guess_pts (RcRecordSet *set, GstClockTime pts)
{
  if (rc_record_set_get_start (set) != RC_RECORD_NONE)
    return;
  set->pts[RC_STREAM_METADATA] = pts;
  for (guint i = 0; i < RC_N_IMAGE_STREAMS; i++) {
    if (set->has_image[i])
      set->pts[i] = pts + set->images[i].timestamp - set->timestamp;
  }
}

RcRecordSet *
gst_rc_replay_line_read (GstBuffer *buffer, GError **error)
{
  g_autofree gchar *text = NULL;
  RcRecordSet *set;
  GstMapInfo map;

  if (!gst_buffer_map (buffer, &map, GST_MAP_READ)) {
    g_set_error_literal (error, RC_RECORD_ERROR, RC_RECORD_ERROR_SYNTAX,
        "a line that cannot be read");
    return NULL;
  }
  /* In an entity each character takes up to six. */
  if (map.size <= 6 * RC_RECORD_MAX_LINE)
    text = rc_record_unescape ((const gchar *)map.data, map.size);
  gst_buffer_unmap (buffer, &map);
  set = rc_record_json_read (text ? text : "", text ? strlen (text) : 0, error);
  if (set != NULL)
    guess_pts (set, GST_BUFFER_PTS (buffer));
  return set;
}
