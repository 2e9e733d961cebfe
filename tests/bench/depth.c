/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What an element over disparity images takes of the processor, without a
 * camera; beside it, in turn, memcpy of what goes in and of what comes out.
 *
 *   bench-depth ELEMENT WIDTH HEIGHT IMAGES
 *
 * ELEMENT is one with its properties. Its `sink` is fed, or `disparity` and
 * `left`. Prints JSON: ms of CPU time, of all threads. */

#include <gst/gst.h>
#include <gst/video/video.h>
#include <stdlib.h>
#include <time.h>

#define WARMUP 3

typedef struct {
  GstPad *pad; /* ours, linked to the element's */
  GstBuffer *image;
} Input;

typedef struct {
  Input inputs[2];
  guint n_inputs;
  GstElement *pipeline;
  GAsyncQueue *outputs; /* buffers */
} Bench;

static gdouble
get_cpu_ms (void)
{
  struct timespec time;

  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &time);
  return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}

/* A slope with steps, a tenth of it without a value: as in pyclouds.py. */
static guint
get_disparity (guint x, guint y)
{
  if (((x * 2654435761u ^ y * 40503u) >> 7) % 10 == 0)
    return 0;
  return 600 + x / 4 + y / 3;
}

static GstBuffer *
make_image (GstVideoFormat format, guint width, guint height)
{
  GstVideoInfo info;
  GstVideoFrame frame;
  GstBuffer *buffer;

  gst_video_info_set_format (&info, format, width, height);
  buffer = gst_buffer_new_allocate (NULL, GST_VIDEO_INFO_SIZE (&info), NULL);
  gst_video_frame_map (&frame, &info, buffer, GST_MAP_WRITE);
  for (guint y = 0; y < height; y++) {
    guint8 *row = (guint8 *)GST_VIDEO_FRAME_PLANE_DATA (&frame, 0)
                  + (gsize)y * GST_VIDEO_FRAME_PLANE_STRIDE (&frame, 0);

    for (guint x = 0; x < width; x++) {
      if (format == GST_VIDEO_FORMAT_GRAY16_LE) {
        GST_WRITE_UINT16_LE (row + 2 * x, get_disparity (x, y));
      } else {
        row[3 * x] = x;
        row[3 * x + 1] = y;
        row[3 * x + 2] = x + y;
      }
    }
  }
  gst_video_frame_unmap (&frame);
  return buffer;
}

static GstFlowReturn
on_output (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  Bench *bench = g_object_get_data (G_OBJECT (pad), "bench");

  g_async_queue_push (bench->outputs, buffer);
  return GST_FLOW_OK;
}

static void
add_input (Bench *bench, GstPad *sink, GstVideoFormat format, guint width,
    guint height)
{
  Input *input = &bench->inputs[bench->n_inputs++];
  GstSegment segment;
  GstVideoInfo info;
  GstCaps *caps;

  gst_video_info_set_format (&info, format, width, height);
  caps = gst_video_info_to_caps (&info);
  gst_segment_init (&segment, GST_FORMAT_TIME);
  input->image = make_image (format, width, height);
  input->pad = gst_pad_new (NULL, GST_PAD_SRC);
  gst_pad_set_active (input->pad, TRUE);
  if (gst_pad_link (input->pad, sink) != GST_PAD_LINK_OK)
    g_error ("cannot link %s", GST_PAD_NAME (sink));
  gst_pad_push_event (input->pad, gst_event_new_stream_start ("bench"));
  gst_pad_push_event (input->pad, gst_event_new_caps (caps));
  gst_pad_push_event (input->pad, gst_event_new_segment (&segment));
  gst_caps_unref (caps);
  gst_object_unref (sink);
}

static void
bench_init (Bench *bench, const gchar *description, guint width, guint height)
{
  g_autoptr (GError) error = NULL;
  GstElement *element;
  GstPad *src, *pad, *left = NULL;

  bench->outputs = g_async_queue_new ();
  element = gst_parse_launch (description, &error);
  if (element == NULL || error != NULL)
    g_error ("%s: %s", description, error ? error->message : "");
  bench->pipeline = gst_pipeline_new (NULL);
  gst_bin_add (GST_BIN (bench->pipeline), element);

  src = gst_element_get_static_pad (element, "src");
  pad = gst_pad_new (NULL, GST_PAD_SINK);
  g_object_set_data (G_OBJECT (pad), "bench", bench);
  gst_pad_set_chain_function (pad, on_output);
  gst_pad_set_active (pad, TRUE);
  gst_pad_link (src, pad);
  gst_object_unref (src);

  pad = gst_element_get_static_pad (element, "sink");
  if (pad == NULL) {
    pad = gst_element_get_static_pad (element, "disparity");
    left = gst_element_request_pad_simple (element, "left");
  }
  gst_element_set_state (bench->pipeline, GST_STATE_PLAYING);
  add_input (bench, pad, GST_VIDEO_FORMAT_GRAY16_LE, width, height);
  if (left != NULL)
    add_input (bench, left, GST_VIDEO_FORMAT_RGB, width, height);
}

/* Returns bytes that came out. */
static gsize
run_once (Bench *bench, guint number)
{
  GstBuffer *output;
  gsize size;

  for (guint i = 0; i < bench->n_inputs; i++) {
    GstBuffer *buffer = gst_buffer_copy (bench->inputs[i].image);

    GST_BUFFER_PTS (buffer) = number * 40 * GST_MSECOND;
    if (gst_pad_push (bench->inputs[i].pad, buffer) != GST_FLOW_OK)
      g_error ("the element does not take it");
  }
  output = g_async_queue_pop (bench->outputs);
  size = gst_buffer_get_size (output);
  gst_buffer_unref (output);
  return size;
}

static void
copy (Bench *bench, guint8 *to, const guint8 *from, gsize out)
{
  for (guint i = 0; i < bench->n_inputs; i++)
    memcpy (to, from, gst_buffer_get_size (bench->inputs[i].image));
  memcpy (to, from, out);
  /* It was for something, as far as the compiler can tell. */
  __asm__ volatile("" : : "r"(to) : "memory");
}

int
main (int argc, char **argv)
{
  Bench bench = {0};
  gdouble element_ms = 0, copy_ms = 0;
  guint8 *from, *to;
  guint width, height, n_images;
  gsize out = 0, room;

  gst_init (&argc, &argv);
  if (argc != 5)
    g_error ("usage: bench-depth ELEMENT WIDTH HEIGHT IMAGES");
  width = atoi (argv[2]);
  height = atoi (argv[3]);
  n_images = atoi (argv[4]);
  bench_init (&bench, argv[1], width, height);
  for (guint i = 0; i < WARMUP; i++)
    out = run_once (&bench, i);
  room = MAX (out, (gsize)3 * width * height);
  from = g_malloc0 (room);
  to = g_malloc0 (room);
  for (guint i = 0; i < n_images; i++) {
    gdouble begin = get_cpu_ms (), middle;

    run_once (&bench, WARMUP + i);
    middle = get_cpu_ms ();
    copy (&bench, to, from, out);
    copy_ms += get_cpu_ms () - middle;
    element_ms += middle - begin;
  }
  g_print ("{\"cpu_ms\": %.4f, \"memcpy_ms\": %.4f, \"bytes_out\": %zu}\n",
      element_ms / n_images, copy_ms / n_images, out);
  gst_element_set_state (bench.pipeline, GST_STATE_NULL);
  return 0;
}
