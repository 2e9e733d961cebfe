/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a recording keeps of a set beside its pixels. Pure. */

#pragma once

#include "wire/rcimageset.h"

G_BEGIN_DECLS

/* No number, no time; GStreamer's own value for both. */
#define RC_RECORD_NONE G_MAXUINT64

/**
 * RcRecordSet:
 * @number: of the set, OFFSET of its buffers; RC_RECORD_NONE: unknown
 * @timestamp: of the set, ns since the Unix epoch; 0: unknown
 * @pts: running time of each stream's buffer, ns; RC_RECORD_NONE: there is none
 * @duration: of the metadata's buffer, ns, or RC_RECORD_NONE
 * @has_image: which of @images are known
 * @images: what images say of themselves
 * @has_disparity: @disparity is known
 * @disparity: what the disparity image says besides
 * @mesh_timestamp: ns since the Unix epoch; 0: unknown
 * @json: the camera's own words, a JSON object; NULL: none came
 */
typedef struct {
  guint64 number;
  guint64 timestamp;
  guint64 pts[RC_N_STREAMS];
  guint64 duration;
  gboolean has_image[RC_N_IMAGE_STREAMS];
  RcImage images[RC_N_IMAGE_STREAMS];
  gboolean has_disparity;
  RcDisparity disparity;
  guint64 mesh_timestamp;
  gchar *json;
} RcRecordSet;

RcRecordSet *rc_record_set_new (void);
void rc_record_set_free (RcRecordSet *set);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcRecordSet, rc_record_set_free)

/* The earliest of its streams' times; RC_RECORD_NONE without any. */
guint64 rc_record_set_get_start (const RcRecordSet *set);

G_END_DECLS
