/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-rcfilesink
 * @title: rcfilesink
 * @short_description: Records the streams of a stereo camera without loss
 *
 * rcfilesink writes what comes on its pads to a Matroska file: each image
 * stream as a track of FFV1, which keeps every bit, and what the camera says of
 * the images as a track of text, a line of JSON for each set. The tracks are
 * named after their pads. #GstRcFileSrc plays such a file as the camera did.
 *
 * A stream that lacks images, or stops, holds no other back. Where images get
 * another size, and where a limit is reached, the recording goes on in another
 * file: rec.mkv, rec-00001.mkv … What was written so far can be played also if
 * the program is killed.
 *
 * Each second, and at the end, it posts an element message `rcfilesink-progress`
 * with the fields `location` (string), `files` (uint), `sets`, `bytes` and
 * `dropped` (guint64), and at the end of each file `rcfilesink-file-closed` with
 * `location`, `sets` and `bytes`.
 *
 * ## Example launch lines
 * |[
 * gst-launch-1.0 -e rcgrpcsrc host=10.0.2.90 name=s rcfilesink location=rec.mkv name=r \
 *     s.left ! r.left   s.disparity ! r.disparity   s.metadata ! r.metadata
 * ]| Records left and disparity with all parameters.
 * |[
 * gst-launch-1.0 -e rcgrpcsrc host=10.0.2.90 name=s \
 *     rcfilesink location=rec.mkv encoder="x264enc tune=zerolatency" max-size-time=60000000000 name=r \
 *     s.left ! r.left   s.disparity ! r.disparity
 * ]| A file a minute, the left image as H.264, disparity still without loss.
 *
 * Since: 0.1
 */

/* Threads: each pad has that of its upstream, up to the queue of its branch; what
 * it says there is GstRcRecordInput's. Children come and go with state changes
 * and pads, in the application's thread. */

#include "recording/gstrcfilesink.h"

#include "recording/gstrcparts.h"
#include "recording/gstrcrecordbranch.h"
#include "recording/gstrcrecorder.h"
#include "recording/gstrcrecordinput.h"

GST_DEBUG_CATEGORY_STATIC (gst_rc_file_sink_debug);
#define GST_CAT_DEFAULT gst_rc_file_sink_debug

#define IMAGE_CAPS                                                             \
  "video/x-raw, format = (string) { GRAY8, RGB, GRAY16_LE, GRAY16_BE }"
#define MESH_CAPS "application/x-ply"
#define METADATA_CAPS "text/x-raw, format = (string) utf8"

enum {
  PROP_0,
  PROP_LOCATION,
  PROP_ENCODER,
  PROP_MAX_SIZE_TIME,
  PROP_MAX_SIZE_BYTES,
  PROP_STATS,
  N_PROPERTIES,
};

typedef struct {
  GstPad *pad;          /* NULL: not requested; belongs to the element */
  GstElement *branch;   /* belongs to the bin; NULL: none, as of metadata */
  GstPad *recorder_pad; /* belongs to the recorder */
} Stream;

struct _GstRcFileSink {
  GstBin parent;

  /* object lock */
  gchar *location;
  gchar *encoder;
  guint64 max_size_time, max_size_bytes;
  GstRcRecorder *recorder;  /* NULL below PAUSED; belongs to the bin */
  GstRcRecordCounts counts; /* of the recording before */

  /* application's thread */
  Stream streams[RC_N_STREAMS];
  GstRcRecordInput *input; /* NULL below PAUSED */
};

static GParamSpec *properties[N_PROPERTIES];

G_DEFINE_TYPE_WITH_CODE (GstRcFileSink, gst_rc_file_sink, GST_TYPE_BIN,
    GST_DEBUG_CATEGORY_INIT (
        gst_rc_file_sink_debug, "rcfilesink", 0, "stereo camera recorder"))
GST_ELEMENT_REGISTER_DEFINE (
    rcfilesink, "rcfilesink", GST_RANK_NONE, GST_TYPE_RC_FILE_SINK)

