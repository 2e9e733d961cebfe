/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A received ImageSet: headers decoded and checked, pixels still where they
 * arrived. Pure: no I/O, no clock, no gRPC.
 *
 * The bytes of images and meshes are never copied or flattened on the way in.
 * The message is walked just far enough to cut its `data` fields out as byte
 * ranges; what is left, below 1 KiB an image, is gathered and decoded by
 * protobuf-c.
 *
 * A set that tells a lie is rejected whole. What a message means is otherwise
 * protobuf-c's affair: of a field that comes twice the last one counts, messages
 * that come twice are merged (but for the numbers of all but the last: protobuf-c
 * forgets them), numbers that are too wide for their field keep their low bits,
 * what is not known is skipped.
 *
 * NaN and infinity: the parameters that geometry is computed from must be
 * finite, or points and depths downstream would be nonsense without a word:
 * focal_length and principal_point of every image, scale, offset,
 * invalid_data_value, baseline and delta_d of a disparity image. The others
 * (exposure_time, gain, noise, out1_reduction, brightness, gamma) only describe
 * the image; a camera that does not know one may well say NaN. They are handed
 * on as sent, and the JSON writes them as protobuf's mapping does.
 *
 * A set is immutable after its creation and can be read by several threads.
 */

#pragma once

#include "wire/rcchunk.h"
#include "wire/rcstream.h"

G_BEGIN_DECLS

/* Limits on what a peer may send; beyond them a set is rejected. */

/* Width and height of an image, pixels: four times the largest sensor seen,
 * and every row and plane size still fits GstVideoInfo's ints. */
#define RC_MAX_IMAGE_SIDE 16384
/* All of a set but its payload ranges: fields known to us are below 1 KiB an
 * image, unknown ones are not gathered. */
#define RC_MAX_HEADER_SIZE (64 * 1024)
/* Fields in a message, unknown ones and those of all its messages included:
 * each costs a step of the walk, and a set has below 200. */
#define RC_MAX_FIELDS (64 * 1024)
/* Bytes that decoding such a header takes at most, while it lasts: protobuf-c
 * notes each field, and a field may be two bytes. */
#define RC_MAX_DECODING_SIZE (4 * 1024 * 1024)
/* Groups inside each other in an unknown field; no camera sends any. */
#define RC_MAX_GROUP_DEPTH 32

/* The last time that a message can hold, ns since the Unix epoch. */
#define RC_MAX_TIME (G_MAXINT32 * G_GUINT64_CONSTANT (1000000000))

typedef enum {
  RC_IMAGE_SET_ERROR_EMPTY,     /* a message of no bytes */
  RC_IMAGE_SET_ERROR_MALFORMED, /* not the protobuf wire format */
  RC_IMAGE_SET_ERROR_LIMIT,     /* beyond a limit above */
  RC_IMAGE_SET_ERROR_STRING,    /* a string that is not UTF-8, or holds NUL */
  RC_IMAGE_SET_ERROR_TIME,     /* before 1970, or nsec out of 0 … 999999999 */
  RC_IMAGE_SET_ERROR_ENCODING, /* an encoding that we do not know */
  RC_IMAGE_SET_ERROR_GEOMETRY, /* width, height, step and data disagree */
  RC_IMAGE_SET_ERROR_MESH,     /* a mesh format that we do not know */
  RC_IMAGE_SET_ERROR_PARAMETER, /* NaN or infinite, where geometry needs it */
} RcImageSetError;

#define RC_IMAGE_SET_ERROR (rc_image_set_error_quark ())
GQuark rc_image_set_error_quark (void);

typedef enum {
  RC_ENCODING_MONO8,
  RC_ENCODING_MONO16,
  RC_ENCODING_RGB8,
} RcEncoding;

/* "mono8", "mono16", "rgb8" */
const gchar *rc_encoding_to_string (RcEncoding encoding);
guint rc_encoding_bytes_per_pixel (RcEncoding encoding);

