/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The pad of rcgrpcsrc over one stream source: what happens behind it never
 * reaches the other pads. */

#pragma once

#include "source/gstrcstreamsrc.h"

G_BEGIN_DECLS

/* A source pad named after the stream, with @templ, over @child. Floating. */
GstPad *gst_rc_ghost_pad_new (GstRcStreamSrc *child, GstPadTemplate *templ);

/* From now on there is no other push. A push cannot be taken back: waits a
 * moment for one that is under way. FALSE if it goes on, stuck in its branch,
 * or because it is the caller: a probe in it. */
gboolean gst_rc_ghost_pad_stop (GstPad *pad);

G_END_DECLS
