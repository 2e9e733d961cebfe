/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The tracks' names in the head of a Matroska file. GStreamer's demuxer tells
 * them by tags, which are at the file's end: of a file whose writer was killed
 * it tells none. Pure. */

#pragma once

#include "wire/rcstream.h"

G_BEGIN_DECLS

/* Bytes of a file's head that hold the tracks, more than enough. */
#define RC_TRACK_NAMES_HEAD (1024 * 1024)

/* It begins as Matroska files do, and other EBML. */
gboolean rc_track_names_is_matroska (const guint8 *data, gsize length);

/* The UIDs of the tracks that are named after streams; 0: there is none. Of two
 * with one name the first counts. @data: @length bytes from the file's start,
 * which may end anywhere, and be no Matroska at all. */
void rc_track_names_read (
    const guint8 *data, gsize length, guint64 uids[RC_N_STREAMS]);

G_END_DECLS
