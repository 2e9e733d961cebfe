/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The last element of a stream's branch in a replay: gives each image the PTS,
 * OFFSET and metas that it had, and turns lines into the camera's JSON.
 *
 * Threads: the streaming thread waits in RcReplayLines for the line of its
 * image; what lets it go is set_flushing (), at a flush and before a stop. */

#include "recording/gstrcreplaystream.h"

#include <gst/video/video.h>

#include "meta/gstrcimagemeta.h"
#include "recording/rcrecordjson.h"

GST_DEBUG_CATEGORY_STATIC (gst_rc_replay_stream_debug);
#define GST_CAT_DEFAULT gst_rc_replay_stream_debug

/* A time in the file differs by less from the one in the line: Matroska's
 * default is a tick of 1 ms, and both may be rounded. */
#define TOLERANCE (2 * GST_MSECOND)
/* A line comes no later than this after its images. */
#define MARGIN (2 * GST_SECOND)

struct _GstRcReplayStream {
  GstElement parent;

  GstPad *sink, *src; /* belong to the element */

  RcStream stream; /* these are set at creation */
  RcReplayLines *lines;
  GstCaps *unix_time_caps;

  /* streaming thread */
  guint64 next_number;
};

G_DEFINE_TYPE_WITH_CODE (GstRcReplayStream, gst_rc_replay_stream,
    GST_TYPE_ELEMENT,
    GST_DEBUG_CATEGORY_INIT (gst_rc_replay_stream_debug, "rcreplaystream", 0,
        "one stream of a recording"))

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE (
    "sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE (
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

GstRcReplayStream *
gst_rc_replay_stream_new (RcStream stream, RcReplayLines *lines)
{
  GstRcReplayStream *self = g_object_new (GST_TYPE_RC_REPLAY_STREAM, NULL);

  self->stream = stream;
  self->lines = lines;
  return self;
}

static guint64
capture_time (const RcRecordSet *set, RcStream stream)
{
  if (stream < RC_N_IMAGE_STREAMS && set->has_image[stream])
    return set->images[stream].timestamp;
  if (stream == RC_STREAM_MESH && set->mesh_timestamp != 0)
    return set->mesh_timestamp;
  return set->timestamp;
}

static void
add_metas (GstRcReplayStream *self, GstBuffer *buffer, const RcRecordSet *set)
{
  guint64 time = capture_time (set, self->stream);

  if (self->stream < RC_N_IMAGE_STREAMS && set->has_image[self->stream])
    gst_buffer_add_rc_image_meta_of (buffer, self->stream, set->timestamp,
        &set->images[self->stream], set->has_disparity ? &set->disparity : NULL,
        set->has_image[RC_STREAM_LEFT] ? &set->images[RC_STREAM_LEFT] : NULL);
  if (time != 0)
    gst_buffer_add_reference_timestamp_meta (
        buffer, self->unix_time_caps, time, GST_CLOCK_TIME_NONE);
}

static void
stamp (GstRcReplayStream *self, GstBuffer *buffer, const RcRecordSet *set)
{
  GST_BUFFER_PTS (buffer) = set->pts[self->stream];
  GST_BUFFER_DTS (buffer) = GST_CLOCK_TIME_NONE;
  GST_BUFFER_DURATION (buffer) =
      self->stream == RC_STREAM_METADATA ? set->duration : GST_CLOCK_TIME_NONE;
  GST_BUFFER_OFFSET (buffer) = set->number;
  GST_BUFFER_OFFSET_END (buffer) =
      set->number != RC_RECORD_NONE ? set->number + 1 : RC_RECORD_NONE;
  if (set->number == RC_RECORD_NONE)
    return;
  if (set->number != self->next_number)
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
  self->next_number = set->number + 1;
}

static void
put_json (GstBuffer *buffer, const RcRecordSet *set)
{
  gsize length = strlen (set->json);

  gst_buffer_remove_all_memory (buffer);
  gst_buffer_append_memory (
      buffer, gst_memory_new_wrapped (
                  0, g_strdup (set->json), length, 0, length, NULL, NULL));
}

static GstFlowReturn
gst_rc_replay_stream_chain (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  GstRcReplayStream *self = GST_RC_REPLAY_STREAM (parent);
  const RcRecordSet *set;

  if (!GST_BUFFER_PTS_IS_VALID (buffer))
    return gst_pad_push (self->src, buffer);
  switch (rc_replay_lines_take (self->lines, self->stream,
      GST_BUFFER_PTS (buffer), TOLERANCE, MARGIN, &set)) {
  case RC_REPLAY_FLUSHING:
    gst_buffer_unref (buffer);
    return GST_FLOW_FLUSHING;
  case RC_REPLAY_NONE:
    GST_LOG_OBJECT (self, "nothing is said of %" GST_PTR_FORMAT, buffer);
    if (self->stream != RC_STREAM_METADATA)
      return gst_pad_push (self->src, buffer);
    gst_buffer_unref (buffer);
    return GST_FLOW_OK;
  case RC_REPLAY_FOUND:
    break;
  }
  buffer = gst_buffer_make_writable (buffer);
  stamp (self, buffer, set);
  add_metas (self, buffer, set);
  if (self->stream == RC_STREAM_METADATA)
    put_json (buffer, set);
  return gst_pad_push (self->src, buffer);
}

/* As the camera's streams have them: decoders add what it does not say. */
static GstCaps *
plain_caps (GstRcReplayStream *self, GstCaps *caps)
{
  GstVideoInfo info, plain;

  if (self->stream == RC_STREAM_METADATA)
    return gst_caps_from_string ("text/x-raw, format = (string) utf8");
  if (!gst_video_info_from_caps (&info, caps)
      || !gst_video_info_set_format (&plain, GST_VIDEO_INFO_FORMAT (&info),
          GST_VIDEO_INFO_WIDTH (&info), GST_VIDEO_INFO_HEIGHT (&info)))
    return gst_caps_ref (caps);
  return gst_video_info_to_caps (&plain);
}

static gboolean
gst_rc_replay_stream_event (GstPad *pad, GstObject *parent, GstEvent *event)
{
  GstRcReplayStream *self = GST_RC_REPLAY_STREAM (parent);
  g_autoptr (GstCaps) plain = NULL;
  GstCaps *caps;

  switch (GST_EVENT_TYPE (event)) {
  case GST_EVENT_FLUSH_START:
    rc_replay_lines_set_flushing (self->lines, TRUE);
    break;
  case GST_EVENT_FLUSH_STOP:
    rc_replay_lines_set_flushing (self->lines, FALSE);
    break;
  case GST_EVENT_CAPS:
    gst_event_parse_caps (event, &caps);
    plain = plain_caps (self, caps);
    gst_event_unref (event);
    return gst_pad_push_event (self->src, gst_event_new_caps (plain));
  default:
    break;
  }
  return gst_pad_event_default (pad, parent, event);
}

static void
gst_rc_replay_stream_finalize (GObject *object)
{
  gst_clear_caps (&GST_RC_REPLAY_STREAM (object)->unix_time_caps);
  G_OBJECT_CLASS (gst_rc_replay_stream_parent_class)->finalize (object);
}

static void
gst_rc_replay_stream_class_init (GstRcReplayStreamClass *klass)
{
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = gst_rc_replay_stream_finalize;

  gst_element_class_set_static_metadata (element_class,
      "Stereo camera recording's stream", "Filter/Video",
      "One stream of a recording, inside rcfilesrc", "The gst-rcgrpc authors");
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
}

static void
gst_rc_replay_stream_init (GstRcReplayStream *self)
{
  self->unix_time_caps = gst_caps_new_empty_simple ("timestamp/x-unix");

  self->sink = gst_pad_new_from_static_template (&sink_template, "sink");
  gst_pad_set_chain_function (self->sink, gst_rc_replay_stream_chain);
  gst_pad_set_event_function (self->sink, gst_rc_replay_stream_event);
  GST_PAD_SET_PROXY_ALLOCATION (self->sink);
  gst_element_add_pad (GST_ELEMENT (self), self->sink);
  self->src = gst_pad_new_from_static_template (&src_template, "src");
  gst_element_add_pad (GST_ELEMENT (self), self->src);
}
