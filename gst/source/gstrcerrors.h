/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* Posts an RC_CLIENT_ERROR as the one element error that tells the user what
 * to do about it; the developers' text is its debug detail. */
void gst_rc_post_client_error (
    GstElement *element, const gchar *host, guint port, const GError *error);

G_END_DECLS
