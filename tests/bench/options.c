/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const stream_names[BENCH_N_STREAMS] = {
    "left", "right", "disparity", "confidence", "error"};

enum {
  OPTION_MODE = 1,
  OPTION_PORT,
  OPTION_STREAMS,
  OPTION_COLOR,
  OPTION_WARMUP,
  OPTION_SETS,
  OPTION_SECONDS,
  OPTION_LATENCIES,
  OPTION_RSS_EVERY,
  OPTION_CYCLES,
  OPTION_HOLD,
  OPTION_QUEUE_SIZE,
  OPTION_LEAKY,
};

static const struct option long_options[] = {
    {"mode", required_argument, NULL, OPTION_MODE},
    {"port", required_argument, NULL, OPTION_PORT},
    {"streams", required_argument, NULL, OPTION_STREAMS},
    {"color", no_argument, NULL, OPTION_COLOR},
    {"warmup", required_argument, NULL, OPTION_WARMUP},
    {"sets", required_argument, NULL, OPTION_SETS},
    {"seconds", required_argument, NULL, OPTION_SECONDS},
    {"latencies", no_argument, NULL, OPTION_LATENCIES},
    {"rss-every", required_argument, NULL, OPTION_RSS_EVERY},
    {"cycles", required_argument, NULL, OPTION_CYCLES},
    {"hold", no_argument, NULL, OPTION_HOLD},
    {"queue-size", required_argument, NULL, OPTION_QUEUE_SIZE},
    {"leaky", required_argument, NULL, OPTION_LEAKY},
    {NULL, 0, NULL, 0},
};

static void
fail (const char *what, const char *value)
{
  fprintf (stderr, "%s: %s\n", what, value);
  exit (2);
}

const char *
bench_stream_name (unsigned stream)
{
  return stream_names[stream];
}

static unsigned
parse_number (const char *text)
{
  char *end;
  unsigned long number = strtoul (text, &end, 10);

  if (end == text || *end != '\0')
    fail ("not a number", text);
  return number;
}

static void
add_port (BenchOptions *options, const char *text)
{
  if (options->n_ports == BENCH_MAX_CAMERAS)
    fail ("one camera too many", text);
  options->ports[options->n_ports++] = parse_number (text);
}

static unsigned
parse_stream (const char *name)
{
  for (unsigned i = 0; i < BENCH_N_STREAMS; i++) {
    if (strcmp (name, stream_names[i]) == 0)
      return 1u << i;
  }
  fail ("no such stream", name);
  return 0;
}

/* left+disparity */
static unsigned
parse_streams (char *text)
{
  unsigned streams = 0;
  char *rest = text;
  char *name;

  while ((name = strsep (&rest, "+")) != NULL)
    streams |= parse_stream (name);
  return streams;
}

static void
take_option (BenchOptions *options, int option)
{
  switch (option) {
  case OPTION_MODE:
    options->mode = optarg;
    break;
  case OPTION_PORT:
    add_port (options, optarg);
    break;
  case OPTION_STREAMS:
    options->streams = parse_streams (optarg);
    break;
  case OPTION_COLOR:
    options->color = true;
    break;
  case OPTION_WARMUP:
    options->warmup = parse_number (optarg);
    break;
  case OPTION_SETS:
    options->sets = parse_number (optarg);
    break;
  case OPTION_SECONDS:
    options->seconds = atof (optarg);
    break;
  case OPTION_LATENCIES:
    options->latencies = true;
    break;
  case OPTION_RSS_EVERY:
    options->rss_every = parse_number (optarg);
    break;
  case OPTION_CYCLES:
    options->cycles = parse_number (optarg);
    break;
  case OPTION_HOLD:
    options->hold = true;
    break;
  case OPTION_QUEUE_SIZE:
    options->queue_size = parse_number (optarg);
    break;
  case OPTION_LEAKY:
    options->leaky = optarg;
    break;
  default:
    exit (2);
  }
}

void
bench_options_parse (BenchOptions *options, int argc, char **argv)
{
  int option;

  *options = (BenchOptions){
      .mode = "",
      .streams = (1u << BENCH_N_STREAMS) - 1,
      .warmup = 10,
      .sets = 100,
      .queue_size = 4,
      .leaky = "none",
  };
  while ((option = getopt_long (argc, argv, "", long_options, NULL)) != -1)
    take_option (options, option);
  if (optind != argc)
    fail ("what is this", argv[optind]);
  if (options->n_ports == 0)
    fail ("missing", "--port");
}
