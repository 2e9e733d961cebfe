/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-rcgrpcsink
 * @title: rcgrpcsink
 * @short_description: Serves images as a stereo camera does
 *
 * rcgrpcsink makes a camera of a pipeline: it serves the gRPC image interface
 * of Roboception cameras, to rcgrpcsrc and to any other client. What comes on
 * the request pads `left`, `right`, `disparity`, `confidence`, `error` and
 * `mesh` is brought together to sets by the set-timestamp of #GstRcImageMeta,
 * or by running time where there is none. Each client gets the streams that it
 * asks for, as fast as it takes them; one that is slow loses sets, and holds
 * nobody up.
 *
 * What images do not say of themselves comes from properties.
 *
 * ## Example launch lines
 * |[
 * gst-launch-1.0 -e rcgrpcsrc host=10.0.2.90 name=s   rcgrpcsink name=k \
 *     s.left ! k.left   s.disparity ! k.disparity
 * ]| Serves a camera's images to any number of clients of this machine; the
 * camera has one.
 * |[
 * gst-launch-1.0 videotestsrc is-live=true \
 *     ! video/x-raw,format=GRAY8,width=640,height=480,framerate=25/1 \
 *     ! rcgrpcsink address=0.0.0.0 focal-length=1080
 * ]| A camera for tests, for all that reach this machine.
 *
 * Since: 0.1
 */

/* Threads: one a pad, see gstrcstreamsink.c; the server's own; the
 * application's.
 *
 * Locks, in this order: the object lock, which guards the settings and the
 * table of pads; the publisher's. The server is made before the pads stream
 * and freed when they have stopped, so they cannot wake one that is gone. */

#include "sink/gstrcgrpcsink.h"

#include "depth/gstrcstereosettings.h"
#include "sink/gstrcsinksettings.h"
#include "sink/gstrcstreamsink.h"

GST_DEBUG_CATEGORY_STATIC (gst_rc_grpc_sink_debug);
#define GST_CAT_DEFAULT gst_rc_grpc_sink_debug

enum {
  PROP_STEREO = GST_RC_N_SINK_SETTINGS, /* the first of them */
  PROP_CURRENT_PORT = PROP_STEREO + GST_RC_N_STEREO_SETTINGS,
  PROP_STATS,
};

typedef struct {
  GstRcStreamSink *child; /* NULL: no pad */
  gboolean linked;
} Stream;

struct _GstRcGrpcSink {
  GstBin parent;

  RcPublisher *publisher;

  /* object lock */
  GstRcSinkSettings settings;
  GstRcStereoSettings stereo; /* takes the lock itself */
  Stream streams[RC_N_SET_STREAMS];
  guint current_port;

  /* changes of state */
  RcServer *server;
};

G_DEFINE_TYPE_WITH_CODE (GstRcGrpcSink, gst_rc_grpc_sink, GST_TYPE_BIN,
    GST_DEBUG_CATEGORY_INIT (
        gst_rc_grpc_sink_debug, "rcgrpcsink", 0, "serves a stereo camera"))
GST_ELEMENT_REGISTER_DEFINE (
    rcgrpcsink, "rcgrpcsink", GST_RANK_NONE, GST_TYPE_RC_GRPC_SINK)

/* ---- server ---- */

static void
set_current_port (GstRcGrpcSink *self, guint port)
{
  GST_OBJECT_LOCK (self);
  self->current_port = port;
  GST_OBJECT_UNLOCK (self);
  g_object_notify (G_OBJECT (self), "current-port");
}

