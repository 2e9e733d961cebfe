/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Messages that no camera sends: either refused, each with its code, or taken
 * for what protobuf says they mean; and what they can make us allocate.
 * wirewalk.c has the table of malformed messages, wirechecks.c what the sets'
 * checks refuse, wiredifferential.c random damage. */

#include <gst/check/gstcheck.h>
#include <string.h>

#include "image_interface.pb-c.h"
#include "wire/rcwirewalk.h"
#include "wirefixture.h"
#include "wirewriter.h"

#define NSEC G_GUINT64_CONSTANT (1000000000)
#define WIDTH 4
#define HEIGHT 2
#define UNKNOWN 1000

/* Numbers of fields. */
enum {
  TIME_SEC = 1,
  TIME_NSEC = 2,
  IMAGE_HEIGHT = 2,
  IMAGE_WIDTH = 3,
  IMAGE_ENCODING = 7,
  IMAGE_IS_BIGENDIAN = 8,
  IMAGE_STEP = 9,
  IMAGE_DATA = 10,
  IMAGE_GPIOS = 11,
  DISPARITY_IMAGE = 7,
  MESH_FORMAT = 2,
  SET_TIMESTAMP = 1,
  SET_LEFT = 2,
  SET_RIGHT = 3,
  SET_DISPARITY = 4,
  SET_CONFIDENCE = 6,
  SET_MESH = 7,
};

static const guint8 pixels[WIDTH * HEIGHT] = "pixels!";

/* Takes @message. NULL, or the set, which owns it. */
static RcImageSet *
decode (GByteArray *message, GError **error)
{
  RcChunk chunk = {message->data, message->len};

  return rc_image_set_new (
      &chunk, 1, message, (GDestroyNotify)g_byte_array_unref, error);
}

/* Takes @message. */
static void
check_refused (GByteArray *message, gint code)
{
  g_autoptr (GError) error = NULL;
  RcImageSet *set = decode (message, &error);

  fail_unless (set == NULL);
  fail_unless (g_error_matches (error, RC_IMAGE_SET_ERROR, code), "code %d: %s",
      error->code, error->message);
}

/* Takes @message. */
static RcImageSet *
check_taken (GByteArray *message)
{
  g_autoptr (GError) error = NULL;
  RcImageSet *set = decode (message, &error);

  fail_unless (set != NULL, "%s", error != NULL ? error->message : "");
  return set;
}

static void
write_size (GByteArray *image)
{
  write_number (image, IMAGE_WIDTH, WIDTH);
  write_number (image, IMAGE_HEIGHT, HEIGHT);
  write_number (image, IMAGE_STEP, WIDTH);
}

static GByteArray *
new_image (void)
{
  GByteArray *image = g_byte_array_new ();

  write_size (image);
  write_string (image, IMAGE_ENCODING, "mono8");
  write_bytes (image, IMAGE_DATA, pixels, sizeof pixels);
  return image;
}

static void
check_pixels (const RcImageSet *set, RcStream stream)
{
  const RcImage *image = rc_image_set_get_image (set, stream);
  guint8 got[sizeof pixels];

  fail_unless (image != NULL);
  fail_unless_equals_int (image->width, WIDTH);
  fail_unless_equals_int (image->height, HEIGHT);
  rc_image_set_copy_image (set, stream, got, WIDTH);
  fail_unless (memcmp (got, pixels, sizeof pixels) == 0);
}

/* WRONG WIRE TYPES */

static void
append_value (GByteArray *message, guint number, guint type)
{
  static const guint8 zeros[8];
  static const guint sizes[] = {1, 8, 1, 0, 0, 4, 1, 1};

  write_tag (message, number, type);
  g_byte_array_append (message, zeros, sizes[type]);
  if (type == 3)
    write_tag (message, number, 4);
}

static guint
right_type (const ProtobufCFieldDescriptor *field)
{
  switch (field->type) {
  case PROTOBUF_C_TYPE_FLOAT:
    return 5;
  case PROTOBUF_C_TYPE_STRING:
  case PROTOBUF_C_TYPE_BYTES:
  case PROTOBUF_C_TYPE_MESSAGE:
    return 2;
  default:
    return 0;
  }
}

/* Every field of the message, and of those in it, with every wire type but its
 * own. @path: the fields that lead to it. Returns how many were tried. */
