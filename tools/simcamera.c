/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Threads: everything here but creation and freeing happens in the server's
 * source thread, which asks for one client's set at a time. No locks.
 *
 * A set is made when a client is due for it. With a frame rate, all clients
 * share the frame that the clock is at; a client that is late finds a later
 * one. Without, each client walks through a loop of frames at its own pace.
 */

#include "simcamera.h"

#include "server/rcserver.h"
#include "simframe.h"
#include "simplan.h"
#include "wire/rcimagesetbuilder.h"

#include <string.h>

#define MS (1000 * G_GUINT64_CONSTANT (1000))
#define SECOND (1000 * (gint64)MS)

/* How long a camera is up when its clock is at a year's beginning. */
#define BOOT_TIME (60 * SECOND)

/* The ball's time for a loop, seconds. */
#define LOOP_TIME 8.0
/* Frames in the loop that is rendered once. */
#define N_LOOP_FRAMES 8

#define OUT1_DELAY (40 * MS)
#define EXPOSURE (8 * MS)
#define OUT1_REDUCTION 0.25f
#define GAIN 3.5f
#define NOISE 0.006f
#define GAMMA 1.0f
/* Sets that a client gets before auto exposure has settled. */
#define N_ADAPTING_SETS 10

#define GPIO_OUT1 (1 << 0)
#define GPIO_OUTPUTS (GPIO_OUT1 | 1 << 1)
#define GPIO_IN1 (1 << 2)
#define GPIO_INPUTS (GPIO_IN1 | 1 << 3)

#define N_STAMP_BITS 32

struct _SimCamera {
  const SimOptions *options;
  guint pipeline;
  SimScene *scene;
  gint64 start;         /* monotonic, µs */
  guint64 start_utc;    /* ns */
  guint64 last_capture; /* ns, without a frame rate */
  gint64 clock_offset;  /* of the camera's clock to ours, ns */
  gfloat brightness;    /* 0 before it is measured */
  guint64 event_frame;  /* the last that an event was sent for */

  SimFrame *frames[N_LOOP_FRAMES];
  guint64 numbers[N_LOOP_FRAMES]; /* of these frames; 0 for none */

  SimPlan *plan;    /* with faults */
  SimRelay *relay;  /* with faults that need it */
  RcServer *server; /* last: the others exist while it runs */
};

/* The set that a client is given. */
typedef struct {
  guint64 number;  /* from 1 */
  guint64 capture; /* of left and right, ns since the Unix epoch */
  SimFrame *frame;
} Moment;

/* From the capture of a set's first image to the end of the last exposure. */
static guint64
exposure_span (const SimCamera *camera)
{
  return EXPOSURE + (camera->options->out1_alternate ? OUT1_DELAY : 0);
}

static guint64
utc_now (void)
{
  return (guint64)g_get_real_time () * 1000;
}

/* --- which moment it is --- */

static SimFrame *
get_frame (SimCamera *camera, guint slot, guint64 number, gdouble phase)
{
  if (camera->numbers[slot] != number) {
    g_clear_pointer (&camera->frames[slot], sim_frame_free);
    camera->frames[slot] = sim_frame_new (camera->scene,
        camera->options->baseline, phase, camera->options->padding);
    camera->numbers[slot] = number;
  }
  return camera->frames[slot];
}

/* When frame @number is captured, ns from the start: not a sum of periods, so
 * that rounding never adds up. */
static guint64
capture_of (const SimCamera *camera, guint64 number)
{
  return (number - 1) * 1e9 / camera->options->fps + 0.5;
}

/* FALSE, and when to ask again, if the client has the newest frame. */
static gboolean
find_frame (
    SimCamera *camera, const RcServerCall *call, Moment *moment, gint64 *ask_at)
{
  gint64 now = (g_get_monotonic_time () - camera->start) * 1000;
  gint64 ready = now - (gint64)exposure_span (camera);
  guint64 number = 0;

  if (ready >= 0) {
    number = ready * camera->options->fps / 1e9 + 1;
    /* The product is rounded: hold it against the captures themselves. */
    while (number > 0 && capture_of (camera, number) > (guint64)ready)
      number--;
  }
  if (number <= call->position) {
    guint64 due = capture_of (camera, number + 1) + exposure_span (camera);
    *ask_at = camera->start + due / 1000 + 1;
    return FALSE;
  }

  guint64 capture = capture_of (camera, number);
  gdouble loops = capture / 1e9 / LOOP_TIME;
  moment->number = number;
  moment->capture = camera->start_utc + capture;
  moment->frame = get_frame (camera, 0, number, loops - floor (loops));
  return TRUE;
}

