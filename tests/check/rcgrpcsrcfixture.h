/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* rcgrpcsrc as an application gets it. */

#pragma once

#include <gst/check/gstcheck.h>

#define N_STREAMS 7

/* The pads' names, and the caps of their templates. */
typedef struct {
  const gchar *name;
  const gchar *caps;
} StreamTemplate;

extern const StreamTemplate streams[N_STREAMS];

GstElement *make_source (void);

gboolean has_pad (GstElement *source, const gchar *name);

/* Fails without it. */
GstPad *get_pad (GstElement *source, const gchar *name);

/* Through the GstURIHandler. */
void set_uri (GstElement *source, const gchar *uri);

/* The error that is on the bus. */
void expect_error (GstBus *bus, GQuark domain, gint code);