static void
post_server_error (
    GstRcGrpcSink *self, const GstRcSinkSettings *settings, const GError *error)
{
  switch ((RcServerError)error->code) {
  case RC_SERVER_ERROR_ADDRESS:
    GST_ELEMENT_ERROR (self, RESOURCE, OPEN_WRITE,
        ("Cannot listen on %s port %u: another program does, or this machine "
         "has no such address. Check the properties address and port.",
            settings->address, settings->port),
        ("%s", error->message));
    break;
  case RC_SERVER_ERROR_CREDENTIALS:
    GST_ELEMENT_ERROR (self, RESOURCE, SETTINGS,
        ("No TLS: %s. Check the properties tls-certificate-file, "
         "tls-private-key-file and tls-ca-file.",
            error->message),
        (NULL));
    break;
  case RC_SERVER_ERROR_RESOURCES:
    GST_ELEMENT_ERROR (
        self, RESOURCE, NO_SPACE_LEFT, (NULL), ("%s", error->message));
    break;
  }
}

static gboolean
check_tls (GstRcGrpcSink *self, const GstRcSinkSettings *settings)
{
  if (!settings->tls || settings->tls_certificate_file != NULL)
    return TRUE;
  GST_ELEMENT_ERROR (self, RESOURCE, SETTINGS,
      ("TLS needs a certificate: set the property tls-certificate-file."),
      (NULL));
  return FALSE;
}

/* Who names a certificate does not mean to serve without. */
static void
warn_of_unused_tls (GstRcGrpcSink *self, const GstRcSinkSettings *settings)
{
  const gchar *unused = NULL;

  if (settings->tls)
    return;
  if (settings->tls_certificate_file != NULL)
    unused = "tls-certificate-file";
  else if (settings->tls_private_key_file != NULL)
    unused = "tls-private-key-file";
  else if (settings->tls_ca_file != NULL)
    unused = "tls-ca-file";
  if (unused != NULL)
    GST_ELEMENT_WARNING (self, RESOURCE, SETTINGS,
        ("The property %s is set, but there is no TLS: set tls=true.", unused),
        (NULL));
}

static RcServer *
create_server (
    GstRcGrpcSink *self, const GstRcSinkSettings *settings, GError **error)
{
  RcServerConfig config = {
      .address = settings->address,
      .port = settings->port,
  };

  if (settings->tls) {
    config.tls_certificate_file = settings->tls_certificate_file;
    config.tls_private_key_file = settings->tls_private_key_file != NULL
                                      ? settings->tls_private_key_file
                                      : settings->tls_certificate_file;
    config.tls_ca_file = settings->tls_ca_file;
  }
  return rc_server_new (&config, rc_publisher_serve, self->publisher, error);
}

static gboolean
start_server (GstRcGrpcSink *self)
{
  g_auto (GstRcSinkSettings) settings = {NULL};
  g_autoptr (GError) error = NULL;

  GST_OBJECT_LOCK (self);
  gst_rc_sink_settings_copy (&self->settings, &settings);
  GST_OBJECT_UNLOCK (self);
  if (!check_tls (self, &settings))
    return FALSE;
  warn_of_unused_tls (self, &settings);

  rc_publisher_start (self->publisher);
  self->server = create_server (self, &settings, &error);
  if (self->server == NULL) {
    post_server_error (self, &settings, error);
    return FALSE;
  }
  rc_publisher_set_server (self->publisher, self->server);
  set_current_port (self, rc_server_get_port (self->server));
  GST_INFO_OBJECT (self, "listening on %s port %u", settings.address,
      rc_server_get_port (self->server));
  return TRUE;
}

static void
stop_server (GstRcGrpcSink *self)
{
  if (self->server == NULL)
    return;
  rc_publisher_stop (self->publisher);
  g_clear_pointer (&self->server, rc_server_free);
  set_current_port (self, 0);
}

static GstStateChangeReturn
gst_rc_grpc_sink_change_state (GstElement *element, GstStateChange transition)
{
  GstRcGrpcSink *self = GST_RC_GRPC_SINK (element);
  GstStateChangeReturn ret;

  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED && !start_server (self))
    return GST_STATE_CHANGE_FAILURE;

  ret = GST_ELEMENT_CLASS (gst_rc_grpc_sink_parent_class)
            ->change_state (element, transition);

  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY
      || (transition == GST_STATE_CHANGE_READY_TO_PAUSED
          && ret == GST_STATE_CHANGE_FAILURE))
    stop_server (self);
  return ret;
}

