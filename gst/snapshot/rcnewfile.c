/* SPDX-License-Identifier: LGPL-2.1-or-later */

#define _GNU_SOURCE /* renameat2 () */

#include "snapshot/rcnewfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Between two looks at @cancelled, bytes. */
#define PIECE_SIZE (1024 * 1024)

struct _RcNewFile {
  int folder;
  int fd; /* -1 when completed */
  gchar *stem;
  gchar *extension;
  const gint *cancelled;
  gchar *hidden_name;
  gchar *name; /* NULL until it was published */
};

G_DEFINE_QUARK (rc - new - file - error - quark, rc_new_file_error)

/* @otherwise: what it is where it is not a lack of space. */
static gboolean
fail (GError **error, RcNewFileError otherwise, const gchar *what)
{
  int code = errno;

  g_set_error (error, RC_NEW_FILE_ERROR,
      code == ENOSPC || code == EDQUOT || code == EFBIG
          ? RC_NEW_FILE_ERROR_NO_SPACE
          : otherwise,
      "%s: %s", what, g_strerror (code));
  return FALSE;
}

/* A name that no file has, also none that a killed process left. */
static int
open_hidden (int folder, gchar **name)
{
  static gint counter; /* atomic */

  for (;;) {
    g_autofree gchar *candidate = g_strdup_printf (
        ".rcsnapshot-%d-%d", (int)getpid (), g_atomic_int_add (&counter, 1));
    int fd = openat (
        folder, candidate, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

    if (fd >= 0) {
      *name = g_steal_pointer (&candidate);
      return fd;
    }
    if (errno != EEXIST && errno != EINTR)
      return -1;
  }
}

RcNewFile *
rc_new_file_create (int folder, const gchar *stem, const gchar *extension,
    const gint *cancelled, GError **error)
{
  g_autofree gchar *hidden_name = NULL;
  int fd = open_hidden (folder, &hidden_name);
  RcNewFile *self;

  if (fd < 0) {
    fail (error, RC_NEW_FILE_ERROR_OPEN, "cannot create a file");
    return NULL;
  }
  self = g_new0 (RcNewFile, 1);
  self->folder = folder;
  self->fd = fd;
  self->stem = g_strdup (stem);
  self->extension = g_strdup (extension);
  self->cancelled = cancelled;
  self->hidden_name = g_steal_pointer (&hidden_name);
  return self;
}

gboolean
rc_new_file_is_wanted (RcNewFile *self, GError **error)
{
  if (g_atomic_int_get (self->cancelled) == 0)
    return TRUE;
  g_set_error_literal (
      error, RC_NEW_FILE_ERROR, RC_NEW_FILE_ERROR_CANCELLED, "cancelled");
  return FALSE;
}

gboolean
rc_new_file_write (
    RcNewFile *self, gconstpointer data, gsize size, GError **error)
{
  const guint8 *at = data;

  g_return_val_if_fail (self->fd >= 0, FALSE);

  while (size > 0) {
    gssize written;

    if (!rc_new_file_is_wanted (self, error))
      return FALSE;
    written = write (self->fd, at, MIN (size, PIECE_SIZE));
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0)
      return fail (error, RC_NEW_FILE_ERROR_WRITE, "cannot write");
    at += written;
    size -= written;
  }
  return TRUE;
}

gboolean
rc_new_file_complete (RcNewFile *self, gboolean sync, GError **error)
{
  int fd = self->fd;

  g_return_val_if_fail (fd >= 0, FALSE);

  if (!rc_new_file_is_wanted (self, error))
    return FALSE;
  if (sync && fsync (fd) < 0)
    return fail (error, RC_NEW_FILE_ERROR_WRITE, "cannot sync");
  self->fd = -1;
  /* Network file systems tell here what they could not store. With EINTR the
   * file is closed. */
  if (close (fd) < 0 && errno != EINTR)
    return fail (error, RC_NEW_FILE_ERROR_WRITE, "cannot close");
  return TRUE;
}

/* Fails with EEXIST rather than to replace. */
static gboolean
rename_to_new (int folder, const gchar *from, const gchar *to)
{
  if (renameat2 (folder, from, folder, to, RENAME_NOREPLACE) == 0)
    return TRUE;
  if (errno != EINVAL && errno != ENOSYS)
    return FALSE;
  /* A file system, as NFS, that cannot: it has links, then. */
  if (linkat (folder, from, folder, to, 0) < 0)
    return FALSE;
  unlinkat (folder, from, 0);
  return TRUE;
}

/* FALSE with errno. */
static gboolean
publish (RcNewFile *self, guint number)
{
  g_autofree gchar *name =
      number == 0
          ? g_strdup_printf ("%s.%s", self->stem, self->extension)
          : g_strdup_printf ("%s_%u.%s", self->stem, number, self->extension);

  if (!rename_to_new (self->folder, self->hidden_name, name))
    return FALSE;
  self->name = g_steal_pointer (&name);
  return TRUE;
}

static void
unpublish (RcNewFile *self)
{
  if (renameat (self->folder, self->name, self->folder, self->hidden_name) == 0)
    g_clear_pointer (&self->name, g_free);
}

static gboolean
publish_all (RcNewFile *const *files, guint n_files, guint number)
{
  for (guint i = 0; i < n_files; i++) {
    int code;

    if (publish (files[i], number))
      continue;
    code = errno;
    while (i-- > 0)
      unpublish (files[i]);
    errno = code;
    return FALSE;
  }
  return TRUE;
}

gboolean
rc_new_files_publish (RcNewFile *const *files, guint n_files, GError **error)
{
  for (guint number = 0; number <= RC_NEW_FILE_MAX_NUMBER; number++) {
    if (publish_all (files, n_files, number))
      return TRUE;
    if (errno != EEXIST)
      return fail (
          error, RC_NEW_FILE_ERROR_OPEN, "cannot give a file its name");
  }
  g_set_error (error, RC_NEW_FILE_ERROR, RC_NEW_FILE_ERROR_EXISTS,
      "%s.%s and its numbers up to %d exist", files[0]->stem,
      files[0]->extension, RC_NEW_FILE_MAX_NUMBER);
  return FALSE;
}

const gchar *
rc_new_file_get_name (RcNewFile *self)
{
  return self->name;
}

void
rc_new_file_free (RcNewFile *self)
{
  if (self->fd >= 0)
    close (self->fd);
  if (self->name == NULL)
    unlinkat (self->folder, self->hidden_name, 0);
  g_free (self->stem);
  g_free (self->extension);
  g_free (self->hidden_name);
  g_free (self->name);
  g_free (self);
}
