/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Damage to a serialized message, whatever it says. Pure. */

#pragma once

#include <glib.h>

/* All pieces (element-type GBytes) in one. */
GBytes *sim_mangle_join (const GPtrArray *pieces);

/* Each bit of it is flipped with the probability @rate. */
GBytes *sim_mangle_flip_bits (GBytes *message, gdouble rate, GRand *rand);

/* Adds an unknown field of zeros to a message in pieces, so that it has @size
 * bytes or a few more. The zeros take no memory. */
void sim_mangle_inflate (GPtrArray *pieces, guint64 size);
