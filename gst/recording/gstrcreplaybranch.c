/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "recording/gstrcreplaybranch.h"

#include <gst/pbutils/missing-plugins.h>

#include "meta/gstrcstreamcaps.h"
#include "recording/gstrcparts.h"

/* Images that a live replay keeps for a branch that does not take them; the
 * oldest is dropped then, as rcgrpcsrc does. */
#define LIVE_QUEUE_BUFFERS 4

static gboolean
is_decoder_of (GstPluginFeature *feature, gpointer caps)
{
  GstElementFactory *factory;

  if (!GST_IS_ELEMENT_FACTORY (feature))
    return FALSE;
  factory = GST_ELEMENT_FACTORY (feature);
  return gst_plugin_feature_get_rank (feature) >= GST_RANK_MARGINAL
         && gst_element_factory_list_is_type (
             factory, GST_ELEMENT_FACTORY_TYPE_DECODER
                          | GST_ELEMENT_FACTORY_TYPE_MEDIA_IMAGE
                          | GST_ELEMENT_FACTORY_TYPE_MEDIA_VIDEO)
         && gst_element_factory_can_sink_any_caps (factory, caps);
}

/* Raw images need none: identity. NULL after an error message. */
static GstElement *
add_decoder (GstElement *owner, GstBin *bin, GstCaps *caps)
{
  const GstStructure *kind = gst_caps_get_structure (caps, 0);
  GList *features;
  GstElement *decoder = NULL;

  if (gst_structure_has_name (kind, "video/x-raw"))
    return gst_rc_parts_add (bin, owner, "identity");
  if (gst_structure_has_name (kind, "video/x-ffv"))
    return gst_rc_parts_add (bin, owner, "avdec_ffv1");
  features = gst_registry_feature_filter (
      gst_registry_get (), is_decoder_of, FALSE, caps);
  features = g_list_sort (features, gst_plugin_feature_rank_compare_func);
  if (features != NULL)
    decoder = gst_element_factory_create (features->data, NULL);
  gst_plugin_feature_list_free (features);
  if (decoder != NULL) {
    gst_bin_add (bin, decoder);
    return decoder;
  }
  gst_element_post_message (
      owner, gst_missing_decoder_message_new (owner, caps));
  GST_ELEMENT_ERROR (owner, CORE, MISSING_PLUGIN,
      ("There is no decoder for a track of the recording. Install the "
       "GStreamer plugin that has it."),
      ("%" GST_PTR_FORMAT, caps));
  return NULL;
}

static gboolean
forget_rate (
    GstCapsFeatures *features, GstStructure *structure, gpointer user_data)
{
  gst_structure_remove_fields (
      structure, "framerate", "pixel-aspect-ratio", NULL);
  return TRUE;
}

/* From the decoder to @last. */
static gboolean
add_images (GstElement *owner, GstBin *bin, RcStream stream, GstCaps *caps,
    GstElement *last, GstElement **first)
{
  g_autoptr (GstCaps) decoded = gst_rc_stream_get_template_caps (stream);
  GstElement *convert, *filter;

  /* Of what a camera has; a decoder does not say how often. */
  gst_caps_map_in_place (decoded, forget_rate, NULL);
  if (!(*first = add_decoder (owner, bin, caps))
      || !(convert = gst_rc_parts_add (bin, owner, "videoconvert"))
      || !(filter = gst_rc_parts_add (bin, owner, "capsfilter")))
    return FALSE;
  g_object_set (filter, "caps", decoded, NULL);
  return gst_element_link_many (*first, convert, filter, last, NULL);
}

static gboolean
add_queue (GstElement *owner, GstBin *bin, GstElement **last)
{
  GstElement *queue = gst_rc_parts_add (bin, owner, "queue");

  if (queue == NULL)
    return FALSE;
  gst_util_set_object_arg (G_OBJECT (queue), "leaky", "downstream");
  g_object_set (queue, "max-size-buffers", LIVE_QUEUE_BUFFERS, "max-size-bytes",
      0, "max-size-time", G_GUINT64_CONSTANT (0), NULL);
  if (!gst_element_link (*last, queue))
    return FALSE;
  *last = queue;
  return TRUE;
}

/* Belongs to @bin. */
static GstPad *
add_ghost (GstElement *bin, const gchar *name, GstElement *child)
{
  g_autoptr (GstPad) target = gst_element_get_static_pad (child, name);
  GstPad *pad = gst_ghost_pad_new (name, target);

  gst_element_add_pad (bin, pad);
  return pad;
}

/* The multiqueue counts on upstream to tell of that, which may have pushed its
 * last buffer already. */
static GstFlowReturn
chain (GstPad *pad, GstObject *branch, GstBuffer *buffer)
{
  GstFlowReturn ret = gst_proxy_pad_chain_default (pad, branch, buffer);
  g_autoptr (GstObject) owner = NULL;

  if (ret != GST_FLOW_NOT_NEGOTIATED)
    return ret;
  owner = gst_object_get_parent (branch);
  if (owner != NULL)
    GST_ELEMENT_ERROR (owner, STREAM, DECODE,
        ("Nothing takes the images of a track: it is damaged, or what they go "
         "to takes images of another kind."),
        ("%s", GST_OBJECT_NAME (branch)));
  return GST_FLOW_EOS;
}

GstElement *
gst_rc_replay_branch_new (GstElement *owner, RcStream stream, GstCaps *caps,
    GstRcReplayStream *replay, gboolean is_live)
{
  GstElement *branch = gst_bin_new (rc_stream_to_string (stream));
  GstBin *bin = GST_BIN (branch);
  GstElement *first = GST_ELEMENT (replay), *last = first;
  gboolean ok = TRUE;

  gst_bin_add (bin, last);
  if (stream < RC_N_IMAGE_STREAMS)
    ok = add_images (owner, bin, stream, caps, last, &first);
  if (ok && is_live)
    ok = add_queue (owner, bin, &last);
  if (!ok) {
    gst_object_unref (gst_object_ref_sink (branch));
    return NULL;
  }
  gst_pad_set_chain_function (add_ghost (branch, "sink", first), chain);
  add_ghost (branch, "src", last);
  return branch;
}
