/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Records a stereo camera's streams to Matroska, without loss and with all
 * parameters: how an application embeds rcgrpcsrc.
 *
 *   record --host=10.0.2.90 --streams=left+disparity+metadata --output=rec.mkv
 *
 * Ends after --sets or --seconds, or with Ctrl-C. A second Ctrl-C does not
 * wait for the file to be completed.
 *
 * Exit status: 0 recorded, 1 failed, 2 could not begin (wrong options, a plugin
 * is missing), 130 interrupted twice.
 *
 * Everything runs in the main thread but count_image (), which is called in
 * the streaming thread of its pad.
 */

#include <glib-unix.h>
#include <glib/gstdio.h>
#include <gst/gst.h>
#include <unistd.h>

/* How long an encoder and a disk may take to complete the file, seconds. */
#define FINISH_TIMEOUT 10

/* Sets that each pad may hold while its encoder is busy. The element's default
 * of 4 suits a live view; one hiccup of the disk would cost a recording images.
 */
#define QUEUE_SIZE 25

typedef struct {
  gchar *name;
  gint images; /* atomic */
  /* written in the streaming thread, read after EOS */
  guint64 first_offset, last_offset;
  GstClockTime first_pts, last_pts;
} Track;

typedef struct {
  GMainLoop *loop;
  GstElement *pipeline;
  GstElement *source;
  GstElement *muxer;
  GPtrArray *tracks;
  gboolean on_terminal;
  gboolean started;  /* something came from the camera */
  gboolean stopping; /* EOS is on its way, by whatever cause */
  int status;
} Recorder;

static struct {
  gchar *uri;
  gchar *host;
  gint port;
  gint pipeline;
  gchar *streams;
  gchar *output;
  gint sets;
  gint seconds;
  gboolean color;
} options = {.port = -1, .pipeline = -1, .sets = -1};

static const GOptionEntry option_entries[] = {
    {"uri", 0, 0, G_OPTION_ARG_STRING, &options.uri,
        "The camera, instead of host, port and pipeline",
        "rcgrpc://HOST[:PORT][?pipeline=N]"},
    {"host", 0, 0, G_OPTION_ARG_STRING, &options.host,
        "Name or address of the camera (localhost)", "HOST"},
    {"port", 0, 0, G_OPTION_ARG_INT, &options.port,
        "TCP port of pipeline 0 (50051)", "PORT"},
    {"pipeline", 0, 0, G_OPTION_ARG_INT, &options.pipeline,
        "Number of the camera pipeline (0)", "N"},
    {"streams", 0, 0, G_OPTION_ARG_STRING, &options.streams,
        "Of left, right, disparity, confidence, error and metadata "
        "(left+disparity+metadata)",
        "A+B+…"},
    {"output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output,
        "The file to write (recording.mkv)", "FILE"},
    {"sets", 0, 0, G_OPTION_ARG_INT, &options.sets,
        "Stop after so many image sets", "N"},
    {"seconds", 0, 0, G_OPTION_ARG_INT, &options.seconds,
        "Stop so long after the first image", "N"},
    {"color", 0, 0, G_OPTION_ARG_NONE, &options.color,
        "Left and right in colour, if the camera has it", NULL},
    {NULL}};

/* ---- stopping ---- */

static void
fail (Recorder *self, int status)
{
  self->status = status;
  g_main_loop_quit (self->loop);
}

static gboolean
on_finish_timeout (gpointer user_data)
{
  g_printerr (
      "\nThe file could not be completed within %d s.\n", FINISH_TIMEOUT);
  fail (user_data, 1);
  return G_SOURCE_REMOVE;
}

/* The EOS event travels through encoders and muxer, which write what they
 * still hold, and comes back as a message once the file is complete. Going to
 * NULL without it would leave a file without an index. */
static void
stop (Recorder *self)
{
  if (self->stopping)
    return;
  self->stopping = TRUE;
  g_timeout_add_seconds (FINISH_TIMEOUT, on_finish_timeout, self);
  gst_element_send_event (self->pipeline, gst_event_new_eos ());
}

static gboolean
on_seconds_over (gpointer user_data)
{
  stop (user_data);
  return G_SOURCE_REMOVE;
}

static gboolean
on_interrupt (gpointer user_data)
{
  Recorder *self = user_data;

  if (self->stopping || !self->started) {
    fail (self, 130);
  } else {
    g_printerr ("\nCompleting the file; Ctrl-C again quits at once.\n");
    stop (self);
  }
  return G_SOURCE_CONTINUE;
}

