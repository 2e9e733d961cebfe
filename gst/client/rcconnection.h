/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* RcConnection: one TCP connection to the host, and gRPC's channel over it.
 * Reference counted; made once and never mended: a new one takes its place. */

#pragma once

#include <gio/gio.h>
#include <grpc/grpc.h>

#include "client/rcclient.h"

G_BEGIN_DECLS

typedef struct _RcConnection RcConnection;

/* Resolves the host as the system does (/etc/hosts, mDNS, DNS; an address
 * needs no lookup) and connects, until @deadline (µs, g_get_monotonic_time ();
 * G_MAXINT64: none); shakes hands for 10 s at most. NULL with
 * RC_CLIENT_ERROR_NOT_FOUND, _CONNECT, _TIMEOUT, _RESOURCES, one of _TLS_… or,
 * over TLS, _NOT_A_CAMERA, or with G_IO_ERROR_CANCELLED. @cancellable is for
 * this alone: the deadline cancels it as well. The caller holds a grpc_init ()
 * until the last reference is gone. */
RcConnection *rc_connection_open (const RcClientConfig *config, gint64 deadline,
    GCancellable *cancellable, GError **error);
RcConnection *rc_connection_ref (RcConnection *connection);
void rc_connection_unref (RcConnection *connection);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcConnection, rc_connection_unref)

grpc_channel *rc_connection_get_channel (RcConnection *connection);

/* What TLS says of the connection's end, an RC_CLIENT_ERROR_TLS_… or, of one
 * that was closed right after the handshake, _CONNECT; NULL if nothing. */
GError *rc_connection_get_tls_error (RcConnection *connection);

/* Bytes that came from the host so far, parts of messages included; 0 before
 * Linux 4.1. */
guint64 rc_connection_get_bytes_received (RcConnection *connection);

G_END_DECLS
