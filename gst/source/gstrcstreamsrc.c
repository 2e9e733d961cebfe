/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Threads: the client's thread pushes into the queue, the streaming thread
 * pops from it in create (). The queue's lock is the only one between them and
 * a leaf: nothing else is locked while it is held. unlock () sets the queue
 * flushing, which is the one way to end a wait. */

#include "source/gstrcstreamsrc.h"

#include <gst/video/video.h>

#include "meta/gstrcimagemeta.h"
#include "meta/gstrcstreamcaps.h"

GST_DEBUG_CATEGORY_STATIC (gst_rc_stream_src_debug);
#define GST_CAT_DEFAULT gst_rc_stream_src_debug

/* Between two warnings about images that were dropped, µs. */
#define DROP_WARNING_INTERVAL (10 * G_TIME_SPAN_SECOND)

struct _GstRcStreamSrc {
  GstPushSrc parent;

  RcStream stream; /* set at creation */
  RcSetQueue *queue;
  GstCaps *unix_time_caps; /* of the GstReferenceTimestampMeta */

  /* object lock */
  GstClockTime latency;
  guint group_id;

  /* streaming thread, or stopped */
  GstCaps *caps;     /* of what comes next; NULL before the first image */
  GstVideoInfo info; /* of image streams, belongs to caps */
  guint64 next_number;
  GstClockTime last_pts;
  guint epoch;         /* of last_pts */
  gboolean discont;    /* the next buffer does not follow on the last one */
  gboolean under_way;  /* a set was popped, and its image not yet pushed */
  guint64 leaks_told;  /* images dropped, of which a warning spoke */
  gint64 next_telling; /* monotonic, µs: no warning before */
};

