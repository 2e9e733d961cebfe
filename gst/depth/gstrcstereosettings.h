/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The parameters of a disparity image, for elements that need them: from its
 * GstRcImageMeta, and what that lacks from properties of the same names. */

#pragma once

#include <gst/gst.h>

#include "depth/rcgeometry.h"

G_BEGIN_DECLS

/* Property ids, after those of the element itself. */
typedef enum {
  GST_RC_STEREO_FOCAL_LENGTH,
  GST_RC_STEREO_PRINCIPAL_POINT_U,
  GST_RC_STEREO_PRINCIPAL_POINT_V,
  GST_RC_STEREO_BASELINE,
  GST_RC_STEREO_SCALE,
  GST_RC_STEREO_OFFSET,
  GST_RC_STEREO_INVALID_DATA_VALUE,
  GST_RC_N_STEREO_SETTINGS
} GstRcStereoSetting;

/* Metres a step: what images of depth can have. */
#define GST_RC_MIN_UNIT 1e-9
#define GST_RC_MAX_UNIT 1e9

typedef enum {
  GST_RC_STEREO_FOR_DEPTH, /* no principal point */
  GST_RC_STEREO_FOR_POINTS,
} GstRcStereoUse;

typedef struct {
  RcStereo given; /* by the properties; object lock of the element */
  gboolean told;  /* of parameters of the wrong size; streaming thread */
} GstRcStereoSettings;

void gst_rc_stereo_settings_init (GstRcStereoSettings *self);

/* Installs what is needed for @use, with the ids @first_id +
 * GstRcStereoSetting. */
void gst_rc_stereo_settings_install (
    GObjectClass *klass, guint first_id, GstRcStereoUse use);

/* @setting: a property's id less the first one. Take the lock of @element. */
void gst_rc_stereo_settings_set (GstRcStereoSettings *self, GstElement *element,
    guint setting, const GValue *value);
void gst_rc_stereo_settings_get (GstRcStereoSettings *self, GstElement *element,
    guint setting, GValue *value);

/* The parameters of the disparity image @buffer, which is @width pixels wide.
 * FALSE where they are not to be had, or @buffer is another kind of image:
 * then an error was posted on @element. Streaming thread; posts messages. */
gboolean gst_rc_stereo_settings_resolve (GstRcStereoSettings *self,
    GstElement *element, GstBuffer *buffer, guint width, GstRcStereoUse use,
    RcStereo *stereo);

/* Says on @out, which was made of the disparity image @in, what it is: the meta
 * of @in with that stream name, @unit (metres a step), parameters for this size
 * and 0 for what is invalid. Nothing where @in has no meta. */
void gst_rc_stereo_describe_depth (const RcStereo *stereo, GstBuffer *in,
    GstBuffer *out, const gchar *stream, gdouble unit);

/* A new run: tell again what is told once. */
void gst_rc_stereo_settings_reset (GstRcStereoSettings *self);

G_END_DECLS
