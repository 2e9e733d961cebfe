/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "source/gstrcsettings.h"

#include "source/rcuri.h"

#define DEFAULT_PORT RC_DEFAULT_PORT
#define DEFAULT_PIPELINE 0
#define DEFAULT_COLOR FALSE
#define DEFAULT_MESH_MAX_POINTS 0
#define DEFAULT_MESH_BINNING_METHOD RC_MESH_BINNING_AVERAGE
#define DEFAULT_MESH_WATERTIGHT FALSE
#define DEFAULT_MESH_TEXTURED FALSE
#define DEFAULT_NUM_BUFFERS -1
#define DEFAULT_TIMESTAMP_MODE GST_RC_TIMESTAMP_MODE_CAPTURE
#define DEFAULT_LATENCY 100
#define DEFAULT_QUEUE_SIZE 4
#define DEFAULT_LEAKY RC_LEAKY_DOWNSTREAM
#define DEFAULT_MAX_MESSAGE_SIZE (512 * 1024 * 1024)
#define DEFAULT_TIMEOUT (10 * GST_SECOND)
#define DEFAULT_IMAGE_EVENTS FALSE
#define DEFAULT_AUTO_RECONNECT TRUE
#define DEFAULT_RETRIES -1
#define DEFAULT_RETRY_BACKOFF_MAX (5 * GST_SECOND)
#define DEFAULT_WAIT_FOR_CONNECTION FALSE
#define DEFAULT_TLS FALSE

#define READY_FLAGS                                                            \
  (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY)
#define PLAYING_FLAGS                                                          \
  (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING)

/* Where the camera is. */
static void
define_peer_properties (GParamSpec **properties)
{
  /**
   * GstRcGrpcSrc:host:
   *
   * Name or address of the camera.
   *
   * Since: 0.1
   */
  properties[GST_RC_SETTING_HOST] = g_param_spec_string ("host", "Host",
      "Name or address of the camera", GST_RC_DEFAULT_HOST, READY_FLAGS);
  /**
   * GstRcGrpcSrc:port:
   *
   * TCP port of pipeline 0.
   *
   * Since: 0.1
   */
  properties[GST_RC_SETTING_PORT] = g_param_spec_uint ("port", "Port",
      "TCP port of pipeline 0", 1, G_MAXUINT16, DEFAULT_PORT, READY_FLAGS);
  /**
   * GstRcGrpcSrc:pipeline:
   *
   * Number of the pipeline of an rc_cube or rc_visard NG. The port used is
   * port + pipeline.
   *
   * Since: 0.1
   */
  properties[GST_RC_SETTING_PIPELINE] =
      g_param_spec_uint ("pipeline", "Pipeline",
          "Number of the camera pipeline; the port used is port + pipeline", 0,
          G_MAXUINT16, DEFAULT_PIPELINE, READY_FLAGS);
  /**
   * GstRcGrpcSrc:max-message-size:
   *
   * The largest image set that is taken, bytes.
   *
   * Since: 0.1
   */
  properties[GST_RC_SETTING_MAX_MESSAGE_SIZE] =
      g_param_spec_uint ("max-message-size", "Max. message size",
          "Largest image set that is taken, in bytes", 1024, G_MAXINT,
          DEFAULT_MAX_MESSAGE_SIZE, READY_FLAGS);
  /**
   * GstRcGrpcSrc:timeout:
   *
   * The longest wait for the first connection and for each next set, ns;
   * 0 waits for ever, as a camera that is triggered needs it. Time in which
   * downstream holds the stream back does not count.
   *
   * Since: 0.1
   */
  properties[GST_RC_SETTING_TIMEOUT] = g_param_spec_uint64 ("timeout",
      "Timeout",
      "Longest wait for the connection and for each next set, in ns (0 = for "
      "ever)",
      0, G_MAXUINT64, DEFAULT_TIMEOUT, READY_FLAGS);
}