/* The client's next one in the loop, taken just now. */
static void
find_loop_frame (SimCamera *camera, const RcServerCall *call, Moment *moment)
{
  guint slot = call->position % N_LOOP_FRAMES;
  guint64 capture = utc_now () - exposure_span (camera);

  camera->last_capture = MAX (capture, camera->last_capture + 1000);
  moment->number = call->position + 1;
  moment->capture = camera->last_capture;
  moment->frame =
      get_frame (camera, slot, slot + 1, slot / (gdouble)N_LOOP_FRAMES);
}

/* What the camera takes a time of ours for; it knows none that its messages
 * cannot hold. */
static guint64
on_camera_clock (const SimCamera *camera, guint64 time)
{
  return CLAMP ((gint64)time + camera->clock_offset, 0, G_MAXINT32 * SECOND);
}

/* --- what the set says --- */

static gfloat
measure_brightness (SimCamera *camera)
{
  const SimIntrinsics *image = sim_scene_get_camera (camera->scene);
  gsize n_pixels = (gsize)image->width * image->height;
  g_autofree guint8 *pixels = g_malloc (n_pixels);
  guint64 sum = 0;

  sim_scene_render_view (camera->scene, SIM_LEFT, 0, FALSE, pixels);
  for (gsize i = 0; i < n_pixels; i++)
    sum += pixels[i];
  return sum / (255.0 * n_pixels);
}

static gboolean
is_depth (RcStream stream)
{
  return stream != RC_STREAM_LEFT && stream != RC_STREAM_RIGHT;
}

static guint64
capture_of_stream (
    const SimCamera *camera, const Moment *moment, RcStream stream)
{
  gboolean later = camera->options->out1_alternate && is_depth (stream);

  return moment->capture + (later ? OUT1_DELAY : 0);
}

static RcImage
describe_image (const SimCamera *camera, const RcServerCall *call,
    const Moment *moment, RcStream stream, RcEncoding encoding)
{
  const SimIntrinsics *image = is_depth (stream)
                                   ? sim_scene_get_depth (camera->scene)
                                   : sim_scene_get_camera (camera->scene);
  gboolean alternate = camera->options->out1_alternate;
  gboolean out1 = alternate && is_depth (stream);
  gfloat reduction = alternate ? OUT1_REDUCTION : 0.0f;

  return (RcImage){
      .timestamp = capture_of_stream (camera, moment, stream),
      .width = image->width,
      .height = image->height,
      .step = image->width * rc_encoding_bytes_per_pixel (encoding)
              + camera->options->padding,
      .encoding = encoding,
      .focal_length = image->focal_length,
      .principal_point_u = image->u,
      .principal_point_v = image->v,
      .exposure_time = EXPOSURE / 1e9 * (out1 ? 1.0f : 1.0f - reduction),
      .gain = GAIN,
      .noise = NOISE,
      .out1_reduction = reduction,
      .brightness = camera->brightness,
      .gamma = GAMMA,
      .auto_exposure_adapting = call->n_sets < N_ADAPTING_SETS,
      .gpio_inputs = GPIO_INPUTS,
      .gpio_outputs = GPIO_OUTPUTS,
      .gpio_values = GPIO_IN1 | (out1 ? GPIO_OUT1 : 0),
  };
}

/* A copy with the number in its first pixels: black is a 0, white a 1. */
static GBytes *
stamp_image (GBytes *data, const RcImage *image, guint64 number)
{
  gsize size;
  gconstpointer pixels = g_bytes_get_data (data, &size);
  guint8 *stamped = g_memdup2 (pixels, size);
  guint pixel_size = rc_encoding_bytes_per_pixel (image->encoding);

  for (guint i = 0; i < MIN (image->width, N_STAMP_BITS); i++)
    memset (stamped + i * pixel_size, number >> i & 1 ? 0xff : 0, pixel_size);
  return g_bytes_new_take (stamped, size);
}

