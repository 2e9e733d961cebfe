/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "wire/rcwirewalk.h"

#include <string.h>

#include "wire/rcimageset.h"
#include "wire/rcwireformat.h"

/* A message's length in the header is known when the message ends. Room of a
 * fixed size is left for it: a varint may be padded. */
#define LENGTH_ROOM 3
#define MAX_LENGTH_IN_ROOM ((1 << 7 * LENGTH_ROOM) - 1)

typedef struct {
  guint32 number;
  guint type;
} Tag;

typedef struct {
  RcChunkCursor cursor;
  GByteArray *header;
  gsize max_header;
  RcWireRange *payloads;
  guint n_payloads;
  guint n_fields;
} Walk;

static gboolean
fail (GError **error, const RcChunkCursor *cursor, RcImageSetError code,
    const gchar *what)
{
  g_set_error (error, RC_IMAGE_SET_ERROR, code,
      "%s before byte %" G_GUINT64_FORMAT, what, cursor->offset);
  return FALSE;
}

static gboolean
malformed (Walk *walk, const gchar *what, GError **error)
{
  return fail (error, &walk->cursor, RC_IMAGE_SET_ERROR_MALFORMED, what);
}

static gboolean
read_varint (
    Walk *walk, guint64 end, guint max_size, guint64 *value, GError **error)
{
  guint64 result = 0;

  for (guint i = 0; i < max_size; i++) {
    guint8 byte;

    if (walk->cursor.offset >= end)
      return malformed (walk, "a number is cut off", error);
    byte = rc_chunk_cursor_read_byte (&walk->cursor);
    if (i == RC_WIRE_MAX_VARINT_SIZE - 1 && byte > 1)
      return malformed (walk, "a number has more than 64 bits", error);
    result |= (guint64)(byte & 0x7f) << 7 * i;
    if (byte < 0x80) {
      *value = result;
      return TRUE;
    }
  }
  return malformed (walk, "a number is too long", error);
}

static gboolean
read_tag (Walk *walk, guint64 end, Tag *tag, GError **error)
{
  guint64 value;

  if (++walk->n_fields > RC_MAX_FIELDS)
    return fail (error, &walk->cursor, RC_IMAGE_SET_ERROR_LIMIT,
        "more fields than allowed");
  if (!read_varint (walk, end, RC_WIRE_MAX_SHORT_VARINT_SIZE, &value, error))
    return FALSE;
  if (value > G_MAXUINT32)
    return malformed (walk, "a field number has more than 29 bits", error);
  tag->number = value >> 3;
  tag->type = value & 7;
  if (tag->number == 0)
    return malformed (walk, "a field has number 0", error);
  return TRUE;
}

static gboolean
check_room (Walk *walk, guint64 size, guint64 end, GError **error)
{
  if (size > end - walk->cursor.offset)
    return malformed (walk, "a field runs past its message", error);
  return TRUE;
}

static gboolean
read_length (Walk *walk, guint64 end, guint64 *length, GError **error)
{
  return read_varint (walk, end, RC_WIRE_MAX_SHORT_VARINT_SIZE, length, error)
         && check_room (walk, *length, end, error);
}

static gboolean
skip_bytes (Walk *walk, guint64 size, guint64 end, GError **error)
{
  if (!check_room (walk, size, end, error))
    return FALSE;
  rc_chunk_cursor_skip (&walk->cursor, size);
  return TRUE;
}

static gboolean
skip_value (Walk *walk, guint type, guint64 end, GError **error)
{
  guint64 value;

  switch (type) {
  case RC_WIRE_VARINT:
    return read_varint (walk, end, RC_WIRE_MAX_VARINT_SIZE, &value, error);
  case RC_WIRE_64BIT:
    return skip_bytes (walk, 8, end, error);
  case RC_WIRE_32BIT:
    return skip_bytes (walk, 4, end, error);
  case RC_WIRE_LENGTH:
    return read_length (walk, end, &value, error)
           && skip_bytes (walk, value, end, error);
  default:
    return malformed (walk, "a field has an unknown wire type", error);
  }
}

/* Skips an unknown field, which may be a group: fields up to an end tag with
 * its number. */
