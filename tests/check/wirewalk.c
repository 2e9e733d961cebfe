/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The wire walk: what is malformed is refused with its code; what is gathered
 * and what is not. */

#include <gst/check/gstcheck.h>
#include <string.h>

#include "image_interface.pb-c.h"
#include "wire/rcwirewalk.h"
#include "wirefixture.h"

#define N_PAYLOADS 8

/* Bytes may be 0: the size is the literal's. */
#define BYTES(literal) literal, sizeof (literal) - 1

typedef struct {
  const gchar *what;
  const gchar *data;
  gsize size;
  gint code;
} Case;

#define MALFORMED RC_IMAGE_SET_ERROR_MALFORMED
#define LIMIT RC_IMAGE_SET_ERROR_LIMIT
#define STRING RC_IMAGE_SET_ERROR_STRING

/* 0a: timestamp, 08: its sec; 12: left; in an image 18: width, 25:
 * focal_length, 3a: encoding, 40: is_bigendian, 52: data; 3a: mesh. Field 8 of
 * ImageSet, 40 to 47 by wire type, is not known. */
static const Case cases[] = {
    {"tag cut off", BYTES ("\x80"), MALFORMED},
    {"length lacking", BYTES ("\x0a"), MALFORMED},
    {"length cut off", BYTES ("\x0a\x80"), MALFORMED},
    {"value lacking", BYTES ("\x0a\x01\x08"), MALFORMED},
    {"value cut off", BYTES ("\x0a\x02\x08\x80"), MALFORMED},
    {"value cut off by its message", BYTES ("\x0a\x02\x08\x80\x01"), MALFORMED},
    {"message past the end", BYTES ("\x0a\x05\x08\x01"), MALFORMED},
    {"message past its message", BYTES ("\x12\x02\x0a\x02\x08\x01"), MALFORMED},
    {"data past the end", BYTES ("\x12\x04\x52\x03\x61\x62"), MALFORMED},
    {"data past its message", BYTES ("\x12\x04\x52\x04\x61\x62\x0a\x00"),
        MALFORMED},
    {"string past its message", BYTES ("\x12\x03\x3a\x02\x61\x62"), MALFORMED},
    {"float past its message", BYTES ("\x12\x04\x25\x01\x02\x03\x04"),
        MALFORMED},
    {"unknown past its message", BYTES ("\x12\x03\xa2\x06\x01\x00"), MALFORMED},
    {"unknown 64 bits cut off", BYTES ("\x41\1\2\3\4\5\6\7"), MALFORMED},
    {"unknown 32 bits cut off", BYTES ("\x45\1\2\3"), MALFORMED},
    {"unknown bytes cut off", BYTES ("\x42\x04\1\2\3"), MALFORMED},
    {"unknown varint cut off", BYTES ("\x40\x80"), MALFORMED},
    {"value of 11 bytes",
        BYTES ("\x0a\x0c\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00"),
        MALFORMED},
    {"value of 65 bits",
        BYTES ("\x0a\x0b\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x02"),
        MALFORMED},
    {"unknown value of 11 bytes",
        BYTES ("\x40\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00"), MALFORMED},
    {"unknown value of 65 bits",
        BYTES ("\x40\xff\xff\xff\xff\xff\xff\xff\xff\xff\x03"), MALFORMED},
    {"length of 2^63", BYTES ("\x0a\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"),
        MALFORMED},
    {"length of 2^64 - 1",
        BYTES ("\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), MALFORMED},
    {"data of 2^64 - 1",
        BYTES ("\x12\x0b\x52\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
        MALFORMED},
    {"length of 2^32", BYTES ("\x0a\x80\x80\x80\x80\x10"), MALFORMED},
    {"length of 6 bytes", BYTES ("\x0a\x80\x80\x80\x80\x80\x00"), MALFORMED},
    {"field 0", BYTES ("\x00\x01"), MALFORMED},
    {"field 0, a message", BYTES ("\x02\x00"), MALFORMED},
    {"field 0, padded", BYTES ("\x80\x00\x01"), MALFORMED},
    {"field 0 in a group", BYTES ("\x43\x00\x01\x44"), MALFORMED},
    {"tag of 33 bits", BYTES ("\xc0\x80\x80\x80\x10\x01"), MALFORMED},
    {"tag of 6 bytes", BYTES ("\xc0\x80\x80\x80\x80\x00\x01"), MALFORMED},
    {"unknown of wire type 6", BYTES ("\x46\x00"), MALFORMED},
    {"unknown of wire type 7", BYTES ("\x47\x00"), MALFORMED},
    {"known of wire type 6", BYTES ("\x0e\x00"), MALFORMED},
    {"known of wire type 7", BYTES ("\x0f\x00"), MALFORMED},
    {"message as a varint", BYTES ("\x08\x01"), MALFORMED},
    {"message as a group", BYTES ("\x0b\x08\x01\x0c"), MALFORMED},
    {"width as 32 bits", BYTES ("\x12\x05\x1d\1\2\3\4"), MALFORMED},
    {"width as bytes", BYTES ("\x12\x03\x1a\x01\x01"), MALFORMED},
    {"float as a varint", BYTES ("\x12\x02\x20\x01"), MALFORMED},
    {"float as 64 bits", BYTES ("\x12\x09\x21\1\2\3\4\5\6\7\x08"), MALFORMED},
    {"bool as bytes", BYTES ("\x12\x03\x42\x01\x01"), MALFORMED},
    {"bool as 32 bits", BYTES ("\x12\x05\x45\1\2\3\4"), MALFORMED},
    {"data as a varint", BYTES ("\x12\x02\x50\x01"), MALFORMED},
    {"data as a group", BYTES ("\x12\x02\x53\x54"), MALFORMED},
    {"string as a varint", BYTES ("\x12\x02\x38\x01"), MALFORMED},
    {"group that did not start", BYTES ("\x44"), MALFORMED},
    {"group that did not start, known", BYTES ("\x0c"), MALFORMED},
    {"group that does not end", BYTES ("\x43\x08\x01"), MALFORMED},
    {"group that ends as another", BYTES ("\x43\x4c"), MALFORMED},
    {"groups that cross", BYTES ("\x43\x4b\x44\x4c"), MALFORMED},
    {"group that ends past its message",
        BYTES ("\x12\x02\xa3\x06\xa4\x06\x0a\x00"), MALFORMED},
    {"encoding not UTF-8", BYTES ("\x12\x03\x3a\x01\xff"), STRING},
    {"encoding cut in a character", BYTES ("\x12\x04\x3a\x02\x61\xc3"), STRING},
    {"encoding overlong UTF-8", BYTES ("\x12\x04\x3a\x02\xc0\xaf"), STRING},
    {"encoding a surrogate", BYTES ("\x12\x05\x3a\x03\xed\xa0\x80"), STRING},
    {"encoding with NUL", BYTES ("\x12\x05\x3a\x03\x61\x00\x62"), STRING},
    {"encoding not UTF-8, then replaced",
        BYTES ("\x12\x06\x3a\x01\xff\x3a\x01\x61"), STRING},
    {"mesh format not UTF-8", BYTES ("\x3a\x03\x12\x01\x80"), STRING},
};

static void
check_refused (GBytes *bytes, gint code, const gchar *what)
{
  static const gsize max_chunks[] = {1, 3, G_MAXINT32};
  GRand *rand = g_rand_new_with_seed (2);

  for (guint i = 0; i < G_N_ELEMENTS (max_chunks); i++) {
    g_autoptr (GError) error = NULL;
    RcImageSet *set = fixture_decode (bytes, max_chunks[i], rand, &error);

    fail_unless (set == NULL, "%s: accepted", what);
    fail_unless (g_error_matches (error, RC_IMAGE_SET_ERROR, code),
        "%s: code %d (%s), not %d", what, error->code, error->message, code);
  }
  g_rand_free (rand);
}

GST_START_TEST (test_malformed)
{
  const Case *c = &cases[__i__];
  g_autoptr (GBytes) bytes = g_bytes_new_static (c->data, c->size);

  check_refused (bytes, c->code, c->what);
}
GST_END_TEST;

static void
append_repeated (GByteArray *bytes, const gchar *data, gsize size, guint n)
{
  for (guint i = 0; i < n; i++)
    g_byte_array_append (bytes, (const guint8 *)data, size);
}

static GBytes *
new_groups (guint depth)
{
  GByteArray *bytes = g_byte_array_new ();

  append_repeated (bytes, BYTES ("\x43"), depth);
  append_repeated (bytes, BYTES ("\x44"), depth);
  return g_byte_array_free_to_bytes (bytes);
}

static GBytes *
new_fields (guint n)
{
  GByteArray *bytes = g_byte_array_new ();

  append_repeated (bytes, BYTES ("\x40\x01"), n);
  return g_byte_array_free_to_bytes (bytes);
}

/* Empty times: each is 4 bytes of header, a tag and the room for a length. */
static GBytes *
new_times (guint n)
{
  GByteArray *bytes = g_byte_array_new ();

  append_repeated (bytes, BYTES ("\x0a\x00"), n);
  return g_byte_array_free_to_bytes (bytes);
}

static void
check_accepted (GBytes *bytes)
{
  GRand *rand = g_rand_new_with_seed (3);
  g_autoptr (GError) error = NULL;
  g_autoptr (RcImageSet) set = fixture_decode (bytes, 9, rand, &error);

  fail_unless (set != NULL, "%s", error != NULL ? error->message : "");
  g_rand_free (rand);
}

GST_START_TEST (test_limits)
{
  g_autoptr (GBytes) groups = new_groups (RC_MAX_GROUP_DEPTH);
  g_autoptr (GBytes) deeper = new_groups (RC_MAX_GROUP_DEPTH + 1);
  g_autoptr (GBytes) fields = new_fields (RC_MAX_FIELDS);
  g_autoptr (GBytes) more = new_fields (RC_MAX_FIELDS + 1);
  g_autoptr (GBytes) times = new_times (RC_MAX_HEADER_SIZE / 4);
  g_autoptr (GBytes) beyond = new_times (RC_MAX_HEADER_SIZE / 4 + 1);

  check_accepted (groups);
  check_refused (deeper, LIMIT, "groups too deep");
  check_accepted (fields);
  check_refused (more, LIMIT, "too many fields");
  check_accepted (times);
  check_refused (beyond, LIMIT, "header too large");
}
GST_END_TEST;

GST_START_TEST (test_long_string)
{
  GByteArray *message = g_byte_array_new ();
  g_autoptr (GBytes) bytes = NULL;

  /* A mesh with a format of 65536 bytes. */
  append_repeated (message, BYTES ("\x3a\x84\x80\x04\x12\x80\x80\x04"), 1);
  append_repeated (message, BYTES ("a"), 65536);
  bytes = g_byte_array_free_to_bytes (message);
  check_refused (bytes, LIMIT, "string too long");
}
GST_END_TEST;

GST_START_TEST (test_empty)
{
  g_autoptr (GBytes) bytes = g_bytes_new (NULL, 0);
  g_autoptr (GError) error = NULL;

  check_refused (bytes, RC_IMAGE_SET_ERROR_EMPTY, "empty");
  fail_unless (rc_image_set_new (NULL, 0, NULL, NULL, &error) == NULL);
  fail_unless (
      g_error_matches (error, RC_IMAGE_SET_ERROR, RC_IMAGE_SET_ERROR_EMPTY));
}
GST_END_TEST;

static void
check_header (const gchar *data, gsize size, const gchar *expected,
    gsize expected_size, RcWireRange *payloads)
{
  RcChunk chunk = {(const guint8 *)data, size};
  g_autoptr (GByteArray) header = g_byte_array_new ();

  fail_unless (rc_wire_walk (&chunk, 1, &image_set__descriptor,
      RC_MAX_HEADER_SIZE, header, payloads, N_PAYLOADS, NULL));
  fail_unless_equals_int (header->len, expected_size);
  fail_unless (memcmp (header->data, expected, expected_size) == 0);
}

/* Unknown fields of every wire type and data leave no trace in the header; the
 * lengths around them are right. */
GST_START_TEST (test_header)
{
  RcWireRange payloads[N_PAYLOADS] = {{0}};

  check_header (BYTES ("\x12\x07\x52\x03"
                       "abc\x18\x05"
                       "\x43\x08\x01\x4b\x4c\x44"
                       "\x42\x02\x00\x00"
                       "\x41\1\2\3\4\5\6\7\x08"
                       "\x45\1\2\3\4"
                       "\x22\x04\x3a\x02\x52\x00"),
      BYTES ("\x12\x82\x80\x00\x18\x05"
             "\x22\x84\x80\x00\x3a\x80\x80\x00"),
      payloads);
  fail_unless_equals_uint64 (payloads[2].offset, 4);
  fail_unless_equals_uint64 (payloads[2].length, 3);
  fail_unless_equals_uint64 (payloads[4].length, 0);
}
GST_END_TEST;

/* Which of several `data` counts, with an empty one among them. */
GST_START_TEST (test_payload_order)
{
  RcWireRange payloads[N_PAYLOADS] = {{0}};
  RcWireRange last[N_PAYLOADS] = {{0}};
  RcWireRange emptied[N_PAYLOADS] = {{0}};

  /* In one mesh: the last, even if it is empty. */
  check_header (BYTES ("\x3a\x07\x1a\x02"
                       "ab\x1a\x01"
                       "c"),
      BYTES ("\x3a\x80\x80\x00"), last);
  fail_unless_equals_uint64 (last[7].offset, 8);
  fail_unless_equals_uint64 (last[7].length, 1);
  check_header (BYTES ("\x3a\x06\x1a\x02"
                       "ab\x1a\x00"),
      BYTES ("\x3a\x80\x80\x00"), emptied);
  fail_unless_equals_uint64 (emptied[7].length, 0);

  /* Of a mesh in two pieces: the last that is not empty. */
  check_header (BYTES ("\x3a\x04\x1a\x02"
                       "ab\x3a\x02\x1a\x00"),
      BYTES ("\x3a\x80\x80\x00\x3a\x80\x80\x00"), payloads);
  fail_unless_equals_uint64 (payloads[7].offset, 4);
  fail_unless_equals_uint64 (payloads[7].length, 2);
}
GST_END_TEST;

/* Payloads are passed over without a look at a byte: these are not in memory.
 * One is beyond 32 bits, and so is what follows. */
GST_START_TEST (test_payload_untouched)
{
  static const gchar head[] = "\x12\x85\x80\x80\x80\x28\x52";
  static const gchar middle[] = "\xff\xff\xff\xff\x27";
  static const gchar tail[] = "\x0a\x02\x08\x07\x3a\x04\x1a\x02xy";
  guint64 size = G_GUINT64_CONSTANT (0x27fffffff);
  RcChunk chunks[] = {
      {(const guint8 *)head, sizeof head - 1},
      {(const guint8 *)middle, sizeof middle - 1},
      {NULL, size / 3},
      {NULL, size - size / 3},
      {(const guint8 *)tail, sizeof tail - 1},
  };
  g_autoptr (GByteArray) header = g_byte_array_new ();
  RcWireRange payloads[N_PAYLOADS] = {{0}};

  fail_unless (
      rc_wire_walk (chunks, G_N_ELEMENTS (chunks), &image_set__descriptor,
          RC_MAX_HEADER_SIZE, header, payloads, N_PAYLOADS, NULL));
  fail_unless_equals_uint64 (payloads[2].offset, 12);
  fail_unless_equals_uint64 (payloads[2].length, size);
  fail_unless_equals_uint64 (payloads[7].offset, 12 + size + 8);
  fail_unless_equals_uint64 (payloads[7].length, 2);
  fail_unless (memcmp (header->data,
                   "\x12\x80\x80\x00\x0a\x82\x80\x00\x08\x07\x3a\x80\x80", 13)
               == 0);
}
GST_END_TEST;

static Suite *
wirewalk_suite (void)
{
  Suite *suite = suite_create ("wirewalk");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_loop_test (tcase, test_malformed, 0, G_N_ELEMENTS (cases));
  tcase_add_test (tcase, test_limits);
  tcase_add_test (tcase, test_long_string);
  tcase_add_test (tcase, test_empty);
  tcase_add_test (tcase, test_header);
  tcase_add_test (tcase, test_payload_order);
  tcase_add_test (tcase, test_payload_untouched);
  return suite;
}

GST_CHECK_MAIN (wirewalk);
