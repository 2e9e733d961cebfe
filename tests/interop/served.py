# SPDX-License-Identifier: LGPL-2.1-or-later
"""rcgrpcsink in a pipeline of this process, and clients of it with grpcio."""

import time
import unittest

import grpc

from watched import Gst, Watched, statistics
import image_interface_pb2 as pb

METHOD = "/ImageInterface/StreamImageSets"
FLAGS = {
    "left": "left_enabled", "right": "right_enabled",
    "disparity": "disparity_enabled", "confidence": "confidence_enabled",
    "error": "disparity_error_enabled", "mesh": "mesh_enabled",
}
# Seconds that nothing takes unless it hangs.
DEADLINE = 60
# Nothing is lost, and nothing waits for a clock.
WHOLE = "sync=false queue-size=1000 set-timeout=3600000000000"


def request(*streams, **fields):
    return pb.ImageSetRequest(
        **{FLAGS[stream]: True for stream in streams}, **fields)


class Client:
    """A stream of sets from 127.0.0.1; iterate over it, or next ()."""

    def __init__(self, port, *streams, credentials=None, color=False):
        options = [("grpc.max_receive_message_length", -1),
                   ("grpc.use_local_subchannel_pool", 1),
                   ("grpc.enable_http_proxy", 0)]
        target = f"127.0.0.1:{port}"
        if credentials:
            self._channel = grpc.secure_channel(target, credentials, options)
        else:
            self._channel = grpc.insecure_channel(target, options)
        self._call = self._channel.unary_stream(
            METHOD, pb.ImageSetRequest.SerializeToString,
            pb.ImageSet.FromString)(
                request(*streams, color=color), timeout=DEADLINE)

    def __iter__(self):
        return iter(self._call)

    def __next__(self):
        return next(self._call)

    def status(self):
        """How it ended, once all that came was read: code and details."""
        try:
            for _ in self._call:
                pass
        except grpc.RpcError:
            pass
        return self._call.code(), self._call.details()

    def close(self):
        self._call.cancel()
        self._channel.close()


class SinkTest(unittest.TestCase):
    def served(self, description):
        """A Watched in PAUSED, with an rcgrpcsink `k` that listens on any
        port, which is the attribute `port`."""
        watched = Watched(description)
        self.addCleanup(watched.stop)
        watched.sink = watched.pipeline.get_by_name("k")
        watched.sink.set_property("port", 0)
        watched.pipeline.set_state(Gst.State.PAUSED)
        watched.port = watched.sink.get_property("current-port")
        self.assertGreater(watched.port, 0)
        return watched

    def client(self, watched, *streams, **options):
        """It has been admitted when this returns."""
        before = self.stats(watched)["clients"]
        client = Client(watched.port, *streams, **options)
        self.addCleanup(client.close)
        self.wait_until(watched, lambda stats: stats["clients"] > before)
        return client

    def stats(self, watched):
        return statistics(watched.sink)

    def wait_until(self, watched, holds):
        """For what the statistics say, and nothing signals."""
        deadline = time.monotonic() + DEADLINE
        while not holds(self.stats(watched)):
            self.assertLess(time.monotonic(), deadline, self.stats(watched))
            time.sleep(0.01)

    def assert_healthy(self, watched):
        self.assertEqual(watched.errors + watched.warnings, [])


__all__ = ["Client", "DEADLINE", "SinkTest", "WHOLE", "request"]
