/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Disparity images for elements that measure in them, and what they post. */

#pragma once

#include <gst/check/gstcheck.h>
#include <gst/check/gstharness.h>
#include <gst/video/video.h>

/* The stored disparity of a pixel; some are 0. */
guint16 pixel_value (guint column, guint row);

GstCaps *make_caps (GstVideoFormat format, guint width, guint height);

/* An image of those values, or of their low bytes for GRAY8, its rows @padding
 * bytes longer than the pixels; with a GstVideoMeta where that is not 0. */
GstBuffer *make_image (
    GstVideoFormat format, guint width, guint height, guint padding);

/* Whose GstVideoMeta says that the last row is there, which it is not. */
GstBuffer *make_cut_image (GstVideoFormat format, guint width, guint height);

/* With a GstVideoMeta that has more columns and rows than the caps, as out of a
 * decoder that works in blocks; the values beyond are the highest. */
GstBuffer *make_padded_image (GstVideoFormat format, guint width, guint height);

/* Gives it a GstRcImageMeta, with f·t = @focal_length·0.0625 and a scale of
 * 0.0625. The fields belong to @buffer. */
GstStructure *add_meta (
    GstBuffer *buffer, const gchar *stream, gdouble focal_length);

/* The meta's fields, which @buffer must have. */
const GstStructure *get_meta (GstBuffer *buffer);
void check_field (GstBuffer *buffer, const gchar *name, gdouble value);

/* A little-endian pixel of @info. */
guint get_pixel (
    GstBuffer *buffer, const GstVideoInfo *info, guint column, guint row);

/* Where an element posts from now on. */
GstBus *watch (GstElement *element);

/* The next message of that type is this error or warning. */
void expect (GstBus *bus, GstMessageType type, GQuark domain, gint code);
/* No error, no warning. */
void expect_nothing (GstBus *bus);
