/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "soakpipeline.h"
#include "soakbranch.h"
#include "soaklog.h"

/* Any one step of what is not a stop. */
#define STEP_LIMIT ((SOAK_SANITIZED ? 20 : 5) * G_TIME_SPAN_SECOND)

/* Until sets come: timeout, back-off and a busy machine. */
#define SETS_LIMIT ((SOAK_SANITIZED ? 60 : 20) * G_TIME_SPAN_SECOND)

#define TIMEOUT ((SOAK_SANITIZED ? 4 : 1) * GST_SECOND)
#define BACKOFF_MAX (300 * GST_MSECOND)

typedef struct {
  GstPad *pad;
  SoakPad *watch;
  gboolean whole; /* since the run began */
  SoakBranch branch;
  GstElement *sink;
} Stream;

/* From READY to PAUSED until back in READY. */
typedef struct {
  gboolean playing; /* was */
  gboolean resumed; /* PLAYING more than once: counters began anew */
  gboolean down;    /* the camera was away */
  gboolean harmful; /* or had such faults */
  guint faults;     /* 1 << SimFaultKind */
  gboolean eos;
  gboolean error;
} Run;

struct _SoakPipeline {
  SoakCheck *check;
  GRand *rand;
  SoakPipelineFigures *figures;
  GstElement *pipeline;
  GstElement *source;
  Stream streams[RC_N_STREAMS];
  GstState state;
  Run run;
  const SoakCamera *camera; /* NULL: none to be had; never looked into later */
  gboolean auto_reconnect;
  gboolean wait_for_connection;
  gint retries;
  gint num_buffers;
};

/* Before anything passes the pad. */
static void
on_pad_added (GstElement *source, GstPad *pad, gpointer data)
{
  SoakPipeline *self = data;
  RcStream stream;

  if (!rc_stream_from_string (GST_PAD_NAME (pad), &stream))
    g_assert_not_reached ();
  self->streams[stream].whole = FALSE;
  self->streams[stream].watch = soak_pad_new (self->check, pad);
}

SoakPipeline *
soak_pipeline_new (SoakCheck *check, GRand *rand, SoakPipelineFigures *figures)
{
  SoakPipeline *self = g_new0 (SoakPipeline, 1);

  soak_log ("new pipeline");
  self->check = check;
  self->rand = rand;
  self->figures = figures;
  self->state = GST_STATE_NULL;
  self->pipeline = gst_pipeline_new (NULL);
  self->source = gst_element_factory_make ("rcgrpcsrc", NULL);
  if (self->source == NULL)
    g_error ("no element rcgrpcsrc: is GST_PLUGIN_PATH set?");
  g_signal_connect (self->source, "pad-added", G_CALLBACK (on_pad_added), self);
  gst_bin_add (GST_BIN (self->pipeline), self->source);
  return self;
}

void
soak_pipeline_free (SoakPipeline *self)
{
  soak_log ("free pipeline");
  soak_pipeline_set_state (self, GST_STATE_NULL);
  /* The pads go with their element: that is a case, too. */
  for (guint i = 0; i < RC_N_STREAMS; i++) {
    g_clear_pointer (&self->streams[i].watch, soak_pad_unref);
    gst_clear_object (&self->streams[i].pad);
  }
  gst_object_unref (self->pipeline);
  g_free (self);
}

GstState
soak_pipeline_get_state (SoakPipeline *self)
{
  return self->state;
}

void
soak_pipeline_configure (SoakPipeline *self, guint16 port)
{
  GRand *rand = self->rand;
  guint mode = g_rand_int_range (rand, 0, 2);

  self->auto_reconnect = g_rand_int_range (rand, 0, 5) > 0;
  self->wait_for_connection = g_rand_boolean (rand);
  self->retries =
      g_rand_int_range (rand, 0, 5) > 0 ? -1 : g_rand_int_range (rand, 0, 5);
  self->num_buffers =
      g_rand_int_range (rand, 0, 8) > 0 ? -1 : g_rand_int_range (rand, 0, 60);
  soak_log ("port=%u auto-reconnect=%d wait-for-connection=%d retries=%d "
            "num-buffers=%d timestamp-mode=%u",
      port, self->auto_reconnect, self->wait_for_connection, self->retries,
      self->num_buffers, mode);
  g_object_set (self->source, "host", "127.0.0.1", "port", port, "timeout",
      (guint64)TIMEOUT, "retry-backoff-max", (guint64)BACKOFF_MAX,
      "max-message-size", SOAK_MAX_MESSAGE_SIZE, "auto-reconnect",
      self->auto_reconnect, "wait-for-connection", self->wait_for_connection,
      "retries", self->retries, "num-buffers", self->num_buffers,
      "timestamp-mode", mode, "image-events", g_rand_boolean (rand), NULL);
}