static guint
check_wire_types (const ProtobufCMessageDescriptor *descriptor,
    const guint *path, guint depth)
{
  guint n_tried = 0;

  for (guint i = 0; i < descriptor->n_fields; i++) {
    const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
    guint inner[4];

    for (guint type = 0; type < 8; type++) {
      GByteArray *message = g_byte_array_new ();

      append_value (message, field->id, type);
      for (guint n = depth; n > 0; n--) {
        GByteArray *outer = g_byte_array_new ();

        write_message (outer, path[n - 1], message);
        message = outer;
      }
      if (type == right_type (field)) {
        g_byte_array_unref (message);
        continue;
      }
      check_refused (message, RC_IMAGE_SET_ERROR_MALFORMED);
      n_tried++;
    }
    if (field->type != PROTOBUF_C_TYPE_MESSAGE)
      continue;
    fail_unless (depth < G_N_ELEMENTS (inner));
    memcpy (inner, path, depth * sizeof *path);
    inner[depth] = field->id;
    n_tried += check_wire_types (field->descriptor, inner, depth + 1);
  }
  return n_tried;
}

GST_START_TEST (test_wire_types)
{
  guint none[1] = {0};

  /* Five images alone have 23 fields each. */
  fail_unless (check_wire_types (&image_set__descriptor, none, 0) > 5 * 23 * 7);
}
GST_END_TEST;

/* REPEATED, REORDERED, UNKNOWN */

GST_START_TEST (test_last_number_counts)
{
  GByteArray *message = g_byte_array_new ();
  GByteArray *image = g_byte_array_new ();
  g_autoptr (RcImageSet) set = NULL;

  write_number (image, IMAGE_WIDTH, 65535);
  write_number (image, IMAGE_HEIGHT, 65535);
  write_string (image, IMAGE_ENCODING, "rgb8");
  write_bytes (image, IMAGE_DATA, "other", 5);
  write_size (image);
  write_string (image, IMAGE_ENCODING, "mono8");
  write_bytes (image, IMAGE_DATA, pixels, sizeof pixels);
  write_message (message, SET_LEFT, image);
  set = check_taken (message);
  check_pixels (set, RC_STREAM_LEFT);
}
GST_END_TEST;

/* The lie comes last: then it counts. */
GST_START_TEST (test_last_lie_counts)
{
  GByteArray *message = g_byte_array_new ();
  GByteArray *image = new_image ();

  write_number (image, IMAGE_HEIGHT, HEIGHT + 1);
  write_message (message, SET_LEFT, image);
  check_refused (message, RC_IMAGE_SET_ERROR_GEOMETRY);
}
GST_END_TEST;

/* An image in pieces, none of which is valid, with others between them. The
 * numbers are in the last one: protobuf-c forgets those of earlier pieces, which
 * protobuf does not, and then the set is refused. */
GST_START_TEST (test_pieces_are_merged)
{
  GByteArray *message = g_byte_array_new ();
  GByteArray *data = g_byte_array_new ();
  GByteArray *encoding = g_byte_array_new ();
  GByteArray *size = g_byte_array_new ();
  g_autoptr (RcImageSet) set = NULL;

  write_bytes (data, IMAGE_DATA, pixels, sizeof pixels);
  write_string (encoding, IMAGE_ENCODING, "mono8");
  write_size (size);
  write_message (message, SET_LEFT, data);
  write_message (message, SET_RIGHT, new_image ());
  write_message (message, SET_LEFT, encoding);
  write_message (message, SET_TIMESTAMP, g_byte_array_new ());
  write_message (message, SET_LEFT, size);
  set = check_taken (message);
  check_pixels (set, RC_STREAM_LEFT);
  check_pixels (set, RC_STREAM_RIGHT);
}
GST_END_TEST;

GST_START_TEST (test_any_order)
{
  GByteArray *message = g_byte_array_new ();
  GByteArray *image = g_byte_array_new ();
  g_autoptr (RcImageSet) set = NULL;

  write_bytes (image, IMAGE_DATA, pixels, sizeof pixels);
  write_string (image, IMAGE_ENCODING, "mono8");
  write_size (image);
  write_message (message, SET_CONFIDENCE, image);
  write_message (message, SET_LEFT, new_image ());
  set = check_taken (message);
  check_pixels (set, RC_STREAM_CONFIDENCE);
  check_pixels (set, RC_STREAM_LEFT);
}
GST_END_TEST;

