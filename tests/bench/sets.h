/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The sets that the bench camera sends: pixels that are made once, and fields
 * that are made for each set. */

#pragma once

#include "wire/rcrequest.h"

typedef struct {
  guint width;
  guint height;
} BenchSize;

typedef struct _BenchSets BenchSets;

/* @size: of left and right; @depth_size: of the others. */
BenchSets *bench_sets_new (BenchSize size, BenchSize depth_size);
void bench_sets_free (BenchSets *sets);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BenchSets, bench_sets_free)

/* A serialized ImageSet in pieces (element-type GBytes), stamped with the
 * present time. Any thread. */
GPtrArray *bench_sets_make (BenchSets *sets, const RcRequest *request);
