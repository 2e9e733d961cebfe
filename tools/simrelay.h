/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A TCP relay in front of a gRPC server of ours, for what that server would
 * never do to its connections: cut them in the middle of a message, reset,
 * starve or slow them, and be gone for a while.
 *
 * It watches the messages that go by. Whoever has the server send one says so
 * before, together with what is to happen at which byte of it.
 */

#pragma once

#include <glib.h>

typedef struct _SimRelay SimRelay;

typedef enum {
  SIM_RELAY_CLOSE,   /* ends the connection, FIN */
  SIM_RELAY_RESET,   /* breaks it, RST, when the client has what was sent */
  SIM_RELAY_STALL,   /* sends nothing for `seconds` (< 0: for ever) */
  SIM_RELAY_SLOW,    /* sends `speed` bytes a second, for `seconds` */
  SIM_RELAY_RESTART, /* ends all connections; the port is closed for `seconds` */
} SimRelayAct;

typedef struct {
  SimRelayAct act;
  guint64 after; /* so many bytes of the message; its end at the latest */
  gdouble seconds;
  gdouble speed;
} SimRelayOrder;

/* Binds @port of @address, numeric or a name (0: any free one); connections wait
 * until it is started. NULL with a G_IO_ERROR. */
SimRelay *sim_relay_new (const gchar *address, guint16 port, GError **error);

/* Serves, by the server on @server_port of 127.0.0.1. */
gboolean sim_relay_start (SimRelay *relay, guint16 server_port, GError **error);

/* Ends all connections, closes the port and joins the thread. To be done before
 * the server is stopped, which would wait for connections that stand still. */
void sim_relay_stop (SimRelay *relay);
void sim_relay_free (SimRelay *relay);

guint16 sim_relay_get_port (SimRelay *relay);

/**
 * sim_relay_expect:
 * @peer: the server's name for the relay's end of the connection, as in
 *   RcServerCall
 * @call: a number for the call, not 0, different for each of a connection
 * @size: of the message, bytes; G_MAXUINT64 if it will be compressed
 * @orders: (element-type SimRelayOrder): by `after`; transferred. May be empty
 *
 * The server is going to send this message next on that call. Has to be called
 * for all of them, or none. Any thread.
 */
void sim_relay_expect (SimRelay *relay, const gchar *peer, guint64 call,
    guint64 size, GArray *orders);
