/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "recording/gstrcrecordpart.h"

#include "meta/gstrcimagemeta.h"
#include "recording/rcrecordjson.h"

/* The last time that the camera's message can hold, ns since the Unix epoch. */
#define MAX_TIME (G_MAXINT32 * GST_SECOND)

static guint64
get_time (const GstStructure *fields, const gchar *name)
{
  guint64 time = 0;

  return gst_structure_get_uint64 (fields, name, &time) && time <= MAX_TIME
             ? time
             : 0;
}

/* All doubles of the meta were floats. */
static gfloat
get_float (const GstStructure *fields, const gchar *name)
{
  gdouble value = 0;

  gst_structure_get_double (fields, name, &value);
  return (gfloat)value;
}

static guint
get_uint (const GstStructure *fields, const gchar *name)
{
  guint value = 0;

  gst_structure_get_uint (fields, name, &value);
  return value;
}

static void
take_format (RcImage *image, const GstVideoInfo *info)
{
  image->width = GST_VIDEO_INFO_WIDTH (info);
  image->height = GST_VIDEO_INFO_HEIGHT (info);
  switch (GST_VIDEO_INFO_FORMAT (info)) {
  case GST_VIDEO_FORMAT_GRAY8:
    image->encoding = RC_ENCODING_MONO8;
    break;
  case GST_VIDEO_FORMAT_GRAY16_BE:
    image->is_bigendian = TRUE;
    image->encoding = RC_ENCODING_MONO16;
    break;
  case GST_VIDEO_FORMAT_GRAY16_LE:
    image->encoding = RC_ENCODING_MONO16;
    break;
  default:
    image->encoding = RC_ENCODING_RGB8;
  }
  image->step = image->width * rc_encoding_bytes_per_pixel (image->encoding);
}

static void
take_image (RcImage *image, const GstStructure *fields)
{
  image->timestamp = get_time (fields, "timestamp");
  image->focal_length = get_float (fields, "focal-length");
  image->principal_point_u = get_float (fields, "principal-point-u");
  image->principal_point_v = get_float (fields, "principal-point-v");
  image->exposure_time = get_float (fields, "exposure-time");
  image->gain = get_float (fields, "gain");
  image->noise = get_float (fields, "noise");
  image->out1_reduction = get_float (fields, "out1-reduction");
  image->brightness = get_float (fields, "brightness");
  image->gamma = get_float (fields, "gamma");
  gst_structure_get_boolean (
      fields, "auto-exposure-adapting", &image->auto_exposure_adapting);
  image->gpio_inputs = get_uint (fields, "gpio-inputs");
  image->gpio_outputs = get_uint (fields, "gpio-outputs");
  image->gpio_values = get_uint (fields, "gpio-values");
}

static void
take_disparity (RcRecordSet *part, const GstStructure *fields)
{
  part->has_disparity = TRUE;
  part->disparity.scale = get_float (fields, "scale");
  part->disparity.offset = get_float (fields, "offset");
  part->disparity.invalid_data_value = get_float (fields, "invalid-data-value");
  part->disparity.baseline = get_float (fields, "baseline");
  part->disparity.delta_d = get_float (fields, "delta-d");
}

static void
take_fields (RcRecordSet *part, RcStream stream, const GstStructure *fields,
    const GstVideoInfo *info)
{
  part->timestamp = get_time (fields, "set-timestamp");
  if (g_strcmp0 (gst_structure_get_string (fields, "stream"),
          rc_stream_to_string (stream))
      != 0)
    return;
  take_format (&part->images[stream], info);
  part->has_image[stream] = TRUE;
  take_image (&part->images[stream], fields);
  if (stream == RC_STREAM_DISPARITY)
    take_disparity (part, fields);
}

/* Only its time is needed beside the words. */
static void
take_json (RcRecordSet *part, GstBuffer *buffer)
{
  g_autoptr (RcRecordSet) read = NULL;
  GstMapInfo map;

  if (!gst_buffer_map (buffer, &map, GST_MAP_READ))
    return;
  read = rc_record_json_read ((const gchar *)map.data, map.size, NULL);
  gst_buffer_unmap (buffer, &map);
  if (read == NULL)
    return;
  part->timestamp = read->timestamp;
  part->json = g_steal_pointer (&read->json);
}

RcRecordSet *
gst_rc_record_part_new (GstBuffer *buffer, RcStream stream, GstClockTime pts,
    const GstVideoInfo *info)
{
  RcRecordSet *part = rc_record_set_new ();
  const GstStructure *fields = gst_buffer_get_rc_image_fields (buffer);

  part->pts[stream] = pts;
  if (GST_BUFFER_OFFSET_IS_VALID (buffer))
    part->number = GST_BUFFER_OFFSET (buffer);
  if (stream == RC_STREAM_METADATA) {
    take_json (part, buffer);
    if (GST_BUFFER_DURATION_IS_VALID (buffer))
      part->duration = GST_BUFFER_DURATION (buffer);
  } else if (fields != NULL && info != NULL && stream < RC_N_IMAGE_STREAMS) {
    take_fields (part, stream, fields, info);
  }
  return part;
}
