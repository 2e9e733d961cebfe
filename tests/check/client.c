/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* RcClient against what is no camera: nobody, silence, other protocols. What
 * a camera sends is tested in tests/interop, with another implementation. */

/* RTLD_NEXT */
#define _GNU_SOURCE

#include <dlfcn.h>
#include <gst/check/gstcheck.h>
#include <gio/gio.h>
#include <sys/socket.h>

#include "client/rcclient.h"
#include "client/rcstatus.h"

static const RcRequest request_left = {.streams = 1 << RC_STREAM_LEFT};
static const RcRequest request_right = {.streams = 1 << RC_STREAM_RIGHT};

/* What a client said. Callbacks write from its threads, the test reads. */
typedef struct {
  GMutex lock;
  guint n_ended;
  guint n_events_failed;
  guint n_others;
  GError *error;
} Record;

static void
record_init (Record *record)
{
  memset (record, 0, sizeof *record);
  g_mutex_init (&record->lock);
}

static void
record_clear (Record *record)
{
  g_mutex_clear (&record->lock);
  g_clear_error (&record->error);
}

static void
count (Record *record, guint *counter)
{
  g_mutex_lock (&record->lock);
  (*counter)++;
  g_mutex_unlock (&record->lock);
  g_main_context_wakeup (NULL);
}

static void
on_image_set (RcImageSet *set, const RcRequest *request, gpointer user_data)
{
  Record *record = user_data;

  rc_image_set_unref (set);
  count (record, &record->n_others);
}

static void
on_rejected (gsize size, const GError *error, gpointer user_data)
{
  Record *record = user_data;

  count (record, &record->n_others);
}

static void
on_event (const RcImageEvent *event, gpointer user_data)
{
  Record *record = user_data;

  count (record, &record->n_others);
}

static void
on_events_failed (const GError *error, gpointer user_data)
{
  Record *record = user_data;

  count (record, &record->n_events_failed);
}

static void
on_ended (const GError *error, gpointer user_data)
{
  Record *record = user_data;

  g_mutex_lock (&record->lock);
  if (error && !record->error)
    record->error = g_error_copy (error);
  g_mutex_unlock (&record->lock);
  count (record, &record->n_ended);
}

static const RcClientCallbacks callbacks = {
    .image_set = on_image_set,
    .rejected = on_rejected,
    .event = on_event,
    .events_failed = on_events_failed,
    .ended = on_ended,
};

static RcClient *
start_client (const gchar *host, guint16 port, guint64 timeout, Record *record)
{
  RcClientConfig config = {
      .host = host,
      .port = port,
      .max_message_size = 1 << 20,
      .timeout = timeout,
      .image_events = TRUE,
  };
  g_autoptr (GError) error = NULL;
  RcClient *client;

  client = rc_client_new (&config, &callbacks, record, &error);
  fail_unless (client != NULL);
  g_assert_no_error (error);
  return client;
}

static guint
get (Record *record, const guint *counter)
{
  guint value;

  g_mutex_lock (&record->lock);
  value = *counter;
  g_mutex_unlock (&record->lock);
  return value;
}

/* Serves the default main context meanwhile, where the servers here live. */
static void
wait_for_end (Record *record)
{
  while (get (record, &record->n_ended) == 0)
    g_main_context_iteration (NULL, TRUE);
}

/* Asks @host for images and returns the class of the failure. */
static gint
get_failure (const gchar *host, guint16 port, guint64 timeout)
{
  Record record;
  RcClient *client;
  gint code;

  record_init (&record);
  client = start_client (host, port, timeout, &record);
  rc_client_set_request (client, &request_left);
  wait_for_end (&record);
  fail_unless_equals_int (rc_client_get_state (client), RC_CLIENT_ENDED);

  /* It is over: a question changes nothing. */
  rc_client_set_request (client, &request_right);
  fail_unless_equals_int (rc_client_get_state (client), RC_CLIENT_ENDED);
  rc_client_free (client);

  fail_unless (record.error != NULL);
  fail_unless (record.error->domain == RC_CLIENT_ERROR);
  fail_unless_equals_int (record.n_ended, 1);
  fail_unless_equals_int (record.n_others, 0);
  code = record.error->code;
  GST_DEBUG ("%s", record.error->message);
  record_clear (&record);
  return code;
}

