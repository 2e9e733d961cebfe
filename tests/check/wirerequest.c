/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Requests and image events, against protobuf-c and against broken bytes. */

#include <gst/check/gstcheck.h>

#include "image_interface.pb-c.h"
#include "wire/rcimageevent.h"
#include "wire/rcimageset.h"
#include "wire/rcrequest.h"

#define BIT(stream) (1u << RC_STREAM_##stream)

static ImageSetRequest *
unpack_request (const RcRequest *request)
{
  g_autoptr (GBytes) bytes = rc_request_to_bytes (request);
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  ImageSetRequest *message = image_set_request__unpack (NULL, size, data);

  fail_unless (message != NULL);
  return message;
}

static RcRequest
round_trip (const RcRequest *request)
{
  g_autoptr (GBytes) bytes = rc_request_to_bytes (request);
  RcRequest result = {.streams = G_MAXUINT};

  fail_unless (rc_request_from_bytes (&result, bytes));
  return result;
}

/* Each stream sets the one field that asks for it. */
GST_START_TEST (test_streams)
{
  RcRequest request = {.streams = 1u << __i__};
  ImageSetRequest *message = unpack_request (&request);

  fail_unless_equals_int (message->left_enabled, __i__ == RC_STREAM_LEFT);
  fail_unless_equals_int (message->right_enabled, __i__ == RC_STREAM_RIGHT);
  fail_unless_equals_int (
      message->disparity_enabled, __i__ == RC_STREAM_DISPARITY);
  fail_unless_equals_int (
      message->disparity_error_enabled, __i__ == RC_STREAM_ERROR);
  fail_unless_equals_int (
      message->confidence_enabled, __i__ == RC_STREAM_CONFIDENCE);
  fail_unless_equals_int (message->mesh_enabled, __i__ == RC_STREAM_MESH);
  fail_unless_equals_int (
      message->mesh_options != NULL, __i__ == RC_STREAM_MESH);
  fail_unless (!message->color);
  image_set_request__free_unpacked (message, NULL);

  fail_unless_equals_int (round_trip (&request).streams,
      __i__ == RC_STREAM_METADATA ? 0 : 1u << __i__);
}
GST_END_TEST;

GST_START_TEST (test_mesh_options)
{
  RcRequest request = {.streams = BIT (MESH) | BIT (LEFT),
      .color = TRUE,
      .mesh_max_points = 123456,
      .mesh_binning = RC_MESH_BINNING_MIN_DEPTH,
      .mesh_watertight = TRUE,
      .mesh_textured = TRUE};
  ImageSetRequest *message = unpack_request (&request);
  RcRequest back = round_trip (&request);

  fail_unless (message->color);
  fail_unless_equals_int (message->mesh_options->max_points, 123456);
  fail_unless_equals_int (message->mesh_options->binning_method, 1);
  fail_unless (message->mesh_options->watertight);
  fail_unless (message->mesh_options->textured);
  image_set_request__free_unpacked (message, NULL);

  fail_unless (rc_request_equal (&request, &back));
  fail_unless_equals_int (back.mesh_max_points, 123456);
  fail_unless_equals_int (back.mesh_binning, RC_MESH_BINNING_MIN_DEPTH);
  fail_unless (back.color && back.mesh_watertight && back.mesh_textured);
}
GST_END_TEST;

static void
check_equal (const RcRequest *a, const RcRequest *b, gboolean equal)
{
  g_autoptr (GBytes) x = rc_request_to_bytes (a);
  g_autoptr (GBytes) y = rc_request_to_bytes (b);

  fail_unless_equals_int (rc_request_equal (a, b), equal);
  fail_unless_equals_int (rc_request_equal (b, a), equal);
  fail_unless_equals_int (g_bytes_equal (x, y), equal);
}

