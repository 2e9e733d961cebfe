/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* An image of a set, as GstRcSetMatcher's subclasses get it. */

#pragma once

#include <gst/video/video.h>

G_BEGIN_DECLS

/**
 * GstRcSetImage:
 * @name: of the pad that it came on
 * @buffer: the image
 * @info: the caps that it came with
 *
 * An image of a set; valid during make () only.
 */
typedef struct {
  const gchar *name;
  GstBuffer *buffer;
  const GstVideoInfo *info;
} GstRcSetImage;

/* The image of the pad @name; NULL without one. */
const GstRcSetImage *gst_rc_set_find_image (
    const GstRcSetImage *images, guint n_images, const gchar *name);

/* FALSE where the image's GstRcImageMeta says that it does not belong on its pad:
 * then an error was posted on @element. What has no meta is what the user says
 * it is. */
gboolean gst_rc_set_image_check_kind (
    const GstRcSetImage *image, GstElement *element);

G_END_DECLS
