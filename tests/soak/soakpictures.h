/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What rcgrpc-sim's images must show: rendered anew from a set's number. Any
 * thread. */

#pragma once

#include "wire/rcstream.h"

#include <glib.h>

/* Pixels at an image's beginning that carry the number. */
#define SOAK_STAMP_PIXELS 32

typedef struct _SoakPictures SoakPictures;

SoakPictures *soak_pictures_new (void);
void soak_pictures_free (SoakPictures *pictures);

/* The pixels without padding; @width and @height are those of left. */
GBytes *soak_pictures_get_image (SoakPictures *pictures, guint width,
    guint height, guint64 number, RcStream stream, gboolean color);
GBytes *soak_pictures_get_mesh (
    SoakPictures *pictures, guint width, guint height, guint64 number);

/* Frees what is kept to be quick. */
void soak_pictures_forget (SoakPictures *pictures);
