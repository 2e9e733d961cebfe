/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "recording/gstrcparts.h"

#include <gst/pbutils/missing-plugins.h>

/* Where Debian has it, for those who install by hand. */
static const gchar *
package_of (const gchar *factory)
{
  if (g_str_has_prefix (factory, "av"))
    return "gstreamer1.0-libav";
  if (g_str_has_prefix (factory, "matroska"))
    return "gstreamer1.0-plugins-good";
  return "gstreamer1.0-plugins-base";
}

GstElement *
gst_rc_parts_add (GstBin *bin, GstElement *owner, const gchar *factory)
{
  GstElement *element = gst_element_factory_make (factory, NULL);

  if (element != NULL) {
    gst_bin_add (bin, element);
    return element;
  }
  gst_element_post_message (
      owner, gst_missing_element_message_new (owner, factory));
  GST_ELEMENT_ERROR (owner, CORE, MISSING_PLUGIN,
      ("The GStreamer element \"%s\" is missing. Install its plugin: on Debian "
       "the package %s.",
          factory, package_of (factory)),
      (NULL));
  return NULL;
}

void
gst_rc_parts_remove (GstBin *bin, GstElement *part)
{
  gst_object_ref (part);
  gst_element_set_locked_state (part, TRUE);
  gst_bin_remove (bin, part);
  gst_element_set_state (part, GST_STATE_NULL);
  gst_object_unref (part);
}
