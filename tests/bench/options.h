/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The command line that all consumers share; each uses what concerns it. */

#pragma once

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BENCH_MAX_CAMERAS 64

/* Bits of BenchOptions.streams; the order is RcStream's. */
enum {
  BENCH_LEFT = 1 << 0,
  BENCH_RIGHT = 1 << 1,
  BENCH_DISPARITY = 1 << 2,
  BENCH_CONFIDENCE = 1 << 3,
  BENCH_ERROR = 1 << 4,
};
#define BENCH_N_STREAMS 5

/* "left", … "error" */
const char *bench_stream_name (unsigned stream);

/**
 * BenchOptions:
 * @mode: what kind of consumer; each program knows its own
 * @ports: of the cameras on 127.0.0.1
 * @n_ports: how many
 * @streams: bits as above; default all five
 * @color: ask for left and right in colour
 * @warmup: sets before measuring starts; default 10
 * @sets: sets that are measured; default 100
 * @seconds: measure for so long instead; 0: @sets count
 * @latencies: also report the sets' latencies
 * @rss_every: sample the resident size each so many sets; 0: not
 * @cycles: start and stop so many times instead; 0: not
 * @hold: keep the branches blocked until the queues are full
 * @queue_size: of rcgrpcsrc
 * @leaky: of rcgrpcsrc; default "none", so that every set is delivered
 */
typedef struct {
  const char *mode;
  uint16_t ports[BENCH_MAX_CAMERAS];
  unsigned n_ports;
  unsigned streams;
  bool color;
  unsigned warmup;
  unsigned sets;
  double seconds;
  bool latencies;
  unsigned rss_every;
  unsigned cycles;
  bool hold;
  unsigned queue_size;
  const char *leaky;
} BenchOptions;

/* Ends the program with a line on stderr if the command line makes no sense. */
void bench_options_parse (BenchOptions *options, int argc, char **argv);

#ifdef __cplusplus
}
#endif
