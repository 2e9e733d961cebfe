/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-rcgrpcsrc
 * @title: rcgrpcsrc
 * @short_description: Live images of a Roboception stereo camera
 *
 * rcgrpcsrc connects to a Roboception rc_visard, rc_visard NG or rc_cube and
 * gives the streams of its gRPC image interface as separate source pads:
 * `left`, `right`, `disparity`, `confidence`, `error`, `mesh` and `metadata`.
 *
 * A requested pad is the request: the camera is asked for what has a pad, and
 * for nothing else. Each pad has a streaming thread and a queue of its own, so
 * no `queue` elements are needed.
 *
 * Every image carries the parameters needed to interpret it in a custom meta
 * named `GstRcImageMeta`, and its time of capture in a
 * #GstReferenceTimestampMeta with the caps `timestamp/x-unix`.
 *
 * Messages: at every change of the connection the element posts an element
 * message named `rc-connection` with the fields `state` (string: "connecting",
 * "streaming" or "disconnected"), `attempt` (uint, counted since the loss; 0
 * for the first connection and its end) and, when disconnected, `reason`
 * (string, for developers) and `retry-in` (guint64, ns until the next attempt).
 * A lost connection is a warning message as well; see
 * #GstRcGrpcSrc:auto-reconnect.
 *
 * With #GstRcGrpcSrc:image-events the element posts element messages
 * named `rc-image-event` with the fields `imageset-timestamp` (guint64, ns
 * since the Unix epoch), `event` (string, "depth-acquisition-done"),
 * `timestamp` (guint64, ns since the Unix epoch) and `message` (string).
 *
 * ## Example launch lines
 * |[
 * gst-launch-1.0 rcgrpcsrc host=10.0.2.90 ! videoconvert ! autovideosink
 * ]| Shows the left image.
 * |[
 * gst-launch-1.0 -e rcgrpcsrc host=10.0.2.90 name=s \
 *     matroskamux name=m ! filesink location=rec.mkv \
 *     s.left ! avenc_ffv1 ! m.   s.disparity ! avenc_ffv1 ! m.   s.metadata ! m.
 * ]| Records left and disparity without loss, with all parameters.
 *
 * Since: 0.1
 */

#include "meta/gstrcstreamcaps.h"
#include "source/gstrcgrpcsrcprivate.h"

#include "source/rcuri.h"

GST_DEBUG_CATEGORY (gst_rc_grpc_src_debug);
#define GST_CAT_DEFAULT gst_rc_grpc_src_debug

enum {
  PROP_URI = GST_RC_N_SETTINGS,
  PROP_STATS,
};

G_DEFINE_TYPE_WITH_CODE (GstRcGrpcSrc, gst_rc_grpc_src, GST_TYPE_BIN,
    G_IMPLEMENT_INTERFACE (
        GST_TYPE_URI_HANDLER, gst_rc_grpc_src_uri_handler_init)
        GST_DEBUG_CATEGORY_INIT (
            gst_rc_grpc_src_debug, "rcgrpcsrc", 0, "stereo camera source"))
GST_ELEMENT_REGISTER_DEFINE (
    rcgrpcsrc, "rcgrpcsrc", GST_RANK_PRIMARY, GST_TYPE_RC_GRPC_SRC)

/* ---- states ---- */

static void
forget_end (GstRcGrpcSrc *self)
{
  GST_OBJECT_LOCK (self);
  self->ended = FALSE;
  GST_OBJECT_UNLOCK (self);
}

/* A new run, and a group of its streams. */
static void
prepare_run (GstRcGrpcSrc *self)
{
  forget_end (self);
  GST_OBJECT_LOCK (self);
  self->group_id = gst_util_group_id_next ();
  gst_rc_grpc_src_reset_counters_unlocked (self);
  for (guint i = 0; i < RC_N_STREAMS; i++) {
    if (self->streams[i].child != NULL)
      gst_rc_stream_src_set_group_id (self->streams[i].child, self->group_id);
  }
  GST_OBJECT_UNLOCK (self);
}

/* A property cannot refuse its value, but the element can refuse to run with
 * defaults that nobody asked for. */
static gboolean
check_uri (GstRcGrpcSrc *self)
{
  g_autofree gchar *why = NULL;

  GST_OBJECT_LOCK (self);
  if (self->uri_error != NULL)
    why = g_strdup (self->uri_error->message);
  GST_OBJECT_UNLOCK (self);
  if (why == NULL)
    return TRUE;

  GST_ELEMENT_ERROR (self, RESOURCE, SETTINGS, ("%s", why), (NULL));
  return FALSE;
}

