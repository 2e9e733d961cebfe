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

/* Threads
 *   application   properties, pads, states, events
 *   client        on_changed (), on_image_set (), on_rejected (), on_ended ()
 *   events        on_event (), on_events_failed (), with image-events=true
 *   one a pad     in GstRcStreamSrc
 *
 * Locks, in this order: object lock, then the client's, a queue's or a ghost
 * pad's, which are leaves. The object lock is not held across anything that
 * waits: the client's request is changed under it, which waits for nothing,
 * but the client is freed, queues are pushed to and messages are posted
 * without it.
 *
 * Stopping: the queues are made leaky, so that the client's thread cannot wait
 * for a pad (any more), then the client is cancelled and joined, and only then
 * the children change their state.
 */

#include "source/gstrcgrpcsrc.h"

#include "client/rcclient.h"
#include "source/gstrcerrors.h"
#include "source/gstrcghostpad.h"
#include "source/gstrcsettings.h"
#include "source/gstrcstreamsrc.h"
#include "source/gstrctimeline.h"
#include "source/rcuri.h"

GST_DEBUG_CATEGORY_STATIC (gst_rc_grpc_src_debug);
#define GST_CAT_DEFAULT gst_rc_grpc_src_debug

/* Sets over which frame-rate is averaged. */
#define FRAME_RATE_SETS 16

enum {
  PROP_URI = GST_RC_N_SETTINGS,
  PROP_STATS,
};

/* A pad and what is behind it. */
typedef struct {
  GstPad *pad;
  GstRcStreamSrc *child;
  gboolean from_uri; /* goes when the URI does */
} Stream;

struct _GstRcGrpcSrc {
  GstBin parent;

  GstRcSettings settings; /* object lock */
  GError *uri_error;      /* object lock; of the property uri, not set since */

  /* object lock */
  Stream streams[RC_N_STREAMS]; /* owned; all NULL where there is no pad */
  RcClient *client;             /* in PLAYING */
  gboolean ended;               /* EOS or error, until READY */
  gboolean distributing;        /* a set is on its way to the queues */
  guint group_id;
  guint64 sets_received;
  guint64 sets_rejected;
  guint64 bytes_received;
  guint64 reconnects;
  gboolean paused;           /* no connection, and another attempt follows */
  guint64 dropped_before;    /* images, by pads that are gone */
  GstClockTime set_interval; /* smoothed, 0 before the second set */
  GstClockTime last_arrival; /* monotonic */

  /* client thread; without a client, state changes */
  GstRcTimeline timeline;
  GstClockTime start_time; /* monotonic, when PLAYING began */
  gboolean in_rejects;     /* the last message was no set */
};

static void gst_rc_grpc_src_uri_handler_init (
    gpointer interface, gpointer data);

G_DEFINE_TYPE_WITH_CODE (GstRcGrpcSrc, gst_rc_grpc_src, GST_TYPE_BIN,
    G_IMPLEMENT_INTERFACE (
        GST_TYPE_URI_HANDLER, gst_rc_grpc_src_uri_handler_init)
        GST_DEBUG_CATEGORY_INIT (
            gst_rc_grpc_src_debug, "rcgrpcsrc", 0, "stereo camera source"))
GST_ELEMENT_REGISTER_DEFINE (
    rcgrpcsrc, "rcgrpcsrc", GST_RANK_PRIMARY, GST_TYPE_RC_GRPC_SRC)

/* ---- what is asked of the camera ---- */

static void
update_request_unlocked (GstRcGrpcSrc *self)
{
  RcRequest request = self->settings.options;

  if (self->client == NULL || self->ended)
    return;
  for (guint i = 0; i < RC_N_STREAMS; i++) {
    if (self->streams[i].child != NULL)
      request.streams |= 1 << i;
  }
  rc_client_set_request (self->client, request.streams != 0 ? &request : NULL);
}

