/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whether, and when, a stream that ended is tried again. Pure: chance comes in
 * as a parameter. */

#pragma once

#include "client/rcclient.h"

G_BEGIN_DECLS

/* The wait before the first attempt, at most; doubled for each further one,
 * up to the policy's `backoff_max`. ns */
#define RC_RETRY_BACKOFF_FIRST G_GUINT64_CONSTANT (200000000)

/**
 * RcRetry:
 * @has_streamed: a set was received in this client's life
 * @attempts: that were granted since the loss or the start, the first connection
 *   not counted; so this is also the number of the one that is being made
 *
 * All 0 is a client's beginning.
 */
typedef struct {
  gboolean has_streamed;
  guint attempts;
} RcRetry;

/* A set was received: the next loss is a new one. */
void rc_retry_succeeded (RcRetry *retry);

/* The stream ended with @error, or none was had. TRUE for another attempt in
 * *@delay ns, which this counts. @chance: in [0, 1), evenly distributed; the
 * wait is between half of the back-off and all of it, so that many clients of
 * one camera that lost it together do not come back together. */
gboolean rc_retry_failed (RcRetry *retry, const RcRetryPolicy *policy,
    const GError *error, gdouble chance, guint64 *delay);

G_END_DECLS
