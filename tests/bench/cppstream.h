/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The C++ client: the generated stub and a loop over Read (), as the vendor's
 * clients are made. */

#pragma once

#include <memory>
#include <string>

#include <grpcpp/grpcpp.h>

#include "image_interface.grpc.pb.h"

#include "options.h"

class CppStream
{
public:
  CppStream (const BenchOptions &options)
  {
    grpc::ChannelArguments arguments;
    ImageSetRequest request;

    arguments.SetMaxReceiveMessageSize (-1);
    request.set_left_enabled (options.streams & BENCH_LEFT);
    request.set_right_enabled (options.streams & BENCH_RIGHT);
    request.set_disparity_enabled (options.streams & BENCH_DISPARITY);
    request.set_confidence_enabled (options.streams & BENCH_CONFIDENCE);
    request.set_disparity_error_enabled (options.streams & BENCH_ERROR);
    request.set_color (options.color);
    stub = ImageInterface::NewStub (grpc::CreateCustomChannel (
        "127.0.0.1:" + std::to_string (options.ports[0]),
        grpc::InsecureChannelCredentials (), arguments));
    reader = stub->StreamImageSets (&context, request);
  }

  ~CppStream ()
  {
    context.TryCancel ();
    while (reader->Read (&set))
      ;
    reader->Finish ();
  }

  /* The next one; nullptr when the camera ended the stream. It stays until the
   * next Read (), and its memory is used again as far as protobuf does so. */
  ImageSet *
  Read ()
  {
    return reader->Read (&set) ? &set : nullptr;
  }

private:
  grpc::ClientContext context;
  std::unique_ptr<ImageInterface::Stub> stub;
  std::unique_ptr<grpc::ClientReader<ImageSet>> reader;
  ImageSet set;
};

/* ns since the Unix epoch. */
inline uint64_t
cpp_get_sent (const ImageSet &set)
{
  return set.timestamp ().sec () * UINT64_C (1000000000)
         + set.timestamp ().nsec ();
}
