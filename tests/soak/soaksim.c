/* SPDX-License-Identifier: LGPL-2.1-or-later */

#define _GNU_SOURCE

#include "soaksim.h"
#include "soaklog.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Until a simulator listens. */
#define START_LIMIT ((SOAK_SANITIZED ? 60 : 15) * G_TIME_SPAN_SECOND)
#define KILL_LIMIT (10 * G_TIME_SPAN_SECOND)

#define MAX_ARGUMENTS 16

struct _SoakSim {
  gchar *path;
  guint16 port; /* 0 before the first */
  pid_t pid;    /* 0: none runs */
  gboolean halted;
  guint counts[SIM_N_FAULT_KINDS];
};

static const struct {
  guint width, height;
} sizes[] = {{64, 64}, {128, 96}, {200, 150}, {320, 240}};

guint64
soak_capture_of (guint64 number)
{
  return (number - 1) * 1e9 / SOAK_FPS + 0.5;
}

SoakSim *
soak_sim_new (const gchar *path)
{
  SoakSim *sim = g_new0 (SoakSim, 1);

  sim->path = g_strdup (path);
  return sim;
}

void
soak_sim_free (SoakSim *sim)
{
  soak_sim_kill (sim);
  g_free (sim->path);
  g_free (sim);
}

/* ---- faults ---- */

static const gchar *const kind_names[] = {
    [SIM_FAULT_CLOSE] = "close",
    [SIM_FAULT_RESET] = "reset",
    [SIM_FAULT_RESTART] = "restart",
    [SIM_FAULT_STALL] = "stall",
    [SIM_FAULT_SLOW] = "slow",
    [SIM_FAULT_STATUS] = "status",
    [SIM_FAULT_DROP_SETS] = "drop-sets",
    [SIM_FAULT_REORDER] = "reorder",
    [SIM_FAULT_DUPLICATE] = "duplicate",
    [SIM_FAULT_RESIZE] = "resize",
    [SIM_FAULT_CLOCK_JUMP] = "clock-jump",
    [SIM_FAULT_LIE] = "lie",
    [SIM_FAULT_CORRUPT] = "corrupt",
    [SIM_FAULT_TRUNCATE] = "truncate",
    [SIM_FAULT_HUGE] = "huge",
};
G_STATIC_ASSERT (G_N_ELEMENTS (kind_names) == SIM_N_FAULT_KINDS);

const gchar *
soak_sim_name_fault (SimFaultKind kind)
{
  return kind_names[kind];
}

/* Where a fault strikes. */
static gchar *
make_occasion (GRand *rand)
{
  if (g_rand_boolean (rand))
    return g_strdup_printf ("at=%d,calls=all", g_rand_int_range (rand, 1, 20));
  return g_strdup_printf ("every=%d,calls=all", g_rand_int_range (rand, 1, 15));
}

static gchar *
make_details (GRand *rand, SimFaultKind kind, SoakCamera *camera)
{
  guint size;

  switch (kind) {
  case SIM_FAULT_CLOSE:
  case SIM_FAULT_RESET:
    return g_rand_boolean (rand) ? g_strdup ("")
                                 : g_strdup_printf (",bytes=%d",
                                     g_rand_int_range (rand, 1, 9000));
  case SIM_FAULT_RESTART:
    return g_strdup_printf (",for=0.%d", g_rand_int_range (rand, 1, 10));
  case SIM_FAULT_STALL:
    return g_strdup_printf (",for=%d.5,dead=%s", g_rand_int_range (rand, 0, 4),
        g_rand_boolean (rand) ? "true" : "false");
  case SIM_FAULT_SLOW:
    return g_strdup_printf (",for=1,rate=%dk", g_rand_int_range (rand, 1, 500));
  case SIM_FAULT_STATUS:
    return g_strdup_printf (",code=%d", g_rand_int_range (rand, 0, 17));
  case SIM_FAULT_RESIZE:
    size = g_rand_int_range (rand, 0, G_N_ELEMENTS (sizes));
    camera->other_width = sizes[size].width;
    camera->other_height = sizes[size].height;
    return g_strdup_printf (
        ",size=%ux%u", camera->other_width, camera->other_height);
  case SIM_FAULT_CLOCK_JUMP:
    return g_rand_boolean (rand) ? g_strdup (",to=1970")
                                 : g_strdup_printf (",by=%d",
                                     g_rand_int_range (rand, -4000, 4000));
  case SIM_FAULT_LIE:
    return g_strdup_printf (",which=%s",
        sim_lie_to_string (g_rand_int_range (rand, 0, SIM_N_LIES)));
  case SIM_FAULT_CORRUPT:
    return g_strdup_printf (",rate=1e-%d,seed=%u",
        g_rand_int_range (rand, 4, 6), g_rand_int (rand));
  case SIM_FAULT_TRUNCATE:
    return g_strdup_printf (",bytes=%d%s", g_rand_int_range (rand, 0, 9000),
        g_rand_boolean (rand) ? ",frame=true" : "");
  case SIM_FAULT_HUGE:
    return g_strdup_printf (",bytes=%d,gzip=%s", SOAK_MAX_MESSAGE_SIZE * 2,
        g_rand_boolean (rand) ? "true" : "false");
  default:
    return g_strdup ("");
  }
}

