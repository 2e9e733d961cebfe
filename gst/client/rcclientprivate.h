/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* RcClient's insides: what its files share.
 *
 * Threads
 * - the images' thread connects and makes one StreamImageSets call after the
 *   other, as requests change and connections are lost, until one ends by
 *   itself and is not to be tried again: then it says `ended` and is over;
 * - the events' thread, if asked for, waits for that connection and runs
 *   StreamImageEvents on it while there is a request. It does not connect, and
 *   is over when the images are;
 * - any other thread sets requests, reads the state, cancels.
 *
 * Lock: one, `lock`. It guards the group named below it and is not held in a
 * callback, nor in a call to gRPC or GIO. Who ends another thread's wait takes
 * it under the lock and cancels it without (RcClientWaits).
 *
 * What a thread waits in (an attempt to connect, a call, the condition) is
 * published under the lock before the wait, after a look at whether it is
 * still wanted: a change either comes before the look, or finds what to cancel.
 *
 * `serial` counts the questions. Whatever comes from a call of an older serial
 * is dropped under the lock, so a set of an old question and the end of a
 * call that was cancelled for a new one never get out.
 */

#pragma once

#include "client/rccall.h"
#include "client/rcclient.h"
#include "client/rcconnection.h"
#include "client/rcretry.h"

G_BEGIN_DECLS

/* What threads wait in, each NULL at times. */
typedef struct {
  GCancellable *connecting; /* the images' thread */
  RcCall *images_call;      /* the images' thread */
  RcCall *events_call;      /* the events' thread */
} RcClientWaits;

typedef enum {
  RC_CLIENT_WAIT_CONNECTING = 1 << 0,
  RC_CLIENT_WAIT_IMAGES = 1 << 1,
  RC_CLIENT_WAIT_EVENTS = 1 << 2,
  RC_CLIENT_WAIT_ALL = (1 << 3) - 1,
} RcClientWaitFlags;

struct _RcClient {
  /* constant */
  RcClientConfig config; /* its strings are in `strings` */
  GPtrArray *strings;    /* (element-type utf8) */
  RcClientCallbacks callbacks;
  gpointer user_data;
  GThread *images_thread;
  GThread *events_thread;

  /* images' thread */
  RcRetry retry;
  guint rejected_in_row;

  GMutex lock;
  GCond changed; /* any of the following that a thread waits for */
  RcClientState state;
  gboolean cancelled;
  gboolean have_request;
  RcRequest request;
  guint serial;
  guint64 n_sets;
  RcConnection *connection;
  gboolean connection_has_streamed;
  RcClientWaits waits;
};

/* TRUE when neither thread has anything more to do. */
gboolean rc_client_is_over_unlocked (RcClient *self);

/* Takes references of the waits that @which names, as far as there are any … */
RcClientWaits rc_client_take_waits_unlocked (
    RcClient *self, RcClientWaitFlags which);

/* … to cancel them without the lock, and drop them. */
void rc_client_cancel_waits (RcClientWaits *waits);

/* What was published in @slot is not waited in any more. */
void rc_client_withdraw_call (RcClient *self, RcCall **slot);

/* The threads' functions; user data is the RcClient. */
gpointer rc_client_images_thread (gpointer user_data);
gpointer rc_client_events_thread (gpointer user_data);

G_END_DECLS
