/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Threads: all matching is done in the source pad's task, in which
 * GstAggregator calls sink_event (), get_next_time () and aggregate (). The
 * upstream threads only fill GstAggregator's queues.
 *
 * Nothing is kept here but what is at the head of each pad's queue: each pad
 * has its images in the order of capture, so the set at the head of "disparity"
 * is whole when all heads are of that set, and can no more become whole when
 * the head of another pad is of a later one.
 *
 * Locks: the object lock for the counters and the list of pads; pads' own
 * locks, GstAggregator's affair, come after it. */

#include "depth/gstrcsetmatcher.h"

#include "depth/rcsettime.h"
#include "meta/gstrcimagemeta.h"

GST_DEBUG_CATEGORY_STATIC (gst_rc_set_matcher_debug);
#define GST_CAT_DEFAULT gst_rc_set_matcher_debug

#define MAIN_PAD "disparity"

/* In a live pipeline, how long the other pads wait for one on which nothing
 * comes at all, besides the latency. Images of a set arrive together, so this
 * is far more than they need. */
#define PATIENCE GST_SECOND

#define GST_TYPE_RC_SET_PAD (gst_rc_set_pad_get_type ())
G_DECLARE_FINAL_TYPE (
    GstRcSetPad, gst_rc_set_pad, GST, RC_SET_PAD, GstAggregatorPad)

struct _GstRcSetPad {
  GstAggregatorPad parent;

  /* source pad's task */
  GstVideoInfo info; /* of its caps; UNKNOWN before there are any */
  gboolean silent;   /* others waited for it in vain, and it is still empty */
  gboolean told;     /* a warning said so */
};

G_DEFINE_TYPE (GstRcSetPad, gst_rc_set_pad, GST_TYPE_AGGREGATOR_PAD)

typedef struct {
  /* object lock */
  guint64 sets;      /* whole ones */
  guint64 dropped;   /* images on "disparity" whose set never became whole */
  guint64 unmatched; /* images on other pads that belong to none */

  /* source pad's task */
  gboolean discont; /* sets were dropped since the last buffer */
} GstRcSetMatcherPrivate;

G_DEFINE_ABSTRACT_TYPE_WITH_CODE (
    GstRcSetMatcher, gst_rc_set_matcher, GST_TYPE_AGGREGATOR,
    G_ADD_PRIVATE (GstRcSetMatcher);
    GST_DEBUG_CATEGORY_INIT (gst_rc_set_matcher_debug, "rcsetmatcher", 0,
        "images of a set on several pads"))

#define PRIVATE(self)                                                          \
  ((GstRcSetMatcherPrivate *)gst_rc_set_matcher_get_instance_private (self))

enum { PROP_0, PROP_STATS, N_PROPERTIES };

static GParamSpec *properties[N_PROPERTIES];

/* What is at the head of a pad's queue. */
typedef struct {
  GstRcSetPad *pad;
  GstBuffer *buffer; /* NULL: nothing */
  gboolean is_image; /* FALSE: nothing, or a gap */
  RcSetTime time;
  RcSetOrder order; /* seen from the head of "disparity" */
} Head;

static void
gst_rc_set_pad_class_init (GstRcSetPadClass *klass)
{
}

static void
gst_rc_set_pad_init (GstRcSetPad *self)
{
  gst_video_info_init (&self->info);
}

/* ---- heads ---- */

static void
clear_head (gpointer data)
{
  Head *head = data;

  gst_clear_buffer (&head->buffer);
  gst_object_unref (head->pad);
}

static RcSetTime
get_time (GstRcSetPad *pad, GstBuffer *buffer)
{
  const GstStructure *fields = gst_buffer_get_rc_image_fields (buffer);
  RcSetTime time = {RC_SET_TIME_NONE, RC_SET_TIME_NONE};

  if (fields != NULL
      && gst_structure_get_uint64 (fields, "set-timestamp", &time.set)
      && time.set == 0)
    time.set = RC_SET_TIME_NONE;

  GST_OBJECT_LOCK (pad);
  if (GST_BUFFER_PTS_IS_VALID (buffer)
      && pad->parent.segment.format == GST_FORMAT_TIME)
    time.running = gst_segment_to_running_time (
        &pad->parent.segment, GST_FORMAT_TIME, GST_BUFFER_PTS (buffer));
  GST_OBJECT_UNLOCK (pad);
  return time;
}

