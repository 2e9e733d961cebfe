/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* RcClient is stopped, whatever it does. There is no time limit anywhere in
 * these: a wait that cannot be interrupted is for ever. */

#include <gst/check/gstcheck.h>

#include "clientrecord.h"
#include "notcameras.h"

static void
free_unheard (RcClient *client, Record *record)
{
  rc_client_free (client);
  fail_unless_equals_int (record->n_ended, 0);
  fail_unless_equals_int (record->n_events_failed, 0);
  fail_unless_equals_int (record->n_others, 0);
  record_clear (record);
}

GST_START_TEST (test_free_idle)
{
  Record record;
  RcClient *client;

  record_init (&record);
  client = record_client (&record, "127.0.0.1", 1, 0);
  fail_unless_equals_int (rc_client_get_state (client), RC_CLIENT_IDLE);
  free_unheard (client, &record);
}
GST_END_TEST;

GST_START_TEST (test_free_resolving)
{
  Record record;
  RcClient *client;

  fake_resolver_use ();
  record_init (&record);
  client = record_client (&record, "camera.test", 50051, 0);
  rc_client_set_request (client, &request_left);
  fake_resolver_wait_for_lookups (1);
  fail_unless_equals_int (rc_client_get_state (client), RC_CLIENT_CONNECTING);
  free_unheard (client, &record);
  fake_resolver_restore ();
}
GST_END_TEST;

GST_START_TEST (test_free_connecting)
{
  DeadPort port;
  Record record;
  RcClient *client;

  dead_port_init (&port, TRUE);
  record_init (&record);
  client = record_client (&record, "127.0.0.1", port.port, 0);
  rc_client_set_request (client, &request_left);
  fail_unless_equals_int (rc_client_get_state (client), RC_CLIENT_CONNECTING);
  free_unheard (client, &record);
  dead_port_clear (&port);
}
GST_END_TEST;

GST_START_TEST (test_free_silent)
{
  Server server;
  Record record;
  RcClient *client;

  server_init (&server, NULL, 0, FALSE);
  record_init (&record);
  client = record_client (&record, "127.0.0.1", server.port, 0);
  rc_client_set_request (client, &request_left);
  while (server.connections->len == 0)
    g_main_context_iteration (NULL, TRUE);
  free_unheard (client, &record);
  server_clear (&server);
}
GST_END_TEST;

GST_START_TEST (test_free_ended)
{
  DeadPort port;
  Record record;
  RcClient *client;

  dead_port_init (&port, FALSE);
  record_init (&record);
  client = record_client (&record, "127.0.0.1", port.port, 0);
  rc_client_set_request (client, &request_left);
  record_wait_for_end (&record);
  rc_client_cancel (client);
  fail_unless_equals_int (rc_client_get_state (client), RC_CLIENT_ENDED);
  rc_client_free (client);
  fail_unless_equals_int (record.n_ended, 1);
  record_clear (&record);
  dead_port_clear (&port);
}
GST_END_TEST;

/* No request: idle, whatever was under way; a new one: asks again. */
GST_START_TEST (test_no_request)
{
  Record record;
  RcClient *client;
  gint i;

  fake_resolver_use ();
  record_init (&record);
  client = record_client (&record, "camera.test", 50051, 0);
  for (i = 1; i <= 3; i++) {
    rc_client_set_request (client, &request_left);
    fail_unless_equals_int (rc_client_get_state (client), RC_CLIENT_CONNECTING);
    /* Each lookup asks for both families. */
    fake_resolver_wait_for_lookups (2 * i);
    /* Another question, or the same, does not look up anew. */
    rc_client_set_request (client, &request_right);
    rc_client_set_request (client, &request_right);
    rc_client_set_request (client, NULL);
    fail_unless_equals_int (rc_client_get_state (client), RC_CLIENT_IDLE);
  }
  fail_unless_equals_int (fake_resolver_get_n_lookups (), 6);
  free_unheard (client, &record);
  fake_resolver_restore ();
}
GST_END_TEST;

/* After a cancel nothing is said or begun any more. */
GST_START_TEST (test_cancel)
{
  Server server;
  Record record;
  RcClient *client;

  server_init (&server, NULL, 0, FALSE);
  record_init (&record);
  client = record_client (&record, "127.0.0.1", server.port, 0);
  rc_client_set_request (client, &request_left);
  while (server.connections->len == 0)
    g_main_context_iteration (NULL, TRUE);
  rc_client_cancel (client);
  rc_client_set_request (client, NULL);
  rc_client_set_request (client, &request_right);
  fail_unless_equals_int (rc_client_get_state (client), RC_CLIENT_IDLE);
  free_unheard (client, &record);
  fail_unless_equals_int (server.connections->len, 1);
  server_clear (&server);
}
GST_END_TEST;

static Suite *
client_endings_suite (void)
{
  Suite *suite = suite_create ("clientendings");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_free_idle);
  tcase_add_test (tcase, test_free_resolving);
  tcase_add_test (tcase, test_free_connecting);
  tcase_add_test (tcase, test_free_silent);
  tcase_add_test (tcase, test_free_ended);
  tcase_add_test (tcase, test_no_request);
  tcase_add_test (tcase, test_cancel);
  return suite;
}

GST_CHECK_MAIN (client_endings);
