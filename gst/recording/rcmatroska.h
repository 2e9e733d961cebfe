/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The bytes of a Matroska file (RFC 9559, on EBML, RFC 8794), as recordings use
 * it: a head with the tracks, a cluster for each time at which there is
 * something, an index at the end. What is known at the end only, size, duration
 * and where the index is, is written over what rc_matroska_put_head () left room
 * for. Pure: appends to byte arrays, numbers come checked. */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* ns in a tick, the unit of all times here. */
#define RC_MATROSKA_TICK 1000

/* Track types. */
typedef enum {
  RC_MATROSKA_VIDEO = 1,
  RC_MATROSKA_SUBTITLE = 17,
} RcMatroskaType;

/**
 * RcMatroskaTrack:
 * @name: of the track, UTF-8
 * @type: kind of track
 * @codec: Codec ID, as "V_FFV1"
 * @codec_private: what the decoder must know, or NULL
 * @width: pixels; of video alone
 * @height: pixels; of video alone
 */
typedef struct {
  const gchar *name;
  RcMatroskaType type;
  const gchar *codec;
  GBytes *codec_private;
  guint width, height;
} RcMatroskaTrack;

/* The Codec ID of video that AVI has a FOURCC for, and its private data: a
 * BITMAPINFOHEADER, and @extra behind it, which may be NULL. */
#define RC_MATROSKA_FOURCC "V_MS/VFW/FOURCC"
GBytes *rc_matroska_describe_fourcc (
    const gchar fourcc[4], guint width, guint height, GBytes *extra);

/* Where in a file is what was left open; offsets from the file's start. */
typedef struct {
  guint64 segment; /* content of the segment */
  guint64 info;    /* its parts */
  guint64 tracks;
  guint64 duration; /* place for it */
} RcMatroskaPlaces;

/**
 * RcMatroskaBlock:
 * @track: number, from 1 on in the head's order, below 127
 * @is_key: can be decoded without those before it
 * @duration: ticks; 0: not said
 * @size: bytes of the frame
 */
typedef struct {
  guint track;
  gboolean is_key;
  guint64 duration;
  guint64 size;
} RcMatroskaBlock;

typedef struct {
  guint64 time;     /* ticks */
  guint64 position; /* of the cluster, from the file's start */
  guint track;      /* number of one that has a frame then */
} RcMatroskaCue;

/* The file up to its first cluster. A reader takes a file that ends here, or
 * anywhere behind, for one that is still being written. */
void rc_matroska_put_head (GByteArray *out, const RcMatroskaTrack *tracks,
    guint n_tracks, const gchar *application, RcMatroskaPlaces *places);

/* Bytes of the block in a cluster, its frame among them. */
guint64 rc_matroska_get_block_size (const RcMatroskaBlock *block);

/* The head of a cluster whose blocks have @size bytes together. */
void rc_matroska_put_cluster (GByteArray *out, guint64 time, guint64 size);

/* All of the block but its frame, which comes right after. It has its cluster's
 * time. */
void rc_matroska_put_block (GByteArray *out, const RcMatroskaBlock *block);

/* The index of clusters that can be gone to. */
void rc_matroska_put_cues (GByteArray *out, const RcMatroskaPlaces *places,
    const RcMatroskaCue *cues, guint n_cues);

/* What to write over the head at the end, once each. @cues: position of the
 * index from the file's start; 0: there is none. @size: of the file.
 * @duration: ticks. */
void rc_matroska_put_size (
    GByteArray *out, const RcMatroskaPlaces *places, guint64 size);
void rc_matroska_put_duration (GByteArray *out, guint64 duration);
void rc_matroska_put_seek_head (
    GByteArray *out, const RcMatroskaPlaces *places, guint64 cues);

/* Where these three go, from the file's start. */
guint64 rc_matroska_get_size_place (const RcMatroskaPlaces *places);
guint64 rc_matroska_get_seek_head_place (const RcMatroskaPlaces *places);

G_END_DECLS
