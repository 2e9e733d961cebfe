/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "simlie.h"

#include "simwire.h"

#include <math.h>
#include <string.h>

enum {
  TIME_SEC = 1,
  TIME_NSEC = 2,
  IMAGE_TIMESTAMP = 1,
  IMAGE_HEIGHT = 2,
  IMAGE_WIDTH = 3,
  IMAGE_ENCODING = 7,
  IMAGE_STEP = 9,
  IMAGE_DATA = 10,
  DISPARITY_IMAGE_IMAGE = 7,
  MESH_FORMAT = 2,
  MESH_DATA = 3,
  IMAGE_SET_LEFT = 2,
  IMAGE_SET_DISPARITY = 4,
  IMAGE_SET_MESH = 7,
  /* None of them. */
  UNKNOWN = 1000,
  UNKNOWN_LAST = (1 << 29) - 1,
};

static const guint image_floats[] = {4, 5, 6, 12, 13, 14, 16, 17, 18};
/* Of ImageSet, those that are images. */
static const guint set_images[] = {2, 3, 5, 6};

static const gchar *const names[] = {
    [SIM_LIE_HEIGHT_TIMES_STEP] = "height-times-step",
    [SIM_LIE_OVERFLOW] = "overflow",
    [SIM_LIE_ZERO_WIDTH] = "zero-width",
    [SIM_LIE_SHORT_STEP] = "short-step",
    [SIM_LIE_HUGE_IMAGE] = "huge-image",
    [SIM_LIE_UNKNOWN_ENCODING] = "unknown-encoding",
    [SIM_LIE_INVALID_UTF8] = "invalid-utf8",
    [SIM_LIE_NAN] = "nan",
    [SIM_LIE_INFINITE] = "infinite",
    [SIM_LIE_NEGATIVE_TIME] = "negative-time",
    [SIM_LIE_ABSURD_TIME] = "absurd-time",
    [SIM_LIE_MESH_FORMAT] = "mesh-format",
    [SIM_LIE_TRUNCATED_VARINT] = "truncated-varint",
    [SIM_LIE_OVERLONG_VARINT] = "overlong-varint",
    [SIM_LIE_LENGTH_PAST_MESSAGE] = "length-past-message",
    [SIM_LIE_LENGTH_PAST_2_63] = "length-past-2^63",
    [SIM_LIE_NESTED_LENGTHS] = "nested-lengths",
    [SIM_LIE_WRONG_WIRE_TYPE] = "wrong-wire-type",
    [SIM_LIE_OPEN_GROUP] = "open-group",
    [SIM_LIE_EMPTY_MESSAGE] = "empty-message",
    [SIM_LIE_STRAY_TIME] = "stray-time",
    [SIM_LIE_REPEATED_FIELDS] = "repeated-fields",
    [SIM_LIE_GROUP] = "group",
    [SIM_LIE_UNKNOWN_FIELD] = "unknown-field",
};
G_STATIC_ASSERT (G_N_ELEMENTS (names) == SIM_N_LIES);

const gchar *
sim_lie_to_string (SimLie lie)
{
  return names[lie];
}

gboolean
sim_lie_from_string (SimLie *lie, const gchar *name)
{
  for (guint i = 0; i < SIM_N_LIES; i++) {
    if (g_str_equal (names[i], name)) {
      *lie = i;
      return TRUE;
    }
  }
  return FALSE;
}

/* --- an image --- */

static guint64
get_varint (const GByteArray *message, guint number)
{
  SimWireField field;

  return sim_wire_find (&field, message->data, message->len, number)
             ? field.varint
             : 0;
}

static void
set_varint (GByteArray *image, guint number, guint64 value)
{
  sim_wire_remove (image, number);
  sim_wire_append_varint_field (image, number, value);
}

static void
set_bytes (GByteArray *image, guint number, gconstpointer data, gsize size)
{
  sim_wire_remove (image, number);
  sim_wire_append_bytes_field (image, number, data, size);
}

static void
set_floats (GByteArray *image, gfloat even, gfloat odd)
{
  for (guint i = 0; i < G_N_ELEMENTS (image_floats); i++) {
    sim_wire_remove (image, image_floats[i]);
    sim_wire_append_float_field (image, image_floats[i], i % 2 ? odd : even);
  }
}