static void
note_camera (SoakPipeline *self)
{
  if (self->camera == NULL) {
    self->run.down = TRUE;
    return;
  }
  self->run.faults |= self->camera->faults;
  self->run.harmful |= !self->camera->harmless;
}

void
soak_pipeline_set_camera (SoakPipeline *self, const SoakCamera *camera)
{
  /* Another one means that the last one went. */
  if (camera != self->camera)
    self->run.down = TRUE;
  self->camera = camera;
  note_camera (self);
}

/* ---- messages ---- */

static GstStructure *
get_stats (SoakPipeline *self)
{
  GstStructure *stats;

  g_object_get (self->source, "stats", &stats, NULL);
  return stats;
}

static guint64
count_sets (SoakPipeline *self)
{
  g_autoptr (GstStructure) stats = get_stats (self);

  return soak_stats_count (stats, "sets-received");
}

static gboolean
had_fault (SoakPipeline *self, SimFaultKind kind)
{
  return (self->run.faults & 1u << kind) != 0;
}

static gboolean
is_expected_error (SoakPipeline *self, const GError *error)
{
  gboolean trouble = self->run.down || self->run.harmful;
  /* Where loss leads to an error sooner or later. */
  gboolean impatient = !self->auto_reconnect || self->retries >= 0;
  gboolean at_start = count_sets (self) == 0;

  if (g_error_matches (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_READ))
    return trouble
           && (impatient || (at_start && !self->wait_for_connection)
               || had_fault (self, SIM_FAULT_STATUS));
  if (g_error_matches (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_READ))
    return had_fault (self, SIM_FAULT_HUGE)
           || (trouble && (impatient || at_start));
  if (g_error_matches (error, GST_STREAM_ERROR, GST_STREAM_ERROR_DECODE))
    return had_fault (self, SIM_FAULT_LIE)
           || had_fault (self, SIM_FAULT_TRUNCATE)
           || had_fault (self, SIM_FAULT_CORRUPT);
  return FALSE;
}

static void
handle_error (SoakPipeline *self, GstMessage *message)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *debug = NULL;

  gst_message_parse_error (message, &error, &debug);
  soak_log ("ERROR from %s: %s %d (%s)", GST_MESSAGE_SRC_NAME (message),
      g_quark_to_string (error->domain), error->code, debug);
  self->run.error = TRUE;
  if (GST_MESSAGE_SRC (message) == GST_OBJECT (self->source)
      && is_expected_error (self, error))
    self->figures->errors++;
  else
    soak_violation ("unexpected ERROR from %s: %s (%s)",
        GST_MESSAGE_SRC_NAME (message), error->message, debug);
}

static void
handle_message (SoakPipeline *self, GstMessage *message)
{
  const GstStructure *fields;

  switch (GST_MESSAGE_TYPE (message)) {
  case GST_MESSAGE_ERROR:
    handle_error (self, message);
    break;
  case GST_MESSAGE_LATENCY:
    gst_bin_recalculate_latency (GST_BIN (self->pipeline));
    break;
  case GST_MESSAGE_ELEMENT:
    fields = gst_message_get_structure (message);
    if (gst_structure_has_name (fields, "rc-connection"))
      soak_log ("%s %s", gst_structure_get_string (fields, "state"),
          gst_structure_has_field (fields, "reason")
              ? gst_structure_get_string (fields, "reason")
              : "");
    break;
  default:
    break;
  }
}

/* Until @end, monotonic µs, at least once. */
static void
pump (SoakPipeline *self, gint64 end)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (self->pipeline);
  gint64 left;

  do {
    g_autoptr (GstMessage) message = NULL;

    left = MAX (end - g_get_monotonic_time (), 0);
    message = gst_bus_timed_pop (bus, left * GST_USECOND);
    if (message != NULL)
      handle_message (self, message);
    else if (left == 0)
      break;
  } while (g_get_monotonic_time () < end || gst_bus_have_pending (bus));
}