GST_START_TEST (test_equal)
{
  RcRequest left = {.streams = BIT (LEFT)};
  RcRequest with_metadata = {.streams = BIT (LEFT) | BIT (METADATA)};
  RcRequest both = {.streams = BIT (LEFT) | BIT (RIGHT)};
  RcRequest left_color = {.streams = BIT (LEFT), .color = TRUE};
  RcRequest left_mesh_options = {.streams = BIT (LEFT),
      .mesh_max_points = 1000,
      .mesh_binning = RC_MESH_BINNING_MIN_DEPTH,
      .mesh_watertight = TRUE,
      .mesh_textured = TRUE};
  RcRequest disparity = {.streams = BIT (DISPARITY)};
  RcRequest disparity_color = {.streams = BIT (DISPARITY), .color = TRUE};

  check_equal (&left, &left, TRUE);
  check_equal (&left, &with_metadata, TRUE);
  check_equal (&left, &both, FALSE);
  check_equal (&left, &left_color, FALSE);
  check_equal (&left, &left_mesh_options, TRUE);
  check_equal (&disparity, &disparity_color, TRUE);
}
GST_END_TEST;

GST_START_TEST (test_equal_mesh)
{
  RcRequest mesh = {.streams = BIT (MESH)};
  RcRequest points = {.streams = BIT (MESH), .mesh_max_points = 1000};
  RcRequest binning = {
      .streams = BIT (MESH), .mesh_binning = RC_MESH_BINNING_MIN_DEPTH};
  RcRequest watertight = {.streams = BIT (MESH), .mesh_watertight = TRUE};
  RcRequest textured = {.streams = BIT (MESH), .mesh_textured = TRUE};
  RcRequest textured_color = {
      .streams = BIT (MESH), .mesh_textured = TRUE, .color = TRUE};
  RcRequest color = {.streams = BIT (MESH), .color = TRUE};

  check_equal (&mesh, &points, FALSE);
  check_equal (&mesh, &binning, FALSE);
  check_equal (&mesh, &watertight, FALSE);
  check_equal (&mesh, &textured, FALSE);
  check_equal (&mesh, &color, TRUE);
  check_equal (&textured, &textured_color, FALSE);
}
GST_END_TEST;

GST_START_TEST (test_request_from_bytes)
{
  RcRequest request = {.streams = BIT (LEFT), .mesh_max_points = 7};
  /* binning method 9, and a field that we do not know */
  g_autoptr (GBytes) newer =
      g_bytes_new_static ("\x30\x01\x3a\x02\x10\x09\x50\x01", 8);
  g_autoptr (GBytes) empty = g_bytes_new (NULL, 0);
  g_autoptr (GBytes) cut = g_bytes_new_static ("\x3a\x02\x10", 3);
  g_autoptr (GBytes) text = g_bytes_new_static ("GET / HTTP/1.1", 14);

  fail_unless (!rc_request_from_bytes (&request, cut));
  fail_unless (!rc_request_from_bytes (&request, text));
  fail_unless_equals_int (request.streams, BIT (LEFT));
  fail_unless_equals_int (request.mesh_max_points, 7);

  fail_unless (rc_request_from_bytes (&request, newer));
  fail_unless_equals_int (request.streams, BIT (MESH));
  fail_unless_equals_int (request.mesh_max_points, 0);
  fail_unless_equals_int (request.mesh_binning, RC_MESH_BINNING_AVERAGE);

  fail_unless (rc_request_from_bytes (&request, empty));
  fail_unless_equals_int (request.streams, 0);
}
GST_END_TEST;

GST_START_TEST (test_event_request)
{
  g_autoptr (GBytes) asks = rc_image_event_request_to_bytes ();
  g_autoptr (GBytes) empty = g_bytes_new (NULL, 0);
  g_autoptr (GBytes) no = g_bytes_new_static ("\x08\x00", 2);
  g_autoptr (GBytes) broken = g_bytes_new_static ("\x08\x01\x08", 3);

  fail_unless (rc_image_event_request_wants_depth_done (asks));
  fail_unless (!rc_image_event_request_wants_depth_done (empty));
  fail_unless (!rc_image_event_request_wants_depth_done (no));
  fail_unless (!rc_image_event_request_wants_depth_done (broken));
}
GST_END_TEST;

