/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The pad of rcgrpcsrc over one stream source: what happens behind it never
 * reaches the other pads. */

#pragma once

#include "source/gstrcstreamsrc.h"

G_BEGIN_DECLS

/* A source pad named after the stream, with @templ, over @child. Floating. */
GstPad *gst_rc_ghost_pad_new (GstRcStreamSrc *child, GstPadTemplate *templ);

/* Makes sure that the streaming thread can leave a push through @pad: waits a
 * moment for it, then starts to flush a branch that does not take its buffer,
 * and returns TRUE: the flush is then to be stopped once the child has. */
gboolean gst_rc_ghost_pad_release_push (GstPad *pad);

G_END_DECLS
