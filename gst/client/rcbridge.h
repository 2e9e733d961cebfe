/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* RcBridge: carries bytes between a stream, here one with TLS, and a socket of
 * its own that gRPC can have: gRPC core takes a file descriptor of a connected
 * socket, but speaks no TLS over it. */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _RcBridge RcBridge;

/* Starts to carry. @fd: (out): the other end of the bridge, the caller's. NULL
 * with a GError of GIO or G_THREAD_ERROR. */
RcBridge *rc_bridge_new (GIOStream *stream, int *fd, GError **error);

/* Ends at once, what is under way is lost. */
void rc_bridge_free (RcBridge *bridge);

/* Why the stream ended, if it was not its end; owned by the caller. */
GError *rc_bridge_get_error (RcBridge *bridge);

/* TRUE once a byte came out of the stream. */
gboolean rc_bridge_anything_came (RcBridge *bridge);

G_END_DECLS
