/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* rcgrpcsrc in a pipeline, as an application has it, with what must hold when
 * it is stopped. Main thread, but for soak_pipeline_meddle (). */

#pragma once

#include "soakaccount.h"
#include "soakcheck.h"
#include "wire/rcstream.h"

/* From the property's change or the call to its end, µs. */
#if defined(__SANITIZE_THREAD__)
/* What gRPC frees while it stops is looked at word by word: see
 * tests/tsan.supp. */
#define SOAK_STOP_LIMIT (60 * G_TIME_SPAN_SECOND)
#else
#define SOAK_STOP_LIMIT ((SOAK_SANITIZED ? 5 : 1) * G_TIME_SPAN_SECOND)
#endif

typedef struct {
  guint64 sets;     /* received */
  guint64 rejected; /* messages that were no sets */
  guint64 dropped;  /* images, by the statistics */
  guint64 reconnects;
  SoakAccountFigures account;
  guint errors;         /* expected */
  gint64 worst_stop;    /* µs */
  gint64 worst_release; /* µs */
} SoakPipelineFigures;

typedef struct _SoakPipeline SoakPipeline;

/* @figures: are added to. */
SoakPipeline *soak_pipeline_new (
    SoakCheck *check, GRand *rand, SoakPipelineFigures *figures);

/* In NULL. */
void soak_pipeline_free (SoakPipeline *self);

void soak_pipeline_set_state (SoakPipeline *self, GstState state);
GstState soak_pipeline_get_state (SoakPipeline *self);

/* All that takes effect at the next start only; in READY and NULL. */
void soak_pipeline_configure (SoakPipeline *self, guint16 port);

/* The camera as it is now: @camera has its faults, NULL if it is not to be
 * had. */
void soak_pipeline_set_camera (SoakPipeline *self, const SoakCamera *camera);

void soak_pipeline_request (SoakPipeline *self, RcStream stream);
void soak_pipeline_release (SoakPipeline *self, RcStream stream);

/* Links @stream to a branch, or takes its branch away. */
void soak_pipeline_link (SoakPipeline *self, RcStream stream);
void soak_pipeline_unlink (SoakPipeline *self, RcStream stream);

void soak_pipeline_flush (SoakPipeline *self);
void soak_pipeline_send_eos (SoakPipeline *self);

/* Handles messages for so many ms. */
void soak_pipeline_run (SoakPipeline *self, guint ms);

/* Waits for sets, where nothing keeps them away. */
void soak_pipeline_expect_sets (SoakPipeline *self);

/* Waits for EOS on all pads, after soak_pipeline_send_eos (). */
void soak_pipeline_expect_eos (SoakPipeline *self);

/* Reads and changes what can be at any time. @rand: of the calling thread. */
void soak_pipeline_meddle (SoakPipeline *self, GRand *rand);
