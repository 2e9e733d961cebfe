/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "recording/gstrcrecordpart.h"

#include "meta/gstrcimagefields.h"
#include "meta/gstrcimagemeta.h"
#include "recording/rcrecordjson.h"

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
take_fields (RcRecordSet *part, RcStream stream, const GstStructure *fields,
    const GstVideoInfo *info)
{
  part->timestamp = gst_rc_image_fields_get_time (fields, "set-timestamp");
  if (stream == RC_STREAM_MESH)
    part->mesh_timestamp = gst_rc_image_fields_get_time (fields, "timestamp");
  if (stream >= RC_N_IMAGE_STREAMS || info == NULL
      || g_strcmp0 (gst_structure_get_string (fields, "stream"),
             rc_stream_to_string (stream))
             != 0)
    return;
  take_format (&part->images[stream], info);
  part->has_image[stream] = TRUE;
  gst_rc_image_fields_read_image (fields, &part->images[stream]);
  if (stream == RC_STREAM_DISPARITY) {
    part->has_disparity = TRUE;
    gst_rc_image_fields_read_disparity (fields, &part->disparity);
  }
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
  } else if (fields != NULL) {
    take_fields (part, stream, fields, info);
  }
  return part;
}
