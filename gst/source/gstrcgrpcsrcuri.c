/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* rcgrpcsrc as a GstURIHandler. */

#include "source/gstrcgrpcsrcprivate.h"
#include "source/rcuri.h"

gchar *
gst_rc_grpc_src_build_uri (GstRcGrpcSrc *self)
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
      gst_rc_grpc_src_remove_stream (self, i);
    if ((wanted & (1 << i)) && !(existing & (1 << i)))
      gst_rc_grpc_src_add_stream (self, i, TRUE);
  }
}

gboolean
gst_rc_grpc_src_take_uri (GstRcGrpcSrc *self, const gchar *text,
    guint default_streams, GError **error)
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
  /* The other scheme does not take back what was asked for. */
  if (uri.tls)
    self->settings.tls = TRUE;
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
  return gst_rc_grpc_src_build_uri (GST_RC_GRPC_SRC (handler));
}

/* Players need a pad there and then. */
static gboolean
gst_rc_grpc_src_uri_set_uri (
    GstURIHandler *handler, const gchar *uri, GError **error)
{
  return gst_rc_grpc_src_take_uri (
      GST_RC_GRPC_SRC (handler), uri, 1 << RC_STREAM_LEFT, error);
}

void
gst_rc_grpc_src_uri_handler_init (gpointer interface, gpointer data)
{
  GstURIHandlerInterface *handler = interface;

  handler->get_type = gst_rc_grpc_src_uri_get_type;
  handler->get_protocols = gst_rc_grpc_src_uri_get_protocols;
  handler->get_uri = gst_rc_grpc_src_uri_get_uri;
  handler->set_uri = gst_rc_grpc_src_uri_set_uri;
}
