/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Gives each image of a stream the PTS, OFFSET and metas that it had, turns
 * lines into the camera's JSON, and makes a live camera of them, or an endless
 * one.
 *
 * Threads: the streaming thread waits in RcReplayLines for the line of its
 * image, and in GstRcReplayPace for its time; what lets it go is a flush, and
 * both are told before a stop. */

#include "recording/gstrcreplaystream.h"

#include <gst/video/video.h>

#include "meta/gstrcimagemeta.h"
#include "meta/gstrcstreamcaps.h"
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
  GstRcReplayPace *pace;
  GstCaps *unix_time_caps;

  /* streaming thread */
  guint64 next_number;
  gboolean is_discont;  /* the next buffer follows on none */
  gboolean has_segment; /* downstream has one, of a live replay */
  GstClockTime start;   /* of the file's segment */
};

enum {
  SIGNAL_ROUND_OVER,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_TYPE_WITH_CODE (GstRcReplayStream, gst_rc_replay_stream,
    GST_TYPE_ELEMENT,
    GST_DEBUG_CATEGORY_INIT (gst_rc_replay_stream_debug, "rcreplaystream", 0,
        "one stream of a recording"))

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE (
    "sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE (
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

GstRcReplayStream *
gst_rc_replay_stream_new (
    RcStream stream, RcReplayLines *lines, GstRcReplayPace *pace)
{
  GstRcReplayStream *self = g_object_new (GST_TYPE_RC_REPLAY_STREAM, NULL);

  self->stream = stream;
  self->lines = lines;
  self->pace = pace;
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
stamp (GstRcReplayStream *self, GstBuffer *buffer, const RcRecordSet *set,
    GstClockTime pts, guint64 number)
{
  GST_BUFFER_PTS (buffer) = pts;
  GST_BUFFER_DTS (buffer) = GST_CLOCK_TIME_NONE;
  GST_BUFFER_DURATION (buffer) = self->stream == RC_STREAM_METADATA && set
                                     ? set->duration
                                     : GST_CLOCK_TIME_NONE;
  GST_BUFFER_OFFSET (buffer) = number;
  GST_BUFFER_OFFSET_END (buffer) =
      number != RC_RECORD_NONE ? number + 1 : RC_RECORD_NONE;
  if (self->is_discont
      || (number != RC_RECORD_NONE && number != self->next_number))
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
  else
    GST_BUFFER_FLAG_UNSET (buffer, GST_BUFFER_FLAG_DISCONT);
  self->is_discont = FALSE;
  if (number != RC_RECORD_NONE)
    self->next_number = number + 1;
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

/* @set: NULL if nothing is said of it. */
static GstFlowReturn
push (GstRcReplayStream *self, GstBuffer *buffer, const RcRecordSet *set)
{
  GstClockTime pts = set ? set->pts[self->stream] : GST_BUFFER_PTS (buffer);
  guint64 number = set ? set->number : RC_RECORD_NONE;

  if (!gst_rc_replay_pace_take (self->pace, self->stream, GST_ELEMENT (self),
          self->sink, &pts, &number)) {
    gst_buffer_unref (buffer);
    return GST_FLOW_FLUSHING;
  }
  buffer = gst_buffer_make_writable (buffer);
  stamp (self, buffer, set, pts, number);
  if (set != NULL)
    add_metas (self, buffer, set);
  if (set != NULL && self->stream == RC_STREAM_METADATA)
    put_json (buffer, set);
  return gst_pad_push (self->src, buffer);
}

static GstFlowReturn
gst_rc_replay_stream_chain (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  GstRcReplayStream *self = GST_RC_REPLAY_STREAM (parent);
  const RcRecordSet *set = NULL;

  /* What a seek passes over: decoders have dropped such images already. */
  if (!GST_BUFFER_PTS_IS_VALID (buffer)
      || GST_BUFFER_PTS (buffer) + GST_RC_REPLAY_TICK <= self->start) {
    GST_LOG_OBJECT (self, "no time, or too early: %" GST_PTR_FORMAT, buffer);
    gst_buffer_unref (buffer);
    return GST_FLOW_OK;
  }
  switch (rc_replay_lines_take (self->lines, self->stream,
      GST_BUFFER_PTS (buffer), TOLERANCE, MARGIN, &set)) {
  case RC_REPLAY_FLUSHING:
    gst_buffer_unref (buffer);
    return GST_FLOW_FLUSHING;
  case RC_REPLAY_NONE:
    GST_LOG_OBJECT (self, "nothing is said of %" GST_PTR_FORMAT, buffer);
    if (self->stream == RC_STREAM_METADATA) {
      gst_buffer_unref (buffer);
      return GST_FLOW_OK;
    }
    break;
  case RC_REPLAY_FOUND:
    break;
  }
  return push (self, buffer, set);
}

/* Who waits for its time has to leave the pad. */
static gboolean
gst_rc_replay_stream_activate_mode (
    GstPad *pad, GstObject *parent, GstPadMode mode, gboolean active)
{
  GstRcReplayStream *self = GST_RC_REPLAY_STREAM (parent);

  if (!active)
    gst_rc_replay_pace_flush (self->pace, self->stream);
  return TRUE;
}

/* ---- events ---- */

/* As the camera's streams have them: decoders add what it does not say. */
static GstCaps *
plain_caps (GstRcReplayStream *self, GstCaps *caps)
{
  GstVideoInfo info, plain;

  if (self->stream >= RC_N_IMAGE_STREAMS)
    return gst_rc_stream_get_template_caps (self->stream);
  if (!gst_video_info_from_caps (&info, caps)
      || !gst_video_info_set_format (&plain, GST_VIDEO_INFO_FORMAT (&info),
          GST_VIDEO_INFO_WIDTH (&info), GST_VIDEO_INFO_HEIGHT (&info)))
    return gst_caps_ref (caps);
  return gst_video_info_to_caps (&plain);
}

static gboolean
push_caps (GstRcReplayStream *self, GstEvent *event)
{
  g_autoptr (GstCaps) plain = NULL;
  GstCaps *caps;

  gst_event_parse_caps (event, &caps);
  plain = plain_caps (self, caps);
  gst_event_unref (event);
  return gst_pad_push_event (self->src, gst_event_new_caps (plain));
}

/* Of a live camera's stream all times are running times; of an endless one there
 * is no stop. */
static void
open_segment (GstRcReplayStream *self, GstSegment *segment)
{
  if (gst_rc_replay_pace_is_live (self->pace))
    gst_segment_init (segment, GST_FORMAT_TIME);
  segment->stop = segment->duration = GST_CLOCK_TIME_NONE;
}

static gboolean
push_segment (GstRcReplayStream *self, GstEvent *event)
{
  gboolean is_live = gst_rc_replay_pace_is_live (self->pace);
  gboolean is_wrap = gst_rc_replay_pace_is_wrap (self->pace, event);
  guint32 seqnum = gst_event_get_seqnum (event);
  GstSegment segment;

  gst_event_copy_segment (event, &segment);
  gst_event_unref (event);
  self->start = segment.start;
  if (!is_wrap)
    gst_rc_replay_pace_begin (self->pace, self->stream, segment.start);
  /* A pad that was requested later has none. */
  if ((is_live || is_wrap) && self->has_segment)
    return TRUE;
  if (is_live || gst_rc_replay_pace_is_loop (self->pace))
    open_segment (self, &segment);
  self->has_segment = TRUE;
  event = gst_event_new_segment (&segment);
  gst_event_set_seqnum (event, seqnum);
  return gst_pad_push_event (self->src, event);
}

/* TRUE: downstream does not hear of it. */
static gboolean
is_hidden (GstRcReplayStream *self, GstEvent *event)
{
  switch (GST_EVENT_TYPE (event)) {
  case GST_EVENT_FLUSH_START:
  case GST_EVENT_FLUSH_STOP:
    return gst_rc_replay_pace_is_wrap (self->pace, event);
  case GST_EVENT_EOS:
    return gst_rc_replay_pace_is_loop (self->pace);
  case GST_EVENT_GAP:
    /* Its time is the file's. */
    return gst_rc_replay_pace_is_live (self->pace)
           || gst_rc_replay_pace_is_loop (self->pace);
  default:
    return FALSE;
  }
}

static gboolean
gst_rc_replay_stream_event (GstPad *pad, GstObject *parent, GstEvent *event)
{
  GstRcReplayStream *self = GST_RC_REPLAY_STREAM (parent);
  gboolean hidden = is_hidden (self, event);

  switch (GST_EVENT_TYPE (event)) {
  case GST_EVENT_FLUSH_START:
    rc_replay_lines_set_flushing (self->lines, TRUE);
    gst_rc_replay_pace_flush (self->pace, self->stream);
    break;
  case GST_EVENT_FLUSH_STOP:
    rc_replay_lines_set_flushing (self->lines, FALSE);
    self->is_discont = TRUE;
    break;
  case GST_EVENT_EOS:
    if (gst_rc_replay_pace_end (self->pace, self->stream))
      g_signal_emit (self, signals[SIGNAL_ROUND_OVER], 0);
    break;
  case GST_EVENT_SEGMENT:
    return push_segment (self, event);
  case GST_EVENT_CAPS:
    return push_caps (self, event);
  default:
    break;
  }
  if (!hidden)
    return gst_pad_event_default (pad, parent, event);
  gst_event_unref (event);
  return TRUE;
}

/* ---- what downstream wants ---- */

/* A camera cannot be asked for another time. Backwards, the line of an image
 * would come after it. */
static gboolean
is_seekable (GstRcReplayStream *self, GstEvent *event)
{
  gdouble rate;

  gst_event_parse_seek (event, &rate, NULL, NULL, NULL, NULL, NULL, NULL);
  return rate > 0 && !gst_rc_replay_pace_is_live (self->pace);
}

static gboolean
gst_rc_replay_stream_src_event (GstPad *pad, GstObject *parent, GstEvent *event)
{
  GstRcReplayStream *self = GST_RC_REPLAY_STREAM (parent);

  switch (GST_EVENT_TYPE (event)) {
  case GST_EVENT_SEEK:
    if (is_seekable (self, event))
      break;
    gst_event_unref (event);
    return FALSE;
  case GST_EVENT_QOS:
    /* To decoders, whose times are the file's, all would be late. */
    if (!gst_rc_replay_pace_is_live (self->pace)
        && !gst_rc_replay_pace_is_loop (self->pace))
      break;
    gst_event_unref (event);
    return TRUE;
  default:
    break;
  }
  return gst_pad_event_default (pad, parent, event);
}

static gboolean
gst_rc_replay_stream_src_query (GstPad *pad, GstObject *parent, GstQuery *query)
{
  GstRcReplayStream *self = GST_RC_REPLAY_STREAM (parent);
  GstFormat format;

  if (!gst_rc_replay_pace_is_live (self->pace))
    return gst_pad_query_default (pad, parent, query);
  switch (GST_QUERY_TYPE (query)) {
  case GST_QUERY_SEEKING:
    gst_query_parse_seeking (query, &format, NULL, NULL, NULL);
    gst_query_set_seeking (query, format, FALSE, 0, -1);
    return TRUE;
  case GST_QUERY_DURATION:
    return FALSE;
  default:
    return gst_pad_query_default (pad, parent, query);
  }
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
  signals[SIGNAL_ROUND_OVER] =
      g_signal_new ("round-over", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST,
          0, NULL, NULL, NULL, G_TYPE_NONE, 0);

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
  self->is_discont = TRUE;

  self->sink = gst_pad_new_from_static_template (&sink_template, "sink");
  gst_pad_set_chain_function (self->sink, gst_rc_replay_stream_chain);
  gst_pad_set_activatemode_function (
      self->sink, gst_rc_replay_stream_activate_mode);
  gst_pad_set_event_function (self->sink, gst_rc_replay_stream_event);
  GST_PAD_SET_PROXY_ALLOCATION (self->sink);
  gst_element_add_pad (GST_ELEMENT (self), self->sink);
  self->src = gst_pad_new_from_static_template (&src_template, "src");
  gst_pad_set_event_function (self->src, gst_rc_replay_stream_src_event);
  gst_pad_set_query_function (self->src, gst_rc_replay_stream_src_query);
  gst_element_add_pad (GST_ELEMENT (self), self->src);
}