static GstStateChangeReturn
gst_rc_grpc_src_change_state (GstElement *element, GstStateChange transition)
{
  GstRcGrpcSrc *self = GST_RC_GRPC_SRC (element);
  GstStateChangeReturn ret;

  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED) {
    if (!check_uri (self))
      return GST_STATE_CHANGE_FAILURE;
    prepare_run (self);
  } else if (transition == GST_STATE_CHANGE_PLAYING_TO_PAUSED) {
    gst_rc_grpc_src_stop_client (self);
  }

  ret = GST_ELEMENT_CLASS (gst_rc_grpc_src_parent_class)
            ->change_state (element, transition);
  if (ret == GST_STATE_CHANGE_FAILURE)
    return ret;

  switch (transition) {
  case GST_STATE_CHANGE_READY_TO_PAUSED:
  case GST_STATE_CHANGE_PLAYING_TO_PAUSED:
    /* A bin without children says SUCCESS, and then its pipeline waits for
     * data that never comes. */
    ret = GST_STATE_CHANGE_NO_PREROLL;
    break;
  case GST_STATE_CHANGE_PAUSED_TO_PLAYING:
    if (!gst_rc_grpc_src_start_client (self))
      ret = GST_STATE_CHANGE_FAILURE;
    break;
  case GST_STATE_CHANGE_PAUSED_TO_READY:
    forget_end (self);
    break;
  default:
    break;
  }
  return ret;
}

/* EOS is not handed to the children: GstBaseSrc would wait for a push that is
 * under way, which may itself wait for another pad's EOS in a muxer. */
static gboolean
gst_rc_grpc_src_send_event (GstElement *element, GstEvent *event)
{
  if (GST_EVENT_TYPE (event) == GST_EVENT_EOS) {
    GST_DEBUG_OBJECT (element, "EOS event: closing the stream");
    gst_rc_grpc_src_finish (GST_RC_GRPC_SRC (element));
    gst_event_unref (event);
    return TRUE;
  }
  return GST_ELEMENT_CLASS (gst_rc_grpc_src_parent_class)
      ->send_event (element, event);
}

/* GstBin asks its sinks, and this has none. */
static gboolean
gst_rc_grpc_src_query (GstElement *element, GstQuery *query)
{
  GstRcGrpcSrc *self = GST_RC_GRPC_SRC (element);

  if (GST_QUERY_TYPE (query) == GST_QUERY_LATENCY) {
    GST_OBJECT_LOCK (self);
    gst_query_set_latency (
        query, TRUE, self->settings.latency * GST_MSECOND, GST_CLOCK_TIME_NONE);
    GST_OBJECT_UNLOCK (self);
    return TRUE;
  }
  return GST_ELEMENT_CLASS (gst_rc_grpc_src_parent_class)
      ->query (element, query);
}

/* ---- pads ---- */

static GstPad *
gst_rc_grpc_src_request_new_pad (GstElement *element, GstPadTemplate *templ,
    const gchar *name, const GstCaps *caps)
{
  RcStream stream;

  if (!rc_stream_from_string (GST_PAD_TEMPLATE_NAME_TEMPLATE (templ), &stream))
    return NULL;
  return gst_rc_grpc_src_add_stream (GST_RC_GRPC_SRC (element), stream, FALSE);
}

static void
gst_rc_grpc_src_release_pad (GstElement *element, GstPad *pad)
{
  RcStream stream;

  if (rc_stream_from_string (GST_PAD_NAME (pad), &stream))
    gst_rc_grpc_src_remove_stream (GST_RC_GRPC_SRC (element), stream);
}

/* ---- properties ---- */

/* What a setting that can change in PLAYING changes there. */
static void
apply_settings_unlocked (GstRcGrpcSrc *self)
{
  for (guint i = 0; i < RC_N_STREAMS; i++) {
    if (self->streams[i].child != NULL)
      gst_rc_stream_src_set_latency (
          self->streams[i].child, self->settings.latency * GST_MSECOND);
  }
  gst_rc_grpc_src_limit_queues_unlocked (self);
  gst_rc_grpc_src_update_request_unlocked (self);
}

/* It cannot be refused here: gst_rc_grpc_src_change_state () does. */
static void
set_uri (GstRcGrpcSrc *self, const gchar *uri)
{
  g_autoptr (GError) error = NULL;

  if (uri == NULL || gst_rc_grpc_src_take_uri (self, uri, 0, &error))
    return;
  GST_WARNING_OBJECT (self, "%s", error->message);
  GST_OBJECT_LOCK (self);
  g_clear_error (&self->uri_error);
  self->uri_error = g_steal_pointer (&error);
  GST_OBJECT_UNLOCK (self);
}

static void
gst_rc_grpc_src_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  GstRcGrpcSrc *self = GST_RC_GRPC_SRC (object);
  gboolean known;

  if (id == PROP_URI) {
    set_uri (self, g_value_get_string (value));
    return;
  }

  GST_OBJECT_LOCK (self);
  known = gst_rc_settings_set (&self->settings, id, value);
  apply_settings_unlocked (self);
  GST_OBJECT_UNLOCK (self);

  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  else if (id == GST_RC_SETTING_LATENCY)
    gst_element_post_message (
        GST_ELEMENT (self), gst_message_new_latency (GST_OBJECT (self)));
}

