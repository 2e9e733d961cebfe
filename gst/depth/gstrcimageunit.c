/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "depth/gstrcimageunit.h"

#include <math.h>

#include "meta/gstrcimagemeta.h"

#define MILLIMETRES_PER_METRE 1000.0

static gdouble
get_number (const GstStructure *fields, const gchar *name, gdouble otherwise)
{
  gdouble number;

  if (!gst_structure_get_double (fields, name, &number) || !isfinite (number))
    return otherwise;
  return number;
}

/* What a camera sends; 0 would make all values the same. */
static gdouble
get_factor (const GstStructure *fields, const gchar *name)
{
  gdouble factor = get_number (fields, name, 1);

  return factor > 0 ? factor : 1;
}

static void
take_disparity (GstRcImageUnit *unit, const GstStructure *fields)
{
  gdouble invalid = get_number (fields, "invalid-data-value", 0);

  unit->factor = get_factor (fields, "scale");
  unit->offset = get_number (fields, "offset", 0);
  unit->name = "px";
  /* A value that no pixel can have marks none. */
  unit->invalid_value =
      invalid >= 0 && invalid <= G_MAXUINT16 && invalid == floor (invalid)
          ? (gint)invalid
          : -1;
}

GstRcImageUnit
gst_rc_image_unit_of (GstBuffer *buffer)
{
  const GstStructure *fields = gst_buffer_get_rc_image_fields (buffer);
  GstRcImageUnit unit = {.factor = 1, .name = ""};
  const gchar *stream =
      fields ? gst_structure_get_string (fields, "stream") : NULL;

  if (stream == NULL)
    return unit;
  if (gst_structure_has_field (fields, "unit")) {
    unit.factor = get_factor (fields, "unit") * MILLIMETRES_PER_METRE;
    unit.name = "mm";
    unit.near_is_low = g_str_equal (stream, "depth");
  } else if (g_str_equal (stream, "disparity")) {
    take_disparity (&unit, fields);
  } else if (g_str_equal (stream, "error")
             && gst_structure_has_field (fields, "scale")) {
    unit.factor = get_factor (fields, "scale");
    unit.name = "px";
  } else if (g_str_equal (stream, "confidence")) {
    unit.factor = 1.0 / G_MAXUINT8;
  }
  return unit;
}
