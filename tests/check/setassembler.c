/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What comes out of RcSetAssembler, and when. Items are numbers; sets are
 * written as those of left, right and disparity: "1 - 3". */

#include <gst/check/gstcheck.h>

#include "sink/rcsetassembler.h"

#define LEFT RC_STREAM_LEFT
#define RIGHT RC_STREAM_RIGHT
#define DISPARITY RC_STREAM_DISPARITY

#define TIMEOUT 500000 /* µs */
#define PERIOD (40 * G_GUINT64_CONSTANT (1000000))
#define EPOCH (1700000000 * G_GUINT64_CONSTANT (1000000000))
#define NONE RC_SET_TIME_NONE

static guint n_freed;
static gint64 now; /* µs */
static RcSetAssembler *assembler;

static void
count_free (gpointer item)
{
  n_freed++;
}

static void
setup (void)
{
  n_freed = 0;
  now = 1000000;
  assembler = rc_set_assembler_new (count_free, TIMEOUT);
  rc_set_assembler_expect (assembler, LEFT, TRUE);
  rc_set_assembler_expect (assembler, DISPARITY, TRUE);
}

static void
teardown (void)
{
  rc_set_assembler_free (assembler);
}

static gboolean
push (RcStream stream, guint64 set, guint64 running, guint item)
{
  RcSetTime time = {set, running};

  return rc_set_assembler_push (
      assembler, stream, &time, GUINT_TO_POINTER (item), now);
}

/* An image of set number @number, as a camera sends it: depth images 40 ms
 * later. */
static gboolean
push_numbered (RcStream stream, guint64 number, guint item)
{
  guint64 delay = stream == DISPARITY ? PERIOD : 0;

  return push (stream, EPOCH + number * PERIOD, number * PERIOD + delay, item);
}

/* Takes what is ready: "1 - 3, 2 - 4?"; ? where it says that some are
 * missing. */