GST_START_TEST (test_unknown_fields)
{
  GByteArray *message = g_byte_array_new ();
  GByteArray *image = g_byte_array_new ();
  GByteArray *gpios = g_byte_array_new ();
  g_autoptr (RcImageSet) set = NULL;
  g_autofree gchar *json = NULL;

  write_one_of_each (gpios, UNKNOWN);
  write_one_of_each (image, UNKNOWN);
  write_size (image);
  write_message (image, IMAGE_GPIOS, gpios);
  /* The number that the .proto file leaves out, and the largest one. */
  write_one_of_each (image, 15);
  write_string (image, IMAGE_ENCODING, "mono8");
  write_bytes (image, IMAGE_DATA, pixels, sizeof pixels);
  write_one_of_each (image, (1 << 29) - 1);
  write_one_of_each (message, 8);
  write_message (message, SET_LEFT, image);
  write_one_of_each (message, UNKNOWN);
  set = check_taken (message);
  check_pixels (set, RC_STREAM_LEFT);
  json = rc_image_set_to_json (set);
  fail_unless (strstr (json, "unknown") == NULL);
}
GST_END_TEST;

/* NUMBERS WIDER THAN THEIR FIELD: protobuf takes the low bits. */

static GByteArray *
new_time (guint64 sec, guint64 nsec)
{
  GByteArray *message = g_byte_array_new ();
  GByteArray *time = g_byte_array_new ();

  write_number (time, TIME_SEC, sec);
  write_number (time, TIME_NSEC, nsec);
  write_message (message, SET_TIMESTAMP, time);
  return message;
}

static void
check_time (guint64 sec, guint64 nsec, guint64 expected)
{
  g_autoptr (RcImageSet) set = check_taken (new_time (sec, nsec));

  fail_unless_equals_uint64 (rc_image_set_get_timestamp (set), expected);
}

GST_START_TEST (test_wide_times)
{
  const guint64 beyond = G_GUINT64_CONSTANT (1) << 32;

  check_time (7, 0, 7 * NSEC);
  check_time (G_MAXINT32, 999999999, (beyond / 2) * NSEC - 1);
  check_time (beyond + 7, beyond + 1, 7 * NSEC + 1);
  check_time (G_GUINT64_CONSTANT (1) << 63, 0, 0);
  /* 2038 and later are before 1901 for an int32, 2262 is out of reach. */
  check_refused (new_time (beyond / 2, 0), RC_IMAGE_SET_ERROR_TIME);
  check_refused (new_time (G_MAXUINT64, 0), RC_IMAGE_SET_ERROR_TIME);
  check_refused (new_time (G_MAXUINT64, 1), RC_IMAGE_SET_ERROR_TIME);
  check_refused (new_time (1, G_MAXUINT64), RC_IMAGE_SET_ERROR_TIME);
  check_refused (new_time (1, NSEC), RC_IMAGE_SET_ERROR_TIME);
  check_refused (new_time (beyond - 1, 0), RC_IMAGE_SET_ERROR_TIME);
}
GST_END_TEST;

static GByteArray *
new_wide_image (guint field, guint64 value)
{
  GByteArray *message = g_byte_array_new ();
  GByteArray *image = new_image ();

  write_number (image, field, value);
  write_message (message, SET_LEFT, image);
  return message;
}

GST_START_TEST (test_wide_numbers)
{
  const guint64 beyond = G_GUINT64_CONSTANT (1) << 32;
  static const guint fields[] = {IMAGE_WIDTH, IMAGE_HEIGHT, IMAGE_STEP};
  static const guint right[] = {WIDTH, HEIGHT, WIDTH};

  for (guint i = 0; i < G_N_ELEMENTS (fields); i++) {
    g_autoptr (RcImageSet) set =
        check_taken (new_wide_image (fields[i], beyond + right[i]));

    check_pixels (set, RC_STREAM_LEFT);
    check_refused (
        new_wide_image (fields[i], beyond), RC_IMAGE_SET_ERROR_GEOMETRY);
    check_refused (
        new_wide_image (fields[i], G_MAXUINT64), RC_IMAGE_SET_ERROR_GEOMETRY);
    check_refused (new_wide_image (fields[i], G_GUINT64_CONSTANT (1) << 63),
        RC_IMAGE_SET_ERROR_GEOMETRY);
  }
}
GST_END_TEST;

/* A bool keeps all of its bits: any of them makes it true. */
GST_START_TEST (test_wide_bool)
{
  g_autoptr (RcImageSet) low =
      check_taken (new_wide_image (IMAGE_IS_BIGENDIAN, 2));
  g_autoptr (RcImageSet) high = check_taken (
      new_wide_image (IMAGE_IS_BIGENDIAN, G_GUINT64_CONSTANT (1) << 63));

  fail_unless (rc_image_set_get_image (low, RC_STREAM_LEFT)->is_bigendian);
  fail_unless (rc_image_set_get_image (high, RC_STREAM_LEFT)->is_bigendian);
}
GST_END_TEST;

