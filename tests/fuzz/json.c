/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The JSON writer: whatever is in a message that the walk takes, the line is
 * one line of valid UTF-8 without markup, and json-glib reads the same values
 * back. A set that is taken prints as its message does. */

#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

#include "fuzzinput.h"
#include "image_interface.pb-c.h"
#include "wire/rcimageset.h"
#include "wire/rcjson.h"
#include "wire/rcwirewalk.h"

/* Its line separators are for some readers the end of the line. */
static gboolean
ends_line (gunichar c)
{
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029;
}

static void
check_line (const gchar *json)
{
  const gchar *end;

  g_assert_true (g_utf8_validate (json, -1, &end));
  g_assert_true (g_str_has_prefix (json, "{"));
  g_assert_true (g_str_has_suffix (json, "}\n"));
  for (const gchar *at = json; at < end - 1; at = g_utf8_next_char (at)) {
    gunichar c = g_utf8_get_char (at);

    g_assert_false (ends_line (c));
    g_assert_true (c != '<' && c != '>' && c != '&');
  }
}

static void
check_float (JsonNode *node, gfloat expected)
{
  gfloat got;

  if (isnan (expected)) {
    g_assert_cmpstr (json_node_get_string (node), ==, "NaN");
  } else if (isinf (expected)) {
    g_assert_cmpstr (json_node_get_string (node), ==,
        expected > 0 ? "Infinity" : "-Infinity");
  } else {
    g_assert_true (json_node_get_value_type (node) == G_TYPE_DOUBLE);
    got = json_node_get_double (node);
    g_assert_cmpmem (&got, sizeof got, &expected, sizeof expected);
  }
}

static void
check_enum (
    JsonNode *node, const ProtobufCEnumDescriptor *descriptor, gint expected)
{
  const ProtobufCEnumValue *value =
      protobuf_c_enum_descriptor_get_value (descriptor, expected);

  if (value != NULL)
    g_assert_cmpstr (json_node_get_string (node), ==, value->name);
  else
    g_assert_cmpint (json_node_get_int (node), ==, expected);
}

static void check_object (JsonNode *node, const ProtobufCMessage *message);

static void
check_value (
    JsonNode *node, const ProtobufCFieldDescriptor *field, gconstpointer member)
{
  switch (field->type) {
  case PROTOBUF_C_TYPE_INT32:
    g_assert_cmpint (json_node_get_int (node), ==, *(const gint32 *)member);
    break;
  case PROTOBUF_C_TYPE_UINT32:
    g_assert_cmpint (json_node_get_int (node), ==, *(const guint32 *)member);
    break;
  case PROTOBUF_C_TYPE_FLOAT:
    check_float (node, *(const gfloat *)member);
    break;
  case PROTOBUF_C_TYPE_BOOL:
    g_assert_true (json_node_get_value_type (node) == G_TYPE_BOOLEAN);
    g_assert_true (
        json_node_get_boolean (node) == !!*(const protobuf_c_boolean *)member);
    break;
  case PROTOBUF_C_TYPE_ENUM:
    check_enum (node, field->descriptor, *(const gint *)member);
    break;
  case PROTOBUF_C_TYPE_STRING:
    g_assert_cmpstr (
        json_node_get_string (node), ==, *(const gchar *const *)member);
    break;
  case PROTOBUF_C_TYPE_MESSAGE:
    check_object (node, *(const ProtobufCMessage *const *)member);
    break;
  default:
    g_assert_not_reached ();
  }
}

static gboolean
is_expected (const ProtobufCFieldDescriptor *field, gconstpointer member)
{
  if (field->type == PROTOBUF_C_TYPE_BYTES)
    return FALSE;
  return field->type != PROTOBUF_C_TYPE_MESSAGE
         || *(const ProtobufCMessage *const *)member != NULL;
}

/* All expected members and no others. */
static void
check_object (JsonNode *node, const ProtobufCMessage *message)
{
  JsonObject *object = json_node_get_object (node);
  guint n_expected = 0;

  g_assert_nonnull (object);
  for (guint i = 0; i < message->descriptor->n_fields; i++) {
    const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
    gconstpointer member = (const guint8 *)message + field->offset;

    if (!is_expected (field, member))
      continue;
    n_expected++;
    g_assert_true (json_object_has_member (object, field->name));
    check_value (json_object_get_member (object, field->name), field, member);
  }
  g_assert_cmpuint (json_object_get_size (object), ==, n_expected);
}

static void
check_json (const gchar *json, const ProtobufCMessage *message)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) error = NULL;

  check_line (json);
  json_parser_load_from_data (parser, json, -1, &error);
  g_assert_no_error (error);
  check_object (json_parser_get_root (parser), message);
}

static void
check_set_prints (const FuzzMessage *message, const gchar *expected)
{
  g_autoptr (RcImageSet) set =
      rc_image_set_new ((const RcChunk *)message->chunks->data,
          message->chunks->len, NULL, NULL, NULL);
  g_autofree gchar *json = NULL;

  if (set == NULL)
    return;
  json = rc_image_set_to_json (set);
  g_assert_cmpstr (json, ==, expected);
}

static void
check_message (
    const FuzzMessage *message, const ProtobufCMessageDescriptor *descriptor)
{
  ProtobufCMessage *unpacked =
      rc_wire_unpack ((const RcChunk *)message->chunks->data,
          message->chunks->len, descriptor, RC_MAX_HEADER_SIZE, NULL, 0, NULL);
  g_autofree gchar *json = NULL;

  if (unpacked == NULL)
    return;
  json = rc_json_from_message (unpacked);
  check_json (json, unpacked);
  if (descriptor == &image_set__descriptor)
    check_set_prints (message, json);
  protobuf_c_message_free_unpacked (unpacked, NULL);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_auto (FuzzMessage) message;

  fuzz_message_init (&message, data, size);
  check_message (&message, &image_set__descriptor);
  check_message (&message, &image_events__descriptor);
  check_message (&message, &image_set_request__descriptor);
  return 0;
}