GST_START_TEST (test_event)
{
  gchar message[] = "d\xc3\xb6ne";
  RcImageEvent sent = {
      .set_timestamp = G_GUINT64_CONSTANT (1700000000999999999),
      .timestamp = G_GUINT64_CONSTANT (2147483647000000001),
      .message = message};
  g_autoptr (GBytes) bytes = rc_image_event_to_bytes (&sent);
  g_autoptr (RcImageEvent) got = rc_image_event_from_bytes (bytes, NULL);

  fail_unless (got != NULL);
  fail_unless_equals_uint64 (got->set_timestamp, sent.set_timestamp);
  fail_unless_equals_uint64 (got->timestamp, sent.timestamp);
  fail_unless_equals_string (got->message, message);
}
GST_END_TEST;

static void
check_no_event (const gchar *data, gsize size, gint code)
{
  g_autoptr (GBytes) bytes = g_bytes_new (data, size);
  g_autoptr (GError) error = NULL;

  fail_unless (rc_image_event_from_bytes (bytes, &error) == NULL);
  if (code < 0)
    fail_unless (error == NULL);
  else
    fail_unless (g_error_matches (error, RC_IMAGE_SET_ERROR, code));
}

GST_START_TEST (test_no_event)
{
  g_autofree gchar *large = g_malloc (RC_MAX_EVENT_SIZE + 1);

  /* Unknown fields, which are skipped: one byte too many makes the limit. */
  memset (large, 1, RC_MAX_EVENT_SIZE + 1);
  for (guint i = 0; i < RC_MAX_EVENT_SIZE; i += 2)
    large[i] = 0x40;

  check_no_event ("", 0, -1);
  check_no_event ("\x0a\x02\x08\x01", 4, -1);
  check_no_event ("\x1a\x01\x00", 3, -1);
  check_no_event (large, RC_MAX_EVENT_SIZE, -1);
  check_no_event (large, RC_MAX_EVENT_SIZE + 1, RC_IMAGE_SET_ERROR_LIMIT);
  check_no_event ("\x12\x05\x08", 3, RC_IMAGE_SET_ERROR_MALFORMED);
  check_no_event ("\x12\x03\x12\x01\xff", 5, RC_IMAGE_SET_ERROR_STRING);
  /* nsec of 1000000000, in the event and in the set's time */
  check_no_event (
      "\x12\x08\x0a\x06\x10\x80\x94\xeb\xdc\x03", 10, RC_IMAGE_SET_ERROR_TIME);
  check_no_event (
      "\x0a\x06\x10\x80\x94\xeb\xdc\x03\x12\x00", 10, RC_IMAGE_SET_ERROR_TIME);
}
GST_END_TEST;

GST_START_TEST (test_bare_event)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static ("\x12\x00", 2);
  g_autoptr (RcImageEvent) event = rc_image_event_from_bytes (bytes, NULL);

  fail_unless (event != NULL);
  fail_unless_equals_uint64 (event->timestamp, 0);
  fail_unless_equals_string (event->message, "");
}
GST_END_TEST;

static Suite *
wirerequest_suite (void)
{
  Suite *suite = suite_create ("wirerequest");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_loop_test (tcase, test_streams, 0, RC_N_STREAMS);
  tcase_add_test (tcase, test_mesh_options);
  tcase_add_test (tcase, test_equal);
  tcase_add_test (tcase, test_equal_mesh);
  tcase_add_test (tcase, test_request_from_bytes);
  tcase_add_test (tcase, test_event_request);
  tcase_add_test (tcase, test_event);
  tcase_add_test (tcase, test_no_event);
  tcase_add_test (tcase, test_bare_event);
  return suite;
}

GST_CHECK_MAIN (wirerequest);
