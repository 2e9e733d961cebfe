/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a snapshot's files are called, and the text of the one with the
 * parameters: as the vendor's example client has them. */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The levels of the camera's lines: masks of which there are. */
typedef struct {
  guint32 inputs;
  guint32 outputs;
  guint32 values;
} RcSnapshotGpios;

typedef struct {
  gdouble focal_length, principal_point_u, principal_point_v; /* pixels */
  gdouble baseline;                                           /* metres */
  guint width, height;
  gdouble exposure_time; /* seconds */
  gdouble gain;          /* dB */
  gdouble noise;
  gdouble out1_reduction, brightness; /* 0 to 1 */
  gdouble scale, offset, invalid_data_value;
} RcSnapshotParameters;

/* image_<s>.<ns>_<stream>, and the levels of outputs and inputs where
 * @gpios is not NULL. No extension. */
gchar *rc_snapshot_make_name (
    guint64 timestamp, const gchar *stream, const RcSnapshotGpios *gpios);

gchar *rc_snapshot_parameters_to_text (const RcSnapshotParameters *parameters);

G_END_DECLS
