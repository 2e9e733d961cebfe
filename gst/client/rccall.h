/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* RcCall: one server-streaming call: a request goes out, messages come in one
 * at a time as they are asked for, a status ends it.
 *
 * One thread, the receiver, makes the call, receives and finishes; only
 * rc_call_cancel () and the reference count are for every thread.
 */

#pragma once

#include <gio/gio.h>
#include <grpc/grpc.h>

G_BEGIN_DECLS

/* A point in time on g_get_monotonic_time ()'s clock that never comes. */
#define RC_CALL_NO_DEADLINE G_MAXINT64

typedef enum {
  RC_CALL_MESSAGE, /* a message */
  RC_CALL_ENDED,   /* no more messages */
  RC_CALL_TIMEOUT, /* the deadline passed; the message is still asked for */
} RcCallResult;

typedef struct _RcCall RcCall;

/* Starts a call of @method ("/Service/Method") with the message @request. The
 * caller holds a grpc_init () until the last reference is gone. */
RcCall *rc_call_new (
    grpc_channel *channel, const gchar *method, GBytes *request);
RcCall *rc_call_ref (RcCall *call);
void rc_call_unref (RcCall *call);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcCall, rc_call_unref)

/* Asks for the next message, unless one is asked for already, and waits for
 * it until @deadline (µs, monotonic). Transfers @message. */
RcCallResult rc_call_receive (
    RcCall *call, gint64 deadline, grpc_byte_buffer **message);

/* Ends the call, whatever its state: the receiver returns at once. */
void rc_call_cancel (RcCall *call);
gboolean rc_call_is_cancelled (RcCall *call);

/* What rc_call_cancel () cancels as well: for work on what the call brought. */
GCancellable *rc_call_get_cancellable (RcCall *call);

/* The receiver's last action, exactly once: cancels what is still going on,
 * waits until gRPC is done with the call, and says how it ended. @details is
 * UTF-8, never NULL. */
grpc_status_code rc_call_finish (RcCall *call, gchar **details);

G_END_DECLS
