/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Consumer: what users without the plugin build, the C++ client with an appsrc
 * an image. --mode=copy copies each image into a new buffer; --mode=move takes
 * protobuf's memory over instead. */

#include <cstring>

#include <gst/app/gstappsrc.h>

#include "cppstream.h"
#include "sinks.h"

/* As rcgrpcsrc's queue-size. */
#define MAX_BUFFERS 4

struct Feeder {
  GstElement *pipeline;
  BenchSinks *sinks;
  GstElement *sources[BENCH_N_STREAMS];
  bool move;
  uint64_t number;
};

static Image *
get_image (ImageSet *set, unsigned stream)
{
  switch (1 << stream) {
  case BENCH_LEFT:
    return set->has_left () ? set->mutable_left () : nullptr;
  case BENCH_RIGHT:
    return set->has_right () ? set->mutable_right () : nullptr;
  case BENCH_DISPARITY:
    return set->has_disparity () ? set->mutable_disparity ()->mutable_image ()
                                 : nullptr;
  case BENCH_CONFIDENCE:
    return set->has_confidence () ? set->mutable_confidence () : nullptr;
  default:
    return set->has_disparity_error () ? set->mutable_disparity_error ()
                                       : nullptr;
  }
}

static const char *
get_format (const Image &image)
{
  if (image.encoding () == "mono16")
    return "GRAY16_LE";
  return image.encoding () == "rgb8" ? "RGB" : "GRAY8";
}

static GstElement *
add_source (Feeder *feeder)
{
  GstElement *source = gst_element_factory_make ("appsrc", nullptr);

  g_object_set (source, "format", GST_FORMAT_TIME, "is-live", TRUE,
      "do-timestamp", TRUE, "block", TRUE, "max-bytes", G_GUINT64_CONSTANT (0),
      "max-buffers", (guint64)MAX_BUFFERS, nullptr);
  gst_bin_add (GST_BIN (feeder->pipeline), source);
  GstPad *pad = gst_element_get_static_pad (source, "src");
  GstPad *sink = bench_sinks_add (feeder->sinks, GST_BIN (feeder->pipeline));
  gst_pad_link (pad, sink);
  gst_object_unref (pad);
  gst_object_unref (sink);
  return source;
}

static void
build (Feeder *feeder, const BenchOptions &options, Meter *meter)
{
  feeder->pipeline = gst_pipeline_new (nullptr);
  feeder->move = strcmp (options.mode, "move") == 0;
  feeder->sinks = bench_sinks_new (meter, __builtin_popcount (options.streams));
  for (unsigned i = 0; i < BENCH_N_STREAMS; i++) {
    if (options.streams & (1u << i))
      feeder->sources[i] = add_source (feeder);
  }
}

static void
set_caps (GstElement *source, const Image &image)
{
  GstCaps *caps = gst_caps_new_simple ("video/x-raw", "format", G_TYPE_STRING,
      get_format (image), "width", G_TYPE_INT, (gint)image.width (), "height",
      G_TYPE_INT, (gint)image.height (), "framerate", GST_TYPE_FRACTION, 0, 1,
      nullptr);

  gst_app_src_set_caps (GST_APP_SRC (source), caps);
  gst_caps_unref (caps);
}

static void
free_string (gpointer string)
{
  delete static_cast<std::string *> (string);
}

static GstBuffer *
move_to_buffer (Image *image)
{
  std::string *data = image->release_data ();

  return gst_buffer_new_wrapped_full (GST_MEMORY_FLAG_READONLY, &(*data)[0],
      data->size (), 0, data->size (), data, free_string);
}

static GstBuffer *
copy_to_buffer (const Image &image)
{
  const std::string &data = image.data ();
  GstBuffer *buffer = gst_buffer_new_allocate (nullptr, data.size (), nullptr);

  gst_buffer_fill (buffer, 0, data.data (), data.size ());
  return buffer;
}

static void
push_set (Feeder *feeder, ImageSet *set)
{
  for (unsigned i = 0; i < BENCH_N_STREAMS; i++) {
    Image *image = get_image (set, i);

    if (feeder->sources[i] == nullptr || image == nullptr)
      continue;
    if (feeder->number == 0)
      set_caps (feeder->sources[i], *image);
    GstBuffer *buffer =
        feeder->move ? move_to_buffer (image) : copy_to_buffer (*image);
    GST_BUFFER_OFFSET (buffer) = feeder->number;
    /* For the bench, see sinks.h. */
    GST_BUFFER_OFFSET_END (buffer) = cpp_get_sent (*set);
    gst_app_src_push_buffer (GST_APP_SRC (feeder->sources[i]), buffer);
  }
  feeder->number++;
}

int
main (int argc, char **argv)
{
  BenchOptions options;
  Feeder feeder = {};

  bench_options_parse (&options, argc, argv);
  gst_init (nullptr, nullptr);
  Meter *meter = meter_new (&options);
  build (&feeder, options, meter);
  meter_begin (meter);
  gst_element_set_state (feeder.pipeline, GST_STATE_PLAYING);
  {
    CppStream stream (options);

    while (ImageSet *set = stream.Read ()) {
      push_set (&feeder, set);
      if (bench_sinks_wait (feeder.sinks, 0))
        break;
    }
  }
  gst_element_set_state (feeder.pipeline, GST_STATE_NULL);
  gst_object_unref (feeder.pipeline);
  bench_sinks_free (feeder.sinks);
  meter_print (meter);
  meter_free (meter);
  return 0;
}
