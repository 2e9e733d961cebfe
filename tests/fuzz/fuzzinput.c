/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fuzzinput.h"

#include "wirefixture.h"

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  /* The wire walk's last guards against reading too far. */
  g_log_set_always_fatal (G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING);
  return 0;
}

void
fuzz_message_init (FuzzMessage *message, const guint8 *input, gsize input_size)
{
  gsize n_sizes = input_size > 0 ? MIN (input[0], input_size - 1) : 0;
  gsize head = input_size > 0 ? 1 + n_sizes : 0;

  message->data = input + head;
  message->size = input_size - head;
  message->chunks =
      fixture_cut_at (message->data, message->size, input + 1, n_sizes);
}

void
fuzz_message_clear (FuzzMessage *message)
{
  g_array_unref (message->chunks);
}
