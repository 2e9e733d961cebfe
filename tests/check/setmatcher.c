/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which images GstRcSetMatcher brings together. Each pad is fed by a thread of
 * its own, as fast as it goes, so that images of a set arrive in any order. */

#include "setmatcherfixture.h"

#include "meta/gstrcimagemeta.h"

/* ---- two pads ---- */

static const struct {
  const gchar *name;
  Item disparity[10];
  Item left[10];
  guint sets[10]; /* that come out, to 0 */
  guint unmatched;
} cases[] = {
    {"all", {IMAGE (1), IMAGE (2), IMAGE (3), END},
        {IMAGE (1), IMAGE (2), IMAGE (3), END}, {1, 2, 3}},
    {"without metas", {BARE (1), BARE (2), BARE (3), END},
        {BARE (1), BARE (2), BARE (3), END}, {1, 2, 3}},
    {"one without metas", {IMAGE (1), IMAGE (2), IMAGE (3), END},
        {BARE (1), BARE (3), END}, {1, 3}},
    /* 40 ms apart at 25 Hz: the PTS of another set. */
    {"40 ms later", {LATER (1), LATER (2), LATER (3), LATER (4), END},
        {IMAGE (1), IMAGE (2), IMAGE (3), IMAGE (4), END}, {1, 2, 3, 4}},
    {"40 ms earlier", {IMAGE (1), IMAGE (2), IMAGE (3), IMAGE (4), END},
        {LATER (1), LATER (2), LATER (3), LATER (4), END}, {1, 2, 3, 4}},
    {"no left", {IMAGE (1), IMAGE (2), IMAGE (3), END},
        {IMAGE (1), IMAGE (3), END}, {1, 3}},
    {"no left, 40 ms later", {LATER (1), LATER (2), LATER (3), LATER (4), END},
        {IMAGE (1), IMAGE (3), IMAGE (4), END}, {1, 3, 4}},
    {"no disparity", {IMAGE (1), IMAGE (3), END},
        {IMAGE (1), IMAGE (2), IMAGE (3), END}, {1, 3}, 1},
    {"no disparity, 40 ms later", {LATER (1), LATER (3), LATER (4), END},
        {IMAGE (1), IMAGE (2), IMAGE (3), IMAGE (4), END}, {1, 3, 4}, 1},
    {"neither", {IMAGE (1), IMAGE (4), END}, {IMAGE (1), IMAGE (4), END},
        {1, 4}},
    {"in turns", {IMAGE (1), IMAGE (3), IMAGE (4), IMAGE (6), END},
        {IMAGE (2), IMAGE (3), IMAGE (5), IMAGE (6), END}, {3, 6}, 2},
    {"gap for left", {IMAGE (1), IMAGE (2), IMAGE (3), END},
        {IMAGE (1), GAP (2), IMAGE (3), END}, {1, 3}},
    {"gap for left, 40 ms later", {LATER (1), LATER (2), LATER (3), END},
        {IMAGE (1), GAP (2), IMAGE (3), END}, {1, 3}},
    {"gap for disparity", {IMAGE (1), GAP (2), IMAGE (3), END},
        {IMAGE (1), IMAGE (2), IMAGE (3), END}, {1, 3}, 1},
    {"gap for disparity, 40 ms later", {LATER (1), GAP (2), LATER (3), END},
        {IMAGE (1), IMAGE (2), IMAGE (3), END}, {1, 3}, 1},
    {"gaps for both", {IMAGE (1), GAP (2), GAP (3), IMAGE (4), END},
        {IMAGE (1), GAP (2), GAP (3), IMAGE (4), END}, {1, 4}},
    {"left ends early", {IMAGE (1), IMAGE (2), IMAGE (3), END},
        {IMAGE (1), END}, {1}},
    {"no left at all", {IMAGE (1), IMAGE (2), END}, {END}, {0}},
    {"the clock jumps back",
        {IMAGE (1), {2, 5 * S, PTS (2)}, {3, 5 * S + PERIOD, PTS (3)}, END},
        {IMAGE (1), {2, 5 * S, PTS (2)}, {3, 5 * S + PERIOD, PTS (3)}, END},
        {1, 2, 3}},
    {"the clock jumps back, no left there",
        {IMAGE (1), IMAGE (2), {3, 5 * S, PTS (3)}, {4, 6 * S, PTS (4)}, END},
        {IMAGE (1), {3, 5 * S, PTS (3)}, {4, 6 * S, PTS (4)}, END}, {1, 3, 4}},
    {"the clock jumps back, no disparity there",
        {IMAGE (1), {3, 5 * S, PTS (3)}, {4, 6 * S, PTS (4)}, END},
        {IMAGE (1), IMAGE (2), {3, 5 * S, PTS (3)}, {4, 6 * S, PTS (4)}, END},
        {1, 3, 4}, 1},
    {"the clock jumps on, no left there",
        {{1, 5 * S, PTS (1)}, {2, 6 * S, PTS (2)}, IMAGE (3), IMAGE (4), END},
        {{1, 5 * S, PTS (1)}, IMAGE (3), IMAGE (4), END}, {1, 3, 4}},
    {"out of order", {IMAGE (1), IMAGE (3), IMAGE (2), IMAGE (4), END},
        {IMAGE (1), IMAGE (3), IMAGE (2), IMAGE (4), END}, {1, 3, 2, 4}},
    {"twice", {IMAGE (1), IMAGE (2), IMAGE (2), IMAGE (3), END},
        {IMAGE (1), IMAGE (2), IMAGE (2), IMAGE (3), END}, {1, 2, 2, 3}},
    {"no times",
        {{1, 0, GST_CLOCK_TIME_NONE}, {2, 0, GST_CLOCK_TIME_NONE}, END},
        {{1, 0, GST_CLOCK_TIME_NONE}, {2, 0, GST_CLOCK_TIME_NONE}, END},
        {1, 2}},
};

static guint
count_images (const Item *items)
{
  guint n = 0;

  for (; !items->last; items++)
    n += items->number != 0;
  return n;
}

static void
check_case (guint i, gboolean live)
{
  guint n_sets = 0;
  Feed a, b;

  g_test_message ("%s", cases[i].name);
  set_up (live);
  start_feed (&a, disparity, cases[i].disparity);
  start_feed (&b, left, cases[i].left);
  for (; cases[i].sets[n_sets] != 0; n_sets++)
    check_output (cases[i].sets[n_sets], cases[i].sets[n_sets], 0);
  wait_for_eos ();
  g_thread_join (a.thread);
  g_thread_join (b.thread);
  fail_unless_equals_int (gst_harness_buffers_in_queue (disparity), 0);
  check_stats (n_sets, count_images (cases[i].disparity) - n_sets);
  fail_unless_equals_uint64 (get_stat ("images-unmatched"), cases[i].unmatched);
  fail_if (has_complaint ());
  tear_down ();
}

GST_START_TEST (test_case_live)
{
  check_case (__i__, TRUE);
}
GST_END_TEST;

GST_START_TEST (test_case_not_live)
{
  check_case (__i__, FALSE);
}
GST_END_TEST;

static Suite *
setmatcher_suite (void)
{
  Suite *suite = suite_create ("setmatcher");
  TCase *tcase;

  gst_rc_image_meta_register ();

  tcase = tcase_create ("sets");
  suite_add_tcase (suite, tcase);
  tcase_add_loop_test (tcase, test_case_live, 0, G_N_ELEMENTS (cases));
  tcase_add_loop_test (tcase, test_case_not_live, 0, G_N_ELEMENTS (cases));
  return suite;
}

GST_CHECK_MAIN (setmatcher);
