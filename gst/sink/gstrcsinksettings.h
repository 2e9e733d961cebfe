/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The properties of rcgrpcsink but for those of the camera that it is: what
 * they are, and their values. */

#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* Property ids. */
enum {
  GST_RC_SINK_SETTING_ADDRESS = 1,
  GST_RC_SINK_SETTING_PORT,
  GST_RC_SINK_SETTING_MAX_CLIENTS,
  GST_RC_SINK_SETTING_QUEUE_SIZE,
  GST_RC_SINK_SETTING_SET_TIMEOUT,
  GST_RC_SINK_SETTING_SYNC,
  GST_RC_SINK_SETTING_TLS,
  GST_RC_SINK_SETTING_TLS_CA_FILE,
  GST_RC_SINK_SETTING_TLS_CERTIFICATE_FILE,
  GST_RC_SINK_SETTING_TLS_PRIVATE_KEY_FILE,
  GST_RC_N_SINK_SETTINGS
};

typedef struct {
  gchar *address; /* never NULL */
  guint port;
  guint max_clients;
  guint queue_size;
  guint64 set_timeout; /* ns */
  gboolean sync;
  gboolean tls;
  gchar *tls_ca_file;
  gchar *tls_certificate_file;
  gchar *tls_private_key_file;
} GstRcSinkSettings;

void gst_rc_sink_settings_install (GObjectClass *klass);

void gst_rc_sink_settings_init (GstRcSinkSettings *settings);
void gst_rc_sink_settings_copy (
    const GstRcSinkSettings *settings, GstRcSinkSettings *copy);
void gst_rc_sink_settings_clear (GstRcSinkSettings *settings);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (GstRcSinkSettings, gst_rc_sink_settings_clear)

/* FALSE if @id is none of them. */
gboolean gst_rc_sink_settings_set (
    GstRcSinkSettings *settings, guint id, const GValue *value);
gboolean gst_rc_sink_settings_get (
    const GstRcSinkSettings *settings, guint id, GValue *value);

G_END_DECLS