static gboolean
add_head (GstElement *element, GstPad *pad, gpointer data)
{
  GArray *heads = data;
  Head head = {.pad = GST_RC_SET_PAD (gst_object_ref (pad))};

  head.buffer = gst_aggregator_pad_peek_buffer (GST_AGGREGATOR_PAD (pad));
  if (head.buffer != NULL) {
    head.is_image = !GST_BUFFER_FLAG_IS_SET (head.buffer, GST_BUFFER_FLAG_GAP)
                    || gst_buffer_get_size (head.buffer) > 0;
    head.time = get_time (head.pad, head.buffer);
    head.pad->silent = FALSE;
  }
  if (g_strcmp0 (GST_PAD_NAME (pad), MAIN_PAD) == 0)
    g_array_prepend_val (heads, head);
  else
    g_array_append_val (heads, head);
  return TRUE;
}

static GArray *
collect_heads (GstRcSetMatcher *self)
{
  GArray *heads = g_array_new (FALSE, FALSE, sizeof (Head));

  g_array_set_clear_func (heads, clear_head);
  gst_element_foreach_sink_pad (GST_ELEMENT (self), add_head, heads);
  return heads;
}

static gboolean
is_eos (const Head *head)
{
  return gst_aggregator_pad_is_eos (GST_AGGREGATOR_PAD (head->pad));
}

static void
drop_head (GstRcSetMatcher *self, Head *head)
{
  GstRcSetMatcherPrivate *priv = PRIVATE (self);

  if (head->buffer == NULL)
    return;
  gst_aggregator_pad_drop_buffer (GST_AGGREGATOR_PAD (head->pad));
  if (!head->is_image)
    return;
  GST_DEBUG_OBJECT (head->pad, "dropped %" GST_PTR_FORMAT, head->buffer);
  GST_OBJECT_LOCK (self);
  if (g_strcmp0 (GST_PAD_NAME (head->pad), MAIN_PAD) == 0)
    priv->dropped++;
  else
    priv->unmatched++;
  GST_OBJECT_UNLOCK (self);
}

/* ---- silence ---- */

static void
tell_silence (GstRcSetMatcher *self, GstRcSetPad *pad)
{
  if (pad->told)
    return;
  pad->told = TRUE;
  if (!gst_pad_is_linked (GST_PAD (pad)))
    GST_ELEMENT_WARNING (self, CORE, CLOCK,
        ("The pad \"%s\" is not linked: what comes on the others is dropped. "
         "Link it to the camera's pad of that name.",
            GST_PAD_NAME (pad)),
        (NULL));
  else
    GST_ELEMENT_WARNING (self, CORE, CLOCK,
        ("Nothing comes on the pad \"%s\": what comes on the others is dropped. "
         "Check that the camera sends it, and what is between the camera and "
         "this pad.",
            GST_PAD_NAME (pad)),
        ("others waited for %" GST_TIME_FORMAT, GST_TIME_ARGS (PATIENCE)));
}

/* A pad that was requested and has no peer is none to wait for. */
static gboolean
is_unused (GstRcSetPad *pad)
{
  GstPadTemplate *templ = GST_PAD_PAD_TEMPLATE (pad);

  return templ->presence == GST_PAD_REQUEST
         && !gst_pad_is_linked (GST_PAD (pad));
}

/* What waited for a pad without anything has waited in vain. */
static void
note_silence (GstRcSetMatcher *self, GArray *heads)
{
  for (guint i = 0; i < heads->len; i++) {
    Head *head = &g_array_index (heads, Head, i);

    if (head->buffer != NULL || head->pad->silent || is_eos (head))
      continue;
    head->pad->silent = TRUE;
    if (!is_unused (head->pad))
      tell_silence (self, head->pad);
  }
}

/* Called with GstAggregator's lock, before it waits; only live pipelines wait
 * for a time. As long as something comes, nothing is late here: slow pipelines
 * lose nothing. */