void
soak_pipeline_run (SoakPipeline *self, guint ms)
{
  pump (self, g_get_monotonic_time () + ms * G_TIME_SPAN_MILLISECOND);
}

/* Every set has what every pad asked for. */
static gboolean
has_whole_sets (SoakPipeline *self)
{
  return !had_fault (self, SIM_FAULT_TRUNCATE)
         && !had_fault (self, SIM_FAULT_LIE)
         && !had_fault (self, SIM_FAULT_CORRUPT);
}

/* In READY or NULL, when nothing moves. */
static void
close_account (SoakPipeline *self)
{
  g_autoptr (GstStructure) stats = get_stats (self);

  if (!self->run.playing)
    return;
  self->figures->sets += soak_stats_count (stats, "sets-received");
  self->figures->rejected += soak_stats_count (stats, "sets-rejected");
  self->figures->dropped += soak_stats_count (stats, "images-dropped");
  self->figures->reconnects += soak_stats_count (stats, "reconnects");
  for (guint i = 0; i < RC_N_STREAMS; i++) {
    if (self->streams[i].pad == NULL || !self->streams[i].whole)
      continue;
    soak_account_check (stats, rc_stream_to_string (i),
        soak_pad_count (self->streams[i].watch), self->run.resumed,
        has_whole_sets (self), &self->figures->account);
  }
}

/* ---- states ---- */

static void
begin_run (SoakPipeline *self)
{
  self->run = (Run){0};
  note_camera (self);
  for (guint i = 0; i < RC_N_STREAMS; i++) {
    if (self->streams[i].pad == NULL)
      continue;
    self->streams[i].whole = TRUE;
    soak_pad_begin (self->streams[i].watch);
  }
}

static gboolean
has_ended (SoakPipeline *self)
{
  g_autoptr (GstStructure) stats = get_stats (self);

  return g_strcmp0 (gst_structure_get_string (stats, "state"), "ended") == 0;
}

/* A flush takes a pipeline back to PAUSED for a while, and not its source. */
static gboolean
is_source_playing (SoakPipeline *self)
{
  GstState state;

  gst_element_get_state (self->source, &state, NULL, 0);
  return state == GST_STATE_PLAYING;
}

static void
begin_playing (SoakPipeline *self)
{
  /* Counters stay when there is nothing more to count. */
  if (self->run.playing && (is_source_playing (self) || has_ended (self)))
    return;
  if (self->run.playing) {
    self->run.resumed = TRUE;
    for (guint i = 0; i < RC_N_STREAMS; i++)
      if (self->streams[i].pad != NULL) {
        self->streams[i].whole = TRUE;
        soak_pad_renumber (self->streams[i].watch);
      }
  }
  note_camera (self);
  self->run.playing = TRUE;
}

static gint64
change_state (SoakPipeline *self, GstState state)
{
  gboolean stop = state == GST_STATE_NULL || state == GST_STATE_READY;
  g_autofree gchar *what = g_strdup_printf ("set_state (%s) from %s",
      gst_element_state_get_name (state),
      gst_element_state_get_name (self->state));
  GstStateChangeReturn result;
  gint64 taken;

  soak_log ("%s", what);
  soak_wait_begin (what, stop ? SOAK_STOP_LIMIT : STEP_LIMIT);
  result = gst_element_set_state (self->pipeline, state);
  taken = soak_wait_end ();
  soak_log ("%s: %s, %.3f s", what,
      gst_element_state_change_return_get_name (result), taken / 1e6);
  if (result == GST_STATE_CHANGE_FAILURE)
    soak_violation ("%s failed", what);
  self->state = state;
  return taken;
}

void
soak_pipeline_set_state (SoakPipeline *self, GstState state)
{
  GstState from = self->state;
  gint64 taken;

  if (from < GST_STATE_PAUSED && state >= GST_STATE_PAUSED)
    begin_run (self);
  if (from < GST_STATE_PLAYING && state == GST_STATE_PLAYING)
    begin_playing (self);
  /* NULL throws the messages away. */
  if (state < from)
    pump (self, 0);

  taken = change_state (self, state);
  if (state <= GST_STATE_READY)
    self->figures->worst_stop = MAX (self->figures->worst_stop, taken);
  pump (self, 0);
  if (from >= GST_STATE_PAUSED && state < GST_STATE_PAUSED)
    close_account (self);
}

