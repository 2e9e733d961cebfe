/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A connection through SimRelay, and what the two say to each other. All in
 * the relay's thread. */

#pragma once

#include "simrelay.h"

#include <gio/gio.h>

typedef struct _SimRelayLink SimRelayLink;

/* A message that will come by. */
typedef struct {
  guint16 port; /* of the relay's end of the connection to the server */
  guint64 call;
  guint64 size;
  GArray *orders; /* of SimRelayOrder */
} SimRelayMessage;

void sim_relay_message_free (SimRelayMessage *message);

/* Connects @client with @server; NULL if that cannot be done. */
SimRelayLink *sim_relay_link_new (SimRelay *relay, GSocket *client,
    GSocketAddress *server, GMainContext *context);

/* Closes both connections. The link is freed by sim_relay_reap (). */
void sim_relay_link_end (SimRelayLink *link);
gboolean sim_relay_link_is_over (const SimRelayLink *link);
void sim_relay_link_free (SimRelayLink *link);

/* --- the relay's, for its links --- */

/* Ends all links, and opens the port again after that time. */
void sim_relay_restart (SimRelay *relay, gdouble seconds);

/* Frees the links that are over: what each event ends with. */
void sim_relay_reap (SimRelay *relay);

typedef gboolean (*SimRelayMatch) (
    const SimRelayMessage *message, gconstpointer key, guint64 size);

/* The first message expected for which @match is TRUE, or NULL. */
SimRelayMessage *sim_relay_take_message (
    SimRelay *relay, SimRelayMatch match, gconstpointer key, guint64 size);
