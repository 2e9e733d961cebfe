/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Consumer: a C++ client that makes no buffers of what it gets. */

#include "cppstream.h"
#include "meter.h"
#include "touch.h"

static uint64_t
touch_image (const Image &image)
{
  bench_touch (image.data ().data (), image.data ().size ());
  return image.data ().size ();
}

static uint64_t
touch_set (const ImageSet &set)
{
  return touch_image (set.left ()) + touch_image (set.right ())
         + touch_image (set.disparity ().image ())
         + touch_image (set.confidence ())
         + touch_image (set.disparity_error ());
}

static void
run_stream (const BenchOptions &options, Meter *meter)
{
  meter_begin (meter);
  CppStream stream (options);

  while (const ImageSet *set = stream.Read ()) {
    uint64_t latency = meter_now () - cpp_get_sent (*set);

    if (!meter_add_set (meter, touch_set (*set), latency))
      break;
  }
  meter_end (meter);
}

static void
run_cycles (const BenchOptions &options, Meter *meter)
{
  for (unsigned i = 0; i < options.cycles; i++) {
    double start = meter_clock ();
    auto stream = std::make_unique<CppStream> (options);

    stream->Read ();
    double first = meter_clock ();
    stream.reset ();
    meter_add_cycle (
        meter, first - start, first - start, meter_clock () - first);
  }
}

int
main (int argc, char **argv)
{
  BenchOptions options;

  bench_options_parse (&options, argc, argv);
  Meter *meter = meter_new (&options);
  if (options.cycles > 0)
    run_cycles (options, meter);
  else
    run_stream (options, meter);
  meter_print (meter);
  meter_free (meter);
  return 0;
}