/* ---- what comes by ---- */

/* In the streaming thread: counts, and posts the parameters of the first image
 * as a message, so that the main thread does the printing. */
static GstPadProbeReturn
count_image (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Track *track = user_data;
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER (info);
  GstCustomMeta *meta;

  /* OFFSET is the number of the set: a gap in it is a dropped image. */
  track->last_offset = GST_BUFFER_OFFSET (buffer);
  track->last_pts = GST_BUFFER_PTS (buffer);
  if (g_atomic_int_add (&track->images, 1) > 0)
    return GST_PAD_PROBE_OK;

  track->first_offset = track->last_offset;
  track->first_pts = track->last_pts;
  meta = gst_buffer_get_custom_meta (buffer, "GstRcImageMeta");
  if (meta != NULL) {
    g_autoptr (GstElement) source = gst_pad_get_parent_element (pad);
    g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);
    GstStructure *first =
        gst_structure_copy (gst_custom_meta_get_structure (meta));

    gst_structure_set_name (first, "first-image");
    gst_structure_set (first, "caps", GST_TYPE_CAPS, caps, NULL);
    gst_element_post_message (
        source, gst_message_new_application (GST_OBJECT (source), first));
  }
  return GST_PAD_PROBE_OK;
}

static void
print_first_image (const GstStructure *first)
{
  gdouble exposure_time = 0, focal_length = 0, baseline;
  const GstStructure *format;
  gint width = 0, height = 0;
  GstCaps *caps = NULL;

  gst_structure_get (first, "caps", GST_TYPE_CAPS, &caps, "exposure-time",
      G_TYPE_DOUBLE, &exposure_time, "focal-length", G_TYPE_DOUBLE,
      &focal_length, NULL);
  format = gst_caps_get_structure (caps, 0);
  gst_structure_get (
      format, "width", G_TYPE_INT, &width, "height", G_TYPE_INT, &height, NULL);
  g_print ("%-10s  %d x %d %s, focal length %.1f px, exposure %.2f ms",
      gst_structure_get_string (first, "stream"), width, height,
      gst_structure_get_string (format, "format"), focal_length,
      exposure_time * 1000);
  /* On disparity, and on confidence and error that come along with it. */
  if (gst_structure_get_double (first, "baseline", &baseline))
    g_print (", baseline %.3f m", baseline);
  g_print ("\n");
  gst_caps_unref (caps);
}

static gdouble
file_megabytes (void)
{
  GStatBuf file;

  return g_stat (options.output, &file) == 0 ? file.st_size / 1e6 : 0;
}

static gboolean
print_progress (gpointer user_data)
{
  Recorder *self = user_data;
  GstStructure *stats;
  guint64 sets = 0, dropped = 0;
  gdouble rate = 0;

  if (!self->started)
    return G_SOURCE_CONTINUE;
  g_object_get (self->source, "stats", &stats, NULL);
  gst_structure_get (stats, "sets-received", G_TYPE_UINT64, &sets,
      "images-dropped", G_TYPE_UINT64, &dropped, "frame-rate", G_TYPE_DOUBLE,
      &rate, NULL);
  gst_structure_free (stats);

  g_print ("%s%" G_GUINT64_FORMAT " sets, %" G_GUINT64_FORMAT
           " images dropped, %.1f fps, %.1f MB   %s",
      self->on_terminal ? "\r" : "", sets, dropped, rate, file_megabytes (),
      self->on_terminal ? "" : "\n");
  return G_SOURCE_CONTINUE;
}

/* What the camera cannot be blamed for goes to the user as GStreamer says it;
 * the debug detail tells what gRPC, the encoder or the disk said. */
static void
print_problem (GstMessage *message)
{
  gboolean is_error = GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR;
  g_autoptr (GError) error = NULL;
  g_autofree gchar *debug = NULL;

  if (is_error)
    gst_message_parse_error (message, &error, &debug);
  else
    gst_message_parse_warning (message, &error, &debug);
  g_printerr ("\n%s: %s\n%s%s", is_error ? "Error" : "Warning", error->message,
      debug ? debug : "", debug ? "\n" : "");
}

