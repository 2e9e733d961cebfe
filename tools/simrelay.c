/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Threads: all sockets belong to the relay's thread, which runs a main loop
 * and never blocks. sim_relay_expect () may be called in any other.
 *
 * SimRelay.lock guards `expected` alone; nothing is done with it held but
 * looking there.
 */

#include "simrelay.h"

#include "simrelaylink.h"

#include <string.h>

/* How long to wait for the port if somebody else took it, ms. */
#define REOPEN_INTERVAL 50

struct _SimRelay {
  /* Set before the thread starts. */
  GSocketAddress *address; /* with the port */
  GSocketAddress *server;
  guint16 port;
  GThread *thread;
  GMainContext *context;
  GMainLoop *loop;

  /* The relay's thread. */
  GSocket *listener; /* NULL during a restart */
  GSource *source;   /* for new connections, or the end of a restart */
  GPtrArray *links;

  GMutex lock;
  GQueue expected; /* of SimRelayMessage. Guarded by lock. */
};

static gboolean on_connection (
    GSocket *socket, GIOCondition condition, gpointer user_data);

/* --- what is expected --- */

void
sim_relay_expect (SimRelay *relay, const gchar *peer, guint64 call,
    guint64 size, GArray *orders)
{
  const gchar *colon = strrchr (peer, ':');
  SimRelayMessage *message = g_new0 (SimRelayMessage, 1);

  message->port = colon ? g_ascii_strtoull (colon + 1, NULL, 10) : 0;
  message->call = call;
  message->size = size;
  message->orders = orders;
  g_mutex_lock (&relay->lock);
  g_queue_push_tail (&relay->expected, message);
  g_mutex_unlock (&relay->lock);
}

SimRelayMessage *
sim_relay_take_message (
    SimRelay *relay, SimRelayMatch match, gconstpointer key, guint64 size)
{
  SimRelayMessage *found = NULL;

  g_mutex_lock (&relay->lock);
  for (GList *l = relay->expected.head; l && !found; l = l->next) {
    if (match (l->data, key, size)) {
      found = l->data;
      g_queue_delete_link (&relay->expected, l);
      break;
    }
  }
  g_mutex_unlock (&relay->lock);
  return found;
}

void
sim_relay_message_free (SimRelayMessage *message)
{
  g_array_unref (message->orders);
  g_free (message);
}

/* --- the port --- */

static void
attach (SimRelay *relay, GSource *source, GSourceFunc callback)
{
  if (relay->source) {
    g_source_destroy (relay->source);
    g_source_unref (relay->source);
  }
  relay->source = source;
  if (source) {
    g_source_set_callback (source, callback, relay, NULL);
    g_source_attach (source, relay->context);
  }
}

static GSocket *
open_listener (GSocketAddress *address, GError **error)
{
  g_autoptr (GSocket) socket =
      g_socket_new (g_socket_address_get_family (address), G_SOCKET_TYPE_STREAM,
          G_SOCKET_PROTOCOL_TCP, error);

  if (!socket)
    return NULL;
  g_socket_set_blocking (socket, FALSE);
  g_socket_set_listen_backlog (socket, 64);
  /* Connections that were cut linger; they do not take the port. */
  if (!g_socket_bind (socket, address, TRUE, error)
      || !g_socket_listen (socket, error))
    return NULL;
  return g_steal_pointer (&socket);
}

static void
wait_for_connections (SimRelay *relay)
{
  attach (relay, g_socket_create_source (relay->listener, G_IO_IN, NULL),
      G_SOURCE_FUNC (on_connection));
}

static gboolean
on_reopen (gpointer user_data)
{
  SimRelay *relay = user_data;

  relay->listener = open_listener (relay->address, NULL);
  if (relay->listener)
    wait_for_connections (relay);
  else
    attach (relay, g_timeout_source_new (REOPEN_INTERVAL), on_reopen);
  return G_SOURCE_REMOVE;
}

void
sim_relay_restart (SimRelay *relay, gdouble seconds)
{
  /* First the port: who sees its connection end must not get another one. */
  if (relay->listener)
    g_socket_close (relay->listener, NULL);
  g_clear_object (&relay->listener);
  for (guint i = 0; i < relay->links->len; i++)
    sim_relay_link_end (relay->links->pdata[i]);
  attach (relay, g_timeout_source_new (seconds * 1000), on_reopen);
}

