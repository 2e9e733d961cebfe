/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "recording/rcmatroska.h"

#include <string.h>

#define ID_EBML 0x1a45dfa3
#define ID_EBML_VERSION 0x4286
#define ID_EBML_READ_VERSION 0x42f7
#define ID_EBML_MAX_ID_LENGTH 0x42f2
#define ID_EBML_MAX_SIZE_LENGTH 0x42f3
#define ID_DOC_TYPE 0x4282
#define ID_DOC_TYPE_VERSION 0x4287
#define ID_DOC_TYPE_READ_VERSION 0x4285
#define ID_VOID 0xec
#define ID_SEGMENT 0x18538067
#define ID_SEEK_HEAD 0x114d9b74
#define ID_SEEK 0x4dbb
#define ID_SEEK_ID 0x53ab
#define ID_SEEK_POSITION 0x53ac
#define ID_INFO 0x1549a966
#define ID_TIMESTAMP_SCALE 0x2ad7b1
#define ID_DURATION 0x4489
#define ID_MUXING_APP 0x4d80
#define ID_WRITING_APP 0x5741
#define ID_TRACKS 0x1654ae6b
#define ID_TRACK_ENTRY 0xae
#define ID_TRACK_NUMBER 0xd7
#define ID_TRACK_UID 0x73c5
#define ID_TRACK_TYPE 0x83
#define ID_FLAG_DEFAULT 0x88
#define ID_FLAG_LACING 0x9c
#define ID_NAME 0x536e
#define ID_LANGUAGE 0x22b59c
#define ID_CODEC_ID 0x86
#define ID_CODEC_PRIVATE 0x63a2
#define ID_VIDEO 0xe0
#define ID_PIXEL_WIDTH 0xb0
#define ID_PIXEL_HEIGHT 0xba
#define ID_CLUSTER 0x1f43b675
#define ID_TIMESTAMP 0xe7
#define ID_SIMPLE_BLOCK 0xa3
#define ID_BLOCK_GROUP 0xa0
#define ID_BLOCK 0xa1
#define ID_BLOCK_DURATION 0x9b
#define ID_CUES 0x1c53bb6b
#define ID_CUE_POINT 0xbb
#define ID_CUE_TIME 0xb3
#define ID_CUE_TRACK_POSITIONS 0xb7
#define ID_CUE_TRACK 0xf7
#define ID_CUE_CLUSTER_POSITION 0xf1

/* Lengths that are written before they are known, or that may be large, take
 * eight bytes, others one. */
#define LONG_LENGTH 8
#define UNKNOWN_LENGTH G_GUINT64_CONSTANT (0x01ffffffffffffff)
#define LONG_LENGTH_MARK G_GUINT64_CONSTANT (0x0100000000000000)
#define SHORT_LENGTH_MARK 0x80
#define MAX_SHORT_LENGTH 126

#define NUMBER_SIZE 8
/* ID, length, value. */
#define DURATION_SIZE (2 + 1 + NUMBER_SIZE)
#define SEEK_SIZE (3 + 2 + 1 + 4 + 2 + 1 + NUMBER_SIZE)
#define SEEK_HEAD_SIZE (4 + 1 + 3 * SEEK_SIZE)
/* Track number, time from the cluster's, flags. */
#define BLOCK_HEAD_SIZE (1 + 2 + 1)
#define FLAG_KEY_FRAME 0x80
#define BITMAP_HEADER_SIZE 40

static void
put_unsigned (GByteArray *out, guint64 value, guint size)
{
  guint64 bytes = GUINT64_TO_BE (value);

  g_byte_array_append (out, (const guint8 *)&bytes + sizeof bytes - size, size);
}

/* An ID says by itself how long it is. */
static void
put_id (GByteArray *out, guint32 id)
{
  put_unsigned (out, id,
      id > 0xffffff ? 4
      : id > 0xffff ? 3
      : id > 0xff   ? 2
                    : 1);
}

static void
put_long_head (GByteArray *out, guint32 id, guint64 length)
{
  put_id (out, id);
  put_unsigned (out, LONG_LENGTH_MARK | length, LONG_LENGTH);
}

static void
put_short_head (GByteArray *out, guint32 id, guint length)
{
  g_assert (length <= MAX_SHORT_LENGTH);
  put_id (out, id);
  put_unsigned (out, SHORT_LENGTH_MARK | length, 1);
}

static void
put_number (GByteArray *out, guint32 id, guint64 value)
{
  put_short_head (out, id, NUMBER_SIZE);
  put_unsigned (out, value, NUMBER_SIZE);
}

