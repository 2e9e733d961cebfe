/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "wire/rcimageset.h"

#include <math.h>

#include "image_interface.pb-c.h"
#include "wire/rcjson.h"
#include "wire/rctime.h"
#include "wire/rcwireformat.h"
#include "wire/rcwirewalk.h"

static const struct {
  const gchar *name;
  guint bytes_per_pixel;
} encodings[] = {
    [RC_ENCODING_MONO8] = {"mono8", 1},
    [RC_ENCODING_MONO16] = {"mono16", 2},
    [RC_ENCODING_RGB8] = {"rgb8", 3},
};

/* A message without the bytes of its `data` fields; several sets may have it. */
typedef struct {
  ImageSet *message; /* NULL if it could not be decoded */
} Header;

/* Written by whoever makes it; only @ref_count changes later. */
struct _RcImageSet {
  gatomicrefcount ref_count;

  RcChunk *chunks;
  guint n_chunks;
  gpointer owner;
  GDestroyNotify owner_free;

  Header *header;
  /* by the number of the field in ImageSet */
  RcWireRange payloads[RC_WIRE_MAX_IMAGE_SET_NUMBER + 1];

  guint64 timestamp;
  guint64 mesh_timestamp;
  gboolean has_image[RC_N_IMAGE_STREAMS];
  RcImage images[RC_N_IMAGE_STREAMS];
  RcDisparity disparity;
};

GQuark
rc_image_set_error_quark (void)
{
  return g_quark_from_static_string ("rc-image-set-error-quark");
}

const gchar *
rc_encoding_to_string (RcEncoding encoding)
{
  g_return_val_if_fail ((guint)encoding < G_N_ELEMENTS (encodings), NULL);
  return encodings[encoding].name;
}

guint
rc_encoding_bytes_per_pixel (RcEncoding encoding)
{
  g_return_val_if_fail ((guint)encoding < G_N_ELEMENTS (encodings), 0);
  return encodings[encoding].bytes_per_pixel;
}

static gboolean
encoding_from_string (const gchar *name, RcEncoding *encoding)
{
  for (guint i = 0; i < G_N_ELEMENTS (encodings); i++) {
    if (g_str_equal (name, encodings[i].name)) {
      *encoding = i;
      return TRUE;
    }
  }
  return FALSE;
}

static void
header_clear (Header *header)
{
  if (header->message != NULL)
    image_set__free_unpacked (header->message, NULL);
}

static const RcWireRange *
get_payload (const RcImageSet *set, RcStream stream)
{
  return &set->payloads[rc_wire_image_set_number (stream)];
}

static gboolean
take_encoding (
    RcImage *image, const gchar *name, RcStream stream, GError **error)
{
  if (encoding_from_string (name, &image->encoding))
    return TRUE;
  g_set_error (error, RC_IMAGE_SET_ERROR, RC_IMAGE_SET_ERROR_ENCODING,
      "%s: encoding '%.32s' is not known", rc_stream_to_string (stream), name);
  return FALSE;
}

/* Everything that a later computation with these numbers relies on. */
static gboolean
check_geometry (
    const RcImage *image, guint64 length, RcStream stream, GError **error)
{
  guint64 row =
      (guint64)image->width * rc_encoding_bytes_per_pixel (image->encoding);

  if (image->width >= 1 && image->width <= RC_MAX_IMAGE_SIDE
      && image->height >= 1 && image->height <= RC_MAX_IMAGE_SIDE
      && image->step >= row && (guint64)image->step * image->height <= length)
    return TRUE;
  g_set_error (error, RC_IMAGE_SET_ERROR, RC_IMAGE_SET_ERROR_GEOMETRY,
      "%s: %ux%u %s, step %u, %" G_GUINT64_FORMAT " bytes of data",
      rc_stream_to_string (stream), image->width, image->height,
      rc_encoding_to_string (image->encoding), image->step, length);
  return FALSE;
}

typedef struct {
  const gchar *name;
  gfloat value;
} Parameter;

/* rcimageset.h says why these and no others. */
static gboolean
check_finite (const Parameter *parameters, guint n_parameters, RcStream stream,
    GError **error)
{
  for (guint i = 0; i < n_parameters; i++) {
    if (!isfinite (parameters[i].value)) {
      g_set_error (error, RC_IMAGE_SET_ERROR, RC_IMAGE_SET_ERROR_PARAMETER,
          "%s: %s is %f", rc_stream_to_string (stream), parameters[i].name,
          parameters[i].value);
      return FALSE;
    }
  }
  return TRUE;
}

