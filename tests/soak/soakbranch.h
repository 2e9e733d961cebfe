/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a pad is linked to. */

#pragma once

#include <gst/gst.h>

typedef enum {
  SOAK_BRANCH_NONE,
  SOAK_BRANCH_FAST,
  SOAK_BRANCH_SLOW,
  SOAK_BRANCH_LATE,    /* a sink that waits for an hour */
  SOAK_BRANCH_BLOCKED, /* a probe that never lets go */
  SOAK_BRANCH_HELD,    /* a queue, full, before the late sink */
  SOAK_N_BRANCHES,
} SoakBranch;

const gchar *soak_branch_to_string (SoakBranch branch);

/* Not NONE. */
SoakBranch soak_branch_choose (GRand *rand);

/* A sink, floating. */
GstElement *soak_branch_make (SoakBranch branch, GRand *rand);
