/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "depth/gstrcsetimage.h"

const GstRcSetImage *
gst_rc_set_find_image (
    const GstRcSetImage *images, guint n_images, const gchar *name)
{
  for (guint i = 0; i < n_images; i++) {
    if (g_strcmp0 (images[i].name, name) == 0)
      return &images[i];
  }
  return NULL;
}