/* A machine that is out of threads: of GLib's, the one after `threads_left`
 * more cannot be had; -1: all can. */
static gint threads_left = -1;

GThread *
g_thread_try_new (
    const gchar *name, GThreadFunc func, gpointer data, GError **error)
{
  GThread *(*real) (const gchar *, GThreadFunc, gpointer, GError **) =
      dlsym (RTLD_NEXT, "g_thread_try_new");

  if (g_atomic_int_get (&threads_left) == 0) {
    g_set_error_literal (
        error, G_THREAD_ERROR, G_THREAD_ERROR_AGAIN, "no more threads");
    return NULL;
  }
  if (g_atomic_int_get (&threads_left) > 0)
    g_atomic_int_add (&threads_left, -1);
  return real (name, func, data, error);
}

GST_START_TEST (test_no_thread)
{
  static const RcClientConfig config = {
      .host = "127.0.0.1", .port = 1, .image_events = TRUE};
  g_autoptr (GError) error = NULL;

  g_atomic_int_set (&threads_left, __i__);
  fail_unless (rc_client_new (&config, &callbacks, NULL, &error) == NULL);
  fail_unless (
      g_error_matches (error, RC_CLIENT_ERROR, RC_CLIENT_ERROR_RESOURCES));
}
GST_END_TEST;

/* Servers that are no camera */

typedef struct {
  GSocketService *service;
  guint16 port;
  const gchar *answer; /* sent to whoever connects */
  gsize answer_size;
  gboolean close;
  GPtrArray *connections;
} Server;

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

static void
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

static void
server_clear (Server *server)
{
  g_socket_service_stop (server->service);
  g_socket_listener_close (G_SOCKET_LISTENER (server->service));
  g_object_unref (server->service);
  g_ptr_array_unref (server->connections);
}

static gint
get_failure_with (
    const gchar *answer, gsize size, gboolean close, guint64 timeout)
{
  Server server;
  gint code;

  server_init (&server, answer, size, close);
  code = get_failure ("127.0.0.1", server.port, timeout);
  server_clear (&server);
  return code;
}

/* A port of this host on which nothing listens and nothing else can: bound;
 * with @full one that drops every SYN: its backlog is full. */
typedef struct {
  GSocket *socket;
  GPtrArray *connections;
  GSocketAddress *address;
  guint16 port;
} DeadPort;

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

static void
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

static void
dead_port_clear (DeadPort *port)
{
  g_ptr_array_unref (port->connections);
  g_object_unref (port->address);
  g_object_unref (port->socket);
}

/* A resolver that knows what it is told, or never answers. */

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

static void
use_fake_resolver (void)
{
  g_autoptr (GResolver) resolver =
      g_object_new (fake_resolver_get_type (), NULL);

  system_resolver = g_resolver_get_default ();
  g_resolver_set_default (resolver);
  g_atomic_int_set (&n_lookups, 0);
}

static void
restore_resolver (void)
{
  g_resolver_set_default (system_resolver);
  g_clear_object (&system_resolver);
}

/* Pure */