static void
set_time (GByteArray *image, gint64 sec, gint64 nsec)
{
  g_autoptr (GByteArray) time = g_byte_array_new ();

  sim_wire_append_varint_field (time, TIME_SEC, sec);
  sim_wire_append_varint_field (time, TIME_NSEC, nsec);
  set_bytes (image, IMAGE_TIMESTAMP, time->data, time->len);
}

static void
put_time_forward (GByteArray *image, gint64 sec)
{
  g_autoptr (GByteArray) time = g_byte_array_new ();
  SimWireField field;

  if (sim_wire_find (&field, image->data, image->len, IMAGE_TIMESTAMP))
    g_byte_array_append (time, field.payload, field.varint);
  set_time (
      image, get_varint (time, TIME_SEC) + sec, get_varint (time, TIME_NSEC));
}

static guint
bytes_per_pixel (const GByteArray *image)
{
  SimWireField field;

  if (!sim_wire_find (&field, image->data, image->len, IMAGE_ENCODING))
    return 1;
  if (field.varint == 6 && memcmp (field.payload, "mono16", 6) == 0)
    return 2;
  return field.varint == 4 && memcmp (field.payload, "rgb8", 4) == 0 ? 3 : 1;
}

static void
append_overlong_varint (GByteArray *image)
{
  const guint8 eleven_bytes[] = {
      0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01};

  sim_wire_append_tag (image, IMAGE_WIDTH, SIM_WIRE_VARINT);
  g_byte_array_append (image, eleven_bytes, sizeof eleven_bytes);
}

static void
overstate_data (GByteArray *image)
{
  SimWireField field = {0};

  if (!sim_wire_find (&field, image->data, image->len, IMAGE_DATA))
    return;
  g_autofree guint8 *data = g_memdup2 (field.payload, field.varint);
  gsize size = field.varint;

  sim_wire_remove (image, IMAGE_DATA);
  sim_wire_append_tag (image, IMAGE_DATA, SIM_WIRE_BYTES);
  sim_wire_append_varint (image, (guint64)size + 7);
  g_byte_array_append (image, data, size);
}

static void
append_unknown_fields (GByteArray *message)
{
  const guint8 zeros[8] = {0};

  sim_wire_append_varint_field (message, UNKNOWN, G_MAXUINT64);
  sim_wire_append_float_field (message, UNKNOWN + 1, 1.0f);
  sim_wire_append_tag (message, UNKNOWN + 2, SIM_WIRE_FIXED64);
  g_byte_array_append (message, zeros, sizeof zeros);
  sim_wire_append_bytes_field (message, UNKNOWN_LAST, "unknown", 7);
}

static void
lie_about_size (SimLie lie, GByteArray *image)
{
  switch (lie) {
  case SIM_LIE_HEIGHT_TIMES_STEP:
    set_varint (image, IMAGE_HEIGHT, get_varint (image, IMAGE_HEIGHT) + 1);
    break;
  case SIM_LIE_OVERFLOW:
    /* Sides that a reader may find credible. */
    set_varint (image, IMAGE_HEIGHT, 1 << 14);
    set_varint (image, IMAGE_STEP, 1 << 18);
    break;
  case SIM_LIE_ZERO_WIDTH:
    set_varint (image, IMAGE_WIDTH, 0);
    break;
  case SIM_LIE_SHORT_STEP:
    set_varint (image, IMAGE_STEP,
        get_varint (image, IMAGE_WIDTH) * bytes_per_pixel (image) - 1);
    break;
  case SIM_LIE_HUGE_IMAGE:
    set_varint (image, IMAGE_WIDTH, 65535);
    set_varint (image, IMAGE_HEIGHT, 65535);
    set_varint (image, IMAGE_STEP, 65535 * bytes_per_pixel (image));
    set_bytes (image, IMAGE_DATA, "0123456789abcdef", 16);
    break;
  default:
    break;
  }
}

