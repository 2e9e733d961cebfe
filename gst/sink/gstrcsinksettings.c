/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sink/gstrcsinksettings.h"

#define DEFAULT_ADDRESS "127.0.0.1"
#define DEFAULT_PORT 50051
#define DEFAULT_MAX_CLIENTS 0
#define DEFAULT_QUEUE_SIZE 4
#define DEFAULT_SET_TIMEOUT (500 * GST_MSECOND)
#define DEFAULT_SYNC TRUE
#define DEFAULT_TLS FALSE

#define READY_FLAGS                                                            \
  (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY)
#define PLAYING_FLAGS                                                          \
  (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING)

/* Where clients find it, and how many. */
static void
define_peer_properties (GParamSpec **properties)
{
  /**
   * GstRcGrpcSink:address:
   *
   * Address of the network interface to listen on: 127.0.0.1 is for this
   * machine alone, 0.0.0.0 for all over IPv4, :: for all.
   *
   * Since: 0.1
   */
  properties[GST_RC_SINK_SETTING_ADDRESS] =
      g_param_spec_string ("address", "Address",
          "Address to listen on; 127.0.0.1 serves this machine alone, 0.0.0.0 "
          "all that reach it",
          DEFAULT_ADDRESS, READY_FLAGS);
  /**
   * GstRcGrpcSink:port:
   *
   * TCP port to listen on; 0 takes any that is free, which is
   * #GstRcGrpcSink:current-port then.
   *
   * Since: 0.1
   */
  properties[GST_RC_SINK_SETTING_PORT] = g_param_spec_uint ("port", "Port",
      "TCP port to listen on (0 = any free one, see current-port)", 0,
      G_MAXUINT16, DEFAULT_PORT, READY_FLAGS);
  /**
   * GstRcGrpcSink:max-clients:
   *
   * The most clients at a time; 0 is any number. One more is refused with
   * the gRPC status RESOURCE_EXHAUSTED. Those that are there stay.
   *
   * Since: 0.1
   */
  properties[GST_RC_SINK_SETTING_MAX_CLIENTS] = g_param_spec_uint (
      "max-clients", "Max. clients", "Most clients at a time (0 = any number)",
      0, G_MAXUINT, DEFAULT_MAX_CLIENTS, PLAYING_FLAGS);
}

/* Whom it trusts. */
static void
define_tls_properties (GParamSpec **properties)
{
  /**
   * GstRcGrpcSink:tls:
   *
   * Serve with TLS. Needs #GstRcGrpcSink:tls-certificate-file.
   *
   * Since: 0.1
   */
  properties[GST_RC_SINK_SETTING_TLS] = g_param_spec_boolean (
      "tls", "TLS", "Serve with TLS", DEFAULT_TLS, READY_FLAGS);
  /**
   * GstRcGrpcSink:tls-ca-file:
   *
   * PEM file with authorities: clients must show a certificate that one of
   * them signed (mutual TLS). %NULL takes any client.
   *
   * Since: 0.1
   */
  properties[GST_RC_SINK_SETTING_TLS_CA_FILE] = g_param_spec_string (
      "tls-ca-file", "TLS CA file",
      "PEM file with the authorities that clients' certificates must lead to "
      "(default: clients need none)",
      NULL, READY_FLAGS);
  /**
   * GstRcGrpcSink:tls-certificate-file:
   *
   * PEM file with the server's certificate, and those between it and its
   * authority.
   *
   * Since: 0.1
   */
  properties[GST_RC_SINK_SETTING_TLS_CERTIFICATE_FILE] =
      g_param_spec_string ("tls-certificate-file", "TLS certificate file",
          "PEM file with the server's certificate", NULL, READY_FLAGS);
  /**
   * GstRcGrpcSink:tls-private-key-file:
   *
   * PEM file with the key of the server's certificate; %NULL looks for it in
   * #GstRcGrpcSink:tls-certificate-file.
   *
   * Since: 0.1
   */
  properties[GST_RC_SINK_SETTING_TLS_PRIVATE_KEY_FILE] =
      g_param_spec_string ("tls-private-key-file", "TLS private key file",
          "PEM file with the key of the server's certificate (default: in the "
          "certificate's file)",
          NULL, READY_FLAGS);
}

/* What becomes of the images here. */
static void
define_flow_properties (GParamSpec **properties)
{
  /**
   * GstRcGrpcSink:queue-size:
   *
   * Sets that are kept for clients that are busy. A client that is further
   * behind loses the oldest.
   *
   * Since: 0.1
   */
  properties[GST_RC_SINK_SETTING_QUEUE_SIZE] = g_param_spec_uint ("queue-size",
      "Queue size", "Sets that are kept for clients that are busy", 1, G_MAXINT,
      DEFAULT_QUEUE_SIZE, PLAYING_FLAGS);
  /**
   * GstRcGrpcSink:set-timeout:
   *
   * How long a set waits for images that have not come yet, ns, where nothing
   * tells that they will not come. It is then served without them.
   *
   * Since: 0.1
   */
  properties[GST_RC_SINK_SETTING_SET_TIMEOUT] =
      g_param_spec_uint64 ("set-timeout", "Set timeout",
          "How long a set waits for the rest of its images, in ns", 0,
          G_MAXINT64, DEFAULT_SET_TIMEOUT, PLAYING_FLAGS);
  /**
   * GstRcGrpcSink:sync:
   *
   * Serve each image at its time, by the pipeline's clock. FALSE: as soon as
   * it comes.
   *
   * Since: 0.1
   */
  properties[GST_RC_SINK_SETTING_SYNC] = g_param_spec_boolean ("sync", "Sync",
      "Serve each image at its time, by the clock", DEFAULT_SYNC,
      PLAYING_FLAGS);
}

