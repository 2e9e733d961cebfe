/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "recording/rcrecordfile.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <limits.h>
#include <sys/uio.h>
#include <unistd.h>

#include "config.h"

#define APPLICATION "gst-rcgrpc " VERSION
/* Vectors in one call of the system, which takes no more. */
#define MAX_VECTORS 64

typedef struct {
  guint64 end;      /* ticks */
  guint64 position; /* of the cluster with its line */
} OpenSet;

struct _RcRecordFile {
  int fd;
  guint64 size;
  RcMatroskaPlaces places;
  GArray *cues;      /* RcMatroskaCue */
  GByteArray *heads; /* of a cluster and its blocks; kept for its memory */
  GArray *sets;      /* OpenSet, whose images are not all written */
  gboolean has_time;
  guint64 first_time, last_time; /* ticks */
};

static void
take_errno (GError **error)
{
  /* A quota, and a file that would become too large, are the same to a user. */
  gint code = errno == EDQUOT || errno == EFBIG ? ENOSPC : errno;

  g_set_error_literal (
      error, G_FILE_ERROR, g_file_error_from_errno (code), g_strerror (code));
}

static gboolean
write_vectors (
    RcRecordFile *file, struct iovec *vectors, guint n, GError **error)
{
  while (n > 0) {
    gssize written = writev (file->fd, vectors, MIN (n, MAX_VECTORS));

    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0) {
      take_errno (error);
      return FALSE;
    }
    file->size += written;
    while (n > 0 && (gsize)written >= vectors->iov_len) {
      written -= vectors->iov_len;
      vectors++;
      n--;
    }
    if (n > 0) {
      vectors->iov_base = (guint8 *)vectors->iov_base + written;
      vectors->iov_len -= written;
    }
  }
  return TRUE;
}

static gboolean
write_bytes (RcRecordFile *file, GByteArray *bytes, GError **error)
{
  struct iovec vector = {bytes->data, bytes->len};

  return write_vectors (file, &vector, 1, error);
}

static gboolean
overwrite (
    RcRecordFile *file, GByteArray *bytes, guint64 position, GError **error)
{
  gsize done = 0;

  while (done < bytes->len) {
    gssize written = pwrite (
        file->fd, bytes->data + done, bytes->len - done, position + done);

    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0) {
      take_errno (error);
      return FALSE;
    }
    done += written;
  }
  g_byte_array_set_size (bytes, 0);
  return TRUE;
}

/* Takes back what was written in part. */
static void
cut (RcRecordFile *file, guint64 size)
{
  if (ftruncate (file->fd, size) == 0 && lseek (file->fd, size, SEEK_SET) >= 0)
    file->size = size;
}

static void
free_file (RcRecordFile *file)
{
  g_array_unref (file->cues);
  g_array_unref (file->sets);
  g_byte_array_unref (file->heads);
  g_free (file);
}

