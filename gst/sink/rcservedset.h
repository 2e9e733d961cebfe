/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A set as it is served: what was brought together, completed by what the
 * images do not say, and the messages that clients get of it. Pure. */

#pragma once

#include "depth/rcgeometry.h"
#include "sink/rcsetassembler.h"
#include "wire/rcimageset.h"
#include "wire/rcrequest.h"

G_BEGIN_DECLS

/* Bytes that a message can have: lengths are ints in protobuf's libraries. */
#define RC_SERVED_MAX_SIZE ((guint64)G_MAXINT32)

/**
 * RcServedImage:
 * @image: as in a message; focal_length 0: the image does not say its lens;
 *   of a mesh the timestamp alone
 * @disparity: of a disparity image; baseline, scale 0: it does not say
 * @set_timestamp: ns since the Unix epoch; 0: it does not say
 * @data: step × height bytes, or a PLY file
 *
 * An image or a mesh that came from the pipeline.
 */
typedef struct {
  RcImage image;
  RcDisparity disparity;
  guint64 set_timestamp;
  GBytes *data;
} RcServedImage;

void rc_served_image_free (RcServedImage *image);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcServedImage, rc_served_image_free)

typedef struct _RcServedSet RcServedSet;

/* Takes the images; at least one is not NULL.
 * @given: what images say of themselves that do not say it; focal length and
 *   principal point in pixels of an image @given_width wide, 0: of each image's
 *   own width. A focal length or baseline of 0 is not given, nor is a principal
 *   point of -G_MAXDOUBLE: then it is the image's middle */
RcServedSet *rc_served_set_new (RcServedImage *images[RC_N_SET_STREAMS],
    const RcStereo *given, guint given_width);
RcServedSet *rc_served_set_ref (RcServedSet *set);
void rc_served_set_unref (RcServedSet *set);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcServedSet, rc_served_set_unref)

/* What it has, 1 << RcStream. */
guint rc_served_set_get_streams (const RcServedSet *set);

/* Bytes of pixels and of the mesh. */
guint64 rc_served_set_get_size (const RcServedSet *set);

/* TRUE if the disparity image comes without what distances are computed from,
 * and nothing was given. */
gboolean rc_served_set_lacks_lens (const RcServedSet *set);

/* The message (element-type GBytes) for a client that asked for @request. One
 * thread at a time: a grey image of a coloured one is kept for the next. */
GPtrArray *rc_served_set_build (RcServedSet *set, const RcRequest *request);

G_END_DECLS
