/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The protobuf wire format as bytes, for those who write what no library
 * would. Reading trusts its input: it is for messages that we made. Pure. */

#pragma once

#include <glib.h>

typedef enum {
  SIM_WIRE_VARINT = 0,
  SIM_WIRE_FIXED64 = 1,
  SIM_WIRE_BYTES = 2,
  SIM_WIRE_GROUP = 3,
  SIM_WIRE_GROUP_END = 4,
  SIM_WIRE_FIXED32 = 5,
} SimWireType;

/* A field in a message, which it points into. */
typedef struct {
  guint number;
  SimWireType type;
  const guint8 *start;   /* with its tag */
  gsize size;            /* from start */
  guint64 varint;        /* its value, or the length of its bytes */
  const guint8 *payload; /* of bytes, and of fixed values */
} SimWireField;

/* The field at *@at, which moves past it; FALSE at @end. */
gboolean sim_wire_next (
    SimWireField *field, const guint8 **at, const guint8 *end);

/* The last field of that number; FALSE if there is none. */
gboolean sim_wire_find (
    SimWireField *field, const guint8 *data, gsize size, guint number);

void sim_wire_append_tag (GByteArray *out, guint number, SimWireType type);
void sim_wire_append_varint (GByteArray *out, guint64 value);
void sim_wire_append_field (GByteArray *out, const SimWireField *field);
void sim_wire_append_varint_field (
    GByteArray *out, guint number, guint64 value);
void sim_wire_append_float_field (GByteArray *out, guint number, gfloat value);
void sim_wire_append_bytes_field (
    GByteArray *out, guint number, gconstpointer data, gsize size);

/* Takes all fields of that number out. */
void sim_wire_remove (GByteArray *message, guint number);
