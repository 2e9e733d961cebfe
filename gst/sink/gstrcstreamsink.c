/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Threads: all is done in the pad's streaming thread, but for unlock (), which
 * ends the one wait that there is, that for clients at the end. Nothing waits
 * for other pads: one thread may serve several. */

#include "sink/gstrcstreamsink.h"

#include <gst/video/video.h>

#include "meta/gstrcimagemeta.h"
#include "sink/gstrcservedbuffer.h"

GST_DEBUG_CATEGORY_STATIC (gst_rc_stream_sink_debug);
#define GST_CAT_DEFAULT gst_rc_stream_sink_debug

/* How long clients have at the end to take what is kept for them. */
#define DRAIN_TIME (5 * G_TIME_SPAN_SECOND)

#define IMAGE_CAPS(formats)                                                    \
  "video/x-raw, format = (string) " formats ", "                               \
  "width = (int) [ 1, " G_STRINGIFY (                                          \
      RC_MAX_IMAGE_SIDE) " ], "                                                \
                         "height = (int) [ 1, " G_STRINGIFY (                  \
                             RC_MAX_IMAGE_SIDE) " ]"

struct _GstRcStreamSink {
  GstBaseSink parent;

  RcStream stream;        /* set at creation */
  RcPublisher *publisher; /* set at creation */

  /* streaming thread, or stopped */
  GstVideoInfo info;
  gboolean told_stream; /* warned that these are other images */
  guint told_trouble;   /* RcPublisherTrouble that was warned of */
};