static gboolean
skip_field (Walk *walk, Tag tag, guint64 end, GError **error)
{
  guint32 open[RC_MAX_GROUP_DEPTH];
  guint depth = 0;

  for (;;) {
    if (tag.type == RC_WIRE_GROUP_START) {
      if (depth == RC_MAX_GROUP_DEPTH)
        return fail (error, &walk->cursor, RC_IMAGE_SET_ERROR_LIMIT,
            "groups are nested deeper than allowed");
      open[depth++] = tag.number;
    } else if (tag.type == RC_WIRE_GROUP_END) {
      if (depth == 0 || open[--depth] != tag.number)
        return malformed (walk, "a group ends that did not start", error);
    } else if (!skip_value (walk, tag.type, end, error)) {
      return FALSE;
    }
    if (depth == 0)
      return TRUE;
    if (!read_tag (walk, end, &tag, error))
      return FALSE;
  }
}

/* Makes room in the header. The pointer is good until the next call. */
static guint8 *
gather (Walk *walk, guint64 size, GError **error)
{
  guint at = walk->header->len;

  if (size > walk->max_header - at) {
    fail (error, &walk->cursor, RC_IMAGE_SET_ERROR_LIMIT,
        "the set without its data is larger than allowed");
    return NULL;
  }
  g_byte_array_set_size (walk->header, at + size);
  return walk->header->data + at;
}

static gboolean
gather_varint (Walk *walk, guint64 value, GError **error)
{
  guint8 bytes[RC_WIRE_MAX_VARINT_SIZE];
  guint size = rc_wire_put_varint (bytes, value);
  guint8 *dest = gather (walk, size, error);

  if (dest == NULL)
    return FALSE;
  memcpy (dest, bytes, size);
  return TRUE;
}

static gboolean
gather_tag (Walk *walk, Tag tag, GError **error)
{
  return gather_varint (walk, rc_wire_tag (tag.number, tag.type), error);
}

static gboolean
gather_bytes (Walk *walk, guint64 size, guint64 end, GError **error)
{
  guint8 *dest;

  if (!check_room (walk, size, end, error))
    return FALSE;
  dest = gather (walk, size, error);
  if (dest == NULL)
    return FALSE;
  rc_chunk_cursor_copy (&walk->cursor, dest, size);
  return TRUE;
}

static gboolean
walk_string (Walk *walk, guint64 end, GError **error)
{
  guint64 length;
  const gchar *text;

  if (!read_length (walk, end, &length, error)
      || !gather_varint (walk, length, error)
      || !gather_bytes (walk, length, end, error))
    return FALSE;
  /* Refuses U+0000 too: protobuf-c would end the string there. */
  text = (const gchar *)walk->header->data + walk->header->len - length;
  if (!g_utf8_validate_len (text, length, NULL))
    return fail (error, &walk->cursor, RC_IMAGE_SET_ERROR_STRING,
        "a string is not UTF-8");
  return TRUE;
}

static gboolean walk_message (Walk *walk,
    const ProtobufCMessageDescriptor *descriptor, guint64 end, guint top,
    GError **error);

static gboolean
walk_submessage (Walk *walk, const ProtobufCMessageDescriptor *descriptor,
    guint64 end, guint top, GError **error)
{
  guint64 length;
  guint start, size;

  if (!read_length (walk, end, &length, error)
      || gather (walk, LENGTH_ROOM, error) == NULL)
    return FALSE;
  start = walk->header->len;
  if (!walk_message (
          walk, descriptor, walk->cursor.offset + length, top, error))
    return FALSE;
  size = walk->header->len - start;
  for (guint i = 0; i < LENGTH_ROOM; i++)
    walk->header->data[start - LENGTH_ROOM + i] =
        (size >> 7 * i & 0x7f) | (i < LENGTH_ROOM - 1 ? 0x80 : 0);
  return TRUE;
}

static guint
get_wire_type (ProtobufCType type)
{
  switch (type) {
  case PROTOBUF_C_TYPE_FLOAT:
  case PROTOBUF_C_TYPE_FIXED32:
  case PROTOBUF_C_TYPE_SFIXED32:
    return RC_WIRE_32BIT;
  case PROTOBUF_C_TYPE_DOUBLE:
  case PROTOBUF_C_TYPE_FIXED64:
  case PROTOBUF_C_TYPE_SFIXED64:
    return RC_WIRE_64BIT;
  case PROTOBUF_C_TYPE_STRING:
  case PROTOBUF_C_TYPE_BYTES:
  case PROTOBUF_C_TYPE_MESSAGE:
    return RC_WIRE_LENGTH;
  default:
    return RC_WIRE_VARINT;
  }
}

