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

static RcRecordSet *
read_line (GstBuffer *buffer, GError **error)
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

/* What is read of a track. */
typedef struct {
  GstElement *owner;
  RcReplayLines *lines;
  gboolean is_refused; /* a warning was posted */
} Reader;

static void
take_line (Reader *reader, GstBuffer *buffer)
{
  g_autoptr (GError) error = NULL;
  RcRecordSet *set = read_line (buffer, &error);

  if (set != NULL) {
    rc_replay_lines_add (reader->lines, set, GST_BUFFER_PTS (buffer));
    return;
  }
  if (!reader->is_refused)
    GST_ELEMENT_WARNING (reader->owner, STREAM, DECODE,
        ("The recording's metadata is damaged, or of another kind: images that "
         "it says nothing of come without parameters."),
        ("%s", error->message));
  reader->is_refused = TRUE;
}

static GstPadProbeReturn
watch (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Reader *reader = user_data;

  if (info->type & GST_PAD_PROBE_TYPE_BUFFER) {
    take_line (reader, GST_PAD_PROBE_INFO_BUFFER (info));
    return GST_PAD_PROBE_OK;
  }
  switch (GST_EVENT_TYPE (GST_PAD_PROBE_INFO_EVENT (info))) {
  case GST_EVENT_EOS:
    rc_replay_lines_end (reader->lines);
    break;
  case GST_EVENT_FLUSH_STOP:
    rc_replay_lines_reset (reader->lines);
    break;
  default:
    break;
  }
  return GST_PAD_PROBE_OK;
}

void
gst_rc_replay_line_watch (
    GstElement *owner, GstPad *track, RcReplayLines *lines)
{
  Reader *reader = g_new0 (Reader, 1);

  reader->owner = owner;
  reader->lines = lines;
  gst_pad_add_probe (track,
      GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM
          | GST_PAD_PROBE_TYPE_EVENT_FLUSH,
      watch, reader, g_free);
}