/* The children as they are now, for a look at them without the lock. */
static GPtrArray *
list_children_unlocked (GstRcGrpcSrc *self)
{
  GPtrArray *children = g_ptr_array_new_with_free_func (gst_object_unref);

  for (guint i = 0; i < RC_N_STREAMS; i++) {
    if (self->streams[i].child != NULL)
      g_ptr_array_add (children, gst_object_ref (self->streams[i].child));
  }
  return children;
}

static RcSetQueue *
nth_queue (GPtrArray *children, guint i)
{
  return gst_rc_stream_src_get_queue (g_ptr_array_index (children, i));
}

static void
limit_queues_unlocked (GstRcGrpcSrc *self)
{
  for (guint i = 0; i < RC_N_STREAMS; i++) {
    if (self->streams[i].child != NULL)
      rc_set_queue_set_limit (
          gst_rc_stream_src_get_queue (self->streams[i].child),
          self->settings.queue_size, self->settings.leaky);
  }
}

/* No more sets: each pad sends EOS once its queue is empty. A set that is under
 * way still goes to all pads, or else a recording's tracks would differ. */
static void
finish (GstRcGrpcSrc *self)
{
  g_autoptr (GPtrArray) children = NULL;

  GST_OBJECT_LOCK (self);
  self->ended = TRUE;
  if (!self->distributing)
    children = list_children_unlocked (self);
  if (self->client != NULL)
    rc_client_cancel (self->client);
  GST_OBJECT_UNLOCK (self);

  for (guint i = 0; children != NULL && i < children->len; i++)
    rc_set_queue_end (nth_queue (children, i));
}

/* ---- sets, in the client's thread ---- */

static GstClockTime
get_running_time (GstRcGrpcSrc *self)
{
  GstClockTime now = gst_element_get_current_running_time (GST_ELEMENT (self));

  if (GST_CLOCK_TIME_IS_VALID (now))
    return now;
  return gst_util_get_timestamp () - self->start_time;
}

static void
count_set_unlocked (GstRcGrpcSrc *self, gsize size)
{
  GstClockTime now = gst_util_get_timestamp ();

  if (self->sets_received > 0) {
    GstClockTime interval = now - self->last_arrival;
    guint n = MIN (self->sets_received, FRAME_RATE_SETS);

    self->set_interval = (self->set_interval * (n - 1) + interval) / n;
  }
  self->last_arrival = now;
  self->sets_received++;
  self->bytes_received += size;
}

/* Those that have room go first: a muxer may be waiting for just that pad to
 * empty the queue of one that has none. */
static void
push_to_queues (GPtrArray *children, const RcQueuedSet *items, guint wanted)
{
  guint waiting = 0;

  for (guint i = 0; i < children->len; i++) {
    if ((wanted & (1 << i))
        && !rc_set_queue_try_push (nth_queue (children, i), &items[i]))
      waiting |= 1 << i;
  }
  for (guint i = 0; i < children->len; i++) {
    if (waiting & (1 << i))
      rc_set_queue_push (nth_queue (children, i), &items[i]);
  }
}

static void
distribute (GstRcGrpcSrc *self, GPtrArray *children, RcImageSet *set,
    const RcRequest *request)
{
  RcQueuedSet items[RC_N_STREAMS];
  guint wanted = 0;

  for (guint i = 0; i < children->len; i++) {
    RcStream stream =
        gst_rc_stream_src_get_stream (g_ptr_array_index (children, i));

    items[i] = gst_rc_timeline_item (&self->timeline, set, stream);
    /* A set from before a pad was asked for is no gap in that pad. */
    if (items[i].set != NULL || (request->streams & (1 << stream)))
      wanted |= 1 << i;
  }
  push_to_queues (children, items, wanted);
}

