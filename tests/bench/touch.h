/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What every consumer does with the images that it gets: read a byte of each
 * cache line, so that none gets away with data that never came near a core. */

#pragma once

#include <stddef.h>
#include <stdint.h>

#define BENCH_CACHE_LINE 64

/* Not inline, so that profiles tell it from its caller. */
__attribute__ ((noinline, unused)) static void
bench_touch (const void *data, size_t size)
{
  const uint8_t *bytes = (const uint8_t *)data;
  unsigned sum = 0;

  for (size_t i = 0; i < size; i += BENCH_CACHE_LINE)
    sum += bytes[i];
  /* The sum is used, as far as the compiler can tell. */
  __asm__ volatile("" : : "r"(sum));
}