static void
lie_in_image (SimLie lie, GByteArray *image)
{
  switch (lie) {
  case SIM_LIE_UNKNOWN_ENCODING:
    set_bytes (image, IMAGE_ENCODING, "yuv422", 6);
    break;
  case SIM_LIE_INVALID_UTF8:
    set_bytes (image, IMAGE_ENCODING, "mono\xc3\x28", 6);
    break;
  case SIM_LIE_NAN:
    set_floats (image, NAN, NAN);
    break;
  case SIM_LIE_INFINITE:
    set_floats (image, INFINITY, -INFINITY);
    break;
  case SIM_LIE_NEGATIVE_TIME:
    set_time (image, -1, -1);
    break;
  case SIM_LIE_ABSURD_TIME:
    set_time (image, G_MAXINT32, G_MAXINT32);
    break;
  case SIM_LIE_STRAY_TIME:
    put_time_forward (image, 3600);
    break;
  case SIM_LIE_OVERLONG_VARINT:
    append_overlong_varint (image);
    break;
  case SIM_LIE_NESTED_LENGTHS:
    overstate_data (image);
    break;
  case SIM_LIE_WRONG_WIRE_TYPE:
    set_bytes (image, IMAGE_WIDTH, "320", 3);
    break;
  case SIM_LIE_UNKNOWN_FIELD:
    append_unknown_fields (image);
    break;
  default:
    lie_about_size (lie, image);
    break;
  }
}

/* --- the fields of an image, twice and in reverse --- */

/* What the field is not; messages are merged, so theirs is the same. */
static void
append_false_field (GByteArray *out, const SimWireField *field)
{
  switch (field->type) {
  case SIM_WIRE_VARINT:
    sim_wire_append_varint_field (out, field->number, field->varint + 1);
    break;
  case SIM_WIRE_FIXED32:
    sim_wire_append_float_field (out, field->number, -1.0f);
    break;
  default:
    if (field->number == IMAGE_ENCODING || field->number == IMAGE_DATA)
      sim_wire_append_bytes_field (out, field->number, "false", 5);
    else
      sim_wire_append_field (out, field);
    break;
  }
}

/* The fields of @image in reverse order, each after a false one, in two
 * messages of that number: together they mean the same. */
static GByteArray *
repeat_fields (const GByteArray *image, guint number)
{
  g_autoptr (GArray) fields = g_array_new (FALSE, FALSE, sizeof (SimWireField));
  const guint8 *at = image->data;
  SimWireField field;
  GByteArray *out = g_byte_array_new ();

  while (sim_wire_next (&field, &at, image->data + image->len))
    g_array_append_val (fields, field);
  for (guint part = 0; part < 2; part++) {
    g_autoptr (GByteArray) half = g_byte_array_new ();

    for (guint i = fields->len; i-- > 0;) {
      const SimWireField *each = &g_array_index (fields, SimWireField, i);

      if ((i < fields->len / 2) != (part == 1))
        continue;
      append_false_field (half, each);
      sim_wire_append_field (half, each);
    }
    sim_wire_append_bytes_field (out, number, half->data, half->len);
  }
  return out;
}

/* --- a set --- */

static GByteArray *
lie_about_image (SimLie lie, const SimWireField *field, guint number)
{
  g_autoptr (GByteArray) image = g_byte_array_new ();

  g_byte_array_append (image, field->payload, field->varint);
  if (lie == SIM_LIE_REPEATED_FIELDS)
    return repeat_fields (image, number);

  GByteArray *out = g_byte_array_new ();
  lie_in_image (lie, image);
  sim_wire_append_bytes_field (out, number, image->data, image->len);
  return out;
}

/* Puts @bytes in place of a field of @message. */
static void
replace_field (
    GByteArray *message, const SimWireField *field, const GByteArray *bytes)
{
  const gsize before = field->start - message->data;
  const gsize after = before + field->size;
  g_autofree guint8 *rest =
      g_memdup2 (message->data + after, message->len - after);
  gsize rest_size = message->len - after;

  g_byte_array_set_size (message, before);
  g_byte_array_append (message, bytes->data, bytes->len);
  if (rest_size > 0)
    g_byte_array_append (message, rest, rest_size);
}

static gboolean
find_image (SimWireField *field, const GByteArray *set)
{
  for (guint i = 0; i < G_N_ELEMENTS (set_images); i++)
    if (sim_wire_find (field, set->data, set->len, set_images[i]))
      return TRUE;
  return FALSE;
}

static void
append_small_image (GByteArray *set)
{
  const guint8 black[8 * 8] = {0};
  g_autoptr (GByteArray) image = g_byte_array_new ();

  set_varint (image, IMAGE_HEIGHT, 8);
  set_varint (image, IMAGE_WIDTH, 8);
  set_varint (image, IMAGE_STEP, 8);
  set_bytes (image, IMAGE_ENCODING, "mono8", 5);
  set_bytes (image, IMAGE_DATA, black, sizeof black);
  sim_wire_append_bytes_field (set, IMAGE_SET_LEFT, image->data, image->len);
}

