/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What statuses and states mean, and are called. */

#include <gst/check/gstcheck.h>

#include "client/rcclient.h"
#include "client/rcstatus.h"

GST_START_TEST (test_status_classes)
{
  static const struct {
    grpc_status_code status;
    const gchar *details;
    gint before; /* a message came */
    gint after;
  } cases[] = {
      {GRPC_STATUS_OK, "", RC_CLIENT_ERROR_STATUS, RC_CLIENT_ERROR_STATUS},
      {GRPC_STATUS_UNAVAILABLE, "Socket closed", RC_CLIENT_ERROR_CONNECT,
          RC_CLIENT_ERROR_LOST},
      {GRPC_STATUS_UNAVAILABLE, "Trying to connect an http1.x server",
          RC_CLIENT_ERROR_NOT_A_CAMERA, RC_CLIENT_ERROR_LOST},
      {GRPC_STATUS_INTERNAL, "Trying to connect an http1.x server",
          RC_CLIENT_ERROR_NOT_A_CAMERA, RC_CLIENT_ERROR_LOST},
      {GRPC_STATUS_UNAVAILABLE, "Received http2 header with status: 503",
          RC_CLIENT_ERROR_CONNECT, RC_CLIENT_ERROR_LOST},
      {GRPC_STATUS_UNIMPLEMENTED, "Method not found!",
          RC_CLIENT_ERROR_NOT_A_CAMERA, RC_CLIENT_ERROR_STATUS},
      {GRPC_STATUS_PERMISSION_DENIED, "Received http2 header with status: 403",
          RC_CLIENT_ERROR_NOT_A_CAMERA, RC_CLIENT_ERROR_LOST},
      {GRPC_STATUS_PERMISSION_DENIED, "no", RC_CLIENT_ERROR_STATUS,
          RC_CLIENT_ERROR_STATUS},
      {GRPC_STATUS_UNKNOWN, "Stream removed", RC_CLIENT_ERROR_NOT_A_CAMERA,
          RC_CLIENT_ERROR_LOST},
      {GRPC_STATUS_RESOURCE_EXHAUSTED,
          "Received message larger than max (9 vs. 8)",
          RC_CLIENT_ERROR_TOO_LARGE, RC_CLIENT_ERROR_TOO_LARGE},
      {GRPC_STATUS_RESOURCE_EXHAUSTED, "too many clients",
          RC_CLIENT_ERROR_STATUS, RC_CLIENT_ERROR_STATUS},
      {4711, "", RC_CLIENT_ERROR_STATUS, RC_CLIENT_ERROR_STATUS},
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) before =
        rc_status_to_error (cases[i].status, cases[i].details, FALSE);
    g_autoptr (GError) after =
        rc_status_to_error (cases[i].status, cases[i].details, TRUE);

    g_assert_error (before, RC_CLIENT_ERROR, cases[i].before);
    g_assert_error (after, RC_CLIENT_ERROR, cases[i].after);
  }
}
GST_END_TEST;

GST_START_TEST (test_status_names)
{
  fail_unless_equals_string (rc_status_to_string (GRPC_STATUS_OK), "OK");
  fail_unless_equals_string (
      rc_status_to_string (GRPC_STATUS_UNAUTHENTICATED), "UNAUTHENTICATED");
  fail_unless_equals_string (
      rc_status_to_string (GRPC_STATUS__DO_NOT_USE), "unknown status");
  fail_unless_equals_string (rc_status_to_string (17), "unknown status");
}
GST_END_TEST;

GST_START_TEST (test_state_names)
{
  fail_unless_equals_string (
      rc_client_state_to_string (RC_CLIENT_IDLE), "idle");
  fail_unless_equals_string (
      rc_client_state_to_string (RC_CLIENT_CONNECTING), "connecting");
  fail_unless_equals_string (
      rc_client_state_to_string (RC_CLIENT_STREAMING), "streaming");
  fail_unless_equals_string (
      rc_client_state_to_string (RC_CLIENT_ENDED), "ended");
}
GST_END_TEST;

static Suite *
client_status_suite (void)
{
  Suite *suite = suite_create ("clientstatus");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_status_classes);
  tcase_add_test (tcase, test_status_names);
  tcase_add_test (tcase, test_state_names);
  return suite;
}

GST_CHECK_MAIN (client_status);
