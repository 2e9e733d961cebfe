/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-rcfilesrc
 * @title: rcfilesrc
 * @short_description: Plays a recording as the camera did
 *
 * rcfilesrc reads a file that #GstRcFileSink wrote and gives its streams on
 * request pads of the same names as those of rcgrpcsrc: the same pixels, caps,
 * PTS, OFFSET, metas and times of capture.
 *
 * It plays files of other pipelines as well, as long as their tracks are named
 * after the streams. Without a track `metadata` there are no metas, and a
 * warning says so.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 rcfilesrc location=rec.mkv name=f f.disparity ! rcdepth ! \
 *     rccolormap ! videoconvert ! autovideosink
 * ]| Shows a recording's depth.
 *
 * Since: 0.1
 */

/* Threads: the demuxer's thread finds the tracks, makes their branches and adds
 * lines; behind the multiqueue each branch has one of its own, which decodes and
 * waits for its images' lines (see gstrcreplaystream.c). The multiqueue holds
 * more than what lines come after their images, so that the demuxer goes on
 * meanwhile. Children are made in NULL→READY and go in READY→NULL. */

#include "recording/gstrcfilesrc.h"

#include <glib/gstdio.h>
#include <gst/pbutils/missing-plugins.h>

#include "recording/gstrcparts.h"
#include "recording/gstrcreplaystream.h"
#include "recording/rcrecordjson.h"
#include "recording/rctracknames.h"

GST_DEBUG_CATEGORY_STATIC (gst_rc_file_src_debug);
#define GST_CAT_DEFAULT gst_rc_file_src_debug

#define IMAGE_CAPS                                                             \
  "video/x-raw, format = (string) { GRAY8, RGB, GRAY16_LE, GRAY16_BE }"
#define METADATA_CAPS "text/x-raw, format = (string) utf8"
/* What images are decoded to. */
#define DECODED_CAPS "video/x-raw, format = (string) { GRAY8, GRAY16_LE, RGB }"

/* Of a track, read ahead. */
#define QUEUE_TIME (3 * GST_SECOND)
#define QUEUE_BYTES (256 * 1024 * 1024)

enum {
  PROP_0,
  PROP_LOCATION,
  N_PROPERTIES,
};

struct _GstRcFileSrc {
  GstBin parent;

  /* object lock */
  gchar *location;
  GstPad *pads[RC_N_STREAMS]; /* NULL: not requested; belong to the element */
  guint found;                /* streams that the file has, 1 << RcStream */

  /* state changes; the children belong to the bin */
  GstElement *demux, *queue;
  RcReplayLines *lines;
  guint64 uids[RC_N_STREAMS]; /* of the file's tracks, 0: there is none */

  /* demuxer's thread */
  gboolean lines_refused; /* a warning was posted */
  gboolean checked;       /* that there is what pads were requested for */
};

static GParamSpec *properties[N_PROPERTIES];

G_DEFINE_TYPE_WITH_CODE (GstRcFileSrc, gst_rc_file_src, GST_TYPE_BIN,
    GST_DEBUG_CATEGORY_INIT (gst_rc_file_src_debug, "rcfilesrc", 0,
        "stereo camera recordings' source"))
GST_ELEMENT_REGISTER_DEFINE (
    rcfilesrc, "rcfilesrc", GST_RANK_NONE, GST_TYPE_RC_FILE_SRC)

/* ---- lines ---- */

/* A line that matroskamux took from rcgrpcsrc's metadata pad: its images are as
 * far from it as they were captured. */
static void
guess_pts (RcRecordSet *set, GstClockTime pts)
{
  if (rc_record_set_get_start (set) != RC_RECORD_NONE)
    return;
  set->pts[RC_STREAM_METADATA] = pts;
  for (guint i = 0; i < RC_N_IMAGE_STREAMS; i++) {
    if (set->has_image[i])
      set->pts[i] = pts + set->images[i].timestamp - set->timestamp;
  }
}

static RcRecordSet *
read_line (GstBuffer *buffer, GError **error)
{
  g_autofree gchar *text = NULL;
  RcRecordSet *set;
  GstMapInfo map;

  if (!gst_buffer_map (buffer, &map, GST_MAP_READ)) {
    g_set_error_literal (error, RC_RECORD_ERROR, RC_RECORD_ERROR_SYNTAX,
        "a line that cannot be read");
    return NULL;
  }
  /* In an entity each character takes up to six. */
  if (map.size <= 6 * RC_RECORD_MAX_LINE)
    text = rc_record_unescape ((const gchar *)map.data, map.size);
  gst_buffer_unmap (buffer, &map);
  set = rc_record_json_read (text ? text : "", text ? strlen (text) : 0, error);
  if (set != NULL)
    guess_pts (set, GST_BUFFER_PTS (buffer));
  return set;
}

