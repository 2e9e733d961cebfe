/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* rcgrpcsrc and its client: what comes from it, to pads and to the bus. */

#include "source/gstrcerrors.h"
#include "source/gstrcgrpcsrcprivate.h"

GST_DEBUG_CATEGORY_EXTERN (gst_rc_grpc_src_debug);
#define GST_CAT_DEFAULT gst_rc_grpc_src_debug

/* Sets over which frame-rate is averaged. */
#define FRAME_RATE_SETS 16

void
gst_rc_grpc_src_finish (GstRcGrpcSrc *self)
{
  g_autoptr (GPtrArray) children = NULL;
  gboolean distributing;

  GST_OBJECT_LOCK (self);
  self->ended = TRUE;
  children = gst_rc_grpc_src_list_children_unlocked (self);
  distributing = self->distributing;
  if (self->client != NULL)
    rc_client_cancel (self->client);
  GST_OBJECT_UNLOCK (self);

  /* A push that waits for room goes through, or else a muxer that waits for
   * another pad's EOS would never make any. */
  for (guint i = 0; i < children->len; i++) {
    if (distributing)
      rc_set_queue_set_limit (gst_rc_grpc_src_nth_queue (children, i),
          G_MAXUINT, RC_LEAKY_DOWNSTREAM);
    else
      rc_set_queue_end (gst_rc_grpc_src_nth_queue (children, i));
  }
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
        && !rc_set_queue_try_push (
            gst_rc_grpc_src_nth_queue (children, i), &items[i]))
      waiting |= 1 << i;
  }
  for (guint i = 0; i < children->len; i++) {
    if (waiting & (1 << i))
      rc_set_queue_push (gst_rc_grpc_src_nth_queue (children, i), &items[i]);
  }
}

static void
distribute (GstRcGrpcSrc *self, GPtrArray *children, RcImageSet *set,
    const RcRequest *request)
{
  g_autoptr (RcImageSet) bare = NULL;
  RcQueuedSet items[RC_N_STREAMS];
  guint wanted = 0;

  for (guint i = 0; i < children->len; i++) {
    RcStream stream =
        gst_rc_stream_src_get_stream (g_ptr_array_index (children, i));

    items[i] = gst_rc_timeline_item (&self->timeline, set, stream);
    if (stream == RC_STREAM_METADATA)
      items[i].set = bare = rc_image_set_new_without_data (set);
    /* A set from before a pad was asked for is no gap in that pad. */
    if (items[i].set != NULL || (request->streams & (1 << stream)))
      wanted |= 1 << i;
  }
  push_to_queues (children, items, wanted);
}

