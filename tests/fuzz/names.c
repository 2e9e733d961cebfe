/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The reader of the tracks' names in a file's head: what it tells is in the
 * bytes, and no byte behind them is read. */

#include <string.h>

#include "fuzzinput.h"
#include "recording/rctracknames.h"

static gboolean
has (const uint8_t *data, size_t size, const void *part, size_t length)
{
  for (size_t i = 0; i + length <= size; i++) {
    if (memcmp (data + i, part, length) == 0)
      return TRUE;
  }
  return FALSE;
}

/* A UID may have leading zeros, and none of its bytes is left out. */
static void
check_uid (const uint8_t *data, size_t size, guint64 uid)
{
  guint8 bytes[sizeof uid];
  size_t length = 0;

  for (; uid != 0; uid >>= 8)
    bytes[sizeof uid - ++length] = uid & 0xff;
  g_assert_true (has (data, size, bytes + sizeof uid - length, length));
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  guint64 uids[RC_N_STREAMS];

  rc_track_names_read (data, size, uids);
  for (guint i = 0; i < RC_N_STREAMS; i++) {
    const gchar *name = rc_stream_to_string (i);

    if (uids[i] == 0)
      continue;
    check_uid (data, size, uids[i]);
    g_assert_true (has (data, size, name, strlen (name)));
  }
  return 0;
}