static void
put_bytes (GByteArray *out, guint32 id, gconstpointer data, gsize length)
{
  put_long_head (out, id, length);
  g_byte_array_append (out, data, length);
}

static void
put_string (GByteArray *out, guint32 id, const gchar *string)
{
  put_bytes (out, id, string, strlen (string));
}

/* Room for an element of @size bytes in all, which comes later. */
static void
put_void (GByteArray *out, guint size)
{
  guint content = size - 2;

  put_short_head (out, ID_VOID, content);
  g_byte_array_set_size (out, out->len + content);
  memset (out->data + out->len - content, 0, content);
}

/* Between these is the element's content. */
static guint
begin (GByteArray *out, guint32 id)
{
  put_long_head (out, id, 0);
  return out->len;
}

static void
end (GByteArray *out, guint content)
{
  guint64 length = GUINT64_TO_BE (LONG_LENGTH_MARK | (out->len - content));

  memcpy (out->data + content - LONG_LENGTH, &length, LONG_LENGTH);
}

static void
put_ebml (GByteArray *out)
{
  guint content = begin (out, ID_EBML);

  put_number (out, ID_EBML_VERSION, 1);
  put_number (out, ID_EBML_READ_VERSION, 1);
  put_number (out, ID_EBML_MAX_ID_LENGTH, 4);
  put_number (out, ID_EBML_MAX_SIZE_LENGTH, 8);
  put_string (out, ID_DOC_TYPE, "matroska");
  /* FFV1 and simple blocks. */
  put_number (out, ID_DOC_TYPE_VERSION, 4);
  put_number (out, ID_DOC_TYPE_READ_VERSION, 2);
  end (out, content);
}

static void
put_info (GByteArray *out, const gchar *application, RcMatroskaPlaces *places)
{
  guint content;

  places->info = out->len;
  content = begin (out, ID_INFO);
  put_number (out, ID_TIMESTAMP_SCALE, RC_MATROSKA_TICK);
  put_string (out, ID_MUXING_APP, application);
  put_string (out, ID_WRITING_APP, application);
  places->duration = out->len;
  put_void (out, DURATION_SIZE);
  end (out, content);
}

static void
put_track (GByteArray *out, const RcMatroskaTrack *track, guint number)
{
  guint content = begin (out, ID_TRACK_ENTRY), video;

  put_number (out, ID_TRACK_NUMBER, number);
  put_number (out, ID_TRACK_UID, number);
  put_number (out, ID_TRACK_TYPE, track->type);
  /* Nobody wants to see the text over the images. */
  put_number (out, ID_FLAG_DEFAULT, number == 1);
  put_number (out, ID_FLAG_LACING, 0);
  put_string (out, ID_NAME, track->name);
  put_string (out, ID_LANGUAGE, "und");
  put_string (out, ID_CODEC_ID, track->codec);
  if (track->codec_private != NULL) {
    gsize size;
    gconstpointer data = g_bytes_get_data (track->codec_private, &size);

    put_bytes (out, ID_CODEC_PRIVATE, data, size);
  }
  if (track->type == RC_MATROSKA_VIDEO) {
    video = begin (out, ID_VIDEO);
    put_number (out, ID_PIXEL_WIDTH, track->width);
    put_number (out, ID_PIXEL_HEIGHT, track->height);
    end (out, video);
  }
  end (out, content);
}

void
rc_matroska_put_head (GByteArray *out, const RcMatroskaTrack *tracks,
    guint n_tracks, const gchar *application, RcMatroskaPlaces *places)
{
  guint content;

  put_ebml (out);
  put_id (out, ID_SEGMENT);
  put_unsigned (out, UNKNOWN_LENGTH, LONG_LENGTH);
  places->segment = out->len;
  put_void (out, SEEK_HEAD_SIZE);
  put_info (out, application, places);
  places->tracks = out->len;
  content = begin (out, ID_TRACKS);
  for (guint i = 0; i < n_tracks; i++)
    put_track (out, &tracks[i], i + 1);
  end (out, content);
}

static void
put_le (GByteArray *out, guint64 value, guint size)
{
  guint64 bytes = GUINT64_TO_LE (value);

  g_byte_array_append (out, (const guint8 *)&bytes, size);
}