void
sim_relay_reap (SimRelay *relay)
{
  for (guint i = relay->links->len; i-- > 0;) {
    SimRelayLink *link = relay->links->pdata[i];

    if (!sim_relay_link_is_over (link))
      continue;
    g_ptr_array_remove_index_fast (relay->links, i);
  }
}

static gboolean
on_connection (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  SimRelay *relay = user_data;
  g_autoptr (GSocket) client = g_socket_accept (socket, NULL, NULL);

  if (!client)
    return G_SOURCE_CONTINUE;
  SimRelayLink *link =
      sim_relay_link_new (relay, client, relay->server, relay->context);
  if (link)
    g_ptr_array_add (relay->links, link);
  return G_SOURCE_CONTINUE;
}

/* --- life cycle --- */

static GInetAddress *
resolve (const gchar *name, GError **error)
{
  GInetAddress *address = g_inet_address_new_from_string (name);

  if (address)
    return address;
  g_autoptr (GResolver) resolver = g_resolver_get_default ();
  GList *addresses = g_resolver_lookup_by_name (resolver, name, NULL, error);
  if (!addresses)
    return NULL;
  address = g_object_ref (addresses->data);
  g_resolver_free_addresses (addresses);
  return address;
}

static gboolean
listen_on (SimRelay *relay, const gchar *name, guint16 port, GError **error)
{
  g_autoptr (GInetAddress) address = resolve (name, error);

  if (!address)
    return FALSE;
  relay->address = g_inet_socket_address_new (address, port);
  relay->listener = open_listener (relay->address, error);
  if (!relay->listener)
    return FALSE;

  g_autoptr (GSocketAddress) bound =
      g_socket_get_local_address (relay->listener, error);
  if (!bound)
    return FALSE;
  g_set_object (&relay->address, bound);
  relay->port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));
  return TRUE;
}

SimRelay *
sim_relay_new (const gchar *address, guint16 port, GError **error)
{
  SimRelay *relay = g_new0 (SimRelay, 1);

  g_mutex_init (&relay->lock);
  relay->context = g_main_context_new ();
  relay->loop = g_main_loop_new (relay->context, FALSE);
  relay->links =
      g_ptr_array_new_with_free_func ((GDestroyNotify)sim_relay_link_free);
  if (!listen_on (relay, address, port, error)) {
    g_prefix_error (error, "cannot listen on %s port %u: ", address, port);
    g_clear_pointer (&relay, sim_relay_free);
  }
  return relay;
}

static gpointer
run (gpointer user_data)
{
  SimRelay *relay = user_data;

  wait_for_connections (relay);
  g_main_loop_run (relay->loop);
  return NULL;
}

gboolean
sim_relay_start (SimRelay *relay, guint16 server_port, GError **error)
{
  g_autoptr (GInetAddress) loopback =
      g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);

  relay->server = g_inet_socket_address_new (loopback, server_port);
  relay->thread = g_thread_try_new ("sim-relay", run, relay, error);
  return relay->thread != NULL;
}

static gboolean
on_quit (gpointer loop)
{
  g_main_loop_quit (loop);
  return G_SOURCE_REMOVE;
}

void
sim_relay_stop (SimRelay *relay)
{
  if (relay->thread) {
    g_main_context_invoke (relay->context, on_quit, relay->loop);
    g_thread_join (relay->thread);
    relay->thread = NULL;
  }
  attach (relay, NULL, NULL);
  for (guint i = 0; i < relay->links->len; i++)
    sim_relay_link_end (relay->links->pdata[i]);
  g_clear_object (&relay->listener);
}

void
sim_relay_free (SimRelay *relay)
{
  sim_relay_stop (relay);
  g_ptr_array_unref (relay->links);
  g_queue_clear_full (&relay->expected, (GDestroyNotify)sim_relay_message_free);
  g_clear_object (&relay->address);
  g_clear_object (&relay->server);
  g_main_loop_unref (relay->loop);
  g_main_context_unref (relay->context);
  g_mutex_clear (&relay->lock);
  g_free (relay);
}

guint16
sim_relay_get_port (SimRelay *relay)
{
  return relay->port;
}