static void
on_image_set (RcImageSet *set, const RcRequest *request, gpointer user_data)
{
  GstRcGrpcSrc *self = user_data;
  GstClockTime arrival = get_running_time (self);
  g_autoptr (GPtrArray) children = NULL;
  guint64 number;
  gboolean last;

  GST_OBJECT_LOCK (self);
  if (self->client == NULL || self->ended) {
    GST_OBJECT_UNLOCK (self);
    rc_image_set_unref (set);
    return;
  }
  number = self->sets_received;
  count_set_unlocked (self, rc_image_set_get_size (set));
  last = self->settings.num_buffers >= 0
         && number + 1 >= (guint64)self->settings.num_buffers;
  self->distributing = TRUE;
  children = list_children_unlocked (self);
  GST_OBJECT_UNLOCK (self);

  GST_LOG_OBJECT (self, "set %" G_GUINT64_FORMAT " at %" GST_TIME_FORMAT,
      number, GST_TIME_ARGS (arrival));
  self->in_rejects = FALSE;
  gst_rc_timeline_take (&self->timeline, set, number, arrival);
  if (self->timeline.mapping == RC_CLOCK_MAP_JUMPED)
    GST_WARNING_OBJECT (self,
        "the camera's clock jumped by %" GST_STIME_FORMAT ": resynchronized",
        GST_STIME_ARGS (self->timeline.jump));
  distribute (self, children, set, request);
  rc_image_set_unref (set);

  GST_OBJECT_LOCK (self);
  self->distributing = FALSE;
  last |= self->ended;
  GST_OBJECT_UNLOCK (self);
  if (last)
    finish (self);
}

static void
on_rejected (gsize size, const GError *error, gpointer user_data)
{
  GstRcGrpcSrc *self = user_data;

  GST_OBJECT_LOCK (self);
  self->sets_rejected++;
  self->bytes_received += size;
  GST_OBJECT_UNLOCK (self);

  GST_WARNING_OBJECT (self,
      "rejected a message of %" G_GSIZE_FORMAT " bytes: %s", size,
      error->message);
  /* One message a run of them; the log and the statistics have them all. */
  if (!self->in_rejects)
    GST_ELEMENT_WARNING (self, STREAM, DECODE,
        ("The camera sent an image set that is not valid; it was dropped."),
        ("%s", error->message));
  self->in_rejects = TRUE;
}

/* ---- the end, in the client's thread ---- */

/* Posts @error as users should read it, as an error or a warning. */
static void
post_client_error (GstRcGrpcSrc *self, GstMessageType type, const GError *error)
{
  g_autoptr (GError) text = NULL;
  g_autofree gchar *host = NULL;
  guint port;

  GST_OBJECT_LOCK (self);
  host = g_strdup (self->settings.host);
  port = self->settings.port + self->settings.pipeline;
  GST_OBJECT_UNLOCK (self);
  text = gst_rc_describe_client_error (error, host, port);
  gst_element_message_full (GST_ELEMENT (self), type, text->domain, text->code,
      g_strdup (text->message), g_strdup (error->message), __FILE__,
      GST_FUNCTION, __LINE__);
}

static void
set_pause (GstRcGrpcSrc *self, gboolean pause)
{
  g_autoptr (GPtrArray) children = NULL;

  GST_OBJECT_LOCK (self);
  self->paused = pause;
  children = list_children_unlocked (self);
  GST_OBJECT_UNLOCK (self);
  for (guint i = 0; i < children->len; i++)
    rc_set_queue_set_pause (nth_queue (children, i), pause);
}

static void
post_connection (GstRcGrpcSrc *self, RcClientState state, guint attempt,
    guint64 retry_in, const GError *reason)
{
  GstStructure *fields = gst_structure_new ("rc-connection", "state",
      G_TYPE_STRING, rc_client_state_to_string (state), "attempt", G_TYPE_UINT,
      attempt, NULL);

  if (reason != NULL)
    gst_structure_set (fields, "reason", G_TYPE_STRING, reason->message, NULL);
  if (state == RC_CLIENT_DISCONNECTED)
    gst_structure_set (fields, "retry-in", G_TYPE_UINT64, retry_in, NULL);
  gst_element_post_message (
      GST_ELEMENT (self), gst_message_new_element (GST_OBJECT (self), fields));
}

