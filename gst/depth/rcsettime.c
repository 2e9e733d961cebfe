/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "depth/rcsettime.h"

/* A difference of times that may be 2^63 ns and more apart. */
static gint64
subtract (guint64 a, guint64 b)
{
  if (a >= b)
    return (gint64)MIN (a - b, G_MAXINT64);
  return -(gint64)MIN (b - a, G_MAXINT64);
}

/* Both are within ± G_MAXINT64. */
static guint64
distance (gint64 a, gint64 b)
{
  return a >= b ? (guint64)a - (guint64)b : (guint64)b - (guint64)a;
}

static gboolean
has_none (const RcSetTime *time)
{
  return time->set == RC_SET_TIME_NONE && time->running == RC_SET_TIME_NONE;
}

RcSetOrder
rc_set_time_compare (const RcSetTime *a, const RcSetTime *b)
{
  gboolean sets = a->set != RC_SET_TIME_NONE && b->set != RC_SET_TIME_NONE;
  gboolean runs =
      a->running != RC_SET_TIME_NONE && b->running != RC_SET_TIME_NONE;
  gint64 set = subtract (a->set, b->set);
  gint64 running = subtract (a->running, b->running);

  if (sets && set == 0)
    return RC_SET_SAME;
  if (sets && (!runs || distance (set, running) < RC_SET_TIME_JUMP))
    return set < 0 ? RC_SET_BEFORE : RC_SET_AFTER;
  if (!runs)
    return has_none (a) && has_none (b) ? RC_SET_SAME : RC_SET_BEFORE;
  if (!sets && distance (running, 0) <= RC_SET_TIME_TOLERANCE)
    return RC_SET_SAME;
  return running <= 0 ? RC_SET_BEFORE : RC_SET_AFTER;
}
