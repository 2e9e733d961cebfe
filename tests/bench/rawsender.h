/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The bench camera without gRPC: the same sets over plain TCP, each behind its
 * length (64 bits, little endian), to one client after the other, as fast as it
 * takes them. */

#pragma once

#include "sets.h"

/* Listens on a free port of 127.0.0.1 and serves until the process ends; 0 if
 * that cannot be. */
guint16 bench_raw_sender_start (BenchSets *sets, const RcRequest *request);