static RcEncoding
encoding_of (const SimCamera *camera, const RcRequest *request, RcStream stream)
{
  if (stream == RC_STREAM_DISPARITY)
    return RC_ENCODING_MONO16;
  /* A grey camera does not hear the wish for colour. */
  if (!is_depth (stream) && request->color && camera->options->color)
    return RC_ENCODING_RGB8;
  return RC_ENCODING_MONO8;
}

static void
add_image (SimCamera *camera, const RcServerCall *call, const Moment *moment,
    RcStream stream, RcImageSetBuilder *builder)
{
  RcEncoding encoding = encoding_of (camera, &call->request, stream);
  RcImage image = describe_image (camera, call, moment, stream, encoding);
  g_autoptr (GBytes) data = g_bytes_ref (sim_frame_get_image (
      moment->frame, stream, encoding == RC_ENCODING_RGB8));

  if (camera->options->stamp) {
    g_autoptr (GBytes) plain = g_steal_pointer (&data);
    data = stamp_image (plain, &image, moment->number);
  }
  if (stream == RC_STREAM_DISPARITY) {
    RcDisparity disparity = {
        .scale = SIM_DISPARITY_SCALE,
        .offset = 0,
        .invalid_data_value = SIM_DISPARITY_INVALID,
        .baseline = camera->options->baseline,
        .delta_d = SIM_DISPARITY_SCALE,
    };
    rc_image_set_builder_add_disparity (builder, &disparity, &image, data);
  } else {
    rc_image_set_builder_add_image (builder, stream, &image, data);
  }
}

static GPtrArray *
build_set (SimCamera *camera, const RcServerCall *call, const Moment *moment)
{
  g_autoptr (RcImageSetBuilder) builder =
      rc_image_set_builder_new (moment->capture);

  for (guint stream = 0; stream < RC_N_IMAGE_STREAMS; stream++)
    if (call->request.streams & 1u << stream)
      add_image (camera, call, moment, stream, builder);
  if (call->request.streams & 1u << RC_STREAM_MESH)
    rc_image_set_builder_add_mesh (builder,
        capture_of_stream (camera, moment, RC_STREAM_MESH),
        sim_frame_get_mesh (moment->frame, &call->request));
  return rc_image_set_builder_finish (builder);
}

static void
push_event (SimCamera *camera, RcServer *server, const RcServerCall *call,
    const Moment *moment)
{
  const guint depth_streams = 1u << RC_STREAM_DISPARITY
                              | 1u << RC_STREAM_CONFIDENCE
                              | 1u << RC_STREAM_ERROR | 1u << RC_STREAM_MESH;

  if (!camera->options->events || !(call->request.streams & depth_streams))
    return;
  if (camera->options->fps > 0 && camera->event_frame == moment->number)
    return;
  camera->event_frame = moment->number;
  RcImageEvent event = {
      .set_timestamp = moment->capture,
      .timestamp = moment->capture + exposure_span (camera),
      .message = (gchar *)"depth acquisition done",
  };
  rc_server_push_event (server, &event);
}

static RcServerAnswer
next_set (RcServer *server, RcServerCall *call, GPtrArray **message,
    gint64 *ask_at, gpointer user_data)
{
  SimCamera *camera = user_data;
  Moment moment;

  if (camera->options->n_sets > 0 && call->n_sets == camera->options->n_sets)
    return RC_SERVER_END;
  if (camera->brightness == 0)
    camera->brightness = measure_brightness (camera);
  if (camera->options->fps == 0)
    find_loop_frame (camera, call, &moment);
  else if (!find_frame (camera, call, &moment, ask_at))
    return RC_SERVER_WAIT;

  moment.capture = on_camera_clock (camera, moment.capture);

  /* Before the depth image is computed: that is what events are for. */
  push_event (camera, server, call, &moment);
  *message = build_set (camera, call, &moment);
  call->position = moment.number;
  return RC_SERVER_SEND;
}

/* --- faults --- */

