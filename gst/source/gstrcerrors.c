/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "source/gstrcerrors.h"

#include "client/rcclient.h"

void
gst_rc_post_client_error (
    GstElement *element, const gchar *host, guint port, const GError *error)
{
  switch ((RcClientError)error->code) {
  case RC_CLIENT_ERROR_NOT_FOUND:
    GST_ELEMENT_ERROR (element, RESOURCE, NOT_FOUND,
        ("There is no host \"%s\" (port %u). Check the property host, and "
         "that this machine can resolve the name.",
            host, port),
        ("%s", error->message));
    break;
  case RC_CLIENT_ERROR_CONNECT:
    GST_ELEMENT_ERROR (element, RESOURCE, OPEN_READ,
        ("Cannot connect to a camera at %s port %u. Check that it is on and "
         "in reach, and the properties host, port and pipeline.",
            host, port),
        ("%s", error->message));
    break;
  case RC_CLIENT_ERROR_TIMEOUT:
    GST_ELEMENT_ERROR (element, RESOURCE, OPEN_READ,
        ("No images from the camera at %s port %u within the time of the "
         "property timeout. Check that it is on, in reach and not waiting for "
         "a trigger (then set timeout=0).",
            host, port),
        ("%s", error->message));
    break;
  case RC_CLIENT_ERROR_NOT_A_CAMERA:
    GST_ELEMENT_ERROR (element, RESOURCE, OPEN_READ,
        ("What answers at %s port %u is not a stereo camera with a gRPC image "
         "interface. Check the properties host, port and pipeline.",
            host, port),
        ("%s", error->message));
    break;
  case RC_CLIENT_ERROR_TOO_LARGE:
    GST_ELEMENT_ERROR (element, RESOURCE, READ,
        ("The camera at %s port %u sent more in one image set than the "
         "property max-message-size allows. Raise it, or ask for less.",
            host, port),
        ("%s", error->message));
    break;
  case RC_CLIENT_ERROR_LOST:
    GST_ELEMENT_ERROR (element, RESOURCE, READ,
        ("The connection to the camera at %s port %u is lost.", host, port),
        ("%s", error->message));
    break;
  case RC_CLIENT_ERROR_INCOMPATIBLE:
    GST_ELEMENT_ERROR (element, STREAM, DECODE,
        ("The server at %s port %u is not compatible: what it sends are no "
         "valid image sets.",
            host, port),
        ("%s", error->message));
    break;
  case RC_CLIENT_ERROR_RESOURCES:
    GST_ELEMENT_ERROR (element, RESOURCE, NO_SPACE_LEFT,
        ("This machine lacks what a connection to the camera at %s port %u "
         "needs.",
            host, port),
        ("%s", error->message));
    break;
  case RC_CLIENT_ERROR_STATUS:
    GST_ELEMENT_ERROR (element, RESOURCE, READ,
        ("The camera at %s port %u ended the stream with an error: %s", host,
            port, error->message),
        ("%s", error->message));
    break;
  }
}