GST_START_TEST (test_status_classes)
{
  static const struct {
    grpc_status_code status;
    const gchar *details;
    gint before; /* a message came */
    gint after;
  } cases[] = {
      {GRPC_STATUS_OK, "", RC_CLIENT_ERROR_STATUS, RC_CLIENT_ERROR_STATUS},
      {GRPC_STATUS_UNAVAILABLE, "Socket closed", RC_CLIENT_ERROR_CONNECT,
          RC_CLIENT_ERROR_LOST},
      {GRPC_STATUS_UNAVAILABLE, "Trying to connect an http1.x server",
          RC_CLIENT_ERROR_NOT_A_CAMERA, RC_CLIENT_ERROR_LOST},
      {GRPC_STATUS_INTERNAL, "Trying to connect an http1.x server",
          RC_CLIENT_ERROR_NOT_A_CAMERA, RC_CLIENT_ERROR_LOST},
      {GRPC_STATUS_UNAVAILABLE, "Received http2 header with status: 503",
          RC_CLIENT_ERROR_CONNECT, RC_CLIENT_ERROR_LOST},
      {GRPC_STATUS_UNIMPLEMENTED, "Method not found!",
          RC_CLIENT_ERROR_NOT_A_CAMERA, RC_CLIENT_ERROR_STATUS},
      {GRPC_STATUS_PERMISSION_DENIED, "Received http2 header with status: 403",
          RC_CLIENT_ERROR_NOT_A_CAMERA, RC_CLIENT_ERROR_LOST},
      {GRPC_STATUS_PERMISSION_DENIED, "no", RC_CLIENT_ERROR_STATUS,
          RC_CLIENT_ERROR_STATUS},
      {GRPC_STATUS_UNKNOWN, "Stream removed", RC_CLIENT_ERROR_NOT_A_CAMERA,
          RC_CLIENT_ERROR_LOST},
      {GRPC_STATUS_RESOURCE_EXHAUSTED,
          "Received message larger than max (9 vs. 8)",
          RC_CLIENT_ERROR_TOO_LARGE, RC_CLIENT_ERROR_TOO_LARGE},
      {GRPC_STATUS_RESOURCE_EXHAUSTED, "too many clients",
          RC_CLIENT_ERROR_STATUS, RC_CLIENT_ERROR_STATUS},
      {4711, "", RC_CLIENT_ERROR_STATUS, RC_CLIENT_ERROR_STATUS},
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) before =
        rc_status_to_error (cases[i].status, cases[i].details, FALSE);
    g_autoptr (GError) after =
        rc_status_to_error (cases[i].status, cases[i].details, TRUE);

    g_assert_error (before, RC_CLIENT_ERROR, cases[i].before);
    g_assert_error (after, RC_CLIENT_ERROR, cases[i].after);
  }
}
GST_END_TEST;

GST_START_TEST (test_status_names)
{
  fail_unless_equals_string (rc_status_to_string (GRPC_STATUS_OK), "OK");
  fail_unless_equals_string (
      rc_status_to_string (GRPC_STATUS_UNAUTHENTICATED), "UNAUTHENTICATED");
  fail_unless_equals_string (
      rc_status_to_string (GRPC_STATUS__DO_NOT_USE), "unknown status");
  fail_unless_equals_string (rc_status_to_string (17), "unknown status");
}
GST_END_TEST;

GST_START_TEST (test_state_names)
{
  fail_unless_equals_string (
      rc_client_state_to_string (RC_CLIENT_IDLE), "idle");
  fail_unless_equals_string (
      rc_client_state_to_string (RC_CLIENT_CONNECTING), "connecting");
  fail_unless_equals_string (
      rc_client_state_to_string (RC_CLIENT_STREAMING), "streaming");
  fail_unless_equals_string (
      rc_client_state_to_string (RC_CLIENT_ENDED), "ended");
}
GST_END_TEST;

/* Failures */

GST_START_TEST (test_refused)
{
  DeadPort port;

  dead_port_init (&port, FALSE);
  fail_unless_equals_int (
      get_failure ("127.0.0.1", port.port, 0), RC_CLIENT_ERROR_CONNECT);
  fail_unless_equals_int (
      get_failure ("localhost", port.port, 0), RC_CLIENT_ERROR_CONNECT);
  dead_port_clear (&port);
}
GST_END_TEST;

GST_START_TEST (test_name_not_found)
{
  fail_unless_equals_int (
      get_failure ("camera.invalid", 50051, 0), RC_CLIENT_ERROR_NOT_FOUND);
  fail_unless_equals_int (
      get_failure ("", 50051, 0), RC_CLIENT_ERROR_NOT_FOUND);
  fail_unless_equals_int (
      get_failure ("not a host", 50051, 0), RC_CLIENT_ERROR_NOT_FOUND);
}
GST_END_TEST;

GST_START_TEST (test_resolver_timeout)
{
  use_fake_resolver ();
  fail_unless_equals_int (get_failure ("camera.test", 50051, 50 * GST_MSECOND),
      RC_CLIENT_ERROR_TIMEOUT);
  restore_resolver ();
}
GST_END_TEST;

