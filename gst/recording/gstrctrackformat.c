/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "recording/gstrctrackformat.h"

struct _GstRcTrackFormat {
  const gchar *codec;
  RcMatroskaType type;
  gboolean is_intra;
  GBytes *codec_private; /* or NULL */
  gint width, height;    /* of images */
};

/* There is V_FFV1, too, which players know less: mpv 0.35 does not. */
#define FFV1_CAPS "video/x-ffv, ffvversion = (int) 1"

/* Caps and Codec IDs (the Matroska codec specification). All are self-contained
 * in frames and codec_data. */
static const struct {
  const gchar *caps;
  const gchar *codec;
  gboolean is_intra;
} image_codecs[] = {
    {FFV1_CAPS, RC_MATROSKA_FOURCC, TRUE},
    {"video/x-h264, stream-format = (string) avc, alignment = (string) au",
        "V_MPEG4/ISO/AVC", FALSE},
    {"video/x-h265, stream-format = (string) hvc1, alignment = (string) au",
        "V_MPEGH/ISO/HEVC", FALSE},
    {"video/x-vp8", "V_VP8", FALSE},
    {"video/x-vp9", "V_VP9", FALSE},
    {"video/x-av1, stream-format = (string) obu-stream, alignment = (string) tu",
        "V_AV1", FALSE},
    {"image/jpeg", "V_MJPEG", TRUE},
};

#define MESH_CAPS "application/x-ply"
#define TEXT_CAPS "text/x-raw"

GstCaps *
gst_rc_track_format_get_image_caps (void)
{
  GstCaps *caps = gst_caps_new_empty ();

  for (guint i = 0; i < G_N_ELEMENTS (image_codecs); i++)
    gst_caps_append (caps, gst_caps_from_string (image_codecs[i].caps));
  return caps;
}

static GBytes *
get_codec_private (const GstStructure *structure)
{
  const GValue *value = gst_structure_get_value (structure, "codec_data");
  GstMapInfo map;
  GBytes *bytes;

  if (value == NULL || !GST_VALUE_HOLDS_BUFFER (value)
      || !gst_buffer_map (gst_value_get_buffer (value), &map, GST_MAP_READ))
    return NULL;
  bytes = g_bytes_new (map.data, map.size);
  gst_buffer_unmap (gst_value_get_buffer (value), &map);
  return bytes;
}

static void
wrap_codec_private (GstRcTrackFormat *format)
{
  GBytes *own = format->codec_private;

  format->codec_private =
      rc_matroska_describe_fourcc ("FFV1", format->width, format->height, own);
  g_clear_pointer (&own, g_bytes_unref);
}

static gboolean
take_image_codec (GstRcTrackFormat *format, GstCaps *caps)
{
  const GstStructure *structure = gst_caps_get_structure (caps, 0);

  for (guint i = 0; i < G_N_ELEMENTS (image_codecs); i++) {
    g_autoptr (GstCaps) its = gst_caps_from_string (image_codecs[i].caps);

    if (!gst_caps_can_intersect (caps, its))
      continue;
    format->codec = image_codecs[i].codec;
    format->type = RC_MATROSKA_VIDEO;
    format->is_intra = image_codecs[i].is_intra;
    format->codec_private = get_codec_private (structure);
    if (!gst_structure_get_int (structure, "width", &format->width)
        || !gst_structure_get_int (structure, "height", &format->height)
        || format->width <= 0 || format->height <= 0)
      return FALSE;
    if (g_str_equal (format->codec, RC_MATROSKA_FOURCC))
      wrap_codec_private (format);
    return TRUE;
  }
  return FALSE;
}

static gboolean
take_codec (GstRcTrackFormat *format, GstCaps *caps)
{
  const GstStructure *structure = gst_caps_get_structure (caps, 0);

  format->type = RC_MATROSKA_SUBTITLE;
  format->is_intra = TRUE;
  if (gst_structure_has_name (structure, MESH_CAPS))
    format->codec = "S_MODEL/PLY";
  else if (gst_structure_has_name (structure, TEXT_CAPS))
    format->codec = "S_TEXT/UTF8";
  else
    return take_image_codec (format, caps);
  return TRUE;
}

GstRcTrackFormat *
gst_rc_track_format_new (GstCaps *caps)
{
  GstRcTrackFormat *format = g_atomic_rc_box_new0 (GstRcTrackFormat);

  if (take_codec (format, caps))
    return format;
  gst_rc_track_format_unref (format);
  return NULL;
}

GstRcTrackFormat *
gst_rc_track_format_ref (GstRcTrackFormat *format)
{
  return g_atomic_rc_box_acquire (format);
}

static void
clear (gpointer format)
{
  g_clear_pointer (&((GstRcTrackFormat *)format)->codec_private, g_bytes_unref);
}

void
gst_rc_track_format_unref (GstRcTrackFormat *format)
{
  g_atomic_rc_box_release_full (format, clear);
}

void
gst_rc_track_format_replace (GstRcTrackFormat **place, GstRcTrackFormat *format)
{
  if (format != NULL)
    gst_rc_track_format_ref (format);
  g_clear_pointer (place, gst_rc_track_format_unref);
  *place = format;
}

gboolean
gst_rc_track_format_is_equal (
    const GstRcTrackFormat *a, const GstRcTrackFormat *b)
{
  if (a == b)
    return TRUE;
  if (a == NULL || b == NULL || !g_str_equal (a->codec, b->codec)
      || a->width != b->width || a->height != b->height
      || (a->codec_private == NULL) != (b->codec_private == NULL))
    return FALSE;
  return a->codec_private == NULL
         || g_bytes_equal (a->codec_private, b->codec_private);
}

void
gst_rc_track_format_describe (
    const GstRcTrackFormat *format, const gchar *name, RcMatroskaTrack *track)
{
  track->name = name;
  track->type = format->type;
  track->codec = format->codec;
  track->codec_private = format->codec_private;
  track->width = format->width;
  track->height = format->height;
}

gboolean
gst_rc_track_format_is_intra (const GstRcTrackFormat *format)
{
  return format->is_intra;
}