/* ---- branches ---- */

void
soak_pipeline_link (SoakPipeline *self, RcStream id)
{
  Stream *stream = &self->streams[id];
  g_autoptr (GstPad) pad = NULL;

  if (stream->pad == NULL || stream->sink != NULL)
    return;
  stream->branch = soak_branch_choose (self->rand);
  soak_log ("link %s to a %s branch", rc_stream_to_string (id),
      soak_branch_to_string (stream->branch));
  stream->sink = soak_branch_make (stream->branch, self->rand);
  pad = gst_element_get_static_pad (stream->sink, "sink");
  soak_wait_begin ("linking", STEP_LIMIT);
  gst_bin_add (GST_BIN (self->pipeline), stream->sink);
  gst_element_sync_state_with_parent (stream->sink);
  if (gst_pad_link (stream->pad, pad) != GST_PAD_LINK_OK)
    soak_violation ("%s: no link", rc_stream_to_string (id));
  soak_wait_end ();
}

static void
remove_branch (SoakPipeline *self, Stream *stream, gboolean unlink_first)
{
  g_autoptr (GstPad) pad = gst_element_get_static_pad (stream->sink, "sink");

  soak_wait_begin ("taking a branch away", STEP_LIMIT);
  if (unlink_first && gst_pad_is_linked (pad))
    gst_pad_unlink (stream->pad, pad);
  gst_element_set_locked_state (stream->sink, TRUE);
  gst_element_set_state (stream->sink, GST_STATE_NULL);
  gst_bin_remove (GST_BIN (self->pipeline), stream->sink);
  soak_wait_end ();
  stream->sink = NULL;
  stream->branch = SOAK_BRANCH_NONE;
}

void
soak_pipeline_unlink (SoakPipeline *self, RcStream id)
{
  Stream *stream = &self->streams[id];
  gboolean unlink_first = g_rand_boolean (self->rand);

  if (stream->sink == NULL)
    return;
  soak_log ("take the branch of %s away%s", rc_stream_to_string (id),
      unlink_first ? "" : ", linked");
  remove_branch (self, stream, unlink_first);
}

/* ---- pads ---- */

void
soak_pipeline_request (SoakPipeline *self, RcStream id)
{
  Stream *stream = &self->streams[id];
  GstPadTemplate *templ =
      gst_element_get_pad_template (self->source, rc_stream_to_string (id));

  if (stream->pad != NULL)
    return;
  soak_log ("request %s", rc_stream_to_string (id));
  soak_wait_begin ("a pad's request", STEP_LIMIT);
  stream->pad = gst_element_request_pad (self->source, templ, NULL, NULL);
  soak_wait_end ();
  if (stream->pad == NULL) {
    soak_violation ("no pad %s", rc_stream_to_string (id));
    return;
  }
}

void
soak_pipeline_release (SoakPipeline *self, RcStream id)
{
  Stream *stream = &self->streams[id];
  gboolean branch_first = g_rand_boolean (self->rand);
  gint64 taken;

  if (stream->pad == NULL)
    return;
  if (branch_first)
    soak_pipeline_unlink (self, id);
  soak_log ("release %s%s", rc_stream_to_string (id),
      stream->sink != NULL ? ", linked" : "");
  soak_wait_begin ("a pad's release", SOAK_STOP_LIMIT);
  gst_element_release_request_pad (self->source, stream->pad);
  taken = soak_wait_end ();
  self->figures->worst_release = MAX (self->figures->worst_release, taken);
  if (stream->sink != NULL)
    remove_branch (self, stream, FALSE);
  gst_clear_object (&stream->pad);
  g_clear_pointer (&stream->watch, soak_pad_unref);
}

/* ---- events ---- */

/* To the pipeline: GStreamer 1.22 deadlocks when an element is flushed by
 * itself while the pipeline is on its way to PLAYING. A sink then has the
 * latency distributed, which takes the pipeline's state lock with the element's
 * held. */
