/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The camera of the soak: rcgrpc-sim in a child process, which is killed,
 * halted and started again, with faults or without. */

#pragma once

#include "simfault.h"

/* Images a second. */
#define SOAK_FPS 25

/* Of all simulators: what a picture shows depends on them. */
#define SOAK_BASELINE 0.065
#define SOAK_DIVISOR 2

/* A simulator's message limit is this element's max-message-size: huge sets
 * are beyond it. */
#define SOAK_MAX_MESSAGE_SIZE (16 * 1024 * 1024)

/**
 * SoakCamera:
 * @width: of left and right, pixels
 * @height: of left and right, pixels
 * @other_width: after a resize; 0 if there is none
 * @other_height: after a resize
 * @faults: 1 << SimFaultKind
 * @harmless: none of the faults breaks the stream
 * @from: not before this did its clock begin, ns since the Unix epoch
 * @to: nor after this
 * @base: when it began, as its images say; 0 before there is one
 *
 * A simulator from its start to its end. Images of it may still be in the
 * pipeline when it is gone.
 */
typedef struct {
  guint width;
  guint height;
  guint other_width;
  guint other_height;
  guint faults;
  gboolean harmless;
  guint64 from;
  guint64 to;
  guint64 base;
} SoakCamera;

/* When image set @number is captured, ns after the camera's clock began. */
guint64 soak_capture_of (guint64 number);

typedef struct _SoakSim SoakSim;

/* @path: of rcgrpc-sim. Nothing runs yet. */
SoakSim *soak_sim_new (const gchar *path);
void soak_sim_free (SoakSim *sim);

/* A camera as @rand wills it, on the port of the last one, or on another if
 * @move. Returns what is known of it, or NULL after a violation. */
SoakCamera *soak_sim_start (
    SoakSim *sim, GRand *rand, gboolean faulty, gboolean move);
void soak_sim_kill (SoakSim *sim);

/* SIGSTOP and SIGCONT. */
void soak_sim_halt (SoakSim *sim);
void soak_sim_go_on (SoakSim *sim);

gboolean soak_sim_is_running (SoakSim *sim);
gboolean soak_sim_is_halted (SoakSim *sim);
guint16 soak_sim_get_port (SoakSim *sim);

const gchar *soak_sim_name_fault (SimFaultKind kind);

/* How many of @kind there were. */
guint soak_sim_count_faults (SoakSim *sim, SimFaultKind kind);
