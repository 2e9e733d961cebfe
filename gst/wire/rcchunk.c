/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "wire/rcchunk.h"

#include <string.h>

guint64
rc_chunks_get_size (const RcChunk *chunks, guint n_chunks)
{
  guint64 size = 0;

  for (guint i = 0; i < n_chunks; i++)
    size += chunks[i].size;
  return size;
}

void
rc_chunk_cursor_init (
    RcChunkCursor *cursor, const RcChunk *chunks, guint n_chunks)
{
  *cursor = (RcChunkCursor){.chunk = chunks, .n_left = n_chunks};
}

/* Bytes from the cursor to the end of its chunk, after leaving chunks that are
 * used up; 0 only at the end of the message. */
static gsize
available (RcChunkCursor *cursor)
{
  while (cursor->n_left > 0 && cursor->at == cursor->chunk->size) {
    cursor->chunk++;
    cursor->n_left--;
    cursor->at = 0;
  }
  return cursor->n_left > 0 ? cursor->chunk->size - cursor->at : 0;
}

static void
advance (RcChunkCursor *cursor, gsize size)
{
  cursor->at += size;
  cursor->offset += size;
}

guint8
rc_chunk_cursor_read_byte (RcChunkCursor *cursor)
{
  guint8 byte;

  g_return_val_if_fail (available (cursor) > 0, 0);

  byte = cursor->chunk->data[cursor->at];
  advance (cursor, 1);
  return byte;
}

void
rc_chunk_cursor_copy (RcChunkCursor *cursor, guint8 *dest, gsize size)
{
  while (size > 0) {
    gsize run = MIN (size, available (cursor));

    g_return_if_fail (run > 0);
    memcpy (dest, cursor->chunk->data + cursor->at, run);
    advance (cursor, run);
    dest += run;
    size -= run;
  }
}

void
rc_chunk_cursor_skip (RcChunkCursor *cursor, guint64 size)
{
  while (size > 0) {
    gsize run = MIN (size, available (cursor));

    g_return_if_fail (run > 0);
    advance (cursor, run);
    size -= run;
  }
}
