/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "source/gstrcerrors.h"

#include "client/rcclient.h"

/* In the middle of a sentence. */
static gchar *
strip_full_stop (const gchar *text)
{
  gsize length = strlen (text);

  return g_strndup (text, g_str_has_suffix (text, ".") ? length - 1 : length);
}

GError *
gst_rc_describe_client_error (
    const GError *error, const gchar *host, guint port)
{
  g_autofree gchar *cause = strip_full_stop (error->message);

  switch ((RcClientError)error->code) {
  case RC_CLIENT_ERROR_NOT_FOUND:
    return g_error_new (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND,
        "There is no host \"%s\" (port %u). Check the property host, a name or "
        "an address (the port is a property of its own), and that this machine "
        "can resolve the name.",
        host, port);
  case RC_CLIENT_ERROR_CONNECT:
    return g_error_new (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_READ,
        "Cannot connect to a camera at %s port %u. Check that it is on and "
        "in reach, and the properties host, port and pipeline, and tls if the "
        "server has TLS.",
        host, port);
  case RC_CLIENT_ERROR_TIMEOUT:
    return g_error_new (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_READ,
        "No images from the camera at %s port %u in time. Check that it is on "
        "and in reach. If it waits for a trigger, raise the property timeout, "
        "or set it to 0: no limit.",
        host, port);
  case RC_CLIENT_ERROR_NOT_A_CAMERA:
    return g_error_new (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_READ,
        "What answers at %s port %u is not a stereo camera with a gRPC image "
        "interface. Check the properties host, port and pipeline.",
        host, port);
  case RC_CLIENT_ERROR_TOO_LARGE:
    return g_error_new (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_READ,
        "The camera at %s port %u sent more in one image set than the "
        "property max-message-size allows. Raise it, or ask for less.",
        host, port);
  case RC_CLIENT_ERROR_LOST:
    return g_error_new (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_READ,
        "The connection to the camera at %s port %u is lost.", host, port);
  case RC_CLIENT_ERROR_SILENT:
    return g_error_new (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_READ,
        "The camera at %s port %u sends no more images. Check that it is on and "
        "in reach. If it waits for a trigger, raise the property timeout, or "
        "set it to 0: no limit.",
        host, port);
  case RC_CLIENT_ERROR_INCOMPATIBLE:
    return g_error_new (GST_STREAM_ERROR, GST_STREAM_ERROR_DECODE,
        "The server at %s port %u is not compatible: what it sends are no "
        "valid image sets.",
        host, port);
  case RC_CLIENT_ERROR_TLS_SETTINGS:
    return g_error_new (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
        "No TLS to the camera at %s port %u: %s. Check the properties "
        "tls-ca-file, tls-certificate-file and tls-private-key-file.",
        host, port, cause);
  case RC_CLIENT_ERROR_TLS_UNTRUSTED:
    return g_error_new (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_AUTHORIZED,
        "The certificate of %s port %u is not signed by an authority that is "
        "trusted here. Set the property tls-ca-file to the certificate of the "
        "one that signed it.",
        host, port);
  case RC_CLIENT_ERROR_TLS_NAME:
    return g_error_new (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_AUTHORIZED,
        "The certificate of %s port %u is for another name. Use the name that "
        "it is for as host, or set the property tls-server-name to it.",
        host, port);
  case RC_CLIENT_ERROR_TLS_EXPIRED:
    return g_error_new (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_AUTHORIZED,
        "The certificate of %s port %u has expired, or is not valid yet. Renew "
        "it, and check the clocks.",
        host, port);
  case RC_CLIENT_ERROR_TLS_CLIENT_CERTIFICATE:
    return g_error_new (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_AUTHORIZED,
        "The server at %s port %u wants a certificate of the client, or another "
        "than it got. Set the properties tls-certificate-file and "
        "tls-private-key-file.",
        host, port);
  case RC_CLIENT_ERROR_TLS_CLOSED:
    return g_error_new (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_AUTHORIZED,
        "The server at %s port %u closed the connection right after the TLS "
        "handshake: its camera is away, or it wants a certificate of the "
        "client, or another than it got. Check the properties "
        "tls-certificate-file and tls-private-key-file.",
        host, port);
  case RC_CLIENT_ERROR_TLS_FAILED:
    return g_error_new (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_READ,
        "No TLS connection to the camera at %s port %u: %s. Check that the "
        "server has TLS (property tls), and whom it takes as clients.",
        host, port, cause);
  case RC_CLIENT_ERROR_RESOURCES:
    return g_error_new (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NO_SPACE_LEFT,
        "This machine lacks what a connection to the camera at %s port %u "
        "needs.",
        host, port);
  case RC_CLIENT_ERROR_STATUS:
    return g_error_new (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_READ,
        "The camera at %s port %u ended the stream with an error: %s", host,
        port, error->message);
  }
  g_return_val_if_reached (NULL);
}
