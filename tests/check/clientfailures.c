/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* RcClient against what is no camera: nobody, silence, other protocols; and on
 * a machine that lacks what it needs. What a camera sends is tested in
 * tests/interop, with another implementation. */

/* RTLD_NEXT */
#define _GNU_SOURCE

#include <dlfcn.h>
#include <gst/check/gstcheck.h>
#include <string.h>

#include "clientrecord.h"
#include "notcameras.h"

/* Asks @host for images and returns the class of the failure. */
static gint
get_failure (const gchar *host, guint16 port, guint64 timeout)
{
  Record record;
  RcClient *client;
  gint code;

  record_init (&record);
  client = record_client (&record, host, port, timeout);
  rc_client_set_request (client, &request_left);
  record_wait_for_end (&record);
  fail_unless_equals_int (rc_client_get_state (client), RC_CLIENT_ENDED);

  /* It is over: a question changes nothing. */
  rc_client_set_request (client, &request_right);
  fail_unless_equals_int (rc_client_get_state (client), RC_CLIENT_ENDED);
  rc_client_free (client);

  fail_unless (record.error != NULL);
  fail_unless (record.error->domain == RC_CLIENT_ERROR);
  fail_unless_equals_int (record.n_ended, 1);
  fail_unless_equals_int (record.n_others, 0);
  code = record.error->code;
  GST_DEBUG ("%s", record.error->message);
  record_clear (&record);
  return code;
}

static gint
get_failure_with (
    const gchar *answer, gsize size, gboolean close, guint64 timeout)
{
  Server server;
  gint code;

  server_init (&server, answer, size, close);
  code = get_failure ("127.0.0.1", server.port, timeout);
  server_clear (&server);
  return code;
}

/* A machine that is out of threads: of GLib's, the one after `threads_left`
 * more cannot be had; -1: all can. */
static gint threads_left = -1;

GThread *
g_thread_try_new (
    const gchar *name, GThreadFunc func, gpointer data, GError **error)
{
  GThread *(*real) (const gchar *, GThreadFunc, gpointer, GError **) =
      dlsym (RTLD_NEXT, "g_thread_try_new");

  if (g_atomic_int_get (&threads_left) == 0) {
    g_set_error_literal (
        error, G_THREAD_ERROR, G_THREAD_ERROR_AGAIN, "no more threads");
    return NULL;
  }
  if (g_atomic_int_get (&threads_left) > 0)
    g_atomic_int_add (&threads_left, -1);
  return real (name, func, data, error);
}

GST_START_TEST (test_no_thread)
{
  static const RcClientConfig config = {
      .host = "127.0.0.1", .port = 1, .image_events = TRUE};
  g_autoptr (GError) error = NULL;

  g_atomic_int_set (&threads_left, __i__);
  fail_unless (
      rc_client_new (&config, &record_callbacks, NULL, &error) == NULL);
  fail_unless (
      g_error_matches (error, RC_CLIENT_ERROR, RC_CLIENT_ERROR_RESOURCES));
}
GST_END_TEST;

GST_START_TEST (test_refused)
{
  DeadPort port;

  dead_port_init (&port, FALSE);
  fail_unless_equals_int (
      get_failure ("127.0.0.1", port.port, 0), RC_CLIENT_ERROR_CONNECT);
  fail_unless_equals_int (
      get_failure ("localhost", port.port, 0), RC_CLIENT_ERROR_CONNECT);
  dead_port_clear (&port);
}
GST_END_TEST;

GST_START_TEST (test_name_not_found)
{
  fail_unless_equals_int (
      get_failure ("camera.invalid", 50051, 0), RC_CLIENT_ERROR_NOT_FOUND);
  fail_unless_equals_int (
      get_failure ("", 50051, 0), RC_CLIENT_ERROR_NOT_FOUND);
  fail_unless_equals_int (
      get_failure ("not a host", 50051, 0), RC_CLIENT_ERROR_NOT_FOUND);
}
GST_END_TEST;

GST_START_TEST (test_resolver_timeout)
{
  fake_resolver_use ();
  fail_unless_equals_int (get_failure ("camera.test", 50051, 50 * GST_MSECOND),
      RC_CLIENT_ERROR_TIMEOUT);
  fake_resolver_restore ();
}
GST_END_TEST;

/* ::1 refuses, 127.0.0.1 answers. */
GST_START_TEST (test_two_families)
{
  static const gchar answer[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
  Server server;

  fake_resolver_use ();
  server_init (&server, answer, strlen (answer), FALSE);
  fail_unless_equals_int (get_failure ("two-families.test", server.port, 0),
      RC_CLIENT_ERROR_NOT_A_CAMERA);
  server_clear (&server);
  fake_resolver_restore ();
}
GST_END_TEST;

GST_START_TEST (test_unreachable)
{
  DeadPort port;

  dead_port_init (&port, TRUE);
  fail_unless_equals_int (
      get_failure ("127.0.0.1", port.port, 200 * GST_MSECOND),
      RC_CLIENT_ERROR_TIMEOUT);
  dead_port_clear (&port);
}
GST_END_TEST;

GST_START_TEST (test_silent)
{
  fail_unless_equals_int (get_failure_with (NULL, 0, FALSE, 200 * GST_MSECOND),
      RC_CLIENT_ERROR_TIMEOUT);
}
GST_END_TEST;

GST_START_TEST (test_closes_at_once)
{
  fail_unless_equals_int (
      get_failure_with (NULL, 0, TRUE, 0), RC_CLIENT_ERROR_CONNECT);
}
GST_END_TEST;

GST_START_TEST (test_http1)
{
  static const gchar answer[] =
      "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";

  fail_unless_equals_int (get_failure_with (answer, strlen (answer), FALSE, 0),
      RC_CLIENT_ERROR_NOT_A_CAMERA);
}
GST_END_TEST;

GST_START_TEST (test_garbage)
{
  gchar garbage[1024];
  guint i;

  for (i = 0; i < sizeof garbage; i++)
    garbage[i] = i * 7 + 1;
  fail_unless_equals_int (get_failure_with (garbage, sizeof garbage, FALSE, 0),
      RC_CLIENT_ERROR_NOT_A_CAMERA);
}
GST_END_TEST;

static Suite *
client_failures_suite (void)
{
  Suite *suite = suite_create ("clientfailures");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_refused);
  tcase_add_test (tcase, test_name_not_found);
  tcase_add_test (tcase, test_resolver_timeout);
  tcase_add_test (tcase, test_two_families);
  tcase_add_test (tcase, test_unreachable);
  tcase_add_test (tcase, test_silent);
  tcase_add_test (tcase, test_closes_at_once);
  tcase_add_test (tcase, test_http1);
  tcase_add_test (tcase, test_garbage);
  tcase_add_loop_test (tcase, test_no_thread, 0, 2);
  return suite;
}

GST_CHECK_MAIN (client_failures);