/* EMPTY MESSAGES in the set */

static GByteArray *
new_set_with (guint field, GByteArray *inner)
{
  GByteArray *message = g_byte_array_new ();

  write_message (message, field, inner);
  return message;
}

GST_START_TEST (test_empty_messages)
{
  GByteArray *disparity = g_byte_array_new ();
  g_autoptr (RcImageSet) time = NULL;
  g_autoptr (RcImageSet) mesh = NULL;

  time = check_taken (new_set_with (SET_TIMESTAMP, g_byte_array_new ()));
  fail_unless_equals_uint64 (rc_image_set_get_timestamp (time), 0);
  mesh = check_taken (new_set_with (SET_MESH, g_byte_array_new ()));
  fail_unless (!rc_image_set_has (mesh, RC_STREAM_MESH));
  for (guint i = SET_LEFT; i <= SET_CONFIDENCE; i++)
    check_refused (new_set_with (i, g_byte_array_new ()),
        i == SET_DISPARITY ? RC_IMAGE_SET_ERROR_GEOMETRY
                           : RC_IMAGE_SET_ERROR_ENCODING);
  write_message (disparity, DISPARITY_IMAGE, g_byte_array_new ());
  check_refused (
      new_set_with (SET_DISPARITY, disparity), RC_IMAGE_SET_ERROR_ENCODING);
}
GST_END_TEST;

/* HUGE IMAGES whose bytes are not in memory: nobody may look at them. */

static RcImageSet *
decode_huge (
    guint width, guint height, guint64 claimed, guint64 sent, GError **error)
{
  GByteArray *message = g_byte_array_new ();
  GByteArray *head = g_byte_array_new ();
  RcImageSet *set;

  write_number (head, IMAGE_WIDTH, width);
  write_number (head, IMAGE_HEIGHT, height);
  write_number (head, IMAGE_STEP, width);
  write_string (head, IMAGE_ENCODING, "mono8");
  write_tag (head, IMAGE_DATA, 2);
  write_varint (head, claimed);
  write_tag (message, SET_LEFT, 2);
  write_varint (message, head->len + claimed);
  g_byte_array_append (message, head->data, head->len);
  {
    RcChunk chunks[] = {{message->data, message->len}, {NULL, sent}};

    set = rc_image_set_new (chunks, G_N_ELEMENTS (chunks), message,
        (GDestroyNotify)g_byte_array_unref, error);
  }
  g_byte_array_unref (head);
  return set;
}

static void
check_huge_refused (
    guint width, guint height, guint64 claimed, guint64 sent, gint code)
{
  g_autoptr (GError) error = NULL;

  fail_unless (decode_huge (width, height, claimed, sent, &error) == NULL);
  fail_unless (g_error_matches (error, RC_IMAGE_SET_ERROR, code));
}

GST_START_TEST (test_huge_image)
{
  const guint64 all = G_GUINT64_CONSTANT (65535) * 65535;
  const guint side = RC_MAX_IMAGE_SIDE;
  g_autoptr (RcImageSet) set = NULL;

  check_huge_refused (65535, 65535, all, 0, RC_IMAGE_SET_ERROR_MALFORMED);
  check_huge_refused (65535, 65535, all, all - 1, RC_IMAGE_SET_ERROR_MALFORMED);
  check_huge_refused (65535, 65535, all, all, RC_IMAGE_SET_ERROR_GEOMETRY);
  check_huge_refused (65535, 65535, 100, 100, RC_IMAGE_SET_ERROR_GEOMETRY);
  check_huge_refused (side, side, (guint64)side * side - 1,
      (guint64)side * side - 1, RC_IMAGE_SET_ERROR_GEOMETRY);
  set = decode_huge (
      side, side, (guint64)side * side, (guint64)side * side, NULL);
  fail_unless (set != NULL);
}
GST_END_TEST;

/* ALLOCATIONS. All that rc_image_set_new() allocates beside the header, which
 * is limited, and the array of chunks, protobuf-c does for the header. */

typedef struct {
  gsize now, peak;
  guint n;
} Allocations;

typedef union {
  gsize size;
  max_align_t align;
} Prefix;

static void *
count_alloc (void *data, size_t size)
{
  Allocations *allocations = data;
  Prefix *prefix = g_malloc (sizeof *prefix + size);

  prefix->size = size;
  allocations->n++;
  allocations->now += size;
  allocations->peak = MAX (allocations->peak, allocations->now);
  return prefix + 1;
}

