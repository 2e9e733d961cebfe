/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "wirewriter.h"

#include <string.h>

void
write_varint (GByteArray *message, guint64 value)
{
  do {
    guint8 byte = (value & 0x7f) | (value > 0x7f ? 0x80 : 0);

    g_byte_array_append (message, &byte, 1);
    value >>= 7;
  } while (value > 0);
}

void
write_tag (GByteArray *message, guint number, guint type)
{
  write_varint (message, (guint64)number << 3 | type);
}

void
write_number (GByteArray *message, guint number, guint64 value)
{
  write_tag (message, number, 0);
  write_varint (message, value);
}

void
write_bytes (GByteArray *message, guint number, gconstpointer data, gsize size)
{
  write_tag (message, number, 2);
  write_varint (message, size);
  if (size > 0)
    g_byte_array_append (message, data, size);
}

void
write_string (GByteArray *message, guint number, const gchar *text)
{
  write_bytes (message, number, text, strlen (text));
}

void
write_message (GByteArray *message, guint number, GByteArray *inner)
{
  write_bytes (message, number, inner->data, inner->len);
  g_byte_array_unref (inner);
}

void
write_one_of_each (GByteArray *message, guint number)
{
  static const guint8 fixed[8] = {1, 2, 3, 4, 5, 6, 7, 8};

  write_number (message, number, G_MAXUINT64);
  write_tag (message, number, 1);
  g_byte_array_append (message, fixed, 8);
  write_string (message, number, "unknown");
  write_tag (message, number, 3);
  write_number (message, 1, 1);
  write_tag (message, 2, 3);
  write_tag (message, 2, 4);
  write_tag (message, number, 4);
  write_tag (message, number, 5);
  g_byte_array_append (message, fixed, 4);
}