/* ---- children ---- */

static void
set_recorder (GstRcFileSink *self, GstRcRecorder *recorder)
{
  GST_OBJECT_LOCK (self);
  if (self->recorder != NULL)
    gst_rc_record_queue_get_counts (
        gst_rc_recorder_get_queue (self->recorder), &self->counts);
  self->recorder = recorder;
  GST_OBJECT_UNLOCK (self);
}

/* The recorder's pad @name of that stream gets what comes on the pad. */
static gboolean
add_branch (GstRcFileSink *self, RcStream stream)
{
  Stream *state = &self->streams[stream];
  g_autofree gchar *encoder = NULL;
  g_autoptr (GstPad) sink = NULL, src = NULL;

  if (stream == RC_STREAM_METADATA) {
    state->recorder_pad = gst_rc_recorder_add_track (self->recorder, stream);
    return gst_ghost_pad_set_target (
        GST_GHOST_PAD (state->pad), state->recorder_pad);
  }
  GST_OBJECT_LOCK (self);
  encoder = g_strdup (self->encoder);
  GST_OBJECT_UNLOCK (self);
  state->branch =
      gst_rc_record_branch_new (GST_ELEMENT (self), stream, encoder);
  if (state->branch == NULL)
    return FALSE;
  gst_bin_add (GST_BIN (self), state->branch);
  state->recorder_pad = gst_rc_recorder_add_track (self->recorder, stream);
  sink = gst_element_get_static_pad (state->branch, "sink");
  src = gst_element_get_static_pad (state->branch, "src");
  return gst_pad_link (src, state->recorder_pad) == GST_PAD_LINK_OK
         && gst_ghost_pad_set_target (GST_GHOST_PAD (state->pad), sink)
         && gst_element_sync_state_with_parent (state->branch);
}

static void
remove_branch (GstRcFileSink *self, RcStream stream)
{
  Stream *state = &self->streams[stream];

  if (state->recorder_pad != NULL)
    gst_rc_recorder_end_track (self->recorder, state->recorder_pad);
  if (state->branch != NULL)
    gst_rc_parts_remove (GST_BIN (self), g_steal_pointer (&state->branch));
  if (state->recorder_pad != NULL)
    gst_element_remove_pad (GST_ELEMENT (self->recorder), state->recorder_pad);
  state->recorder_pad = NULL;
  if (state->pad != NULL)
    gst_ghost_pad_set_target (GST_GHOST_PAD (state->pad), NULL);
  if (self->input != NULL)
    gst_rc_record_input_forget_format (self->input, stream);
}

static gboolean
add_recorder (GstRcFileSink *self)
{
  g_autofree gchar *location = NULL;
  guint64 max_time, max_bytes;

  GST_OBJECT_LOCK (self);
  location = g_strdup (self->location);
  max_time = self->max_size_time;
  max_bytes = self->max_size_bytes;
  GST_OBJECT_UNLOCK (self);
  if (location == NULL || *location == '\0') {
    GST_ELEMENT_ERROR (self, RESOURCE, SETTINGS,
        ("There is no file to record to. Set the property location."), (NULL));
    return FALSE;
  }
  set_recorder (self,
      gst_rc_recorder_new (GST_ELEMENT (self), location, max_time, max_bytes));
  self->input =
      gst_rc_record_input_new (gst_rc_recorder_get_queue (self->recorder));
  return gst_bin_add (GST_BIN (self), GST_ELEMENT (self->recorder));
}

static gboolean
add_branches (GstRcFileSink *self)
{
  gboolean is_linked = FALSE;

  for (guint i = 0; i < RC_N_STREAMS; i++) {
    if (self->streams[i].pad == NULL)
      continue;
    is_linked |= gst_pad_is_linked (self->streams[i].pad);
    if (!add_branch (self, i))
      return FALSE;
  }
  if (!is_linked)
    GST_ELEMENT_ERROR (self, CORE, PAD,
        ("There is nothing to record. Link a pad of rcfilesink, such as left."),
        (NULL));
  return is_linked;
}

