/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Threads: one for each direction, so that neither waits for the other. Each
 * ends when its source does, its destination fails, or by the cancellable. gRPC
 * hears of the stream's end from the one that reads it alone: what that hears is
 * why. Where the stream cannot be written to any more it has ended for the
 * reader, too. Lock: `lock`, a leaf, for `error`. */

#include "client/rcbridge.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

/* Of TLS records of at most 16 KiB. */
#define BUFFER_SIZE (64 * 1024)

struct _RcBridge {
  /* constant */
  GIOStream *stream;
  GSocket *socket;
  GSocketConnection *local;
  GCancellable *cancellable;
  GThread *from_stream;
  GThread *to_stream;

  gint anything_came; /* atomic */

  GMutex lock;
  GError *error;
};

static void
keep_error (RcBridge *self, GError *error)
{
  g_mutex_lock (&self->lock);
  if (!self->error && !g_cancellable_is_cancelled (self->cancellable))
    self->error = g_error_copy (error);
  g_mutex_unlock (&self->lock);
}

static void
carry (
    RcBridge *self, GInputStream *in, GOutputStream *out, gboolean from_stream)
{
  g_autofree guint8 *buffer = g_malloc (BUFFER_SIZE);
  gssize size;

  do {
    g_autoptr (GError) error = NULL;

    size = g_input_stream_read (
        in, buffer, BUFFER_SIZE, self->cancellable, &error);
    if (size > 0 && from_stream)
      g_atomic_int_set (&self->anything_came, TRUE);
    if (size > 0
        && !g_output_stream_write_all (
            out, buffer, size, NULL, self->cancellable, NULL))
      size = -1;
    /* What the stream says when it is written to tells less. */
    if (error && from_stream)
      keep_error (self, error);
  } while (size > 0);
}

static gpointer
carry_from_stream (gpointer user_data)
{
  RcBridge *self = user_data;

  carry (self, g_io_stream_get_input_stream (self->stream),
      g_io_stream_get_output_stream (G_IO_STREAM (self->local)), TRUE);
  /* This is the bridge's end of the socket, gRPC has the other. In both
   * directions: what gRPC reads ends, what it writes fails, and the thread that
   * reads here ends. */
  g_socket_shutdown (self->socket, TRUE, TRUE, NULL);
  return NULL;
}

static gpointer
carry_to_stream (gpointer user_data)
{
  RcBridge *self = user_data;

  carry (self, g_io_stream_get_input_stream (G_IO_STREAM (self->local)),
      g_io_stream_get_output_stream (self->stream), FALSE);
  return NULL;
}

static gboolean
make_socket_pair (RcBridge *self, int *fd, GError **error)
{
  int pair[2];

  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
    g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno),
        "no pair of sockets: %s", g_strerror (errno));
    return FALSE;
  }
  self->socket = g_socket_new_from_fd (pair[0], error);
  if (!self->socket) {
    close (pair[0]);
    close (pair[1]);
    return FALSE;
  }
  self->local = g_socket_connection_factory_create_connection (self->socket);
  *fd = pair[1];
  return TRUE;
}

RcBridge *
rc_bridge_new (GIOStream *stream, int *fd, GError **error)
{
  RcBridge *self = g_new0 (RcBridge, 1);

  g_mutex_init (&self->lock);
  self->stream = g_object_ref (stream);
  self->cancellable = g_cancellable_new ();
  if (!make_socket_pair (self, fd, error)) {
    rc_bridge_free (self);
    return NULL;
  }
  self->from_stream =
      g_thread_try_new ("rcgrpc-tls-in", carry_from_stream, self, error);
  if (self->from_stream)
    self->to_stream =
        g_thread_try_new ("rcgrpc-tls-out", carry_to_stream, self, error);
  if (!self->to_stream) {
    close (*fd);
    rc_bridge_free (self);
    return NULL;
  }
  return self;
}

void
rc_bridge_free (RcBridge *self)
{
  g_cancellable_cancel (self->cancellable);
  g_clear_pointer (&self->from_stream, g_thread_join);
  g_clear_pointer (&self->to_stream, g_thread_join);
  g_clear_object (&self->local);
  g_clear_object (&self->socket);
  g_clear_object (&self->stream);
  g_clear_object (&self->cancellable);
  g_clear_error (&self->error);
  g_mutex_clear (&self->lock);
  g_free (self);
}

GError *
rc_bridge_get_error (RcBridge *self)
{
  GError *error;

  g_mutex_lock (&self->lock);
  error = self->error ? g_error_copy (self->error) : NULL;
  g_mutex_unlock (&self->lock);
  return error;
}

gboolean
rc_bridge_anything_came (RcBridge *self)
{
  return g_atomic_int_get (&self->anything_came);
}
