/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "meta/gstrcimagemeta.h"

#include <gst/video/video.h>

static gboolean
copy_field (GQuark field, const GValue *value, gpointer dest)
{
  gst_structure_id_set_value (dest, field, value);
  return TRUE;
}

static GstStructure *
add_copy (GstBuffer *dest, const GstStructure *fields)
{
  GstCustomMeta *copy =
      gst_buffer_add_custom_meta (dest, GST_RC_IMAGE_META_NAME);

  if (copy == NULL)
    return NULL;
  gst_structure_foreach (
      fields, copy_field, gst_custom_meta_get_structure (copy));
  return gst_custom_meta_get_structure (copy);
}

/* The parameters are those of the whole image at its own size. They go along
 * where the picture stays as it is, and stay behind where it is scaled or cut,
 * since focal length and principal point would no longer be true. */
static gboolean
transform (GstBuffer *dest, GstCustomMeta *meta, GstBuffer *src, GQuark type,
    gpointer data, gpointer user_data)
{
  if (GST_META_TRANSFORM_IS_COPY (type)) {
    if (((GstMetaTransformCopy *)data)->region)
      return FALSE;
  } else if (GST_VIDEO_META_TRANSFORM_IS_SCALE (type)) {
    const GstVideoMetaTransform *scale = data;

    if (GST_VIDEO_INFO_WIDTH (scale->in_info)
            != GST_VIDEO_INFO_WIDTH (scale->out_info)
        || GST_VIDEO_INFO_HEIGHT (scale->in_info)
               != GST_VIDEO_INFO_HEIGHT (scale->out_info))
      return FALSE;
  } else {
    return FALSE;
  }

  return add_copy (dest, gst_custom_meta_get_structure (meta)) != NULL;
}

void
gst_rc_image_meta_register (void)
{
  const gchar *tags[] = {
      GST_META_TAG_VIDEO_STR, GST_META_TAG_VIDEO_SIZE_STR, NULL};

  gst_meta_register_custom (
      GST_RC_IMAGE_META_NAME, tags, transform, NULL, NULL);
}

static void
set_image_fields (GstStructure *fields, guint64 set_timestamp, RcStream stream,
    const RcImage *image)
{
  gst_structure_set (fields, "stream", G_TYPE_STRING,
      rc_stream_to_string (stream), "timestamp", G_TYPE_UINT64,
      image->timestamp, "set-timestamp", G_TYPE_UINT64, set_timestamp,
      "encoding", G_TYPE_STRING, rc_encoding_to_string (image->encoding),
      "focal-length", G_TYPE_DOUBLE, (gdouble)image->focal_length,
      "principal-point-u", G_TYPE_DOUBLE, (gdouble)image->principal_point_u,
      "principal-point-v", G_TYPE_DOUBLE, (gdouble)image->principal_point_v,
      "exposure-time", G_TYPE_DOUBLE, (gdouble)image->exposure_time, "gain",
      G_TYPE_DOUBLE, (gdouble)image->gain, "noise", G_TYPE_DOUBLE,
      (gdouble)image->noise, "out1-reduction", G_TYPE_DOUBLE,
      (gdouble)image->out1_reduction, "brightness", G_TYPE_DOUBLE,
      (gdouble)image->brightness, "gamma", G_TYPE_DOUBLE, (gdouble)image->gamma,
      "auto-exposure-adapting", G_TYPE_BOOLEAN, image->auto_exposure_adapting,
      "gpio-inputs", G_TYPE_UINT, image->gpio_inputs, "gpio-outputs",
      G_TYPE_UINT, image->gpio_outputs, "gpio-values", G_TYPE_UINT,
      image->gpio_values, NULL);
}

