/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gst/gst.h>

#include "wire/rcimageset.h"

G_BEGIN_DECLS

/**
 * GST_RC_IMAGE_META_NAME:
 *
 * The #GstCustomMeta that every image and mesh carries; read it with
 * gst_buffer_get_custom_meta() and gst_custom_meta_get_structure(). Its fields
 * are listed in docs/elements.md.
 *
 * Since: 0.1
 */
#define GST_RC_IMAGE_META_NAME "GstRcImageMeta"

/* Registers the meta with GStreamer; to be called once, at plugin load. */
void gst_rc_image_meta_register (void);

/* Adds what @set says of its image @stream. @buffer must be writable. */
void gst_buffer_add_rc_image_meta (
    GstBuffer *buffer, const RcImageSet *set, RcStream stream);

/* Adds what @set says of its mesh: the fields stream, timestamp and
 * set-timestamp. @buffer must be writable. */
void gst_buffer_add_rc_mesh_meta (GstBuffer *buffer, const RcImageSet *set);

/* Adds to @dest, a mesh that was made of the image @src, what is said of the
 * camera's meshes: the times that @src's meta has; nothing where it has none.
 * @dest must be writable. */
void gst_buffer_describe_rc_mesh (GstBuffer *dest, GstBuffer *src);

/* Adds what is said of an image @stream, whose set has @set_timestamp.
 * @disparity, @left: of the same set, NULL where it has none. */
void gst_buffer_add_rc_image_meta_of (GstBuffer *buffer, RcStream stream,
    guint64 set_timestamp, const RcImage *image, const RcDisparity *disparity,
    const RcImage *left);

/* The meta's fields, which belong to @buffer; NULL without the meta. */
const GstStructure *gst_buffer_get_rc_image_fields (GstBuffer *buffer);

/* Adds a copy of @src's meta and returns its fields, to be changed; NULL where
 * @src has none. @dest must be writable, and have no such meta. */
GstStructure *gst_buffer_copy_rc_image_meta (GstBuffer *dest, GstBuffer *src);

G_END_DECLS
