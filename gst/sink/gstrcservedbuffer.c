/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sink/gstrcservedbuffer.h"

#include <math.h>

#include "meta/gstrcimagefields.h"
#include "meta/gstrcimageframe.h"
#include "meta/gstrcimagemeta.h"

/* ---- what it says ---- */

/* What no distance can be computed from counts as not said. */
static void
drop_unless_finite (gfloat *value)
{
  if (!isfinite (*value))
    *value = 0;
}

static void
take_fields (RcServedImage *served, const GstStructure *fields)
{
  RcImage *image = &served->image;
  RcDisparity *disparity = &served->disparity;

  served->set_timestamp =
      gst_rc_image_fields_get_time (fields, "set-timestamp");
  gst_rc_image_fields_read_image (fields, image);
  gst_rc_image_fields_read_disparity (fields, disparity);
  drop_unless_finite (&image->focal_length);
  drop_unless_finite (&image->principal_point_u);
  drop_unless_finite (&image->principal_point_v);
  drop_unless_finite (&disparity->scale);
  drop_unless_finite (&disparity->offset);
  drop_unless_finite (&disparity->invalid_data_value);
  drop_unless_finite (&disparity->baseline);
  drop_unless_finite (&disparity->delta_d);
}

static guint64
get_reference_time (GstBuffer *buffer)
{
  static GstStaticCaps unix_time = GST_STATIC_CAPS ("timestamp/x-unix");
  g_autoptr (GstCaps) caps = gst_static_caps_get (&unix_time);
  GstReferenceTimestampMeta *meta =
      gst_buffer_get_reference_timestamp_meta (buffer, caps);

  return meta != NULL && meta->timestamp <= RC_MAX_TIME ? meta->timestamp : 0;
}

static RcServedImage *
read_metas (GstBuffer *buffer)
{
  RcServedImage *served = g_new0 (RcServedImage, 1);
  const GstStructure *fields = gst_buffer_get_rc_image_fields (buffer);

  if (fields != NULL)
    take_fields (served, fields);
  if (served->image.timestamp == 0)
    served->image.timestamp = get_reference_time (buffer);
  return served;
}

/* ---- its bytes ---- */

/* A pool with an end is one whose buffers somebody waits for. */
static gboolean
is_scarce (GstBuffer *buffer)
{
  GstStructure *config;
  guint max = 0;

  if (buffer->pool == NULL)
    return FALSE;
  config = gst_buffer_pool_get_config (buffer->pool);
  gst_buffer_pool_config_get_params (config, NULL, NULL, NULL, &max);
  gst_structure_free (config);
  return max > 0;
}

static void
unmap_frame (gpointer data)
{
  GstVideoFrame *frame = data;

  gst_video_frame_unmap (frame);
  g_free (frame);
}

/* What pads the rows is not ours to send: it may be old memory. */
static GBytes *
copy_rows (const GstVideoFrame *frame, gsize row_size)
{
  guint height = GST_VIDEO_FRAME_HEIGHT (frame);
  const guint8 *rows = GST_VIDEO_FRAME_PLANE_DATA (frame, 0);
  gssize stride = GST_VIDEO_FRAME_PLANE_STRIDE (frame, 0);
  guint8 *copy = g_malloc (row_size * height);

  for (guint i = 0; i < height; i++)
    memcpy (copy + i * row_size, rows + (gssize)i * stride, row_size);
  return g_bytes_new_take (copy, row_size * height);
}

static GBytes *
take_pixels (GstBuffer *buffer, const GstVideoInfo *info, gsize row_size)
{
  GstVideoFrame *frame = g_new0 (GstVideoFrame, 1);
  GBytes *bytes;

  if (!gst_rc_image_frame_map (frame, info, buffer)) {
    g_free (frame);
    return NULL;
  }
  if (GST_VIDEO_FRAME_PLANE_STRIDE (frame, 0) == (gssize)row_size
      && !is_scarce (buffer))
    return g_bytes_new_with_free_func (GST_VIDEO_FRAME_PLANE_DATA (frame, 0),
        row_size * GST_VIDEO_FRAME_HEIGHT (frame), unmap_frame, frame);
  bytes = copy_rows (frame, row_size);
  unmap_frame (frame);
  return bytes;
}

typedef struct {
  GstBuffer *buffer;
  GstMapInfo map;
} MappedBuffer;

static void
unmap_buffer (gpointer data)
{
  MappedBuffer *mapped = data;

  gst_buffer_unmap (mapped->buffer, &mapped->map);
  gst_buffer_unref (mapped->buffer);
  g_free (mapped);
}

static GBytes *
take_bytes (GstBuffer *buffer)
{
  MappedBuffer *mapped = g_new0 (MappedBuffer, 1);
  GBytes *bytes;

  if (!gst_buffer_map (buffer, &mapped->map, GST_MAP_READ)) {
    g_free (mapped);
    return NULL;
  }
  mapped->buffer = gst_buffer_ref (buffer);
  if (!is_scarce (buffer))
    return g_bytes_new_with_free_func (
        mapped->map.data, mapped->map.size, unmap_buffer, mapped);
  bytes = g_bytes_new (mapped->map.data, mapped->map.size);
  unmap_buffer (mapped);
  return bytes;
}

/* ---- both ---- */

static RcEncoding
encoding_of (const GstVideoInfo *info)
{
  switch (GST_VIDEO_INFO_FORMAT (info)) {
  case GST_VIDEO_FORMAT_GRAY16_LE:
  case GST_VIDEO_FORMAT_GRAY16_BE:
    return RC_ENCODING_MONO16;
  case GST_VIDEO_FORMAT_RGB:
    return RC_ENCODING_RGB8;
  default:
    return RC_ENCODING_MONO8;
  }
}

RcServedImage *
gst_rc_served_image_new (GstBuffer *buffer, const GstVideoInfo *info)
{
  RcServedImage *served = read_metas (buffer);
  RcImage *image = &served->image;

  image->width = GST_VIDEO_INFO_WIDTH (info);
  image->height = GST_VIDEO_INFO_HEIGHT (info);
  image->encoding = encoding_of (info);
  image->is_bigendian =
      GST_VIDEO_INFO_FORMAT (info) == GST_VIDEO_FORMAT_GRAY16_BE;
  image->step = image->width * rc_encoding_bytes_per_pixel (image->encoding);
  served->data = take_pixels (buffer, info, image->step);
  if (served->data == NULL)
    g_clear_pointer (&served, rc_served_image_free);
  return served;
}

RcServedImage *
gst_rc_served_mesh_new (GstBuffer *buffer)
{
  RcServedImage *served = read_metas (buffer);

  served->data = take_bytes (buffer);
  if (served->data == NULL)
    g_clear_pointer (&served, rc_served_image_free);
  return served;
}