static gboolean
on_message (GstBus *bus, GstMessage *message, gpointer user_data)
{
  Recorder *self = user_data;

  switch (GST_MESSAGE_TYPE (message)) {
  case GST_MESSAGE_APPLICATION:
    if (!self->started && options.seconds > 0)
      g_timeout_add (options.seconds * 1000, on_seconds_over, self);
    self->started = TRUE;
    print_first_image (gst_message_get_structure (message));
    break;
  case GST_MESSAGE_WARNING:
    print_problem (message);
    break;
  case GST_MESSAGE_ERROR:
    print_problem (message);
    /* If the camera is gone the file can still be completed, with what came
     * before: rcgrpcsrc sends EOS after its error. */
    self->status = 1;
    if (self->started
        && gst_object_has_as_ancestor (
            GST_MESSAGE_SRC (message), GST_OBJECT (self->source)))
      stop (self);
    else
      fail (self, 1);
    break;
  case GST_MESSAGE_EOS:
    g_main_loop_quit (self->loop);
    break;
  default:
    break;
  }
  return G_SOURCE_CONTINUE;
}

/* ---- the pipeline ---- */

static GstElement *
add_element (Recorder *self, const gchar *factory, const gchar *hint)
{
  GstElement *element = gst_element_factory_make (factory, NULL);

  if (element == NULL) {
    g_printerr ("GStreamer has no element %s: %s.\n", factory, hint);
    return NULL;
  }
  gst_bin_add (GST_BIN (self->pipeline), element);
  return element;
}

static gboolean
add_source (Recorder *self)
{
  self->source = add_element (self, "rcgrpcsrc",
      "set GST_PLUGIN_PATH to the folder that libgstrcgrpc.so is in");
  if (self->source == NULL)
    return FALSE;
  /* Streams that the URI names are asked for as well, recorded or not. */
  if (options.uri != NULL)
    g_object_set (self->source, "uri", options.uri, NULL);
  if (options.host != NULL)
    g_object_set (self->source, "host", options.host, NULL);
  if (options.port >= 0)
    g_object_set (self->source, "port", (guint)options.port, NULL);
  if (options.pipeline >= 0)
    g_object_set (self->source, "pipeline", (guint)options.pipeline, NULL);
  if (options.color)
    g_object_set (self->source, "color", TRUE, NULL);
  g_object_set (self->source, "num-buffers", options.sets, "queue-size",
      QUEUE_SIZE, NULL);
  return TRUE;
}

static gboolean
add_file (Recorder *self)
{
  GstElement *file;

  self->muxer =
      add_element (self, "matroskamux", "install gstreamer1.0-plugins-good");
  file = add_element (self, "filesink", "install libgstreamer1.0-0");
  if (self->muxer == NULL || file == NULL)
    return FALSE;
  g_object_set (file, "location", options.output, NULL);
  return gst_element_link (self->muxer, file);
}

/* What FFV1 takes of what a camera sends, and of what that becomes without
 * loss: RGB the BGRx, big endian the little. Left to itself videoconvert makes
 * I420 of RGB, with a quarter of the colours. Grey images pass through. */
#define LOSSLESS "video/x-raw, format = { GRAY8, GRAY16_LE, BGRx }"

/* Converted as little as can be, and encoded without loss. */
static gboolean
link_image (Recorder *self, const gchar *stream)
{
  g_autoptr (GstCaps) lossless = gst_caps_from_string (LOSSLESS);
  GstElement *convert =
      add_element (self, "videoconvert", "install gstreamer1.0-plugins-base");
  GstElement *encoder =
      add_element (self, "avenc_ffv1", "install gstreamer1.0-libav");

  return convert != NULL && encoder != NULL
         && gst_element_link_pads (self->source, stream, convert, NULL)
         && gst_element_link_filtered (convert, encoder, lossless)
         && gst_element_link (encoder, self->muxer);
}

static gboolean
add_track (Recorder *self, const gchar *stream)
{
  Track *track = g_new0 (Track, 1);
  g_autoptr (GstPad) pad = NULL;
  gboolean linked;

  track->name = g_strdup (stream);
  g_ptr_array_add (self->tracks, track);

  /* The pads that exist are what the camera is asked for; a URI may have made
   * this one already. */
  pad = gst_element_get_static_pad (self->source, stream);
  if (pad == NULL)
    pad = gst_element_request_pad_simple (self->source, stream);
  if (pad == NULL || g_str_equal (stream, "mesh")) {
    g_printerr ("\"%s\" is no stream that can be recorded.\n", stream);
    return FALSE;
  }
  if (gst_pad_is_linked (pad)) {
    g_printerr ("The stream %s is named twice.\n", stream);
    return FALSE;
  }
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, count_image, track, NULL);

  /* The metadata is text, and becomes a subtitle track. */
  if (g_str_equal (stream, "metadata"))
    linked = gst_element_link_pads (self->source, stream, self->muxer, NULL);
  else
    linked = link_image (self, stream);
  if (!linked)
    g_printerr ("Cannot link the stream %s to the muxer.\n", stream);
  return linked;
}