/**
 * RcImage:
 * @timestamp: ns since the Unix epoch. The image's own; for the disparity
 *   image DisparityImage.image's, else DisparityImage's; else the set's. A
 *   time of 0 counts as absent, as in proto3
 * @width: pixels
 * @height: pixels
 * @step: bytes from one row to the next in the message
 * @encoding: what a pixel is
 * @is_bigendian: byte order of mono16
 * @focal_length: pixels
 * @principal_point_u: pixels from the left
 * @principal_point_v: pixels from the top
 * @exposure_time: seconds
 * @gain: decibel
 * @noise: as sent
 * @out1_reduction: 0 to 1
 * @brightness: 0 to 1
 * @gamma: 1 is linear
 * @auto_exposure_adapting: auto exposure has not settled yet
 * @gpio_inputs: bit mask; from the lowest Out 1, Out 2, In 1, In 2
 * @gpio_outputs: bit mask
 * @gpio_values: bit mask
 *
 * What a set says of one image. Fields that the message lacks are 0.
 */
typedef struct {
  guint64 timestamp;
  guint width;
  guint height;
  guint step;
  RcEncoding encoding;
  gboolean is_bigendian;
  gfloat focal_length;
  gfloat principal_point_u;
  gfloat principal_point_v;
  gfloat exposure_time;
  gfloat gain;
  gfloat noise;
  gfloat out1_reduction;
  gfloat brightness;
  gfloat gamma;
  gboolean auto_exposure_adapting;
  guint gpio_inputs;
  guint gpio_outputs;
  guint gpio_values;
} RcImage;

/**
 * RcDisparity:
 * @scale: pixels of disparity per stored step
 * @offset: pixels
 * @invalid_data_value: the stored value that says: no disparity here
 * @baseline: metres
 * @delta_d: smallest disparity increment, pixels
 *
 * What turns stored values of the disparity and error images into pixels.
 */
typedef struct {
  gfloat scale;
  gfloat offset;
  gfloat invalid_data_value;
  gfloat baseline;
  gfloat delta_d;
} RcDisparity;

typedef struct _RcImageSet RcImageSet;

/* Takes one serialized ImageSet that lies in @n_chunks pieces. The array
 * @chunks is copied; the bytes are not: they must stay until @owner_free
 * (@owner) is called, which happens once in every case, on failure before
 * this returns, else in whatever thread drops the last reference: of a set from
 * a camera in a pad's streaming thread, say. @owner_free may be NULL. */
RcImageSet *rc_image_set_new (const RcChunk *chunks, guint n_chunks,
    gpointer owner, GDestroyNotify owner_free, GError **error);

/* What @set says, with no image, no mesh and no bytes of the message: its JSON
 * and its time, which may be kept when the data is not. */
RcImageSet *rc_image_set_new_without_data (const RcImageSet *set);

RcImageSet *rc_image_set_ref (RcImageSet *set);
void rc_image_set_unref (RcImageSet *set);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcImageSet, rc_image_set_unref)

/* Size of the serialized message, bytes. */
gsize rc_image_set_get_size (const RcImageSet *set);

/* ns since the Unix epoch; 0 if the message has none. */
guint64 rc_image_set_get_timestamp (const RcImageSet *set);

/* TRUE if the set has that image or mesh; always TRUE for METADATA. A mesh of
 * no bytes is none. */
gboolean rc_image_set_has (const RcImageSet *set, RcStream stream);

/* When the stream's data was captured, ns since the Unix epoch: RcImage's
 * timestamp, the mesh's (else the set's), or the set's for METADATA and for
 * what the set does not have. A time of 0 counts as absent, as in proto3. */
guint64 rc_image_set_get_stream_timestamp (
    const RcImageSet *set, RcStream stream);

/* NULL if the set does not have that image, or the stream is not an image. */
const RcImage *rc_image_set_get_image (const RcImageSet *set, RcStream stream);

/* NULL if the set has no disparity image. */
const RcDisparity *rc_image_set_get_disparity (const RcImageSet *set);

/* Copies the pixels, width × bytes per pixel of each row, to @dest, rows
 * @dest_stride bytes apart. The set must have that image. Bytes between the
 * rows are left as they are. */
void rc_image_set_copy_image (
    const RcImageSet *set, RcStream stream, guint8 *dest, gsize dest_stride);

/* Bytes of the mesh; 0 without one. */
gsize rc_image_set_get_mesh_size (const RcImageSet *set);
void rc_image_set_copy_mesh (const RcImageSet *set, guint8 *dest);

/* The set in protobuf's JSON mapping, with original field names and without
 * `data` fields: one compact line that ends in a newline. */
gchar *rc_image_set_to_json (const RcImageSet *set);

G_END_DECLS
