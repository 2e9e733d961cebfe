/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The pictures of one moment, each rendered when it is asked for first and
 * shared by all sets that have it. One thread at a time; the bytes handed out
 * can go anywhere. */

#pragma once

#include "simmesh.h"
#include "wire/rcstream.h"

/* What the bytes between rows are: nothing that black or invalid pixels
 * would hide. */
#define SIM_PADDING_BYTE 0xa5

typedef struct _SimFrame SimFrame;

/* @scene must outlive the frame; @padding: bytes after each row. */
SimFrame *sim_frame_new (
    SimScene *scene, gdouble baseline, gfloat phase, guint padding);
void sim_frame_free (SimFrame *frame);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SimFrame, sim_frame_free)

/* The pixels of an image stream with their padding; @color matters to LEFT
 * and RIGHT. The frame keeps them. */
GBytes *sim_frame_get_image (SimFrame *frame, RcStream stream, gboolean color);

/* The mesh as @request wants it. The frame keeps it. */
GBytes *sim_frame_get_mesh (SimFrame *frame, const RcRequest *request);