G_DEFINE_TYPE_WITH_CODE (GstRcStreamSink, gst_rc_stream_sink,
    GST_TYPE_BASE_SINK,
    GST_DEBUG_CATEGORY_INIT (gst_rc_stream_sink_debug, "rcstreamsink", 0,
        "one stream of a served camera"))

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE (
    "sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

GstCaps *
gst_rc_stream_sink_get_template_caps (RcStream stream)
{
  switch (stream) {
  case RC_STREAM_LEFT:
  case RC_STREAM_RIGHT:
    return gst_caps_from_string (IMAGE_CAPS ("{ GRAY8, RGB }"));
  case RC_STREAM_DISPARITY:
    return gst_caps_from_string (IMAGE_CAPS ("{ GRAY16_LE, GRAY16_BE }"));
  case RC_STREAM_MESH:
    return gst_caps_from_string ("application/x-ply");
  default:
    return gst_caps_from_string (IMAGE_CAPS ("GRAY8"));
  }
}

GstRcStreamSink *
gst_rc_stream_sink_new (RcStream stream, RcPublisher *publisher)
{
  /* Users name their own elements after streams, and look them up. */
  g_autofree gchar *name =
      g_strdup_printf ("%s-sink", rc_stream_to_string (stream));
  GstRcStreamSink *self =
      g_object_new (GST_TYPE_RC_STREAM_SINK, "name", name, NULL);

  self->stream = stream;
  self->publisher = rc_publisher_ref (publisher);
  return self;
}

/* ---- caps ---- */

static GstCaps *
gst_rc_stream_sink_get_caps (GstBaseSink *sink, GstCaps *filter)
{
  GstRcStreamSink *self = GST_RC_STREAM_SINK (sink);
  g_autoptr (GstCaps) caps =
      gst_rc_stream_sink_get_template_caps (self->stream);

  if (filter == NULL)
    return g_steal_pointer (&caps);
  return gst_caps_intersect_full (filter, caps, GST_CAPS_INTERSECT_FIRST);
}

static gboolean
gst_rc_stream_sink_set_caps (GstBaseSink *sink, GstCaps *caps)
{
  GstRcStreamSink *self = GST_RC_STREAM_SINK (sink);

  return self->stream == RC_STREAM_MESH
         || gst_video_info_from_caps (&self->info, caps);
}

static gboolean
gst_rc_stream_sink_propose_allocation (GstBaseSink *sink, GstQuery *query)
{
  if (GST_RC_STREAM_SINK (sink)->stream != RC_STREAM_MESH)
    gst_query_add_allocation_meta (query, GST_VIDEO_META_API_TYPE, NULL);
  return TRUE;
}

/* ---- images ---- */

/* A meta says what its image is: served under another name it would be nonsense
 * to whoever gets it. */
static void
check_stream (GstRcStreamSink *self, GstBuffer *buffer)
{
  const GstStructure *fields = gst_buffer_get_rc_image_fields (buffer);
  const gchar *own = rc_stream_to_string (self->stream);
  const gchar *stream;

  if (fields == NULL || self->told_stream)
    return;
  stream = gst_structure_get_string (fields, "stream");
  if (stream == NULL || g_str_equal (stream, own))
    return;
  self->told_stream = TRUE;
  GST_ELEMENT_WARNING (self, STREAM, WRONG_TYPE,
      ("What comes on the pad \"%s\" is \"%s\", and is served as \"%s\". Link "
       "it to the pad of its name.",
          own, stream, own),
      ("%" GST_PTR_FORMAT, fields));
}

static void
tell_trouble (GstRcStreamSink *self, guint trouble)
{
  guint news = trouble & ~self->told_trouble;

  self->told_trouble |= trouble;
  if (news & RC_PUBLISHER_LACKS_LENS)
    GST_ELEMENT_WARNING (self, RESOURCE, SETTINGS,
        ("The disparity image does not say what distances are computed from. "
         "Set the properties focal-length and baseline."),
        (NULL));
  if (news & RC_PUBLISHER_TOO_LARGE)
    GST_ELEMENT_WARNING (self, STREAM, ENCODE,
        ("A set is larger than the 2 GiB that a message can be, and is "
         "dropped. Serve fewer or smaller images."),
        (NULL));
}

static RcSetTime
get_time (GstRcStreamSink *self, GstBuffer *buffer, guint64 set_timestamp)
{
  GstBaseSink *sink = GST_BASE_SINK (self);
  RcSetTime time = {RC_SET_TIME_NONE, RC_SET_TIME_NONE};

  if (set_timestamp != 0)
    time.set = set_timestamp;
  if (GST_BUFFER_PTS_IS_VALID (buffer)
      && sink->segment.format == GST_FORMAT_TIME)
    time.running = gst_segment_to_running_time (
        &sink->segment, GST_FORMAT_TIME, GST_BUFFER_PTS (buffer));
  return time;
}

/* Nothing comes up to @time. */
static void
pass (GstRcStreamSink *self, GstClockTime time)
{
  const GstSegment *segment = &GST_BASE_SINK (self)->segment;
  guint64 running = GST_CLOCK_TIME_NONE;

  if (segment->format == GST_FORMAT_TIME)
    running = gst_segment_to_running_time (segment, GST_FORMAT_TIME, time);
  if (GST_CLOCK_TIME_IS_VALID (running))
    rc_publisher_pass (self->publisher, self->stream, running);
}

static GstFlowReturn
gst_rc_stream_sink_render (GstBaseSink *sink, GstBuffer *buffer)
{
  GstRcStreamSink *self = GST_RC_STREAM_SINK (sink);
  RcServedImage *image;
  RcSetTime time;

  if (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_GAP)
      && gst_buffer_get_size (buffer) == 0) {
    pass (self, GST_BUFFER_PTS (buffer));
    return GST_FLOW_OK;
  }
  check_stream (self, buffer);
  if (self->stream == RC_STREAM_MESH)
    image = gst_rc_served_mesh_new (buffer);
  else
    image = gst_rc_served_image_new (buffer, &self->info);
  if (image == NULL) {
    GST_ELEMENT_ERROR (self, RESOURCE, READ,
        ("An image on the pad \"%s\" cannot be read.",
            rc_stream_to_string (self->stream)),
        ("%" GST_PTR_FORMAT, buffer));
    return GST_FLOW_ERROR;
  }
  time = get_time (self, buffer, image->set_timestamp);
  GST_LOG_OBJECT (self,
      "set %" G_GUINT64_FORMAT ", running time %" GST_TIME_FORMAT, time.set,
      GST_TIME_ARGS (time.running));
  tell_trouble (
      self, rc_publisher_push (self->publisher, self->stream, &time, image));
  return GST_FLOW_OK;
}

/* ---- events ---- */

