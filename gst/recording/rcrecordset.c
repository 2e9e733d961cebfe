/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "recording/rcrecordset.h"

RcRecordSet *
rc_record_set_new (void)
{
  RcRecordSet *set = g_new0 (RcRecordSet, 1);

  set->number = RC_RECORD_NONE;
  set->duration = RC_RECORD_NONE;
  for (guint i = 0; i < RC_N_STREAMS; i++)
    set->pts[i] = RC_RECORD_NONE;
  return set;
}

void
rc_record_set_free (RcRecordSet *set)
{
  g_free (set->json);
  g_free (set);
}

guint64
rc_record_set_get_start (const RcRecordSet *set)
{
  guint64 start = RC_RECORD_NONE;

  for (guint i = 0; i < RC_N_STREAMS; i++)
    start = MIN (start, set->pts[i]);
  return start;
}
