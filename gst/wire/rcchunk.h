/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <glib.h>

/* A run of bytes inside a message that lies in several pieces in memory. Does
 * not own them: whoever hands chunks on says who does. */
typedef struct {
  const guint8 *data;
  gsize size;
} RcChunk;
