/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "recording/gstrcrecordwriter.h"

#include "recording/rcrecordfile.h"
#include "recording/rcrecordsplit.h"

GST_DEBUG_CATEGORY_EXTERN (gst_rc_recorder_debug);
#define GST_CAT_DEFAULT gst_rc_recorder_debug

/* How long the last image of a file is seen. */
#define LAST_FRAME_TIME (40 * GST_MSECOND)

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
  return writer;
}

void
gst_rc_record_writer_free (GstRcRecordWriter *writer)
{
  gst_rc_record_writer_close (writer);
  for (guint i = 0; i < RC_N_STREAMS; i++)
    gst_rc_track_format_replace (&writer->formats[i], NULL);
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

gboolean
gst_rc_record_writer_close (GstRcRecordWriter *writer)
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
open_file (GstRcRecordWriter *writer, const GstRcRecordCluster *cluster)
{
  g_autoptr (GError) error = NULL;
  RcMatroskaTrack tracks[RC_N_STREAMS];
  guint n_tracks = 0;

  for (guint i = 0; i < RC_N_STREAMS; i++) {
    gst_rc_track_format_replace (&writer->formats[i], cluster->formats[i]);
    if (cluster->formats[i] == NULL)
      continue;
    gst_rc_track_format_describe (
        cluster->formats[i], rc_stream_to_string (i), &tracks[n_tracks]);
    writer->numbers[i] = ++n_tracks;
  }
  g_free (writer->path);
  writer->path = rc_record_split_get_path (writer->location, writer->n_files++);
  writer->sets = 0;
  rc_record_split_begin (&writer->split, cluster->time * RC_MATROSKA_TICK);
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

/* FALSE after an error message. */
static gboolean
choose_file (
    GstRcRecordWriter *writer, const GstRcRecordCluster *cluster, gboolean *ask)
{
  RcRecordCandidate what = {cluster->time * RC_MATROSKA_TICK, cluster->bytes,
      cluster->n_sets > 0, cluster->is_key};
  RcRecordDecision decision = RC_RECORD_SPLIT;

  if (writer->file != NULL && fits_file (writer, cluster))
    decision = rc_record_split_decide (
        &writer->split, &what, rc_record_file_get_size (writer->file));
  *ask = decision == RC_RECORD_ASK
         || (decision == RC_RECORD_SPLIT && !cluster->is_key);
  return decision != RC_RECORD_SPLIT
         || (gst_rc_record_writer_close (writer)
             && open_file (writer, cluster));
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

static gboolean
write_frames (GstRcRecordWriter *writer, const GstRcRecordCluster *cluster,
    GError **error)
{
  GstMapInfo maps[GST_RC_RECORD_MAX_FRAMES];
  RcRecordFrame frames[GST_RC_RECORD_MAX_FRAMES];
  RcRecordCluster what = {.time = cluster->time,
      .is_entry = cluster->n_sets > 0 && cluster->is_key,
      .set_end = cluster->set_end,
      .frames = frames};
  gboolean ok;

  what.n_frames = map_frames (writer, cluster, maps, frames, error);
  ok = what.n_frames == cluster->n_frames
       && rc_record_file_write (writer->file, &what, error);
  for (guint i = 0; i < what.n_frames; i++)
    gst_buffer_unmap (cluster->frames[i]->buffer, &maps[i]);
  return ok;
}

gboolean
gst_rc_record_writer_write (
    GstRcRecordWriter *writer, const GstRcRecordCluster *cluster, gboolean *ask)
{
  g_autoptr (GError) error = NULL;
  guint64 size;

  if (!choose_file (writer, cluster, ask))
    return FALSE;
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
