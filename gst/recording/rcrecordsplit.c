/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "recording/rcrecordsplit.h"

#include <string.h>

void
rc_record_split_begin (RcRecordSplit *split, guint64 time)
{
  split->start = time;
  split->is_full = FALSE;
}

static gboolean
fits (const RcRecordSplit *split, const RcRecordCandidate *cluster,
    guint64 file_bytes)
{
  guint64 length = cluster->time - MIN (split->start, cluster->time);

  return (split->max_time == 0 || length < split->max_time)
         && (split->max_bytes == 0
             || file_bytes + cluster->bytes <= split->max_bytes);
}

RcRecordDecision
rc_record_split_decide (
    RcRecordSplit *split, const RcRecordCandidate *cluster, guint64 file_bytes)
{
  gboolean ask = FALSE;

  if (!split->is_full && fits (split, cluster, file_bytes))
    return RC_RECORD_GO_ON;
  if (!split->is_full) {
    split->is_full = TRUE;
    split->full_since = cluster->time;
    ask = TRUE;
  } else if (cluster->time > split->asked
             && cluster->time - split->asked >= RC_RECORD_SPLIT_REPEAT) {
    ask = TRUE;
  }
  if (cluster->is_set
      && (cluster->is_key
          || (cluster->time > split->full_since
              && cluster->time - split->full_since
                     >= RC_RECORD_SPLIT_PATIENCE)))
    return RC_RECORD_SPLIT;
  if (!ask)
    return RC_RECORD_GO_ON;
  split->asked = cluster->time;
  return RC_RECORD_ASK;
}

gchar *
rc_record_split_get_path (const gchar *location, guint n)
{
  const gchar *folder_end = strrchr (location, G_DIR_SEPARATOR);
  const gchar *name = folder_end != NULL ? folder_end + 1 : location;
  const gchar *dot = strrchr (name, '.');

  if (n == 0)
    return g_strdup (location);
  /* A name that begins with the dot has no extension. */
  if (dot == NULL || dot == name)
    return g_strdup_printf ("%s-%05u", location, n);
  return g_strdup_printf (
      "%.*s-%05u%s", (int)(dot - location), location, n, dot);
}
