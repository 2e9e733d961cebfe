/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gst/gst.h>

#include "wire/rcimageset.h"

G_BEGIN_DECLS

/* From the fields of a GstRcImageMeta back to what they were made of. Anybody
 * may have put them there: what is missing, of another type, or a time that no
 * message can hold is 0. */

/* The field @name, ns since the Unix epoch. */
guint64 gst_rc_image_fields_get_time (
    const GstStructure *fields, const gchar *name);

/* All but the size and the encoding of the pixels. */
void gst_rc_image_fields_read_image (
    const GstStructure *fields, RcImage *image);

void gst_rc_image_fields_read_disparity (
    const GstStructure *fields, RcDisparity *disparity);

G_END_DECLS
