/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "recording/rctracknames.h"

#include <string.h>

/* Elements of EBML (RFC 8794) and Matroska (RFC 9559). */
#define ID_EBML 0x1a45dfa3
#define ID_SEGMENT 0x18538067
#define ID_TRACKS 0x1654ae6b
#define ID_TRACK_ENTRY 0xae
#define ID_TRACK_UID 0x73c5
#define ID_NAME 0x536e

#define MAX_ID_SIZE 4
#define MAX_LENGTH_SIZE 8

typedef struct {
  const guint8 *data;
  gsize left;
} Bytes;

typedef struct {
  guint64 id;
  Bytes content; /* cut where the data ends */
} Element;

/* A number whose first byte says by its leading zeros how long it is. An ID
 * keeps that mark, a length does not. */
static gboolean
take_number (Bytes *bytes, guint max_size, gboolean keep_mark, guint64 *value)
{
  guint size = 1;

  if (bytes->left == 0 || bytes->data[0] == 0)
    return FALSE;
  while (!(bytes->data[0] & (0x80 >> (size - 1))))
    size++;
  if (size > max_size || size > bytes->left)
    return FALSE;
  *value = keep_mark ? bytes->data[0] : bytes->data[0] & (0x7f >> (size - 1));
  for (guint i = 1; i < size; i++)
    *value = *value << 8 | bytes->data[i];
  bytes->data += size;
  bytes->left -= size;
  return TRUE;
}

/* A length that is not known, all ones, is one beyond the end. */
static gboolean
take_element (Bytes *bytes, Element *element)
{
  guint64 length;

  if (!take_number (bytes, MAX_ID_SIZE, TRUE, &element->id)
      || !take_number (bytes, MAX_LENGTH_SIZE, FALSE, &length))
    return FALSE;
  element->content.data = bytes->data;
  element->content.left = MIN (length, bytes->left);
  bytes->data += element->content.left;
  bytes->left -= element->content.left;
  return TRUE;
}

static gboolean
find_element (Bytes *bytes, guint64 id, Element *element)
{
  while (take_element (bytes, element)) {
    if (element->id == id)
      return TRUE;
  }
  return FALSE;
}

static guint64
read_unsigned (const Bytes *bytes)
{
  guint64 value = 0;

  for (gsize i = 0; i < bytes->left && i < sizeof value; i++)
    value = value << 8 | bytes->data[i];
  return value;
}

static void
read_track (Bytes entry, guint64 uids[RC_N_STREAMS])
{
  g_autofree gchar *name = NULL;
  guint64 uid = 0;
  Element element;
  RcStream stream;

  while (take_element (&entry, &element)) {
    if (element.id == ID_TRACK_UID) {
      uid = read_unsigned (&element.content);
    } else if (element.id == ID_NAME) {
      g_free (name);
      name =
          g_strndup ((const gchar *)element.content.data, element.content.left);
    }
  }
  if (name != NULL && rc_stream_from_string (name, &stream)
      && uids[stream] == 0)
    uids[stream] = uid;
}

gboolean
rc_track_names_is_matroska (const guint8 *data, gsize length)
{
  Bytes file = {data, length};
  Element head;

  return take_element (&file, &head) && head.id == ID_EBML;
}

void
rc_track_names_read (
    const guint8 *data, gsize length, guint64 uids[RC_N_STREAMS])
{
  Bytes file = {data, length};
  Element segment, tracks, entry;

  memset (uids, 0, RC_N_STREAMS * sizeof *uids);
  if (!find_element (&file, ID_SEGMENT, &segment)
      || !find_element (&segment.content, ID_TRACKS, &tracks))
    return;
  while (find_element (&tracks.content, ID_TRACK_ENTRY, &entry))
    read_track (entry.content, uids);
}
