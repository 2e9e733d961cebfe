/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "depthfixture.h"

guint16
pixel_value (guint column, guint row)
{
  return (column + row) % 7 == 0 ? 0 : 300 + column * 37 + row * 1009;
}

GstCaps *
make_caps (GstVideoFormat format, guint width, guint height)
{
  return gst_caps_new_simple ("video/x-raw", "format", G_TYPE_STRING,
      gst_video_format_to_string (format), "width", G_TYPE_INT, width, "height",
      G_TYPE_INT, height, "framerate", GST_TYPE_FRACTION, 0, 1, NULL);
}

/* Byte by byte: rows may lie anywhere. */
static void
put (guint8 *at, GstVideoFormat format, guint16 value)
{
  gboolean big_endian = format == GST_VIDEO_FORMAT_GRAY16_BE;

  if (format == GST_VIDEO_FORMAT_GRAY8) {
    *at = value;
    return;
  }
  at[big_endian ? 1 : 0] = value & 0xff;
  at[big_endian ? 0 : 1] = value >> 8;
}

GstBuffer *
make_image (GstVideoFormat format, guint width, guint height, guint padding)
{
  guint size = format == GST_VIDEO_FORMAT_GRAY8 ? 1 : 2;
  gsize offsets[GST_VIDEO_MAX_PLANES] = {0};
  gint strides[GST_VIDEO_MAX_PLANES] = {GST_ROUND_UP_4 (width * size)};
  GstBuffer *buffer;
  GstMapInfo map;

  if (padding != 0)
    strides[0] = width * size + padding;
  buffer = gst_buffer_new_allocate (NULL, strides[0] * height, NULL);
  gst_buffer_map (buffer, &map, GST_MAP_WRITE);
  memset (map.data, 0xa5, map.size);
  for (guint row = 0; row < height; row++) {
    for (guint column = 0; column < width; column++)
      put (map.data + row * strides[0] + column * size, format,
          pixel_value (column, row));
  }
  gst_buffer_unmap (buffer, &map);
  if (padding != 0)
    gst_buffer_add_video_meta_full (buffer, GST_VIDEO_FRAME_FLAG_NONE, format,
        width, height, 1, offsets, strides);
  GST_BUFFER_PTS (buffer) = GST_SECOND;
  GST_BUFFER_OFFSET (buffer) = 42;
  return buffer;
}

GstBuffer *
make_cut_image (GstVideoFormat format, guint width, guint height)
{
  GstBuffer *whole = make_image (format, width, height, 4);
  GstVideoMeta *meta = gst_buffer_get_video_meta (whole);
  gpointer bytes;
  gsize size;
  GstBuffer *cut;

  /* Memory of its own, so that AddressSanitizer knows where it ends. */
  gst_buffer_extract_dup (
      whole, 0, (gsize)(height - 1) * meta->stride[0], &bytes, &size);
  cut = gst_buffer_new_wrapped (bytes, size);
  gst_buffer_add_video_meta_full (cut, GST_VIDEO_FRAME_FLAG_NONE, format, width,
      height, 1, meta->offset, meta->stride);
  GST_BUFFER_PTS (cut) = GST_BUFFER_PTS (whole);
  gst_buffer_unref (whole);
  return cut;
}

#define BEYOND 32

GstBuffer *
make_padded_image (GstVideoFormat format, guint width, guint height)
{
  guint size = format == GST_VIDEO_FORMAT_GRAY8 ? 1 : 2;
  GstBuffer *buffer = make_image (format, width, height, BEYOND * size);
  GstVideoMeta *meta = gst_buffer_get_video_meta (buffer);
  GstMapInfo map;

  gst_buffer_append_memory (buffer,
      gst_allocator_alloc (NULL, (gsize)BEYOND * meta->stride[0], NULL));
  gst_buffer_map (buffer, &map, GST_MAP_READWRITE);
  for (guint row = 0; row < height + BEYOND; row++) {
    guint used = row < height ? width * size : 0;

    memset (
        map.data + row * meta->stride[0] + used, 0xff, meta->stride[0] - used);
  }
  gst_buffer_unmap (buffer, &map);
  meta->width = width + BEYOND;
  meta->height = height + BEYOND;
  return buffer;
}

GstStructure *
add_meta (GstBuffer *buffer, const gchar *stream, gdouble focal_length)
{
  GstStructure *fields = gst_custom_meta_get_structure (
      gst_buffer_add_custom_meta (buffer, "GstRcImageMeta"));

  gst_structure_set (fields, "stream", G_TYPE_STRING, stream, "set-timestamp",
      G_TYPE_UINT64, G_GUINT64_CONSTANT (1753093721123456789), "focal-length",
      G_TYPE_DOUBLE, focal_length, "principal-point-u", G_TYPE_DOUBLE, 100.0,
      "principal-point-v", G_TYPE_DOUBLE, 80.0, "baseline", G_TYPE_DOUBLE,
      0.0625, "scale", G_TYPE_DOUBLE, 0.0625, "offset", G_TYPE_DOUBLE, 0.0,
      "invalid-data-value", G_TYPE_DOUBLE, 0.0, NULL);
  return fields;
}

const GstStructure *
get_meta (GstBuffer *buffer)
{
  GstCustomMeta *meta = gst_buffer_get_custom_meta (buffer, "GstRcImageMeta");

  fail_unless (meta != NULL);
  return gst_custom_meta_get_structure (meta);
}

void
check_field (GstBuffer *buffer, const gchar *name, gdouble value)
{
  gdouble got;

  fail_unless (
      gst_structure_get_double (get_meta (buffer), name, &got), "no %s", name);
  fail_unless_equals_float (got, value);
}

guint
get_pixel (GstBuffer *buffer, const GstVideoInfo *info, guint column, guint row)
{
  GstVideoFrame frame;
  const guint8 *at;
  guint value;

  fail_unless (gst_video_frame_map (&frame, info, buffer, GST_MAP_READ));
  at = (guint8 *)GST_VIDEO_FRAME_PLANE_DATA (&frame, 0)
       + row * GST_VIDEO_FRAME_PLANE_STRIDE (&frame, 0) + 2 * column;
  value = at[0] + 256 * at[1];
  gst_video_frame_unmap (&frame);
  return value;
}

GstBus *
watch (GstElement *element)
{
  GstBus *bus = gst_bus_new ();

  gst_element_set_bus (element, bus);
  return bus;
}

void
expect (GstBus *bus, GstMessageType type, GQuark domain, gint code)
{
  g_autoptr (GstMessage) message =
      gst_bus_timed_pop_filtered (bus, 60 * GST_SECOND, type);
  g_autoptr (GError) error = NULL;

  fail_unless (message != NULL);
  if (type == GST_MESSAGE_ERROR)
    gst_message_parse_error (message, &error, NULL);
  else
    gst_message_parse_warning (message, &error, NULL);
  fail_unless (g_error_matches (error, domain, code), "%s", error->message);
}

void
expect_nothing (GstBus *bus)
{
  g_autoptr (GstMessage) message =
      gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR | GST_MESSAGE_WARNING);

  fail_unless (message == NULL);
}
