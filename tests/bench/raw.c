/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Consumer: plain TCP, what no client can be faster than. --mode=recv takes
 * each set into one piece of memory; --mode=copy copies it once more when it is
 * complete, which is what a consumer with buffers of its own does at least;
 * --mode=pieces receives a little and copies that while it is in the cache. */

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

#define PIECE_SIZE (64 * 1024)

typedef enum {
  MODE_RECV,
  MODE_COPY,
  MODE_PIECES,
} Mode;

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
receive_pieces (int fd, Memory *memory, size_t size)
{
  size_t done = 0;

  while (done < size) {
    size_t left = size - done;
    size_t piece = left < PIECE_SIZE ? left : PIECE_SIZE;

    if (!receive (fd, memory->received, piece))
      return false;
    memcpy (memory->copied + done, memory->received, piece);
    done += piece;
  }
  return true;
}

static bool
receive_set (int fd, Memory *memory, Mode mode, uint64_t *size)
{
  uint64_t length;

  if (!receive (fd, &length, sizeof length))
    return false;
  *size = le64toh (length);
  make_room (memory, *size);
  if (mode == MODE_PIECES ? !receive_pieces (fd, memory, *size)
                          : !receive (fd, memory->received, *size))
    return false;
  if (mode == MODE_COPY)
    memcpy (memory->copied, memory->received, *size);
  bench_touch (mode == MODE_RECV ? memory->received : memory->copied, *size);
  return true;
}

static Mode
parse_mode (const char *text)
{
  if (strcmp (text, "pieces") == 0)
    return MODE_PIECES;
  return strcmp (text, "copy") == 0 ? MODE_COPY : MODE_RECV;
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
  while (receive_set (fd, &memory, parse_mode (options.mode), &size)
         && meter_add_set (meter, size, 0))
    ;
  meter_print (meter);
  close (fd);
  free (memory.received);
  free (memory.copied);
  meter_free (meter);
  return 0;
}