/* ---- pads ---- */

static void
update_streams_unlocked (GstRcGrpcSink *self)
{
  guint offered = 0, expected = 0;

  for (guint i = 0; i < RC_N_SET_STREAMS; i++) {
    if (self->streams[i].child == NULL)
      continue;
    offered |= 1u << i;
    if (self->streams[i].linked)
      expected |= 1u << i;
  }
  rc_publisher_set_streams (self->publisher, offered, expected);
}

static void
set_linked (GstRcGrpcSink *self, GstPad *pad, gboolean linked)
{
  RcStream stream;

  if (!rc_stream_from_string (GST_PAD_NAME (pad), &stream))
    return;
  GST_OBJECT_LOCK (self);
  self->streams[stream].linked = linked;
  update_streams_unlocked (self);
  GST_OBJECT_UNLOCK (self);
}

static void
on_linked (GstPad *pad, GstPad *peer, GstRcGrpcSink *self)
{
  set_linked (self, pad, TRUE);
}

static void
on_unlinked (GstPad *pad, GstPad *peer, GstRcGrpcSink *self)
{
  set_linked (self, pad, FALSE);
}

/* FALSE if there is a pad for it already. */
static gboolean
add_child (GstRcGrpcSink *self, RcStream stream, GstRcStreamSink *child)
{
  gboolean added;

  GST_OBJECT_LOCK (self);
  added = self->streams[stream].child == NULL;
  if (added) {
    self->streams[stream] = (Stream){.child = child};
    /* Without a notification: its handlers may take the lock. */
    gst_base_sink_set_sync (GST_BASE_SINK (child), self->settings.sync);
    update_streams_unlocked (self);
  }
  GST_OBJECT_UNLOCK (self);
  return added;
}

static GstPad *
gst_rc_grpc_sink_request_new_pad (GstElement *element, GstPadTemplate *templ,
    const gchar *name, const GstCaps *caps)
{
  GstRcGrpcSink *self = GST_RC_GRPC_SINK (element);
  const gchar *stream_name = GST_PAD_TEMPLATE_NAME_TEMPLATE (templ);
  g_autoptr (GstPad) target = NULL;
  GstRcStreamSink *child;
  RcStream stream;
  GstPad *pad;

  if (!rc_stream_from_string (stream_name, &stream))
    return NULL;
  child =
      gst_object_ref_sink (gst_rc_stream_sink_new (stream, self->publisher));
  if (!add_child (self, stream, child)) {
    GST_WARNING_OBJECT (self, "there is a pad %s already", stream_name);
    gst_object_unref (child);
    return NULL;
  }

  gst_bin_add (GST_BIN (self), GST_ELEMENT (child));
  target = gst_element_get_static_pad (GST_ELEMENT (child), "sink");
  pad = gst_ghost_pad_new_from_template (stream_name, target, templ);
  g_signal_connect (pad, "linked", G_CALLBACK (on_linked), self);
  g_signal_connect (pad, "unlinked", G_CALLBACK (on_unlinked), self);
  gst_pad_set_active (pad, TRUE);
  gst_element_add_pad (element, pad);
  gst_element_sync_state_with_parent (GST_ELEMENT (child));
  return pad;
}

static void
gst_rc_grpc_sink_release_pad (GstElement *element, GstPad *pad)
{
  GstRcGrpcSink *self = GST_RC_GRPC_SINK (element);
  GstRcStreamSink *child;
  RcStream stream;

  if (!rc_stream_from_string (GST_PAD_NAME (pad), &stream))
    return;
  GST_OBJECT_LOCK (self);
  child = g_steal_pointer (&self->streams[stream].child);
  self->streams[stream].linked = FALSE;
  update_streams_unlocked (self);
  GST_OBJECT_UNLOCK (self);

  gst_pad_set_active (pad, FALSE);
  gst_element_remove_pad (element, pad);
  if (child == NULL)
    return;
  gst_element_set_locked_state (GST_ELEMENT (child), TRUE);
  gst_element_set_state (GST_ELEMENT (child), GST_STATE_NULL);
  gst_bin_remove (GST_BIN (self), GST_ELEMENT (child));
  gst_object_unref (child);
}