static gboolean
is_harmless (SimFaultKind kind)
{
  switch (kind) {
  case SIM_FAULT_DROP_SETS:
  case SIM_FAULT_REORDER:
  case SIM_FAULT_DUPLICATE:
  case SIM_FAULT_RESIZE:
  case SIM_FAULT_CLOCK_JUMP:
    return TRUE;
  default:
    return FALSE;
  }
}

static gchar *
make_fault (SoakSim *sim, GRand *rand, SoakCamera *camera)
{
  SimFaultKind kind;
  g_autofree gchar *occasion = NULL;
  g_autofree gchar *details = NULL;

  /* Two of one kind would be more than SoakCamera can say. */
  do
    kind = g_rand_int_range (rand, 0, SIM_N_FAULT_KINDS);
  while (camera->faults & 1u << kind);
  occasion = make_occasion (rand);
  details = make_details (rand, kind, camera);

  camera->faults |= 1u << kind;
  camera->harmless = camera->harmless && is_harmless (kind);
  sim->counts[kind]++;
  return g_strdup_printf (
      "--fault=%s:%s%s", kind_names[kind], occasion, details);
}

/* ---- the process ---- */

static guint64
real_time (void)
{
  return (guint64)g_get_real_time () * 1000;
}

/* Only what is safe in the child of a process with threads. */
static void
run_child (const gchar *path, gchar **arguments, int output, pid_t parent)
{
  sigset_t none;

  prctl (PR_SET_PDEATHSIG, SIGKILL);
  if (getppid () != parent)
    _exit (1);
  sigemptyset (&none);
  sigprocmask (SIG_SETMASK, &none, NULL);
  dup2 (output, STDOUT_FILENO);
  close_range (STDERR_FILENO + 1, ~0u, 0);
  execv (path, arguments);
  _exit (127);
}

/* 0 if it does not say so in time. */
static guint16
read_port (int input)
{
  gint64 end = g_get_monotonic_time () + START_LIMIT;
  gchar text[200] = "";
  gsize length = 0;

  while (strchr (text, '\n') == NULL && length < sizeof text - 1) {
    struct pollfd fd = {.fd = input, .events = POLLIN};
    gint64 left = end - g_get_monotonic_time ();
    gssize n;

    if (left <= 0 || (poll (&fd, 1, left / 1000 + 1) < 0 && errno != EINTR))
      return 0;
    if (!(fd.revents & (POLLIN | POLLHUP)))
      continue;
    n = read (input, text + length, sizeof text - 1 - length);
    if (n <= 0)
      return 0;
    length += n;
    text[length] = '\0';
  }
  return strrchr (text, ':') ? atoi (strrchr (text, ':') + 1) : 0;
}

static void
bury (SoakSim *sim)
{
  int status = 0;

  waitpid (sim->pid, &status, 0);
  sim->pid = 0;
  sim->halted = FALSE;
  if (!WIFSIGNALED (status) || WTERMSIG (status) != SIGKILL)
    soak_violation ("the simulator ended by itself: status 0x%x", status);
}

