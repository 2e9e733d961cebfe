/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What an RC_CLIENT_ERROR means to a user, and what to do about it. */

#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* As it stands in an error or warning message: GST_RESOURCE_ERROR or
 * GST_STREAM_ERROR with a text for users. The developers' text, which is
 * @error's own, is for the debug detail. */
GError *gst_rc_describe_client_error (
    const GError *error, const gchar *host, guint port);

G_END_DECLS