static void
gst_rc_grpc_src_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GstRcGrpcSrc *self = GST_RC_GRPC_SRC (object);
  gboolean known;

  if (id == PROP_URI) {
    g_value_take_string (value, gst_rc_grpc_src_build_uri (self));
    return;
  }
  if (id == PROP_STATS) {
    g_value_take_boxed (value, gst_rc_grpc_src_create_stats (self));
    return;
  }

  GST_OBJECT_LOCK (self);
  known = gst_rc_settings_get (&self->settings, id, value);
  GST_OBJECT_UNLOCK (self);
  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
gst_rc_grpc_src_dispose (GObject *object)
{
  GstRcGrpcSrc *self = GST_RC_GRPC_SRC (object);

  gst_rc_grpc_src_stop_client (self);
  for (guint i = 0; i < RC_N_STREAMS; i++)
    gst_rc_grpc_src_remove_stream (self, i);
  G_OBJECT_CLASS (gst_rc_grpc_src_parent_class)->dispose (object);
}

static void
gst_rc_grpc_src_finalize (GObject *object)
{
  GstRcGrpcSrc *self = GST_RC_GRPC_SRC (object);

  gst_rc_timeline_clear (&self->timeline);
  gst_rc_settings_clear (&self->settings);
  g_clear_error (&self->uri_error);
  G_OBJECT_CLASS (gst_rc_grpc_src_parent_class)->finalize (object);
}

static void
install_properties (GObjectClass *klass)
{
  gst_rc_settings_install (klass);
  /**
   * GstRcGrpcSrc:uri:
   *
   * host, port, pipeline, color and tls in one, as
   * rcgrpc://host[:port][?pipeline=N&color=true&streams=left+disparity], or
   * rcgrpcs:// with TLS. The streams get their pads at once.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, PROP_URI,
      g_param_spec_string ("uri", "URI",
          "rcgrpc://host[:port][?pipeline=N&color=true&streams=left+disparity];"
          " sets host, port, pipeline and color, with rcgrpcs:// also tls, and "
          "makes the streams' pads",
          "rcgrpc://" GST_RC_DEFAULT_HOST,
          G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS
              | GST_PARAM_MUTABLE_READY));
  /**
   * GstRcGrpcSrc:stats:
   *
   * Counters since PLAYING: sets-received, sets-rejected, images-dropped,
   * bytes-received, reconnects (guint64), frame-rate (double, Hz), state
   * (string: stopped, idle, connecting, streaming or ended), and for each pad
   * a structure of its name with images-received, images-dropped (guint64)
   * and queue-level (uint).
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, PROP_STATS,
      g_param_spec_boxed ("stats", "Statistics",
          "Counters of sets, images and bytes, frame rate and state",
          GST_TYPE_STRUCTURE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
}

static void
add_pad_template (GstElementClass *klass, RcStream stream)
{
  g_autoptr (GstCaps) caps = gst_rc_stream_get_template_caps (stream);

  gst_element_class_add_pad_template (
      klass, gst_pad_template_new (rc_stream_to_string (stream), GST_PAD_SRC,
                 GST_PAD_REQUEST, caps));
}

static void
gst_rc_grpc_src_class_init (GstRcGrpcSrcClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);

  object_class->set_property = gst_rc_grpc_src_set_property;
  object_class->get_property = gst_rc_grpc_src_get_property;
  object_class->dispose = gst_rc_grpc_src_dispose;
  object_class->finalize = gst_rc_grpc_src_finalize;

  install_properties (object_class);

  gst_element_class_set_static_metadata (element_class, "Stereo camera source",
      "Source/Video",
      "Images of a Roboception rc_visard, rc_visard NG or rc_cube over gRPC",
      "The gst-rcgrpc authors");
  /* The first template is what `rcgrpcsrc ! ...` links. */
  for (guint i = 0; i < RC_N_STREAMS; i++)
    add_pad_template (element_class, i);

  element_class->change_state = gst_rc_grpc_src_change_state;
  element_class->send_event = gst_rc_grpc_src_send_event;
  element_class->query = gst_rc_grpc_src_query;
  element_class->request_new_pad = gst_rc_grpc_src_request_new_pad;
  element_class->release_pad = gst_rc_grpc_src_release_pad;

  gst_type_mark_as_plugin_api (GST_TYPE_RC_TIMESTAMP_MODE, 0);
  gst_type_mark_as_plugin_api (GST_TYPE_RC_LEAKY, 0);
  gst_type_mark_as_plugin_api (GST_TYPE_RC_MESH_BINNING_METHOD, 0);
}

static void
gst_rc_grpc_src_init (GstRcGrpcSrc *self)
{
  gst_rc_settings_init (&self->settings);
  gst_rc_timeline_init (&self->timeline);

  /* A source also while it has no pad; a bin would follow its children. */
  gst_bin_set_suppressed_flags (
      GST_BIN (self), GST_ELEMENT_FLAG_SOURCE | GST_ELEMENT_FLAG_SINK);
  GST_OBJECT_FLAG_SET (self, GST_ELEMENT_FLAG_SOURCE);
}