static void
on_changed (const RcClientChange *change, gpointer user_data)
{
  GstRcGrpcSrc *self = user_data;

  GST_INFO_OBJECT (self, "%s, attempt %u%s%s",
      rc_client_state_to_string (change->state), change->attempt,
      change->reason ? ": " : "",
      change->reason ? change->reason->message : "");

  if (change->state == RC_CLIENT_DISCONNECTED) {
    /* One warning a loss; the attempts are told by the messages below. */
    if (change->attempt == 0)
      post_client_error (self, GST_MESSAGE_WARNING, change->reason);
    gst_rc_timeline_break (&self->timeline);
    set_pause (self, TRUE);
  } else if (change->state == RC_CLIENT_STREAMING) {
    GST_OBJECT_LOCK (self);
    if (self->sets_received > 0 && self->paused)
      self->reconnects++;
    GST_OBJECT_UNLOCK (self);
    set_pause (self, FALSE);
  }
  post_connection (
      self, change->state, change->attempt, change->retry_in, change->reason);
}

static void
on_ended (const GError *error, gpointer user_data)
{
  GstRcGrpcSrc *self = user_data;

  if (error != NULL)
    post_client_error (self, GST_MESSAGE_ERROR, error);
  else
    GST_INFO_OBJECT (self, "the camera ended the stream");
  finish (self);
}

/* ---- image events, in the events thread ---- */

static void
on_event (const RcImageEvent *event, gpointer user_data)
{
  GstStructure *fields = gst_structure_new ("rc-image-event",
      "imageset-timestamp", G_TYPE_UINT64, event->set_timestamp, "event",
      G_TYPE_STRING, "depth-acquisition-done", "timestamp", G_TYPE_UINT64,
      event->timestamp, "message", G_TYPE_STRING, event->message, NULL);

  gst_element_post_message (
      user_data, gst_message_new_element (user_data, fields));
}

static void
on_events_failed (const GError *error, gpointer user_data)
{
  GstRcGrpcSrc *self = user_data;

  if (g_error_matches (error, RC_CLIENT_ERROR, RC_CLIENT_ERROR_NOT_A_CAMERA))
    GST_ELEMENT_WARNING (self, RESOURCE, NOT_FOUND,
        ("The camera has no image events: its firmware is older than 26.01. "
         "Images go on without."),
        ("%s", error->message));
  else
    GST_ELEMENT_WARNING (self, RESOURCE, READ,
        ("The camera's image events ended. Images go on."),
        ("%s", error->message));
}

static const RcClientCallbacks client_callbacks = {
    .changed = on_changed,
    .image_set = on_image_set,
    .rejected = on_rejected,
    .event = on_event,
    .events_failed = on_events_failed,
    .ended = on_ended,
};

/* ---- states ---- */

static void
reset_counters_unlocked (GstRcGrpcSrc *self)
{
  self->sets_received = 0;
  self->sets_rejected = 0;
  self->bytes_received = 0;
  self->reconnects = 0;
  self->paused = FALSE;
  self->dropped_before = 0;
  self->set_interval = 0;
  for (guint i = 0; i < RC_N_STREAMS; i++) {
    if (self->streams[i].child != NULL)
      rc_set_queue_reset (gst_rc_stream_src_get_queue (self->streams[i].child));
  }
}

