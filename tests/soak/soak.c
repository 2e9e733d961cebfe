/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* An application that embeds rcgrpcsrc and gives it no rest: states, pads,
 * flushes, ends, and a camera that fails in every way that rcgrpc-sim knows,
 * at random from a seed, for a given time.
 *
 *   soak --seconds=1800 --seed=7 --simulator=build/tools/rcgrpc-sim
 *
 * Whatever must not be is printed with the seed and the last actions. Exit
 * status: 0 nothing was found, 1 something was, 2 could not begin.
 *
 * Threads: main acts; a meddler reads and sets properties and asks for the
 * latency meanwhile; a watchdog ends what hangs. The streaming threads run the
 * checks of soakcheck.c.
 */

#include "soaklog.h"
#include "soakpipeline.h"

#include <stdio.h>

/* Cycles until everything that is made once has been made. */
#define WARM_UP_CYCLES 25

/* Growth of what is resident in NULL, from the first quarter after the warm-up
 * to the last. Beyond it something is kept from cycle to cycle. */
#define RSS_BOUND (4 * 1024 * 1024)
#define MIN_RSS_SAMPLES 15

/* Threads and files that are on their way out may take this, µs. */
#define SETTLE_LIMIT ((SOAK_SANITIZED ? 20 : 5) * G_TIME_SPAN_SECOND)

#define MAX_ACTIONS 24
#define MAX_PAUSE 250 /* ms */

typedef struct {
  SoakCheck *check;
  SoakSim *sim;
  SoakCamera *camera; /* belongs to check; NULL: none runs */
  GRand *rand;
  SoakPipeline *pipeline; /* changed with meddler_lock */
  SoakPipelineFigures figures;

  guint n_cycles;
  guint n_kills, n_starts, n_halts;
  guint max_threads, max_fds;
  GArray *rss; /* guint64, at each quiescent point */

  GMutex meddler_lock;
  GCond meddler_changed;
  gboolean stopping;
  guint n_meddlings;
} Soak;

static struct {
  gint seconds;
  gint64 seed;
  gchar *simulator;
  gboolean verbose;
} options = {.seconds = 20, .seed = 1};

static const GOptionEntry option_entries[] = {
    {"seconds", 0, 0, G_OPTION_ARG_INT, &options.seconds, "How long (20)", "N"},
    {"seed", 0, 0, G_OPTION_ARG_INT64, &options.seed,
        "Of everything that is random (1)", "SEED"},
    {"simulator", 0, 0, G_OPTION_ARG_FILENAME, &options.simulator, "rcgrpc-sim",
        "FILE"},
    {"verbose", 0, 0, G_OPTION_ARG_NONE, &options.verbose, "Print the actions",
        NULL},
    {NULL},
};

/* ---- the camera ---- */

static void
tell_pipeline (Soak *soak)
{
  if (soak->pipeline != NULL)
    soak_pipeline_set_camera (
        soak->pipeline, soak_sim_is_running (soak->sim) ? soak->camera : NULL);
}

static void
kill_camera (Soak *soak)
{
  if (soak->camera == NULL)
    return;
  soak_sim_kill (soak->sim);
  soak->camera = NULL;
  soak->n_kills++;
  tell_pipeline (soak);
}

static void
start_camera (Soak *soak, gboolean faulty, gboolean move)
{
  SoakCamera *camera;

  kill_camera (soak);
  camera = soak_sim_start (soak->sim, soak->rand, faulty, move);
  if (camera == NULL)
    return;
  soak->n_starts++;
  soak->camera = camera;
  soak_check_add_camera (soak->check, camera);
  tell_pipeline (soak);
}

/* ---- actions ---- */

static RcStream
any_stream (Soak *soak)
{
  return g_rand_int_range (soak->rand, 0, RC_N_STREAMS);
}

static void
act_play (Soak *soak)
{
  soak_pipeline_set_state (soak->pipeline, GST_STATE_PLAYING);
}

static void
act_state (Soak *soak)
{
  GstState state =
      g_rand_int_range (soak->rand, GST_STATE_NULL, GST_STATE_PLAYING + 1);

  soak_pipeline_set_state (soak->pipeline, state);
  if (state <= GST_STATE_READY && g_rand_boolean (soak->rand))
    soak_pipeline_configure (soak->pipeline, soak_sim_get_port (soak->sim));
}

