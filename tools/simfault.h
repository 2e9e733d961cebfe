/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One --fault=KIND:PARAMETER=VALUE,...: what goes wrong, and when. */

#pragma once

#include "simlie.h"

typedef enum {
  SIM_FAULT_CLOSE,
  SIM_FAULT_RESET,
  SIM_FAULT_RESTART,
  SIM_FAULT_STALL,
  SIM_FAULT_SLOW,
  SIM_FAULT_STATUS,
  SIM_FAULT_DROP_SETS,
  SIM_FAULT_REORDER,
  SIM_FAULT_DUPLICATE,
  SIM_FAULT_RESIZE,
  SIM_FAULT_CLOCK_JUMP,
  SIM_FAULT_LIE,
  SIM_FAULT_CORRUPT,
  SIM_FAULT_TRUNCATE,
  SIM_FAULT_HUGE,
  SIM_N_FAULT_KINDS,
} SimFaultKind;

/* More than a plan holds. */
#define SIM_MAX_FAULTS 32

/* For SimFault.duration. */
#define SIM_FOR_EVER (-1)

/**
 * SimFault:
 * @kind: what
 * @at: the first set of a call that it befalls, from 1
 * @every: and each so many later ones; 0 for none
 * @probability: of each of these
 * @first_call: of the server, the first that it befalls, from 1
 * @last_call: the last of these
 * @seed: of probability and of flipped bits
 * @duration: of restart, stall and slow, seconds; SIM_FOR_EVER
 * @has_bytes: @bytes was given
 * @bytes: of a message that go through before close, reset, restart and a dead
 *   stall; that are left by truncate; that huge sends
 * @dead: stall: not even HTTP/2 answers
 * @frame: truncate: HTTP/2's frame is cut as well, and the connection closed
 * @speed: slow: bytes a second
 * @flip_rate: corrupt: of bits
 * @lie: lie: which
 * @width: resize: of the camera images, pixels
 * @height: resize: of the camera images, pixels
 * @jump: clock-jump: seconds
 * @year: clock-jump: to this one's beginning, 0 for by @jump
 * @status: status: the code
 * @message: status: the message, or NULL
 * @gzip: huge: compressed
 */
typedef struct {
  SimFaultKind kind;
  guint64 at;
  guint64 every;
  gdouble probability;
  guint64 first_call;
  guint64 last_call;
  guint64 seed;
  gdouble duration;
  gboolean has_bytes;
  guint64 bytes;
  gboolean dead;
  gboolean frame;
  gdouble speed;
  gdouble flip_rate;
  SimLie lie;
  guint64 width;
  guint64 height;
  gdouble jump;
  guint64 year;
  guint64 status;
  gchar *message;
  gboolean gzip;
} SimFault;

/* NULL with a G_OPTION_ERROR whose message is for the user. */
SimFault *sim_fault_parse (const gchar *text, GError **error);
void sim_fault_free (SimFault *fault);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SimFault, sim_fault_free)

/* TRUE if it happens to a connection, not to what gRPC sends over it. */
gboolean sim_fault_needs_relay (const SimFault *fault);

/* All kinds and parameters, for --help. */
gchar *sim_fault_describe (void);
