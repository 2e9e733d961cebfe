/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The head of a Matroska file, whole and cut anywhere. tests/interop has real
 * ones. */

#include <gst/check/gstcheck.h>

#include "recording/rctracknames.h"

#define ENTRY_LEFT                                                             \
  0xae, 0x8b, 0x53, 0x6e, 0x84, 'l', 'e', 'f', 't', 0x73, 0xc5, 0x81, 0x07
#define ENTRY_AGAIN                                                            \
  0xae, 0x8b, 0x53, 0x6e, 0x84, 'l', 'e', 'f', 't', 0x73, 0xc5, 0x81, 0x08
#define ENTRY_OTHER                                                            \
  0xae, 0x8a, 0x53, 0x6e, 0x83, 'f', 'o', 'o', 0x73, 0xc5, 0x81, 0x09
#define ENTRY_ERROR                                                            \
  0xae, 0x93, 0x73, 0xc5, 0x88, 0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0xfa, 0xf9,      \
      0xf8, 0x53, 0x6e, 0x85, 'e', 'r', 'r', 'o', 'r'

static const guint8 head[] = {0x1a, 0x45, 0xdf, 0xa3, 0x80,
    /* a segment of unknown length, and something before the tracks */
    0x18, 0x53, 0x80, 0x67, 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xec, 0x82, 0, 0,
    /* the tracks */
    0x16, 0x54, 0xae, 0x6b, 0xbb, ENTRY_LEFT, ENTRY_AGAIN, ENTRY_OTHER,
    ENTRY_ERROR};

GST_START_TEST (test_whole)
{
  guint64 uids[RC_N_STREAMS];

  rc_track_names_read (head, sizeof head, uids);
  fail_unless_equals_uint64 (uids[RC_STREAM_LEFT], 7);
  fail_unless_equals_uint64 (uids[RC_STREAM_ERROR], 0xfffefdfcfbfaf9f8);
  fail_unless_equals_uint64 (uids[RC_STREAM_RIGHT], 0);
}
GST_END_TEST;

GST_START_TEST (test_kind)
{
  static const guint8 other[] = {0x00, 0x00, 0x00, 0x18, 'f', 't', 'y', 'p'};

  fail_unless (rc_track_names_is_matroska (head, sizeof head));
  fail_unless (rc_track_names_is_matroska (head, 5));
  for (gsize length = 0; length < 5; length++)
    fail_if (rc_track_names_is_matroska (head, length));
  fail_if (rc_track_names_is_matroska (head + 5, sizeof head - 5));
  fail_if (rc_track_names_is_matroska (other, sizeof other));
}
GST_END_TEST;

/* In memory of its own, so that a sanitizer sees a byte too many. */
GST_START_TEST (test_cut)
{
  for (gsize length = 0; length < sizeof head; length++) {
    g_autofree guint8 *cut = g_memdup2 (head, length);
    guint64 uids[RC_N_STREAMS];

    rc_track_names_read (cut, length, uids);
    fail_unless (uids[RC_STREAM_ERROR] == 0 || length > sizeof head - 5);
  }
}
GST_END_TEST;

GST_START_TEST (test_not_matroska)
{
  static const guint8 zeros[64], ones[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                     0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
  guint64 uids[RC_N_STREAMS];

  rc_track_names_read (zeros, sizeof zeros, uids);
  fail_unless_equals_uint64 (uids[RC_STREAM_LEFT], 0);
  rc_track_names_read (ones, sizeof ones, uids);
  fail_unless_equals_uint64 (uids[RC_STREAM_LEFT], 0);
}
GST_END_TEST;

static Suite *
tracknames_suite (void)
{
  Suite *suite = suite_create ("tracknames");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_whole);
  tcase_add_test (tcase, test_kind);
  tcase_add_test (tcase, test_cut);
  tcase_add_test (tcase, test_not_matroska);
  return suite;
}

GST_CHECK_MAIN (tracknames);
