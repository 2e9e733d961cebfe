/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* When a lost stream is tried again. */

#include <gst/check/gstcheck.h>

#include "client/rcretry.h"

#define MS G_GUINT64_CONSTANT (1000000)

static const RcRetryPolicy for_ever = {
    .auto_reconnect = TRUE, .retries = -1, .backoff_max = 5000 * MS};

/* TRUE for another attempt; without interest in when. */
static gboolean
fails (RcRetry *retry, const RcRetryPolicy *policy, RcClientError code)
{
  g_autoptr (GError) error = g_error_new_literal (RC_CLIENT_ERROR, code, "");
  guint64 delay;

  return rc_retry_failed (retry, policy, error, 0.5, &delay);
}

static guint64
get_delay (RcRetry *retry, const RcRetryPolicy *policy, gdouble chance)
{
  g_autoptr (GError) error =
      g_error_new_literal (RC_CLIENT_ERROR, RC_CLIENT_ERROR_LOST, "");
  guint64 delay = G_MAXUINT64;

  fail_unless (rc_retry_failed (retry, policy, error, chance, &delay));
  return delay;
}

GST_START_TEST (test_start)
{
  static const RcRetryPolicy patient = {
      .wait_for_connection = TRUE, .retries = -1, .backoff_max = 5000 * MS};
  RcClientError code;

  for (code = 0; code <= RC_CLIENT_ERROR_TLS_FAILED; code++) {
    RcRetry retry = {0};
    gboolean absent = code == RC_CLIENT_ERROR_NOT_FOUND
                      || code == RC_CLIENT_ERROR_CONNECT
                      || code == RC_CLIENT_ERROR_TIMEOUT
                      || code == RC_CLIENT_ERROR_TLS_CLOSED;

    fail_if (fails (&retry, &for_ever, code));
    fail_unless_equals_int (fails (&retry, &patient, code), absent);
  }
}
GST_END_TEST;

GST_START_TEST (test_loss)
{
  static const RcRetryPolicy never = {
      .wait_for_connection = TRUE, .retries = -1, .backoff_max = 5000 * MS};
  RcClientError code;

  for (code = 0; code <= RC_CLIENT_ERROR_TLS_FAILED; code++) {
    RcRetry retry = {0};
    gboolean final = code == RC_CLIENT_ERROR_TOO_LARGE
                     || code == RC_CLIENT_ERROR_INCOMPATIBLE;

    rc_retry_succeeded (&retry);
    fail_if (fails (&retry, &never, code));
    fail_unless_equals_int (fails (&retry, &for_ever, code), !final);
  }
}
GST_END_TEST;

GST_START_TEST (test_retries)
{
  RcRetryPolicy policy = for_ever;
  RcRetry retry = {0};

  for (policy.retries = 0; policy.retries < 5; policy.retries++) {
    gint n;

    rc_retry_succeeded (&retry);
    for (n = 0; n < policy.retries; n++)
      fail_unless (fails (&retry, &policy, RC_CLIENT_ERROR_CONNECT));
    fail_if (fails (&retry, &policy, RC_CLIENT_ERROR_CONNECT));
  }

  policy.retries = -1;
  for (guint i = 0; i < 10000; i++)
    fail_unless (fails (&retry, &policy, RC_CLIENT_ERROR_CONNECT));
}
GST_END_TEST;

GST_START_TEST (test_backoff)
{
  RcRetry retry = {0}, early = {0}, late = {0};
  guint64 last = 0;

  rc_retry_succeeded (&retry);
  rc_retry_succeeded (&early);
  rc_retry_succeeded (&late);
  for (guint i = 0; i < 100; i++) {
    guint64 delay = get_delay (&retry, &for_ever, 0.5);
    guint64 shortest = get_delay (&early, &for_ever, 0.0);
    guint64 longest = get_delay (&late, &for_ever, 1.0);

    fail_unless (delay >= last);
    fail_unless (shortest < delay && delay < longest);
    fail_unless_equals_uint64 (longest, 2 * shortest);
    fail_unless (longest <= for_ever.backoff_max);
    if (i < 4)
      fail_unless_equals_uint64 (longest, RC_RETRY_BACKOFF_FIRST << i);
    last = delay;
  }
  fail_unless_equals_uint64 (
      get_delay (&late, &for_ever, 1.0), for_ever.backoff_max);

  /* A set makes the next loss a new one. */
  rc_retry_succeeded (&retry);
  fail_unless (get_delay (&retry, &for_ever, 1.0) <= RC_RETRY_BACKOFF_FIRST);
}
GST_END_TEST;

GST_START_TEST (test_backoff_limits)
{
  static const guint64 limits[] = {0, 1, 50 * MS, G_MAXUINT64};

  for (guint i = 0; i < G_N_ELEMENTS (limits); i++) {
    RcRetryPolicy policy = for_ever;
    RcRetry retry = {0};
    guint64 last = 0;

    policy.backoff_max = limits[i];
    rc_retry_succeeded (&retry);
    for (guint n = 0; n < 200; n++) {
      guint64 delay = get_delay (&retry, &policy, 0.5);

      fail_unless (delay >= last && delay <= limits[i]);
      last = delay;
    }
  }
}
GST_END_TEST;

static Suite *
retry_suite (void)
{
  Suite *suite = suite_create ("retry");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_start);
  tcase_add_test (tcase, test_loss);
  tcase_add_test (tcase, test_retries);
  tcase_add_test (tcase, test_backoff);
  tcase_add_test (tcase, test_backoff_limits);
  return suite;
}

GST_CHECK_MAIN (retry);
