/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "rcgrpcsrcfixture.h"

#define IMAGE_CAPS(formats)                                                    \
  "video/x-raw, format = (string) " formats ", "                               \
  "width = (int) [ 1, MAX ], height = (int) [ 1, MAX ], "                      \
  "framerate = (fraction) 0/1, pixel-aspect-ratio = (fraction) 1/1"

const StreamTemplate streams[N_STREAMS] = {
    {"left", IMAGE_CAPS ("{ GRAY8, RGB }")},
    {"right", IMAGE_CAPS ("{ GRAY8, RGB }")},
    {"disparity", IMAGE_CAPS ("{ GRAY16_LE, GRAY16_BE }")},
    {"confidence", IMAGE_CAPS ("GRAY8")},
    {"error", IMAGE_CAPS ("GRAY8")},
    {"mesh", "application/x-ply"},
    {"metadata", "text/x-raw, format = (string) utf8"},
};

GstElement *
make_source (void)
{
  GstElement *source = gst_element_factory_make ("rcgrpcsrc", NULL);

  fail_unless (source != NULL);
  return source;
}

gboolean
has_pad (GstElement *source, const gchar *name)
{
  g_autoptr (GstPad) pad = gst_element_get_static_pad (source, name);

  return pad != NULL;
}

GstPad *
get_pad (GstElement *source, const gchar *name)
{
  GstPad *pad = gst_element_get_static_pad (source, name);

  fail_unless (pad != NULL, "no pad %s", name);
  return pad;
}

void
set_uri (GstElement *source, const gchar *uri)
{
  g_autoptr (GError) error = NULL;

  fail_unless (gst_uri_handler_set_uri (GST_URI_HANDLER (source), uri, &error),
      "%s: %s", uri, error ? error->message : NULL);
  fail_unless (error == NULL);
}

void
expect_error (GstBus *bus, GQuark domain, gint code)
{
  g_autoptr (GstMessage) message =
      gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  g_autoptr (GError) error = NULL;

  fail_unless (message != NULL, "no error was posted");
  gst_message_parse_error (message, &error, NULL);
  fail_unless (g_error_matches (error, domain, code), "%s", error->message);
}
