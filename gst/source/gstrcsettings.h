/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The properties of rcgrpcsrc that are settings: their values, ranges, defaults
 * and documentation. What a change brings about is the element's business. */

#pragma once

#include <gst/gst.h>

#include "source/gstrcenums.h"
#include "source/rcsetqueue.h"
#include "wire/rcrequest.h"

G_BEGIN_DECLS

/* Property ids; what is not a setting has its ids from N_SETTINGS on. */
enum {
  GST_RC_SETTING_0,
  GST_RC_SETTING_HOST,
  GST_RC_SETTING_PORT,
  GST_RC_SETTING_PIPELINE,
  GST_RC_SETTING_COLOR,
  GST_RC_SETTING_MESH_MAX_POINTS,
  GST_RC_SETTING_MESH_BINNING_METHOD,
  GST_RC_SETTING_MESH_WATERTIGHT,
  GST_RC_SETTING_MESH_TEXTURED,
  GST_RC_SETTING_NUM_BUFFERS,
  GST_RC_SETTING_TIMESTAMP_MODE,
  GST_RC_SETTING_LATENCY,
  GST_RC_SETTING_QUEUE_SIZE,
  GST_RC_SETTING_LEAKY,
  GST_RC_SETTING_MAX_MESSAGE_SIZE,
  GST_RC_SETTING_TIMEOUT,
  GST_RC_SETTING_IMAGE_EVENTS,
  GST_RC_SETTING_AUTO_RECONNECT,
  GST_RC_SETTING_RETRIES,
  GST_RC_SETTING_RETRY_BACKOFF_MAX,
  GST_RC_SETTING_WAIT_FOR_CONNECTION,
  GST_RC_SETTING_TLS,
  GST_RC_SETTING_TLS_CA_FILE,
  GST_RC_SETTING_TLS_CERTIFICATE_FILE,
  GST_RC_SETTING_TLS_PRIVATE_KEY_FILE,
  GST_RC_SETTING_TLS_SERVER_NAME,
  GST_RC_N_SETTINGS
};

#define GST_RC_DEFAULT_HOST "localhost"

typedef struct {
  gchar *host; /* never NULL */
  guint port;
  guint pipeline;
  RcRequest options; /* all but its streams */
  gint num_buffers;
  GstRcTimestampMode timestamp_mode;
  guint latency; /* ms */
  guint queue_size;
  RcLeaky leaky;
  guint max_message_size; /* bytes */
  guint64 timeout;        /* ns */
  gboolean image_events;
  gboolean auto_reconnect;
  gint retries;
  guint64 retry_backoff_max; /* ns */
  gboolean wait_for_connection;
  gboolean tls;
  gchar *tls_ca_file; /* this and the following may be NULL */
  gchar *tls_certificate_file;
  gchar *tls_private_key_file;
  gchar *tls_server_name;
} GstRcSettings;

void gst_rc_settings_install (GObjectClass *klass);

/* Everything at its default. */
void gst_rc_settings_init (GstRcSettings *settings);
void gst_rc_settings_copy (const GstRcSettings *settings, GstRcSettings *copy);
void gst_rc_settings_clear (GstRcSettings *settings);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (GstRcSettings, gst_rc_settings_clear)

/* FALSE if @id is not a setting. */
gboolean gst_rc_settings_set (
    GstRcSettings *settings, guint id, const GValue *value);
gboolean gst_rc_settings_get (
    const GstRcSettings *settings, guint id, GValue *value);

G_END_DECLS