static RcClientConfig
make_client_config (const GstRcSettings *settings)
{
  return (RcClientConfig){
      .host = settings->host,
      .port = settings->port + settings->pipeline,
      .max_message_size = settings->max_message_size,
      .timeout = settings->timeout,
      .image_events = settings->image_events,
      .retry =
          {
              .auto_reconnect = settings->auto_reconnect,
              .wait_for_connection = settings->wait_for_connection,
              .retries = settings->retries,
              .backoff_max = settings->retry_backoff_max,
          },
      .tls =
          {
              .enabled = settings->tls,
              .ca_file = settings->tls_ca_file,
              .certificate_file = settings->tls_certificate_file,
              .private_key_file = settings->tls_private_key_file,
              .server_name = settings->tls_server_name,
          },
  };
}

static gboolean
check_port (GstRcGrpcSrc *self, const GstRcSettings *settings)
{
  if (settings->port + settings->pipeline <= G_MAXUINT16)
    return TRUE;
  GST_ELEMENT_ERROR (self, RESOURCE, SETTINGS,
      ("There is no port %u: the sum of the properties port and pipeline is at "
       "most %u.",
          settings->port + settings->pipeline, G_MAXUINT16),
      (NULL));
  return FALSE;
}

static gboolean
start_client (GstRcGrpcSrc *self)
{
  g_autoptr (GError) error = NULL;
  g_auto (GstRcSettings) settings = {NULL};
  RcClientConfig config;
  RcClient *client;
  gboolean ended;

  GST_OBJECT_LOCK (self);
  ended = self->ended || self->settings.num_buffers == 0;
  if (!self->ended)
    reset_counters_unlocked (self);
  limit_queues_unlocked (self);
  gst_rc_settings_copy (&self->settings, &settings);
  GST_OBJECT_UNLOCK (self);

  if (ended) {
    finish (self);
    return TRUE;
  }
  if (!check_port (self, &settings))
    return FALSE;

  self->start_time = gst_util_get_timestamp ();
  self->in_rejects = FALSE;
  gst_rc_timeline_start (&self->timeline, settings.timestamp_mode);

  config = make_client_config (&settings);
  client = rc_client_new (&config, &client_callbacks, self, &error);
  if (client == NULL) {
    post_client_error (self, GST_MESSAGE_ERROR, error);
    return FALSE;
  }
  GST_OBJECT_LOCK (self);
  self->client = client;
  update_request_unlocked (self);
  GST_OBJECT_UNLOCK (self);
  return TRUE;
}

static void
stop_client (GstRcGrpcSrc *self)
{
  g_autoptr (GPtrArray) children = NULL;
  RcClient *client;

  GST_OBJECT_LOCK (self);
  client = g_steal_pointer (&self->client);
  children = list_children_unlocked (self);
  GST_OBJECT_UNLOCK (self);
  if (client == NULL)
    return;

  for (guint i = 0; i < children->len; i++)
    rc_set_queue_set_limit (nth_queue (children, i), 1, RC_LEAKY_DOWNSTREAM);
  rc_client_free (client);
  for (guint i = 0; i < children->len; i++)
    rc_set_queue_drop_all (nth_queue (children, i));
}

/* A new run: the streams' group, and an end that is over. */
static void
prepare_run (GstRcGrpcSrc *self)
{
  GST_OBJECT_LOCK (self);
  self->ended = FALSE;
  self->group_id = gst_util_group_id_next ();
  reset_counters_unlocked (self);
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
    stop_client (self);
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
    if (!start_client (self))
      ret = GST_STATE_CHANGE_FAILURE;
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
    finish (GST_RC_GRPC_SRC (element));
    gst_event_unref (event);
    return TRUE;
  }
  return GST_ELEMENT_CLASS (gst_rc_grpc_src_parent_class)
      ->send_event (element, event);
}

/* ---- pads ---- */