static SimScene *
make_scene (const SimCamera *camera, guint width, guint height)
{
  const SimOptions *options = camera->options;
  SimSceneConfig scene = {
      .width = width,
      .height = height,
      .divisor = options->divisor,
      .focal_length = options->focal_length * width / options->width,
      .baseline = options->baseline,
      .seed = options->seed + camera->pipeline,
  };

  return sim_scene_new (&scene);
}

static void
clear_scene (SimCamera *camera)
{
  for (guint i = 0; i < N_LOOP_FRAMES; i++) {
    g_clear_pointer (&camera->frames[i], sim_frame_free);
    camera->numbers[i] = 0;
  }
  g_clear_pointer (&camera->scene, sim_scene_free);
}

static void
resize (guint width, guint height, gpointer user_data)
{
  SimCamera *camera = user_data;
  const SimIntrinsics *image = sim_scene_get_camera (camera->scene);

  if (image->width == width && image->height == height) {
    width = camera->options->width;
    height = camera->options->height;
  }
  clear_scene (camera);
  camera->scene = make_scene (camera, width, height);
}

static void
set_clock (gdouble seconds, guint year, gpointer user_data)
{
  SimCamera *camera = user_data;

  if (year == 0) {
    camera->clock_offset += seconds * SECOND;
    return;
  }
  g_autoptr (GDateTime) begin = g_date_time_new_utc (year, 1, 1, 0, 0, 0);
  camera->clock_offset =
      g_date_time_to_unix (begin) * SECOND + BOOT_TIME - (gint64)utc_now ();
}

static gboolean
any_fault (const SimOptions *options, gboolean (*has) (const SimFault *fault))
{
  for (guint i = 0; i < options->faults->len; i++)
    if (has (options->faults->pdata[i]))
      return TRUE;
  return FALSE;
}

static gboolean
is_compressed (const SimFault *fault)
{
  return fault->gzip;
}

/* --- life cycle --- */

/* With a relay, that listens where clients come, and the server elsewhere. */
static gboolean
start (SimCamera *camera, GError **error)
{
  const SimOptions *options = camera->options;
  guint16 port = options->port == 0 ? 0 : options->port + camera->pipeline;
  RcServerConfig server = {
      .address = options->address,
      .port = port,
      .events = options->events,
      .gzip = any_fault (options, is_compressed),
      .tls_certificate_file = options->tls_certificate_file,
      .tls_private_key_file = options->tls_private_key_file,
      .tls_ca_file = options->tls_ca_file,
  };

  if (any_fault (options, sim_fault_needs_relay)) {
    camera->relay = sim_relay_new (options->address, port, error);
    if (!camera->relay)
      return FALSE;
    server.address = "127.0.0.1";
    server.port = 0;
  }
  if (options->faults->len > 0) {
    const SimPlanTarget target = {next_set, resize, set_clock, camera};

    camera->plan = sim_plan_new (options->faults, camera->relay, &target);
    camera->server =
        rc_server_new (&server, sim_plan_next, camera->plan, error);
  } else {
    camera->server = rc_server_new (&server, next_set, camera, error);
  }
  return camera->server
         && (!camera->relay
             || sim_relay_start (
                 camera->relay, rc_server_get_port (camera->server), error));
}

SimCamera *
sim_camera_new (const SimOptions *options, guint pipeline, GError **error)
{
  SimCamera *camera = g_new0 (SimCamera, 1);

  camera->options = options;
  camera->pipeline = pipeline;
  camera->scene = make_scene (camera, options->width, options->height);
  camera->start = g_get_monotonic_time ();
  camera->start_utc = utc_now ();
  if (!start (camera, error))
    g_clear_pointer (&camera, sim_camera_free);
  return camera;
}

void
sim_camera_free (SimCamera *camera)
{
  if (camera->relay)
    sim_relay_stop (camera->relay);
  g_clear_pointer (&camera->server, rc_server_free);
  g_clear_pointer (&camera->relay, sim_relay_free);
  g_clear_pointer (&camera->plan, sim_plan_free);
  clear_scene (camera);
  g_free (camera);
}

guint16
sim_camera_get_port (const SimCamera *camera)
{
  return camera->relay ? sim_relay_get_port (camera->relay)
                       : rc_server_get_port (camera->server);
}