static void
set_disparity_fields (GstStructure *fields, const RcDisparity *disparity)
{
  gst_structure_set (fields, "scale", G_TYPE_DOUBLE, (gdouble)disparity->scale,
      "offset", G_TYPE_DOUBLE, (gdouble)disparity->offset, "invalid-data-value",
      G_TYPE_DOUBLE, (gdouble)disparity->invalid_data_value, "baseline",
      G_TYPE_DOUBLE, (gdouble)disparity->baseline, "delta-d", G_TYPE_DOUBLE,
      (gdouble)disparity->delta_d, NULL);
}

/* Some cameras send the left image's focal length with the smaller disparity
 * image: who measures in that has to see both. */
static void
set_left_fields (GstStructure *fields, const RcImage *left)
{
  gst_structure_set (fields, "left-width", G_TYPE_UINT, left->width,
      "left-focal-length", G_TYPE_DOUBLE, (gdouble)left->focal_length, NULL);
}

void
gst_buffer_add_rc_image_meta_of (GstBuffer *buffer, RcStream stream,
    guint64 set_timestamp, const RcImage *image, const RcDisparity *disparity,
    const RcImage *left)
{
  GstCustomMeta *meta;
  GstStructure *fields;

  meta = gst_buffer_add_custom_meta (buffer, GST_RC_IMAGE_META_NAME);
  g_return_if_fail (meta != NULL);
  fields = gst_custom_meta_get_structure (meta);

  set_image_fields (fields, set_timestamp, stream, image);
  if (stream != RC_STREAM_DISPARITY && stream != RC_STREAM_CONFIDENCE
      && stream != RC_STREAM_ERROR)
    return;
  if (disparity != NULL)
    set_disparity_fields (fields, disparity);
  if (left != NULL)
    set_left_fields (fields, left);
}

static void
add_mesh_meta (GstBuffer *buffer, guint64 timestamp, guint64 set_timestamp)
{
  GstCustomMeta *meta =
      gst_buffer_add_custom_meta (buffer, GST_RC_IMAGE_META_NAME);

  g_return_if_fail (meta != NULL);
  gst_structure_set (gst_custom_meta_get_structure (meta), "stream",
      G_TYPE_STRING, rc_stream_to_string (RC_STREAM_MESH), "timestamp",
      G_TYPE_UINT64, timestamp, "set-timestamp", G_TYPE_UINT64, set_timestamp,
      NULL);
}

void
gst_buffer_add_rc_mesh_meta (GstBuffer *buffer, const RcImageSet *set)
{
  add_mesh_meta (buffer,
      rc_image_set_get_stream_timestamp (set, RC_STREAM_MESH),
      rc_image_set_get_timestamp (set));
}

void
gst_buffer_describe_rc_mesh (GstBuffer *dest, GstBuffer *src)
{
  const GstStructure *fields = gst_buffer_get_rc_image_fields (src);
  guint64 timestamp = 0, set_timestamp = 0;

  if (fields == NULL)
    return;
  gst_structure_get_uint64 (fields, "timestamp", &timestamp);
  gst_structure_get_uint64 (fields, "set-timestamp", &set_timestamp);
  add_mesh_meta (dest, timestamp, set_timestamp);
}

void
gst_buffer_add_rc_image_meta (
    GstBuffer *buffer, const RcImageSet *set, RcStream stream)
{
  const RcImage *image = rc_image_set_get_image (set, stream);

  g_return_if_fail (image != NULL);

  gst_buffer_add_rc_image_meta_of (buffer, stream,
      rc_image_set_get_timestamp (set), image, rc_image_set_get_disparity (set),
      rc_image_set_get_image (set, RC_STREAM_LEFT));
}

const GstStructure *
gst_buffer_get_rc_image_fields (GstBuffer *buffer)
{
  GstCustomMeta *meta =
      gst_buffer_get_custom_meta (buffer, GST_RC_IMAGE_META_NAME);

  return meta ? gst_custom_meta_get_structure (meta) : NULL;
}

GstStructure *
gst_buffer_copy_rc_image_meta (GstBuffer *dest, GstBuffer *src)
{
  const GstStructure *fields = gst_buffer_get_rc_image_fields (src);

  return fields ? add_copy (dest, fields) : NULL;
}
