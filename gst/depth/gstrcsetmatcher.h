/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Brings the images of a set together that come on several pads: base class of
 * elements that make one buffer out of several images of a set.
 *
 * A subclass adds its pad templates: "src", a sink pad "disparity" that is
 * always there, others that are always there or on request (names without %);
 * and implements make (). Caps of the source pad are GstAggregator's affair:
 * update_src_caps () is called anew when those of "disparity" change. */

#pragma once

#include <gst/base/gstaggregator.h>
#include <gst/video/video.h>

#include "depth/gstrcsetimage.h"

G_BEGIN_DECLS

#define GST_TYPE_RC_SET_MATCHER (gst_rc_set_matcher_get_type ())
G_DECLARE_DERIVABLE_TYPE (
    GstRcSetMatcher, gst_rc_set_matcher, GST, RC_SET_MATCHER, GstAggregator)

/**
 * GstRcSetMatcherClass:
 * @make: makes a buffer of a set. @images has "disparity" first, then one of
 *   each other pad that is always there or linked, in no order. @out is pushed with the times,
 *   number, flags and reference timestamps of "disparity"; it may stay %NULL.
 *   Anything but OK ends the stream; an error is the subclass's to post.
 *   Streaming thread, no lock held.
 */
struct _GstRcSetMatcherClass {
  GstAggregatorClass parent_class;

  GstFlowReturn (*make) (GstRcSetMatcher *self, const GstRcSetImage *images,
      guint n_images, GstBuffer **out);
};

/* What the images on "disparity" are, from its caps; NULL before there are
 * any. For update_src_caps () and make (). */
const GstVideoInfo *gst_rc_set_matcher_get_info (GstRcSetMatcher *self);

G_END_DECLS