gboolean
rc_record_file_can_open (const gchar *path, GError **error)
{
  int fd = g_open (path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

  if (fd >= 0) {
    g_unlink (path);
  } else if (errno == EEXIST) {
    /* Of a pipe without a reader it would wait for one. */
    fd = g_open (path, O_WRONLY | O_NONBLOCK | O_CLOEXEC, 0);
  }
  if (fd < 0) {
    take_errno (error);
    return FALSE;
  }
  close (fd);
  return TRUE;
}

RcRecordFile *
rc_record_file_open (const gchar *path, const RcMatroskaTrack *tracks,
    guint n_tracks, GError **error)
{
  g_autoptr (GByteArray) head = g_byte_array_new ();
  int fd = g_open (path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  RcRecordFile *file;

  if (fd < 0) {
    take_errno (error);
    return NULL;
  }
  file = g_new0 (RcRecordFile, 1);
  file->fd = fd;
  file->cues = g_array_new (FALSE, FALSE, sizeof (RcMatroskaCue));
  file->sets = g_array_new (FALSE, FALSE, sizeof (OpenSet));
  file->heads = g_byte_array_new ();
  rc_matroska_put_head (head, tracks, n_tracks, APPLICATION, &file->places);
  if (write_bytes (file, head, error))
    return file;
  close (fd);
  free_file (file);
  return NULL;
}

static void
note_time (RcRecordFile *file, guint64 time)
{
  file->first_time = file->has_time ? MIN (file->first_time, time) : time;
  file->last_time = file->has_time ? MAX (file->last_time, time) : time;
  file->has_time = TRUE;
}

/* The heads lie one behind the other in one array, whose place is known only
 * when all are in it. */
static gboolean
write_cluster (RcRecordFile *file, guint cluster_head,
    const RcRecordFrame *frames, guint n, GError **error)
{
  g_autofree struct iovec *vectors = g_new (struct iovec, 1 + 2 * n);
  guint8 *head = file->heads->data;
  guint n_vectors = 0;

  vectors[n_vectors++] = (struct iovec){head, cluster_head};
  head += cluster_head;
  for (guint i = 0; i < n; i++) {
    const RcMatroskaBlock *block = &frames[i].block;
    gsize length = rc_matroska_get_block_size (block) - block->size;

    vectors[n_vectors++] = (struct iovec){head, length};
    head += length;
    if (block->size > 0)
      vectors[n_vectors++] =
          (struct iovec){(guint8 *)frames[i].data, block->size};
  }
  return write_vectors (file, vectors, n_vectors, error);
}

/* Images of two sets can be at the same time: who begins with the later one needs
 * the line of the earlier one, too. */
static guint64
find_entry (RcRecordFile *file, guint64 time, guint64 position)
{
  for (guint i = 0; i < file->sets->len;) {
    if (g_array_index (file->sets, OpenSet, i).end < time)
      g_array_remove_index (file->sets, i);
    else
      i++;
  }
  return file->sets->len > 0 ? g_array_index (file->sets, OpenSet, 0).position
                             : position;
}

/* Players go by the first track, an image's. */
static guint
find_first_track (const RcRecordCluster *cluster)
{
  guint first = cluster->frames[0].block.track;

  for (guint i = 1; i < cluster->n_frames; i++)
    first = MIN (first, cluster->frames[i].block.track);
  return first;
}

static void
note_cluster (
    RcRecordFile *file, const RcRecordCluster *cluster, guint64 position)
{
  RcMatroskaCue cue = {cluster->time,
      find_entry (file, cluster->time, position), find_first_track (cluster)};
  OpenSet set = {cluster->set_end, position};

  if (cluster->is_entry)
    g_array_append_val (file->cues, cue);
  if (cluster->set_end > cluster->time)
    g_array_append_val (file->sets, set);
  note_time (file, cluster->time);
}

gboolean
rc_record_file_write (
    RcRecordFile *file, const RcRecordCluster *cluster, GError **error)
{
  guint64 size = 0, position = file->size;
  guint cluster_head;

  for (guint i = 0; i < cluster->n_frames; i++)
    size += rc_matroska_get_block_size (&cluster->frames[i].block);
  g_byte_array_set_size (file->heads, 0);
  rc_matroska_put_cluster (file->heads, cluster->time, size);
  cluster_head = file->heads->len;
  for (guint i = 0; i < cluster->n_frames; i++)
    rc_matroska_put_block (file->heads, &cluster->frames[i].block);
  if (!write_cluster (
          file, cluster_head, cluster->frames, cluster->n_frames, error)) {
    cut (file, position);
    return FALSE;
  }
  note_cluster (file, cluster, position);
  return TRUE;
}

guint64
rc_record_file_get_size (const RcRecordFile *file)
{
  return file->size;
}

/* Where the index begins; 0: there is none. */
static gboolean
write_cues (RcRecordFile *file, guint64 *position, GError **error)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();

  *position = 0;
  if (file->cues->len == 0)
    return TRUE;
  rc_matroska_put_cues (bytes, &file->places,
      &g_array_index (file->cues, RcMatroskaCue, 0), file->cues->len);
  *position = file->size;
  if (write_bytes (file, bytes, error))
    return TRUE;
  cut (file, *position);
  *position = 0;
  return FALSE;
}

/* That needs no further space. */
static gboolean
fill_places (
    RcRecordFile *file, guint64 frame_time, guint64 cues, GError **error)
{
  const RcMatroskaPlaces *places = &file->places;
  g_autoptr (GByteArray) bytes = g_byte_array_new ();

  rc_matroska_put_duration (
      bytes, file->last_time - file->first_time + frame_time);
  if (!overwrite (file, bytes, places->duration, error))
    return FALSE;
  rc_matroska_put_seek_head (bytes, places, cues);
  if (!overwrite (file, bytes, rc_matroska_get_seek_head_place (places), error))
    return FALSE;
  rc_matroska_put_size (bytes, places, file->size);
  return overwrite (file, bytes, rc_matroska_get_size_place (places), error);
}

gboolean
rc_record_file_close (
    RcRecordFile *file, guint64 frame_time, guint64 *size, GError **error)
{
  guint64 cues;
  gboolean ok = write_cues (file, &cues, error);

  ok = fill_places (file, frame_time, cues, ok ? error : NULL) && ok;
  if (close (file->fd) != 0 && ok) {
    take_errno (error);
    ok = FALSE;
  }
  *size = file->size;
  free_file (file);
  return ok;
}
