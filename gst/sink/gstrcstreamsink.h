/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gst/base/gstbasesink.h>

#include "sink/rcpublisher.h"

G_BEGIN_DECLS

#define GST_TYPE_RC_STREAM_SINK (gst_rc_stream_sink_get_type ())
G_DECLARE_FINAL_TYPE (
    GstRcStreamSink, gst_rc_stream_sink, GST, RC_STREAM_SINK, GstBaseSink)

/* What the pad of @stream takes. */
GstCaps *gst_rc_stream_sink_get_template_caps (RcStream stream);

/* One stream's way into @publisher. Named after the stream; floating. */
GstRcStreamSink *gst_rc_stream_sink_new (
    RcStream stream, RcPublisher *publisher);

G_END_DECLS