static guint16
spawn (SoakSim *sim, gchar **arguments)
{
  pid_t parent = getpid ();
  guint16 port;
  int pipe_ends[2];

  if (pipe2 (pipe_ends, O_CLOEXEC) < 0)
    return 0;
  sim->pid = fork ();
  if (sim->pid == 0)
    run_child (sim->path, arguments, pipe_ends[1], parent);
  close (pipe_ends[1]);
  port = sim->pid > 0 ? read_port (pipe_ends[0]) : 0;
  close (pipe_ends[0]);
  return port;
}

static GPtrArray *
make_arguments (SoakSim *sim, GRand *rand, SoakCamera *camera, gboolean faulty)
{
  GPtrArray *arguments = g_ptr_array_new_with_free_func (g_free);
  guint n_faults = faulty ? g_rand_int_range (rand, 1, 3) : 0;
  guint size = g_rand_int_range (rand, 0, G_N_ELEMENTS (sizes));

  camera->width = sizes[size].width;
  camera->height = sizes[size].height;
  g_ptr_array_add (arguments, g_strdup (sim->path));
  g_ptr_array_add (arguments, g_strdup ("--stamp"));
  g_ptr_array_add (arguments, g_strdup ("--color"));
  g_ptr_array_add (arguments, g_strdup ("--events"));
  g_ptr_array_add (arguments, g_strdup_printf ("--port=%u", sim->port));
  g_ptr_array_add (arguments, g_strdup_printf ("--fps=%u", SOAK_FPS));
  g_ptr_array_add (arguments,
      g_strdup_printf ("--size=%ux%u", camera->width, camera->height));
  g_ptr_array_add (arguments,
      g_strdup_printf ("--padding=%d", g_rand_boolean (rand) ? 0 : 7));
  while (n_faults-- > 0)
    g_ptr_array_add (arguments, make_fault (sim, rand, camera));
  g_ptr_array_add (arguments, NULL);
  return arguments;
}

SoakCamera *
soak_sim_start (SoakSim *sim, GRand *rand, gboolean faulty, gboolean move)
{
  g_autofree SoakCamera *camera = g_new0 (SoakCamera, 1);
  g_autoptr (GPtrArray) arguments = NULL;
  g_autofree gchar *line = NULL;
  guint16 port;

  g_return_val_if_fail (sim->pid == 0, NULL);
  if (move)
    sim->port = 0;
  camera->harmless = TRUE;
  arguments = make_arguments (sim, rand, camera, faulty);
  line = g_strjoinv (" ", (gchar **)arguments->pdata + 1);
  soak_log ("start simulator %s", line);

  camera->from = real_time ();
  soak_wait_begin ("the simulator's start", START_LIMIT);
  port = spawn (sim, (gchar **)arguments->pdata);
  soak_wait_end ();
  camera->to = real_time ();
  if (port == 0) {
    soak_violation ("the simulator did not start: %s", line);
    soak_sim_kill (sim);
    return NULL;
  }
  sim->port = port;
  return g_steal_pointer (&camera);
}

void
soak_sim_kill (SoakSim *sim)
{
  if (sim->pid <= 0)
    return;
  soak_log ("kill simulator");
  soak_wait_begin ("the simulator's end", KILL_LIMIT);
  kill (sim->pid, SIGKILL);
  bury (sim);
  soak_wait_end ();
}

void
soak_sim_halt (SoakSim *sim)
{
  if (sim->pid <= 0 || sim->halted)
    return;
  soak_log ("SIGSTOP");
  kill (sim->pid, SIGSTOP);
  sim->halted = TRUE;
}

void
soak_sim_go_on (SoakSim *sim)
{
  if (sim->pid <= 0 || !sim->halted)
    return;
  soak_log ("SIGCONT");
  kill (sim->pid, SIGCONT);
  sim->halted = FALSE;
}

gboolean
soak_sim_is_running (SoakSim *sim)
{
  return sim->pid > 0 && !sim->halted;
}

gboolean
soak_sim_is_halted (SoakSim *sim)
{
  return sim->halted;
}

guint16
soak_sim_get_port (SoakSim *sim)
{
  return sim->port;
}

guint
soak_sim_count_faults (SoakSim *sim, SimFaultKind kind)
{
  return sim->counts[kind];
}