static void
act_request (Soak *soak)
{
  RcStream stream = any_stream (soak);

  soak_pipeline_request (soak->pipeline, stream);
  if (g_rand_int_range (soak->rand, 0, 4) > 0)
    soak_pipeline_link (soak->pipeline, stream);
}

static void
act_release (Soak *soak)
{
  soak_pipeline_release (soak->pipeline, any_stream (soak));
}

static void
act_link (Soak *soak)
{
  soak_pipeline_link (soak->pipeline, any_stream (soak));
}

static void
act_unlink (Soak *soak)
{
  soak_pipeline_unlink (soak->pipeline, any_stream (soak));
}

static void
act_flush (Soak *soak)
{
  soak_pipeline_flush (soak->pipeline);
}

static void
act_end (Soak *soak)
{
  soak_pipeline_send_eos (soak->pipeline);
  if (g_rand_boolean (soak->rand))
    soak_pipeline_expect_eos (soak->pipeline);
  soak_pipeline_set_state (soak->pipeline, GST_STATE_READY);
}

static void
act_kill (Soak *soak)
{
  kill_camera (soak);
}

static void
act_start (Soak *soak)
{
  start_camera (soak, FALSE, FALSE);
}

static void
act_start_faulty (Soak *soak)
{
  start_camera (soak, TRUE, FALSE);
}

static void
act_halt (Soak *soak)
{
  if (soak_sim_is_halted (soak->sim)) {
    soak_sim_go_on (soak->sim);
  } else if (soak->camera != NULL) {
    soak_sim_halt (soak->sim);
    soak->n_halts++;
  }
  tell_pipeline (soak);
}

static void
act_expect_sets (Soak *soak)
{
  soak_pipeline_expect_sets (soak->pipeline);
}

static struct {
  const gchar *name;
  guint weight;
  void (*act) (Soak *soak);
  guint count;
} actions[] = {
    {"PLAYING", 12, act_play, 0},
    {"any state", 4, act_state, 0},
    {"request a pad", 10, act_request, 0},
    {"release a pad", 5, act_release, 0},
    {"link", 6, act_link, 0},
    {"unlink", 6, act_unlink, 0},
    {"flush", 5, act_flush, 0},
    {"EOS and READY", 2, act_end, 0},
    {"kill the camera", 2, act_kill, 0},
    {"start a good camera", 5, act_start, 0},
    {"start a bad camera", 5, act_start_faulty, 0},
    {"halt the camera or go on", 4, act_halt, 0},
    {"expect sets", 10, act_expect_sets, 0},
};

static void
act_at_random (Soak *soak)
{
  guint sum = 0, dice, i;

  for (i = 0; i < G_N_ELEMENTS (actions); i++)
    sum += actions[i].weight;
  dice = g_rand_int_range (soak->rand, 0, sum);
  for (i = 0; dice >= actions[i].weight; i++)
    dice -= actions[i].weight;
  actions[i].count++;
  actions[i].act (soak);
}

/* ---- the meddler ---- */

static gpointer
meddle (gpointer data)
{
  Soak *soak = data;
  GRand *rand = g_rand_new_with_seed ((guint32)options.seed + 1);

  g_mutex_lock (&soak->meddler_lock);
  while (!soak->stopping) {
    gint64 until = g_get_monotonic_time ()
                   + g_rand_int_range (rand, 1, 30) * G_TIME_SPAN_MILLISECOND;

    if (soak->pipeline != NULL) {
      soak_pipeline_meddle (soak->pipeline, rand);
      soak->n_meddlings++;
    }
    g_cond_wait_until (&soak->meddler_changed, &soak->meddler_lock, until);
  }
  g_mutex_unlock (&soak->meddler_lock);
  g_rand_free (rand);
  return NULL;
}

static void
set_pipeline (Soak *soak, SoakPipeline *pipeline)
{
  g_mutex_lock (&soak->meddler_lock);
  soak->pipeline = pipeline;
  g_mutex_unlock (&soak->meddler_lock);
}

