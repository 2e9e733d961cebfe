/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Consumer: plain TCP, what no client can be faster than. --mode=recv takes
 * each set into one piece of memory, --mode=copy copies it once more, which is
 * what a consumer with buffers of its own does at least. */

#include <arpa/inet.h>
#include <endian.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "meter.h"
#include "touch.h"

typedef struct {
  uint8_t *received;
  uint8_t *copied;
  size_t room;
} Memory;

static int
open_connection (uint16_t port)
{
  struct sockaddr_in address = {
      .sin_family = AF_INET,
      .sin_port = htons (port),
      .sin_addr.s_addr = htonl (INADDR_LOOPBACK),
  };
  int fd = socket (AF_INET, SOCK_STREAM, 0);

  if (fd < 0 || connect (fd, (struct sockaddr *)&address, sizeof address) < 0) {
    perror ("connect");
    exit (1);
  }
  return fd;
}

static bool
receive (int fd, void *to, size_t size)
{
  uint8_t *place = to;

  while (size > 0) {
    ssize_t got = recv (fd, place, size, 0);

    if (got <= 0)
      return false;
    place += got;
    size -= got;
  }
  return true;
}

static void
make_room (Memory *memory, size_t size)
{
  if (size <= memory->room)
    return;
  memory->room = size;
  memory->received = realloc (memory->received, size);
  memory->copied = realloc (memory->copied, size);
}

static bool
receive_set (int fd, Memory *memory, bool copy, uint64_t *size)
{
  uint64_t length;

  if (!receive (fd, &length, sizeof length))
    return false;
  *size = le64toh (length);
  make_room (memory, *size);
  if (!receive (fd, memory->received, *size))
    return false;
  if (copy)
    memcpy (memory->copied, memory->received, *size);
  bench_touch (copy ? memory->copied : memory->received, *size);
  return true;
}

int
main (int argc, char **argv)
{
  BenchOptions options;
  Memory memory = {NULL, NULL, 0};
  uint64_t size = 0;
  Meter *meter;
  int fd;

  bench_options_parse (&options, argc, argv);
  meter = meter_new (&options);
  meter_begin (meter);
  fd = open_connection (options.ports[0]);
  while (receive_set (fd, &memory, strcmp (options.mode, "copy") == 0, &size)
         && meter_add_set (meter, size, 0))
    ;
  meter_print (meter);
  close (fd);
  free (memory.received);
  free (memory.copied);
  meter_free (meter);
  return 0;
}
