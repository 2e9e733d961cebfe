/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "depth/gstrcsetimage.h"

#include "meta/gstrcimagemeta.h"

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

/* Any picture that lies over the left image can give colours. */
static gboolean
fits (const GstRcSetImage *image, const gchar *stream)
{
  if (g_str_equal (image->name, "left"))
    return !g_str_equal (stream, "right");
  return g_str_equal (stream, image->name);
}

gboolean
gst_rc_set_image_check_kind (const GstRcSetImage *image, GstElement *element)
{
  const GstStructure *fields = gst_buffer_get_rc_image_fields (image->buffer);
  const gchar *stream =
      fields ? gst_structure_get_string (fields, "stream") : NULL;

  if (stream == NULL || fits (image, stream))
    return TRUE;
  GST_ELEMENT_ERROR (element, STREAM, WRONG_TYPE,
      ("What comes on the pad \"%s\" is the camera's stream \"%s\". Link the "
       "pad to the stream of its own name.",
          image->name, stream),
      ("%" GST_PTR_FORMAT, fields));
  return FALSE;
}
