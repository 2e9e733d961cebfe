/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A message that lies in several pieces in memory, and a place in it. */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A run of bytes inside a message that lies in several pieces in memory. Does
 * not own them: whoever hands chunks on says who does. */
typedef struct {
  const guint8 *data;
  gsize size;
} RcChunk;

/* A place in a message. Moving costs a step for each chunk passed, however
 * many bytes it holds. Chunks of no bytes are allowed. */
typedef struct {
  const RcChunk *chunk; /* the chunk at hand, valid while n_left > 0 */
  guint n_left;         /* chunks from it to the last */
  gsize at;             /* in the chunk at hand */
  guint64 offset;       /* in the message */
} RcChunkCursor;

/* Bytes in all chunks together. */
guint64 rc_chunks_get_size (const RcChunk *chunks, guint n_chunks);

/* Puts @cursor on the first byte. Chunks and bytes must outlive it. */
void rc_chunk_cursor_init (
    RcChunkCursor *cursor, const RcChunk *chunks, guint n_chunks);

/* These move past what they take. The caller knows that the message has it:
 * beyond the end is a programming error. */
guint8 rc_chunk_cursor_read_byte (RcChunkCursor *cursor);
void rc_chunk_cursor_copy (RcChunkCursor *cursor, guint8 *dest, gsize size);
void rc_chunk_cursor_skip (RcChunkCursor *cursor, guint64 size);

G_END_DECLS