static void
remove_children (GstRcFileSink *self)
{
  GstElement *recorder = GST_ELEMENT (self->recorder);

  for (guint i = 0; i < RC_N_STREAMS; i++)
    remove_branch (self, i);
  g_clear_pointer (&self->input, gst_rc_record_input_free);
  if (recorder == NULL)
    return;
  gst_object_ref (recorder);
  gst_element_set_state (recorder, GST_STATE_NULL);
  set_recorder (self, NULL);
  gst_bin_remove (GST_BIN (self), recorder);
  gst_object_unref (recorder);
}

/* ---- states ---- */

/* Pads that are linked are waited for. FALSE after an error message. */
static gboolean
begin_recording (GstRcFileSink *self)
{
  guint linked = 0;

  if (!add_recorder (self) || !add_branches (self)) {
    remove_children (self);
    return FALSE;
  }
  for (guint i = 0; i < RC_N_STREAMS; i++) {
    GstPad *pad = self->streams[i].pad;

    if (pad != NULL && gst_pad_is_linked (pad))
      linked |= 1u << i;
  }
  gst_rc_record_input_begin (self->input, linked);
  return TRUE;
}

/* Lines of images that are in the file are not to wait for others any more. */
static void
end_recording (GstRcFileSink *self)
{
  for (guint i = 0; i < RC_N_STREAMS; i++)
    gst_rc_record_input_end (self->input, i);
}

static GstStateChangeReturn
gst_rc_file_sink_change_state (GstElement *element, GstStateChange transition)
{
  GstRcFileSink *self = GST_RC_FILE_SINK (element);
  GstStateChangeReturn ret;

  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED && !begin_recording (self))
    return GST_STATE_CHANGE_FAILURE;
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY)
    end_recording (self);
  ret = GST_ELEMENT_CLASS (gst_rc_file_sink_parent_class)
            ->change_state (element, transition);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY
      || (transition == GST_STATE_CHANGE_READY_TO_PAUSED
          && ret == GST_STATE_CHANGE_FAILURE))
    remove_children (self);
  return ret;
}

/* ---- pads ---- */

static GstPadProbeReturn
watch_pad (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  GstRcFileSink *self = GST_RC_FILE_SINK (GST_PAD_PARENT (pad));

  return gst_rc_record_input_take (
      self->input, GPOINTER_TO_UINT (user_data), pad, info);
}

static void
take_link (GstPad *pad, GstPad *peer, gpointer user_data)
{
  GstRcFileSink *self = GST_RC_FILE_SINK (GST_PAD_PARENT (pad));

  if (self->input != NULL)
    gst_rc_record_input_expect (self->input, GPOINTER_TO_UINT (user_data));
}

static GstPad *
gst_rc_file_sink_request_new_pad (GstElement *element, GstPadTemplate *templ,
    const gchar *name, const GstCaps *caps)
{
  GstRcFileSink *self = GST_RC_FILE_SINK (element);
  RcStream stream;
  GstPad *pad;

  if (!rc_stream_from_string (GST_PAD_TEMPLATE_NAME_TEMPLATE (templ), &stream))
    return NULL;
  if (self->streams[stream].pad != NULL) {
    GST_WARNING_OBJECT (
        self, "there is a pad \"%s\" already", rc_stream_to_string (stream));
    return NULL;
  }
  pad = gst_ghost_pad_new_no_target_from_template (
      rc_stream_to_string (stream), templ);
  gst_pad_add_probe (pad,
      GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM,
      watch_pad, GUINT_TO_POINTER (stream), NULL);
  g_signal_connect (
      pad, "linked", G_CALLBACK (take_link), GUINT_TO_POINTER (stream));
  self->streams[stream].pad = pad;
  if (self->recorder != NULL && !add_branch (self, stream)) {
    remove_branch (self, stream);
    self->streams[stream].pad = NULL;
    gst_object_unref (gst_object_ref_sink (pad));
    return NULL;
  }
  if (GST_STATE (self) > GST_STATE_READY)
    gst_pad_set_active (pad, TRUE);
  gst_element_add_pad (element, pad);
  return pad;
}