static GstClockTime
gst_rc_set_matcher_get_next_time (GstAggregator *agg)
{
  GstClockTime now = gst_element_get_current_running_time (GST_ELEMENT (agg));
  gboolean waiting = FALSE, expected = FALSE;

  GST_OBJECT_LOCK (agg);
  for (GList *l = GST_ELEMENT (agg)->sinkpads; l != NULL; l = l->next) {
    if (gst_aggregator_pad_has_buffer (l->data))
      waiting = TRUE;
    else if (!GST_RC_SET_PAD (l->data)->silent
             && !gst_aggregator_pad_is_eos (l->data))
      expected = TRUE;
  }
  GST_OBJECT_UNLOCK (agg);

  if (!waiting || !GST_CLOCK_TIME_IS_VALID (now))
    return GST_CLOCK_TIME_NONE;
  /* Of those that are silent nothing is expected: at once. */
  return expected ? now + PATIENCE : 0;
}

/* ---- sets ---- */

/* A muxer downstream need not wait for what does not come. */
static void
push_gap (GstRcSetMatcher *self, const Head *main)
{
  GstPad *pad = GST_AGGREGATOR_SRC_PAD (self);
  g_autoptr (GstEvent) segment =
      gst_pad_get_sticky_event (pad, GST_EVENT_SEGMENT, 0);

  if (segment != NULL && GST_BUFFER_PTS_IS_VALID (main->buffer))
    gst_pad_push_event (pad, gst_event_new_gap (GST_BUFFER_PTS (main->buffer),
                                 GST_BUFFER_DURATION (main->buffer)));
}

/* Drops what is older than the set at the head of "disparity", and that set if
 * it cannot become whole. TRUE when it is whole. */
static gboolean
sort_heads (GstRcSetMatcher *self, GArray *heads)
{
  Head *main = &g_array_index (heads, Head, 0);
  gboolean lacking = !main->is_image, waiting = FALSE;

  for (guint i = 1; i < heads->len; i++) {
    Head *head = &g_array_index (heads, Head, i);

    if (head->buffer == NULL) {
      lacking = TRUE;
      continue;
    }
    head->order = rc_set_time_compare (&head->time, &main->time);
    if (head->order == RC_SET_BEFORE) {
      drop_head (self, head);
      waiting = TRUE;
    } else if (head->order == RC_SET_AFTER || !head->is_image) {
      lacking = TRUE;
    }
  }
  if (!lacking)
    return !waiting;

  for (guint i = 1; i < heads->len; i++) {
    Head *head = &g_array_index (heads, Head, i);

    if (head->buffer != NULL && head->order == RC_SET_SAME)
      drop_head (self, head);
  }
  push_gap (self, main);
  drop_head (self, main);
  PRIVATE (self)->discont = TRUE;
  return FALSE;
}

static gboolean
copy_reference_time (GstBuffer *buffer, GstMeta **meta, gpointer data)
{
  if ((*meta)->info->api == GST_REFERENCE_TIMESTAMP_META_API_TYPE) {
    const GstReferenceTimestampMeta *time = (gpointer)*meta;

    gst_buffer_add_reference_timestamp_meta (
        data, time->reference, time->timestamp, time->duration);
  }
  return TRUE;
}

static GstFlowReturn
push (GstRcSetMatcher *self, GstBuffer *main, GstBuffer *out)
{
  GstRcSetMatcherPrivate *priv = PRIVATE (self);

  gst_buffer_copy_into (
      out, main, GST_BUFFER_COPY_FLAGS | GST_BUFFER_COPY_TIMESTAMPS, 0, -1);
  gst_buffer_foreach_meta (main, copy_reference_time, out);
  if (priv->discont)
    GST_BUFFER_FLAG_SET (out, GST_BUFFER_FLAG_DISCONT);
  priv->discont = FALSE;
  return gst_aggregator_finish_buffer (GST_AGGREGATOR (self), out);
}

static GstFlowReturn
make_and_push (GstRcSetMatcher *self, GArray *heads)
{
  g_autofree GstRcSetImage *images = g_new (GstRcSetImage, heads->len);
  GstBuffer *out = NULL;
  GstFlowReturn ret;

  for (guint i = 0; i < heads->len; i++) {
    const Head *head = &g_array_index (heads, Head, i);

    images[i] = (GstRcSetImage){
        GST_PAD_NAME (head->pad), head->buffer, &head->pad->info};
    /* Makes room for the next one, while this one is worked on. */
    gst_aggregator_pad_drop_buffer (GST_AGGREGATOR_PAD (head->pad));
  }
  gst_aggregator_selected_samples (GST_AGGREGATOR (self),
      GST_BUFFER_PTS (images[0].buffer), GST_BUFFER_DTS (images[0].buffer),
      GST_BUFFER_DURATION (images[0].buffer), NULL);

  GST_OBJECT_LOCK (self);
  PRIVATE (self)->sets++;
  GST_OBJECT_UNLOCK (self);
  ret = GST_RC_SET_MATCHER_GET_CLASS (self)->make (
      self, images, heads->len, &out);
  if (ret != GST_FLOW_OK) {
    gst_clear_buffer (&out);
    return ret;
  }
  return out ? push (self, images[0].buffer, out) : GST_FLOW_OK;
}

