/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* protobuf's JSON mapping of a message. For this library and its tests: it
 * shows protobuf-c. */

#pragma once

#include <glib.h>
#include <protobuf-c/protobuf-c.h>

G_BEGIN_DECLS

/* The message as one compact line that ends in a newline. Fields have the
 * names that the .proto file gives them; of a message that is there all are
 * printed, also those at their default, but for `bytes` fields. < > & are
 * written as \u00XX, so that the line can be text in markup. Does not depend on
 * the locale. 64-bit and repeated fields are not supported. */
gchar *rc_json_from_message (const ProtobufCMessage *message);

G_END_DECLS