/* What happens when it goes. */
static void
define_retry_properties (GParamSpec **properties)
{
  /**
   * GstRcGrpcSrc:auto-reconnect:
   *
   * Once a stream has run, its loss (any end but gRPC status OK, which is EOS)
   * leads to a warning and to further attempts to connect, without leaving
   * PLAYING. FALSE: a loss is an error at once.
   *
   * Since: 0.1
   */
  properties[GST_RC_SETTING_AUTO_RECONNECT] =
      g_param_spec_boolean ("auto-reconnect", "Auto reconnect",
          "Connect again when the stream was lost", DEFAULT_AUTO_RECONNECT,
          READY_FLAGS);
  /**
   * GstRcGrpcSrc:retries:
   *
   * Attempts in a row that may bring no image set before that is an error; -1
   * is without end.
   *
   * Since: 0.1
   */
  properties[GST_RC_SETTING_RETRIES] = g_param_spec_int ("retries", "Retries",
      "Attempts in a row that may fail before that is an error (-1 = "
      "unlimited)",
      -1, G_MAXINT, DEFAULT_RETRIES, READY_FLAGS);
  /**
   * GstRcGrpcSrc:retry-backoff-max:
   *
   * The longest wait between two attempts, ns. The wait before the first one is
   * at most 200 ms and doubles with each; of each, a random part of up to a
   * half is left out.
   *
   * Since: 0.1
   */
  properties[GST_RC_SETTING_RETRY_BACKOFF_MAX] =
      g_param_spec_uint64 ("retry-backoff-max", "Retry back-off max.",
          "Longest wait between two attempts to connect, in ns", 0, G_MAXINT64,
          DEFAULT_RETRY_BACKOFF_MAX, READY_FLAGS);
  /**
   * GstRcGrpcSrc:wait-for-connection:
   *
   * Wait for a camera that is not there yet at the start in the same way as for
   * one that was lost. FALSE: that is an error.
   *
   * Since: 0.1
   */
  properties[GST_RC_SETTING_WAIT_FOR_CONNECTION] =
      g_param_spec_boolean ("wait-for-connection", "Wait for connection",
          "Wait for a camera that is not there yet at the start",
          DEFAULT_WAIT_FOR_CONNECTION, READY_FLAGS);
}

/* Whom to trust. */
static void
define_tls_properties (GParamSpec **properties)
{
  /**
   * GstRcGrpcSrc:tls:
   *
   * Connect with TLS, as to a camera behind a proxy. The server's certificate
   * is always verified.
   *
   * Since: 0.1
   */
  properties[GST_RC_SETTING_TLS] = g_param_spec_boolean (
      "tls", "TLS", "Connect with TLS", DEFAULT_TLS, READY_FLAGS);
  /**
   * GstRcGrpcSrc:tls-ca-file:
   *
   * PEM file with the certificates of the authorities that are trusted; %NULL
   * trusts those that the system does.
   *
   * Since: 0.1
   */
  properties[GST_RC_SETTING_TLS_CA_FILE] =
      g_param_spec_string ("tls-ca-file", "TLS CA file",
          "PEM file with the authorities that are trusted (default: the "
          "system's)",
          NULL, READY_FLAGS);
  /**
   * GstRcGrpcSrc:tls-certificate-file:
   *
   * PEM file with the client's certificate, for a server that wants one
   * (mutual TLS).
   *
   * Since: 0.1
   */
  properties[GST_RC_SETTING_TLS_CERTIFICATE_FILE] =
      g_param_spec_string ("tls-certificate-file", "TLS certificate file",
          "PEM file with the client's certificate, for mutual TLS", NULL,
          READY_FLAGS);
  /**
   * GstRcGrpcSrc:tls-private-key-file:
   *
   * PEM file with the key of the client's certificate; %NULL looks for it in
   * #GstRcGrpcSrc:tls-certificate-file.
   *
   * Since: 0.1
   */
  properties[GST_RC_SETTING_TLS_PRIVATE_KEY_FILE] =
      g_param_spec_string ("tls-private-key-file", "TLS private key file",
          "PEM file with the key of the client's certificate (default: in the "
          "certificate's file)",
          NULL, READY_FLAGS);
  /**
   * GstRcGrpcSrc:tls-server-name:
   *
   * The name that the server's certificate has to be for; %NULL is
   * #GstRcGrpcSrc:host.
   *
   * Since: 0.1
   */
  properties[GST_RC_SETTING_TLS_SERVER_NAME] =
      g_param_spec_string ("tls-server-name", "TLS server name",
          "Name that the server's certificate has to be for (default: host)",
          NULL, READY_FLAGS);
}

