/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Elements of other plugins that recording and replay are made of. */

#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* A new child of @bin from the factory @factory. NULL after an error message in
 * the name of @owner that names the missing plugin, and the message that lets
 * applications install it. */
GstElement *gst_rc_parts_add (
    GstBin *bin, GstElement *owner, const gchar *factory);

/* Stops @part. It leaves the bin first: else it could be started again with that,
 * and what goes wrong in it on its way out would be an error. */
void gst_rc_parts_remove (GstBin *bin, GstElement *part);

G_END_DECLS
