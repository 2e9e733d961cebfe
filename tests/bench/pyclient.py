# SPDX-License-Identifier: LGPL-2.1-or-later
"""Consumer: a Python client with grpcio, as the vendor's Python clients are.
Takes the consumers' common options (options.h) as far as they concern it."""

import argparse
import json
import resource
import time

import grpc
import numpy

import image_interface_pb2 as pb

CACHE_LINE = 64


def parse_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--streams",
                        default="left+right+disparity+confidence+error")
    parser.add_argument("--color", action="store_true")
    parser.add_argument("--warmup", type=int, default=10)
    parser.add_argument("--sets", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=0)
    parser.add_argument("--latencies", action="store_true")
    return parser.parse_args()


def make_request(arguments):
    streams = arguments.streams.split("+")
    return pb.ImageSetRequest(
        left_enabled="left" in streams, right_enabled="right" in streams,
        disparity_enabled="disparity" in streams,
        confidence_enabled="confidence" in streams,
        disparity_error_enabled="error" in streams, color=arguments.color)


def touch_set(image_set):
    size = 0
    for image in (image_set.left, image_set.right, image_set.disparity.image,
                  image_set.confidence, image_set.disparity_error):
        data = image.data
        if data:
            numpy.frombuffer(data, numpy.uint8)[::CACHE_LINE].sum()
            size += len(data)
    return size


def status(field):
    with open("/proc/self/status") as file:
        for line in file:
            if line.startswith(field + ":"):
                return int(line.split()[1])


class Moment:
    def __init__(self):
        self.wall = time.monotonic()
        self.cpu = time.process_time()
        self.usage = resource.getrusage(resource.RUSAGE_SELF)


def receive(arguments, stream):
    """Start and end of what is measured, bytes of images, latencies in s."""
    start, size, latencies = None, 0, []
    for count, image_set in enumerate(stream, 1 - arguments.warmup):
        stamp = image_set.timestamp
        latency = time.time() - stamp.sec - stamp.nsec * 1e-9
        got = touch_set(image_set)
        if count > 0:
            size += got
            latencies.append(latency)
            if (time.monotonic() - start.wall >= arguments.seconds
                    if arguments.seconds else count >= arguments.sets):
                break
        elif count == 0:
            start = Moment()
    return start, Moment(), size, latencies


def main():
    arguments = parse_arguments()
    arguments.warmup = max(arguments.warmup, 1)
    channel = grpc.insecure_channel(
        f"127.0.0.1:{arguments.port}",
        [("grpc.max_receive_message_length", -1)])
    stream = channel.unary_stream(
        "/ImageInterface/StreamImageSets",
        pb.ImageSetRequest.SerializeToString,
        pb.ImageSet.FromString)(make_request(arguments))
    start, end, size, latencies = receive(arguments, stream)
    result = {
        "cpu_s": end.cpu - start.cpu,
        "user_s": end.usage.ru_utime - start.usage.ru_utime,
        "sys_s": end.usage.ru_stime - start.usage.ru_stime,
        "wall_s": end.wall - start.wall,
        "voluntary_switches": end.usage.ru_nvcsw - start.usage.ru_nvcsw,
        "involuntary_switches": end.usage.ru_nivcsw - start.usage.ru_nivcsw,
        "minor_faults": end.usage.ru_minflt - start.usage.ru_minflt,
        "sets": len(latencies),
        "image_bytes": size,
        "peak_rss_kb": status("VmHWM"),
        "rss_kb": status("VmRSS"),
        "threads": status("Threads"),
    }
    if arguments.latencies:
        p50, p95, p99 = numpy.percentile(latencies, [50, 95, 99]) * 1000
        result.update(p50_ms=p50, p95_ms=p95, p99_ms=p99,
                      max_ms=max(latencies) * 1000)
    print(json.dumps(result))
    stream.cancel()
    channel.close()


if __name__ == "__main__":
    main()
