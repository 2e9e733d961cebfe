/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a track of a Matroska file holds, from the caps of its frames. */

#pragma once

#include <gst/gst.h>

#include "recording/rcmatroska.h"

G_BEGIN_DECLS

/* Counted references; does not change. */
typedef struct _GstRcTrackFormat GstRcTrackFormat;

/* Encoded images that a recording can hold. */
GstCaps *gst_rc_track_format_get_image_caps (void);

/* NULL: no such frames can be in a recording. */
GstRcTrackFormat *gst_rc_track_format_new (GstCaps *caps);
GstRcTrackFormat *gst_rc_track_format_ref (GstRcTrackFormat *format);
void gst_rc_track_format_unref (GstRcTrackFormat *format);

/* Takes a reference of @format, which may be NULL, and gives that of what was at
 * @place back. */
void gst_rc_track_format_replace (
    GstRcTrackFormat **place, GstRcTrackFormat *format);

gboolean gst_rc_track_format_is_equal (
    const GstRcTrackFormat *a, const GstRcTrackFormat *b);

/* Valid as long as @format and @name. */
void gst_rc_track_format_describe (
    const GstRcTrackFormat *format, const gchar *name, RcMatroskaTrack *track);

/* Frames come out of the encoder in the order in which images went in, and each
 * can be decoded without others. */
gboolean gst_rc_track_format_is_intra (const GstRcTrackFormat *format);

G_END_DECLS
