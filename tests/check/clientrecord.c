/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clientrecord.h"

#include <gst/check/gstcheck.h>
#include <string.h>

const RcRequest request_left = {.streams = 1 << RC_STREAM_LEFT};
const RcRequest request_right = {.streams = 1 << RC_STREAM_RIGHT};

void
record_init (Record *record)
{
  memset (record, 0, sizeof *record);
  g_mutex_init (&record->lock);
}

void
record_clear (Record *record)
{
  g_mutex_clear (&record->lock);
  g_clear_error (&record->error);
}

static void
count (Record *record, guint *counter)
{
  g_mutex_lock (&record->lock);
  (*counter)++;
  g_mutex_unlock (&record->lock);
  g_main_context_wakeup (NULL);
}

static void
on_image_set (RcImageSet *set, const RcRequest *request, gpointer user_data)
{
  Record *record = user_data;

  rc_image_set_unref (set);
  count (record, &record->n_others);
}

static void
on_rejected (gsize size, const GError *error, gpointer user_data)
{
  Record *record = user_data;

  count (record, &record->n_others);
}

static void
on_event (const RcImageEvent *event, gpointer user_data)
{
  Record *record = user_data;

  count (record, &record->n_others);
}

static void
on_events_failed (const GError *error, gpointer user_data)
{
  Record *record = user_data;

  count (record, &record->n_events_failed);
}

static void
on_ended (const GError *error, gpointer user_data)
{
  Record *record = user_data;

  g_mutex_lock (&record->lock);
  if (error && !record->error)
    record->error = g_error_copy (error);
  g_mutex_unlock (&record->lock);
  count (record, &record->n_ended);
}

const RcClientCallbacks record_callbacks = {
    .image_set = on_image_set,
    .rejected = on_rejected,
    .event = on_event,
    .events_failed = on_events_failed,
    .ended = on_ended,
};

RcClient *
record_client (Record *record, const gchar *host, guint16 port, guint64 timeout)
{
  RcClientConfig config = {
      .host = host,
      .port = port,
      .max_message_size = 1 << 20,
      .timeout = timeout,
      .image_events = TRUE,
  };
  g_autoptr (GError) error = NULL;
  RcClient *client;

  client = rc_client_new (&config, &record_callbacks, record, &error);
  fail_unless (client != NULL);
  g_assert_no_error (error);
  return client;
}

static guint
get (Record *record, const guint *counter)
{
  guint value;

  g_mutex_lock (&record->lock);
  value = *counter;
  g_mutex_unlock (&record->lock);
  return value;
}

void
record_wait_for_end (Record *record)
{
  while (get (record, &record->n_ended) == 0)
    g_main_context_iteration (NULL, TRUE);
}
