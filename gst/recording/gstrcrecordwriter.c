/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "recording/gstrcrecordwriter.h"

#include <string.h>

#include "recording/rcrecordfile.h"
#include "recording/rcrecordsplit.h"

GST_DEBUG_CATEGORY_EXTERN (gst_rc_recorder_debug);
#define GST_CAT_DEFAULT gst_rc_recorder_debug

/* How long the last image of a file is seen. */
#define LAST_FRAME_TIME (40 * GST_MSECOND)

/* A set whose line is in the file, and whose images may not all be. */
typedef struct {
  GstClockTime set[RC_N_STREAMS]; /* their running times, or none */
  guint64 end;                    /* of the last, ticks */
} OpenSet;

struct _GstRcRecordWriter {
  GstElement *owner;
  gchar *location;
  RcRecordSplit split;
  guint n_files;
  guint64 closed_bytes; /* of files before */

  /* the file that is open */
  RcRecordFile *file; /* NULL: none is */
  gchar *path;
  guint64 sets;
  GstRcTrackFormat *formats[RC_N_STREAMS]; /* NULL: no such track */
  guint numbers[RC_N_STREAMS];             /* of its tracks */
  GArray *open_sets;                       /* OpenSet */

  /* Clusters of the next file, while images of this one's sets still come. */
  GQueue held; /* GstRcRecordCluster */
};

GstRcRecordWriter *
gst_rc_record_writer_new (GstElement *owner, const gchar *location,
    guint64 max_time, guint64 max_bytes)
{
  GstRcRecordWriter *writer = g_new0 (GstRcRecordWriter, 1);

  writer->owner = owner;
  writer->location = g_strdup (location);
  writer->split.max_time = max_time;
  writer->split.max_bytes = max_bytes;
  writer->open_sets = g_array_new (FALSE, FALSE, sizeof (OpenSet));
  g_queue_init (&writer->held);
  return writer;
}

static void
cluster_free (gpointer data)
{
  gst_rc_record_cluster_clear (data);
  g_free (data);
}

void
gst_rc_record_writer_free (GstRcRecordWriter *writer)
{
  gst_rc_record_writer_close (writer);
  for (guint i = 0; i < RC_N_STREAMS; i++)
    gst_rc_track_format_replace (&writer->formats[i], NULL);
  g_queue_clear_full (&writer->held, cluster_free);
  g_array_unref (writer->open_sets);
  g_free (writer->path);
  g_free (writer->location);
  g_free (writer);
}

static void
post_error (GstRcRecordWriter *writer, const gchar *path, gboolean is_open,
    const GError *error)
{
  if (g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_NOSPC))
    GST_ELEMENT_ERROR (writer->owner, RESOURCE, NO_SPACE_LEFT,
        ("There is no space left for \"%s\". What was recorded so far can be "
         "played.",
            path),
        ("%s", error->message));
  else if (is_open)
    GST_ELEMENT_ERROR (writer->owner, RESOURCE, WRITE,
        ("\"%s\" cannot be written any more.", path), ("%s", error->message));
  else
    GST_ELEMENT_ERROR (writer->owner, RESOURCE, OPEN_WRITE,
        ("\"%s\" cannot be opened for writing. Look whether its folder is "
         "there, and yours to write to.",
            path),
        ("%s", error->message));
}

gboolean
gst_rc_record_writer_check (GstRcRecordWriter *writer)
{
  g_autoptr (GError) error = NULL;

  if (rc_record_file_can_open (writer->location, &error))
    return TRUE;
  post_error (writer, writer->location, FALSE, error);
  return FALSE;
}

static void
post_closed (GstRcRecordWriter *writer, guint64 bytes)
{
  gst_element_post_message (writer->owner,
      gst_message_new_element (GST_OBJECT (writer->owner),
          gst_structure_new ("rcfilesink-file-closed", "location",
              G_TYPE_STRING, writer->path, "sets", G_TYPE_UINT64, writer->sets,
              "bytes", G_TYPE_UINT64, bytes, NULL)));
}

/* FALSE after an error message. */
static gboolean
close_file (GstRcRecordWriter *writer)
{
  g_autoptr (GError) error = NULL;
  guint64 size;

  if (writer->file == NULL)
    return TRUE;
  if (!rc_record_file_close (g_steal_pointer (&writer->file),
          LAST_FRAME_TIME / RC_MATROSKA_TICK, &size, &error))
    post_error (writer, writer->path, TRUE, error);
  writer->closed_bytes += size;
  if (error == NULL)
    post_closed (writer, size);
  return error == NULL;
}

