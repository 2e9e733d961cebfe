/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The streams that a stereo camera can be asked for. */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * RcStream:
 * @RC_STREAM_LEFT: left camera image, rectified
 * @RC_STREAM_RIGHT: right camera image, rectified
 * @RC_STREAM_DISPARITY: disparity image, aligned with the left one
 * @RC_STREAM_CONFIDENCE: confidence of each disparity
 * @RC_STREAM_ERROR: error of each disparity
 * @RC_STREAM_MESH: textured surface, a file in itself
 * @RC_STREAM_METADATA: what the set says beside its pixels
 *
 * One kind of data in an image set. The first five are images.
 */
typedef enum {
  RC_STREAM_LEFT,
  RC_STREAM_RIGHT,
  RC_STREAM_DISPARITY,
  RC_STREAM_CONFIDENCE,
  RC_STREAM_ERROR,
  RC_STREAM_MESH,
  RC_STREAM_METADATA,
} RcStream;

#define RC_N_IMAGE_STREAMS (RC_STREAM_ERROR + 1)
#define RC_N_STREAMS (RC_STREAM_METADATA + 1)

/* The name that pads, metas and URIs give the stream: "left", "mesh", … */
const gchar *rc_stream_to_string (RcStream stream);

/* The inverse; FALSE, and @stream untouched, when no stream has that name. */
gboolean rc_stream_from_string (const gchar *name, RcStream *stream);

G_END_DECLS
