/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Brings together what several streams deliver, each at its own time, to sets
 * in the order of capture. Nothing waits in it: what is given comes out with
 * the rest of its set, or without it where that cannot come any more. Pure:
 * it is told what time it is. */

#pragma once

#include "depth/rcsettime.h"
#include "wire/rcstream.h"

G_BEGIN_DECLS

/* What a set is made of: images and the mesh. */
#define RC_N_SET_STREAMS (RC_STREAM_MESH + 1)

/* Sets that wait for the rest of them. Of more, the oldest goes as it is. */
#define RC_SET_ASSEMBLER_MAX_SETS 32

typedef struct _RcSetAssembler RcSetAssembler;

/* @item_free: frees what is given to push () and never comes out.
 * @timeout: how long a set waits for the rest of it, µs. */
RcSetAssembler *rc_set_assembler_new (GDestroyNotify item_free, gint64 timeout);
void rc_set_assembler_free (RcSetAssembler *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcSetAssembler, rc_set_assembler_free)

void rc_set_assembler_set_timeout (RcSetAssembler *self, gint64 timeout);

/* Whether sets wait for @stream. Of a stream that is not expected, items are
 * taken all the same. */
void rc_set_assembler_expect (
    RcSetAssembler *self, RcStream stream, gboolean expected);

/* Takes @item. FALSE, and it is freed, where its set has gone already. A
 * stream's items come in their order: an item that is of the same set as the
 * one before it starts another set.
 * @now: monotonic, µs */
gboolean rc_set_assembler_push (RcSetAssembler *self, RcStream stream,
    const RcSetTime *time, gpointer item, gint64 now);

/* Nothing comes on @stream for sets before the running time @running, nor for
 * one at that time: there may be several, where a camera's images were held up
 * and came all at once. */
void rc_set_assembler_pass (
    RcSetAssembler *self, RcStream stream, guint64 running);

/* Nothing more comes on @stream, until restart (). */
void rc_set_assembler_end (RcSetAssembler *self, RcStream stream);
void rc_set_assembler_restart (RcSetAssembler *self, RcStream stream);

/* TRUE if streams are expected, and all of them have ended. */
gboolean rc_set_assembler_has_ended (RcSetAssembler *self);

/* Forgets all that waits, and what went out: times may begin anew. */
void rc_set_assembler_flush (RcSetAssembler *self);

/* Gives the next set, if one is whole or need not wait any longer: @items by
 * stream, NULL for what it lacks; the caller's. @whole: no expected one is
 * missing. */
gboolean rc_set_assembler_pop (RcSetAssembler *self, gint64 now,
    gpointer items[RC_N_SET_STREAMS], gboolean *whole);

/* When the next set has waited long enough; G_MAXINT64 where none waits. */
gint64 rc_set_assembler_get_deadline (RcSetAssembler *self);

G_END_DECLS