static void
forget_unused (GArray *heads)
{
  for (guint i = heads->len - 1; i > 0; i--) {
    const Head *head = &g_array_index (heads, Head, i);

    if (head->buffer == NULL && is_unused (head->pad))
      g_array_remove_index (heads, i);
  }
}

static GstFlowReturn
gst_rc_set_matcher_aggregate (GstAggregator *agg, gboolean timeout)
{
  GstRcSetMatcher *self = GST_RC_SET_MATCHER (agg);
  g_autoptr (GArray) heads = collect_heads (self);
  Head *main = &g_array_index (heads, Head, 0);

  if (main->buffer == NULL && is_eos (main))
    return GST_FLOW_EOS;
  if (timeout)
    note_silence (self, heads);
  forget_unused (heads);

  if (main->buffer == NULL) {
    for (guint i = 1; i < heads->len; i++)
      drop_head (self, &g_array_index (heads, Head, i));
    return GST_AGGREGATOR_FLOW_NEED_DATA;
  }
  if (!sort_heads (self, heads))
    return GST_AGGREGATOR_FLOW_NEED_DATA;
  return make_and_push (self, heads);
}

/* ---- events, pads, life ---- */

static gboolean
take_caps (GstRcSetMatcher *self, GstRcSetPad *pad, GstEvent *event)
{
  GstVideoInfo info;
  GstCaps *caps;

  gst_event_parse_caps (event, &caps);
  if (!gst_video_info_from_caps (&info, caps))
    return FALSE;
  pad->info = info;
  if (g_strcmp0 (GST_PAD_NAME (pad), MAIN_PAD) == 0)
    gst_pad_mark_reconfigure (GST_AGGREGATOR_SRC_PAD (self));
  return TRUE;
}

static gboolean
gst_rc_set_matcher_sink_event (
    GstAggregator *agg, GstAggregatorPad *pad, GstEvent *event)
{
  if (GST_EVENT_TYPE (event) == GST_EVENT_CAPS
      && !take_caps (GST_RC_SET_MATCHER (agg), GST_RC_SET_PAD (pad), event)) {
    gst_event_unref (event);
    return FALSE;
  }
  if (GST_EVENT_TYPE (event) == GST_EVENT_SEGMENT
      && g_strcmp0 (GST_PAD_NAME (pad), MAIN_PAD) == 0) {
    const GstSegment *segment;

    gst_event_parse_segment (event, &segment);
    gst_aggregator_update_segment (agg, segment);
  }
  return GST_AGGREGATOR_CLASS (gst_rc_set_matcher_parent_class)
      ->sink_event (agg, pad, event);
}

static gboolean
gst_rc_set_matcher_propose_allocation (GstAggregator *agg,
    GstAggregatorPad *pad, GstQuery *decide_query, GstQuery *query)
{
  gst_query_add_allocation_meta (query, GST_VIDEO_META_API_TYPE, NULL);
  return TRUE;
}

const GstVideoInfo *
gst_rc_set_matcher_get_info (GstRcSetMatcher *self)
{
  g_autoptr (GstPad) pad =
      gst_element_get_static_pad (GST_ELEMENT (self), MAIN_PAD);
  const GstVideoInfo *info = &GST_RC_SET_PAD (pad)->info;

  /* The pad stays as long as the element. */
  return GST_VIDEO_INFO_FORMAT (info) == GST_VIDEO_FORMAT_UNKNOWN ? NULL : info;
}

static GstAggregatorPad *
new_pad (GstPadTemplate *templ)
{
  return g_object_new (GST_TYPE_RC_SET_PAD, "name", templ->name_template,
      "direction", GST_PAD_SINK, "template", templ, NULL);
}

