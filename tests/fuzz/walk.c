/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The wire walk, with every message that we receive: what it takes means what
 * protobuf-c makes of the flat message, wherever the chunks end; its limit is
 * exact; a request or an event that is taken can be written and read again. */

#include <string.h>

#include "fuzzinput.h"
#include "image_interface.pb-c.h"
#include "wire/rcimageevent.h"
#include "wire/rcimageset.h"
#include "wire/rcrequest.h"
#include "wirecompare.h"

#define N_PAYLOADS 8

typedef struct {
  GByteArray *header;
  RcWireRange payloads[N_PAYLOADS];
} Walked;

static gboolean
walk (Walked *walked, const RcChunk *chunks, guint n_chunks,
    const ProtobufCMessageDescriptor *descriptor, gsize max_header, gint *code)
{
  g_autoptr (GError) error = NULL;
  gboolean ok;

  *walked = (Walked){.header = g_byte_array_new ()};
  ok = rc_wire_walk (chunks, n_chunks, descriptor, max_header, walked->header,
      walked->payloads, N_PAYLOADS, &error);
  g_assert_true (ok == (error == NULL));
  g_assert_true (ok || error->domain == RC_IMAGE_SET_ERROR);
  g_assert_cmpuint (walked->header->len, <=, max_header);
  *code = ok ? -1 : error->code;
  return ok;
}

static void
assert_same (const Walked *a, const Walked *b)
{
  g_assert_cmpmem (
      a->header->data, a->header->len, b->header->data, b->header->len);
  g_assert_true (memcmp (a->payloads, b->payloads, sizeof a->payloads) == 0);
}

/* One byte less of header is not enough. */
static void
check_limit (const Walked *whole, const RcChunk *chunk,
    const ProtobufCMessageDescriptor *descriptor)
{
  Walked walked;
  gint code;

  g_assert_true (
      walk (&walked, chunk, 1, descriptor, whole->header->len, &code));
  assert_same (whole, &walked);
  g_byte_array_unref (walked.header);
  if (whole->header->len == 0)
    return;
  g_assert_false (
      walk (&walked, chunk, 1, descriptor, whole->header->len - 1, &code));
  g_assert_cmpint (code, ==, RC_IMAGE_SET_ERROR_LIMIT);
  g_byte_array_unref (walked.header);
}

static void
check_meaning (
    const FuzzMessage *message, const ProtobufCMessageDescriptor *descriptor)
{
  RcWireRange payloads[N_PAYLOADS] = {{0}};
  ProtobufCMessage *unpacked = rc_wire_unpack (
      (const RcChunk *)message->chunks->data, message->chunks->len, descriptor,
      RC_MAX_HEADER_SIZE, payloads, N_PAYLOADS, NULL);

  /* protobuf-c has no objection to a header that we made. */
  g_assert_nonnull (unpacked);
  g_assert_true (compare_with_flat (
      message->data, message->size, unpacked, payloads, N_PAYLOADS));
  protobuf_c_message_free_unpacked (unpacked, NULL);
}

static void
check_walk (
    const FuzzMessage *message, const ProtobufCMessageDescriptor *descriptor)
{
  const RcChunk flat = {message->data, message->size};
  Walked whole, cut;
  gint code, cut_code;
  gboolean taken =
      walk (&whole, &flat, 1, descriptor, RC_MAX_HEADER_SIZE, &code);

  walk (&cut, (const RcChunk *)message->chunks->data, message->chunks->len,
      descriptor, RC_MAX_HEADER_SIZE, &cut_code);
  g_assert_cmpint (code, ==, cut_code);
  if (taken) {
    assert_same (&whole, &cut);
    check_limit (&whole, &flat, descriptor);
    check_meaning (message, descriptor);
  }
  g_byte_array_unref (whole.header);
  g_byte_array_unref (cut.header);
}

static void
check_request (GBytes *bytes)
{
  g_autoptr (GBytes) written = NULL;
  RcRequest request, again;

  if (!rc_request_from_bytes (&request, bytes))
    return;
  written = rc_request_to_bytes (&request);
  g_assert_true (rc_request_from_bytes (&again, written));
  g_assert_true (rc_request_equal (&request, &again));
}

static void
check_event (GBytes *bytes)
{
  g_autoptr (RcImageEvent) event = rc_image_event_from_bytes (bytes, NULL);
  g_autoptr (RcImageEvent) again = NULL;
  g_autoptr (GBytes) written = NULL;

  if (event == NULL)
    return;
  g_assert_true (g_utf8_validate (event->message, -1, NULL));
  written = rc_image_event_to_bytes (event);
  again = rc_image_event_from_bytes (written, NULL);
  g_assert_nonnull (again);
  g_assert_cmpuint (event->set_timestamp, ==, again->set_timestamp);
  g_assert_cmpuint (event->timestamp, ==, again->timestamp);
  g_assert_cmpstr (event->message, ==, again->message);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_auto (FuzzMessage) message;
  g_autoptr (GBytes) bytes = NULL;

  fuzz_message_init (&message, data, size);
  check_walk (&message, &image_set__descriptor);
  check_walk (&message, &image_events__descriptor);
  check_walk (&message, &image_set_request__descriptor);
  check_walk (&message, &image_events_request__descriptor);

  bytes = g_bytes_new (message.data, message.size);
  check_request (bytes);
  rc_image_event_request_wants_depth_done (bytes);
  check_event (bytes);
  return 0;
}
