/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "wirecompare.h"

#include <string.h>

static gboolean
values_equal (
    const ProtobufCFieldDescriptor *field, gconstpointer a, gconstpointer b)
{
  switch (field->type) {
  case PROTOBUF_C_TYPE_MESSAGE:
    return compare_messages (*(const ProtobufCMessage *const *)a,
        *(const ProtobufCMessage *const *)b);
  case PROTOBUF_C_TYPE_STRING:
    return g_str_equal (*(const gchar *const *)a, *(const gchar *const *)b);
  case PROTOBUF_C_TYPE_BOOL:
    return !*(const protobuf_c_boolean *)a == !*(const protobuf_c_boolean *)b;
  case PROTOBUF_C_TYPE_BYTES:
    return TRUE;
  default:
    return memcmp (a, b, sizeof (guint32)) == 0;
  }
}

gboolean
compare_messages (const ProtobufCMessage *a, const ProtobufCMessage *b)
{
  if (a == NULL || b == NULL)
    return a == b;
  for (guint i = 0; i < a->descriptor->n_fields; i++) {
    const ProtobufCFieldDescriptor *field = &a->descriptor->fields[i];

    if (!values_equal (field, (const guint8 *)a + field->offset,
            (const guint8 *)b + field->offset))
      return FALSE;
  }
  return TRUE;
}

const ProtobufCBinaryData *
compare_find_bytes (const ProtobufCMessage *message)
{
  const ProtobufCBinaryData *found = NULL;

  if (message == NULL)
    return NULL;
  for (guint i = 0; i < message->descriptor->n_fields && found == NULL; i++) {
    const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
    gconstpointer member = (const guint8 *)message + field->offset;

    if (field->type == PROTOBUF_C_TYPE_BYTES)
      found = member;
    else if (field->type == PROTOBUF_C_TYPE_MESSAGE)
      found = compare_find_bytes (*(const ProtobufCMessage *const *)member);
  }
  return found;
}

static gboolean
payloads_equal (const guint8 *data, const ProtobufCMessage *flat,
    const RcWireRange *payloads, guint n_payloads)
{
  for (guint i = 0; i < flat->descriptor->n_fields; i++) {
    const ProtobufCFieldDescriptor *field = &flat->descriptor->fields[i];
    gconstpointer member = (const guint8 *)flat + field->offset;
    const ProtobufCBinaryData *bytes;
    const RcWireRange *payload;

    if (field->type != PROTOBUF_C_TYPE_MESSAGE || field->id >= n_payloads)
      continue;
    payload = &payloads[field->id];
    bytes = compare_find_bytes (*(const ProtobufCMessage *const *)member);
    if (payload->length != (bytes != NULL ? bytes->len : 0))
      return FALSE;
    if (payload->length > 0
        && memcmp (data + payload->offset, bytes->data, bytes->len) != 0)
      return FALSE;
  }
  return TRUE;
}

static guint64
read_varint (const guint8 **data, const guint8 *end)
{
  guint64 value = 0;

  for (guint shift = 0; *data < end; shift += 7) {
    guint8 byte = *(*data)++;

    value |= (guint64)(byte & 0x7f) << MIN (shift, 63);
    if (byte < 0x80)
      break;
  }
  return value;
}

/* Only for messages that the walk took: nothing is checked. */
static gboolean
has_group (const guint8 *data, const guint8 *end,
    const ProtobufCMessageDescriptor *descriptor)
{
  while (data < end) {
    guint64 tag = read_varint (&data, end);
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field (descriptor, tag >> 3);
    guint64 length = 0;

    switch (tag & 7) {
    case 0:
      read_varint (&data, end);
      break;
    case 1:
      length = 8;
      break;
    case 2:
      length = read_varint (&data, end);
      break;
    case 5:
      length = 4;
      break;
    default:
      return TRUE;
    }
    if (field != NULL && field->type == PROTOBUF_C_TYPE_MESSAGE
        && has_group (data, data + length, field->descriptor))
      return TRUE;
    data += length;
  }
  return FALSE;
}

gboolean
compare_with_flat (const guint8 *data, gsize size, const ProtobufCMessage *got,
    const RcWireRange *payloads, guint n_payloads)
{
  ProtobufCMessage *flat =
      protobuf_c_message_unpack (got->descriptor, NULL, size, data);
  gboolean equal;

  if (flat == NULL)
    return has_group (data, data + size, got->descriptor);
  equal = compare_messages (got, flat)
          && payloads_equal (data, flat, payloads, n_payloads);
  protobuf_c_message_free_unpacked (flat, NULL);
  return equal;
}
