/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "simoptions.h"

#include <stdio.h>
#include <stdlib.h>

#define DEFAULT_ADDRESS "127.0.0.1"
#define DEFAULT_PORT 50051
#define DEFAULT_SIZE "1280x960"
#define DEFAULT_QUALITY "high"
#define DEFAULT_FPS 25.0
#define DEFAULT_BASELINE 0.065
/* Focal length per width of the image: the rc_visard's lens. */
#define DEFAULT_FOCAL_FACTOR (1080.0 / 1280.0)

#define MIN_SIDE 64
#define MAX_SIDE 8192
#define MAX_PIPELINES 16
#define MAX_FPS 1000.0

static const struct {
  const gchar *name;
  guint divisor;
} qualities[] = {{"full", 1}, {"high", 2}, {"medium", 4}, {"low", 6}};

/* As GOption delivers them. */
typedef struct {
  gchar *address;
  gint port;
  gint n_pipelines;
  gchar *size;
  gchar *quality;
  gdouble fps;
  gboolean color;
  gint64 n_sets;
  gboolean out1_alternate;
  gint padding;
  gdouble baseline;
  gdouble focal_length;
  gint64 seed;
  gboolean events;
  gboolean stamp;
  gchar *tls_certificate_file;
  gchar *tls_private_key_file;
  gchar *tls_ca_file;
  gchar **faults;
  gboolean version;
} RawOptions;

static const gchar summary[] =
    "Simulates a Roboception stereo camera: a textured floor and wall, a\n"
    "crate and a hopping ball, ray-cast so that all images of a set fit each\n"
    "other exactly. Serves the gRPC image interface to any number of "
    "clients.";

static const gchar description[] =
    "Quality is the size of the depth images: full is the camera's, high "
    "half, medium\na quarter, low a sixth (rounded up).\n\n"
    "Examples:\n"
    "  rcgrpc-sim\n"
    "  rcgrpc-sim --address=0.0.0.0 --size=1440x1080 --pipelines=4 --color\n"
    "  rcgrpc-sim --port=0 --fps=0 --sets=100\n"
    "  rcgrpc-sim --fault=restart:at=100,for=20 --fault=drop-sets:every=7\n";

static gboolean
parse_arguments (RawOptions *raw, gint argc, gchar **argv, GError **error)
{
  const GOptionEntry entries[] = {
      {"address", 0, 0, G_OPTION_ARG_STRING, &raw->address,
          "Address to listen on; 0.0.0.0 for all, so that other machines can "
          "connect (default " DEFAULT_ADDRESS ")",
          "ADDRESS"},
      {"port", 0, 0, G_OPTION_ARG_INT, &raw->port,
          "TCP port of the first pipeline, 0 for any free one (default " G_STRINGIFY (
              DEFAULT_PORT) ")",
          "PORT"},
      {"pipelines", 0, 0, G_OPTION_ARG_INT, &raw->n_pipelines,
          "Pipelines, on the ports PORT, PORT+1, and so on (default 1)", "N"},
      {"size", 0, 0, G_OPTION_ARG_STRING, &raw->size,
          "Camera image, pixels (default " DEFAULT_SIZE ")", "WxH"},
      {"quality", 0, 0, G_OPTION_ARG_STRING, &raw->quality,
          "Depth image: full, high, medium or low (default " DEFAULT_QUALITY
          ")",
          "QUALITY"},
      {"fps", 0, 0, G_OPTION_ARG_DOUBLE, &raw->fps,
          "Sets a second; 0 for as fast as each client reads, out of a short "
          "loop that is rendered once (default 25)",
          "FPS"},
      {"color", 0, 0, G_OPTION_ARG_NONE, &raw->color,
          "Colour cameras: rgb8 for clients that ask for it", NULL},
      {"sets", 0, 0, G_OPTION_ARG_INT64, &raw->n_sets,
          "Sets that each client gets before its stream ends with OK, 0 for no "
          "end (default 0)",
          "N"},
      {"out1-alternate", 0, 0, G_OPTION_ARG_NONE, &raw->out1_alternate,
          "Take depth images 40 ms after left and right, with Out 1 high",
          NULL},
      {"padding", 0, 0, G_OPTION_ARG_INT, &raw->padding,
          "Bytes after each row of an image (default 0)", "BYTES"},
      {"baseline", 0, 0, G_OPTION_ARG_DOUBLE, &raw->baseline,
          "Distance between the cameras, metres (default 0.065)", "METRES"},
      {"focal-length", 0, 0, G_OPTION_ARG_DOUBLE, &raw->focal_length,
          "Of the camera images, pixels (default 0.84375 times the width)",
          "PIXELS"},
      {"seed", 0, 0, G_OPTION_ARG_INT64, &raw->seed,
          "Changes textures and motion; pipeline N takes SEED+N (default 0)",
          "SEED"},
      {"events", 0, 0, G_OPTION_ARG_NONE, &raw->events,
          "Serve StreamImageEvents", NULL},
      {"stamp", 0, 0, G_OPTION_ARG_NONE, &raw->stamp,
          "Write the set's number into the first 32 pixels of each image, the "
          "lowest bit first",
          NULL},
      {"tls-certificate-file", 0, 0, G_OPTION_ARG_FILENAME,
          &raw->tls_certificate_file, "Serve TLS, with this certificate (PEM)",
          "FILE"},
      {"tls-private-key-file", 0, 0, G_OPTION_ARG_FILENAME,
          &raw->tls_private_key_file, "The certificate's key (PEM)", "FILE"},
      {"tls-ca-file", 0, 0, G_OPTION_ARG_FILENAME, &raw->tls_ca_file,
          "Clients must have a certificate of this authority (PEM)", "FILE"},
      {"fault", 0, 0, G_OPTION_ARG_STRING_ARRAY, &raw->faults,
          "Make something go wrong; may be given several times. KIND, or "
          "KIND:PARAMETER=VALUE,... as below",
          "FAULT"},
      {"version", 0, 0, G_OPTION_ARG_NONE, &raw->version,
          "Print the version and exit", NULL},
      {NULL},
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autofree gchar *faults = sim_fault_describe ();
  g_autofree gchar *all = g_strconcat (faults, "\n", description, NULL);

  g_option_context_set_summary (context, summary);
  g_option_context_set_description (context, all);
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, error))
    return FALSE;
  if (argc > 1) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION,
        "What is '%s'? See --help.", argv[1]);
    return FALSE;
  }
  return TRUE;
}

