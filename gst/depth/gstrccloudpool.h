/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Buffers for large files of one size, which need not be there: where memory
 * is short, acquiring one fails. GstBufferPool's own allocator ends the
 * process then. */

#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* Active; @size: bytes of each buffer. */
GstBufferPool *gst_rc_cloud_pool_new (guint size);

G_END_DECLS
