/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* RcBridge: in which order its two directions end. */

#include <gst/check/gstcheck.h>
#include <gio/gio.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/rcbridge.h"

/* Nothing comes of what does not happen in this time. ms */
#define A_WHILE 100

/* A stream that cannot be written to, and fails to be read when anything comes
 * from @peer: it is not compressed. */
static GIOStream *
make_dying_stream (int *peer)
{
  g_autoptr (GConverter) decompressor =
      G_CONVERTER (g_zlib_decompressor_new (G_ZLIB_COMPRESSOR_FORMAT_GZIP));
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocket) socket = NULL;
  g_autoptr (GSocketConnection) connection = NULL;
  g_autoptr (GInputStream) input = NULL;
  GIOStream *stream;
  int pair[2];

  fail_unless_equals_int (socketpair (AF_UNIX, SOCK_STREAM, 0, pair), 0);
  socket = g_socket_new_from_fd (pair[0], &error);
  g_assert_no_error (error);
  fail_unless (g_socket_shutdown (socket, FALSE, TRUE, NULL));
  connection = g_socket_connection_factory_create_connection (socket);
  input = g_converter_input_stream_new (
      g_io_stream_get_input_stream (G_IO_STREAM (connection)), decompressor);
  *peer = pair[1];
  stream = g_simple_io_stream_new (
      input, g_io_stream_get_output_stream (G_IO_STREAM (connection)));
  g_object_set_data_full (G_OBJECT (stream), "connection",
      g_steal_pointer (&connection), g_object_unref);
  return stream;
}

/* Why a stream ended is known when gRPC hears of the end, also where writing
 * to it fails first, which does not tell why. */
GST_START_TEST (test_reason_comes_first)
{
  int peer, fd;
  g_autoptr (GIOStream) stream = make_dying_stream (&peer);
  g_autoptr (GError) error = NULL;
  RcBridge *bridge = rc_bridge_new (stream, &fd, &error);
  struct pollfd end = {.events = POLLIN};
  gchar byte = 'x';

  g_assert_no_error (error);
  fail_unless_equals_int (write (fd, &byte, 1), 1);
  end.fd = fd;
  fail_unless_equals_int (poll (&end, 1, A_WHILE), 0);

  fail_unless_equals_int (write (peer, "no gzip", 7), 7);
  fail_unless_equals_int (read (fd, &byte, 1), 0);
  error = rc_bridge_get_error (bridge);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA);
  fail_if (rc_bridge_anything_came (bridge));
  rc_bridge_free (bridge);
  close (fd);
  close (peer);
}
GST_END_TEST;

static Suite *
bridge_suite (void)
{
  Suite *suite = suite_create ("bridge");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_reason_comes_first);
  return suite;
}

GST_CHECK_MAIN (bridge);
