/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A simulated camera: one pipeline that is served on a port of its own. */

#pragma once

#include "simoptions.h"

typedef struct _SimCamera SimCamera;

/* Serves from then on; NULL with an RC_SERVER_ERROR. @options must outlive
 * the camera. */
SimCamera *sim_camera_new (
    const SimOptions *options, guint pipeline, GError **error);
void sim_camera_free (SimCamera *camera);

/* The port that it is served on. */
guint16 sim_camera_get_port (const SimCamera *camera);