static void
warn_of_times (GstRcGrpcSrc *self, const RcImageSet *set)
{
  const GstRcTimeline *timeline = &self->timeline;

  if (timeline->mapping == RC_CLOCK_MAP_JUMPED)
    GST_WARNING_OBJECT (self,
        "the camera's clock jumped by %" GST_STIME_FORMAT ": resynchronized",
        GST_STIME_ARGS (timeline->jump));
  for (guint i = 0; i < RC_N_STREAMS; i++) {
    if (timeline->new_strays & 1u << i)
      GST_WARNING_OBJECT (self,
          "%s: its time of capture, %" G_GUINT64_FORMAT
          " ns, is too far from its set's, %" G_GUINT64_FORMAT
          " ns, which is taken for its PTS from set %" G_GUINT64_FORMAT " on",
          rc_stream_to_string (i), rc_image_set_get_stream_timestamp (set, i),
          timeline->capture, timeline->number);
  }
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
  children = gst_rc_grpc_src_list_children_unlocked (self);
  GST_OBJECT_UNLOCK (self);

  GST_LOG_OBJECT (self, "set %" G_GUINT64_FORMAT " at %" GST_TIME_FORMAT,
      number, GST_TIME_ARGS (arrival));
  self->in_rejects = FALSE;
  gst_rc_timeline_take (&self->timeline, set, number, arrival);
  warn_of_times (self, set);
  distribute (self, children, set, request);
  rc_image_set_unref (set);

  GST_OBJECT_LOCK (self);
  self->distributing = FALSE;
  last |= self->ended;
  GST_OBJECT_UNLOCK (self);
  if (last)
    gst_rc_grpc_src_finish (self);
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
set_outage (GstRcGrpcSrc *self, gboolean outage)
{
  g_autoptr (GPtrArray) children = NULL;

  GST_OBJECT_LOCK (self);
  self->outage = outage;
  children = gst_rc_grpc_src_list_children_unlocked (self);
  GST_OBJECT_UNLOCK (self);
  for (guint i = 0; i < children->len; i++)
    rc_set_queue_set_outage (gst_rc_grpc_src_nth_queue (children, i), outage);
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

static GstClockTime
get_latency (GstRcGrpcSrc *self)
{
  GstClockTime latency;

  GST_OBJECT_LOCK (self);
  latency = self->settings.latency * GST_MSECOND;
  GST_OBJECT_UNLOCK (self);
  return latency;
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
    gst_rc_timeline_break (&self->timeline, get_latency (self));
    set_outage (self, TRUE);
  } else if (change->state == RC_CLIENT_STREAMING) {
    GST_OBJECT_LOCK (self);
    if (self->sets_received > 0 && self->outage)
      self->reconnects++;
    GST_OBJECT_UNLOCK (self);
    set_outage (self, FALSE);
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
  gst_rc_grpc_src_finish (self);
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

/* ---- statistics ---- */

void
gst_rc_grpc_src_reset_counters_unlocked (GstRcGrpcSrc *self)
{
  self->sets_received = 0;
  self->sets_rejected = 0;
  self->bytes_received = 0;
  self->reconnects = 0;
  self->outage = FALSE;
  self->dropped_before = 0;
  self->set_interval = 0;
  for (guint i = 0; i < RC_N_STREAMS; i++) {
    if (self->streams[i].child != NULL)
      rc_set_queue_reset (gst_rc_stream_src_get_queue (self->streams[i].child));
  }
}

static gdouble
frame_rate_unlocked (GstRcGrpcSrc *self)
{
  GstClockTime waited = gst_util_get_timestamp () - self->last_arrival;

  if (self->set_interval == 0)
    return 0.0;
  /* When sets stay away the figure must not stand still. */
  return (gdouble)GST_SECOND / MAX (self->set_interval, waited / 2);
}

GstStructure *
gst_rc_grpc_src_create_stats (GstRcGrpcSrc *self)
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

/* ---- starting and stopping ---- */

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

/* Who names authorities or certificates does not mean to go without them. */
static void
warn_of_unused_tls (GstRcGrpcSrc *self, const GstRcSettings *settings)
{
  const struct {
    const gchar *name;
    const gchar *value;
  } unused[] = {
      {"tls-ca-file", settings->tls_ca_file},
      {"tls-certificate-file", settings->tls_certificate_file},
      {"tls-private-key-file", settings->tls_private_key_file},
      {"tls-server-name", settings->tls_server_name},
  };

  for (guint i = 0; i < G_N_ELEMENTS (unused) && !settings->tls; i++) {
    if (unused[i].value == NULL)
      continue;
    GST_ELEMENT_WARNING (self, RESOURCE, SETTINGS,
        ("The property %s is set, but there is no TLS: set tls=true.",
            unused[i].name),
        (NULL));
    return;
  }
}

/* Nobody would see why nothing comes. */
static void
tell_if_idle (GstRcGrpcSrc *self)
{
  if (rc_client_get_state (self->client) == RC_CLIENT_IDLE)
    GST_ELEMENT_INFO (self, RESOURCE, SETTINGS,
        ("No pad is requested, so nothing is asked of the camera. Link one, "
         "s.left say."),
        (NULL));
}

gboolean
gst_rc_grpc_src_start_client (GstRcGrpcSrc *self)
{
  g_autoptr (GError) error = NULL;
  g_auto (GstRcSettings) settings = {NULL};
  RcClientConfig config;
  RcClient *client;
  gboolean ended;

  GST_OBJECT_LOCK (self);
  ended = self->ended || self->settings.num_buffers == 0;
  if (!self->ended)
    gst_rc_grpc_src_reset_counters_unlocked (self);
  gst_rc_grpc_src_limit_queues_unlocked (self);
  gst_rc_settings_copy (&self->settings, &settings);
  GST_OBJECT_UNLOCK (self);

  if (ended) {
    gst_rc_grpc_src_finish (self);
    return TRUE;
  }
  if (!check_port (self, &settings))
    return FALSE;
  warn_of_unused_tls (self, &settings);

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
  gst_rc_grpc_src_update_request_unlocked (self);
  GST_OBJECT_UNLOCK (self);
  tell_if_idle (self);
  return TRUE;
}

void
gst_rc_grpc_src_stop_client (GstRcGrpcSrc *self)
{
  g_autoptr (GPtrArray) children = NULL;
  RcClient *client;

  GST_OBJECT_LOCK (self);
  client = g_steal_pointer (&self->client);
  children = gst_rc_grpc_src_list_children_unlocked (self);
  GST_OBJECT_UNLOCK (self);
  if (client == NULL)
    return;

  for (guint i = 0; i < children->len; i++)
    rc_set_queue_abandon (gst_rc_grpc_src_nth_queue (children, i));
  rc_client_free (client);
  set_outage (self, FALSE);
  for (guint i = 0; i < children->len; i++)
    rc_set_queue_drop_all (gst_rc_grpc_src_nth_queue (children, i));
}
