/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Files that are under their names whole, or not at all: written under a hidden
 * name in the same folder, and then renamed to a name that is free. */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define RC_NEW_FILE_ERROR (rc_new_file_error_quark ())
GQuark rc_new_file_error_quark (void);

/**
 * RcNewFileError:
 * @RC_NEW_FILE_ERROR_OPEN: the folder takes no new file
 * @RC_NEW_FILE_ERROR_WRITE: the file cannot be written to
 * @RC_NEW_FILE_ERROR_NO_SPACE: disk or quota are full, or a file cannot be
 *   that large
 * @RC_NEW_FILE_ERROR_EXISTS: the name and all its numbers are taken
 * @RC_NEW_FILE_ERROR_CANCELLED: somebody wants this to end
 */
typedef enum {
  RC_NEW_FILE_ERROR_OPEN,
  RC_NEW_FILE_ERROR_WRITE,
  RC_NEW_FILE_ERROR_NO_SPACE,
  RC_NEW_FILE_ERROR_EXISTS,
  RC_NEW_FILE_ERROR_CANCELLED,
} RcNewFileError;

/* "image", "image_1", "image_2" … before the extension, up to this number. */
#define RC_NEW_FILE_MAX_NUMBER 9999

typedef struct _RcNewFile RcNewFile;

/* An empty file in @folder, a file descriptor, which must stay open, that is to
 * be called @stem.@extension. @cancelled: ends writing when it becomes other
 * than 0; it is read atomically. */
RcNewFile *rc_new_file_create (int folder, const gchar *stem,
    const gchar *extension, const gint *cancelled, GError **error);

/* FALSE with an error when it was cancelled. */
gboolean rc_new_file_is_wanted (RcNewFile *self, GError **error);

gboolean rc_new_file_write (
    RcNewFile *self, gconstpointer data, gsize size, GError **error);

/* Nothing more is written. @sync: wait until the disk has it. */
gboolean rc_new_file_complete (RcNewFile *self, gboolean sync, GError **error);

/* Gives completed files their names: with the same number all of them, and
 * without one if all are free. All or none. */
gboolean rc_new_files_publish (
    RcNewFile *const *files, guint n_files, GError **error);

/* The name that it was published under, without the folder. */
const gchar *rc_new_file_get_name (RcNewFile *self);

/* What was not published is removed. */
void rc_new_file_free (RcNewFile *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcNewFile, rc_new_file_free)

G_END_DECLS
