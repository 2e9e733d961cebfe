/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Consumer: rcgrpcsrc, a fakesink a pad. Several --port are several cameras in
 * one pipeline, one element each. */

#include "sinks.h"

#define POLL_INTERVAL (10 * G_TIME_SPAN_MILLISECOND)
/* Sets that come after the queues are full, before the memory is looked at. */
#define SETS_BEYOND_FULL 20

typedef struct {
  const BenchOptions *options;
  Meter *meter;
  GstElement *pipeline;
  GstElement *cameras[BENCH_MAX_CAMERAS];
  BenchSinks *sinks[BENCH_MAX_CAMERAS];
} Bench;

static void
add_stream (Bench *bench, GstElement *camera, BenchSinks *sinks, guint stream)
{
  g_autoptr (GstPad) source =
      gst_element_request_pad_simple (camera, bench_stream_name (stream));
  g_autoptr (GstPad) sink = bench_sinks_add (sinks, GST_BIN (bench->pipeline));

  if (gst_pad_link (source, sink) != GST_PAD_LINK_OK)
    g_error ("cannot link");
}

static guint
count_bits (guint bits)
{
  guint n = 0;

  for (; bits != 0; bits &= bits - 1)
    n++;
  return n;
}

static void
add_camera (Bench *bench, guint i)
{
  const BenchOptions *options = bench->options;
  GstElement *camera = gst_element_factory_make ("rcgrpcsrc", NULL);

  if (camera == NULL)
    g_error ("no rcgrpcsrc: is GST_PLUGIN_PATH set?");
  g_object_set (camera, "host", "127.0.0.1", "port", options->ports[i],
      "queue-size", options->queue_size, "color", options->color,
      /* A camera that ends before the bench does is no camera to wait for. */
      "auto-reconnect", FALSE, NULL);
  gst_util_set_object_arg (G_OBJECT (camera), "leaky", options->leaky);
  gst_bin_add (GST_BIN (bench->pipeline), camera);
  bench->cameras[i] = camera;
  bench->sinks[i] =
      bench_sinks_new (bench->meter, count_bits (options->streams));
  for (guint s = 0; s < BENCH_N_STREAMS; s++) {
    if (options->streams & (1 << s))
      add_stream (bench, camera, bench->sinks[i], s);
  }
}

static void
build (Bench *bench)
{
  bench->pipeline = gst_pipeline_new (NULL);
  for (guint i = 0; i < bench->options->n_ports; i++)
    add_camera (bench, i);
}

static void
play (Bench *bench)
{
  if (gst_element_set_state (bench->pipeline, GST_STATE_PLAYING)
      == GST_STATE_CHANGE_FAILURE)
    g_error ("cannot start");
}

static void
take_down (Bench *bench)
{
  gst_element_set_state (bench->pipeline, GST_STATE_NULL);
  gst_object_unref (bench->pipeline);
  for (guint i = 0; i < bench->options->n_ports; i++)
    bench_sinks_free (bench->sinks[i]);
}

/* An element that posts an error brings nothing any more. */
static void
fail_on_error (Bench *bench)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (bench->pipeline);
  g_autoptr (GstMessage) message =
      gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR | GST_MESSAGE_EOS);
  g_autoptr (GError) error = NULL;

  if (message == NULL)
    return;
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR)
    gst_message_parse_error (message, &error, NULL);
  g_error ("the stream ended: %s", error ? error->message : "EOS");
}

/* What is the same for all cameras of the bench, so it is added up. */
static guint64
add_up_stats (Bench *bench, const gchar *field)
{
  guint64 sum = 0;

  for (guint i = 0; i < bench->options->n_ports; i++) {
    g_autoptr (GstStructure) stats = NULL;
    guint64 value = 0;

    g_object_get (bench->cameras[i], "stats", &stats, NULL);
    gst_structure_get_uint64 (stats, field, &value);
    sum += value;
  }
  return sum;
}

static gboolean
are_queues_full (Bench *bench)
{
  g_autoptr (GstStructure) stats = NULL;

  g_object_get (bench->cameras[0], "stats", &stats, NULL);
  for (guint s = 0; s < BENCH_N_STREAMS; s++) {
    const GValue *value =
        gst_structure_get_value (stats, bench_stream_name (s));
    guint level = 0;

    if (value == NULL)
      continue;
    gst_structure_get_uint (
        gst_value_get_structure (value), "queue-level", &level);
    if (level < bench->options->queue_size)
      return FALSE;
  }
  return TRUE;
}

/* The branches take nothing: how large does the process become? */
static void
run_held (Bench *bench)
{
  guint64 full_at = G_MAXUINT64 - SETS_BEYOND_FULL;

  bench_sinks_hold (bench->sinks[0], TRUE);
  play (bench);
  while (add_up_stats (bench, "sets-received") < full_at + SETS_BEYOND_FULL) {
    fail_on_error (bench);
    g_usleep (POLL_INTERVAL);
    if (full_at == G_MAXUINT64 - SETS_BEYOND_FULL && are_queues_full (bench))
      full_at = add_up_stats (bench, "sets-received");
  }
  meter_end (bench->meter);
  bench_sinks_hold (bench->sinks[0], FALSE);
}

static void
run_stream (Bench *bench)
{
  meter_begin (bench->meter);
  play (bench);
  for (guint i = 0; i < bench->options->n_ports; i++) {
    while (!bench_sinks_wait (
        bench->sinks[i], g_get_monotonic_time () + 100 * POLL_INTERVAL))
      fail_on_error (bench);
  }
}

static void
run_cycles (Bench *bench)
{
  for (guint i = 0; i < bench->options->cycles; i++) {
    gdouble start, first_buffer, first_set, stop;

    build (bench);
    start = meter_clock ();
    play (bench);
    bench_sinks_wait_first (bench->sinks[0], &first_buffer, &first_set);
    stop = meter_clock ();
    gst_element_set_state (bench->pipeline, GST_STATE_NULL);
    meter_add_cycle (bench->meter, first_buffer - start, first_set - start,
        meter_clock () - stop);
    take_down (bench);
  }
}

int
main (int argc, char **argv)
{
  BenchOptions options;
  Bench bench = {.options = &options};

  bench_options_parse (&options, argc, argv);
  gst_init (NULL, NULL);
  bench.meter = meter_new (&options);
  if (options.cycles > 0) {
    run_cycles (&bench);
  } else {
    build (&bench);
    if (options.hold)
      run_held (&bench);
    else
      run_stream (&bench);
    meter_note (
        bench.meter, "received", add_up_stats (&bench, "sets-received"));
    meter_note (
        bench.meter, "dropped", add_up_stats (&bench, "images-dropped"));
    take_down (&bench);
  }
  meter_print (bench.meter);
  meter_free (bench.meter);
  return 0;
}