/* What is asked of it. */
static void
define_request_properties (GParamSpec **properties)
{
  /**
   * GstRcGrpcSrc:color:
   *
   * Ask for left and right in colour (RGB). A camera without colour sends
   * GRAY8 all the same.
   *
   * Since: 0.1
   */
  properties[GST_RC_SETTING_COLOR] = g_param_spec_boolean ("color", "Color",
      "Ask for left and right in colour", DEFAULT_COLOR, PLAYING_FLAGS);
  /**
   * GstRcGrpcSrc:mesh-max-points:
   *
   * The most points of a mesh; 0 is the camera's default (up to 3.1 million),
   * else at least 1000.
   *
   * Since: 0.1
   */
  properties[GST_RC_SETTING_MESH_MAX_POINTS] =
      g_param_spec_uint ("mesh-max-points", "Mesh max. points",
          "Most points of a mesh, at least 1000 (0 = the camera's default)", 0,
          G_MAXUINT, DEFAULT_MESH_MAX_POINTS, PLAYING_FLAGS);
  /**
   * GstRcGrpcSrc:mesh-binning-method:
   *
   * How points that fall together are made one.
   *
   * Since: 0.1
   */
  properties[GST_RC_SETTING_MESH_BINNING_METHOD] =
      g_param_spec_enum ("mesh-binning-method", "Mesh binning method",
          "How points of a mesh that fall together are made one",
          GST_TYPE_RC_MESH_BINNING_METHOD, DEFAULT_MESH_BINNING_METHOD,
          PLAYING_FLAGS);
  /**
   * GstRcGrpcSrc:mesh-watertight:
   *
   * Ask for a mesh whose edges are all connected and whose holes are filled.
   *
   * Since: 0.1
   */
  properties[GST_RC_SETTING_MESH_WATERTIGHT] = g_param_spec_boolean (
      "mesh-watertight", "Mesh watertight", "Ask for a mesh without holes",
      DEFAULT_MESH_WATERTIGHT, PLAYING_FLAGS);
  /**
   * GstRcGrpcSrc:mesh-textured:
   *
   * Ask for a mesh with texture.
   *
   * Since: 0.1
   */
  properties[GST_RC_SETTING_MESH_TEXTURED] =
      g_param_spec_boolean ("mesh-textured", "Mesh textured",
          "Ask for a mesh with texture", DEFAULT_MESH_TEXTURED, PLAYING_FLAGS);
  /**
   * GstRcGrpcSrc:image-events:
   *
   * Post the camera's image events as element messages named
   * `rc-image-event`. Needs firmware 26.01.
   *
   * Since: 0.1
   */
  properties[GST_RC_SETTING_IMAGE_EVENTS] =
      g_param_spec_boolean ("image-events", "Image events",
          "Post the camera's image events as element messages",
          DEFAULT_IMAGE_EVENTS, READY_FLAGS);
}

