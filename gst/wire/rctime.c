/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "wire/rctime.h"

#include "wire/rcimageset.h"

#define NSEC_PER_SEC G_GUINT64_CONSTANT (1000000000)

gboolean
rc_time_from_message (const Time *message, guint64 fallback, const gchar *what,
    guint64 *timestamp, GError **error)
{
  *timestamp = fallback;
  if (message == NULL || (message->sec == 0 && message->nsec == 0))
    return TRUE;
  if (message->sec < 0 || message->nsec < 0
      || message->nsec >= (gint64)NSEC_PER_SEC) {
    g_set_error (error, RC_IMAGE_SET_ERROR, RC_IMAGE_SET_ERROR_TIME,
        "%s: a time of %d s and %d ns", what, message->sec, message->nsec);
    return FALSE;
  }
  *timestamp = message->sec * NSEC_PER_SEC + message->nsec;
  return TRUE;
}

Time
rc_time_to_message (guint64 timestamp)
{
  Time message = TIME__INIT;

  g_return_val_if_fail (timestamp / NSEC_PER_SEC <= G_MAXINT32, message);

  message.sec = timestamp / NSEC_PER_SEC;
  message.nsec = timestamp % NSEC_PER_SEC;
  return message;
}
