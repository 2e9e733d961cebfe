/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Small messages, which lie in one piece. For this library alone. */

#pragma once

#include <glib.h>
#include <protobuf-c/protobuf-c.h>

G_BEGIN_DECLS

GBytes *rc_pack (const ProtobufCMessage *message);

/* As strict as for an ImageSet; NULL with an RC_IMAGE_SET_ERROR. Free the
 * result with protobuf_c_message_free_unpacked(). */
ProtobufCMessage *rc_unpack (const ProtobufCMessageDescriptor *descriptor,
    GBytes *bytes, GError **error);

G_END_DECLS