static gboolean
check_camera (const RcImage *image, RcStream stream, GError **error)
{
  const Parameter parameters[] = {
      {"focal_length", image->focal_length},
      {"principal_point_u", image->principal_point_u},
      {"principal_point_v", image->principal_point_v},
  };

  return check_finite (parameters, G_N_ELEMENTS (parameters), stream, error);
}

static gboolean
check_disparity (const RcDisparity *disparity, GError **error)
{
  const Parameter parameters[] = {
      {"scale", disparity->scale},
      {"offset", disparity->offset},
      {"invalid_data_value", disparity->invalid_data_value},
      {"baseline", disparity->baseline},
      {"delta_d", disparity->delta_d},
  };

  return check_finite (
      parameters, G_N_ELEMENTS (parameters), RC_STREAM_DISPARITY, error);
}

/* @fallback: the time of what the image is part of. */
static gboolean
take_image (RcImageSet *set, RcStream stream, const Image *message,
    guint64 fallback, GError **error)
{
  RcImage *image = &set->images[stream];

  if (message == NULL)
    return TRUE;

  *image = (RcImage){.width = message->width,
      .height = message->height,
      .step = message->step,
      .is_bigendian = message->is_bigendian,
      .focal_length = message->focal_length,
      .principal_point_u = message->principal_point_u,
      .principal_point_v = message->principal_point_v,
      .exposure_time = message->exposure_time,
      .gain = message->gain,
      .noise = message->noise,
      .out1_reduction = message->out1_reduction,
      .brightness = message->brightness,
      .gamma = message->gamma,
      .auto_exposure_adapting = message->auto_exposure_adapting};
  if (message->gpios != NULL) {
    image->gpio_inputs = message->gpios->inputs;
    image->gpio_outputs = message->gpios->outputs;
    image->gpio_values = message->gpios->values;
  }
  set->has_image[stream] = TRUE;
  return rc_time_from_message (message->timestamp, fallback,
             rc_stream_to_string (stream), &image->timestamp, error)
         && take_encoding (image, message->encoding, stream, error)
         && check_geometry (
             image, get_payload (set, stream)->length, stream, error)
         && check_camera (image, stream, error);
}

static gboolean
take_disparity (RcImageSet *set, const DisparityImage *message, GError **error)
{
  guint64 timestamp;

  if (message == NULL)
    return TRUE;
  if (message->image == NULL) {
    g_set_error_literal (error, RC_IMAGE_SET_ERROR, RC_IMAGE_SET_ERROR_GEOMETRY,
        "disparity: there is no image in it");
    return FALSE;
  }
  set->disparity = (RcDisparity){.scale = message->scale,
      .offset = message->offset,
      .invalid_data_value = message->invalid_data_value,
      .baseline = message->baseline,
      .delta_d = message->delta_d};
  return rc_time_from_message (
             message->timestamp, set->timestamp, "disparity", &timestamp, error)
         && take_image (
             set, RC_STREAM_DISPARITY, message->image, timestamp, error)
         && check_disparity (&set->disparity, error);
}

static gboolean
take_mesh (RcImageSet *set, const Mesh *message, GError **error)
{
  if (message == NULL)
    return TRUE;
  if (get_payload (set, RC_STREAM_MESH)->length > 0
      && !g_str_equal (message->format, "ply")) {
    g_set_error (error, RC_IMAGE_SET_ERROR, RC_IMAGE_SET_ERROR_MESH,
        "mesh: format '%.32s' is not known", message->format);
    return FALSE;
  }
  return rc_time_from_message (
      message->timestamp, set->timestamp, "mesh", &set->mesh_timestamp, error);
}

static gboolean
decode (RcImageSet *set, GError **error)
{
  const ImageSet *message;

  if (rc_image_set_get_size (set) == 0) {
    g_set_error_literal (error, RC_IMAGE_SET_ERROR, RC_IMAGE_SET_ERROR_EMPTY,
        "the message is empty");
    return FALSE;
  }
  message = set->header->message = (ImageSet *)rc_wire_unpack (set->chunks,
      set->n_chunks, &image_set__descriptor, RC_MAX_HEADER_SIZE, set->payloads,
      G_N_ELEMENTS (set->payloads), error);
  if (message == NULL)
    return FALSE;

  return rc_time_from_message (
             message->timestamp, 0, "set", &set->timestamp, error)
         && take_image (
             set, RC_STREAM_LEFT, message->left, set->timestamp, error)
         && take_image (
             set, RC_STREAM_RIGHT, message->right, set->timestamp, error)
         && take_disparity (set, message->disparity, error)
         && take_image (set, RC_STREAM_ERROR, message->disparity_error,
             set->timestamp, error)
         && take_image (set, RC_STREAM_CONFIDENCE, message->confidence,
             set->timestamp, error)
         && take_mesh (set, message->mesh, error);
}

