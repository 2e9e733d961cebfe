/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What this library knows by itself of the protobuf wire format and of the
 * numbers in image_interface.proto, to read and to write around protobuf-c.
 * For this library only. The simulator's lies have a writer of their own
 * (tools/simwire.h): what is wrong here must not be wrong in the same way there.
 * Both are held against protobuf's own parsers by the tests. */

#pragma once

#include "wire/rcstream.h"

G_BEGIN_DECLS

/* protobuf-c names no groups. */
typedef enum {
  RC_WIRE_VARINT = 0,
  RC_WIRE_64BIT = 1,
  RC_WIRE_LENGTH = 2,
  RC_WIRE_GROUP_START = 3,
  RC_WIRE_GROUP_END = 4,
  RC_WIRE_32BIT = 5,
} RcWireType;

/* Bytes of a varint. Values are 64 bits; tags and lengths are 32 bits in every
 * implementation of protobuf, none of which reads a sixth byte. */
#define RC_WIRE_MAX_VARINT_SIZE 10
#define RC_WIRE_MAX_SHORT_VARINT_SIZE 5

/* Numbers of `bytes` fields, and of what is around them. */
#define RC_WIRE_IMAGE_DATA 10
#define RC_WIRE_MESH_DATA 3
#define RC_WIRE_DISPARITY_IMAGE_IMAGE 7
#define RC_WIRE_MAX_IMAGE_SET_NUMBER 7

/* The number of the stream's field in ImageSet; 0 for METADATA, which is no
 * field. */
static inline guint
rc_wire_image_set_number (RcStream stream)
{
  static const guint8 numbers[RC_N_STREAMS] = {
      [RC_STREAM_LEFT] = 2,
      [RC_STREAM_RIGHT] = 3,
      [RC_STREAM_DISPARITY] = 4,
      [RC_STREAM_ERROR] = 5,
      [RC_STREAM_CONFIDENCE] = 6,
      [RC_STREAM_MESH] = 7,
  };

  return numbers[stream];
}

static inline guint64
rc_wire_tag (guint32 number, guint type)
{
  return (guint64)number << 3 | type;
}

/* Writes @value to @dest, which has room for the longest; its size. */
static inline guint
rc_wire_put_varint (guint8 dest[RC_WIRE_MAX_VARINT_SIZE], guint64 value)
{
  guint size = 0;

  do {
    dest[size++] = (value & 0x7f) | (value > 0x7f ? 0x80 : 0);
    value >>= 7;
  } while (value > 0);
  return size;
}

G_END_DECLS
