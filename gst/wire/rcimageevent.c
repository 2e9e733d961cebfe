/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "wire/rcimageevent.h"

#include "image_interface.pb-c.h"
#include "wire/rcimageset.h"
#include "wire/rcpack.h"
#include "wire/rctime.h"

static gboolean
take_event (RcImageEvent *event, const ImageEvents *message, GError **error)
{
  const Event *done = message->depth_acquisition_done;

  event->message = g_strdup (done->message);
  return rc_time_from_message (message->imageset_timestamp, 0, "image set",
             &event->set_timestamp, error)
         && rc_time_from_message (
             done->timestamp, 0, "event", &event->timestamp, error);
}

GBytes *
rc_image_event_request_to_bytes (void)
{
  ImageEventsRequest message = IMAGE_EVENTS_REQUEST__INIT;

  message.depth_acquisition_done_enabled = TRUE;
  return rc_pack (&message.base);
}

gboolean
rc_image_event_request_wants_depth_done (GBytes *bytes)
{
  ImageEventsRequest *message = (ImageEventsRequest *)rc_unpack (
      &image_events_request__descriptor, bytes, NULL);
  gboolean wants;

  if (message == NULL)
    return FALSE;
  wants = message->depth_acquisition_done_enabled;
  image_events_request__free_unpacked (message, NULL);
  return wants;
}

RcImageEvent *
rc_image_event_from_bytes (GBytes *bytes, GError **error)
{
  g_autoptr (RcImageEvent) event = NULL;
  ImageEvents *message;
  gboolean taken = FALSE;

  if (g_bytes_get_size (bytes) > RC_MAX_EVENT_SIZE) {
    g_set_error_literal (error, RC_IMAGE_SET_ERROR, RC_IMAGE_SET_ERROR_LIMIT,
        "an event is larger than allowed");
    return NULL;
  }
  message = (ImageEvents *)rc_unpack (&image_events__descriptor, bytes, error);
  if (message == NULL)
    return NULL;
  if (message->depth_acquisition_done != NULL) {
    event = g_new0 (RcImageEvent, 1);
    taken = take_event (event, message, error);
  }
  image_events__free_unpacked (message, NULL);
  return taken ? g_steal_pointer (&event) : NULL;
}

GBytes *
rc_image_event_to_bytes (const RcImageEvent *event)
{
  ImageEvents message = IMAGE_EVENTS__INIT;
  Event done = EVENT__INIT;
  Time set_time = rc_time_to_message (event->set_timestamp);
  Time time = rc_time_to_message (event->timestamp);

  done.timestamp = &time;
  done.message = event->message;
  message.imageset_timestamp = &set_time;
  message.depth_acquisition_done = &done;
  return rc_pack (&message.base);
}

void
rc_image_event_free (RcImageEvent *event)
{
  g_free (event->message);
  g_free (event);
}