/* ::1 refuses, 127.0.0.1 answers. */
GST_START_TEST (test_two_families)
{
  static const gchar answer[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
  Server server;

  use_fake_resolver ();
  server_init (&server, answer, strlen (answer), FALSE);
  fail_unless_equals_int (get_failure ("two-families.test", server.port, 0),
      RC_CLIENT_ERROR_NOT_A_CAMERA);
  server_clear (&server);
  restore_resolver ();
}
GST_END_TEST;

GST_START_TEST (test_unreachable)
{
  DeadPort port;

  dead_port_init (&port, TRUE);
  fail_unless_equals_int (
      get_failure ("127.0.0.1", port.port, 200 * GST_MSECOND),
      RC_CLIENT_ERROR_TIMEOUT);
  dead_port_clear (&port);
}
GST_END_TEST;

GST_START_TEST (test_silent)
{
  fail_unless_equals_int (get_failure_with (NULL, 0, FALSE, 200 * GST_MSECOND),
      RC_CLIENT_ERROR_TIMEOUT);
}
GST_END_TEST;

GST_START_TEST (test_closes_at_once)
{
  fail_unless_equals_int (
      get_failure_with (NULL, 0, TRUE, 0), RC_CLIENT_ERROR_CONNECT);
}
GST_END_TEST;

GST_START_TEST (test_http1)
{
  static const gchar answer[] =
      "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";

  fail_unless_equals_int (get_failure_with (answer, strlen (answer), FALSE, 0),
      RC_CLIENT_ERROR_NOT_A_CAMERA);
}
GST_END_TEST;

GST_START_TEST (test_garbage)
{
  gchar garbage[1024];
  guint i;

  for (i = 0; i < sizeof garbage; i++)
    garbage[i] = i * 7 + 1;
  fail_unless_equals_int (get_failure_with (garbage, sizeof garbage, FALSE, 0),
      RC_CLIENT_ERROR_NOT_A_CAMERA);
}
GST_END_TEST;

/* Endings. There is no time limit anywhere in these: a wait that cannot be
 * interrupted is for ever. */

static void
wait_for_lookup (gint n)
{
  while (g_atomic_int_get (&n_lookups) < n)
    g_main_context_iteration (NULL, TRUE);
}

static void
free_unheard (RcClient *client, Record *record)
{
  rc_client_free (client);
  fail_unless_equals_int (record->n_ended, 0);
  fail_unless_equals_int (record->n_events_failed, 0);
  fail_unless_equals_int (record->n_others, 0);
  record_clear (record);
}

GST_START_TEST (test_free_idle)
{
  Record record;
  RcClient *client;

  record_init (&record);
  client = start_client ("127.0.0.1", 1, 0, &record);
  fail_unless_equals_int (rc_client_get_state (client), RC_CLIENT_IDLE);
  free_unheard (client, &record);
}
GST_END_TEST;

GST_START_TEST (test_free_resolving)
{
  Record record;
  RcClient *client;

  use_fake_resolver ();
  record_init (&record);
  client = start_client ("camera.test", 50051, 0, &record);
  rc_client_set_request (client, &request_left);
  wait_for_lookup (1);
  fail_unless_equals_int (rc_client_get_state (client), RC_CLIENT_CONNECTING);
  free_unheard (client, &record);
  restore_resolver ();
}
GST_END_TEST;

GST_START_TEST (test_free_connecting)
{
  DeadPort port;
  Record record;
  RcClient *client;

  dead_port_init (&port, TRUE);
  record_init (&record);
  client = start_client ("127.0.0.1", port.port, 0, &record);
  rc_client_set_request (client, &request_left);
  fail_unless_equals_int (rc_client_get_state (client), RC_CLIENT_CONNECTING);
  free_unheard (client, &record);
  dead_port_clear (&port);
}
GST_END_TEST;

GST_START_TEST (test_free_silent)
{
  Server server;
  Record record;
  RcClient *client;

  server_init (&server, NULL, 0, FALSE);
  record_init (&record);
  client = start_client ("127.0.0.1", server.port, 0, &record);
  rc_client_set_request (client, &request_left);
  while (server.connections->len == 0)
    g_main_context_iteration (NULL, TRUE);
  free_unheard (client, &record);
  server_clear (&server);
}
GST_END_TEST;

GST_START_TEST (test_free_ended)
{
  DeadPort port;
  Record record;
  RcClient *client;

  dead_port_init (&port, FALSE);
  record_init (&record);
  client = start_client ("127.0.0.1", port.port, 0, &record);
  rc_client_set_request (client, &request_left);
  wait_for_end (&record);
  rc_client_cancel (client);
  fail_unless_equals_int (rc_client_get_state (client), RC_CLIENT_ENDED);
  rc_client_free (client);
  fail_unless_equals_int (record.n_ended, 1);
  record_clear (&record);
  dead_port_clear (&port);
}
GST_END_TEST;

/* No request: idle, whatever was under way; a new one: asks again. */
GST_START_TEST (test_no_request)
{
  Record record;
  RcClient *client;
  gint i;

  use_fake_resolver ();
  record_init (&record);
  client = start_client ("camera.test", 50051, 0, &record);
  for (i = 1; i <= 3; i++) {
    rc_client_set_request (client, &request_left);
    fail_unless_equals_int (rc_client_get_state (client), RC_CLIENT_CONNECTING);
    /* Each lookup asks for both families. */
    wait_for_lookup (2 * i);
    /* Another question, or the same, does not look up anew. */
    rc_client_set_request (client, &request_right);
    rc_client_set_request (client, &request_right);
    rc_client_set_request (client, NULL);
    fail_unless_equals_int (rc_client_get_state (client), RC_CLIENT_IDLE);
  }
  fail_unless_equals_int (g_atomic_int_get (&n_lookups), 6);
  free_unheard (client, &record);
  restore_resolver ();
}
GST_END_TEST;

/* After a cancel nothing is said or begun any more. */
GST_START_TEST (test_cancel)
{
  Server server;
  Record record;
  RcClient *client;

  server_init (&server, NULL, 0, FALSE);
  record_init (&record);
  client = start_client ("127.0.0.1", server.port, 0, &record);
  rc_client_set_request (client, &request_left);
  while (server.connections->len == 0)
    g_main_context_iteration (NULL, TRUE);
  rc_client_cancel (client);
  rc_client_set_request (client, NULL);
  rc_client_set_request (client, &request_right);
  fail_unless_equals_int (rc_client_get_state (client), RC_CLIENT_IDLE);
  free_unheard (client, &record);
  fail_unless_equals_int (server.connections->len, 1);
  server_clear (&server);
}
GST_END_TEST;

static Suite *
client_suite (void)
{
  Suite *s = suite_create ("client");
  TCase *pure = tcase_create ("pure");
  TCase *failures = tcase_create ("failures");
  TCase *endings = tcase_create ("endings");

  suite_add_tcase (s, pure);
  tcase_add_test (pure, test_status_classes);
  tcase_add_test (pure, test_status_names);
  tcase_add_test (pure, test_state_names);

  suite_add_tcase (s, failures);
  tcase_add_test (failures, test_refused);
  tcase_add_test (failures, test_name_not_found);
  tcase_add_test (failures, test_resolver_timeout);
  tcase_add_test (failures, test_two_families);
  tcase_add_test (failures, test_unreachable);
  tcase_add_test (failures, test_silent);
  tcase_add_test (failures, test_closes_at_once);
  tcase_add_test (failures, test_http1);
  tcase_add_test (failures, test_garbage);

  tcase_add_loop_test (failures, test_no_thread, 0, 2);

  suite_add_tcase (s, endings);
  tcase_add_test (endings, test_free_idle);
  tcase_add_test (endings, test_free_resolving);
  tcase_add_test (endings, test_free_connecting);
  tcase_add_test (endings, test_free_silent);
  tcase_add_test (endings, test_free_ended);
  tcase_add_test (endings, test_no_request);
  tcase_add_test (endings, test_cancel);
  return s;
}

GST_CHECK_MAIN (client);