G_DEFINE_TYPE_WITH_CODE (GstRcStreamSrc, gst_rc_stream_src, GST_TYPE_PUSH_SRC,
    GST_DEBUG_CATEGORY_INIT (gst_rc_stream_src_debug, "rcstreamsrc", 0,
        "one stream of a stereo camera"))

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE (
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

GstRcStreamSrc *
gst_rc_stream_src_new (RcStream stream)
{
  /* Users name their own elements after streams, and look them up. */
  g_autofree gchar *name =
      g_strdup_printf ("%s-src", rc_stream_to_string (stream));
  GstRcStreamSrc *self =
      g_object_new (GST_TYPE_RC_STREAM_SRC, "name", name, NULL);

  self->stream = stream;
  return self;
}

RcStream
gst_rc_stream_src_get_stream (GstRcStreamSrc *self)
{
  return self->stream;
}

RcSetQueue *
gst_rc_stream_src_get_queue (GstRcStreamSrc *self)
{
  return self->queue;
}

void
gst_rc_stream_src_set_latency (GstRcStreamSrc *self, GstClockTime latency)
{
  GST_OBJECT_LOCK (self);
  self->latency = latency;
  GST_OBJECT_UNLOCK (self);
}

void
gst_rc_stream_src_set_group_id (GstRcStreamSrc *self, guint group_id)
{
  GST_OBJECT_LOCK (self);
  self->group_id = group_id;
  GST_OBJECT_UNLOCK (self);
}

guint
gst_rc_stream_src_get_group_id (GstRcStreamSrc *self)
{
  guint group_id;

  GST_OBJECT_LOCK (self);
  group_id = self->group_id;
  GST_OBJECT_UNLOCK (self);
  return group_id;
}

/* Names the track of a recording. GstBaseSrc sends it after the segment. */
static void
queue_title (GstRcStreamSrc *self)
{
  GstTagList *tags = gst_tag_list_new (
      GST_TAG_TITLE, rc_stream_to_string (self->stream), NULL);

  gst_tag_list_set_scope (tags, GST_TAG_SCOPE_STREAM);
  gst_element_send_event (GST_ELEMENT (self), gst_event_new_tag (tags));
}

void
gst_rc_stream_src_passed (GstRcStreamSrc *self)
{
  self->under_way = FALSE;
}

/* A flush and a stop can catch an image anywhere on its way to the pad:
 * GstBaseSrc drops it then without a word. */
static void
count_loss (GstRcStreamSrc *self)
{
  if (!self->under_way)
    return;
  rc_set_queue_count_loss (self->queue);
  self->under_way = FALSE;
  /* If it was to say so, the next one says it. */
  self->discont = TRUE;
}

static gboolean
gst_rc_stream_src_start (GstBaseSrc *src)
{
  GstRcStreamSrc *self = GST_RC_STREAM_SRC (src);

  self->next_number = 0;
  self->last_pts = 0;
  self->leaks_told = 0;
  self->next_telling = 0;
  gst_clear_caps (&self->caps);
  if (self->stream >= RC_N_IMAGE_STREAMS)
    self->caps = gst_rc_stream_get_template_caps (self->stream);
  queue_title (self);
  return TRUE;
}

static gboolean
gst_rc_stream_src_stop (GstBaseSrc *src)
{
  GstRcStreamSrc *self = GST_RC_STREAM_SRC (src);

  count_loss (self);
  rc_set_queue_drop_all (self->queue);
  gst_clear_caps (&self->caps);
  return TRUE;
}

static gboolean
gst_rc_stream_src_unlock (GstBaseSrc *src)
{
  rc_set_queue_set_flushing (GST_RC_STREAM_SRC (src)->queue, TRUE);
  return TRUE;
}

static gboolean
gst_rc_stream_src_unlock_stop (GstBaseSrc *src)
{
  GstRcStreamSrc *self = GST_RC_STREAM_SRC (src);

  self->discont = TRUE;
  rc_set_queue_set_flushing (self->queue, FALSE);
  return TRUE;
}

static GstCaps *
gst_rc_stream_src_get_caps (GstBaseSrc *src, GstCaps *filter)
{
  GstRcStreamSrc *self = GST_RC_STREAM_SRC (src);
  g_autoptr (GstCaps) caps = gst_rc_stream_get_template_caps (self->stream);

  if (filter == NULL)
    return g_steal_pointer (&caps);
  return gst_caps_intersect_full (filter, caps, GST_CAPS_INTERSECT_FIRST);
}

/* The image decides the caps; there is nothing to choose. */
static gboolean
gst_rc_stream_src_negotiate (GstBaseSrc *src)
{
  GstRcStreamSrc *self = GST_RC_STREAM_SRC (src);

  return self->caps == NULL || gst_base_src_set_caps (src, self->caps);
}

static gboolean
gst_rc_stream_src_decide_allocation (GstBaseSrc *src, GstQuery *query)
{
  GstRcStreamSrc *self = GST_RC_STREAM_SRC (src);
  g_autoptr (GstBufferPool) pool = NULL;
  guint size = 0, min = 0, max = 0;
  gboolean update;

  if (self->stream < RC_N_IMAGE_STREAMS && self->caps != NULL) {
    GstStructure *config;

    update = gst_query_get_n_allocation_pools (query) > 0;
    if (update)
      gst_query_parse_nth_allocation_pool (query, 0, &pool, &size, &min, &max);
    if (pool == NULL)
      pool = gst_video_buffer_pool_new ();
    size = MAX (size, GST_VIDEO_INFO_SIZE (&self->info));

    config = gst_buffer_pool_get_config (pool);
    gst_buffer_pool_config_set_params (config, self->caps, size, min, max);
    if (gst_query_find_allocation_meta (query, GST_VIDEO_META_API_TYPE, NULL))
      gst_buffer_pool_config_add_option (
          config, GST_BUFFER_POOL_OPTION_VIDEO_META);
    gst_buffer_pool_set_config (pool, config);

    if (update)
      gst_query_set_nth_allocation_pool (query, 0, pool, size, min, max);
    else
      gst_query_add_allocation_pool (query, pool, size, min, max);
  }

  return GST_BASE_SRC_CLASS (gst_rc_stream_src_parent_class)
      ->decide_allocation (src, query);
}

static gboolean
gst_rc_stream_src_query (GstBaseSrc *src, GstQuery *query)
{
  GstRcStreamSrc *self = GST_RC_STREAM_SRC (src);
  GstClockTime latency;

  if (GST_QUERY_TYPE (query) != GST_QUERY_LATENCY)
    return GST_BASE_SRC_CLASS (gst_rc_stream_src_parent_class)
        ->query (src, query);

  GST_OBJECT_LOCK (self);
  latency = self->latency;
  GST_OBJECT_UNLOCK (self);
  gst_query_set_latency (query, TRUE, latency, GST_CLOCK_TIME_NONE);
  return TRUE;
}

static GstVideoFormat
video_format (const RcImage *image)
{
  switch (image->encoding) {
  case RC_ENCODING_MONO16:
    return image->is_bigendian ? GST_VIDEO_FORMAT_GRAY16_BE
                               : GST_VIDEO_FORMAT_GRAY16_LE;
  case RC_ENCODING_RGB8:
    return GST_VIDEO_FORMAT_RGB;
  default:
    return GST_VIDEO_FORMAT_GRAY8;
  }
}

static GstFlowReturn
negotiate_now (GstRcStreamSrc *self)
{
  if (gst_base_src_negotiate (GST_BASE_SRC (self)))
    return GST_FLOW_OK;
  if (GST_PAD_IS_FLUSHING (GST_BASE_SRC_PAD (self)))
    return GST_FLOW_FLUSHING;
  return GST_FLOW_NOT_NEGOTIATED;
}

static GstFlowReturn
follow_image (GstRcStreamSrc *self, const RcImage *image)
{
  GstVideoFormat format = video_format (image);

  if (self->caps != NULL && GST_VIDEO_INFO_FORMAT (&self->info) == format
      && GST_VIDEO_INFO_WIDTH (&self->info) == (gint)image->width
      && GST_VIDEO_INFO_HEIGHT (&self->info) == (gint)image->height)
    return GST_FLOW_OK;

  /* RC_MAX_IMAGE_SIDE keeps the size within GstVideoInfo's int strides. */
  if (!gst_video_info_set_format (
          &self->info, format, image->width, image->height))
    return GST_FLOW_NOT_NEGOTIATED;
  gst_clear_caps (&self->caps);
  self->caps = gst_video_info_to_caps (&self->info);
  GST_INFO_OBJECT (self, "now %" GST_PTR_FORMAT, self->caps);
  return negotiate_now (self);
}

/* So that no old memory goes out where a stride is wider than its row. */
static void
clear_row_padding (guint8 *pixels, gsize stride, gsize row_size, guint rows)
{
  if (stride == row_size)
    return;
  for (guint i = 0; i < rows; i++)
    memset (pixels + i * stride + row_size, 0, stride - row_size);
}

/* EOS, as GstBaseSrc posts an error of its own for an error. */
static GstFlowReturn
end_without_memory (GstRcStreamSrc *self, gsize size)
{
  GST_ELEMENT_ERROR (self, RESOURCE, NO_SPACE_LEFT, (NULL),
      ("no memory for %" G_GSIZE_FORMAT " bytes", size));
  return GST_FLOW_EOS;
}

static GstFlowReturn
make_image (GstRcStreamSrc *self, const RcImageSet *set, GstBuffer **out)
{
  const RcImage *image = rc_image_set_get_image (set, self->stream);
  GstVideoFrame frame;
  GstFlowReturn ret;
  guint8 *pixels;
  gsize stride;

  ret = follow_image (self, image);
  if (ret != GST_FLOW_OK)
    return ret;

  ret = GST_BASE_SRC_CLASS (gst_rc_stream_src_parent_class)
            ->alloc (GST_BASE_SRC (self), -1, GST_VIDEO_INFO_SIZE (&self->info),
                out);
  if (ret == GST_FLOW_OK
      && !gst_video_frame_map (&frame, &self->info, *out, GST_MAP_WRITE)) {
    gst_clear_buffer (out);
    ret = GST_FLOW_ERROR;
  }
  if (ret == GST_FLOW_ERROR)
    return end_without_memory (self, GST_VIDEO_INFO_SIZE (&self->info));
  if (ret != GST_FLOW_OK)
    return ret;
  pixels = GST_VIDEO_FRAME_PLANE_DATA (&frame, 0);
  stride = GST_VIDEO_FRAME_PLANE_STRIDE (&frame, 0);
  rc_image_set_copy_image (set, self->stream, pixels, stride);
  clear_row_padding (pixels, stride,
      (gsize)image->width * rc_encoding_bytes_per_pixel (image->encoding),
      image->height);
  gst_video_frame_unmap (&frame);

  gst_buffer_add_rc_image_meta (*out, set, self->stream);
  return GST_FLOW_OK;
}

static GstFlowReturn
make_mesh (GstRcStreamSrc *self, const RcImageSet *set, GstBuffer **out)
{
  GstMapInfo map;

  *out = gst_buffer_new_allocate (NULL, rc_image_set_get_mesh_size (set), NULL);
  if (*out == NULL || !gst_buffer_map (*out, &map, GST_MAP_WRITE)) {
    gst_clear_buffer (out);
    return end_without_memory (self, rc_image_set_get_mesh_size (set));
  }
  rc_image_set_copy_mesh (set, map.data);
  gst_buffer_unmap (*out, &map);
  gst_buffer_add_rc_mesh_meta (*out, set);
  return GST_FLOW_OK;
}

static GstFlowReturn
make_metadata (const RcImageSet *set, GstBuffer **out)
{
  gchar *json = rc_image_set_to_json (set);

  *out = gst_buffer_new_wrapped (json, strlen (json));
  return GST_FLOW_OK;
}

static GstFlowReturn
make_buffer (GstRcStreamSrc *self, const RcImageSet *set, GstBuffer **out)
{
  switch (self->stream) {
  case RC_STREAM_MESH:
    return make_mesh (self, set, out);
  case RC_STREAM_METADATA:
    return make_metadata (set, out);
  default:
    return make_image (self, set, out);
  }
}

/* PTS never go back on a pad while running time does not. */
static GstClockTime
take_pts (GstRcStreamSrc *self, const RcQueuedSet *item)
{
  if (item->epoch != self->epoch)
    self->last_pts = 0;
  self->epoch = item->epoch;
  self->last_pts = MAX (self->last_pts, item->pts);
  return self->last_pts;
}

static void
stamp_buffer (GstRcStreamSrc *self, const RcQueuedSet *item, GstBuffer *buffer)
{
  GST_BUFFER_PTS (buffer) = take_pts (self, item);
  if (self->stream == RC_STREAM_METADATA)
    GST_BUFFER_DURATION (buffer) = item->duration;
  GST_BUFFER_OFFSET (buffer) = item->number;
  GST_BUFFER_OFFSET_END (buffer) = item->number + 1;
  if (self->discont)
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
  self->discont = FALSE;

  gst_buffer_add_reference_timestamp_meta (buffer, self->unix_time_caps,
      rc_image_set_get_stream_timestamp (item->set, self->stream),
      GST_CLOCK_TIME_NONE);
}

/* TRUE when a GAP event may be sent. Before the first image of an image stream
 * there are no caps, and without caps there is no GAP. */
static gboolean
prepare_gap (GstRcStreamSrc *self)
{
  GstBaseSrc *src = GST_BASE_SRC (self);
  GstPad *pad = GST_BASE_SRC_PAD (src);
  g_autoptr (GstEvent) segment = NULL;

  if (self->caps == NULL)
    return FALSE;
  if (!gst_pad_has_current_caps (pad) && negotiate_now (self) != GST_FLOW_OK)
    return FALSE;

  segment = gst_pad_get_sticky_event (pad, GST_EVENT_SEGMENT, 0);
  if (segment == NULL)
    gst_pad_push_event (pad, gst_event_new_segment (&src->segment));
  return TRUE;
}

/* For a set that lacks what this pad carries. */
static void
push_gap (GstRcStreamSrc *self, const RcQueuedSet *item)
{
  if (!prepare_gap (self))
    return;
  GST_LOG_OBJECT (self, "set %" G_GUINT64_FORMAT " has none", item->number);
  gst_pad_push_event (GST_BASE_SRC_PAD (self),
      gst_event_new_gap (take_pts (self, item), item->duration));
}

/* For the time since the last image, while the connection is lost. It ends
 * `latency` before now: images of that time may still come. */
static void
push_gap_of_outage (GstRcStreamSrc *self)
{
  GstClockTime now = gst_element_get_current_running_time (GST_ELEMENT (self));
  GstClockTime latency, start = self->last_pts;

  GST_OBJECT_LOCK (self);
  latency = self->latency;
  GST_OBJECT_UNLOCK (self);
  if (!GST_CLOCK_TIME_IS_VALID (now) || now <= latency || now - latency <= start
      || !prepare_gap (self))
    return;
  self->last_pts = now - latency;
  gst_pad_push_event (GST_BASE_SRC_PAD (self),
      gst_event_new_gap (start, self->last_pts - start));
}

/* As other live sources do: gst-launch prints no statistics. */
static void
tell_leaks (GstRcStreamSrc *self)
{
  gint64 now = g_get_monotonic_time ();
  RcSetQueueStats stats;

  rc_set_queue_get_stats (self->queue, &stats);
  /* A new run counts from 0. */
  self->leaks_told = MIN (self->leaks_told, stats.leaked);
  if (stats.leaked == self->leaks_told || now < self->next_telling)
    return;
  GST_ELEMENT_WARNING (self, CORE, CLOCK,
      ("%" G_GUINT64_FORMAT
       " images of the pad \"%s\" were dropped: what comes "
       "after it is slower than the camera. The property queue-size makes room "
       "for more, leaky=none holds the camera back.",
          stats.leaked - self->leaks_told, rc_stream_to_string (self->stream)),
      ("%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " since PLAYING",
          stats.dropped, stats.queued));
  self->leaks_told = stats.leaked;
  self->next_telling = now + DROP_WARNING_INTERVAL;
}

static GstFlowReturn
gst_rc_stream_src_create (GstPushSrc *src, GstBuffer **out)
{
  GstRcStreamSrc *self = GST_RC_STREAM_SRC (src);

  count_loss (self);
  for (;;) {
    RcQueuedSet item;
    GstFlowReturn ret;

    switch (rc_set_queue_pop (self->queue, &item)) {
    case RC_POP_FLUSHING:
      return GST_FLOW_FLUSHING;
    case RC_POP_END:
      return GST_FLOW_EOS;
    case RC_POP_NOTHING:
      push_gap_of_outage (self);
      continue;
    case RC_POP_SET:
      tell_leaks (self);
      break;
    }

    /* The set at which the times or numbers break may lack this pad's image:
     * the next buffer says so then. */
    if (item.resync || item.number != self->next_number)
      self->discont = TRUE;

    if (item.set == NULL) {
      push_gap (self, &item);
      self->next_number = item.number + 1;
      continue;
    }

    self->under_way = TRUE;
    ret = make_buffer (self, item.set, out);
    if (ret == GST_FLOW_OK)
      stamp_buffer (self, &item, *out);
    self->next_number = item.number + 1;
    rc_image_set_unref (item.set);
    return ret;
  }
}

/* What was captured before a flush is not wanted after it. */
static gboolean
gst_rc_stream_src_send_event (GstElement *element, GstEvent *event)
{
  if (GST_EVENT_TYPE (event) == GST_EVENT_FLUSH_STOP)
    rc_set_queue_drop_all (GST_RC_STREAM_SRC (element)->queue);
  return GST_ELEMENT_CLASS (gst_rc_stream_src_parent_class)
      ->send_event (element, event);
}

static void
gst_rc_stream_src_finalize (GObject *object)
{
  GstRcStreamSrc *self = GST_RC_STREAM_SRC (object);

  gst_clear_caps (&self->caps);
  gst_clear_caps (&self->unix_time_caps);
  rc_set_queue_free (self->queue);
  G_OBJECT_CLASS (gst_rc_stream_src_parent_class)->finalize (object);
}

static void
gst_rc_stream_src_class_init (GstRcStreamSrcClass *klass)
{
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseSrcClass *base_class = GST_BASE_SRC_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = gst_rc_stream_src_finalize;

  gst_element_class_set_static_metadata (element_class, "Stereo camera stream",
      "Source/Video", "One stream of a stereo camera, inside rcgrpcsrc",
      "The gst-rcgrpc authors");
  gst_element_class_add_static_pad_template (element_class, &src_template);

  element_class->send_event = gst_rc_stream_src_send_event;

  base_class->start = gst_rc_stream_src_start;
  base_class->stop = gst_rc_stream_src_stop;
  base_class->unlock = gst_rc_stream_src_unlock;
  base_class->unlock_stop = gst_rc_stream_src_unlock_stop;
  base_class->get_caps = gst_rc_stream_src_get_caps;
  base_class->negotiate = gst_rc_stream_src_negotiate;
  base_class->decide_allocation = gst_rc_stream_src_decide_allocation;
  base_class->query = gst_rc_stream_src_query;
  GST_PUSH_SRC_CLASS (klass)->create = gst_rc_stream_src_create;
}

static void
gst_rc_stream_src_init (GstRcStreamSrc *self)
{
  self->queue = rc_set_queue_new ();
  self->unix_time_caps = gst_caps_new_empty_simple ("timestamp/x-unix");
  gst_base_src_set_live (GST_BASE_SRC (self), TRUE);
  gst_base_src_set_format (GST_BASE_SRC (self), GST_FORMAT_TIME);
}