/* ---- properties ---- */

static void
apply_settings_unlocked (GstRcGrpcSink *self)
{
  RcPublisherLimits limits = {
      .queue_size = self->settings.queue_size,
      .max_clients = self->settings.max_clients,
      .set_timeout = self->settings.set_timeout / GST_USECOND,
  };

  rc_publisher_set_limits (self->publisher, &limits);
  rc_publisher_set_given (self->publisher, &self->stereo.given);
  for (guint i = 0; i < RC_N_SET_STREAMS; i++) {
    if (self->streams[i].child != NULL)
      gst_base_sink_set_sync (
          GST_BASE_SINK (self->streams[i].child), self->settings.sync);
  }
}

static gboolean
is_stereo (guint id)
{
  return id >= PROP_STEREO && id < PROP_CURRENT_PORT;
}

static void
gst_rc_grpc_sink_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  GstRcGrpcSink *self = GST_RC_GRPC_SINK (object);
  gboolean known = TRUE;

  if (is_stereo (id))
    gst_rc_stereo_settings_set (
        &self->stereo, GST_ELEMENT (self), id - PROP_STEREO, value);
  GST_OBJECT_LOCK (self);
  if (!is_stereo (id))
    known = gst_rc_sink_settings_set (&self->settings, id, value);
  apply_settings_unlocked (self);
  GST_OBJECT_UNLOCK (self);
  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
add_client (GstStructure *stats, const RcPublisherClient *client)
{
  g_autofree gchar *name =
      g_strdup_printf ("client-%" G_GUINT64_FORMAT, client->id);
  g_autoptr (GString) streams = g_string_new (NULL);
  g_autoptr (GstStructure) fields = NULL;

  for (guint i = 0; i < RC_N_SET_STREAMS; i++) {
    if (client->streams & 1u << i)
      g_string_append_printf (streams, "%s%s", streams->len > 0 ? "+" : "",
          rc_stream_to_string (i));
  }
  fields = gst_structure_new (name, "peer", G_TYPE_STRING, client->peer,
      "streams", G_TYPE_STRING, streams->str, "sets-sent", G_TYPE_UINT64,
      client->sets_sent, "sets-missed", G_TYPE_UINT64, client->sets_missed,
      "bytes-sent", G_TYPE_UINT64, client->bytes_sent, NULL);
  gst_structure_set (stats, name, GST_TYPE_STRUCTURE, fields, NULL);
}

static GstStructure *
create_stats (GstRcGrpcSink *self)
{
  g_autoptr (GPtrArray) clients = rc_publisher_get_clients (self->publisher);
  RcPublisherStats counters;
  GstStructure *stats;

  rc_publisher_get_stats (self->publisher, &counters);
  stats = gst_structure_new ("application/x-rcgrpcsink-stats", "sets",
      G_TYPE_UINT64, counters.sets, "sets-incomplete", G_TYPE_UINT64,
      counters.sets_incomplete, "images-dropped", G_TYPE_UINT64,
      counters.images_dropped, "clients", G_TYPE_UINT, counters.clients,
      "sets-sent", G_TYPE_UINT64, counters.sets_sent, "sets-missed",
      G_TYPE_UINT64, counters.sets_missed, "bytes-sent", G_TYPE_UINT64,
      counters.bytes_sent, NULL);
  for (guint i = 0; i < clients->len; i++)
    add_client (stats, clients->pdata[i]);
  return stats;
}

