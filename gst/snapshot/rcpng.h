/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Images as PNG files. */

#pragma once

#include "snapshot/rcnewfile.h"

G_BEGIN_DECLS

typedef enum {
  RC_PNG_GRAY8,
  RC_PNG_GRAY16_LE,
  RC_PNG_GRAY16_BE,
  RC_PNG_RGB,
} RcPngFormat;

/* As it lies in memory; the file has the same values. */
typedef struct {
  RcPngFormat format;
  guint width;
  guint height;
  gsize stride; /* bytes from row to row */
  const guint8 *pixels;
} RcPngImage;

#define RC_PNG_MAX_LEVEL 9

/* @level: of compression, from 0, none, to RC_PNG_MAX_LEVEL. */
gboolean rc_png_write (
    const RcPngImage *image, guint level, RcNewFile *file, GError **error);

G_END_DECLS
