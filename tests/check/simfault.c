/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The pure parts of the simulator's faults: the command line's words, what
 * follows HTTP/2, and damage to messages. */

#include "simfault.h"
#include "simhttp2.h"
#include "simmangle.h"
#include "simwire.h"

#include <gst/check/gstcheck.h>
#include <string.h>

static SimFault *
parse (const gchar *text)
{
  g_autoptr (GError) error = NULL;
  SimFault *fault = sim_fault_parse (text, &error);

  fail_unless (fault != NULL, "%s: %s", text, error ? error->message : "");
  return fault;
}

GST_START_TEST (test_defaults)
{
  static const struct {
    const gchar *text;
    guint64 at, every;
    guint64 last_call;
    gboolean needs_relay;
  } cases[] = {
      {"close", 10, 0, 1, TRUE},
      {"reset", 10, 0, 1, TRUE},
      {"restart", 10, 0, 1, TRUE},
      {"stall", 10, 0, 1, FALSE},
      {"stall:dead=true", 10, 0, 1, TRUE},
      {"stall:bytes=0", 10, 0, 1, TRUE},
      {"slow", 1, 0, G_MAXUINT64, TRUE},
      {"status", 10, 0, 1, FALSE},
      {"drop-sets", 10, 10, G_MAXUINT64, FALSE},
      {"reorder", 10, 10, G_MAXUINT64, FALSE},
      {"duplicate", 10, 10, G_MAXUINT64, FALSE},
      {"resize", 10, 0, 1, FALSE},
      {"clock-jump", 10, 0, 1, FALSE},
      {"lie", 10, 10, G_MAXUINT64, FALSE},
      {"corrupt", 1, 1, G_MAXUINT64, FALSE},
      {"truncate", 10, 10, G_MAXUINT64, FALSE},
      {"truncate:frame=true", 10, 10, G_MAXUINT64, TRUE},
      {"huge", 10, 0, G_MAXUINT64, FALSE},
      {"reset:at=3", 3, 0, 1, TRUE},
      {"reset:every=3", 3, 3, 1, TRUE},
      {"lie:at=3", 3, 0, G_MAXUINT64, FALSE},
      {"reset:at=2,every=5,calls=all", 2, 5, G_MAXUINT64, TRUE},
      {"reset:probability=0.1", 1, 1, 1, TRUE},
      {"lie:calls=4-7", 10, 10, 7, FALSE},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (SimFault) fault = parse (cases[i].text);

    GST_INFO ("%s", cases[i].text);
    fail_unless_equals_uint64 (fault->at, cases[i].at);
    fail_unless_equals_uint64 (fault->every, cases[i].every);
    fail_unless_equals_uint64 (fault->last_call, cases[i].last_call);
    fail_unless_equals_int (
        sim_fault_needs_relay (fault), cases[i].needs_relay);
  }
}
GST_END_TEST;

GST_START_TEST (test_values)
{
  g_autoptr (SimFault) huge = parse ("huge:bytes=600M,gzip=true");
  g_autoptr (SimFault) status = parse ("status:code=data_loss,message=a: b=c");
  g_autoptr (SimFault) clock = parse ("clock-jump:by=-1.5");
  g_autoptr (SimFault) restart = parse ("restart:for=0.25");
  g_autoptr (SimFault) stall = parse ("stall");
  g_autoptr (SimFault) slow = parse ("slow:rate=64k,for=3");

  fail_unless_equals_uint64 (huge->bytes, 600 * 1024 * 1024);
  fail_unless (huge->gzip);
  fail_unless_equals_uint64 (status->status, 15);
  fail_unless_equals_string (status->message, "a: b=c");
  fail_unless_equals_float (clock->jump, -1.5);
  fail_unless_equals_uint64 (clock->year, 0);
  fail_unless_equals_float (restart->duration, 0.25);
  fail_unless_equals_float (stall->duration, SIM_FOR_EVER);
  fail_unless_equals_float (slow->speed, 65536);
}
GST_END_TEST;

GST_START_TEST (test_every_lie_has_its_name)
{
  for (guint i = 0; i < SIM_N_LIES; i++) {
    g_autofree gchar *text =
        g_strdup_printf ("lie:which=%s", sim_lie_to_string (i));
    g_autoptr (SimFault) fault = parse (text);

    fail_unless_equals_int (fault->lie, i);
  }
}
GST_END_TEST;

/* Whatever is told is told of copies. */
GST_START_TEST (test_lies_leave_the_set_alone)
{
  g_autoptr (GByteArray) image = g_byte_array_new ();
  g_autoptr (GByteArray) set = g_byte_array_new ();

  sim_wire_append_varint_field (image, 3, 4);
  sim_wire_append_bytes_field (image, 10, "data", 4);
  sim_wire_append_bytes_field (set, 2, image->data, image->len);
  g_autoptr (GBytes) bytes = g_bytes_new (set->data, set->len);
  for (guint i = 0; i < SIM_N_LIES; i++) {
    g_autoptr (GBytes) told = sim_lie_tell (i, bytes);

    fail_if (g_bytes_equal (told, bytes), "%s", sim_lie_to_string (i));
    fail_unless_equals_int (g_bytes_get_size (bytes), set->len);
    fail_unless (
        memcmp (g_bytes_get_data (bytes, NULL), set->data, set->len) == 0);
  }
}
GST_END_TEST;

