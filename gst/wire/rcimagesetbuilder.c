/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "wire/rcimagesetbuilder.h"

#include <string.h>

#include "image_interface.pb-c.h"
#include "wire/rcjson.h"
#include "wire/rcpack.h"
#include "wire/rctime.h"
#include "wire/rcwireformat.h"

struct _RcImageSetBuilder {
  GPtrArray *pieces; /* (element-type GBytes) */
};

static GPtrArray *
new_pieces (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
}

RcImageSetBuilder *
rc_image_set_builder_new (guint64 timestamp)
{
  RcImageSetBuilder *builder = g_new0 (RcImageSetBuilder, 1);
  Time time = rc_time_to_message (timestamp);
  ImageSet message = IMAGE_SET__INIT;

  message.timestamp = &time;
  builder->pieces = new_pieces ();
  g_ptr_array_add (builder->pieces, rc_pack (&message.base));
  return builder;
}

void
rc_image_set_builder_free (RcImageSetBuilder *builder)
{
  g_ptr_array_unref (builder->pieces);
  g_free (builder);
}

static void
append_varint (GByteArray *bytes, guint64 value)
{
  guint8 varint[RC_WIRE_MAX_VARINT_SIZE];

  g_byte_array_append (bytes, varint, rc_wire_put_varint (varint, value));
}

static void
append_bytes (GByteArray *bytes, GBytes *more)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (more, &size);

  g_byte_array_append (bytes, data, size);
}

/* Fields of a message that ends in @payload, which is not among them: what
 * comes before its bytes. Takes @fields. */
static GByteArray *
with_data_field (GBytes *fields, guint number, GBytes *payload)
{
  GByteArray *bytes = g_byte_array_new ();

  append_bytes (bytes, fields);
  append_varint (bytes, rc_wire_tag (number, RC_WIRE_LENGTH));
  append_varint (bytes, g_bytes_get_size (payload));
  g_bytes_unref (fields);
  return bytes;
}

/* The tag and length of a message whose start is in @inner and whose last
 * @tail_size bytes follow elsewhere, after @before, the fields that come before
 * it. Takes @inner. */
static GByteArray *
wrap (GBytes *before, guint number, GByteArray *inner, gsize tail_size)
{
  GByteArray *bytes = g_byte_array_new ();

  if (before != NULL)
    append_bytes (bytes, before);
  append_varint (bytes, rc_wire_tag (number, RC_WIRE_LENGTH));
  append_varint (bytes, (guint64)inner->len + tail_size);
  g_byte_array_append (bytes, inner->data, inner->len);
  g_byte_array_unref (inner);
  return bytes;
}

/* Takes @head. */
static void
add_pieces (RcImageSetBuilder *builder, GByteArray *head, GBytes *data)
{
  g_ptr_array_add (builder->pieces, g_byte_array_free_to_bytes (head));
  if (g_bytes_get_size (data) > 0)
    g_ptr_array_add (builder->pieces, g_bytes_ref (data));
}

static GByteArray *
start_image (const RcImage *image, GBytes *data)
{
  Image message = IMAGE__INIT;
  Time time = rc_time_to_message (image->timestamp);
  Gpios gpios = GPIOS__INIT;
  gchar *encoding = g_strdup (rc_encoding_to_string (image->encoding));
  GByteArray *start;

  gpios.inputs = image->gpio_inputs;
  gpios.outputs = image->gpio_outputs;
  gpios.values = image->gpio_values;
  message.timestamp = &time;
  message.gpios = &gpios;
  message.height = image->height;
  message.width = image->width;
  message.step = image->step;
  message.encoding = encoding;
  message.is_bigendian = image->is_bigendian;
  message.focal_length = image->focal_length;
  message.principal_point_u = image->principal_point_u;
  message.principal_point_v = image->principal_point_v;
  message.exposure_time = image->exposure_time;
  message.gain = image->gain;
  message.noise = image->noise;
  message.out1_reduction = image->out1_reduction;
  message.brightness = image->brightness;
  message.gamma = image->gamma;
  message.auto_exposure_adapting = image->auto_exposure_adapting;
  start = with_data_field (rc_pack (&message.base), RC_WIRE_IMAGE_DATA, data);
  g_free (encoding);
  return start;
}

void
rc_image_set_builder_add_image (RcImageSetBuilder *builder, RcStream stream,
    const RcImage *image, GBytes *data)
{
  g_return_if_fail (
      (guint)stream < RC_N_IMAGE_STREAMS && stream != RC_STREAM_DISPARITY);

  add_pieces (builder,
      wrap (NULL, rc_wire_image_set_number (stream), start_image (image, data),
          g_bytes_get_size (data)),
      data);
}

void
rc_image_set_builder_add_disparity (RcImageSetBuilder *builder,
    const RcDisparity *disparity, const RcImage *image, GBytes *data)
{
  DisparityImage message = DISPARITY_IMAGE__INIT;
  Time time = rc_time_to_message (image->timestamp);
  gsize size = g_bytes_get_size (data);
  g_autoptr (GBytes) fields = NULL;
  GByteArray *inner;

  message.timestamp = &time;
  message.scale = disparity->scale;
  message.offset = disparity->offset;
  message.invalid_data_value = disparity->invalid_data_value;
  message.baseline = disparity->baseline;
  message.delta_d = disparity->delta_d;
  fields = rc_pack (&message.base);
  inner = wrap (
      fields, RC_WIRE_DISPARITY_IMAGE_IMAGE, start_image (image, data), size);
  add_pieces (builder,
      wrap (NULL, rc_wire_image_set_number (RC_STREAM_DISPARITY), inner, size),
      data);
}

void
rc_image_set_builder_add_mesh (
    RcImageSetBuilder *builder, guint64 timestamp, GBytes *ply)
{
  Mesh message = MESH__INIT;
  Time time = rc_time_to_message (timestamp);
  gchar format[] = "ply";
  GByteArray *inner;

  message.timestamp = &time;
  message.format = format;
  inner = with_data_field (rc_pack (&message.base), RC_WIRE_MESH_DATA, ply);
  add_pieces (builder,
      wrap (NULL, rc_wire_image_set_number (RC_STREAM_MESH), inner,
          g_bytes_get_size (ply)),
      ply);
}

GPtrArray *
rc_image_set_builder_finish (RcImageSetBuilder *builder)
{
  GPtrArray *pieces = builder->pieces;

  builder->pieces = new_pieces ();
  return pieces;
}

gchar *
rc_image_set_builder_finish_json (RcImageSetBuilder *builder)
{
  g_autoptr (GPtrArray) pieces = rc_image_set_builder_finish (builder);
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  ImageSet *message;
  gchar *json;

  for (guint i = 0; i < pieces->len; i++)
    append_bytes (bytes, g_ptr_array_index (pieces, i));
  message = image_set__unpack (NULL, bytes->len, bytes->data);
  json = rc_json_from_message (&message->base);
  image_set__free_unpacked (message, NULL);
  return json;
}
