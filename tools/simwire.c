/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "simwire.h"

#include <string.h>

static guint64
read_varint (const guint8 **at)
{
  guint64 value = 0;
  guint shift = 0;

  do {
    value |= (guint64)(**at & 0x7f) << shift;
    shift += 7;
  } while (*(*at)++ & 0x80);
  return value;
}

gboolean
sim_wire_next (SimWireField *field, const guint8 **at, const guint8 *end)
{
  if (*at == end)
    return FALSE;

  field->start = *at;
  guint64 tag = read_varint (at);
  field->number = tag >> 3;
  field->type = tag & 7;
  field->varint = 0;
  switch (field->type) {
  case SIM_WIRE_VARINT:
    field->varint = read_varint (at);
    field->payload = *at;
    break;
  case SIM_WIRE_BYTES:
    field->varint = read_varint (at);
    field->payload = *at;
    *at += field->varint;
    break;
  case SIM_WIRE_FIXED32:
    field->payload = *at;
    *at += 4;
    break;
  case SIM_WIRE_FIXED64:
    field->payload = *at;
    *at += 8;
    break;
  case SIM_WIRE_GROUP:
  case SIM_WIRE_GROUP_END:
    g_assert_not_reached ();
  }
  field->size = *at - field->start;
  return TRUE;
}

gboolean
sim_wire_find (
    SimWireField *field, const guint8 *data, gsize size, guint number)
{
  const guint8 *at = data;
  SimWireField each;
  gboolean found = FALSE;

  while (sim_wire_next (&each, &at, data + size)) {
    if (each.number == number) {
      *field = each;
      found = TRUE;
    }
  }
  return found;
}

void
sim_wire_append_tag (GByteArray *out, guint number, SimWireType type)
{
  sim_wire_append_varint (out, (guint64)number << 3 | type);
}

void
sim_wire_append_varint (GByteArray *out, guint64 value)
{
  do {
    guint8 byte = (value & 0x7f) | (value > 0x7f ? 0x80 : 0);

    g_byte_array_append (out, &byte, 1);
    value >>= 7;
  } while (value > 0);
}

void
sim_wire_append_field (GByteArray *out, const SimWireField *field)
{
  g_byte_array_append (out, field->start, field->size);
}

void
sim_wire_append_varint_field (GByteArray *out, guint number, guint64 value)
{
  sim_wire_append_tag (out, number, SIM_WIRE_VARINT);
  sim_wire_append_varint (out, value);
}

void
sim_wire_append_float_field (GByteArray *out, guint number, gfloat value)
{
  guint32 bits;

  memcpy (&bits, &value, sizeof bits);
  bits = GUINT32_TO_LE (bits);
  sim_wire_append_tag (out, number, SIM_WIRE_FIXED32);
  g_byte_array_append (out, (const guint8 *)&bits, sizeof bits);
}

void
sim_wire_append_bytes_field (
    GByteArray *out, guint number, gconstpointer data, gsize size)
{
  sim_wire_append_tag (out, number, SIM_WIRE_BYTES);
  sim_wire_append_varint (out, size);
  g_byte_array_append (out, data, size);
}

void
sim_wire_remove (GByteArray *message, guint number)
{
  const guint8 *at = message->data;
  const guint8 *end = message->data + message->len;
  SimWireField field;
  gsize kept = 0;

  while (sim_wire_next (&field, &at, end)) {
    if (field.number == number)
      continue;
    memmove (message->data + kept, field.start, field.size);
    kept += field.size;
  }
  g_byte_array_set_size (message, kept);
}
