/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* When a recording goes on in another file, and what that is called. Pure. */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* ns that a full file waits for key frames of all tracks. */
#define RC_RECORD_SPLIT_PATIENCE G_GUINT64_CONSTANT (5000000000)
/* ns after which they are asked for again. */
#define RC_RECORD_SPLIT_REPEAT G_GUINT64_CONSTANT (1000000000)

typedef enum {
  RC_RECORD_GO_ON,
  RC_RECORD_ASK, /* for key frames, and go on */
  RC_RECORD_SPLIT,
} RcRecordDecision;

/**
 * RcRecordSplit:
 * @max_time: ns in a file; 0: no limit
 * @max_bytes: bytes in a file; 0: no limit
 *
 * The others are rc_record_split_decide ()'s own.
 */
typedef struct {
  guint64 max_time;
  guint64 max_bytes;

  guint64 start;
  gboolean is_full;
  guint64 full_since;
  guint64 asked;
} RcRecordSplit;

/* A cluster that is to be written next. */
typedef struct {
  guint64 time; /* ns */
  guint64 bytes;
  gboolean is_set; /* begins a set */
  gboolean is_key; /* of every track that needs one there is a key frame */
} RcRecordCandidate;

/* A file begins with what is at @time, ns. */
void rc_record_split_begin (RcRecordSplit *split, guint64 time);

/* @file_bytes: of the file, so far. */
RcRecordDecision rc_record_split_decide (
    RcRecordSplit *split, const RcRecordCandidate *cluster, guint64 file_bytes);

/* The path of file @n of a recording to @location, from 0: "rec.mkv",
 * "rec-00001.mkv" … */
gchar *rc_record_split_get_path (const gchar *location, guint n);

G_END_DECLS