static gboolean
bad_value (GError **error, const gchar *option, const gchar *wanted)
{
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
      "Bad value for --%s: must be %s.", option, wanted);
  return FALSE;
}

static gboolean
parse_size (const gchar *size, guint *width, guint *height)
{
  g_auto (GStrv) sides = g_strsplit (size, "x", -1);
  guint64 numbers[2];

  if (g_strv_length (sides) != 2)
    return FALSE;
  for (guint i = 0; i < 2; i++)
    if (!g_ascii_string_to_unsigned (
            sides[i], 10, MIN_SIDE, MAX_SIDE, &numbers[i], NULL))
      return FALSE;
  *width = numbers[0];
  *height = numbers[1];
  return TRUE;
}

static gboolean
parse_quality (const gchar *quality, guint *divisor)
{
  for (guint i = 0; i < G_N_ELEMENTS (qualities); i++) {
    if (g_str_equal (quality, qualities[i].name)) {
      *divisor = qualities[i].divisor;
      return TRUE;
    }
  }
  return FALSE;
}

/* NaN is in no range. */
static gboolean
is_within (gdouble value, gdouble from, gdouble to)
{
  return value >= from && value <= to;
}

static gboolean
check_listening (const RawOptions *raw, SimOptions *options, GError **error)
{
  if (raw->n_pipelines < 1 || raw->n_pipelines > MAX_PIPELINES)
    return bad_value (
        error, "pipelines", "from 1 to " G_STRINGIFY (MAX_PIPELINES));
  if (raw->port < 0 || raw->port + raw->n_pipelines - 1 > G_MAXUINT16)
    return bad_value (
        error, "port", "from 0 to 65535, for the last pipeline too");
  options->address = g_strdup (raw->address ? raw->address : DEFAULT_ADDRESS);
  options->port = raw->port;
  options->n_pipelines = raw->n_pipelines;
  return TRUE;
}

static gboolean
check_images (const RawOptions *raw, SimOptions *options, GError **error)
{
  if (!parse_size (raw->size ? raw->size : DEFAULT_SIZE, &options->width,
          &options->height))
    return bad_value (error, "size",
        "WIDTHxHEIGHT, each from " G_STRINGIFY (MIN_SIDE) " to " G_STRINGIFY (
            MAX_SIDE));
  if (!parse_quality (
          raw->quality ? raw->quality : DEFAULT_QUALITY, &options->divisor))
    return bad_value (error, "quality", "full, high, medium or low");
  if (raw->padding < 0 || raw->padding > SIM_MAX_PADDING)
    return bad_value (
        error, "padding", "from 0 to " G_STRINGIFY (SIM_MAX_PADDING));
  options->padding = raw->padding;

  options->baseline = raw->baseline;
  if (!is_within (raw->baseline, 0.001, 1.0))
    return bad_value (error, "baseline", "from 0.001 to 1 metre");
  options->focal_length = raw->focal_length > 0
                              ? raw->focal_length
                              : DEFAULT_FOCAL_FACTOR * options->width;
  /* From a fish's eye to a telescope. */
  if (raw->focal_length != 0
      && !is_within (
          raw->focal_length, 0.2 * options->width, 20.0 * options->width))
    return bad_value (
        error, "focal-length", "from 0.2 to 20 times the image's width");
  return TRUE;
}

