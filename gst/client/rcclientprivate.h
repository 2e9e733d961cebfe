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
 * callback, nor in a call to gRPC or GIO. Who cancels takes a reference of
 * what is to be cancelled under the lock and cancels without it.
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
  guint attempt; /* that is being made */
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
  GCancellable *connecting; /* what the images' thread waits in */
  RcCall *images_call;
  RcCall *events_call; /* what the events' thread waits in */
};

/* TRUE when neither thread has anything more to do. */
gboolean rc_client_is_over_unlocked (RcClient *self);

RcCall *rc_client_ref_call (RcCall *call);

/* What was published in @slot is not waited in any more. */
void rc_client_withdraw_call (RcClient *self, RcCall **slot);

/* The threads' functions; user data is the RcClient. */
gpointer rc_client_images_thread (gpointer user_data);
gpointer rc_client_events_thread (gpointer user_data);

G_END_DECLS
