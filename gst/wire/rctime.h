/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The message Time as a number, and back. For this library alone. */

#pragma once

#include <glib.h>

#include "image_interface.pb-c.h"

G_BEGIN_DECLS

/* ns since the Unix epoch; @fallback without a message, or if it says 0, which
 * in proto3 is the same. FALSE with RC_IMAGE_SET_ERROR_TIME if it is before
 * 1970 or nsec is out of range. @what: whose time, for the error. */
gboolean rc_time_from_message (const Time *message, guint64 fallback,
    const gchar *what, guint64 *timestamp, GError **error);

/* The message; seconds beyond what it can hold are a programming error. */
Time rc_time_to_message (guint64 timestamp);

G_END_DECLS
