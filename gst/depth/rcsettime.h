/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which of two images was captured first, and whether both belong to one set.
 * Pure. */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define RC_SET_TIME_NONE G_MAXUINT64

/* Running times of images of one set that come without set-timestamp may be so
 * far apart, ns: a Matroska file has them in whole milliseconds. A camera takes
 * 16 ms and more between two sets. */
#define RC_SET_TIME_TOLERANCE (G_GUINT64_CONSTANT (1000000))

/* Set-timestamps and running times that differ by that much more than each
 * other, ns, have a jump of the camera's clock between them: within a set they
 * are at most 1 s apart. */
#define RC_SET_TIME_JUMP (G_GUINT64_CONSTANT (2000000000))

/**
 * RcSetTime:
 * @set: ns since 1970, by the camera's clock; NONE where not known
 * @running: running time in the pipeline, ns; NONE where not known
 *
 * When an image's set was captured.
 */
typedef struct {
  guint64 set;
  guint64 running;
} RcSetTime;

typedef enum {
  RC_SET_BEFORE = -1,
  RC_SET_SAME = 0,
  RC_SET_AFTER = 1,
} RcSetOrder;

/* Where @a is, seen from @b. Equal set-timestamps are one set, whatever the
 * running times. Different ones are in the order of the set-timestamps, unless
 * the camera's clock jumped between them: then in that of running times. Where
 * one has no set-timestamp, running times count alone. What has no times at all
 * is one set; BEFORE where else nothing tells. */
RcSetOrder rc_set_time_compare (const RcSetTime *a, const RcSetTime *b);

G_END_DECLS