static void
lie_about_first_image (SimLie lie, GByteArray *set)
{
  SimWireField field, disparity;

  if (!find_image (&field, set)
      && sim_wire_find (&disparity, set->data, set->len, IMAGE_SET_DISPARITY)) {
    g_autoptr (GByteArray) inner = g_byte_array_new ();
    g_autoptr (GByteArray) outer = g_byte_array_new ();

    g_byte_array_append (inner, disparity.payload, disparity.varint);
    if (sim_wire_find (
            &field, inner->data, inner->len, DISPARITY_IMAGE_IMAGE)) {
      g_autoptr (GByteArray) bytes =
          lie_about_image (lie, &field, DISPARITY_IMAGE_IMAGE);
      replace_field (inner, &field, bytes);
    }
    sim_wire_append_bytes_field (
        outer, IMAGE_SET_DISPARITY, inner->data, inner->len);
    replace_field (set, &disparity, outer);
    return;
  }
  if (!find_image (&field, set)) {
    append_small_image (set);
    find_image (&field, set);
  }
  g_autoptr (GByteArray) bytes = lie_about_image (lie, &field, field.number);
  replace_field (set, &field, bytes);
}

static void
append_other_mesh (GByteArray *set)
{
  g_autoptr (GByteArray) mesh = g_byte_array_new ();

  sim_wire_append_bytes_field (mesh, MESH_FORMAT, "stl", 3);
  sim_wire_append_bytes_field (mesh, MESH_DATA, "solid\nendsolid\n", 15);
  sim_wire_remove (set, IMAGE_SET_MESH);
  sim_wire_append_bytes_field (set, IMAGE_SET_MESH, mesh->data, mesh->len);
}

static void
append_group (GByteArray *set, gboolean closed)
{
  sim_wire_append_tag (set, UNKNOWN, SIM_WIRE_GROUP);
  sim_wire_append_varint_field (set, IMAGE_SET_LEFT, 1);
  sim_wire_append_tag (set, UNKNOWN + 1, SIM_WIRE_GROUP);
  sim_wire_append_bytes_field (set, IMAGE_SET_LEFT, "inside", 6);
  sim_wire_append_tag (set, UNKNOWN + 1, SIM_WIRE_GROUP_END);
  if (closed)
    sim_wire_append_tag (set, UNKNOWN, SIM_WIRE_GROUP_END);
}

static void
append_length (GByteArray *set, guint64 length)
{
  sim_wire_append_tag (set, IMAGE_SET_LEFT, SIM_WIRE_BYTES);
  sim_wire_append_varint (set, length);
  g_byte_array_append (set, (const guint8 *)"\x18\x08\x10\x08", 4);
}

GBytes *
sim_lie_tell (SimLie lie, GBytes *bytes)
{
  GByteArray *set = g_byte_array_new ();
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  if (size > 0)
    g_byte_array_append (set, data, size);
  switch (lie) {
  case SIM_LIE_MESH_FORMAT:
    append_other_mesh (set);
    break;
  case SIM_LIE_TRUNCATED_VARINT:
    sim_wire_append_tag (set, UNKNOWN, SIM_WIRE_VARINT);
    g_byte_array_append (set, (const guint8 *)"\x80", 1);
    break;
  case SIM_LIE_LENGTH_PAST_MESSAGE:
    append_length (set, 1 << 20);
    break;
  case SIM_LIE_LENGTH_PAST_2_63:
    append_length (set, (G_GUINT64_CONSTANT (1) << 63) + 4);
    break;
  case SIM_LIE_GROUP:
  case SIM_LIE_OPEN_GROUP:
    append_group (set, lie == SIM_LIE_GROUP);
    break;
  case SIM_LIE_EMPTY_MESSAGE:
    g_byte_array_set_size (set, 0);
    break;
  case SIM_LIE_UNKNOWN_FIELD:
    lie_about_first_image (lie, set);
    append_unknown_fields (set);
    break;
  default:
    lie_about_first_image (lie, set);
    break;
  }
  return g_byte_array_free_to_bytes (set);
}
