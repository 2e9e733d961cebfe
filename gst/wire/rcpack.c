/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "wire/rcpack.h"

#include "wire/rcimageset.h"
#include "wire/rcwirewalk.h"

GBytes *
rc_pack (const ProtobufCMessage *message)
{
  gsize size = protobuf_c_message_get_packed_size (message);
  guint8 *data = g_malloc (size);

  protobuf_c_message_pack (message, data);
  return g_bytes_new_take (data, size);
}

ProtobufCMessage *
rc_unpack (
    const ProtobufCMessageDescriptor *descriptor, GBytes *bytes, GError **error)
{
  RcChunk chunk;

  chunk.data = g_bytes_get_data (bytes, &chunk.size);
  return rc_wire_unpack (
      &chunk, 1, descriptor, RC_MAX_HEADER_SIZE, NULL, 0, error);
}