/* What becomes of the sets here. */
static void
define_flow_properties (GParamSpec **properties)
{
  /**
   * GstRcGrpcSrc:num-buffers:
   *
   * Number of sets before EOS; -1 is without end.
   *
   * Since: 0.1
   */
  properties[GST_RC_SETTING_NUM_BUFFERS] = g_param_spec_int ("num-buffers",
      "Number of buffers", "Number of image sets before EOS (-1 = unlimited)",
      -1, G_MAXINT, DEFAULT_NUM_BUFFERS, READY_FLAGS);
  /**
   * GstRcGrpcSrc:timestamp-mode:
   *
   * Whether PTS follow the time of capture or that of arrival.
   *
   * Since: 0.1
   */
  properties[GST_RC_SETTING_TIMESTAMP_MODE] = g_param_spec_enum (
      "timestamp-mode", "Timestamp mode", "What buffer timestamps follow",
      GST_TYPE_RC_TIMESTAMP_MODE, DEFAULT_TIMESTAMP_MODE, READY_FLAGS);
  /**
   * GstRcGrpcSrc:latency:
   *
   * The minimum that the LATENCY query reports, ms: how late an image may
   * arrive and still be shown in time. Sinks hold images for so long, so
   * queue-size must cover latency × frame rate.
   *
   * Since: 0.1
   */
  properties[GST_RC_SETTING_LATENCY] = g_param_spec_uint ("latency", "Latency",
      "Minimum latency that is reported to sinks, in ms", 0, G_MAXUINT,
      DEFAULT_LATENCY, PLAYING_FLAGS);
  /**
   * GstRcGrpcSrc:queue-size:
   *
   * Images that each pad holds while its branch is busy.
   *
   * Since: 0.1
   */
  properties[GST_RC_SETTING_QUEUE_SIZE] = g_param_spec_uint ("queue-size",
      "Queue size", "Images that each pad holds while its branch is busy", 1,
      G_MAXINT, DEFAULT_QUEUE_SIZE, PLAYING_FLAGS);
  /**
   * GstRcGrpcSrc:leaky:
   *
   * What is dropped when a pad holds queue-size images and another comes.
   *
   * Since: 0.1
   */
  properties[GST_RC_SETTING_LEAKY] = g_param_spec_enum ("leaky", "Leaky",
      "What is dropped when a pad holds queue-size images", GST_TYPE_RC_LEAKY,
      DEFAULT_LEAKY, PLAYING_FLAGS);
}

void
gst_rc_settings_install (GObjectClass *klass)
{
  GParamSpec *properties[GST_RC_N_SETTINGS] = {NULL};

  define_peer_properties (properties);
  define_retry_properties (properties);
  define_tls_properties (properties);
  define_request_properties (properties);
  define_flow_properties (properties);
  g_object_class_install_properties (klass, GST_RC_N_SETTINGS, properties);
}

void
gst_rc_settings_init (GstRcSettings *settings)
{
  *settings = (GstRcSettings){
      .host = g_strdup (GST_RC_DEFAULT_HOST),
      .port = DEFAULT_PORT,
      .pipeline = DEFAULT_PIPELINE,
      .options =
          {
              .color = DEFAULT_COLOR,
              .mesh_max_points = DEFAULT_MESH_MAX_POINTS,
              .mesh_binning = DEFAULT_MESH_BINNING_METHOD,
              .mesh_watertight = DEFAULT_MESH_WATERTIGHT,
              .mesh_textured = DEFAULT_MESH_TEXTURED,
          },
      .num_buffers = DEFAULT_NUM_BUFFERS,
      .timestamp_mode = DEFAULT_TIMESTAMP_MODE,
      .latency = DEFAULT_LATENCY,
      .queue_size = DEFAULT_QUEUE_SIZE,
      .leaky = DEFAULT_LEAKY,
      .max_message_size = DEFAULT_MAX_MESSAGE_SIZE,
      .timeout = DEFAULT_TIMEOUT,
      .image_events = DEFAULT_IMAGE_EVENTS,
      .auto_reconnect = DEFAULT_AUTO_RECONNECT,
      .retries = DEFAULT_RETRIES,
      .retry_backoff_max = DEFAULT_RETRY_BACKOFF_MAX,
      .wait_for_connection = DEFAULT_WAIT_FOR_CONNECTION,
      .tls = DEFAULT_TLS,
  };
}

