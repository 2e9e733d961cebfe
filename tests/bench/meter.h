/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Measures the process that it is in, between two sets, and prints the result
 * as a line of JSON. What comes before the first of the two (loading,
 * connecting, the first allocations) is not counted. */

#pragma once

#include "options.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct Meter Meter;

/* @options must outlive the meter. */
Meter *meter_new (const BenchOptions *options);
void meter_free (Meter *meter);

/* ns since the Unix epoch, the clock that cameras stamp sets with. */
uint64_t meter_now (void);
/* s, for durations. */
double meter_clock (void);

/* Right before the connection is made: the first set's time counts from here. */
void meter_begin (Meter *meter);

/* A set was received whole, and touched; @bytes: of its images; @latency: ns
 * since the camera sent it. Returns false when nothing more is measured. Any
 * thread. */
bool meter_add_set (Meter *meter, uint64_t bytes, uint64_t latency);

/* Ends measuring, where that is not for meter_add_set () to decide. */
void meter_end (Meter *meter);

/* One start and stop, s. */
void meter_add_cycle (
    Meter *meter, double first_buffer, double first_set, double stop);

/* A figure of the consumer's own. */
void meter_note (Meter *meter, const char *name, uint64_t value);

void meter_print (Meter *meter);

/* kB, from /proc/self/status: "VmRSS", "VmHWM"; or "Threads". The peak is not
 * getrusage's, which begins with that of the process that started this one. */
long meter_status (const char *field);

#ifdef __cplusplus
}
#endif
