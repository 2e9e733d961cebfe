/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Where gRPC's messages begin and end in what an HTTP/2 server sends: just
 * enough of the two to stop at a byte of a message. Pure.
 *
 * It trusts its input (our own server's) and takes no part in it. Padded
 * frames, which gRPC core does not send, it would misread.
 */

#pragma once

#include <glib.h>

typedef struct _SimHttp2 SimHttp2;

/**
 * SimHttp2Stop:
 * @stream: of the message
 * @size: bytes of the message; G_MAXUINT64 if it is compressed
 * @begins: the message begins; else a stop in it was reached
 * @stop: (out): to stop after so many bytes of it, more than before
 *
 * Asked when a message begins, and again after each stop in it. FALSE: not to
 * stop in this message (any more). A stop that is beyond the message is at its
 * end.
 */
typedef gboolean (*SimHttp2Stop) (guint32 stream, guint64 size, gboolean begins,
    guint64 *stop, gpointer user_data);

SimHttp2 *sim_http2_new (SimHttp2Stop stop, gpointer user_data);
void sim_http2_free (SimHttp2 *http2);

/* Takes what comes next; returns how much of it goes by until a stop, all of it
 * if there is none. What is left is to be given again. */
gsize sim_http2_scan (
    SimHttp2 *http2, const guint8 *data, gsize size, gboolean *stopped);