static void
take_line (GstRcFileSrc *self, GstBuffer *buffer)
{
  g_autoptr (GError) error = NULL;
  RcRecordSet *set = read_line (buffer, &error);

  if (set != NULL) {
    rc_replay_lines_add (self->lines, set, GST_BUFFER_PTS (buffer));
    return;
  }
  if (!self->lines_refused)
    GST_ELEMENT_WARNING (self, STREAM, DECODE,
        ("The recording's metadata is damaged, or of another kind: images that "
         "it says nothing of come without parameters."),
        ("%s", error->message));
  self->lines_refused = TRUE;
}

static GstPadProbeReturn
watch_lines (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  GstRcFileSrc *self = user_data;

  if (info->type & GST_PAD_PROBE_TYPE_BUFFER) {
    take_line (self, GST_PAD_PROBE_INFO_BUFFER (info));
    return GST_PAD_PROBE_OK;
  }
  switch (GST_EVENT_TYPE (GST_PAD_PROBE_INFO_EVENT (info))) {
  case GST_EVENT_EOS:
    rc_replay_lines_end (self->lines);
    break;
  case GST_EVENT_FLUSH_STOP:
    rc_replay_lines_reset (self->lines);
    break;
  default:
    break;
  }
  return GST_PAD_PROBE_OK;
}

/* ---- branches ---- */

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
add_decoder (GstRcFileSrc *self, GstCaps *caps)
{
  const GstStructure *kind = gst_caps_get_structure (caps, 0);
  GList *features;
  GstElement *decoder = NULL;

  if (gst_structure_has_name (kind, "video/x-raw"))
    return gst_rc_parts_add (GST_BIN (self), GST_ELEMENT (self), "identity");
  if (gst_structure_has_name (kind, "video/x-ffv"))
    return gst_rc_parts_add (GST_BIN (self), GST_ELEMENT (self), "avdec_ffv1");
  features = gst_registry_feature_filter (
      gst_registry_get (), is_decoder_of, FALSE, caps);
  features = g_list_sort (features, gst_plugin_feature_rank_compare_func);
  if (features != NULL)
    decoder = gst_element_factory_create (features->data, NULL);
  gst_plugin_feature_list_free (features);
  if (decoder != NULL) {
    gst_bin_add (GST_BIN (self), decoder);
    return decoder;
  }
  gst_element_post_message (GST_ELEMENT (self),
      gst_missing_decoder_message_new (GST_ELEMENT (self), caps));
  GST_ELEMENT_ERROR (self, CORE, MISSING_PLUGIN,
      ("There is no decoder for a track of the recording. Install the "
       "GStreamer plugin that has it."),
      ("%" GST_PTR_FORMAT, caps));
  return NULL;
}

/* The branch from the multiqueue's @src to the stream's pad. */
static gboolean
add_image_branch (
    GstRcFileSrc *self, GstPad *src, GstCaps *caps, GstElement *stream)
{
  GstBin *bin = GST_BIN (self);
  g_autoptr (GstCaps) decoded = gst_caps_from_string (DECODED_CAPS);
  g_autoptr (GstPad) sink = NULL;
  GstElement *decoder, *convert, *filter;

  if (!(decoder = add_decoder (self, caps))
      || !(convert = gst_rc_parts_add (bin, GST_ELEMENT (self), "videoconvert"))
      || !(filter = gst_rc_parts_add (bin, GST_ELEMENT (self), "capsfilter")))
    return FALSE;
  g_object_set (filter, "caps", decoded, NULL);
  sink = gst_element_get_static_pad (decoder, "sink");
  return gst_element_link_many (decoder, convert, filter, stream, NULL)
         && gst_element_sync_state_with_parent (stream)
         && gst_element_sync_state_with_parent (filter)
         && gst_element_sync_state_with_parent (convert)
         && gst_element_sync_state_with_parent (decoder)
         && gst_pad_link (src, sink) == GST_PAD_LINK_OK;
}

