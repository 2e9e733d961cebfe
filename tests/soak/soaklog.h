/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the soak writes down: its actions, the violations, what it waits for,
 * and what the process holds. All can be called from any thread but those of
 * waits, which belong to the main thread. */

#pragma once

#include <glib.h>

/* Sanitizers make everything some times slower, and hold memory of their own.
 */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SOAK_SANITIZED 1
#else
#define SOAK_SANITIZED 0
#endif

/* @verbose: print each action, too. Starts the watchdog. */
void soak_log_start (guint32 seed, gboolean verbose);
void soak_log_stop (void);

/* An action, for the log that comes with a violation. */
void soak_log (const gchar *format, ...) G_GNUC_PRINTF (1, 2);

/* Prints it with the seed and the last actions. */
void soak_violation (const gchar *format, ...) G_GNUC_PRINTF (1, 2);
guint soak_log_count_violations (void);

/* From here to soak_wait_end () @limit may pass, µs: more is a violation, and
 * far more ends the program with what it waited for. */
void soak_wait_begin (const gchar *what, gint64 limit);

/* How long it took, µs. */
gint64 soak_wait_end (void);

/* Of this process. */
guint64 soak_get_rss (void); /* bytes, what free () kept given back */
guint soak_count_fds (void);
guint soak_count_threads (void);

/* "name (count), …", for a violation. */
gchar *soak_list_threads (void);
gchar *soak_list_fds (void);
