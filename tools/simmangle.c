/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "simmangle.h"

#include "simwire.h"

#include <math.h>

/* A field that ImageSet does not have. */
#define UNKNOWN_FIELD 1000

static const guint8 zeros[1024 * 1024];

static guint64
get_size (const GPtrArray *pieces)
{
  guint64 size = 0;

  for (guint i = 0; i < pieces->len; i++)
    size += g_bytes_get_size (pieces->pdata[i]);
  return size;
}

GBytes *
sim_mangle_join (const GPtrArray *pieces)
{
  GByteArray *all = g_byte_array_sized_new (get_size (pieces));

  for (guint i = 0; i < pieces->len; i++) {
    gsize size;
    const guint8 *data = g_bytes_get_data (pieces->pdata[i], &size);

    if (size > 0)
      g_byte_array_append (all, data, size);
  }
  return g_byte_array_free_to_bytes (all);
}

GBytes *
sim_mangle_flip_bits (GBytes *message, gdouble rate, GRand *rand)
{
  gsize size = g_bytes_get_size (message);
  guint8 *data = g_memdup2 (g_bytes_get_data (message, NULL), size);
  gdouble n_bits = 8.0 * size;
  gdouble log_kept = log1p (-rate);

  /* From one flipped bit to the next, instead of a die for each. */
  for (gdouble bit = -1;;) {
    gdouble chance = 1.0 - g_rand_double (rand);

    bit += rate < 1 ? 1 + floor (log (chance) / log_kept) : 1;
    if (!(bit < n_bits))
      break;
    guint64 at = bit;
    data[at / 8] ^= 1 << at % 8;
  }
  return g_bytes_new_take (data, size);
}

void
sim_mangle_inflate (GPtrArray *pieces, guint64 size)
{
  guint64 present = get_size (pieces);
  guint64 missing = size > present ? size - present : 0;
  GByteArray *head = g_byte_array_new ();

  sim_wire_append_tag (head, UNKNOWN_FIELD, SIM_WIRE_BYTES);
  sim_wire_append_varint (head, missing);
  g_ptr_array_add (pieces, g_byte_array_free_to_bytes (head));
  while (missing > 0) {
    gsize n = MIN (missing, sizeof zeros);

    g_ptr_array_add (pieces, g_bytes_new_static (zeros, n));
    missing -= n;
  }
}
