/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A message that is inflated when nobody wants it any more: that ends with the
 * block that is being made, and is nobody's mistake. */

/* RTLD_NEXT */
#define _GNU_SOURCE

#include <dlfcn.h>
#include <gst/check/gstcheck.h>

#include "client/rcmessage.h"
#include "clientrecord.h"
#include "server/rcserver.h"

/* What a Record's client takes, and four blocks of the inflater. It is no valid
 * set. */
#define MESSAGE_SIZE (1 << 20)
#define N_BLOCKS 4

/* Where the inflater is held, in which of its blocks; 0: nowhere. */
static struct {
  GMutex lock;
  GCond changed;
  guint hold_at;
  guint n_blocks;
} inflater;

GConverterResult
g_converter_convert (GConverter *converter, const void *in, gsize in_size,
    void *out, gsize out_size, GConverterFlags flags, gsize *bytes_read,
    gsize *bytes_written, GError **error)
{
  typeof (g_converter_convert) *real = dlsym (RTLD_NEXT, "g_converter_convert");

  g_mutex_lock (&inflater.lock);
  inflater.n_blocks++;
  g_cond_broadcast (&inflater.changed);
  while (inflater.n_blocks == inflater.hold_at)
    g_cond_wait (&inflater.changed, &inflater.lock);
  g_mutex_unlock (&inflater.lock);
  return real (converter, in, in_size, out, out_size, flags, bytes_read,
      bytes_written, error);
}

static void
inflater_hold_at (guint n_blocks)
{
  g_mutex_lock (&inflater.lock);
  inflater.n_blocks = 0;
  inflater.hold_at = n_blocks;
  g_mutex_unlock (&inflater.lock);
}

static void
inflater_wait_for (guint n_blocks)
{
  g_mutex_lock (&inflater.lock);
  while (inflater.n_blocks < n_blocks)
    g_cond_wait (&inflater.changed, &inflater.lock);
  g_mutex_unlock (&inflater.lock);
}

static void
inflater_release (void)
{
  g_mutex_lock (&inflater.lock);
  inflater.hold_at = 0;
  g_cond_broadcast (&inflater.changed);
  g_mutex_unlock (&inflater.lock);
}

/* A camera that has one set, for who asks for the left image. */
static RcServerAnswer
next_set (RcServer *server, RcServerCall *call, GPtrArray **message,
    gint64 *ask_at, gpointer user_data)
{
  if (call->n_sets > 0 || !(call->request.streams & 1 << RC_STREAM_LEFT))
    return RC_SERVER_WAIT;
  call->gzip = TRUE;
  *message = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  g_ptr_array_add (
      *message, g_bytes_new_take (g_malloc0 (MESSAGE_SIZE), MESSAGE_SIZE));
  return RC_SERVER_SEND;
}

static RcServer *
serve (void)
{
  static const RcServerConfig config = {.address = "127.0.0.1", .gzip = TRUE};
  g_autoptr (GError) error = NULL;
  RcServer *server = rc_server_new (&config, next_set, NULL, &error);

  g_assert_no_error (error);
  return server;
}

GST_START_TEST (test_wanted)
{
  g_autoptr (RcServer) server = serve ();
  g_autoptr (RcClient) client = NULL;
  Record record;

  record_init (&record);
  inflater_hold_at (0);
  client = record_client (&record, "127.0.0.1", rc_server_get_port (server), 0);
  rc_client_set_request (client, &request_left);
  inflater_wait_for (N_BLOCKS);
  g_clear_pointer (&client, rc_client_free);
  record_clear (&record);
}
GST_END_TEST;

static void
cancel (RcClient *client)
{
  rc_client_cancel (client);
}

static void
ask_for_nothing (RcClient *client)
{
  rc_client_set_request (client, NULL);
}

static void
ask_for_another (RcClient *client)
{
  rc_client_set_request (client, &request_right);
}

static void (*const stops[]) (RcClient *) = {
    cancel, ask_for_nothing, ask_for_another};

GST_START_TEST (test_not_wanted)
{
  g_autoptr (RcServer) server = serve ();
  RcClient *client;
  Record record;

  record_init (&record);
  inflater_hold_at (2);
  client = record_client (&record, "127.0.0.1", rc_server_get_port (server), 0);
  rc_client_set_request (client, &request_left);
  inflater_wait_for (2);
  stops[__i__](client);
  inflater_release ();
  rc_client_free (client);
  fail_unless_equals_int (inflater.n_blocks, 2);
  fail_unless_equals_int (record.n_others, 0);
  fail_unless_equals_int (record.n_ended, 0);
  record_clear (&record);
}
GST_END_TEST;

/* What is wrong with a message is not known when it was given up. */
GST_START_TEST (test_error)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  grpc_slice slice = grpc_slice_from_static_string ("broken");
  grpc_byte_buffer *message =
      grpc_raw_compressed_byte_buffer_create (&slice, 1, GRPC_COMPRESS_GZIP);

  fail_unless (
      rc_message_to_bytes (message, MESSAGE_SIZE, cancellable, &error) == NULL);
  g_assert_error (error, RC_IMAGE_SET_ERROR, RC_IMAGE_SET_ERROR_MALFORMED);
  g_clear_error (&error);

  g_cancellable_cancel (cancellable);
  fail_unless (
      rc_message_to_set (message, MESSAGE_SIZE, cancellable, &error) == NULL);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}
GST_END_TEST;

static Suite *
client_inflate_suite (void)
{
  Suite *suite = suite_create ("clientinflate");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_error);
  tcase_add_test (tcase, test_wanted);
  tcase_add_loop_test (tcase, test_not_wanted, 0, G_N_ELEMENTS (stops));
  return suite;
}

GST_CHECK_MAIN (client_inflate);