static gboolean
build (Recorder *self)
{
  g_auto (GStrv) streams = g_strsplit (options.streams, "+", -1);

  if (!add_source (self) || !add_file (self))
    return FALSE;
  for (guint i = 0; streams[i] != NULL; i++) {
    if (!add_track (self, streams[i]))
      return FALSE;
  }
  return TRUE;
}

/* ---- the run ---- */

static void
run (Recorder *self)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (self->pipeline);

  gst_bus_add_watch (bus, on_message, self);
  g_unix_signal_add (SIGINT, on_interrupt, self);
  g_unix_signal_add (SIGTERM, on_interrupt, self);
  g_timeout_add_seconds (1, print_progress, self);

  /* If this fails, the bus has the error with its cause. */
  gst_element_set_state (self->pipeline, GST_STATE_PLAYING);
  g_main_loop_run (self->loop);

  /* Before stats can be read they must not change any more: PAUSED closes the
   * connection; NULL would be too far, READY begins anew. */
  gst_element_set_state (self->pipeline, GST_STATE_PAUSED);
  gst_bus_remove_watch (bus);
}

static void
print_summary (Recorder *self)
{
  GstStructure *stats;
  guint64 sets = 0, dropped = 0;
  const Track *longest = g_ptr_array_index (self->tracks, 0);
  gdouble rate = 0;

  g_object_get (self->source, "stats", &stats, NULL);
  gst_structure_get (stats, "sets-received", G_TYPE_UINT64, &sets,
      "images-dropped", G_TYPE_UINT64, &dropped, NULL);
  gst_structure_free (stats);
  if (longest->last_pts > longest->first_pts)
    rate = (gdouble)(longest->last_offset - longest->first_offset) * GST_SECOND
           / (longest->last_pts - longest->first_pts);

  g_print ("%s%" G_GUINT64_FORMAT " sets, %" G_GUINT64_FORMAT
           " images dropped, %.1f fps\n",
      self->on_terminal ? "\n" : "", sets, dropped, rate);
  for (guint i = 0; i < self->tracks->len; i++) {
    Track *track = g_ptr_array_index (self->tracks, i);

    g_print ("track %u: %s, %d frames\n", i + 1, track->name,
        g_atomic_int_get (&track->images));
  }
  g_print ("%s: %.1f MB\n", options.output, file_megabytes ());
}

static void
track_free (gpointer data)
{
  g_free (((Track *)data)->name);
  g_free (data);
}

static gboolean
parse_options (int *argc, char ***argv)
{
  g_autoptr (GOptionContext) context =
      g_option_context_new ("- records a stereo camera to Matroska");
  g_autoptr (GError) error = NULL;

  g_option_context_add_main_entries (context, option_entries, NULL);
  g_option_context_add_group (context, gst_init_get_option_group ());
  if (!g_option_context_parse (context, argc, argv, &error)) {
    g_printerr ("%s\n", error->message);
    return FALSE;
  }
  if (*argc > 1) {
    g_printerr ("What is \"%s\"? See --help.\n", (*argv)[1]);
    return FALSE;
  }
  if (options.port == 0 || options.port > G_MAXUINT16) {
    g_printerr ("A port is a number from 1 to %u.\n", G_MAXUINT16);
    return FALSE;
  }
  if (options.streams == NULL)
    options.streams = g_strdup ("left+disparity+metadata");
  if (options.output == NULL)
    options.output = g_strdup ("recording.mkv");
  return TRUE;
}

int
main (int argc, char **argv)
{
  Recorder self = {.status = 0};

  if (!parse_options (&argc, &argv))
    return 2;
  self.loop = g_main_loop_new (NULL, FALSE);
  self.pipeline = gst_pipeline_new (NULL);
  self.tracks = g_ptr_array_new_with_free_func (track_free);
  self.on_terminal = isatty (STDOUT_FILENO);

  if (build (&self)) {
    run (&self);
    if (self.started)
      print_summary (&self);
  } else {
    self.status = 2;
  }

  /* The probes' data must outlive the streaming threads. */
  gst_element_set_state (self.pipeline, GST_STATE_NULL);
  gst_object_unref (self.pipeline);
  g_ptr_array_unref (self.tracks);
  g_main_loop_unref (self.loop);
  return self.status;
}