static void
gst_rc_file_sink_release_pad (GstElement *element, GstPad *pad)
{
  GstRcFileSink *self = GST_RC_FILE_SINK (element);
  RcStream stream;

  if (!rc_stream_from_string (GST_PAD_NAME (pad), &stream))
    return;
  remove_branch (self, stream);
  gst_pad_set_active (pad, FALSE);
  if (self->input != NULL)
    gst_rc_record_input_end (self->input, stream);
  self->streams[stream].pad = NULL;
  gst_element_remove_pad (element, pad);
}

/* ---- properties ---- */

static GstStructure *
get_stats (GstRcFileSink *self)
{
  GstRcRecordCounts counts;
  GstRcRecorder *recorder;

  GST_OBJECT_LOCK (self);
  recorder = self->recorder ? gst_object_ref (self->recorder) : NULL;
  counts = self->counts;
  GST_OBJECT_UNLOCK (self);
  if (recorder != NULL) {
    gst_rc_record_queue_get_counts (
        gst_rc_recorder_get_queue (recorder), &counts);
    gst_object_unref (recorder);
  }
  return gst_structure_new ("rcfilesink-stats", "files", G_TYPE_UINT,
      counts.files, "sets", G_TYPE_UINT64, counts.sets, "bytes", G_TYPE_UINT64,
      counts.bytes, "dropped", G_TYPE_UINT64, counts.dropped, NULL);
}

static void
gst_rc_file_sink_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  GstRcFileSink *self = GST_RC_FILE_SINK (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
  case PROP_LOCATION:
    g_free (self->location);
    self->location = g_value_dup_string (value);
    break;
  case PROP_ENCODER:
    g_free (self->encoder);
    self->encoder = g_value_dup_string (value);
    break;
  case PROP_MAX_SIZE_TIME:
    self->max_size_time = g_value_get_uint64 (value);
    break;
  case PROP_MAX_SIZE_BYTES:
    self->max_size_bytes = g_value_get_uint64 (value);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
  GST_OBJECT_UNLOCK (self);
}

static void
gst_rc_file_sink_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GstRcFileSink *self = GST_RC_FILE_SINK (object);

  if (id == PROP_STATS) {
    g_value_take_boxed (value, get_stats (self));
    return;
  }
  GST_OBJECT_LOCK (self);
  switch (id) {
  case PROP_LOCATION:
    g_value_set_string (value, self->location);
    break;
  case PROP_ENCODER:
    g_value_set_string (value, self->encoder);
    break;
  case PROP_MAX_SIZE_TIME:
    g_value_set_uint64 (value, self->max_size_time);
    break;
  case PROP_MAX_SIZE_BYTES:
    g_value_set_uint64 (value, self->max_size_bytes);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
  GST_OBJECT_UNLOCK (self);
}

static void
gst_rc_file_sink_finalize (GObject *object)
{
  GstRcFileSink *self = GST_RC_FILE_SINK (object);

  g_free (self->location);
  g_free (self->encoder);
  G_OBJECT_CLASS (gst_rc_file_sink_parent_class)->finalize (object);
}

static void
add_pad_template (GstElementClass *klass, RcStream stream)
{
  g_autoptr (GstCaps) caps =
      gst_caps_from_string (stream == RC_STREAM_METADATA ? METADATA_CAPS
                            : stream == RC_STREAM_MESH   ? MESH_CAPS
                                                         : IMAGE_CAPS);

  gst_element_class_add_pad_template (
      klass, gst_pad_template_new (rc_stream_to_string (stream), GST_PAD_SINK,
                 GST_PAD_REQUEST, caps));
}

