/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the fuzz targets share. Each target is one file with
 * LLVMFuzzerTestOneInput(), which aborts at what must not be; libFuzzer calls
 * it with inputs of its own, replay.c with those of the corpus. */

#pragma once

#include <stddef.h>
#include <stdint.h>

#include "wire/rcchunk.h"

G_BEGIN_DECLS

int LLVMFuzzerInitialize (int *argc, char ***argv);
int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

/* An input for a target that takes messages: a byte N, N sizes of chunks, a
 * byte each, and the message, whose rest is the last chunk. Each chunk lies in
 * memory of its own, so that AddressSanitizer guards both of its ends. */
typedef struct {
  const guint8 *data; /* the message in one piece */
  gsize size;
  GArray *chunks; /* the same, cut; (element-type RcChunk) */
} FuzzMessage;

void fuzz_message_init (
    FuzzMessage *message, const guint8 *input, gsize input_size);
void fuzz_message_clear (FuzzMessage *message);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (FuzzMessage, fuzz_message_clear)

G_END_DECLS
