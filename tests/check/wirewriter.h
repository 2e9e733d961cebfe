/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The protobuf wire format written field by field: also what no encoder
 * writes. */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

void write_varint (GByteArray *message, guint64 value);
void write_tag (GByteArray *message, guint number, guint type);
void write_number (GByteArray *message, guint number, guint64 value);
void write_bytes (
    GByteArray *message, guint number, gconstpointer data, gsize size);
void write_string (GByteArray *message, guint number, const gchar *text);

/* Takes @inner. */
void write_message (GByteArray *message, guint number, GByteArray *inner);

/* A field of each wire type, groups in a group among them. */
void write_one_of_each (GByteArray *message, guint number);

G_END_DECLS