/* ---- quiescence ---- */

/* What is allowed is what the warm-up had at most. */
static void
check_count (Soak *soak, const gchar *what, guint (*count) (void),
    gchar *(*list) (void), guint *max)
{
  gint64 end = g_get_monotonic_time () + SETTLE_LIMIT;
  guint n = count ();

  if (soak->n_cycles <= WARM_UP_CYCLES) {
    *max = MAX (*max, n);
    return;
  }
  while (n > *max && g_get_monotonic_time () < end) {
    g_usleep (10 * G_TIME_SPAN_MILLISECOND);
    n = count ();
  }
  if (n > *max) {
    g_autofree gchar *all = list ();

    soak_violation ("%u %s in NULL, before at most %u: %s", n, what, *max, all);
    *max = n;
  }
}

static void
check_quiescence (Soak *soak)
{
  guint64 rss;

  soak_check_forget (soak->check, soak->camera);
  /* GLib keeps some for a while in case they are needed again. */
  g_thread_pool_stop_unused_threads ();
  check_count (soak, "threads", soak_count_threads, soak_list_threads,
      &soak->max_threads);
  check_count (soak, "files", soak_count_fds, soak_list_fds, &soak->max_fds);
  rss = soak_get_rss ();
  g_array_append_val (soak->rss, rss);
  soak_log ("in NULL: %.2f MiB", rss / 1048576.0);
}

static void
run_cycle (Soak *soak)
{
  guint n_actions = g_rand_int_range (soak->rand, 2, MAX_ACTIONS);

  soak->n_cycles++;
  soak_log ("cycle %u", soak->n_cycles);
  if (soak->camera == NULL || g_rand_boolean (soak->rand))
    start_camera (soak, g_rand_int_range (soak->rand, 0, 3) == 0,
        g_rand_boolean (soak->rand));
  if (soak->pipeline == NULL)
    set_pipeline (
        soak, soak_pipeline_new (soak->check, soak->rand, &soak->figures));
  tell_pipeline (soak);
  soak_pipeline_configure (soak->pipeline, soak_sim_get_port (soak->sim));

  for (guint i = g_rand_int_range (soak->rand, 0, 5); i > 0; i--)
    act_request (soak);
  if (g_rand_int_range (soak->rand, 0, 4) > 0)
    act_play (soak);
  for (guint i = 0; i < n_actions; i++) {
    act_at_random (soak);
    soak_pipeline_run (
        soak->pipeline, g_rand_int_range (soak->rand, 0, MAX_PAUSE));
  }

  soak_pipeline_set_state (soak->pipeline, GST_STATE_NULL);
  if (g_rand_boolean (soak->rand)) {
    SoakPipeline *pipeline = soak->pipeline;

    set_pipeline (soak, NULL);
    soak_pipeline_free (pipeline);
  }
  check_quiescence (soak);
}

/* ---- figures ---- */

static guint64
get_least (const GArray *sizes, guint from, guint n)
{
  guint64 least = G_MAXUINT64;

  for (guint i = 0; i < n; i++)
    least = MIN (least, g_array_index (sizes, guint64, from + i));
  return least;
}

/* It goes up and down by some MiB with what malloc () could give back; what is
 * kept from cycle to cycle lifts the least. */
static void
report_rss (Soak *soak)
{
  guint n = (soak->rss->len - MIN (soak->rss->len, WARM_UP_CYCLES)) / 4;
  guint64 first, last;

  if (SOAK_SANITIZED) {
    printf ("RSS: not looked at, with a sanitizer\n");
    return;
  }
  if (n < MIN_RSS_SAMPLES) {
    printf ("RSS: not looked at, too few cycles\n");
    return;
  }
  first = get_least (soak->rss, WARM_UP_CYCLES, n);
  last = get_least (soak->rss, soak->rss->len - n, n);
  printf ("RSS in NULL, the least: %.1f MiB in the first quarter after the "
          "warm-up, %.1f MiB in the last\n",
      first / 1048576.0, last / 1048576.0);
  if (last > first + RSS_BOUND)
    soak_violation ("RSS grew by more than %d MiB", RSS_BOUND / 1048576);
}