/* When it is time for a GAP or EOS: until then what was before is not over. */
static GstFlowReturn
gst_rc_stream_sink_wait_event (GstBaseSink *sink, GstEvent *event)
{
  GstRcStreamSink *self = GST_RC_STREAM_SINK (sink);
  GstFlowReturn ret = GST_BASE_SINK_CLASS (gst_rc_stream_sink_parent_class)
                          ->wait_event (sink, event);
  GstClockTime start;

  if (ret != GST_FLOW_OK)
    return ret;
  if (GST_EVENT_TYPE (event) == GST_EVENT_GAP) {
    gst_event_parse_gap (event, &start, NULL);
    pass (self, start);
  } else if (GST_EVENT_TYPE (event) == GST_EVENT_EOS) {
    rc_publisher_end (self->publisher, self->stream);
    /* A pipeline that has ended is shut down, often at once. */
    rc_publisher_drain (
        self->publisher, self->stream, g_get_monotonic_time () + DRAIN_TIME);
  }
  return GST_FLOW_OK;
}

static gboolean
gst_rc_stream_sink_event (GstBaseSink *sink, GstEvent *event)
{
  GstRcStreamSink *self = GST_RC_STREAM_SINK (sink);

  if (GST_EVENT_TYPE (event) == GST_EVENT_FLUSH_STOP)
    rc_publisher_flush (self->publisher);
  if (GST_EVENT_TYPE (event) == GST_EVENT_FLUSH_STOP
      || GST_EVENT_TYPE (event) == GST_EVENT_STREAM_START)
    rc_publisher_restart (self->publisher, self->stream);
  return GST_BASE_SINK_CLASS (gst_rc_stream_sink_parent_class)
      ->event (sink, event);
}

/* ---- life ---- */

static gboolean
gst_rc_stream_sink_start (GstBaseSink *sink)
{
  GstRcStreamSink *self = GST_RC_STREAM_SINK (sink);

  gst_video_info_init (&self->info);
  self->told_stream = FALSE;
  self->told_trouble = 0;
  rc_publisher_restart (self->publisher, self->stream);
  return TRUE;
}

static gboolean
gst_rc_stream_sink_unlock (GstBaseSink *sink)
{
  GstRcStreamSink *self = GST_RC_STREAM_SINK (sink);

  rc_publisher_set_flushing (self->publisher, self->stream, TRUE);
  return TRUE;
}

static gboolean
gst_rc_stream_sink_unlock_stop (GstBaseSink *sink)
{
  GstRcStreamSink *self = GST_RC_STREAM_SINK (sink);

  rc_publisher_set_flushing (self->publisher, self->stream, FALSE);
  return TRUE;
}

static void
gst_rc_stream_sink_finalize (GObject *object)
{
  rc_publisher_unref (GST_RC_STREAM_SINK (object)->publisher);
  G_OBJECT_CLASS (gst_rc_stream_sink_parent_class)->finalize (object);
}

static void
gst_rc_stream_sink_class_init (GstRcStreamSinkClass *klass)
{
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseSinkClass *sink_class = GST_BASE_SINK_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = gst_rc_stream_sink_finalize;
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_set_static_metadata (element_class, "Stereo camera stream",
      "Sink/Network", "One stream of rcgrpcsink", "The gst-rcgrpc authors");

  sink_class->get_caps = gst_rc_stream_sink_get_caps;
  sink_class->set_caps = gst_rc_stream_sink_set_caps;
  sink_class->propose_allocation = gst_rc_stream_sink_propose_allocation;
  sink_class->render = gst_rc_stream_sink_render;
  sink_class->wait_event = gst_rc_stream_sink_wait_event;
  sink_class->event = gst_rc_stream_sink_event;
  sink_class->start = gst_rc_stream_sink_start;
  sink_class->unlock = gst_rc_stream_sink_unlock;
  sink_class->unlock_stop = gst_rc_stream_sink_unlock_stop;
}

static void
gst_rc_stream_sink_init (GstRcStreamSink *self)
{
  GstBaseSink *sink = GST_BASE_SINK (self);

  /* A pad on which nothing comes must not keep a pipeline from PLAYING, nor
   * one thread that feeds several. */
  gst_base_sink_set_async_enabled (sink, FALSE);
  gst_base_sink_set_last_sample_enabled (sink, FALSE);
}
