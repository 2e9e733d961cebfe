/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Messages for the tests of gst/wire: random sets, and bytes cut into chunks
 * that a sanitizer can guard one by one. */

#pragma once

#include "wire/rcimagesetbuilder.h"

G_BEGIN_DECLS

/* All pieces in one. */
GBytes *fixture_flatten (GPtrArray *pieces);

/* The bytes in chunks of 1 to @max_chunk bytes, each in memory of its own, some
 * of them empty. */
GArray *fixture_cut (GBytes *bytes, gsize max_chunk, GRand *rand);

/* The same with chunks of the @n_sizes sizes, as far as the bytes go, and one
 * of the rest, which may be empty. */
GArray *fixture_cut_at (
    const guint8 *data, gsize size, const guint8 *sizes, guint n_sizes);

/* Decodes @bytes cut as above; the set owns the chunks. */
RcImageSet *fixture_decode (
    GBytes *bytes, gsize max_chunk, GRand *rand, GError **error);

/* An image with every field different from 0, step × height random bytes
 * without meaning for its encoding. */
RcImage fixture_random_image (
    GRand *rand, guint width, guint height, guint padding, RcEncoding encoding);
GBytes *fixture_random_bytes (GRand *rand, gsize size);

G_END_DECLS
