/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "meta/gstrcstreamcaps.h"

#define IMAGE_CAPS(formats)                                                    \
  "video/x-raw, format = (string) " formats ", "                               \
  "width = (int) [ 1, MAX ], height = (int) [ 1, MAX ], "                      \
  "framerate = (fraction) 0/1, pixel-aspect-ratio = (fraction) 1/1"
#define MESH_CAPS "application/x-ply"
#define METADATA_CAPS "text/x-raw, format = (string) utf8"

GstCaps *
gst_rc_stream_get_template_caps (RcStream stream)
{
  switch (stream) {
  case RC_STREAM_MESH:
    return gst_caps_from_string (MESH_CAPS);
  case RC_STREAM_METADATA:
    return gst_caps_from_string (METADATA_CAPS);
  case RC_STREAM_LEFT:
  case RC_STREAM_RIGHT:
    return gst_caps_from_string (IMAGE_CAPS ("{ GRAY8, RGB }"));
  case RC_STREAM_DISPARITY:
    return gst_caps_from_string (IMAGE_CAPS ("{ GRAY16_LE, GRAY16_BE }"));
  default:
    return gst_caps_from_string (IMAGE_CAPS ("GRAY8"));
  }
}
