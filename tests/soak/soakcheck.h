/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What must be true of every buffer that leaves rcgrpcsrc. The checks run in
 * the streaming threads, in probes of the pads. */

#pragma once

#include "soaksim.h"

#include <gst/gst.h>

typedef struct _SoakCheck SoakCheck;
typedef struct _SoakPad SoakPad;

typedef struct {
  guint64 images;    /* all whose pixels were compared, byte by byte */
  guint64 meshes;    /* the same of meshes */
  guint64 lines;     /* of metadata */
  guint64 corrupted; /* buffers of a simulator that flips bits: not compared */
} SoakCheckFigures;

SoakCheck *soak_check_new (void);
void soak_check_free (SoakCheck *check);
void soak_check_get_figures (SoakCheck *check, SoakCheckFigures *figures);

/* Images of @camera may come from now on. Takes it. */
void soak_check_add_camera (SoakCheck *check, SoakCamera *camera);

/* Nothing is in a pipeline: what was before @current is gone for good. */
void soak_check_forget (SoakCheck *check, const SoakCamera *current);

/* Watches @pad until it is gone. The reference is the caller's. */
SoakPad *soak_pad_new (SoakCheck *check, GstPad *pad);
SoakPad *soak_pad_ref (SoakPad *self);
void soak_pad_unref (SoakPad *self);

/* READY to PAUSED: everything begins anew. */
void soak_pad_begin (SoakPad *self);

/* OFFSET may go back once: it counts from a new PLAYING, and one buffer of the
 * last one may still be on its way. */
void soak_pad_renumber (SoakPad *self);

/* PTS may go back: running time begins anew. */
void soak_pad_rewind (SoakPad *self);

/* Buffers that passed since soak_pad_begin () or _renumber (). */
guint64 soak_pad_count (SoakPad *self);
gboolean soak_pad_is_eos (SoakPad *self);