static GstPad *
add_stream (GstRcGrpcSrc *self, RcStream stream, gboolean from_uri)
{
  GstElement *element = GST_ELEMENT (self);
  const gchar *name = rc_stream_to_string (stream);
  GstRcStreamSrc *child;
  RcSetQueue *queue;
  GstPad *pad;

  GST_OBJECT_LOCK (self);
  if (self->streams[stream].child != NULL) {
    GST_OBJECT_UNLOCK (self);
    GST_WARNING_OBJECT (self, "there is a pad %s already", name);
    return NULL;
  }
  GST_OBJECT_UNLOCK (self);

  child = gst_rc_stream_src_new (stream);
  queue = gst_rc_stream_src_get_queue (child);
  /* The table keeps a reference beside the bin's. */
  if (!gst_bin_add (GST_BIN (self), gst_object_ref_sink (child))) {
    gst_object_unref (child);
    return NULL;
  }
  /* Not before: GstBin unlinks the pads of what is added to it. */
  pad = gst_rc_ghost_pad_new (
      child, gst_element_get_pad_template (element, name));

  GST_OBJECT_LOCK (self);
  gst_rc_stream_src_set_latency (child, self->settings.latency * GST_MSECOND);
  gst_rc_stream_src_set_group_id (child, self->group_id);
  rc_set_queue_set_limit (
      queue, self->settings.queue_size, self->settings.leaky);
  if (self->ended)
    rc_set_queue_end (queue);
  GST_OBJECT_UNLOCK (self);

  gst_pad_set_active (pad, TRUE);
  gst_element_add_pad (element, pad);
  gst_element_sync_state_with_parent (GST_ELEMENT (child));

  GST_OBJECT_LOCK (self);
  self->streams[stream] = (Stream){gst_object_ref (pad), child, from_uri};
  /* What came while the child was on its way. */
  if (self->ended)
    rc_set_queue_end (queue);
  rc_set_queue_set_pause (queue, self->paused);
  update_request_unlocked (self);
  GST_OBJECT_UNLOCK (self);
  return pad;
}

static void
add_up_drops (GstRcGrpcSrc *self, GstRcStreamSrc *child)
{
  RcSetQueueStats stats;

  rc_set_queue_drop_all (gst_rc_stream_src_get_queue (child));
  rc_set_queue_get_stats (gst_rc_stream_src_get_queue (child), &stats);
  GST_OBJECT_LOCK (self);
  self->dropped_before += stats.dropped;
  GST_OBJECT_UNLOCK (self);
}

static void
remove_stream (GstRcGrpcSrc *self, RcStream stream)
{
  Stream gone;

  GST_OBJECT_LOCK (self);
  gone = self->streams[stream];
  self->streams[stream] = (Stream){NULL};
  if (gone.child != NULL)
    update_request_unlocked (self);
  GST_OBJECT_UNLOCK (self);
  if (gone.child == NULL)
    return;

  /* The client's thread may know the child still, but cannot wait for it. */
  rc_set_queue_set_limit (
      gst_rc_stream_src_get_queue (gone.child), 1, RC_LEAKY_DOWNSTREAM);
  rc_set_queue_set_flushing (gst_rc_stream_src_get_queue (gone.child), TRUE);

  gst_element_set_locked_state (GST_ELEMENT (gone.child), TRUE);
  gst_rc_ghost_pad_stop_child (gone.pad);
  add_up_drops (self, gone.child);
  gst_pad_set_active (gone.pad, FALSE);
  gst_element_remove_pad (GST_ELEMENT (self), gone.pad);
  gst_bin_remove (GST_BIN (self), GST_ELEMENT (gone.child));
  gst_object_unref (gone.pad);
  gst_object_unref (gone.child);
}

static GstPad *
gst_rc_grpc_src_request_new_pad (GstElement *element, GstPadTemplate *templ,
    const gchar *name, const GstCaps *caps)
{
  RcStream stream;

  if (!rc_stream_from_string (GST_PAD_TEMPLATE_NAME_TEMPLATE (templ), &stream))
    return NULL;
  return add_stream (GST_RC_GRPC_SRC (element), stream, FALSE);
}

static void
gst_rc_grpc_src_release_pad (GstElement *element, GstPad *pad)
{
  RcStream stream;

  if (rc_stream_from_string (GST_PAD_NAME (pad), &stream))
    remove_stream (GST_RC_GRPC_SRC (element), stream);
}

