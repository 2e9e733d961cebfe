/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Under callgrind (with --instr-atstart=no) it counts between the same two
 * sets; else the requests to it are a few instructions that do nothing.
 *
 * Threads: any may add sets; `lock` guards all fields. */

#include "meter.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <valgrind/callgrind.h>

#define MAX_NOTES 8

typedef struct {
  double wall;
  double cpu;
  struct rusage usage;
} Moment;

typedef struct {
  double first_buffer;
  double first_set;
  double stop;
} Cycle;

typedef struct {
  const char *name;
  uint64_t value;
} Note;

struct Meter {
  const BenchOptions *options;
  pthread_mutex_t lock;
  double begun;
  double first_set;
  bool measuring;
  bool ended;
  Moment start;
  Moment end;
  unsigned warmed;
  unsigned sets;
  uint64_t bytes;
  long threads;
  long rss;
  uint64_t *latencies;
  unsigned n_latencies;
  long *rss_samples;
  unsigned n_rss_samples;
  Cycle *cycles;
  unsigned n_cycles;
  Note notes[MAX_NOTES];
  unsigned n_notes;
};

Meter *
meter_new (const BenchOptions *options)
{
  Meter *meter = calloc (1, sizeof *meter);

  meter->options = options;
  pthread_mutex_init (&meter->lock, NULL);
  return meter;
}

void
meter_free (Meter *meter)
{
  pthread_mutex_destroy (&meter->lock);
  free (meter->latencies);
  free (meter->rss_samples);
  free (meter->cycles);
  free (meter);
}

uint64_t
meter_now (void)
{
  struct timespec now;

  clock_gettime (CLOCK_REALTIME, &now);
  return now.tv_sec * UINT64_C (1000000000) + now.tv_nsec;
}

static double
seconds_of (clockid_t clock)
{
  struct timespec now;

  clock_gettime (clock, &now);
  return now.tv_sec + now.tv_nsec * 1e-9;
}

double
meter_clock (void)
{
  return seconds_of (CLOCK_MONOTONIC);
}

long
meter_status (const char *field)
{
  size_t length = strlen (field);
  char line[256];
  long value = -1;
  FILE *file = fopen ("/proc/self/status", "r");

  while (file && value < 0 && fgets (line, sizeof line, file)) {
    if (strncmp (line, field, length) == 0 && line[length] == ':')
      value = strtol (line + length + 1, NULL, 10);
  }
  if (file)
    fclose (file);
  return value;
}

static void
take_moment (Moment *moment)
{
  moment->wall = meter_clock ();
  moment->cpu = seconds_of (CLOCK_PROCESS_CPUTIME_ID);
  getrusage (RUSAGE_SELF, &moment->usage);
}

void
meter_begin (Meter *meter)
{
  pthread_mutex_lock (&meter->lock);
  meter->begun = meter_clock ();
  pthread_mutex_unlock (&meter->lock);
}

static void
end_unlocked (Meter *meter)
{
  if (meter->ended)
    return;
  take_moment (&meter->end);
  CALLGRIND_STOP_INSTRUMENTATION;
  if (!meter->measuring)
    meter->start = meter->end;
  meter->threads = meter_status ("Threads");
  meter->rss = meter_status ("VmRSS");
  meter->ended = true;
}

void
meter_end (Meter *meter)
{
  pthread_mutex_lock (&meter->lock);
  end_unlocked (meter);
  pthread_mutex_unlock (&meter->lock);
}

/* Room for one more of @size bytes each; grows by doubling. */
static void *
grow (void *array, unsigned n, size_t size)
{
  if ((n & (n - 1)) != 0)
    return array;
  return realloc (array, (n == 0 ? 1 : 2 * (size_t)n) * size);
}

static void
count_set_unlocked (Meter *meter, uint64_t bytes, uint64_t latency)
{
  const BenchOptions *options = meter->options;

  meter->sets++;
  meter->bytes += bytes;
  if (options->latencies) {
    meter->latencies =
        grow (meter->latencies, meter->n_latencies, sizeof (uint64_t));
    meter->latencies[meter->n_latencies++] = latency;
  }
  if (options->rss_every > 0 && meter->sets % options->rss_every == 0) {
    meter->rss_samples =
        grow (meter->rss_samples, meter->n_rss_samples, sizeof (long));
    meter->rss_samples[meter->n_rss_samples++] = meter_status ("VmRSS");
  }
  if (options->seconds > 0
          ? meter_clock () - meter->start.wall >= options->seconds
          : meter->sets >= options->sets)
    end_unlocked (meter);
}