static gboolean
open_file (GstRcRecordWriter *writer, guint64 time,
    GstRcTrackFormat *const formats[RC_N_STREAMS])
{
  g_autoptr (GError) error = NULL;
  RcMatroskaTrack tracks[RC_N_STREAMS];
  guint n_tracks = 0;

  for (guint i = 0; i < RC_N_STREAMS; i++) {
    gst_rc_track_format_replace (&writer->formats[i], formats[i]);
    if (formats[i] == NULL)
      continue;
    gst_rc_track_format_describe (
        formats[i], rc_stream_to_string (i), &tracks[n_tracks]);
    writer->numbers[i] = ++n_tracks;
  }
  g_free (writer->path);
  writer->path = rc_record_split_get_path (writer->location, writer->n_files++);
  writer->sets = 0;
  g_array_set_size (writer->open_sets, 0);
  rc_record_split_begin (&writer->split, time * RC_MATROSKA_TICK);
  writer->file = rc_record_file_open (writer->path, tracks, n_tracks, &error);
  GST_INFO_OBJECT (writer->owner, "%s: %u tracks", writer->path, n_tracks);
  if (error != NULL)
    post_error (writer, writer->path, FALSE, error);
  return error == NULL;
}

/* Not if a track has changed. */
static gboolean
fits_file (const GstRcRecordWriter *writer, const GstRcRecordCluster *cluster)
{
  for (guint i = 0; i < cluster->n_frames; i++) {
    const GstRcRecordFrame *frame = cluster->frames[i];

    if (!gst_rc_track_format_is_equal (
            frame->format, writer->formats[frame->stream]))
      return FALSE;
  }
  return TRUE;
}

static void
describe_frame (const GstRcRecordWriter *writer, const GstRcRecordFrame *from,
    const GstMapInfo *map, RcRecordFrame *to)
{
  to->block.track = writer->numbers[from->stream];
  to->block.is_key =
      !GST_BUFFER_FLAG_IS_SET (from->buffer, GST_BUFFER_FLAG_DELTA_UNIT);
  /* Text is shown that long; images until the next comes. */
  to->block.duration =
      from->stream == RC_STREAM_METADATA
          ? GST_BUFFER_DURATION (from->buffer) / RC_MATROSKA_TICK
          : 0;
  to->block.size = map->size;
  to->data = map->data;
}

/* How many of the cluster's frames were mapped and described; an error if not
 * all. */
static guint
map_frames (GstRcRecordWriter *writer, const GstRcRecordCluster *cluster,
    GstMapInfo *maps, RcRecordFrame *frames, GError **error)
{
  for (guint i = 0; i < cluster->n_frames; i++) {
    const GstRcRecordFrame *frame = cluster->frames[i];

    if (!gst_buffer_map (frame->buffer, &maps[i], GST_MAP_READ)) {
      g_set_error_literal (error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
          "an encoder's frame cannot be read");
      return i;
    }
    describe_frame (writer, frame, &maps[i], &frames[i]);
  }
  return cluster->n_frames;
}

/* When the last image of the cluster's sets comes, ticks; 0: there is none. */
static guint64
note_sets (GstRcRecordWriter *writer, const GstRcRecordCluster *cluster)
{
  guint64 end = 0;

  for (guint i = 0; i < cluster->n_frames; i++) {
    const GstRcRecordFrame *frame = cluster->frames[i];
    OpenSet set = {.end = 0};

    if (frame->stream != RC_STREAM_METADATA)
      continue;
    memcpy (set.set, frame->set, sizeof set.set);
    for (guint j = 0; j < RC_N_STREAMS; j++) {
      if (GST_CLOCK_TIME_IS_VALID (set.set[j]))
        set.end = MAX (set.end, gst_rc_record_to_ticks (set.set[j]));
    }
    g_array_append_val (writer->open_sets, set);
    end = MAX (end, set.end);
  }
  return end;
}

static gboolean
write_frames (GstRcRecordWriter *writer, const GstRcRecordCluster *cluster,
    GError **error)
{
  GstMapInfo maps[GST_RC_RECORD_MAX_FRAMES];
  RcRecordFrame frames[GST_RC_RECORD_MAX_FRAMES];
  RcRecordCluster what = {.time = cluster->time,
      .is_entry = cluster->n_sets > 0 && cluster->is_key,
      .set_end = note_sets (writer, cluster),
      .frames = frames};
  gboolean ok;

  what.n_frames = map_frames (writer, cluster, maps, frames, error);
  ok = what.n_frames == cluster->n_frames
       && rc_record_file_write (writer->file, &what, error);
  for (guint i = 0; i < what.n_frames; i++)
    gst_buffer_unmap (cluster->frames[i]->buffer, &maps[i]);
  return ok;
}

/* FALSE after an error message. */
static gboolean
write_cluster (GstRcRecordWriter *writer, const GstRcRecordCluster *cluster)
{
  g_autoptr (GError) error = NULL;
  guint64 size;

  if (cluster->n_frames == 0)
    return TRUE;
  if (write_frames (writer, cluster, &error)) {
    writer->sets += cluster->n_sets;
    return TRUE;
  }
  post_error (writer, writer->path, TRUE, error);
  /* What is there gets an end, if there is room for one. */
  rc_record_file_close (g_steal_pointer (&writer->file),
      LAST_FRAME_TIME / RC_MATROSKA_TICK, &size, NULL);
  writer->closed_bytes += size;
  return FALSE;
}