/* ---- URI ---- */

static gchar *
build_uri (GstRcGrpcSrc *self)
{
  gchar *text;
  RcUri uri;

  GST_OBJECT_LOCK (self);
  uri = (RcUri){
      .host = self->settings.host,
      .port = self->settings.port,
      .pipeline = self->settings.pipeline,
      .color = self->settings.options.color,
      .tls = self->settings.tls,
  };
  for (guint i = 0; i < RC_N_STREAMS; i++) {
    if (self->streams[i].from_uri)
      uri.streams |= 1 << i;
  }
  text = rc_uri_to_string (&uri);
  GST_OBJECT_UNLOCK (self);
  return text;
}

/* Pads of an earlier URI go, those that this one names come. */
static void
follow_uri_streams (GstRcGrpcSrc *self, guint wanted)
{
  guint existing = 0, from_uri = 0;

  GST_OBJECT_LOCK (self);
  for (guint i = 0; i < RC_N_STREAMS; i++) {
    if (self->streams[i].child != NULL)
      existing |= 1 << i;
    if (self->streams[i].from_uri)
      from_uri |= 1 << i;
  }
  GST_OBJECT_UNLOCK (self);

  for (guint i = 0; i < RC_N_STREAMS; i++) {
    if ((from_uri & (1 << i)) && !(wanted & (1 << i)))
      remove_stream (self, i);
    if ((wanted & (1 << i)) && !(existing & (1 << i)))
      add_stream (self, i, TRUE);
  }
}

static gboolean
take_uri (GstRcGrpcSrc *self, const gchar *text, guint default_streams,
    GError **error)
{
  g_auto (RcUri) uri = {NULL};
  g_autoptr (GError) why = NULL;

  if (!rc_uri_parse (text, &uri, &why)) {
    g_set_error (error, GST_URI_ERROR, GST_URI_ERROR_BAD_URI,
        "\"%s\" is no URI of a camera: %s", text, why->message);
    return FALSE;
  }

  GST_OBJECT_LOCK (self);
  if (self->client != NULL) {
    GST_OBJECT_UNLOCK (self);
    g_set_error (error, GST_URI_ERROR, GST_URI_ERROR_BAD_STATE,
        "the URI cannot be changed in PLAYING");
    return FALSE;
  }
  g_free (self->settings.host);
  self->settings.host = g_steal_pointer (&uri.host);
  self->settings.port = uri.port;
  self->settings.pipeline = uri.pipeline;
  self->settings.options.color = uri.color;
  self->settings.tls = uri.tls;
  g_clear_error (&self->uri_error);
  GST_OBJECT_UNLOCK (self);

  follow_uri_streams (self, uri.streams ? uri.streams : default_streams);
  return TRUE;
}

static GstURIType
gst_rc_grpc_src_uri_get_type (GType type)
{
  return GST_URI_SRC;
}

static const gchar *const *
gst_rc_grpc_src_uri_get_protocols (GType type)
{
  static const gchar *const protocols[] = {
      RC_URI_SCHEME, RC_URI_SCHEME_TLS, NULL};

  return protocols;
}

static gchar *
gst_rc_grpc_src_uri_get_uri (GstURIHandler *handler)
{
  return build_uri (GST_RC_GRPC_SRC (handler));
}

/* Players need a pad there and then. */
static gboolean
gst_rc_grpc_src_uri_set_uri (
    GstURIHandler *handler, const gchar *uri, GError **error)
{
  return take_uri (GST_RC_GRPC_SRC (handler), uri, 1 << RC_STREAM_LEFT, error);
}

