/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One stream of the camera as a push source with a streaming thread of its
 * own: the child of rcgrpcsrc behind each pad. Not registered as an element. */

#pragma once

#include <gst/base/gstpushsrc.h>

#include "source/rcsetqueue.h"

G_BEGIN_DECLS

#define GST_TYPE_RC_STREAM_SRC (gst_rc_stream_src_get_type ())
G_DECLARE_FINAL_TYPE (
    GstRcStreamSrc, gst_rc_stream_src, GST, RC_STREAM_SRC, GstPushSrc)

GstRcStreamSrc *gst_rc_stream_src_new (RcStream stream);

RcStream gst_rc_stream_src_get_stream (GstRcStreamSrc *self);

/* Where the sets come in; belongs to the source. */
RcSetQueue *gst_rc_stream_src_get_queue (GstRcStreamSrc *self);

/* An image is on the pad: it is not lost any more. Streaming thread. */
void gst_rc_stream_src_passed (GstRcStreamSrc *self);

/* What the LATENCY query answers as minimum. Any thread. */
void gst_rc_stream_src_set_latency (GstRcStreamSrc *self, GstClockTime latency);

/* The group that STREAM_START puts the stream in; set before it runs. */
void gst_rc_stream_src_set_group_id (GstRcStreamSrc *self, guint group_id);
guint gst_rc_stream_src_get_group_id (GstRcStreamSrc *self);

G_END_DECLS
