/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "notcameras.h"

#include <gst/check/gstcheck.h>
#include <sys/socket.h>

static gboolean
on_incoming (GSocketService *service, GSocketConnection *connection,
    GObject *source, Server *server)
{
  GOutputStream *out = g_io_stream_get_output_stream (G_IO_STREAM (connection));

  if (server->answer)
    g_output_stream_write_all (
        out, server->answer, server->answer_size, NULL, NULL, NULL);
  if (!server->close)
    g_ptr_array_add (server->connections, g_object_ref (connection));
  return TRUE;
}

void
server_init (Server *server, const gchar *answer, gsize size, gboolean close)
{
  g_autoptr (GSocketAddress) address =
      g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  g_autoptr (GSocketAddress) bound = NULL;
  g_autoptr (GError) error = NULL;

  server->service = g_socket_service_new ();
  server->answer = answer;
  server->answer_size = size;
  server->close = close;
  server->connections = g_ptr_array_new_with_free_func (g_object_unref);
  g_socket_listener_add_address (G_SOCKET_LISTENER (server->service), address,
      G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL, &bound, &error);
  g_assert_no_error (error);
  server->port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));
  g_signal_connect (
      server->service, "incoming", G_CALLBACK (on_incoming), server);
}

void
server_clear (Server *server)
{
  g_socket_service_stop (server->service);
  g_socket_listener_close (G_SOCKET_LISTENER (server->service));
  g_object_unref (server->service);
  g_ptr_array_unref (server->connections);
}

static GSocket *
new_socket (void)
{
  g_autoptr (GError) error = NULL;
  GSocket *socket;

  socket = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM,
      G_SOCKET_PROTOCOL_TCP, &error);
  g_assert_no_error (error);
  g_socket_set_blocking (socket, FALSE);
  return socket;
}

void
dead_port_init (DeadPort *port, gboolean full)
{
  g_autoptr (GSocketAddress) any =
      g_inet_socket_address_new_from_string ("127.0.0.1", 0);
  g_autoptr (GError) error = NULL;

  port->socket = new_socket ();
  port->connections = g_ptr_array_new_with_free_func (g_object_unref);
  g_socket_bind (port->socket, any, FALSE, &error);
  g_assert_no_error (error);
  port->address = g_socket_get_local_address (port->socket, &error);
  g_assert_no_error (error);
  port->port =
      g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (port->address));
  if (!full)
    return;

  fail_unless_equals_int (listen (g_socket_get_fd (port->socket), 0), 0);
  for (;;) {
    GSocket *peer = new_socket ();

    g_ptr_array_add (port->connections, peer);
    g_socket_connect (peer, port->address, NULL, NULL);
    /* Over loopback a handshake is done when connect () returns. */
    if (!g_socket_condition_check (peer, G_IO_OUT))
      break;
    fail_unless (port->connections->len < 64);
  }
}

void
dead_port_clear (DeadPort *port)
{
  g_ptr_array_unref (port->connections);
  g_object_unref (port->address);
  g_object_unref (port->socket);
}

typedef struct {
  GResolver parent;
} FakeResolver;
typedef GResolverClass FakeResolverClass;

GType fake_resolver_get_type (void);
G_DEFINE_TYPE (FakeResolver, fake_resolver, G_TYPE_RESOLVER)

static gint n_lookups; /* atomic */

/* As a lookup in a name server that does not answer. */
static void
wait_for_cancel (
    GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  GPollFD fd;

  g_atomic_int_inc (&n_lookups);
  g_main_context_wakeup (NULL);
  fail_unless (g_cancellable_make_pollfd (cancellable, &fd));
  g_poll (&fd, 1, -1);
  g_cancellable_release_fd (cancellable);
  g_task_return_error_if_cancelled (task);
}

static void
fake_lookup_async (GResolver *resolver, const gchar *name,
    GResolverNameLookupFlags flags, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task =
      g_task_new (resolver, cancellable, callback, user_data);

  if (g_str_has_prefix (name, "two-families.")) {
    GList *list = NULL;

    if (!(flags & G_RESOLVER_NAME_LOOKUP_FLAGS_IPV4_ONLY))
      list = g_list_append (list, g_inet_address_new_from_string ("::1"));
    if (!(flags & G_RESOLVER_NAME_LOOKUP_FLAGS_IPV6_ONLY))
      list = g_list_append (list, g_inet_address_new_from_string ("127.0.0.1"));
    g_task_return_pointer (
        task, list, (GDestroyNotify)g_resolver_free_addresses);
    return;
  }

  g_task_run_in_thread (task, wait_for_cancel);
}

static GList *
fake_lookup_finish (GResolver *resolver, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
fake_resolver_class_init (FakeResolverClass *klass)
{
  klass->lookup_by_name_with_flags_async = fake_lookup_async;
  klass->lookup_by_name_with_flags_finish = fake_lookup_finish;
}

static void
fake_resolver_init (FakeResolver *resolver)
{
}

static GResolver *system_resolver;

void
fake_resolver_use (void)
{
  g_autoptr (GResolver) resolver =
      g_object_new (fake_resolver_get_type (), NULL);

  system_resolver = g_resolver_get_default ();
  g_resolver_set_default (resolver);
  g_atomic_int_set (&n_lookups, 0);
}

void
fake_resolver_restore (void)
{
  g_resolver_set_default (system_resolver);
  g_clear_object (&system_resolver);
}

gint
fake_resolver_get_n_lookups (void)
{
  return g_atomic_int_get (&n_lookups);
}

void
fake_resolver_wait_for_lookups (gint n)
{
  while (fake_resolver_get_n_lookups () < n)
    g_main_context_iteration (NULL, TRUE);
}