static GstAggregatorPad *
gst_rc_set_matcher_create_new_pad (GstAggregator *agg, GstPadTemplate *templ,
    const gchar *name, const GstCaps *caps)
{
  g_autoptr (GstPad) same =
      gst_element_get_static_pad (GST_ELEMENT (agg), templ->name_template);

  return same ? NULL : new_pad (templ);
}

static void
gst_rc_set_matcher_constructed (GObject *object)
{
  GstElement *element = GST_ELEMENT (object);
  GList *templates =
      gst_element_class_get_pad_template_list (GST_ELEMENT_GET_CLASS (element));

  G_OBJECT_CLASS (gst_rc_set_matcher_parent_class)->constructed (object);
  for (GList *l = templates; l != NULL; l = l->next) {
    GstPadTemplate *templ = l->data;

    if (templ->direction == GST_PAD_SINK && templ->presence == GST_PAD_ALWAYS)
      gst_element_add_pad (element, GST_PAD (new_pad (templ)));
  }
}

static void
forget_silence (GstRcSetMatcher *self, gboolean told)
{
  GST_OBJECT_LOCK (self);
  for (GList *l = GST_ELEMENT (self)->sinkpads; l != NULL; l = l->next) {
    GstRcSetPad *pad = l->data;

    pad->silent = FALSE;
    if (told)
      pad->told = FALSE;
  }
  GST_OBJECT_UNLOCK (self);
}

static gboolean
gst_rc_set_matcher_start (GstAggregator *agg)
{
  GstRcSetMatcher *self = GST_RC_SET_MATCHER (agg);
  GstRcSetMatcherPrivate *priv = PRIVATE (self);

  GST_OBJECT_LOCK (self);
  priv->sets = priv->dropped = priv->unmatched = 0;
  GST_OBJECT_UNLOCK (self);
  priv->discont = FALSE;
  forget_silence (self, TRUE);
  return TRUE;
}

static GstFlowReturn
gst_rc_set_matcher_flush (GstAggregator *agg)
{
  GstRcSetMatcher *self = GST_RC_SET_MATCHER (agg);

  PRIVATE (self)->discont = TRUE;
  forget_silence (self, FALSE);
  return GST_FLOW_OK;
}

static void
gst_rc_set_matcher_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *spec)
{
  GstRcSetMatcherPrivate *priv = PRIVATE (GST_RC_SET_MATCHER (object));

  switch (id) {
  case PROP_STATS:
    GST_OBJECT_LOCK (object);
    g_value_take_boxed (value,
        gst_structure_new ("application/x-rc-set-stats", "sets", G_TYPE_UINT64,
            priv->sets, "sets-dropped", G_TYPE_UINT64, priv->dropped,
            "images-unmatched", G_TYPE_UINT64, priv->unmatched, NULL));
    GST_OBJECT_UNLOCK (object);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, spec);
  }
}

static void
gst_rc_set_matcher_class_init (GstRcSetMatcherClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstAggregatorClass *agg_class = GST_AGGREGATOR_CLASS (klass);

  object_class->constructed = gst_rc_set_matcher_constructed;
  object_class->get_property = gst_rc_set_matcher_get_property;

  agg_class->aggregate = gst_rc_set_matcher_aggregate;
  agg_class->create_new_pad = gst_rc_set_matcher_create_new_pad;
  agg_class->flush = gst_rc_set_matcher_flush;
  agg_class->get_next_time = gst_rc_set_matcher_get_next_time;
  agg_class->propose_allocation = gst_rc_set_matcher_propose_allocation;
  agg_class->sink_event = gst_rc_set_matcher_sink_event;
  agg_class->start = gst_rc_set_matcher_start;

  /**
   * GstRcSetMatcher:stats:
   *
   * Since PAUSED: `sets` (guint64) that were whole, `sets-dropped` (guint64)
   * that lacked the image of a pad, `images-unmatched` (guint64) on other pads
   * than `disparity` that belonged to none.
   *
   * Since: 0.1
   */
  properties[PROP_STATS] = g_param_spec_boxed ("stats", "Statistics",
      "Sets that were whole, and what was dropped", GST_TYPE_STRUCTURE,
      G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
}

static void
gst_rc_set_matcher_init (GstRcSetMatcher *self)
{
}
