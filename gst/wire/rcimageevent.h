/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the camera says between exposure and delivery: ImageEvents. Pure. */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Bytes of a serialized ImageEvents; beyond it the event is not taken. */
#define RC_MAX_EVENT_SIZE (64 * 1024)

/**
 * RcImageEvent:
 * @set_timestamp: of the ImageSet that the event belongs to, ns since the
 *   Unix epoch
 * @timestamp: of the event, ns since the Unix epoch
 * @message: what the camera says, never NULL
 *
 * The exposure for a depth image is done: from now on the robot may move.
 */
typedef struct {
  guint64 set_timestamp;
  guint64 timestamp;
  gchar *message;
} RcImageEvent;

/* The serialized ImageEventsRequest that asks for that event. */
GBytes *rc_image_event_request_to_bytes (void);

/* TRUE if a serialized ImageEventsRequest asks for it. */
gboolean rc_image_event_request_wants_depth_done (GBytes *bytes);

/* Parses a serialized ImageEvents. NULL with an RC_IMAGE_SET_ERROR if it is
 * none; NULL without an error if it holds no event that we know. */
RcImageEvent *rc_image_event_from_bytes (GBytes *bytes, GError **error);
GBytes *rc_image_event_to_bytes (const RcImageEvent *event);
void rc_image_event_free (RcImageEvent *event);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcImageEvent, rc_image_event_free)

G_END_DECLS