static gboolean
check_stream (const RawOptions *raw, SimOptions *options, GError **error)
{
  if (!is_within (raw->fps, 0, MAX_FPS)
      || (raw->fps > 0 && raw->fps < 1.0 / 3600))
    return bad_value (error, "fps", "0, or from one an hour to 1000");
  if (raw->n_sets < 0)
    return bad_value (error, "sets", "0 or more");
  if (raw->seed < 0 || raw->seed > G_MAXUINT32)
    return bad_value (error, "seed", "from 0 to 4294967295");
  options->fps = raw->fps;
  options->n_sets = raw->n_sets;
  options->seed = raw->seed;
  options->color = raw->color;
  options->out1_alternate = raw->out1_alternate;
  options->events = raw->events;
  options->stamp = raw->stamp;
  return TRUE;
}

static gboolean
check_tls (RawOptions *raw, SimOptions *options, GError **error)
{
  if (!raw->tls_certificate_file
      && (raw->tls_private_key_file || raw->tls_ca_file))
    return bad_value (
        error, "tls-certificate-file", "given with the other options of TLS");
  if (raw->tls_certificate_file && !raw->tls_private_key_file)
    return bad_value (
        error, "tls-certificate-file", "given with tls-private-key-file");
  options->tls_certificate_file = g_steal_pointer (&raw->tls_certificate_file);
  options->tls_private_key_file = g_steal_pointer (&raw->tls_private_key_file);
  options->tls_ca_file = g_steal_pointer (&raw->tls_ca_file);
  return TRUE;
}

static gboolean
check_faults (const RawOptions *raw, SimOptions *options, GError **error)
{
  for (guint i = 0; raw->faults && raw->faults[i]; i++) {
    SimFault *fault = sim_fault_parse (raw->faults[i], error);

    if (!fault)
      return FALSE;
    g_ptr_array_add (options->faults, fault);
    if (i == SIM_MAX_FAULTS)
      return bad_value (error, "fault",
          "given " G_STRINGIFY (SIM_MAX_FAULTS) " times at most");
    /* The relay would have to read what is encrypted. */
    if (options->tls_certificate_file && sim_fault_needs_relay (fault))
      return bad_value (error, "fault",
          "of another kind with TLS: this one cuts connections by what they "
          "carry");
  }
  return TRUE;
}

static void
clear_raw (RawOptions *raw)
{
  g_free (raw->address);
  g_free (raw->size);
  g_free (raw->quality);
  g_free (raw->tls_certificate_file);
  g_free (raw->tls_private_key_file);
  g_free (raw->tls_ca_file);
  g_strfreev (raw->faults);
}

SimOptions *
sim_options_parse (gint argc, gchar **argv, GError **error)
{
  g_autoptr (SimOptions) options = g_new0 (SimOptions, 1);
  RawOptions raw = {
      .port = DEFAULT_PORT,
      .n_pipelines = 1,
      .fps = DEFAULT_FPS,
      .baseline = DEFAULT_BASELINE,
  };

  options->faults =
      g_ptr_array_new_with_free_func ((GDestroyNotify)sim_fault_free);
  gboolean good = parse_arguments (&raw, argc, argv, error);

  if (good && raw.version) {
    printf ("rcgrpc-sim %s\n", VERSION);
    exit (0);
  }
  good = good && check_listening (&raw, options, error)
         && check_images (&raw, options, error)
         && check_stream (&raw, options, error)
         && check_tls (&raw, options, error)
         && check_faults (&raw, options, error);
  clear_raw (&raw);
  return good ? g_steal_pointer (&options) : NULL;
}

void
sim_options_free (SimOptions *options)
{
  g_free (options->address);
  g_free (options->tls_certificate_file);
  g_free (options->tls_private_key_file);
  g_free (options->tls_ca_file);
  g_ptr_array_unref (options->faults);
  g_free (options);
}
