/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Decodes a protobuf message that lies in chunks and whose `bytes` fields are
 * too big to copy. For this library and its tests: it shows protobuf-c.
 *
 * The walk is driven by the message's descriptor. It reads every tag and:
 *  - skips fields that the descriptor does not have, groups among them
 *  - goes into fields that are messages
 *  - notes where `bytes` fields lie and passes over them, a step a chunk
 *  - gathers all other fields, and the messages around them, in a header:
 *    the message without its `bytes` fields, flat and below a limit
 * protobuf-c decodes that header. So what a message means, also when fields
 * come twice or out of order, is what protobuf-c makes of the flat message.
 *
 * Messages with a repeated or map field are not supported, nor ones with two
 * `bytes` fields: image_interface.proto has neither. */

#pragma once

#include "wire/rcchunk.h"

#include <protobuf-c/protobuf-c.h>

G_BEGIN_DECLS

/* Where a `bytes` field lies in the message. */
typedef struct {
  guint64 offset;
  guint64 length;
} RcWireRange;

/* Walks the message and appends its header to @header, which is left with at
 * most @max_header bytes (below 2 MiB). The range of the `bytes` field that
 * lies below field N of the message goes to @payloads[N] when N is below
 * @n_payloads, one of the message itself to @payloads[0]; ranges of fields that
 * the message lacks stay as they are. FALSE with an RC_IMAGE_SET_ERROR if the
 * message is not well-formed. */
gboolean rc_wire_walk (const RcChunk *chunks, guint n_chunks,
    const ProtobufCMessageDescriptor *descriptor, gsize max_header,
    GByteArray *header, RcWireRange *payloads, guint n_payloads,
    GError **error);

/* The same, with the header decoded; free the result with
 * protobuf_c_message_free_unpacked(). Its `bytes` fields are empty. */
ProtobufCMessage *rc_wire_unpack (const RcChunk *chunks, guint n_chunks,
    const ProtobufCMessageDescriptor *descriptor, gsize max_header,
    RcWireRange *payloads, guint n_payloads, GError **error);

G_END_DECLS