void
soak_pipeline_flush (SoakPipeline *self)
{
  gboolean reset = g_rand_boolean (self->rand);

  soak_log ("flush%s", reset ? ", with running time" : "");
  for (guint i = 0; reset && i < RC_N_STREAMS; i++)
    if (self->streams[i].watch != NULL)
      soak_pad_rewind (self->streams[i].watch);
  soak_wait_begin ("flush-start", STEP_LIMIT);
  gst_element_send_event (self->pipeline, gst_event_new_flush_start ());
  soak_wait_end ();
  soak_pipeline_run (self, g_rand_int_range (self->rand, 0, 60));
  soak_wait_begin ("flush-stop", STEP_LIMIT);
  gst_element_send_event (self->pipeline, gst_event_new_flush_stop (reset));
  soak_wait_end ();
}

void
soak_pipeline_send_eos (SoakPipeline *self)
{
  gboolean to_pipeline = g_rand_boolean (self->rand);

  soak_log ("EOS event to the %s", to_pipeline ? "pipeline" : "element");
  if (self->state >= GST_STATE_PAUSED)
    self->run.eos = TRUE;
  soak_wait_begin ("an EOS event", STEP_LIMIT);
  gst_element_send_event (
      to_pipeline ? self->pipeline : self->source, gst_event_new_eos ());
  soak_wait_end ();
}

/* ---- expectations ---- */

static gboolean
is_held_back (SoakPipeline *self)
{
  for (guint i = 0; i < RC_N_STREAMS; i++)
    if (self->streams[i].branch > SOAK_BRANCH_SLOW)
      return TRUE;
  return FALSE;
}

static gboolean
has_pad (SoakPipeline *self)
{
  for (guint i = 0; i < RC_N_STREAMS; i++)
    if (self->streams[i].pad != NULL)
      return TRUE;
  return FALSE;
}

void
soak_pipeline_expect_sets (SoakPipeline *self)
{
  guint64 before = count_sets (self);
  gint64 end = g_get_monotonic_time () + SETS_LIMIT;

  if (self->state != GST_STATE_PLAYING || !has_pad (self) || is_held_back (self)
      || self->camera == NULL || !self->camera->harmless || self->run.eos
      || self->run.error || self->num_buffers >= 0 || self->run.harmful)
    return;
  soak_log ("expect sets");
  while (count_sets (self) == before) {
    soak_pipeline_run (self, 20);
    /* An attempt that was made before the camera came may fail only now. */
    if (self->run.error)
      return;
    if (g_get_monotonic_time () > end) {
      soak_violation (
          "no sets for %.0f s from a camera that sends them", SETS_LIMIT / 1e6);
      return;
    }
  }
}

static gboolean
is_all_eos (SoakPipeline *self)
{
  for (guint i = 0; i < RC_N_STREAMS; i++)
    if (self->streams[i].pad != NULL
        && !soak_pad_is_eos (self->streams[i].watch))
      return FALSE;
  return TRUE;
}

void
soak_pipeline_expect_eos (SoakPipeline *self)
{
  gint64 end = g_get_monotonic_time () + STEP_LIMIT;

  if (self->state != GST_STATE_PLAYING || is_held_back (self))
    return;
  soak_log ("expect EOS");
  while (!is_all_eos (self)) {
    soak_pipeline_run (self, 5);
    if (g_get_monotonic_time () > end) {
      soak_violation ("no EOS within %.0f s", STEP_LIMIT / 1e6);
      return;
    }
  }
}

/* ---- another thread ---- */

void
soak_pipeline_meddle (SoakPipeline *self, GRand *rand)
{
  g_autoptr (GstQuery) query = NULL;
  g_autoptr (GstStructure) stats = NULL;

  switch (g_rand_int_range (rand, 0, 6)) {
  case 0:
    g_object_set (self->source, "color", g_rand_boolean (rand), NULL);
    break;
  case 1:
    g_object_set (self->source, "leaky", g_rand_int_range (rand, 0, 3), NULL);
    break;
  case 2:
    g_object_set (
        self->source, "queue-size", g_rand_int_range (rand, 1, 9), NULL);
    break;
  case 3:
    g_object_set (
        self->source, "latency", g_rand_int_range (rand, 0, 200), NULL);
    break;
  case 4:
    query = gst_query_new_latency ();
    gst_element_query (self->pipeline, query);
    break;
  default:
    stats = get_stats (self);
    break;
  }
}