static gboolean
add_metadata_branch (GstPad *src, GstElement *stream)
{
  g_autoptr (GstPad) sink = gst_element_get_static_pad (stream, "sink");

  return gst_element_sync_state_with_parent (stream)
         && gst_pad_link (src, sink) == GST_PAD_LINK_OK;
}

static gboolean
add_branch (GstRcFileSrc *self, GstPad *track, RcStream stream, GstPad *pad)
{
  GstElement *last =
      GST_ELEMENT (gst_rc_replay_stream_new (stream, self->lines));
  g_autoptr (GstPad) queue_sink =
      gst_element_request_pad_simple (self->queue, "sink_%u");
  g_autofree gchar *src_name =
      g_strconcat ("src_", GST_PAD_NAME (queue_sink) + strlen ("sink_"), NULL);
  g_autoptr (GstPad) queue_src =
      gst_element_get_static_pad (self->queue, src_name);
  g_autoptr (GstPad) last_src = gst_element_get_static_pad (last, "src");
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (track);

  gst_bin_add (GST_BIN (self), last);
  gst_ghost_pad_set_target (GST_GHOST_PAD (pad), last_src);
  if (stream == RC_STREAM_METADATA
          ? !add_metadata_branch (queue_src, last)
          : !add_image_branch (self, queue_src, caps, last))
    return FALSE;
  return gst_pad_link (track, queue_sink) == GST_PAD_LINK_OK;
}

/* ---- tracks ---- */

static void
take_track (GstRcFileSrc *self, GstPad *track, RcStream stream)
{
  g_autoptr (GstPad) pad = NULL;
  gboolean is_first;

  GST_OBJECT_LOCK (self);
  is_first = !(self->found & (1u << stream));
  self->found |= 1u << stream;
  if (self->pads[stream] != NULL)
    pad = gst_object_ref (self->pads[stream]);
  GST_OBJECT_UNLOCK (self);
  /* Two tracks with one UID. */
  if (!is_first)
    return;

  if (stream == RC_STREAM_METADATA)
    gst_pad_add_probe (track,
        GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM
            | GST_PAD_PROBE_TYPE_EVENT_FLUSH,
        watch_lines, self, NULL);
  if (pad != NULL && !add_branch (self, track, stream, pad))
    GST_WARNING_OBJECT (self, "no branch for %s", rc_stream_to_string (stream));
}

static gchar *
name_streams (guint streams)
{
  GString *names = g_string_new (NULL);

  for (guint i = 0; i < RC_N_STREAMS; i++) {
    if (streams & (1u << i))
      g_string_append_printf (
          names, "%s%s", names->len > 0 ? ", " : "", rc_stream_to_string (i));
  }
  return g_string_free (names, FALSE);
}

/* Once the tracks are known. */
static void
check_tracks (GstRcFileSrc *self)
{
  g_autofree gchar *lacking = NULL, *has = NULL;
  guint found, wanted = 0;

  GST_OBJECT_LOCK (self);
  found = self->found;
  for (guint i = 0; i < RC_N_STREAMS; i++)
    wanted |= self->pads[i] != NULL ? 1u << i : 0;
  GST_OBJECT_UNLOCK (self);

  lacking = name_streams (wanted & ~found);
  has = name_streams (found);
  if (wanted & ~found)
    GST_ELEMENT_ERROR (self, STREAM, WRONG_TYPE,
        ("The recording has no track named %s. It has: %s.", lacking,
            found != 0 ? has : "none of a stream's name"),
        (NULL));
  if (found & (1u << RC_STREAM_METADATA))
    return;
  rc_replay_lines_end (self->lines);
  GST_ELEMENT_WARNING (self, STREAM, FORMAT,
      ("The recording has no track named metadata: its images come without "
       "parameters. For depth, set focal-length and baseline of rcdepth."),
      (NULL));
}

/* A stream's ID ends in "/001:" and the track's UID. */
static gboolean
stream_of_track (GstRcFileSrc *self, GstPad *track, RcStream *stream)
{
  g_autofree gchar *id = gst_pad_get_stream_id (track);
  const gchar *colon = id ? strrchr (id, ':') : NULL;
  guint64 uid = 0;

  if (colon == NULL
      || !g_ascii_string_to_unsigned (
          colon + 1, 10, 1, G_MAXUINT64, &uid, NULL))
    return FALSE;
  for (guint i = 0; i < RC_N_STREAMS; i++) {
    if (self->uids[i] == uid) {
      *stream = i;
      return TRUE;
    }
  }
  return FALSE;
}