void
gst_rc_settings_copy (const GstRcSettings *settings, GstRcSettings *copy)
{
  *copy = *settings;
  copy->host = g_strdup (settings->host);
  copy->tls_ca_file = g_strdup (settings->tls_ca_file);
  copy->tls_certificate_file = g_strdup (settings->tls_certificate_file);
  copy->tls_private_key_file = g_strdup (settings->tls_private_key_file);
  copy->tls_server_name = g_strdup (settings->tls_server_name);
}

void
gst_rc_settings_clear (GstRcSettings *settings)
{
  g_clear_pointer (&settings->host, g_free);
  g_clear_pointer (&settings->tls_ca_file, g_free);
  g_clear_pointer (&settings->tls_certificate_file, g_free);
  g_clear_pointer (&settings->tls_private_key_file, g_free);
  g_clear_pointer (&settings->tls_server_name, g_free);
}

static void
set_string (gchar **string, const GValue *value)
{
  g_free (*string);
  *string = g_value_dup_string (value);
}

gboolean
gst_rc_settings_set (GstRcSettings *settings, guint id, const GValue *value)
{
  switch (id) {
  case GST_RC_SETTING_HOST:
    set_string (&settings->host, value);
    if (settings->host == NULL)
      settings->host = g_strdup (GST_RC_DEFAULT_HOST);
    break;
  case GST_RC_SETTING_PORT:
    settings->port = g_value_get_uint (value);
    break;
  case GST_RC_SETTING_PIPELINE:
    settings->pipeline = g_value_get_uint (value);
    break;
  case GST_RC_SETTING_COLOR:
    settings->options.color = g_value_get_boolean (value);
    break;
  case GST_RC_SETTING_MESH_MAX_POINTS:
    settings->options.mesh_max_points = g_value_get_uint (value);
    break;
  case GST_RC_SETTING_MESH_BINNING_METHOD:
    settings->options.mesh_binning = g_value_get_enum (value);
    break;
  case GST_RC_SETTING_MESH_WATERTIGHT:
    settings->options.mesh_watertight = g_value_get_boolean (value);
    break;
  case GST_RC_SETTING_MESH_TEXTURED:
    settings->options.mesh_textured = g_value_get_boolean (value);
    break;
  case GST_RC_SETTING_NUM_BUFFERS:
    settings->num_buffers = g_value_get_int (value);
    break;
  case GST_RC_SETTING_TIMESTAMP_MODE:
    settings->timestamp_mode = g_value_get_enum (value);
    break;
  case GST_RC_SETTING_LATENCY:
    settings->latency = g_value_get_uint (value);
    break;
  case GST_RC_SETTING_QUEUE_SIZE:
    settings->queue_size = g_value_get_uint (value);
    break;
  case GST_RC_SETTING_LEAKY:
    settings->leaky = g_value_get_enum (value);
    break;
  case GST_RC_SETTING_MAX_MESSAGE_SIZE:
    settings->max_message_size = g_value_get_uint (value);
    break;
  case GST_RC_SETTING_TIMEOUT:
    settings->timeout = g_value_get_uint64 (value);
    break;
  case GST_RC_SETTING_IMAGE_EVENTS:
    settings->image_events = g_value_get_boolean (value);
    break;
  case GST_RC_SETTING_AUTO_RECONNECT:
    settings->auto_reconnect = g_value_get_boolean (value);
    break;
  case GST_RC_SETTING_RETRIES:
    settings->retries = g_value_get_int (value);
    break;
  case GST_RC_SETTING_RETRY_BACKOFF_MAX:
    settings->retry_backoff_max = g_value_get_uint64 (value);
    break;
  case GST_RC_SETTING_WAIT_FOR_CONNECTION:
    settings->wait_for_connection = g_value_get_boolean (value);
    break;
  case GST_RC_SETTING_TLS:
    settings->tls = g_value_get_boolean (value);
    break;
  case GST_RC_SETTING_TLS_CA_FILE:
    set_string (&settings->tls_ca_file, value);
    break;
  case GST_RC_SETTING_TLS_CERTIFICATE_FILE:
    set_string (&settings->tls_certificate_file, value);
    break;
  case GST_RC_SETTING_TLS_PRIVATE_KEY_FILE:
    set_string (&settings->tls_private_key_file, value);
    break;
  case GST_RC_SETTING_TLS_SERVER_NAME:
    set_string (&settings->tls_server_name, value);
    break;
  default:
    return FALSE;
  }
  return TRUE;
}