bool
meter_add_set (Meter *meter, uint64_t bytes, uint64_t latency)
{
  bool more;

  pthread_mutex_lock (&meter->lock);
  if (meter->first_set == 0)
    meter->first_set = meter_clock ();
  if (!meter->ended && meter->measuring) {
    count_set_unlocked (meter, bytes, latency);
  } else if (!meter->ended && ++meter->warmed >= meter->options->warmup) {
    meter->measuring = true;
    CALLGRIND_START_INSTRUMENTATION;
    take_moment (&meter->start);
  }
  more = !meter->ended;
  pthread_mutex_unlock (&meter->lock);
  return more;
}

void
meter_add_cycle (
    Meter *meter, double first_buffer, double first_set, double stop)
{
  pthread_mutex_lock (&meter->lock);
  meter->cycles = grow (meter->cycles, meter->n_cycles, sizeof (Cycle));
  meter->cycles[meter->n_cycles++] = (Cycle){first_buffer, first_set, stop};
  pthread_mutex_unlock (&meter->lock);
}

void
meter_note (Meter *meter, const char *name, uint64_t value)
{
  pthread_mutex_lock (&meter->lock);
  if (meter->n_notes < MAX_NOTES)
    meter->notes[meter->n_notes++] = (Note){name, value};
  pthread_mutex_unlock (&meter->lock);
}

static int
compare_latencies (const void *a, const void *b)
{
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

  return (x > y) - (x < y);
}

/* ms, by nearest rank. */
static double
percentile (const Meter *meter, double share)
{
  unsigned rank = (unsigned)(share * meter->n_latencies + 0.999999);

  if (rank > 0)
    rank--;
  if (rank >= meter->n_latencies)
    rank = meter->n_latencies - 1;
  return meter->latencies[rank] * 1e-6;
}

static void
print_latencies (Meter *meter)
{
  if (meter->n_latencies == 0)
    return;
  qsort (meter->latencies, meter->n_latencies, sizeof (uint64_t),
      compare_latencies);
  printf (", \"p50_ms\": %.4f, \"p95_ms\": %.4f, \"p99_ms\": %.4f, "
          "\"max_ms\": %.4f",
      percentile (meter, 0.50), percentile (meter, 0.95),
      percentile (meter, 0.99), percentile (meter, 1.0));
}

static void
print_rss_samples (Meter *meter)
{
  if (meter->options->rss_every == 0)
    return;
  printf (", \"rss_samples_kb\": [");
  for (unsigned i = 0; i < meter->n_rss_samples; i++)
    printf ("%s%ld", i > 0 ? ", " : "", meter->rss_samples[i]);
  printf ("]");
}

static void
print_cycles (Meter *meter)
{
  if (meter->n_cycles == 0)
    return;
  printf (", \"cycles\": [");
  for (unsigned i = 0; i < meter->n_cycles; i++)
    printf ("%s{\"first_buffer_s\": %.6f, \"first_set_s\": %.6f, "
            "\"stop_s\": %.6f}",
        i > 0 ? ", " : "", meter->cycles[i].first_buffer,
        meter->cycles[i].first_set, meter->cycles[i].stop);
  printf ("]");
}

static double
seconds_between (struct timeval from, struct timeval to)
{
  return (to.tv_sec - from.tv_sec) + (to.tv_usec - from.tv_usec) * 1e-6;
}

static void
print_usage (const Meter *meter)
{
  const struct rusage *from = &meter->start.usage, *to = &meter->end.usage;

  printf ("\"cpu_s\": %.6f, \"user_s\": %.6f, \"sys_s\": %.6f, "
          "\"wall_s\": %.6f, \"voluntary_switches\": %ld, "
          "\"involuntary_switches\": %ld, \"minor_faults\": %ld",
      meter->end.cpu - meter->start.cpu,
      seconds_between (from->ru_utime, to->ru_utime),
      seconds_between (from->ru_stime, to->ru_stime),
      meter->end.wall - meter->start.wall, to->ru_nvcsw - from->ru_nvcsw,
      to->ru_nivcsw - from->ru_nivcsw, to->ru_minflt - from->ru_minflt);
}

void
meter_print (Meter *meter)
{
  pthread_mutex_lock (&meter->lock);
  end_unlocked (meter);
  printf ("{");
  print_usage (meter);
  printf (", \"sets\": %u, \"image_bytes\": %llu, \"first_set_s\": %.6f, "
          "\"peak_rss_kb\": %ld, \"rss_kb\": %ld, \"threads\": %ld",
      meter->sets, (unsigned long long)meter->bytes,
      meter->begun > 0 && meter->first_set > 0 ? meter->first_set - meter->begun
                                               : -1.0,
      meter_status ("VmHWM"), meter->rss, meter->threads);
  print_latencies (meter);
  print_rss_samples (meter);
  print_cycles (meter);
  for (unsigned i = 0; i < meter->n_notes; i++)
    printf (", \"%s\": %llu", meter->notes[i].name,
        (unsigned long long)meter->notes[i].value);
  printf ("}\n");
  fflush (stdout);
  pthread_mutex_unlock (&meter->lock);
}
