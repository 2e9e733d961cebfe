/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/rcretry.h"

void
rc_retry_succeeded (RcRetry *retry)
{
  retry->has_streamed = TRUE;
  retry->attempts = 0;
}

/* Waiting does not make these good. */
static gboolean
is_final (const GError *error)
{
  switch ((RcClientError)error->code) {
  case RC_CLIENT_ERROR_TOO_LARGE:
  case RC_CLIENT_ERROR_INCOMPATIBLE:
    return TRUE;
  default:
    return FALSE;
  }
}

/* The camera is not there, or not yet; other errors at the start are those of
 * a wrong setting. */
static gboolean
is_absent (const GError *error)
{
  switch ((RcClientError)error->code) {
  case RC_CLIENT_ERROR_NOT_FOUND:
  case RC_CLIENT_ERROR_CONNECT:
  case RC_CLIENT_ERROR_TIMEOUT:
  case RC_CLIENT_ERROR_TLS_CLOSED:
    return TRUE;
  default:
    return FALSE;
  }
}

static gboolean
is_worth_it (
    const RcRetry *retry, const RcRetryPolicy *policy, const GError *error)
{
  if (is_final (error))
    return FALSE;
  if (policy->retries >= 0 && retry->attempts >= (guint)policy->retries)
    return FALSE;
  if (retry->has_streamed)
    return policy->auto_reconnect;
  return policy->wait_for_connection && is_absent (error);
}

static guint64
get_backoff (guint attempts, guint64 max)
{
  guint64 backoff = MIN (RC_RETRY_BACKOFF_FIRST, max);

  for (; attempts > 0 && backoff < max; attempts--)
    backoff = backoff <= max / 2 ? backoff * 2 : max;
  return backoff;
}

gboolean
rc_retry_failed (RcRetry *retry, const RcRetryPolicy *policy,
    const GError *error, gdouble chance, guint64 *delay)
{
  if (!is_worth_it (retry, policy, error))
    return FALSE;
  *delay = (guint64)(get_backoff (retry->attempts, policy->backoff_max) / 2
                     * (1.0 + chance));
  if (retry->attempts < G_MAXUINT)
    retry->attempts++;
  return TRUE;
}