GBytes *
rc_matroska_describe_fourcc (
    const gchar fourcc[4], guint width, guint height, GBytes *extra)
{
  GByteArray *out = g_byte_array_new ();
  gsize extra_size = extra != NULL ? g_bytes_get_size (extra) : 0;

  put_le (out, BITMAP_HEADER_SIZE + extra_size, 4);
  put_le (out, width, 4);
  put_le (out, height, 4);
  put_le (out, 1, 2);  /* planes */
  put_le (out, 24, 2); /* bits a pixel, of which decoders take no notice */
  g_byte_array_append (out, (const guint8 *)fourcc, 4);
  put_le (out, (guint64)width * height * 3, 4);
  put_le (out, 0, 8); /* pixels a metre */
  put_le (out, 0, 8); /* palette */
  if (extra != NULL)
    g_byte_array_append (out, g_bytes_get_data (extra, NULL), extra_size);
  return g_byte_array_free_to_bytes (out);
}

/* Without its own ID and length. */
static guint64
get_block_content_size (const RcMatroskaBlock *block)
{
  guint64 size = BLOCK_HEAD_SIZE + block->size;

  /* In a group, with a duration before it. */
  if (block->duration != 0)
    size += 1 + LONG_LENGTH + 1 + 1 + NUMBER_SIZE;
  return size;
}

guint64
rc_matroska_get_block_size (const RcMatroskaBlock *block)
{
  return 1 + LONG_LENGTH + get_block_content_size (block);
}

void
rc_matroska_put_cluster (GByteArray *out, guint64 time, guint64 size)
{
  put_long_head (out, ID_CLUSTER, size + 1 + 1 + NUMBER_SIZE);
  put_number (out, ID_TIMESTAMP, time);
}

void
rc_matroska_put_block (GByteArray *out, const RcMatroskaBlock *block)
{
  if (block->duration != 0) {
    put_long_head (out, ID_BLOCK_GROUP, get_block_content_size (block));
    put_number (out, ID_BLOCK_DURATION, block->duration);
    put_long_head (out, ID_BLOCK, BLOCK_HEAD_SIZE + block->size);
  } else {
    put_long_head (out, ID_SIMPLE_BLOCK, BLOCK_HEAD_SIZE + block->size);
  }
  put_unsigned (out, SHORT_LENGTH_MARK | block->track, 1);
  put_unsigned (out, 0, 2);
  put_unsigned (
      out, block->duration == 0 && block->is_key ? FLAG_KEY_FRAME : 0, 1);
}

void
rc_matroska_put_cues (GByteArray *out, const RcMatroskaPlaces *places,
    const RcMatroskaCue *cues, guint n_cues)
{
  guint content = begin (out, ID_CUES);

  for (guint i = 0; i < n_cues; i++) {
    put_short_head (out, ID_CUE_POINT, 3 * (2 + NUMBER_SIZE) + 2);
    put_number (out, ID_CUE_TIME, cues[i].time);
    put_short_head (out, ID_CUE_TRACK_POSITIONS, 2 * (2 + NUMBER_SIZE));
    put_number (out, ID_CUE_TRACK, cues[i].track);
    put_number (
        out, ID_CUE_CLUSTER_POSITION, cues[i].position - places->segment);
  }
  end (out, content);
}

void
rc_matroska_put_size (
    GByteArray *out, const RcMatroskaPlaces *places, guint64 size)
{
  put_unsigned (out, LONG_LENGTH_MARK | (size - places->segment), LONG_LENGTH);
}

guint64
rc_matroska_get_size_place (const RcMatroskaPlaces *places)
{
  return places->segment - LONG_LENGTH;
}

void
rc_matroska_put_duration (GByteArray *out, guint64 duration)
{
  gdouble value = (gdouble)duration;
  guint64 bits;

  G_STATIC_ASSERT (sizeof bits == sizeof value);
  memcpy (&bits, &value, sizeof bits);
  put_number (out, ID_DURATION, bits);
}

static void
put_seek (GByteArray *out, const RcMatroskaPlaces *places, guint32 id,
    guint64 position)
{
  put_short_head (out, ID_SEEK, SEEK_SIZE - 3);
  put_short_head (out, ID_SEEK_ID, 4);
  put_id (out, id);
  put_number (out, ID_SEEK_POSITION, position - places->segment);
}

void
rc_matroska_put_seek_head (
    GByteArray *out, const RcMatroskaPlaces *places, guint64 cues)
{
  guint n = cues != 0 ? 3 : 2;

  put_id (out, ID_SEEK_HEAD);
  put_unsigned (out, SHORT_LENGTH_MARK | (n * SEEK_SIZE), 1);
  put_seek (out, places, ID_INFO, places->info);
  put_seek (out, places, ID_TRACKS, places->tracks);
  if (cues != 0)
    put_seek (out, places, ID_CUES, cues);
  else
    put_void (out, SEEK_SIZE);
}

guint64
rc_matroska_get_seek_head_place (const RcMatroskaPlaces *places)
{
  return places->segment;
}
