/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "simrelaylink.h"

#include "simhttp2.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define BUFFER_SIZE (64 * 1024)
/* Buffers moved before others get their turn. */
#define MAX_ROUNDS 16
/* Between looks at whether the client has acknowledged everything, ms: there
 * is no event for it. */
#define DRAIN_INTERVAL 2
/* A slow connection gets what it may have in so many portions a second. */
#define PORTIONS 50

/* One direction. */
typedef struct {
  SimRelayLink *link;
  GSocket *from;
  GSocket *to; /* NULL: what comes is thrown away */
  GSource *source;
  gsize start; /* of what has to be sent */
  gsize pass;  /* end of what may be sent */
  gsize end;   /* of what was received */
  guint8 buffer[BUFFER_SIZE];
} Pipe;

/* An HTTP/2 stream: a call. */
typedef struct {
  guint64 call;   /* 0: not known yet */
  GArray *orders; /* of the message at hand, those left; may be NULL */
  guint n_next;   /* the first ones, for the next stop */
} Stream;

struct _SimRelayLink {
  SimRelay *relay;
  GMainContext *context;
  GSocket *client;
  GSocket *server;
  guint16 port; /* our end's of the connection to the server */
  Pipe up;
  Pipe down;
  SimHttp2 *http2;
  GHashTable *streams; /* of Stream, by number */
  GArray *due;         /* of SimRelayOrder: at the byte that was passed last */

  gboolean stalled;
  GSource *timer;           /* for the end of that, or for the client */
  SimRelayOrder last_order; /* RESET or RESTART, when the client has it all */
  gdouble speed;            /* bytes a second; 0: any */
  gint64 slow_until;
  gint64 next_portion;
  gboolean over;
};

/* What a message is looked up for. */
typedef struct {
  SimRelayLink *link;
  const Stream *stream;
} StreamKey;

static void pump (Pipe *pipe);

/* --- whose message it is --- */

static gboolean
is_known (const SimRelayLink *link, guint64 call)
{
  GHashTableIter iter;
  gpointer stream;

  g_hash_table_iter_init (&iter, link->streams);
  while (g_hash_table_iter_next (&iter, NULL, &stream))
    if (((Stream *)stream)->call == call)
      return TRUE;
  return FALSE;
}

/* Nothing on the wire names the call, short of the headers' compression: its
 * first message tells, by its size. */
static gboolean
is_of_stream (const SimRelayMessage *message, gconstpointer data, guint64 size)
{
  const StreamKey *key = data;

  if (message->port != key->link->port)
    return FALSE;
  if (key->stream->call != 0)
    return message->call == key->stream->call;
  return message->size == size && !is_known (key->link, message->call);
}

static gboolean
is_of_link (const SimRelayMessage *message, gconstpointer link, guint64 size)
{
  return message->port == ((const SimRelayLink *)link)->port;
}

static Stream *
get_stream (SimRelayLink *link, guint32 number)
{
  Stream *stream =
      g_hash_table_lookup (link->streams, GUINT_TO_POINTER (number));

  if (!stream) {
    stream = g_new0 (Stream, 1);
    g_hash_table_insert (link->streams, GUINT_TO_POINTER (number), stream);
  }
  return stream;
}

static void
free_stream (gpointer data)
{
  Stream *stream = data;

  if (stream->orders)
    g_array_unref (stream->orders);
  g_free (stream);
}

static void
start_message (SimRelayLink *link, Stream *stream, guint64 size)
{
  StreamKey key = {link, stream};
  SimRelayMessage *message =
      sim_relay_take_message (link->relay, is_of_stream, &key, size);

  g_clear_pointer (&stream->orders, g_array_unref);
  stream->n_next = 0;
  if (!message)
    return;
  stream->call = message->call;
  stream->orders = g_array_ref (message->orders);
  sim_relay_message_free (message);
}

static gboolean
find_stop (guint32 number, guint64 size, gboolean begins, guint64 *stop,
    gpointer user_data)
{
  SimRelayLink *link = user_data;
  Stream *stream = get_stream (link, number);

  if (begins)
    start_message (link, stream, size);
  if (!stream->orders)
    return FALSE;
  const SimRelayOrder *orders = (const SimRelayOrder *)stream->orders->data;

  if (!begins) {
    g_array_append_vals (link->due, orders, stream->n_next);
    g_array_remove_range (stream->orders, 0, stream->n_next);
  }
  stream->n_next = 0;
  if (stream->orders->len == 0)
    return FALSE;
  *stop = MIN (orders[0].after, size);
  while (stream->n_next < stream->orders->len
         && MIN (orders[stream->n_next].after, size) <= *stop)
    stream->n_next++;
  return TRUE;
}

/* --- ends --- */

static void
clear_source (GSource **source)
{
  if (*source) {
    g_source_destroy (*source);
    g_source_unref (*source);
    *source = NULL;
  }
}

