/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "wire/rcjson.h"

#include <math.h>
#include <string.h>

/* Significant digits: six, as people expect them, read back to most floats that
 * were written by hand, nine to every float. The largest one takes ten: all
 * shorter decimals that read back to it are a little larger, and strict readers
 * refuse those, Python's protobuf among them. */
#define MIN_FLOAT_DIGITS 6
#define MAX_FLOAT_DIGITS 10

static void append_message (GString *json, const ProtobufCMessage *message);

static void
append_float (GString *json, gfloat value)
{
  gchar text[G_ASCII_DTOSTR_BUF_SIZE];
  gchar format[sizeof "%.10g"];

  if (isnan (value)) {
    g_string_append (json, "\"NaN\"");
    return;
  }
  if (isinf (value)) {
    g_string_append (json, value > 0 ? "\"Infinity\"" : "\"-Infinity\"");
    return;
  }
  for (guint digits = MIN_FLOAT_DIGITS; digits <= MAX_FLOAT_DIGITS; digits++) {
    gdouble decimal;

    g_snprintf (format, sizeof format, "%%.%ug", digits);
    g_ascii_formatd (text, sizeof text, format, value);
    decimal = g_ascii_strtod (text, NULL);
    if (ABS (decimal) <= G_MAXFLOAT && (gfloat)decimal == value)
      break;
  }
  g_string_append (json, text);
  /* A reader may take "-0" for the integer, which has no sign. */
  if (strpbrk (text, ".e") == NULL)
    g_string_append (json, ".0");
}

static void
append_character (GString *json, gunichar c)
{
  switch (c) {
  case '"':
    g_string_append (json, "\\\"");
    break;
  case '\\':
    g_string_append (json, "\\\\");
    break;
  case '\n':
    g_string_append (json, "\\n");
    break;
  case '\r':
    g_string_append (json, "\\r");
    break;
  case '\t':
    g_string_append (json, "\\t");
    break;
  default:
    /* U+2028 and U+2029 end a line for some readers, as do the controls. */
    if (c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029
        || c == '<' || c == '>' || c == '&')
      g_string_append_printf (json, "\\u%04x", c);
    else
      g_string_append_unichar (json, c);
  }
}

static void
append_string (GString *json, const gchar *text)
{
  g_string_append_c (json, '"');
  for (; *text != '\0'; text = g_utf8_next_char (text))
    append_character (json, g_utf8_get_char (text));
  g_string_append_c (json, '"');
}

static void
append_enum (
    GString *json, const ProtobufCEnumDescriptor *descriptor, gint number)
{
  const ProtobufCEnumValue *value =
      protobuf_c_enum_descriptor_get_value (descriptor, number);

  if (value != NULL)
    append_string (json, value->name);
  else
    g_string_append_printf (json, "%d", number);
}

static void
append_value (
    GString *json, const ProtobufCFieldDescriptor *field, gconstpointer member)
{
  switch (field->type) {
  case PROTOBUF_C_TYPE_INT32:
    g_string_append_printf (json, "%d", *(const gint32 *)member);
    break;
  case PROTOBUF_C_TYPE_UINT32:
    g_string_append_printf (json, "%u", *(const guint32 *)member);
    break;
  case PROTOBUF_C_TYPE_FLOAT:
    append_float (json, *(const gfloat *)member);
    break;
  case PROTOBUF_C_TYPE_BOOL:
    g_string_append (
        json, *(const protobuf_c_boolean *)member ? "true" : "false");
    break;
  case PROTOBUF_C_TYPE_ENUM:
    append_enum (json, field->descriptor, *(const gint *)member);
    break;
  case PROTOBUF_C_TYPE_STRING:
    append_string (json, *(const gchar *const *)member);
    break;
  case PROTOBUF_C_TYPE_MESSAGE:
    append_message (json, *(const ProtobufCMessage *const *)member);
    break;
  default:
    g_assert_not_reached ();
  }
}

static gboolean
is_printed (const ProtobufCFieldDescriptor *field, gconstpointer member)
{
  switch (field->type) {
  case PROTOBUF_C_TYPE_BYTES:
    return FALSE;
  case PROTOBUF_C_TYPE_MESSAGE:
    return *(const ProtobufCMessage *const *)member != NULL;
  default:
    return TRUE;
  }
}

static void
append_message (GString *json, const ProtobufCMessage *message)
{
  const ProtobufCMessageDescriptor *descriptor = message->descriptor;
  gboolean first = TRUE;

  g_string_append_c (json, '{');
  for (guint i = 0; i < descriptor->n_fields; i++) {
    const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
    gconstpointer member = (const guint8 *)message + field->offset;

    if (!is_printed (field, member))
      continue;
    g_string_append_printf (json, "%s\"%s\":", first ? "" : ",", field->name);
    append_value (json, field, member);
    first = FALSE;
  }
  g_string_append_c (json, '}');
}

gchar *
rc_json_from_message (const ProtobufCMessage *message)
{
  GString *json = g_string_new (NULL);

  append_message (json, message);
  g_string_append_c (json, '\n');
  return g_string_free (json, FALSE);
}
