/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* TLS over a connected socket, by GIO. gRPC core has TLS of its own, but does
 * not tell a certificate of a wrong authority from one that expired, nor that
 * the server wants one of the client; and does not take a connected socket. */

#pragma once

#include <gio/gio.h>

#include "client/rcclient.h"

G_BEGIN_DECLS

typedef struct _RcTlsHandshake RcTlsHandshake;

/* Reads the files that @config names, and is ready to shake hands over
 * @transport with the host of @config. NULL with an RC_CLIENT_ERROR_TLS_….
 */
RcTlsHandshake *rc_tls_handshake_new (
    const RcClientConfig *config, GSocketConnection *transport, GError **error);
void rc_tls_handshake_free (RcTlsHandshake *handshake);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcTlsHandshake, rc_tls_handshake_free)

/* Shakes hands in the thread's default main context. */
void rc_tls_handshake_start (RcTlsHandshake *handshake,
    GCancellable *cancellable, GAsyncReadyCallback callback,
    gpointer user_data);

/* The connection with TLS, transferred; or NULL with an RC_CLIENT_ERROR_TLS_…
 * that says what is wrong, or with G_IO_ERROR_CANCELLED. */
GTlsConnection *rc_tls_handshake_finish (
    RcTlsHandshake *handshake, GAsyncResult *result, GError **error);

/* What the error of a read over TLS means: an RC_CLIENT_ERROR_TLS_… if it is one
 * of TLS, else NULL. @anything_came: data came before it. */
GError *rc_tls_describe_error (const GError *error, gboolean anything_came);

G_END_DECLS