static void
report (Soak *soak, gdouble seconds)
{
  const SoakPipelineFigures *figures = &soak->figures;
  SoakCheckFigures checked;

  soak_check_get_figures (soak->check, &checked);
  printf ("seed %u, %.0f s, %u cycles\nactions:", (guint32)options.seed,
      seconds, soak->n_cycles);
  for (guint i = 0; i < G_N_ELEMENTS (actions); i++)
    printf ("%s %s %u", i ? "," : "", actions[i].name, actions[i].count);
  printf (", meddlings %u\nfaults: start %u, kill %u, halt %u",
      soak->n_meddlings, soak->n_starts, soak->n_kills, soak->n_halts);
  for (guint i = 0; i < SIM_N_FAULT_KINDS; i++)
    printf (", %s %u", soak_sim_name_fault (i),
        soak_sim_count_faults (soak->sim, i));
  printf ("\nsets: %" G_GUINT64_FORMAT " received, %" G_GUINT64_FORMAT
          " messages rejected, %" G_GUINT64_FORMAT " reconnects, %u errors as "
          "expected\n",
      figures->sets, figures->rejected, figures->reconnects, figures->errors);
  printf ("checked: %" G_GUINT64_FORMAT
          " images byte by byte, %" G_GUINT64_FORMAT
          " meshes, %" G_GUINT64_FORMAT
          " lines; not comparable %" G_GUINT64_FORMAT "\n",
      checked.images, checked.meshes, checked.lines, checked.corrupted);
  printf ("images: %" G_GUINT64_FORMAT
          " dropped and counted; of %" G_GUINT64_FORMAT
          " in closed accounts %" G_GUINT64_FORMAT " lost without a counter\n",
      figures->dropped, figures->account.images, figures->account.lost);
  printf ("worst stop %.3f s, worst release of a pad %.3f s\n",
      figures->worst_stop / 1e6, figures->worst_release / 1e6);
  printf ("threads in NULL %u, files %u\n", soak->max_threads, soak->max_fds);
}

static void
run (Soak *soak)
{
  gint64 start = g_get_monotonic_time ();
  gint64 end = start + options.seconds * G_TIME_SPAN_SECOND;
  GThread *meddler = g_thread_new ("soak-meddler", meddle, soak);

  while (g_get_monotonic_time () < end)
    run_cycle (soak);

  if (soak->pipeline != NULL) {
    SoakPipeline *pipeline = soak->pipeline;

    set_pipeline (soak, NULL);
    soak_pipeline_free (pipeline);
  }
  g_mutex_lock (&soak->meddler_lock);
  soak->stopping = TRUE;
  g_cond_signal (&soak->meddler_changed);
  g_mutex_unlock (&soak->meddler_lock);
  g_thread_join (meddler);
  kill_camera (soak);
  report (soak, (g_get_monotonic_time () - start) / 1e6);
  report_rss (soak);
}

static gboolean
parse_options (int argc, char **argv)
{
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;

  g_option_context_add_main_entries (context, option_entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    fprintf (stderr, "soak: %s\n", error->message);
  else if (options.simulator == NULL)
    fprintf (stderr, "soak: --simulator is needed\n");
  else
    return TRUE;
  return FALSE;
}

int
main (int argc, char **argv)
{
  Soak soak = {0};
  guint n_violations;

  gst_init (NULL, NULL);
  if (!parse_options (argc, argv))
    return 2;
  soak.rand = g_rand_new_with_seed ((guint32)options.seed);
  soak.check = soak_check_new ();
  soak.sim = soak_sim_new (options.simulator);
  soak.rss = g_array_new (FALSE, FALSE, sizeof (guint64));
  soak_log_start ((guint32)options.seed, options.verbose);
  run (&soak);
  soak_log_stop ();
  n_violations = soak_log_count_violations ();
  printf ("%u violations\n", n_violations);

  g_array_unref (soak.rss);
  soak_sim_free (soak.sim);
  soak_check_free (soak.check);
  g_rand_free (soak.rand);
  g_free (options.simulator);
  gst_deinit ();
  return n_violations > 0;
}