void
sim_relay_link_end (SimRelayLink *link)
{
  SimRelayMessage *message;

  if (link->over)
    return;
  link->over = TRUE;
  clear_source (&link->up.source);
  clear_source (&link->down.source);
  clear_source (&link->timer);
  g_socket_close (link->client, NULL);
  g_socket_close (link->server, NULL);
  while ((message = sim_relay_take_message (link->relay, is_of_link, link, 0)))
    sim_relay_message_free (message);
}

/* The client is told that nothing more comes, and may take its time to go. */
static void
end_gracefully (SimRelayLink *link)
{
  clear_source (&link->down.source);
  clear_source (&link->up.source);
  link->down.start = link->down.pass = link->down.end = 0;
  link->stalled = TRUE;
  g_socket_shutdown (link->client, FALSE, TRUE, NULL);
  g_socket_close (link->server, NULL);
  link->up.to = NULL;
  pump (&link->up);
}

static void
reset (SimRelayLink *link)
{
  const struct linger at_once = {.l_onoff = 1, .l_linger = 0};

  setsockopt (g_socket_get_fd (link->client), SOL_SOCKET, SO_LINGER, &at_once,
      sizeof at_once);
  sim_relay_link_end (link);
}

/* --- orders --- */

static void
set_timer (SimRelayLink *link, guint milliseconds, GSourceFunc callback)
{
  clear_source (&link->timer);
  link->timer = g_timeout_source_new (milliseconds);
  g_source_set_callback (link->timer, callback, link, NULL);
  g_source_attach (link->timer, link->context);
}

static gboolean
on_stall_over (gpointer user_data)
{
  SimRelayLink *link = user_data;
  SimRelay *relay = link->relay;

  link->stalled = FALSE;
  clear_source (&link->timer);
  pump (&link->down);
  sim_relay_reap (relay);
  return G_SOURCE_REMOVE;
}

/* A reset takes what is still on its way with it. */
static gboolean
on_drain (gpointer user_data)
{
  SimRelayLink *link = user_data;
  SimRelay *relay = link->relay;
  int unacknowledged = 0;

  if (ioctl (g_socket_get_fd (link->client), SIOCOUTQ, &unacknowledged) == 0
      && unacknowledged > 0)
    return G_SOURCE_CONTINUE;
  if (link->last_order.act == SIM_RELAY_RESTART)
    sim_relay_restart (relay, link->last_order.seconds);
  else
    reset (link);
  sim_relay_reap (relay);
  return G_SOURCE_REMOVE;
}

static void
carry_out (SimRelayLink *link, const SimRelayOrder *order)
{
  switch (order->act) {
  case SIM_RELAY_CLOSE:
    end_gracefully (link);
    break;
  case SIM_RELAY_RESET:
  case SIM_RELAY_RESTART:
    link->stalled = TRUE;
    link->last_order = *order;
    set_timer (link, DRAIN_INTERVAL, on_drain);
    break;
  case SIM_RELAY_STALL:
    link->stalled = TRUE;
    if (order->seconds >= 0)
      set_timer (link, order->seconds * 1000, on_stall_over);
    break;
  case SIM_RELAY_SLOW:
    link->speed = order->speed;
    link->slow_until =
        order->seconds < 0
            ? G_MAXINT64
            : g_get_monotonic_time () + order->seconds * G_USEC_PER_SEC;
    break;
  }
}

/* --- moving bytes --- */

static gboolean
on_ready (GSocket *socket, GIOCondition condition, gpointer user_data)
{
  Pipe *pipe = user_data;
  SimRelay *relay = pipe->link->relay;

  pump (pipe);
  sim_relay_reap (relay);
  return G_SOURCE_REMOVE;
}

static gboolean
on_portion (gpointer pipe)
{
  return on_ready (NULL, 0, pipe);
}

static void
wait_with (Pipe *pipe, GSource *source, GSourceFunc callback)
{
  clear_source (&pipe->source);
  pipe->source = source;
  g_source_set_callback (source, callback, pipe, NULL);
  g_source_attach (source, pipe->link->context);
}

static void
wait_for (Pipe *pipe, GSocket *socket, GIOCondition condition)
{
  wait_with (pipe, g_socket_create_source (socket, condition, NULL),
      G_SOURCE_FUNC (on_ready));
}

static gboolean
is_down (const Pipe *pipe)
{
  return pipe == &pipe->link->down;
}

/* FALSE if there is nothing to go on with now. */
static gboolean
receive (Pipe *pipe)
{
  g_autoptr (GError) error = NULL;
  gssize n = g_socket_receive (
      pipe->from, (gchar *)pipe->buffer, BUFFER_SIZE, NULL, &error);

  if (n > 0) {
    pipe->start = 0;
    pipe->end = n;
    pipe->pass = is_down (pipe) ? 0 : n;
    return TRUE;
  }
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    wait_for (pipe, pipe->from, G_IO_IN);
  else if (is_down (pipe))
    end_gracefully (pipe->link);
  else
    sim_relay_link_end (pipe->link);
  return FALSE;
}

