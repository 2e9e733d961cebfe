/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "soaklog.h"

#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if SOAK_SANITIZED
#include <sanitizer/common_interface_defs.h>
#endif

#define N_LINES 200
#define LINE_SIZE 160

/* Of one cause there are often many. */
#define MAX_PRINTED 20

/* What a wait may take beyond its limit before nothing else is to be expected
 * of it. */
#define HANG_TIME ((SOAK_SANITIZED ? 90 : 30) * G_TIME_SPAN_SECOND)

static struct {
  GMutex lock;
  GCond changed;
  GThread *watchdog;
  guint32 seed;
  gboolean verbose;
  gint64 start;

  /* lock */
  gchar lines[N_LINES][LINE_SIZE];
  guint n_lines;
  guint n_violations;
  const gchar *waits_for; /* NULL: for nothing */
  gint64 wait_start;
  gint64 wait_limit;
  gboolean stopping;
} state;

/* Without a lock, stdio or memory of its own: also for a crash. */
static void
print_lines (void)
{
  guint first = state.n_lines > N_LINES ? state.n_lines - N_LINES : 0;
  static const gchar title[] = "the last actions:\n";

  if (write (STDERR_FILENO, title, strlen (title)) < 0)
    return;
  for (guint i = first; i < state.n_lines; i++) {
    const gchar *line = state.lines[i % N_LINES];

    if (write (STDERR_FILENO, line, strlen (line)) < 0)
      return;
  }
}

static void
print_crash (void)
{
  static const gchar text[] = "CRASH. ";

  if (write (STDERR_FILENO, text, strlen (text)) < 0)
    return;
  print_lines ();
}

#if !SOAK_SANITIZED
static void
on_crash (int number)
{
  print_crash ();
  signal (number, SIG_DFL);
  raise (number);
}
#endif

static void
watch_crashes (void)
{
#if SOAK_SANITIZED
  __sanitizer_set_death_callback (print_crash);
#else
  const int numbers[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP};

  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    signal (numbers[i], on_crash);
#endif
}

static gpointer
watch_waits (gpointer data)
{
  g_mutex_lock (&state.lock);
  while (!state.stopping) {
    gint64 now = g_get_monotonic_time ();

    if (state.waits_for != NULL
        && now > state.wait_start + state.wait_limit + HANG_TIME) {
      fprintf (stderr, "VIOLATION (seed %u): HANGS in %s for %.1f s\n",
          state.seed, state.waits_for, (now - state.wait_start) / 1e6);
      print_lines ();
      abort ();
    }
    g_cond_wait_until (&state.changed, &state.lock, now + G_TIME_SPAN_SECOND);
  }
  g_mutex_unlock (&state.lock);
  return NULL;
}

void
soak_log_start (guint32 seed, gboolean verbose)
{
  state.seed = seed;
  state.verbose = verbose;
  state.start = g_get_monotonic_time ();
  watch_crashes ();
  state.watchdog = g_thread_new ("soak-watchdog", watch_waits, NULL);
}

void
soak_log_stop (void)
{
  g_mutex_lock (&state.lock);
  state.stopping = TRUE;
  g_cond_signal (&state.changed);
  g_mutex_unlock (&state.lock);
  g_thread_join (state.watchdog);
}

static void
add_line_unlocked (const gchar *text)
{
  gchar *line = state.lines[state.n_lines % N_LINES];

  g_snprintf (line, LINE_SIZE, "%9.3f %.*s\n",
      (g_get_monotonic_time () - state.start) / 1e6, LINE_SIZE - 14, text);
  state.n_lines++;
  if (state.verbose)
    fputs (line, stderr);
}

void
soak_log (const gchar *format, ...)
{
  g_autofree gchar *text = NULL;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_mutex_lock (&state.lock);
  add_line_unlocked (text);
  g_mutex_unlock (&state.lock);
}