gboolean
gst_rc_settings_get (const GstRcSettings *settings, guint id, GValue *value)
{
  switch (id) {
  case GST_RC_SETTING_HOST:
    g_value_set_string (value, settings->host);
    break;
  case GST_RC_SETTING_PORT:
    g_value_set_uint (value, settings->port);
    break;
  case GST_RC_SETTING_PIPELINE:
    g_value_set_uint (value, settings->pipeline);
    break;
  case GST_RC_SETTING_COLOR:
    g_value_set_boolean (value, settings->options.color);
    break;
  case GST_RC_SETTING_MESH_MAX_POINTS:
    g_value_set_uint (value, settings->options.mesh_max_points);
    break;
  case GST_RC_SETTING_MESH_BINNING_METHOD:
    g_value_set_enum (value, settings->options.mesh_binning);
    break;
  case GST_RC_SETTING_MESH_WATERTIGHT:
    g_value_set_boolean (value, settings->options.mesh_watertight);
    break;
  case GST_RC_SETTING_MESH_TEXTURED:
    g_value_set_boolean (value, settings->options.mesh_textured);
    break;
  case GST_RC_SETTING_NUM_BUFFERS:
    g_value_set_int (value, settings->num_buffers);
    break;
  case GST_RC_SETTING_TIMESTAMP_MODE:
    g_value_set_enum (value, settings->timestamp_mode);
    break;
  case GST_RC_SETTING_LATENCY:
    g_value_set_uint (value, settings->latency);
    break;
  case GST_RC_SETTING_QUEUE_SIZE:
    g_value_set_uint (value, settings->queue_size);
    break;
  case GST_RC_SETTING_LEAKY:
    g_value_set_enum (value, settings->leaky);
    break;
  case GST_RC_SETTING_MAX_MESSAGE_SIZE:
    g_value_set_uint (value, settings->max_message_size);
    break;
  case GST_RC_SETTING_TIMEOUT:
    g_value_set_uint64 (value, settings->timeout);
    break;
  case GST_RC_SETTING_IMAGE_EVENTS:
    g_value_set_boolean (value, settings->image_events);
    break;
  case GST_RC_SETTING_AUTO_RECONNECT:
    g_value_set_boolean (value, settings->auto_reconnect);
    break;
  case GST_RC_SETTING_RETRIES:
    g_value_set_int (value, settings->retries);
    break;
  case GST_RC_SETTING_RETRY_BACKOFF_MAX:
    g_value_set_uint64 (value, settings->retry_backoff_max);
    break;
  case GST_RC_SETTING_WAIT_FOR_CONNECTION:
    g_value_set_boolean (value, settings->wait_for_connection);
    break;
  case GST_RC_SETTING_TLS:
    g_value_set_boolean (value, settings->tls);
    break;
  case GST_RC_SETTING_TLS_CA_FILE:
    g_value_set_string (value, settings->tls_ca_file);
    break;
  case GST_RC_SETTING_TLS_CERTIFICATE_FILE:
    g_value_set_string (value, settings->tls_certificate_file);
    break;
  case GST_RC_SETTING_TLS_PRIVATE_KEY_FILE:
    g_value_set_string (value, settings->tls_private_key_file);
    break;
  case GST_RC_SETTING_TLS_SERVER_NAME:
    g_value_set_string (value, settings->tls_server_name);
    break;
  default:
    return FALSE;
  }
  return TRUE;
}