static void
gst_rc_grpc_sink_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GstRcGrpcSink *self = GST_RC_GRPC_SINK (object);
  gboolean known = TRUE;

  if (is_stereo (id)) {
    gst_rc_stereo_settings_get (
        &self->stereo, GST_ELEMENT (self), id - PROP_STEREO, value);
    return;
  }
  if (id == PROP_STATS) {
    g_value_take_boxed (value, create_stats (self));
    return;
  }
  GST_OBJECT_LOCK (self);
  if (id == PROP_CURRENT_PORT)
    g_value_set_uint (value, self->current_port);
  else
    known = gst_rc_sink_settings_get (&self->settings, id, value);
  GST_OBJECT_UNLOCK (self);
  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

/* ---- life ---- */

static void
gst_rc_grpc_sink_dispose (GObject *object)
{
  GstRcGrpcSink *self = GST_RC_GRPC_SINK (object);

  for (guint i = 0; i < RC_N_SET_STREAMS; i++) {
    g_autoptr (GstPad) pad = gst_element_get_static_pad (
        GST_ELEMENT (self), rc_stream_to_string (i));

    if (pad != NULL)
      gst_rc_grpc_sink_release_pad (GST_ELEMENT (self), pad);
  }
  stop_server (self);
  G_OBJECT_CLASS (gst_rc_grpc_sink_parent_class)->dispose (object);
}

static void
gst_rc_grpc_sink_finalize (GObject *object)
{
  GstRcGrpcSink *self = GST_RC_GRPC_SINK (object);

  rc_publisher_unref (self->publisher);
  gst_rc_sink_settings_clear (&self->settings);
  G_OBJECT_CLASS (gst_rc_grpc_sink_parent_class)->finalize (object);
}

static void
install_properties (GObjectClass *klass)
{
  gst_rc_sink_settings_install (klass);
  gst_rc_stereo_settings_install (klass, PROP_STEREO, GST_RC_STEREO_FOR_POINTS);
  /**
   * GstRcGrpcSink:current-port:
   *
   * The port that is listened on, in PAUSED and PLAYING; else 0.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, PROP_CURRENT_PORT,
      g_param_spec_uint ("current-port", "Current port",
          "Port that is listened on (0 = none)", 0, G_MAXUINT16, 0,
          G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
  /**
   * GstRcGrpcSink:stats:
   *
   * Counters since READY: sets, sets-incomplete, images-dropped, sets-sent,
   * sets-missed, bytes-sent (guint64), clients (guint, now), and for each
   * client a structure client-N with peer, streams (string), sets-sent,
   * sets-missed and bytes-sent (guint64).
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, PROP_STATS,
      g_param_spec_boxed ("stats", "Statistics",
          "Counters of sets, images and clients", GST_TYPE_STRUCTURE,
          G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
}

static void
gst_rc_grpc_sink_class_init (GstRcGrpcSinkClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);

  object_class->set_property = gst_rc_grpc_sink_set_property;
  object_class->get_property = gst_rc_grpc_sink_get_property;
  object_class->dispose = gst_rc_grpc_sink_dispose;
  object_class->finalize = gst_rc_grpc_sink_finalize;

  install_properties (object_class);

  gst_element_class_set_static_metadata (element_class, "Stereo camera server",
      "Sink/Network",
      "Serves images over gRPC as a Roboception stereo camera does",
      "The gst-rcgrpc authors");
  for (guint i = 0; i < RC_N_SET_STREAMS; i++) {
    g_autoptr (GstCaps) caps = gst_rc_stream_sink_get_template_caps (i);

    gst_element_class_add_pad_template (
        element_class, gst_pad_template_new (rc_stream_to_string (i),
                           GST_PAD_SINK, GST_PAD_REQUEST, caps));
  }

  element_class->change_state = gst_rc_grpc_sink_change_state;
  element_class->request_new_pad = gst_rc_grpc_sink_request_new_pad;
  element_class->release_pad = gst_rc_grpc_sink_release_pad;
}

static void
gst_rc_grpc_sink_init (GstRcGrpcSink *self)
{
  self->publisher = rc_publisher_new ();
  gst_rc_sink_settings_init (&self->settings);
  gst_rc_stereo_settings_init (&self->stereo);
  apply_settings_unlocked (self);
}
