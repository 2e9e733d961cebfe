/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "recording/gstrcreplayfile.h"

#include <glib/gstdio.h>

#include "recording/rctracknames.h"

/* A pipe would be waited for, and cannot be gone back in. */
gboolean
gst_rc_replay_file_check (GstElement *owner, const gchar *location)
{
  GStatBuf info;

  if (g_stat (location, &info) != 0 || S_ISREG (info.st_mode)
      || S_ISDIR (info.st_mode))
    return TRUE;
  GST_ELEMENT_ERROR (owner, RESOURCE, OPEN_READ,
      ("\"%s\" is no regular file, as a recording has to be.", location),
      (NULL));
  return FALSE;
}

/* The demuxer tells names by tags that are at the file's end, if at all. What is
 * wrong with the file filesrc says. */
void
gst_rc_replay_file_read_names (
    const gchar *location, guint64 uids[RC_N_STREAMS])
{
  g_autofree guint8 *head = g_malloc (RC_TRACK_NAMES_HEAD);
  FILE *file = g_fopen (location, "rb");
  gsize length = 0;

  if (file != NULL) {
    length = fread (head, 1, RC_TRACK_NAMES_HEAD, file);
    fclose (file);
  }
  rc_track_names_read (head, length, uids);
}

/* A stream's ID ends in "/001:" and the track's UID. */
gboolean
gst_rc_replay_file_find_stream (
    const guint64 uids[RC_N_STREAMS], GstPad *track, RcStream *stream)
{
  g_autofree gchar *id = gst_pad_get_stream_id (track);
  const gchar *colon = id ? strrchr (id, ':') : NULL;
  guint64 uid = 0;

  if (colon == NULL
      || !g_ascii_string_to_unsigned (
          colon + 1, 10, 1, G_MAXUINT64, &uid, NULL))
    return FALSE;
  for (guint i = 0; i < RC_N_STREAMS; i++) {
    if (uids[i] == uid) {
      *stream = i;
      return TRUE;
    }
  }
  return FALSE;
}