/* How much may be sent now; 0: wait. */
static gsize
get_portion (Pipe *pipe)
{
  SimRelayLink *link = pipe->link;
  gsize size = pipe->pass - pipe->start;
  gint64 now = g_get_monotonic_time ();

  if (!is_down (pipe) || link->speed == 0 || now >= link->slow_until)
    return size;
  if (now < link->next_portion) {
    wait_with (pipe,
        g_timeout_source_new ((link->next_portion - now + 999) / 1000),
        on_portion);
    return 0;
  }
  size = MIN (size, MAX (1, link->speed / PORTIONS));
  link->next_portion = now + size * G_USEC_PER_SEC / link->speed;
  return size;
}

static gboolean
send_some (Pipe *pipe)
{
  g_autoptr (GError) error = NULL;

  if (!pipe->to) {
    pipe->start = pipe->pass;
    return TRUE;
  }
  gsize size = get_portion (pipe);
  if (size == 0)
    return FALSE;
  gssize n = g_socket_send (
      pipe->to, (gchar *)pipe->buffer + pipe->start, size, NULL, &error);
  if (n >= 0) {
    pipe->start += n;
    return TRUE;
  }
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)) {
    wait_for (pipe, pipe->to, G_IO_OUT);
    return FALSE;
  }
  if (is_down (pipe)) {
    sim_relay_link_end (pipe->link);
    return FALSE;
  }
  /* The server's last words are still to be read. */
  pipe->to = NULL;
  return TRUE;
}

/* At a stop: `pass` was reached. */
static void
carry_out_due (SimRelayLink *link)
{
  g_autoptr (GArray) due = g_steal_pointer (&link->due);

  link->due = g_array_new (FALSE, FALSE, sizeof (SimRelayOrder));
  for (guint i = 0; i < due->len && !link->over; i++)
    carry_out (link, &g_array_index (due, SimRelayOrder, i));
}

/* Moves what can be moved, and sees to it that it is called again. */
static void
pump (Pipe *pipe)
{
  SimRelayLink *link = pipe->link;

  clear_source (&pipe->source);
  for (guint round = 0; round < MAX_ROUNDS;) {
    if (link->over || (is_down (pipe) && link->stalled))
      return;
    if (pipe->start < pipe->pass) {
      if (!send_some (pipe))
        return;
    } else if (is_down (pipe) && link->due->len > 0) {
      carry_out_due (link);
    } else if (pipe->pass < pipe->end) {
      gboolean stopped;

      pipe->pass += sim_http2_scan (link->http2, pipe->buffer + pipe->pass,
          pipe->end - pipe->pass, &stopped);
    } else {
      if (!receive (pipe))
        return;
      round++;
    }
  }
  wait_with (pipe, g_idle_source_new (), on_portion);
}

/* --- beginning --- */

static GSocket *
connect_to (GSocketAddress *server, guint16 *port)
{
  g_autoptr (GSocket) socket = g_socket_new (
      G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);

  /* On this machine: it is there at once, or never. */
  if (!socket || !g_socket_connect (socket, server, NULL, NULL))
    return NULL;
  g_autoptr (GSocketAddress) local = g_socket_get_local_address (socket, NULL);
  if (!local)
    return NULL;
  *port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (local));
  return g_steal_pointer (&socket);
}

static void
prepare_socket (GSocket *socket)
{
  g_socket_set_blocking (socket, FALSE);
  /* A relay that gathers would change what it is asked to pass on. */
  g_socket_set_option (socket, IPPROTO_TCP, TCP_NODELAY, 1, NULL);
}

SimRelayLink *
sim_relay_link_new (SimRelay *relay, GSocket *client, GSocketAddress *address,
    GMainContext *context)
{
  guint16 port;
  g_autoptr (GSocket) server = connect_to (address, &port);

  if (!server)
    return NULL;
  prepare_socket (client);
  prepare_socket (server);

  SimRelayLink *link = g_new0 (SimRelayLink, 1);
  link->relay = relay;
  link->context = context;
  link->client = g_object_ref (client);
  link->server = g_steal_pointer (&server);
  link->port = port;
  link->http2 = sim_http2_new (find_stop, link);
  link->streams = g_hash_table_new_full (NULL, NULL, NULL, free_stream);
  link->due = g_array_new (FALSE, FALSE, sizeof (SimRelayOrder));
  link->up.link = link->down.link = link;
  link->up.from = link->down.to = link->client;
  link->up.to = link->down.from = link->server;
  wait_for (&link->up, link->client, G_IO_IN);
  wait_for (&link->down, link->server, G_IO_IN);
  return link;
}

gboolean
sim_relay_link_is_over (const SimRelayLink *link)
{
  return link->over;
}

void
sim_relay_link_free (SimRelayLink *link)
{
  g_array_unref (link->due);
  g_hash_table_unref (link->streams);
  sim_http2_free (link->http2);
  g_object_unref (link->client);
  g_object_unref (link->server);
  g_free (link);
}
