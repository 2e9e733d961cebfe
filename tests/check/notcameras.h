/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a client may find where it expects a camera: servers of other
 * protocols, ports that are dead, names that resolve to nothing. */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Listens on 127.0.0.1, in the default main context. */
typedef struct {
  GSocketService *service;
  guint16 port;
  const gchar *answer; /* sent to whoever connects */
  gsize answer_size;
  gboolean close;
  GPtrArray *connections;
} Server;

void server_init (
    Server *server, const gchar *answer, gsize size, gboolean close);
void server_clear (Server *server);

/* A port of this host on which nothing listens and nothing else can: bound;
 * with @full one that drops every SYN: its backlog is full. */
typedef struct {
  GSocket *socket;
  GPtrArray *connections;
  GSocketAddress *address;
  guint16 port;
} DeadPort;

void dead_port_init (DeadPort *port, gboolean full);
void dead_port_clear (DeadPort *port);

/* From now on names resolve to nothing: a lookup lasts until it is cancelled.
 * But "two-families." and what follows it is ::1 and 127.0.0.1. */
void fake_resolver_use (void);
void fake_resolver_restore (void);

/* Until it was asked @n times since its use began; each connection asks for
 * both families. Serves the default main context meanwhile. */
void fake_resolver_wait_for_lookups (gint n);
gint fake_resolver_get_n_lookups (void);

G_END_DECLS