/* All tracks are there before the first buffer of any. */
static GstPadProbeReturn
watch_track (GstPad *track, GstPadProbeInfo *info, gpointer user_data)
{
  GstRcFileSrc *self = user_data;

  if (!self->checked)
    check_tracks (self);
  self->checked = TRUE;
  return GST_PAD_PROBE_REMOVE;
}

static void
pad_added (GstElement *demux, GstPad *track, gpointer user_data)
{
  GstRcFileSrc *self = user_data;
  RcStream stream;

  gst_pad_add_probe (track, GST_PAD_PROBE_TYPE_BUFFER, watch_track, self, NULL);
  if (stream_of_track (self, track, &stream))
    take_track (self, track, stream);
}

/* The demuxer tells names by tags that are at the file's end, if at all. What is
 * wrong with the file filesrc says. */
static void
read_names (GstRcFileSrc *self, const gchar *location)
{
  g_autofree guint8 *head = g_malloc (RC_TRACK_NAMES_HEAD);
  FILE *file = g_fopen (location, "rb");
  gsize length = 0;

  if (file != NULL) {
    length = fread (head, 1, RC_TRACK_NAMES_HEAD, file);
    fclose (file);
  }
  rc_track_names_read (head, length, self->uids);
}

static gboolean
make_children (GstRcFileSrc *self)
{
  GstBin *bin = GST_BIN (self);
  g_autofree gchar *location = NULL;
  GstElement *file;

  GST_OBJECT_LOCK (self);
  location = g_strdup (self->location);
  self->found = 0;
  GST_OBJECT_UNLOCK (self);
  if (location == NULL || *location == '\0') {
    GST_ELEMENT_ERROR (self, RESOURCE, SETTINGS,
        ("There is no file to play. Set the property location."), (NULL));
    return FALSE;
  }
  self->lines = rc_replay_lines_new ();
  self->lines_refused = FALSE;
  self->checked = FALSE;
  if (!(file = gst_rc_parts_add (bin, GST_ELEMENT (self), "filesrc"))
      || !(self->demux =
               gst_rc_parts_add (bin, GST_ELEMENT (self), "matroskademux"))
      || !(self->queue =
               gst_rc_parts_add (bin, GST_ELEMENT (self), "multiqueue")))
    return FALSE;
  read_names (self, location);
  g_object_set (file, "location", location, NULL);
  g_object_set (self->queue, "max-size-buffers", 0, "max-size-bytes",
      QUEUE_BYTES, "max-size-time", QUEUE_TIME, NULL);
  g_signal_connect (self->demux, "pad-added", G_CALLBACK (pad_added), self);
  return gst_element_link (file, self->demux);
}

static void
remove_children (GstRcFileSrc *self)
{
  GstBin *bin = GST_BIN (self);

  for (guint i = 0; i < RC_N_STREAMS; i++) {
    if (self->pads[i] != NULL)
      gst_ghost_pad_set_target (GST_GHOST_PAD (self->pads[i]), NULL);
  }
  while (GST_BIN_NUMCHILDREN (bin) > 0) {
    GstElement *child = gst_object_ref (GST_BIN_CHILDREN (bin)->data);

    gst_element_set_state (child, GST_STATE_NULL);
    gst_bin_remove (bin, child);
    gst_object_unref (child);
  }
  self->demux = NULL;
  self->queue = NULL;
  g_clear_pointer (&self->lines, rc_replay_lines_free);
}

/* ---- states ---- */

static GstStateChangeReturn
gst_rc_file_src_change_state (GstElement *element, GstStateChange transition)
{
  GstRcFileSrc *self = GST_RC_FILE_SRC (element);
  GstStateChangeReturn ret;

  if (transition == GST_STATE_CHANGE_NULL_TO_READY && !make_children (self)) {
    remove_children (self);
    return GST_STATE_CHANGE_FAILURE;
  }
  /* Before the pads are stopped, which waits for their threads. */
  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED)
    rc_replay_lines_set_flushing (self->lines, FALSE);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY)
    rc_replay_lines_set_flushing (self->lines, TRUE);
  ret = GST_ELEMENT_CLASS (gst_rc_file_src_parent_class)
            ->change_state (element, transition);
  if (transition == GST_STATE_CHANGE_READY_TO_NULL)
    remove_children (self);
  return ret;
}

