/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* rcgrpc-sim's command line. */

#pragma once

#include "simfault.h"

/* Bytes of padding a row may have. */
#define SIM_MAX_PADDING 4096

/**
 * SimOptions:
 * @address: to listen on
 * @port: of the first pipeline; 0 for any free one, for each pipeline
 * @n_pipelines: servers, one port each
 * @width: of the camera images, pixels
 * @height: of the camera images, pixels
 * @divisor: camera pixels per depth pixel
 * @fps: sets a second; 0 for as many as each client reads
 * @color: the cameras are colour cameras
 * @n_sets: sets that a client gets before the call ends with OK; 0 for no end
 * @out1_alternate: depth images are taken after the camera images
 * @padding: bytes after each row
 * @baseline: metres
 * @focal_length: of the camera images, pixels
 * @seed: of the scene
 * @events: serve StreamImageEvents
 * @stamp: write the set's number into the images
 * @tls_certificate_file: as in RcServerConfig, and the next two
 * @tls_private_key_file: what belongs to it
 * @tls_ca_file: of the clients' certificates
 * @faults: (element-type SimFault): in the order of the command line
 */
typedef struct {
  gchar *address;
  guint16 port;
  guint n_pipelines;
  guint width;
  guint height;
  guint divisor;
  gdouble fps;
  gboolean color;
  guint64 n_sets;
  gboolean out1_alternate;
  guint padding;
  gdouble baseline;
  gdouble focal_length;
  guint32 seed;
  gboolean events;
  gboolean stamp;
  gchar *tls_certificate_file;
  gchar *tls_private_key_file;
  gchar *tls_ca_file;
  GPtrArray *faults;
} SimOptions;

/* Parses the command line; --help prints and exits. The error's message is
 * for the user. */
SimOptions *sim_options_parse (gint argc, gchar **argv, GError **error);
void sim_options_free (SimOptions *options);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SimOptions, sim_options_free)