void
gst_rc_sink_settings_install (GObjectClass *klass)
{
  GParamSpec *properties[GST_RC_N_SINK_SETTINGS] = {NULL};

  define_peer_properties (properties);
  define_tls_properties (properties);
  define_flow_properties (properties);
  g_object_class_install_properties (klass, GST_RC_N_SINK_SETTINGS, properties);
}

void
gst_rc_sink_settings_init (GstRcSinkSettings *settings)
{
  *settings = (GstRcSinkSettings){
      .address = g_strdup (DEFAULT_ADDRESS),
      .port = DEFAULT_PORT,
      .max_clients = DEFAULT_MAX_CLIENTS,
      .queue_size = DEFAULT_QUEUE_SIZE,
      .set_timeout = DEFAULT_SET_TIMEOUT,
      .sync = DEFAULT_SYNC,
      .tls = DEFAULT_TLS,
  };
}

void
gst_rc_sink_settings_copy (
    const GstRcSinkSettings *settings, GstRcSinkSettings *copy)
{
  *copy = *settings;
  copy->address = g_strdup (settings->address);
  copy->tls_ca_file = g_strdup (settings->tls_ca_file);
  copy->tls_certificate_file = g_strdup (settings->tls_certificate_file);
  copy->tls_private_key_file = g_strdup (settings->tls_private_key_file);
}

void
gst_rc_sink_settings_clear (GstRcSinkSettings *settings)
{
  g_clear_pointer (&settings->address, g_free);
  g_clear_pointer (&settings->tls_ca_file, g_free);
  g_clear_pointer (&settings->tls_certificate_file, g_free);
  g_clear_pointer (&settings->tls_private_key_file, g_free);
}

static void
set_string (gchar **string, const GValue *value)
{
  g_free (*string);
  *string = g_value_dup_string (value);
}

gboolean
gst_rc_sink_settings_set (
    GstRcSinkSettings *settings, guint id, const GValue *value)
{
  switch (id) {
  case GST_RC_SINK_SETTING_ADDRESS:
    set_string (&settings->address, value);
    if (settings->address == NULL)
      settings->address = g_strdup (DEFAULT_ADDRESS);
    break;
  case GST_RC_SINK_SETTING_PORT:
    settings->port = g_value_get_uint (value);
    break;
  case GST_RC_SINK_SETTING_MAX_CLIENTS:
    settings->max_clients = g_value_get_uint (value);
    break;
  case GST_RC_SINK_SETTING_QUEUE_SIZE:
    settings->queue_size = g_value_get_uint (value);
    break;
  case GST_RC_SINK_SETTING_SET_TIMEOUT:
    settings->set_timeout = g_value_get_uint64 (value);
    break;
  case GST_RC_SINK_SETTING_SYNC:
    settings->sync = g_value_get_boolean (value);
    break;
  case GST_RC_SINK_SETTING_TLS:
    settings->tls = g_value_get_boolean (value);
    break;
  case GST_RC_SINK_SETTING_TLS_CA_FILE:
    set_string (&settings->tls_ca_file, value);
    break;
  case GST_RC_SINK_SETTING_TLS_CERTIFICATE_FILE:
    set_string (&settings->tls_certificate_file, value);
    break;
  case GST_RC_SINK_SETTING_TLS_PRIVATE_KEY_FILE:
    set_string (&settings->tls_private_key_file, value);
    break;
  default:
    return FALSE;
  }
  return TRUE;
}

gboolean
gst_rc_sink_settings_get (
    const GstRcSinkSettings *settings, guint id, GValue *value)
{
  switch (id) {
  case GST_RC_SINK_SETTING_ADDRESS:
    g_value_set_string (value, settings->address);
    break;
  case GST_RC_SINK_SETTING_PORT:
    g_value_set_uint (value, settings->port);
    break;
  case GST_RC_SINK_SETTING_MAX_CLIENTS:
    g_value_set_uint (value, settings->max_clients);
    break;
  case GST_RC_SINK_SETTING_QUEUE_SIZE:
    g_value_set_uint (value, settings->queue_size);
    break;
  case GST_RC_SINK_SETTING_SET_TIMEOUT:
    g_value_set_uint64 (value, settings->set_timeout);
    break;
  case GST_RC_SINK_SETTING_SYNC:
    g_value_set_boolean (value, settings->sync);
    break;
  case GST_RC_SINK_SETTING_TLS:
    g_value_set_boolean (value, settings->tls);
    break;
  case GST_RC_SINK_SETTING_TLS_CA_FILE:
    g_value_set_string (value, settings->tls_ca_file);
    break;
  case GST_RC_SINK_SETTING_TLS_CERTIFICATE_FILE:
    g_value_set_string (value, settings->tls_certificate_file);
    break;
  case GST_RC_SINK_SETTING_TLS_PRIVATE_KEY_FILE:
    g_value_set_string (value, settings->tls_private_key_file);
    break;
  default:
    return FALSE;
  }
  return TRUE;
}