/* ---- pads ---- */

static GstPad *
gst_rc_file_src_request_new_pad (GstElement *element, GstPadTemplate *templ,
    const gchar *name, const GstCaps *caps)
{
  GstRcFileSrc *self = GST_RC_FILE_SRC (element);
  RcStream stream;
  GstPad *pad;

  if (!rc_stream_from_string (GST_PAD_TEMPLATE_NAME_TEMPLATE (templ), &stream))
    return NULL;
  if (self->pads[stream] != NULL || self->demux != NULL) {
    GST_WARNING_OBJECT (self, "%s: there is one, or the file is open",
        rc_stream_to_string (stream));
    return NULL;
  }
  pad = gst_ghost_pad_new_no_target_from_template (
      rc_stream_to_string (stream), templ);
  GST_OBJECT_LOCK (self);
  self->pads[stream] = pad;
  GST_OBJECT_UNLOCK (self);
  gst_element_add_pad (element, pad);
  return pad;
}

static void
gst_rc_file_src_release_pad (GstElement *element, GstPad *pad)
{
  GstRcFileSrc *self = GST_RC_FILE_SRC (element);
  RcStream stream;

  if (!rc_stream_from_string (GST_PAD_NAME (pad), &stream))
    return;
  GST_OBJECT_LOCK (self);
  self->pads[stream] = NULL;
  GST_OBJECT_UNLOCK (self);
  gst_element_remove_pad (element, pad);
}

/* ---- properties ---- */

static void
gst_rc_file_src_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  GstRcFileSrc *self = GST_RC_FILE_SRC (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
  case PROP_LOCATION:
    g_free (self->location);
    self->location = g_value_dup_string (value);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
  GST_OBJECT_UNLOCK (self);
}

static void
gst_rc_file_src_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GstRcFileSrc *self = GST_RC_FILE_SRC (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
  case PROP_LOCATION:
    g_value_set_string (value, self->location);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
  GST_OBJECT_UNLOCK (self);
}

static void
gst_rc_file_src_finalize (GObject *object)
{
  GstRcFileSrc *self = GST_RC_FILE_SRC (object);

  g_clear_pointer (&self->lines, rc_replay_lines_free);
  g_free (self->location);
  G_OBJECT_CLASS (gst_rc_file_src_parent_class)->finalize (object);
}

static void
add_pad_template (GstElementClass *klass, RcStream stream)
{
  g_autoptr (GstCaps) caps = gst_caps_from_string (
      stream == RC_STREAM_METADATA ? METADATA_CAPS : IMAGE_CAPS);

  gst_element_class_add_pad_template (
      klass, gst_pad_template_new (rc_stream_to_string (stream), GST_PAD_SRC,
                 GST_PAD_REQUEST, caps));
}

static void
gst_rc_file_src_class_init (GstRcFileSrcClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);

  object_class->set_property = gst_rc_file_src_set_property;
  object_class->get_property = gst_rc_file_src_get_property;
  object_class->finalize = gst_rc_file_src_finalize;

  /**
   * GstRcFileSrc:location:
   *
   * The Matroska file to play.
   *
   * Since: 0.1
   */
  properties[PROP_LOCATION] = g_param_spec_string ("location", "Location",
      "The Matroska file to play", NULL,
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);
  g_object_class_install_properties (object_class, N_PROPERTIES, properties);

  gst_element_class_set_static_metadata (element_class,
      "Stereo camera recording", "Source/File/Video",
      "Plays a recording of a stereo camera as the camera did",
      "The gst-rcgrpc authors");
  for (guint i = 0; i < RC_N_STREAMS; i++) {
    if (i != RC_STREAM_MESH)
      add_pad_template (element_class, i);
  }

  element_class->change_state = gst_rc_file_src_change_state;
  element_class->request_new_pad = gst_rc_file_src_request_new_pad;
  element_class->release_pad = gst_rc_file_src_release_pad;
}

static void
gst_rc_file_src_init (GstRcFileSrc *self)
{
  gst_bin_set_suppressed_flags (
      GST_BIN (self), GST_ELEMENT_FLAG_SOURCE | GST_ELEMENT_FLAG_SINK);
  GST_OBJECT_FLAG_SET (self, GST_ELEMENT_FLAG_SOURCE);
}
