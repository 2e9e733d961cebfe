# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of rcgrpcsrc's pads share."""

import time
import unittest

from watched import STOP_LIMIT, Gst, Watched, statistics
from camera_server import STREAM_FIELDS, CameraServer, make_set, pb

STREAMS = (*STREAM_FIELDS, "metadata")
ENDS = Gst.MessageType.ERROR | Gst.MessageType.EOS
# Queues that nothing is dropped from in a test.
ROOMY = "queue-size=1000 leaky=downstream"


def fakesink(name="sink"):
    return f"fakesink name={name} sync=false async=false"


def branches(*streams):
    """Each pad of `s` with a sink of its own."""
    return " ".join(
        f"s.{name} ! {fakesink('sink-' + name)}" for name in streams)


def endless(request, call, **arguments):
    number = 0
    while not call.wait(0.005):
        yield make_set(request, number, timestamp=time.time_ns(), **arguments)
        number += 1


def expected_request(*streams, color=False, **mesh_options):
    request = pb.ImageSetRequest(color=color)
    for name in set(streams) - {"metadata"}:
        setattr(request, f"{STREAM_FIELDS[name]}_enabled", True)
    if "mesh" in streams:
        request.mesh_options.SetInParent()
        for name, value in mesh_options.items():
            setattr(request.mesh_options, name, value)
    return request


class PadsTest(unittest.TestCase):
    def camera(self, *arguments, **named):
        camera = CameraServer(*arguments, **named)
        camera.__enter__()
        self.addCleanup(camera.stop)
        return camera

    def watched(self, port, options="", rest="", source="rcgrpcsrc name=s"):
        watched = Watched(
            f"{source} host=127.0.0.1 port={port} {options} {rest}")
        self.addCleanup(watched.stop)
        return watched

    def wait_until(self, watched, holds):
        """For what the element's statistics say, and nothing signals."""
        for _ in range(3000):
            if holds(statistics(watched.source)):
                return
            watched.wait(ENDS, 10 * Gst.MSECOND)
        self.fail(f"still {statistics(watched.source)}")

    def stop_in_peace(self, watched):
        """Nothing was wrong, and nothing ended before this."""
        self.assertLess(watched.stop(), STOP_LIMIT)
        self.assertEqual(watched.errors + watched.warnings, [])
        self.assertEqual(watched.n_eos, 0)

    def assert_contiguous(self, pad, begin=None):
        offsets = pad.offsets
        begin = offsets[0] if begin is None else begin
        self.assertEqual(
            offsets, list(range(begin, begin + len(offsets))), pad.name)

    def assert_same_sets(self, *pads):
        """What has the same OFFSET was captured at the same time, and nothing
        else was."""
        captures = {}
        for pad in pads:
            for offset, capture in pad.captures.items():
                self.assertEqual(
                    captures.setdefault(offset, capture), capture, pad.name)
        self.assertEqual(len(set(captures.values())), len(captures))

    def assert_request(self, request, expected):
        # Serialized, so that fields that nobody knows count, too.
        self.assertEqual(
            (request.SerializeToString(deterministic=True), request),
            (expected.SerializeToString(deterministic=True), expected))


def attach(watched, name):
    """A fakesink for the pad `name`, in a pipeline that plays already."""
    sink = Gst.ElementFactory.make("fakesink", None)
    sink.set_property("sync", False)
    sink.set_property("async", False)
    watched.pipeline.add(sink)
    sink.sync_state_with_parent()
    pad = watched.source.get_static_pad(name)
    assert pad.link(sink.get_static_pad("sink")) == Gst.PadLinkReturn.OK
    return sink


def detach(watched, sink):
    """The pad that the sink had, unlinked; the sink is gone."""
    sink_pad = sink.get_static_pad("sink")
    peer = sink_pad.get_peer()
    if peer:
        peer.unlink(sink_pad)
    watched.pipeline.remove(sink)
    sink.set_state(Gst.State.NULL)
    return peer