static void
gst_rc_grpc_src_uri_handler_init (gpointer interface, gpointer data)
{
  GstURIHandlerInterface *handler = interface;

  handler->get_type = gst_rc_grpc_src_uri_get_type;
  handler->get_protocols = gst_rc_grpc_src_uri_get_protocols;
  handler->get_uri = gst_rc_grpc_src_uri_get_uri;
  handler->set_uri = gst_rc_grpc_src_uri_set_uri;
}

/* ---- properties ---- */

static gdouble
frame_rate_unlocked (GstRcGrpcSrc *self)
{
  GstClockTime waited = gst_util_get_timestamp () - self->last_arrival;

  if (self->set_interval == 0)
    return 0.0;
  /* When sets stay away the figure must not stand still. */
  return (gdouble)GST_SECOND / MAX (self->set_interval, waited / 2);
}

static GstStructure *
create_stats (GstRcGrpcSrc *self)
{
  const gchar *state = "stopped";
  GstStructure *stats;
  guint64 images_dropped;

  GST_OBJECT_LOCK (self);
  images_dropped = self->dropped_before;
  if (self->ended)
    state = rc_client_state_to_string (RC_CLIENT_ENDED);
  else if (self->client != NULL)
    state = rc_client_state_to_string (rc_client_get_state (self->client));

  stats = gst_structure_new ("application/x-rcgrpcsrc-stats", "state",
      G_TYPE_STRING, state, "sets-received", G_TYPE_UINT64, self->sets_received,
      "sets-rejected", G_TYPE_UINT64, self->sets_rejected, "bytes-received",
      G_TYPE_UINT64, self->bytes_received, "reconnects", G_TYPE_UINT64,
      self->reconnects, "frame-rate", G_TYPE_DOUBLE, frame_rate_unlocked (self),
      NULL);

  for (guint i = 0; i < RC_N_STREAMS; i++) {
    const gchar *name = rc_stream_to_string (i);
    g_autoptr (GstStructure) pad_stats = NULL;
    RcSetQueueStats queue;

    if (self->streams[i].child == NULL)
      continue;
    rc_set_queue_get_stats (
        gst_rc_stream_src_get_queue (self->streams[i].child), &queue);
    images_dropped += queue.dropped;
    pad_stats = gst_structure_new (name, "images-received", G_TYPE_UINT64,
        queue.queued, "images-dropped", G_TYPE_UINT64, queue.dropped,
        "queue-level", G_TYPE_UINT, queue.level, NULL);
    gst_structure_set (stats, name, GST_TYPE_STRUCTURE, pad_stats, NULL);
  }
  gst_structure_set (
      stats, "images-dropped", G_TYPE_UINT64, images_dropped, NULL);
  GST_OBJECT_UNLOCK (self);
  return stats;
}

/* What a setting that can change in PLAYING changes there. */
static void
apply_settings_unlocked (GstRcGrpcSrc *self)
{
  for (guint i = 0; i < RC_N_STREAMS; i++) {
    if (self->streams[i].child != NULL)
      gst_rc_stream_src_set_latency (
          self->streams[i].child, self->settings.latency * GST_MSECOND);
  }
  limit_queues_unlocked (self);
  update_request_unlocked (self);
}

static void
gst_rc_grpc_src_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  GstRcGrpcSrc *self = GST_RC_GRPC_SRC (object);
  gboolean known;

  if (id == PROP_URI) {
    g_autoptr (GError) error = NULL;

    if (g_value_get_string (value) != NULL
        && !take_uri (self, g_value_get_string (value), 0, &error))
      GST_WARNING_OBJECT (self, "%s", error->message);
    GST_OBJECT_LOCK (self);
    g_clear_error (&self->uri_error);
    self->uri_error = g_steal_pointer (&error);
    GST_OBJECT_UNLOCK (self);
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
    g_value_take_string (value, build_uri (self));
    return;
  }
  if (id == PROP_STATS) {
    g_value_take_boxed (value, create_stats (self));
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

  stop_client (self);
  for (guint i = 0; i < RC_N_STREAMS; i++)
    remove_stream (self, i);
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
