/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "recording/gstrcreplayfile.h"

#include <errno.h>
#include <glib/gstdio.h>

#include "recording/rctracknames.h"

/* A pipe would be waited for, and cannot be gone back in. FALSE after an error
 * message. */
static gboolean
check_kind (GstElement *owner, const gchar *location)
{
  GStatBuf info;

  if (g_stat (location, &info) != 0) {
    if (errno == ENOENT)
      GST_ELEMENT_ERROR (owner, RESOURCE, NOT_FOUND,
          ("There is no file \"%s\".", location), (NULL));
    else
      GST_ELEMENT_ERROR (owner, RESOURCE, OPEN_READ,
          ("\"%s\" cannot be read: %s.", location, g_strerror (errno)), (NULL));
    return FALSE;
  }
  if (S_ISREG (info.st_mode))
    return TRUE;
  GST_ELEMENT_ERROR (owner, RESOURCE, OPEN_READ,
      ("\"%s\" is %s, and no file as a recording is.", location,
          S_ISDIR (info.st_mode) ? "a folder" : "a pipe or a device"),
      (NULL));
  return FALSE;
}

/* FALSE after an error message. */
static gboolean
read_head (GstElement *owner, const gchar *location,
    guint8 head[RC_TRACK_NAMES_HEAD], gsize *length)
{
  FILE *file = g_fopen (location, "rb");

  if (file == NULL) {
    GST_ELEMENT_ERROR (owner, RESOURCE, OPEN_READ,
        ("\"%s\" cannot be read: %s.", location, g_strerror (errno)), (NULL));
    return FALSE;
  }
  *length = fread (head, 1, RC_TRACK_NAMES_HEAD, file);
  fclose (file);
  return TRUE;
}

/* The demuxer tells names by tags that are at the file's end, if at all. */
gboolean
gst_rc_replay_file_read (
    GstElement *owner, const gchar *location, guint64 uids[RC_N_STREAMS])
{
  g_autofree guint8 *head = g_malloc (RC_TRACK_NAMES_HEAD);
  gsize length;

  if (!check_kind (owner, location)
      || !read_head (owner, location, head, &length))
    return FALSE;
  if (!rc_track_names_is_matroska (head, length)) {
    GST_ELEMENT_ERROR (owner, STREAM, WRONG_TYPE,
        ("\"%s\" is no Matroska file, as a recording is.", location), (NULL));
    return FALSE;
  }
  rc_track_names_read (head, length, uids);
  return TRUE;
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