static gchar *
pop_all (void)
{
  static const RcStream shown[] = {LEFT, RIGHT, DISPARITY};
  g_autoptr (GString) text = g_string_new (NULL);
  gpointer items[RC_N_SET_STREAMS];
  gboolean whole;

  while (rc_set_assembler_pop (assembler, now, items, &whole)) {
    if (text->len > 0)
      g_string_append (text, ", ");
    for (guint i = 0; i < G_N_ELEMENTS (shown); i++) {
      guint item = GPOINTER_TO_UINT (items[shown[i]]);

      g_string_append (text, i > 0 ? " " : "");
      if (item > 0)
        g_string_append_printf (text, "%u", item);
      else
        g_string_append_c (text, '-');
    }
    if (!whole)
      g_string_append_c (text, '?');
  }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
expect_sets (const gchar *expected)
{
  g_autofree gchar *sets = pop_all ();

  fail_unless_equals_string (sets, expected);
}

GST_START_TEST (test_whole_sets)
{
  push_numbered (LEFT, 1, 1);
  expect_sets ("");
  push_numbered (DISPARITY, 1, 2);
  expect_sets ("1 - 2");
  push_numbered (DISPARITY, 2, 3);
  push_numbered (LEFT, 2, 4);
  push_numbered (LEFT, 3, 5);
  expect_sets ("4 - 3");
  push_numbered (DISPARITY, 3, 6);
  expect_sets ("5 - 6");
  fail_unless_equals_int (n_freed, 0);
}
GST_END_TEST;

/* Left of set N + 1 has the running time of the disparity of set N. */
GST_START_TEST (test_set_time_counts)
{
  push_numbered (LEFT, 1, 1);
  push_numbered (LEFT, 2, 2);
  push_numbered (DISPARITY, 1, 3);
  expect_sets ("1 - 3");
  push_numbered (DISPARITY, 2, 4);
  expect_sets ("2 - 4");
}
GST_END_TEST;

GST_START_TEST (test_running_time_counts_without)
{
  push (LEFT, NONE, 2 * PERIOD, 1);
  push (DISPARITY, NONE, 2 * PERIOD + RC_SET_TIME_TOLERANCE, 2);
  expect_sets ("1 - 2");
  push (LEFT, NONE, 3 * PERIOD, 3);
  push (DISPARITY, NONE, 4 * PERIOD, 4);
  expect_sets ("3 - -?");
  push (LEFT, NONE, 4 * PERIOD, 5);
  expect_sets ("5 - 4");
}
GST_END_TEST;

/* One says when its set was captured, the other does not. */
GST_START_TEST (test_mixed_times)
{
  push (DISPARITY, NONE, PERIOD, 1);
  push (LEFT, EPOCH, PERIOD, 2);
  expect_sets ("2 - 1");
  push (LEFT, EPOCH + PERIOD, 2 * PERIOD, 3);
  push (DISPARITY, NONE, 2 * PERIOD, 4);
  expect_sets ("3 - 4");
}
GST_END_TEST;

GST_START_TEST (test_no_times)
{
  push (LEFT, NONE, NONE, 1);
  push (LEFT, NONE, NONE, 2);
  push (DISPARITY, NONE, NONE, 3);
  expect_sets ("1 - 3");
  push (DISPARITY, NONE, NONE, 4);
  expect_sets ("2 - 4");
}
GST_END_TEST;

/* A still picture: all sets have one time. */
GST_START_TEST (test_time_that_stands_still)
{
  for (guint i = 1; i <= 3; i++)
    push (LEFT, EPOCH, i * PERIOD, i);
  push (DISPARITY, EPOCH, PERIOD, 4);
  expect_sets ("1 - 4");
  push (DISPARITY, EPOCH, 2 * PERIOD, 5);
  push (DISPARITY, EPOCH, 3 * PERIOD, 6);
  expect_sets ("2 - 5, 3 - 6");
  fail_unless_equals_int (n_freed, 0);
}
GST_END_TEST;

/* ---- sets that lack something ---- */

GST_START_TEST (test_later_image_tells)
{
  push_numbered (LEFT, 1, 1);
  push_numbered (LEFT, 2, 2);
  push_numbered (LEFT, 3, 3);
  expect_sets ("");
  push_numbered (DISPARITY, 3, 4);
  expect_sets ("1 - -?, 2 - -?, 3 - 4");
}
GST_END_TEST;

GST_START_TEST (test_late_image_is_freed)
{
  push_numbered (LEFT, 1, 1);
  now += TIMEOUT;
  expect_sets ("1 - -?");
  fail_if (push_numbered (DISPARITY, 1, 2));
  fail_if (push_numbered (DISPARITY, 0, 3));
  fail_unless_equals_int (n_freed, 2);

  push_numbered (LEFT, 2, 4);
  push_numbered (DISPARITY, 2, 5);
  expect_sets ("4 - 5");
}
GST_END_TEST;

GST_START_TEST (test_timeout)
{
  fail_unless (rc_set_assembler_get_deadline (assembler) == G_MAXINT64);
  push_numbered (LEFT, 1, 1);
  fail_unless (rc_set_assembler_get_deadline (assembler) == now + TIMEOUT);
  now += TIMEOUT - 1;
  push_numbered (LEFT, 2, 2);
  expect_sets ("");
  now += 1;
  expect_sets ("1 - -?");
  fail_unless (rc_set_assembler_get_deadline (assembler) == now - 1 + TIMEOUT);

  rc_set_assembler_set_timeout (assembler, 0);
  expect_sets ("2 - -?");
  rc_set_assembler_set_timeout (assembler, G_MAXINT64);
  push_numbered (LEFT, 3, 3);
  fail_unless (rc_set_assembler_get_deadline (assembler) == G_MAXINT64);
}
GST_END_TEST;

GST_START_TEST (test_number_of_sets_is_bounded)
{
  for (guint i = 1; i <= RC_SET_ASSEMBLER_MAX_SETS; i++)
    push_numbered (LEFT, i, i);
  expect_sets ("");
  push_numbered (LEFT, RC_SET_ASSEMBLER_MAX_SETS + 1, 99);
  expect_sets ("1 - -?");
}
GST_END_TEST;

GST_START_TEST (test_pass)
{
  push_numbered (LEFT, 1, 1);
  push_numbered (LEFT, 2, 2);
  push_numbered (LEFT, 3, 3);
  rc_set_assembler_pass (assembler, DISPARITY, 2 * PERIOD);
  expect_sets ("1 - -?, 2 - -?");
  push_numbered (DISPARITY, 3, 4);
  expect_sets ("3 - 4");
  rc_set_assembler_pass (assembler, DISPARITY, 4 * PERIOD);
  push_numbered (LEFT, 4, 5);
  expect_sets ("5 - -?");
}
GST_END_TEST;

/* Images that were held up: several sets with one running time. */
GST_START_TEST (test_pass_of_one_among_several)
{
  for (guint i = 0; i < 3; i++)
    push (LEFT, EPOCH + i * PERIOD, PERIOD, 1 + i);
  rc_set_assembler_pass (assembler, DISPARITY, PERIOD);
  expect_sets ("1 - -?");
  push (DISPARITY, EPOCH + PERIOD, PERIOD, 4);
  expect_sets ("2 - 4");
  rc_set_assembler_pass (assembler, DISPARITY, PERIOD);
  expect_sets ("3 - -?");

  /* The same, before the others come. */
  rc_set_assembler_pass (assembler, DISPARITY, 5 * PERIOD);
  push (DISPARITY, EPOCH + 6 * PERIOD, 5 * PERIOD, 5);
  rc_set_assembler_pass (assembler, DISPARITY, 5 * PERIOD);
  for (guint i = 0; i < 3; i++)
    push (LEFT, EPOCH + (5 + i) * PERIOD, 5 * PERIOD, 6 + i);
  expect_sets ("6 - -?, 7 - 5, 8 - -?");
}
GST_END_TEST;

GST_START_TEST (test_end)
{
  push_numbered (LEFT, 1, 1);
  fail_if (rc_set_assembler_has_ended (assembler));
  rc_set_assembler_end (assembler, DISPARITY);
  fail_if (rc_set_assembler_has_ended (assembler));
  expect_sets ("1 - -?");
  rc_set_assembler_end (assembler, LEFT);
  fail_unless (rc_set_assembler_has_ended (assembler));

  rc_set_assembler_restart (assembler, DISPARITY);
  fail_if (rc_set_assembler_has_ended (assembler));
  push_numbered (LEFT, 2, 2);
  expect_sets ("");
  push_numbered (DISPARITY, 2, 3);
  expect_sets ("2 - 3");
}
GST_END_TEST;

GST_START_TEST (test_nothing_expected_is_no_end)
{
  rc_set_assembler_expect (assembler, LEFT, FALSE);
  rc_set_assembler_expect (assembler, DISPARITY, FALSE);
  fail_if (rc_set_assembler_has_ended (assembler));
}
GST_END_TEST;

GST_START_TEST (test_expect)
{
  push_numbered (LEFT, 1, 1);
  rc_set_assembler_expect (assembler, DISPARITY, FALSE);
  expect_sets ("1 - -");
  rc_set_assembler_expect (assembler, RIGHT, TRUE);
  push_numbered (LEFT, 2, 2);
  expect_sets ("");
  push_numbered (RIGHT, 2, 3);
  expect_sets ("2 3 -");
  /* Not expected, but there in time. */
  push_numbered (DISPARITY, 3, 4);
  push_numbered (LEFT, 3, 5);
  push_numbered (RIGHT, 3, 6);
  expect_sets ("5 6 4");
}
GST_END_TEST;

/* ---- order ---- */

/* The newer set is whole first; then nothing is to come for the older. */
GST_START_TEST (test_order_of_capture)
{
  rc_set_assembler_expect (assembler, RIGHT, TRUE);
  push_numbered (RIGHT, 2, 1);
  push_numbered (DISPARITY, 2, 2);
  push_numbered (LEFT, 1, 3);
  expect_sets ("3 - -?");
  push_numbered (LEFT, 2, 4);
  expect_sets ("4 1 2");
}
GST_END_TEST;

/* The camera's clock goes back by an hour; running time goes on. */
GST_START_TEST (test_clock_jump)
{
  guint64 hour = 3600 * G_GUINT64_CONSTANT (1000000000);

  push_numbered (LEFT, 1, 1);
  push_numbered (DISPARITY, 1, 2);
  push (LEFT, EPOCH - hour, 2 * PERIOD, 3);
  push (DISPARITY, EPOCH - hour, 3 * PERIOD, 4);
  expect_sets ("1 - 2, 3 - 4");
}
GST_END_TEST;

/* After such a jump nothing may tell which is first but that a stream's images
 * come in order. */
GST_START_TEST (test_clock_jump_without_order)
{
  guint64 hour = 3600 * G_GUINT64_CONSTANT (1000000000);

  push_numbered (LEFT, 1, 1);
  push (LEFT, EPOCH - hour, PERIOD, 2);
  push (LEFT, EPOCH - hour + PERIOD, PERIOD, 3);
  push_numbered (DISPARITY, 1, 4);
  push (DISPARITY, EPOCH - hour, PERIOD, 5);
  expect_sets ("1 - 4, 2 - 5");
  push (DISPARITY, EPOCH - hour + PERIOD, PERIOD, 6);
  expect_sets ("3 - 6");
  push (LEFT, EPOCH - 2 * hour, PERIOD, 7);
  push (DISPARITY, EPOCH - 2 * hour, PERIOD, 8);
  expect_sets ("7 - 8");
}
GST_END_TEST;

GST_START_TEST (test_flush)
{
  push_numbered (LEFT, 7, 1);
  push_numbered (DISPARITY, 7, 2);
  expect_sets ("1 - 2");
  push_numbered (LEFT, 8, 3);
  rc_set_assembler_pass (assembler, DISPARITY, 9 * PERIOD);
  rc_set_assembler_flush (assembler);
  fail_unless_equals_int (n_freed, 1);
  /* As after a seek to the beginning. */
  push_numbered (LEFT, 1, 4);
  expect_sets ("");
  push_numbered (DISPARITY, 1, 5);
  expect_sets ("4 - 5");
}
GST_END_TEST;

static Suite *
setassembler_suite (void)
{
  Suite *suite = suite_create ("setassembler");
  TCase *tcase = tcase_create ("sets");

  suite_add_tcase (suite, tcase);
  tcase_add_checked_fixture (tcase, setup, teardown);
  tcase_add_test (tcase, test_whole_sets);
  tcase_add_test (tcase, test_set_time_counts);
  tcase_add_test (tcase, test_running_time_counts_without);
  tcase_add_test (tcase, test_mixed_times);
  tcase_add_test (tcase, test_no_times);
  tcase_add_test (tcase, test_time_that_stands_still);
  tcase_add_test (tcase, test_later_image_tells);
  tcase_add_test (tcase, test_late_image_is_freed);
  tcase_add_test (tcase, test_timeout);
  tcase_add_test (tcase, test_number_of_sets_is_bounded);
  tcase_add_test (tcase, test_pass);
  tcase_add_test (tcase, test_pass_of_one_among_several);
  tcase_add_test (tcase, test_end);
  tcase_add_test (tcase, test_nothing_expected_is_no_end);
  tcase_add_test (tcase, test_expect);
  tcase_add_test (tcase, test_order_of_capture);
  tcase_add_test (tcase, test_clock_jump);
  tcase_add_test (tcase, test_clock_jump_without_order);
  tcase_add_test (tcase, test_flush);
  return suite;
}

GST_CHECK_MAIN (setassembler);
