/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which fault befalls which set: stands between RcServer and the source of its
 * sets. */

#pragma once

#include "simfault.h"
#include "simrelay.h"

#include "server/rcserver.h"

typedef struct _SimPlan SimPlan;

/**
 * SimPlanTarget:
 * @source: makes the sets; calls' @data is not for it
 * @resize: makes the sets from now on of another size; of the first one if
 *   they have that size already
 * @set_clock: puts the clock forward by so many seconds, or, with a year, to
 *   that year's beginning
 * @user_data: for all of them
 *
 * What the faults befall. Called in the server's source thread.
 */
typedef struct {
  RcServerSource source;
  void (*resize) (guint width, guint height, gpointer user_data);
  void (*set_clock) (gdouble seconds, guint year, gpointer user_data);
  gpointer user_data;
} SimPlanTarget;

/* @faults (element-type SimFault): up to SIM_MAX_FAULTS, which must outlive the
 * plan; several that befall the same set do so in their order. @relay: in front
 * of the server; may be NULL if none of them needs it. */
SimPlan *sim_plan_new (
    const GPtrArray *faults, SimRelay *relay, const SimPlanTarget *target);
void sim_plan_free (SimPlan *plan);

/* The server's source, with the plan as user_data. */
RcServerAnswer sim_plan_next (RcServer *server, RcServerCall *call,
    GPtrArray **message, gint64 *ask_at, gpointer plan);
