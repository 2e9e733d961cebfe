/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The wire walk against protobuf-c, which decodes the same bytes in one piece,
 * data and all. For the tests of gst/wire and the fuzzers. */

#pragma once

#include "wire/rcwirewalk.h"

G_BEGIN_DECLS

/* TRUE if the two are equal but for `bytes` and unknown fields; NaNs are when
 * their bits are. Either may be NULL. */
gboolean compare_messages (
    const ProtobufCMessage *a, const ProtobufCMessage *b);

/* The `bytes` field of the message or of a message in it; NULL if there is
 * none. */
const ProtobufCBinaryData *compare_find_bytes (const ProtobufCMessage *message);

/* TRUE if @got and @payloads, which rc_wire_unpack() made of the @size bytes at
 * @data, say what protobuf-c makes of them. It makes nothing of a message with
 * a group, which the walk skips: TRUE as well then. */
gboolean compare_with_flat (const guint8 *data, gsize size,
    const ProtobufCMessage *got, const RcWireRange *payloads, guint n_payloads);

G_END_DECLS