GST_START_TEST (test_inflate)
{
  const guint64 sizes[] = {
      0, 5, 4096, (1 << 20) + 1, G_GUINT64_CONSTANT (3) << 30};

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    g_autoptr (GPtrArray) pieces =
        g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
    guint64 size = 0;

    g_ptr_array_add (pieces, g_bytes_new_static ("\x08\x01", 2));
    sim_mangle_inflate (pieces, sizes[i]);
    for (guint k = 0; k < pieces->len; k++)
      size += g_bytes_get_size (pieces->pdata[k]);
    fail_unless (size >= sizes[i] && size < MAX (sizes[i], 2) + 16);
  }
}
GST_END_TEST;

/* --- HTTP/2 --- */

typedef struct {
  guint32 stream;
  guint64 size;
  guint n_asked;
} Expectation;

/* At the beginning, the middle and the end of each message. */
static gboolean
stop_thrice (guint32 stream, guint64 size, gboolean begins, guint64 *stop,
    gpointer user_data)
{
  Expectation *expected = user_data;

  if (begins) {
    expected->stream = stream;
    expected->size = size;
    expected->n_asked = 0;
  }
  const guint64 stops[] = {0, size / 2, size};

  if (expected->n_asked == G_N_ELEMENTS (stops))
    return FALSE;
  *stop = stops[expected->n_asked++];
  return TRUE;
}

/* What a server sends, and for each byte of it whether it is a message's. */
typedef struct {
  GByteArray *bytes;
  GByteArray *is_message;
} Wire;

static void
append (Wire *wire, const guint8 *data, gsize size, gboolean is_message)
{
  guint8 mark = is_message;

  for (gsize i = 0; i < size; i++) {
    g_byte_array_append (wire->bytes, data + i, 1);
    g_byte_array_append (wire->is_message, &mark, 1);
  }
}

static void
append_header (Wire *wire, guint size, guint type, guint32 stream)
{
  const guint8 header[] = {size >> 16, size >> 8, size, type, 0, stream >> 24,
      stream >> 16, stream >> 8, stream};

  append (wire, header, sizeof header, FALSE);
}

/* One message in frames of at most @max bytes, with others in between. */
static void
append_message (Wire *wire, guint32 stream, guint size, guint max)
{
  const guint8 prefix[] = {0, size >> 24, size >> 16, size >> 8, size};
  g_autofree guint8 *body = g_malloc0 (size);
  const guint whole = sizeof prefix + size;

  for (guint at = 0; at < whole; at += max) {
    guint n = MIN (max, whole - at);
    guint n_prefix = at < sizeof prefix ? MIN (n, sizeof prefix - at) : 0;

    append_header (wire, n, 0, stream);
    append (wire, prefix + MIN (at, sizeof prefix), n_prefix, FALSE);
    append (wire, body, n - n_prefix, TRUE);
    append_header (wire, 8, 6, 0);
    append (wire, (const guint8 *)"pingpong", 8, FALSE);
    append_header (wire, 0, 0, stream);
  }
}

static guint
count_bytes_of_messages (const guint8 *marks, gsize size)
{
  guint n = 0;

  for (gsize i = 0; i < size; i++)
    n += marks[i];
  return n;
}

GST_START_TEST (test_stops_where_it_is_told)
{
  const guint sizes[] = {109000, 1000, 20};
  g_autoptr (GRand) rand = g_rand_new_with_seed (7);

  for (guint round = 0; round < 60; round++) {
    Wire wire = {g_byte_array_new (), g_byte_array_new ()};
    Expectation expected = {0};
    SimHttp2 *http2 = sim_http2_new (stop_thrice, &expected);
    guint max_frame = g_rand_int_range (rand, 1, 30000);
    gsize at = 0;
    guint n_stops = 0;
    guint passed = 0;
    guint before = 0;

    append_header (&wire, 0, 4, 0);
    for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
      append_message (&wire, 2 * i + 1, sizes[i], max_frame);
    while (at < wire.bytes->len) {
      gsize n = g_rand_int_range (rand, 1, round % 2 ? 100 : 80000);
      gboolean stopped;

      n = MIN (n, wire.bytes->len - at);
      gsize taken = sim_http2_scan (http2, wire.bytes->data + at, n, &stopped);
      fail_unless (taken == n || (stopped && taken < n));
      passed += count_bytes_of_messages (wire.is_message->data + at, taken);
      at += taken;
      if (!stopped)
        continue;
      guint size = sizes[n_stops / 3];
      fail_unless_equals_int (expected.stream, 2 * (n_stops / 3) + 1);
      fail_unless_equals_uint64 (expected.size, size);
      fail_unless_equals_int (passed - before, size * (n_stops % 3) / 2);
      if (++n_stops % 3 == 0)
        before += size;
    }
    fail_unless_equals_int (n_stops, 9);
    sim_http2_free (http2);
    g_byte_array_unref (wire.bytes);
    g_byte_array_unref (wire.is_message);
  }
}
GST_END_TEST;

static Suite *
simfault_suite (void)
{
  Suite *s = suite_create ("simfault");
  TCase *tc = tcase_create ("simfault");

  tcase_add_test (tc, test_defaults);
  tcase_add_test (tc, test_values);
  tcase_add_test (tc, test_every_lie_has_its_name);
  tcase_add_test (tc, test_lies_leave_the_set_alone);
  tcase_add_test (tc, test_inflate);
  tcase_add_test (tc, test_stops_where_it_is_told);
  suite_add_tcase (s, tc);
  return s;
}

GST_CHECK_MAIN (simfault);
