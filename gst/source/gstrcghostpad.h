/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The pad of rcgrpcsrc over one stream source: what happens behind it never
 * reaches the other pads. */

#pragma once

#include "source/gstrcstreamsrc.h"

G_BEGIN_DECLS

/* A source pad named after the stream, with @templ, over @child. Floating. */
GstPad *gst_rc_ghost_pad_new (GstRcStreamSrc *child, GstPadTemplate *templ);

/* Sets the child to NULL. A push cannot be taken back: waits a moment for one
 * that is under way, then flushes the branch that does not take its buffer,
 * also where that was unlinked meanwhile. */
void gst_rc_ghost_pad_stop_child (GstPad *pad);

G_END_DECLS