void
soak_violation (const gchar *format, ...)
{
  g_autofree gchar *text = NULL;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_mutex_lock (&state.lock);
  if (++state.n_violations <= MAX_PRINTED) {
    fprintf (stderr, "VIOLATION (seed %u): %s\n", state.seed, text);
    if (!state.verbose)
      print_lines ();
  }
  add_line_unlocked (text);
  g_mutex_unlock (&state.lock);
}

guint
soak_log_count_violations (void)
{
  guint n;

  g_mutex_lock (&state.lock);
  n = state.n_violations;
  g_mutex_unlock (&state.lock);
  return n;
}

void
soak_wait_begin (const gchar *what, gint64 limit)
{
  g_mutex_lock (&state.lock);
  state.waits_for = what;
  state.wait_start = g_get_monotonic_time ();
  state.wait_limit = limit;
  g_mutex_unlock (&state.lock);
}

gint64
soak_wait_end (void)
{
  const gchar *what;
  gint64 taken, limit;

  g_mutex_lock (&state.lock);
  what = state.waits_for;
  limit = state.wait_limit;
  taken = g_get_monotonic_time () - state.wait_start;
  state.waits_for = NULL;
  g_mutex_unlock (&state.lock);
  if (taken > limit)
    soak_violation (
        "%s took %.3f s, allowed are %.3f", what, taken / 1e6, limit / 1e6);
  return taken;
}

/* ---- what the process holds ---- */

guint64
soak_get_rss (void)
{
  g_autofree gchar *text = NULL;
  const gchar *field;

  malloc_trim (0);
  if (!g_file_get_contents ("/proc/self/status", &text, NULL, NULL))
    return 0;
  field = strstr (text, "VmRSS:");
  return field ? g_ascii_strtoull (field + 6, NULL, 10) * 1024 : 0;
}

static guint
count_entries (const gchar *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  guint n = 0;

  while (dir != NULL && g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

guint
soak_count_fds (void)
{
  return count_entries ("/proc/self/fd");
}

guint
soak_count_threads (void)
{
  return count_entries ("/proc/self/task");
}

static gchar *
describe_counts (GHashTable *counts)
{
  GString *text = g_string_new (NULL);
  GHashTableIter iter;
  gpointer name, count;

  g_hash_table_iter_init (&iter, counts);
  while (g_hash_table_iter_next (&iter, &name, &count))
    g_string_append_printf (text, "%s%s (%u)", text->len ? ", " : "",
        (const gchar *)name, GPOINTER_TO_UINT (count));
  return g_string_free (text, FALSE);
}

static void
count_name (GHashTable *counts, gchar *name)
{
  guint n = GPOINTER_TO_UINT (g_hash_table_lookup (counts, name));

  g_hash_table_insert (counts, name, GUINT_TO_POINTER (n + 1));
}

gchar *
soak_list_threads (void)
{
  g_autoptr (GHashTable) counts =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/task", 0, NULL);
  const gchar *id;

  while (dir != NULL && (id = g_dir_read_name (dir)) != NULL) {
    g_autofree gchar *path = g_strdup_printf ("/proc/self/task/%s/comm", id);
    gchar *name = NULL;

    if (g_file_get_contents (path, &name, NULL, NULL))
      count_name (counts, g_strchomp (name));
  }
  return describe_counts (counts);
}

gchar *
soak_list_fds (void)
{
  g_autoptr (GHashTable) counts =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  const gchar *id;

  while (dir != NULL && (id = g_dir_read_name (dir)) != NULL) {
    g_autofree gchar *path = g_strdup_printf ("/proc/self/fd/%s", id);
    gchar *target = g_file_read_link (path, NULL);

    if (target != NULL) {
      /* "socket:[123]" is a socket. */
      if (strchr (target, '[') != NULL)
        *strchr (target, '[') = '\0';
      count_name (counts, target);
    }
  }
  return describe_counts (counts);
}
