/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The order of images' sets, from their times. */

#include <gst/check/gstcheck.h>

#include "depth/rcsettime.h"

#define MS GST_MSECOND
#define S GST_SECOND
#define NONE RC_SET_TIME_NONE
/* A day in 2025. */
#define T G_GUINT64_CONSTANT (1753093721123456789)

static const struct {
  RcSetTime a, b;
  RcSetOrder order;
} cases[] = {
    /* Set-timestamps decide, */
    {{T, S}, {T, S}, RC_SET_SAME},
    {{T, S}, {T, S + 40 * MS}, RC_SET_SAME},
    {{T, S}, {T, 100 * S}, RC_SET_SAME},
    {{T, S}, {T, NONE}, RC_SET_SAME},
    {{T, S}, {T + 1, S}, RC_SET_BEFORE},
    {{T + 40 * MS, S}, {T, S}, RC_SET_AFTER},
    {{T, S + 40 * MS}, {T + 40 * MS, S + 40 * MS}, RC_SET_BEFORE},
    {{T, S + 80 * MS}, {T + 40 * MS, S + 40 * MS}, RC_SET_BEFORE},
    {{T + 3600 * S, S}, {T, NONE}, RC_SET_AFTER},
    {{T + 3600 * S, 3601 * S}, {T, S}, RC_SET_AFTER},
    {{1, NONE}, {T, NONE}, RC_SET_BEFORE},
    /* but for a jump of the camera's clock, back or forth. */
    {{T, S}, {5 * S, S + 40 * MS}, RC_SET_BEFORE},
    {{5 * S, S + 40 * MS}, {T, S}, RC_SET_AFTER},
    {{5 * S, S}, {T, S + 40 * MS}, RC_SET_BEFORE},
    {{T - 3600 * S, 2 * S}, {T, S}, RC_SET_AFTER},
    {{T + 3600 * S, S}, {T, 2 * S}, RC_SET_BEFORE},
    {{5 * S, S}, {T, S}, RC_SET_BEFORE},
    {{1, NONE - 1}, {NONE - 1, 1}, RC_SET_AFTER},
    {{NONE - 1, 1}, {1, NONE - 1}, RC_SET_BEFORE},
    /* Running times decide where one lacks the other. */
    {{NONE, S}, {NONE, S}, RC_SET_SAME},
    {{NONE, S}, {T, S}, RC_SET_SAME},
    {{T, S}, {NONE, S}, RC_SET_SAME},
    {{NONE, S}, {NONE, S + MS}, RC_SET_SAME},
    {{NONE, S + MS}, {NONE, S}, RC_SET_SAME},
    {{NONE, S}, {NONE, S + MS + 1}, RC_SET_BEFORE},
    {{NONE, S + MS + 1}, {NONE, S}, RC_SET_AFTER},
    {{NONE, S}, {T, S + 16 * MS}, RC_SET_BEFORE},
    {{T, S + 16 * MS}, {NONE, S}, RC_SET_AFTER},
    {{NONE, 0}, {NONE, NONE - 1}, RC_SET_BEFORE},
    {{NONE, NONE - 1}, {NONE, 0}, RC_SET_AFTER},
    /* Without any, what comes together belongs together. */
    {{NONE, NONE}, {NONE, NONE}, RC_SET_SAME},
    /* Nothing tells: the first one goes. */
    {{NONE, NONE}, {T, S}, RC_SET_BEFORE},
    {{T, S}, {NONE, NONE}, RC_SET_BEFORE},
    {{T, NONE}, {NONE, S}, RC_SET_BEFORE},
};

GST_START_TEST (test_order)
{
  fail_unless_equals_int (
      rc_set_time_compare (&cases[__i__].a, &cases[__i__].b),
      cases[__i__].order);
}
GST_END_TEST;

static Suite *
settime_suite (void)
{
  Suite *suite = suite_create ("settime");
  TCase *tcase = tcase_create ("order");

  suite_add_tcase (suite, tcase);
  tcase_add_loop_test (tcase, test_order, 0, G_N_ELEMENTS (cases));
  return suite;
}

GST_CHECK_MAIN (settime);
