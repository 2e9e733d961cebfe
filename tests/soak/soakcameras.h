/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The simulators whose images may be in a pipeline, and which of them an image
 * is from. Any thread. */

#pragma once

#include "soaksim.h"

typedef struct _SoakCameras SoakCameras;

SoakCameras *soak_cameras_new (void);
void soak_cameras_free (SoakCameras *cameras);

/* Takes @camera. */
void soak_cameras_add (SoakCameras *cameras, SoakCamera *camera);

/* All but @current. */
void soak_cameras_forget (SoakCameras *cameras, const SoakCamera *current);

/* Bit flips can be anywhere, also in what says where an image is from. */
gboolean soak_cameras_may_corrupt (SoakCameras *cameras);

/* FALSE if none could have taken set @number at @timestamp; else @found is the
 * one. */
gboolean soak_cameras_find (
    SoakCameras *cameras, guint64 number, guint64 timestamp, SoakCamera *found);

/* For what has a time and no number. FALSE if it cannot be told: an image of
 * that camera has to be found first. */
gboolean soak_cameras_find_number (SoakCameras *cameras, guint64 timestamp,
    SoakCamera *found, guint64 *number);
