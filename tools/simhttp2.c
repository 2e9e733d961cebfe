/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "simhttp2.h"

#include <string.h>

/* RFC 9113, section 4.1: length (24), type (8), flags (8), stream (32). */
#define FRAME_HEADER_SIZE 9
#define FRAME_DATA 0
/* gRPC over HTTP/2: compressed flag (8), length (32). */
#define MESSAGE_PREFIX_SIZE 5

/* A message of a stream that is under way. */
typedef struct {
  guint8 prefix[MESSAGE_PREFIX_SIZE];
  guint n_prefix; /* bytes of it that are there */
  guint64 size;
  guint64 passed;
  guint64 stop; /* G_MAXUINT64: none */
} Message;

struct _SimHttp2 {
  SimHttp2Stop stop;
  gpointer user_data;
  GHashTable *messages; /* of Message, by stream; kept after a stream's end */

  guint8 header[FRAME_HEADER_SIZE];
  guint n_header;
  guint32 frame_left; /* bytes of the payload */
  guint32 stream;
  Message *message; /* NULL: not a DATA frame */
};

SimHttp2 *
sim_http2_new (SimHttp2Stop stop, gpointer user_data)
{
  SimHttp2 *http2 = g_new0 (SimHttp2, 1);

  http2->stop = stop;
  http2->user_data = user_data;
  http2->messages = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  return http2;
}

void
sim_http2_free (SimHttp2 *http2)
{
  g_hash_table_unref (http2->messages);
  g_free (http2);
}

static Message *
get_message (SimHttp2 *http2, guint32 stream)
{
  Message *message =
      g_hash_table_lookup (http2->messages, GUINT_TO_POINTER (stream));

  if (!message) {
    message = g_new0 (Message, 1);
    g_hash_table_insert (http2->messages, GUINT_TO_POINTER (stream), message);
  }
  return message;
}

static guint32
read_be (const guint8 *bytes, guint n_bytes)
{
  guint32 value = 0;

  for (guint i = 0; i < n_bytes; i++)
    value = value << 8 | bytes[i];
  return value;
}

static gsize
take_header (SimHttp2 *http2, const guint8 *data, gsize size)
{
  gsize n = MIN (size, FRAME_HEADER_SIZE - http2->n_header);

  memcpy (http2->header + http2->n_header, data, n);
  http2->n_header += n;
  if (http2->n_header == FRAME_HEADER_SIZE) {
    http2->frame_left = read_be (http2->header, 3);
    http2->stream = read_be (http2->header + 5, 4) & G_MAXINT32;
    http2->message = http2->header[3] == FRAME_DATA
                         ? get_message (http2, http2->stream)
                         : NULL;
    if (http2->frame_left == 0)
      http2->n_header = 0;
  }
  return n;
}

static void
ask_for_stop (SimHttp2 *http2, Message *message, gboolean begins)
{
  gboolean compressed = message->prefix[0] != 0;

  if (!http2->stop (http2->stream, compressed ? G_MAXUINT64 : message->size,
          begins, &message->stop, http2->user_data))
    message->stop = G_MAXUINT64;
  else
    message->stop = MIN (message->stop, message->size);
}

static gsize
take_prefix (SimHttp2 *http2, const guint8 *data, gsize size)
{
  Message *message = http2->message;
  gsize n = MIN (size, MESSAGE_PREFIX_SIZE - message->n_prefix);

  memcpy (message->prefix + message->n_prefix, data, n);
  message->n_prefix += n;
  if (message->n_prefix == MESSAGE_PREFIX_SIZE) {
    message->size = read_be (message->prefix + 1, 4);
    message->passed = 0;
    ask_for_stop (http2, message, TRUE);
  }
  return n;
}

/* TRUE if there is a stop here. */
static gboolean
is_at_stop (SimHttp2 *http2)
{
  Message *message = http2->message;

  return message && message->n_prefix == MESSAGE_PREFIX_SIZE
         && message->passed == message->stop;
}

static gsize
take_message (SimHttp2 *http2, const guint8 *data, gsize size)
{
  Message *message = http2->message;

  if (message->n_prefix < MESSAGE_PREFIX_SIZE)
    return take_prefix (http2, data, size);
  gsize n = MIN (size, MIN (message->size, message->stop) - message->passed);
  message->passed += n;
  return n;
}

static gsize
take_payload (SimHttp2 *http2, const guint8 *data, gsize size)
{
  gsize n = MIN (size, http2->frame_left);

  if (http2->message)
    n = take_message (http2, data, n);
  http2->frame_left -= n;
  return n;
}

static void
finish_parts (SimHttp2 *http2)
{
  Message *message = http2->message;

  if (message && message->n_prefix == MESSAGE_PREFIX_SIZE
      && message->passed == message->size)
    message->n_prefix = 0;
  if (http2->n_header == FRAME_HEADER_SIZE && http2->frame_left == 0)
    http2->n_header = 0;
}

gsize
sim_http2_scan (
    SimHttp2 *http2, const guint8 *data, gsize size, gboolean *stopped)
{
  gsize done = 0;

  *stopped = FALSE;
  while (done < size) {
    if (http2->n_header < FRAME_HEADER_SIZE) {
      done += take_header (http2, data + done, size - done);
      continue;
    }
    done += take_payload (http2, data + done, size - done);
    if (is_at_stop (http2)) {
      *stopped = TRUE;
      ask_for_stop (http2, http2->message, FALSE);
      finish_parts (http2);
      return done;
    }
    finish_parts (http2);
  }
  return done;
}
