/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The images of a set as rccloud.h takes them. */

#pragma once

#include "depth/gstrcsetmatcher.h"
#include "depth/rccloud.h"

G_BEGIN_DECLS

/**
 * GstRcCloudSet:
 * @images: valid until gst_rc_cloud_set_unmap()
 *
 * A set while its images are mapped.
 */
typedef struct {
  RcCloudImages images;

  /*< private >*/
  GstVideoFrame frames[4];
  guint n_frames;
} GstRcCloudSet;

/* Maps the images of the pads "disparity", "left", "confidence" and "error".
 * FALSE where they do not fit together, are of the wrong kind, or less than
 * their caps say: then an error was posted on @element, and nothing is mapped. */
gboolean gst_rc_cloud_set_map (GstRcCloudSet *self, GstElement *element,
    const GstRcSetImage *images, guint n_images);

void gst_rc_cloud_set_unmap (GstRcCloudSet *self);

G_END_DECLS
