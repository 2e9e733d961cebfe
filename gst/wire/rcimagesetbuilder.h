/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Makes serialized ImageSets: the other direction of RcImageSet. Pixels are
 * taken as GBytes and go into the message as they are, without a copy. Pure. */

#pragma once

#include "wire/rcimageset.h"

G_BEGIN_DECLS

typedef struct _RcImageSetBuilder RcImageSetBuilder;

/* @timestamp: the set's, ns since the Unix epoch. */
RcImageSetBuilder *rc_image_set_builder_new (guint64 timestamp);
void rc_image_set_builder_free (RcImageSetBuilder *builder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcImageSetBuilder, rc_image_set_builder_free)

/* Adds LEFT, RIGHT, CONFIDENCE or ERROR. @data is step × height bytes. */
void rc_image_set_builder_add_image (RcImageSetBuilder *builder,
    RcStream stream, const RcImage *image, GBytes *data);

/* DisparityImage gets the timestamp of its image. */
void rc_image_set_builder_add_disparity (RcImageSetBuilder *builder,
    const RcDisparity *disparity, const RcImage *image, GBytes *data);

/* @timestamp: ns since the Unix epoch; @ply: a PLY file. */
void rc_image_set_builder_add_mesh (
    RcImageSetBuilder *builder, guint64 timestamp, GBytes *ply);

/* The message's pieces in order, (element-type GBytes); their concatenation
 * is the serialized ImageSet. They are the caller's; the builder is empty
 * afterwards, and still to be freed. */
GPtrArray *rc_image_set_builder_finish (RcImageSetBuilder *builder);

/* The set in protobuf's JSON mapping instead, as rc_image_set_to_json(). Pixels
 * may be left away: data of 0 bytes. */
gchar *rc_image_set_builder_finish_json (RcImageSetBuilder *builder);

G_END_DECLS
