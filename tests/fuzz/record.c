/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The reader of a recording's lines: what it takes is written so that it reads
 * back as the same. */

#include <string.h>

#include "fuzzinput.h"
#include "recording/rcrecordjson.h"

static void
check_round_trip (const RcRecordSet *set)
{
  g_autofree gchar *line = rc_record_json_write (set);
  g_autoptr (GError) error = NULL;
  g_autoptr (RcRecordSet) again =
      rc_record_json_read (line, strlen (line), &error);

  /* The member that is added may be what makes it too long. */
  if (g_error_matches (error, RC_RECORD_ERROR, RC_RECORD_ERROR_LIMIT))
    return;
  g_assert_no_error (error);
  g_assert_cmpuint (set->number, ==, again->number);
  g_assert_cmpuint (set->timestamp, ==, again->timestamp);
  g_assert_cmpmem (set->pts, sizeof set->pts, again->pts, sizeof again->pts);
  g_assert_cmpmem (set->has_image, sizeof set->has_image, again->has_image,
      sizeof again->has_image);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree gchar *plain = rc_record_unescape ((const gchar *)data, size);
  g_autoptr (GError) error = NULL;
  g_autoptr (RcRecordSet) set =
      rc_record_json_read ((const gchar *)data, size, &error);

  g_assert_cmpuint (strlen (plain), <=, size);
  if (set == NULL) {
    g_assert_true (error->domain == RC_RECORD_ERROR);
    return 0;
  }
  g_assert_no_error (error);
  g_assert_true (g_str_has_suffix (set->json, "}\n"));
  check_round_trip (set);
  return 0;
}