/* ---- one file after the other ---- */

static RcRecordDecision
decide (GstRcRecordWriter *writer, const GstRcRecordCluster *cluster)
{
  RcRecordCandidate what = {cluster->time * RC_MATROSKA_TICK, cluster->bytes,
      cluster->n_sets > 0, cluster->is_key};

  if (writer->file == NULL || !fits_file (writer, cluster))
    return RC_RECORD_SPLIT;
  return rc_record_split_decide (
      &writer->split, &what, rc_record_file_get_size (writer->file));
}

static void
forget_sets (GstRcRecordWriter *writer, guint64 time)
{
  for (guint i = 0; i < writer->open_sets->len;) {
    if (g_array_index (writer->open_sets, OpenSet, i).end < time)
      g_array_remove_index (writer->open_sets, i);
    else
      i++;
  }
}

/* Its line is in the file, and it can be. */
static gboolean
is_of_file (const GstRcRecordWriter *writer, const GstRcRecordFrame *frame)
{
  if (frame->stream == RC_STREAM_METADATA
      || !gst_rc_track_format_is_equal (
          frame->format, writer->formats[frame->stream]))
    return FALSE;
  for (guint i = 0; i < writer->open_sets->len; i++) {
    if (g_array_index (writer->open_sets, OpenSet, i).set[frame->stream]
        == frame->time)
      return TRUE;
  }
  return FALSE;
}

/* What of the cluster belongs to the file that is open is written; the rest
 * waits. */
static gboolean
hold (GstRcRecordWriter *writer, GstRcRecordCluster *cluster)
{
  GstRcRecordCluster rest = {.is_key = cluster->is_key};
  gboolean ok;

  for (guint i = 0; i < cluster->n_frames;) {
    if (writer->file != NULL && is_of_file (writer, cluster->frames[i]))
      gst_rc_record_cluster_move (cluster, i, &rest);
    else
      i++;
  }
  g_queue_push_tail (&writer->held, g_memdup2 (cluster, sizeof *cluster));
  memset (cluster, 0, sizeof *cluster);
  ok = write_cluster (writer, &rest);
  gst_rc_record_cluster_clear (&rest);
  return ok;
}

/* The tracks of a file that begins with what is held. */
static void
choose_formats (
    GstRcRecordWriter *writer, GstRcTrackFormat *formats[RC_N_STREAMS])
{
  const GstRcRecordCluster *last = g_queue_peek_tail (&writer->held);

  memcpy (formats, last->formats, sizeof last->formats);
  for (GList *link = writer->held.tail; link != NULL; link = link->prev) {
    const GstRcRecordCluster *cluster = link->data;

    for (guint i = 0; i < cluster->n_frames; i++)
      formats[cluster->frames[i]->stream] = cluster->frames[i]->format;
  }
}

/* FALSE after an error message. */
static gboolean
begin_next_file (GstRcRecordWriter *writer, gboolean *ask)
{
  GstRcTrackFormat *formats[RC_N_STREAMS];
  GstRcRecordCluster *cluster = g_queue_peek_head (&writer->held);
  GQueue held;
  gboolean ok;

  *ask |= !cluster->is_key;
  choose_formats (writer, formats);
  /* Its first cluster is in it, however small the limit. */
  ok = close_file (writer) && open_file (writer, cluster->time, formats)
       && write_cluster (writer, cluster);
  cluster_free (g_queue_pop_head (&writer->held));
  held = writer->held;
  g_queue_init (&writer->held);
  while ((cluster = g_queue_pop_head (&held)) != NULL) {
    ok = ok && gst_rc_record_writer_write (writer, cluster, ask);
    cluster_free (cluster);
  }
  return ok;
}

gboolean
gst_rc_record_writer_write (
    GstRcRecordWriter *writer, GstRcRecordCluster *cluster, gboolean *ask)
{
  RcRecordDecision decision = RC_RECORD_SPLIT;

  forget_sets (writer, cluster->time);
  if (writer->held.head == NULL)
    decision = decide (writer, cluster);
  *ask |= decision == RC_RECORD_ASK;
  if (decision != RC_RECORD_SPLIT)
    return write_cluster (writer, cluster);
  if (!hold (writer, cluster))
    return FALSE;
  return writer->open_sets->len > 0 || begin_next_file (writer, ask);
}

gboolean
gst_rc_record_writer_close (GstRcRecordWriter *writer)
{
  gboolean ask, ok = TRUE;

  while (ok && writer->held.head != NULL)
    ok = begin_next_file (writer, &ask);
  return ok && close_file (writer);
}

const gchar *
gst_rc_record_writer_get_path (GstRcRecordWriter *writer)
{
  return writer->path;
}

guint
gst_rc_record_writer_get_n_files (GstRcRecordWriter *writer)
{
  return writer->n_files;
}

guint64
gst_rc_record_writer_get_bytes (GstRcRecordWriter *writer)
{
  return writer->closed_bytes
         + (writer->file ? rc_record_file_get_size (writer->file) : 0);
}
