/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Threads: one, which lives as long as the process. */

#include "rawsender.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_PIECES 32

typedef struct {
  int listener;
  BenchSets *sets;
  RcRequest request;
} Sender;

/* Returns how many pieces are left, the first of them maybe a part. */
static guint
skip_sent (struct iovec **pieces, guint n_pieces, gsize sent)
{
  while (n_pieces > 0 && sent >= (*pieces)->iov_len) {
    sent -= (*pieces)->iov_len;
    (*pieces)++;
    n_pieces--;
  }
  if (n_pieces > 0) {
    (*pieces)->iov_base = (guint8 *)(*pieces)->iov_base + sent;
    (*pieces)->iov_len -= sent;
  }
  return n_pieces;
}

static gboolean
send_pieces (int fd, struct iovec *pieces, guint n_pieces)
{
  while (n_pieces > 0) {
    struct msghdr message = {.msg_iov = pieces, .msg_iovlen = n_pieces};
    gssize sent = sendmsg (fd, &message, MSG_NOSIGNAL);

    if (sent < 0)
      return FALSE;
    n_pieces = skip_sent (&pieces, n_pieces, sent);
  }
  return TRUE;
}

static gboolean
send_set (const Sender *sender, int fd)
{
  g_autoptr (GPtrArray) set = bench_sets_make (sender->sets, &sender->request);
  struct iovec pieces[MAX_PIECES];
  guint64 size = 0, length;

  g_assert (set->len < MAX_PIECES);
  for (guint i = 0; i < set->len; i++) {
    gsize piece_size;

    pieces[i + 1].iov_base =
        (gpointer)g_bytes_get_data (set->pdata[i], &piece_size);
    pieces[i + 1].iov_len = piece_size;
    size += piece_size;
  }
  length = GUINT64_TO_LE (size);
  pieces[0].iov_base = &length;
  pieces[0].iov_len = sizeof length;
  return send_pieces (fd, pieces, set->len + 1);
}

static gpointer
run (gpointer data)
{
  Sender *sender = data;

  for (;;) {
    int fd = accept (sender->listener, NULL, NULL);
    int no_delay = 1;

    if (fd < 0)
      return NULL;
    setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &no_delay, sizeof no_delay);
    while (send_set (sender, fd))
      ;
    close (fd);
  }
}

guint16
bench_raw_sender_start (BenchSets *sets, const RcRequest *request)
{
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  Sender *sender = g_new (Sender, 1);

  *sender = (Sender){socket (AF_INET, SOCK_STREAM, 0), sets, *request};
  if (sender->listener < 0
      || bind (sender->listener, (struct sockaddr *)&address, length) < 0
      || listen (sender->listener, 1) < 0
      || getsockname (sender->listener, (struct sockaddr *)&address, &length)
             < 0) {
    g_free (sender);
    return 0;
  }
  g_thread_unref (g_thread_new ("raw sender", run, sender));
  return ntohs (address.sin_port);
}
