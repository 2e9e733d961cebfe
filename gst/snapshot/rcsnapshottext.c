/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "snapshot/rcsnapshottext.h"

#define NS_PER_SECOND G_GUINT64_CONSTANT (1000000000)

/* The highest bit first, as one writes numbers. */
static void
append_levels (GString *text, guint32 lines, guint32 values)
{
  g_string_append_c (text, '_');
  for (guint32 bit = 1u << 31; bit != 0; bit >>= 1) {
    if (lines & bit)
      g_string_append_c (text, values & bit ? '1' : '0');
  }
}

gchar *
rc_snapshot_make_name (
    guint64 timestamp, const gchar *stream, const RcSnapshotGpios *gpios)
{
  GString *text = g_string_new (NULL);

  g_string_printf (text,
      "image_%" G_GUINT64_FORMAT ".%09" G_GUINT64_FORMAT "_%s",
      timestamp / NS_PER_SECOND, timestamp % NS_PER_SECOND, stream);
  if (gpios != NULL) {
    append_levels (text, gpios->outputs, gpios->values);
    append_levels (text, gpios->inputs, gpios->values);
  }
  return g_string_free (text, FALSE);
}

/* With a point, whatever the locale says. */
static void
append_number (GString *text, const gchar *before, gdouble number)
{
  /* Digits before the point of the largest one, and what comes after it. */
  gchar buffer[G_ASCII_DTOSTR_BUF_SIZE + 320];

  g_string_append (text, before);
  g_string_append (
      text, g_ascii_formatd (buffer, sizeof (buffer), "%.5f", number));
}

gchar *
rc_snapshot_parameters_to_text (const RcSnapshotParameters *p)
{
  GString *text = g_string_new ("# Created by gst-rcgrpc");
  /* In single precision, as the client does: it is the same to the digit. */
  gfloat rho = (gfloat)p->focal_length * (gfloat)p->baseline;

  append_number (text, "\ncamera.A=[", p->focal_length);
  append_number (text, " 0 ", p->principal_point_u);
  append_number (text, "; 0 ", p->focal_length);
  append_number (text, " ", p->principal_point_v);
  g_string_append (text, "; 0 0 1]");
  g_string_append_printf (text, "\ncamera.height=%u", p->height);
  g_string_append_printf (text, "\ncamera.width=%u", p->width);
  append_number (text, "\nrho=", rho);
  append_number (text, "\nt=", p->baseline);
  append_number (text, "\ncamera.exposure_time=", p->exposure_time);
  append_number (text, "\ncamera.gain=", p->gain);
  append_number (text, "\ncamera.noise=", p->noise);
  append_number (text, "\ncamera.out1_reduction=", p->out1_reduction);
  append_number (text, "\ncamera.brightness=", p->brightness);
  append_number (text, "\ndisp.scale=", p->scale);
  append_number (text, "\ndisp.offset=", p->offset);
  append_number (text, "\ndisp.inv=", p->invalid_data_value);
  g_string_append_c (text, '\n');
  return g_string_free (text, FALSE);
}