static gboolean
walk_number (Walk *walk, guint type, guint64 end, GError **error)
{
  guint64 value;

  switch (type) {
  case RC_WIRE_32BIT:
    return gather_bytes (walk, 4, end, error);
  case RC_WIRE_64BIT:
    return gather_bytes (walk, 8, end, error);
  default:
    return read_varint (walk, end, RC_WIRE_MAX_VARINT_SIZE, &value, error)
           && gather_varint (walk, value, error);
  }
}

static gboolean
walk_field (Walk *walk, const ProtobufCFieldDescriptor *field, Tag tag,
    guint64 end, guint top, RcWireRange *payload, GError **error)
{
  if (tag.type != get_wire_type (field->type))
    return malformed (walk, "a field has another field's wire type", error);

  if (field->type == PROTOBUF_C_TYPE_BYTES) {
    if (!read_length (walk, end, &payload->length, error))
      return FALSE;
    payload->offset = walk->cursor.offset;
    return skip_bytes (walk, payload->length, end, error);
  }

  if (!gather_tag (walk, tag, error))
    return FALSE;
  if (field->type == PROTOBUF_C_TYPE_MESSAGE)
    return walk_submessage (walk, field->descriptor, end, top, error);
  if (field->type == PROTOBUF_C_TYPE_STRING)
    return walk_string (walk, end, error);
  return walk_number (walk, tag.type, end, error);
}

/* The fields up to @end. @top: number of the field of the outermost message
 * that this one lies in; 0 for the outermost itself. Recursion is as deep as
 * the descriptor, however the message is made. */
static gboolean
walk_message (Walk *walk, const ProtobufCMessageDescriptor *descriptor,
    guint64 end, guint top, GError **error)
{
  RcWireRange payload = {0, 0};

  while (walk->cursor.offset < end) {
    const ProtobufCFieldDescriptor *field;
    Tag tag;

    if (!read_tag (walk, end, &tag, error))
      return FALSE;
    field = protobuf_c_message_descriptor_get_field (descriptor, tag.number);
    if (field == NULL) {
      if (!skip_field (walk, tag, end, error))
        return FALSE;
    } else if (!walk_field (walk, field, tag, end, top == 0 ? tag.number : top,
                   &payload, error)) {
      return FALSE;
    }
  }
  /* In one message the last `bytes` field counts; between several pieces of
   * the same message, protobuf-c's merge takes the last that is not empty. */
  if (payload.length > 0 && top < walk->n_payloads)
    walk->payloads[top] = payload;
  return TRUE;
}

gboolean
rc_wire_walk (const RcChunk *chunks, guint n_chunks,
    const ProtobufCMessageDescriptor *descriptor, gsize max_header,
    GByteArray *header, RcWireRange *payloads, guint n_payloads, GError **error)
{
  Walk walk = {.header = header,
      .max_header = max_header,
      .payloads = payloads,
      .n_payloads = n_payloads};

  g_return_val_if_fail (max_header <= MAX_LENGTH_IN_ROOM, FALSE);
  g_return_val_if_fail (header->len <= max_header, FALSE);

  rc_chunk_cursor_init (&walk.cursor, chunks, n_chunks);
  return walk_message (
      &walk, descriptor, rc_chunks_get_size (chunks, n_chunks), 0, error);
}

ProtobufCMessage *
rc_wire_unpack (const RcChunk *chunks, guint n_chunks,
    const ProtobufCMessageDescriptor *descriptor, gsize max_header,
    RcWireRange *payloads, guint n_payloads, GError **error)
{
  g_autoptr (GByteArray) header = g_byte_array_new ();
  ProtobufCMessage *message;

  if (!rc_wire_walk (chunks, n_chunks, descriptor, max_header, header, payloads,
          n_payloads, error))
    return NULL;
  message =
      protobuf_c_message_unpack (descriptor, NULL, header->len, header->data);
  if (message == NULL)
    g_set_error_literal (error, RC_IMAGE_SET_ERROR,
        RC_IMAGE_SET_ERROR_MALFORMED, "protobuf-c does not take the header");
  return message;
}
