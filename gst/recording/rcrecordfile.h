/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One Matroska file on disk, while it is written: always one that plays up to
 * the last cluster. Errors are of G_FILE_ERROR. */

#pragma once

#include "recording/rcmatroska.h"

G_BEGIN_DECLS

typedef struct _RcRecordFile RcRecordFile;

/* A frame: its block's head is made of @block, whose size is @data's. */
typedef struct {
  RcMatroskaBlock block;
  const guint8 *data;
} RcRecordFrame;

/* Whether @path can be written to. It is as before. */
gboolean rc_record_file_can_open (const gchar *path, GError **error);

/* Overwrites a file of that name. */
RcRecordFile *rc_record_file_open (const gchar *path,
    const RcMatroskaTrack *tracks, guint n_tracks, GError **error);

/**
 * RcRecordCluster:
 * @time: of all its frames, ticks
 * @is_entry: a replay can begin with them
 * @set_end: time of the last image of a set whose line is here; 0: there is none
 * @frames: in their order
 * @n_frames: how many
 */
typedef struct {
  guint64 time;
  gboolean is_entry;
  guint64 set_end;
  const RcRecordFrame *frames;
  guint n_frames;
} RcRecordCluster;

/* Writes all or nothing: after an error the file is as it was, as far as the disk
 * lets it. */
gboolean rc_record_file_write (
    RcRecordFile *file, const RcRecordCluster *cluster, GError **error);

/* Bytes so far. */
guint64 rc_record_file_get_size (const RcRecordFile *file);

/* Writes the index and what else is known at the end only, and frees @file in
 * any case. @frame_time: of the last frame, ticks. Without space for the index
 * there is an error and a file that plays. @size: gets its bytes. */
gboolean rc_record_file_close (
    RcRecordFile *file, guint64 frame_time, guint64 *size, GError **error);

G_END_DECLS
