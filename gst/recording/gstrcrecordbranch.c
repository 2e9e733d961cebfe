/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "recording/gstrcrecordbranch.h"

#include "recording/gstrcparts.h"
#include "recording/gstrctrackformat.h"

/* What FFV1 takes and gives back bit by bit; videoconvert from the formats that
 * cameras have only moves bytes. */
#define FFV1_CAPS "video/x-raw, format = (string) { GRAY8, GRAY16_LE, BGRx }"

/* What waits for the encoder, whichever is reached first: enough for a moment
 * without CPU, and less than a small computer has. */
#define QUEUE_BYTES (128 * 1024 * 1024)
#define QUEUE_TIME GST_SECOND

static GstElement *
add_queue (GstElement *owner, GstBin *bin)
{
  GstElement *queue = gst_rc_parts_add (bin, owner, "queue");

  if (queue != NULL)
    g_object_set (queue, "max-size-buffers", 0, "max-size-bytes", QUEUE_BYTES,
        "max-size-time", QUEUE_TIME, NULL);
  return queue;
}

static GstElement *
add_filter (GstElement *owner, GstBin *bin, GstCaps *caps)
{
  GstElement *filter = gst_rc_parts_add (bin, owner, "capsfilter");

  if (filter != NULL)
    g_object_set (filter, "caps", caps, NULL);
  return filter;
}

static gboolean
add_lossless_encoder (GstElement *owner, GstBin *bin, RcStream stream,
    GstElement *queue, GstElement **last)
{
  g_autoptr (GstCaps) caps = gst_caps_from_string (FFV1_CAPS);
  GstElement *convert, *filter, *encoder;

  if (!(convert = gst_rc_parts_add (bin, owner, "videoconvert"))
      || !(filter = add_filter (owner, bin, caps))
      || !(encoder = gst_rc_parts_add (bin, owner, "avenc_ffv1")))
    return FALSE;
  /* Each image for itself, so that a replay can begin anywhere. Slices have
   * checksums, which tell of a damaged file. The large context makes camera images
   * 7 % smaller for 1 % more CPU time, and depth no smaller (docs/recording.md). */
  g_object_set (encoder, "gop-size", 1, "slices", 4, "context",
      stream <= RC_STREAM_RIGHT ? 1 : 0, NULL);
  *last = encoder;
  return gst_element_link_many (queue, convert, filter, encoder, NULL);
}

static GstElement *
parse_encoder (GstElement *owner, const gchar *description)
{
  g_autoptr (GError) error = NULL;
  GstElement *encoder = gst_parse_bin_from_description_full (
      description, TRUE, NULL, GST_PARSE_FLAG_FATAL_ERRORS, &error);

  if (encoder == NULL)
    GST_ELEMENT_ERROR (owner, RESOURCE, SETTINGS,
        ("The encoder \"%s\" cannot be made: %s. Set the property encoder to "
         "what can stand between two \"!\" of gst-launch-1.0, as \"x264enc "
         "tune=zerolatency\".",
            description, error->message),
        (NULL));
  return encoder;
}

static gboolean
is_whole (GstBin *bin)
{
  g_autoptr (GstPad) sink = gst_bin_find_unlinked_pad (bin, GST_PAD_SINK);
  g_autoptr (GstPad) src = gst_bin_find_unlinked_pad (bin, GST_PAD_SRC);

  return sink == NULL && src == NULL;
}

static gboolean
add_encoder (GstElement *owner, GstBin *bin, const gchar *description,
    GstElement *queue, GstElement **last)
{
  g_autoptr (GstCaps) caps = gst_rc_track_format_get_image_caps ();
  GstElement *convert, *encoder, *filter;

  if (!(convert = gst_rc_parts_add (bin, owner, "videoconvert"))
      || !(encoder = parse_encoder (owner, description)))
    return FALSE;
  gst_bin_add (bin, encoder);
  if (!(filter = add_filter (owner, bin, caps)))
    return FALSE;
  *last = filter;
  if (gst_element_link_many (queue, convert, encoder, filter, NULL)
      && (!GST_IS_BIN (encoder) || is_whole (GST_BIN (encoder))))
    return TRUE;
  GST_ELEMENT_ERROR (owner, RESOURCE, SETTINGS,
      ("The encoder \"%s\" does not take images, or makes of them what a "
       "recording cannot hold. H.264, H.265, VP8, VP9, AV1, JPEG and FFV1 can "
       "be in it; a parser, as h264parse, may be needed.",
          description),
      (NULL));
  return FALSE;
}

static void
add_ghost (GstElement *bin, const gchar *name, GstElement *child)
{
  g_autoptr (GstPad) target = gst_element_get_static_pad (child, name);

  gst_element_add_pad (bin, gst_ghost_pad_new (name, target));
}

GstElement *
gst_rc_record_branch_new (
    GstElement *owner, RcStream stream, const gchar *encoder)
{
  GstElement *branch = gst_bin_new (NULL);
  GstBin *bin = GST_BIN (branch);
  GstElement *queue = add_queue (owner, bin), *last = queue;
  gboolean ok = queue != NULL;

  if (ok && stream < RC_N_IMAGE_STREAMS)
    ok = encoder != NULL && stream <= RC_STREAM_RIGHT
             ? add_encoder (owner, bin, encoder, queue, &last)
             : add_lossless_encoder (owner, bin, stream, queue, &last);
  if (!ok) {
    gst_object_unref (gst_object_ref_sink (branch));
    return NULL;
  }
  add_ghost (branch, "sink", queue);
  add_ghost (branch, "src", last);
  return branch;
}