static void
install_properties (GObjectClass *object_class)
{
  /**
   * GstRcFileSink:location:
   *
   * The Matroska file to write; one of that name is overwritten. Further files
   * are called after it: rec.mkv, rec-00001.mkv, rec-00002.mkv …
   *
   * Since: 0.1
   */
  properties[PROP_LOCATION] = g_param_spec_string ("location", "Location",
      "The Matroska file to write; one of that name is overwritten", NULL,
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);

  /**
   * GstRcFileSink:encoder:
   *
   * What encodes left and right, as for gst-launch-1.0: an encoder, or several
   * elements with `!` between them. Its frames are H.264, H.265, VP8, VP9, AV1,
   * JPEG or FFV1. NULL: FFV1, without loss. What is measured in, disparity,
   * confidence and error, is always kept without loss.
   *
   * Since: 0.1
   */
  properties[PROP_ENCODER] = g_param_spec_string ("encoder", "Encoder",
      "Encoder of left and right, as for gst-launch-1.0; NULL: FFV1, without "
      "loss",
      NULL,
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);

  /**
   * GstRcFileSink:max-size-time:
   *
   * Nanoseconds of running time in a file; the next set begins another one. 0:
   * no limit. With an encoder that does not make a key frame of each image a
   * file can be longer by the time that one takes to come.
   *
   * Since: 0.1
   */
  properties[PROP_MAX_SIZE_TIME] = g_param_spec_uint64 ("max-size-time",
      "Maximum size in time",
      "Time in a file before the next set begins another one, ns; 0: no limit",
      0, G_MAXUINT64, 0,
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);

  /**
   * GstRcFileSink:max-size-bytes:
   *
   * Bytes in a file, without its index; a set that would exceed them begins
   * another one. 0: no limit. A set is never divided: a file has one at least.
   *
   * Since: 0.1
   */
  properties[PROP_MAX_SIZE_BYTES] =
      g_param_spec_uint64 ("max-size-bytes", "Maximum size in bytes",
          "Bytes in a file before the next set begins another one; 0: no limit",
          0, G_MAXUINT64, 0,
          G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);

  /**
   * GstRcFileSink:stats:
   *
   * `files` (uint), `sets`, `bytes` and `dropped` (guint64) of this recording:
   * of all its files, and images and meshes that came and are in none, as they
   * had no timestamp or their encoder failed. Below PAUSED: of the last recording.
   *
   * Since: 0.1
   */
  properties[PROP_STATS] =
      g_param_spec_boxed ("stats", "Statistics", "What was recorded so far",
          GST_TYPE_STRUCTURE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
}

static void
gst_rc_file_sink_class_init (GstRcFileSinkClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);

  object_class->set_property = gst_rc_file_sink_set_property;
  object_class->get_property = gst_rc_file_sink_get_property;
  object_class->finalize = gst_rc_file_sink_finalize;
  install_properties (object_class);

  gst_element_class_set_static_metadata (element_class,
      "Stereo camera recorder", "Sink/File",
      "Records the streams of a stereo camera to Matroska without loss",
      "The gst-rcgrpc authors");
  for (guint i = 0; i < RC_N_STREAMS; i++)
    add_pad_template (element_class, i);

  element_class->change_state = gst_rc_file_sink_change_state;
  element_class->request_new_pad = gst_rc_file_sink_request_new_pad;
  element_class->release_pad = gst_rc_file_sink_release_pad;
}

static void
gst_rc_file_sink_init (GstRcFileSink *self)
{
  /* A sink also while it has no children, and never a source for the one among
   * them. */
  gst_bin_set_suppressed_flags (
      GST_BIN (self), GST_ELEMENT_FLAG_SOURCE | GST_ELEMENT_FLAG_SINK);
  GST_OBJECT_FLAG_SET (self, GST_ELEMENT_FLAG_SINK);
}