static void
count_free (void *data, void *pointer)
{
  Allocations *allocations = data;
  Prefix *prefix = (Prefix *)pointer - 1;

  if (pointer == NULL)
    return;
  allocations->now -= prefix->size;
  g_free (prefix);
}

/* Unpacks the header of @message, takes it, and returns the most bytes that
 * were allocated at any time. */
static gsize
measure (GByteArray *message)
{
  Allocations allocations = {0};
  ProtobufCAllocator allocator = {count_alloc, count_free, &allocations};
  RcChunk chunk = {message->data, message->len};
  g_autoptr (GByteArray) header = g_byte_array_new ();
  ProtobufCMessage *unpacked;

  fail_unless (rc_wire_walk (&chunk, 1, &image_set__descriptor,
      RC_MAX_HEADER_SIZE, header, NULL, 0, NULL));
  fail_unless (header->len <= RC_MAX_HEADER_SIZE);
  unpacked = protobuf_c_message_unpack (
      &image_set__descriptor, &allocator, header->len, header->data);
  fail_unless (unpacked != NULL);
  protobuf_c_message_free_unpacked (unpacked, &allocator);
  fail_unless_equals_uint64 (allocations.now, 0);
  g_byte_array_unref (message);
  GST_DEBUG ("%u allocations, at most %" G_GSIZE_FORMAT " bytes", allocations.n,
      allocations.peak);
  return allocations.peak;
}

static GByteArray *
new_repeated (const guint8 *field, gsize size, gsize total)
{
  GByteArray *message = g_byte_array_new ();

  while (message->len + size <= total)
    g_byte_array_append (message, field, size);
  return message;
}

#define REPEATED(literal, total)                                               \
  new_repeated ((const guint8 *)literal, sizeof (literal) - 1, total)

GST_START_TEST (test_allocations)
{
  const gsize most = RC_MAX_HEADER_SIZE;
  gsize peak = 0;
  GByteArray *text = g_byte_array_new ();
  gchar *long_text = g_strnfill (most - 20, 'a');

  /* The smallest fields there are, in one message: the most of them. */
  peak = MAX (
      peak, measure (new_set_with (SET_LEFT, REPEATED ("\x18\x05", most - 4))));
  peak = MAX (
      peak, measure (new_set_with (SET_LEFT, REPEATED ("\x3a\x00", most - 4))));
  /* The smallest messages, each of which is decoded and merged. In the header
   * an empty one has 4 bytes. */
  peak = MAX (peak, measure (REPEATED ("\x0a\x00", most / 2)));
  peak = MAX (peak, measure (REPEATED ("\x12\x00", most / 2)));
  peak = MAX (peak, measure (REPEATED ("\x22\x02\x3a\x00", most / 2)));
  peak = MAX (
      peak, measure (REPEATED ("\x22\x04\x3a\x02\x5a\x00", most / 12 * 6)));
  /* One long string, and many that replace each other. */
  write_string (text, MESH_FORMAT, long_text);
  peak = MAX (peak, measure (new_set_with (SET_MESH, text)));
  peak = MAX (peak, measure (REPEATED ("\x3a\x03\x12\x01"
                                       "a",
                        most / 7 * 5)));
  /* What is not known is not even in the header. */
  fail_unless (measure (REPEATED ("\x40\x05", most)) < 1024);
  fail_unless (measure (REPEATED ("\x43\x44", most)) < 1024);

  fail_unless (peak <= RC_MAX_DECODING_SIZE, "%" G_GSIZE_FORMAT, peak);
  /* The bound is not idle. */
  fail_unless (peak > RC_MAX_DECODING_SIZE / 4, "%" G_GSIZE_FORMAT, peak);
  g_free (long_text);
}
GST_END_TEST;

static Suite *
wirehostile_suite (void)
{
  Suite *suite = suite_create ("wirehostile");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_wire_types);
  tcase_add_test (tcase, test_last_number_counts);
  tcase_add_test (tcase, test_last_lie_counts);
  tcase_add_test (tcase, test_pieces_are_merged);
  tcase_add_test (tcase, test_any_order);
  tcase_add_test (tcase, test_unknown_fields);
  tcase_add_test (tcase, test_wide_times);
  tcase_add_test (tcase, test_wide_numbers);
  tcase_add_test (tcase, test_wide_bool);
  tcase_add_test (tcase, test_empty_messages);
  tcase_add_test (tcase, test_huge_image);
  tcase_add_test (tcase, test_allocations);
  return suite;
}

GST_CHECK_MAIN (wirehostile);