RcImageSet *
rc_image_set_new (const RcChunk *chunks, guint n_chunks, gpointer owner,
    GDestroyNotify owner_free, GError **error)
{
  RcImageSet *set = g_new0 (RcImageSet, 1);

  g_atomic_ref_count_init (&set->ref_count);
  set->header = g_atomic_rc_box_new0 (Header);
  set->chunks = g_memdup2 (chunks, n_chunks * sizeof *chunks);
  set->n_chunks = n_chunks;
  set->owner = owner;
  set->owner_free = owner_free;
  if (!decode (set, error))
    g_clear_pointer (&set, rc_image_set_unref);
  return set;
}

RcImageSet *
rc_image_set_new_without_data (const RcImageSet *set)
{
  RcImageSet *bare = g_new0 (RcImageSet, 1);

  g_atomic_ref_count_init (&bare->ref_count);
  bare->header = g_atomic_rc_box_acquire (set->header);
  bare->timestamp = set->timestamp;
  return bare;
}

RcImageSet *
rc_image_set_ref (RcImageSet *set)
{
  g_atomic_ref_count_inc (&set->ref_count);
  return set;
}

void
rc_image_set_unref (RcImageSet *set)
{
  if (!g_atomic_ref_count_dec (&set->ref_count))
    return;
  g_atomic_rc_box_release_full (set->header, (GDestroyNotify)header_clear);
  g_free (set->chunks);
  if (set->owner_free != NULL)
    set->owner_free (set->owner);
  g_free (set);
}

gsize
rc_image_set_get_size (const RcImageSet *set)
{
  return rc_chunks_get_size (set->chunks, set->n_chunks);
}

guint64
rc_image_set_get_timestamp (const RcImageSet *set)
{
  return set->timestamp;
}

gboolean
rc_image_set_has (const RcImageSet *set, RcStream stream)
{
  switch (stream) {
  case RC_STREAM_METADATA:
    return TRUE;
  case RC_STREAM_MESH:
    return rc_image_set_get_mesh_size (set) > 0;
  default:
    return rc_image_set_get_image (set, stream) != NULL;
  }
}

guint64
rc_image_set_get_stream_timestamp (const RcImageSet *set, RcStream stream)
{
  const RcImage *image;

  if (stream == RC_STREAM_MESH)
    return rc_image_set_has (set, stream) ? set->mesh_timestamp
                                          : set->timestamp;
  image = rc_image_set_get_image (set, stream);
  return image != NULL ? image->timestamp : set->timestamp;
}

const RcImage *
rc_image_set_get_image (const RcImageSet *set, RcStream stream)
{
  if ((guint)stream >= RC_N_IMAGE_STREAMS || !set->has_image[stream])
    return NULL;
  return &set->images[stream];
}

const RcDisparity *
rc_image_set_get_disparity (const RcImageSet *set)
{
  return set->has_image[RC_STREAM_DISPARITY] ? &set->disparity : NULL;
}

void
rc_image_set_copy_image (
    const RcImageSet *set, RcStream stream, guint8 *dest, gsize dest_stride)
{
  const RcImage *image = rc_image_set_get_image (set, stream);
  RcChunkCursor cursor;
  gsize row;

  g_return_if_fail (image != NULL);
  row = (gsize)image->width * rc_encoding_bytes_per_pixel (image->encoding);
  g_return_if_fail (dest_stride >= row);

  rc_chunk_cursor_init (&cursor, set->chunks, set->n_chunks);
  rc_chunk_cursor_skip (&cursor, get_payload (set, stream)->offset);
  if (image->step == row && dest_stride == row) {
    rc_chunk_cursor_copy (&cursor, dest, row * image->height);
    return;
  }
  for (guint y = 0; y < image->height; y++) {
    rc_chunk_cursor_copy (&cursor, dest + y * dest_stride, row);
    rc_chunk_cursor_skip (&cursor, image->step - row);
  }
}

gsize
rc_image_set_get_mesh_size (const RcImageSet *set)
{
  return get_payload (set, RC_STREAM_MESH)->length;
}

void
rc_image_set_copy_mesh (const RcImageSet *set, guint8 *dest)
{
  const RcWireRange *range = get_payload (set, RC_STREAM_MESH);
  RcChunkCursor cursor;

  rc_chunk_cursor_init (&cursor, set->chunks, set->n_chunks);
  rc_chunk_cursor_skip (&cursor, range->offset);
  rc_chunk_cursor_copy (&cursor, dest, range->length);
}

gchar *
rc_image_set_to_json (const RcImageSet *set)
{
  return rc_json_from_message (&set->header->message->base);
}
