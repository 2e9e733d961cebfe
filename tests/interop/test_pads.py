# SPDX-License-Identifier: LGPL-2.1-or-later
"""rcgrpcsrc's pads: what they ask for, how they come and go in PLAYING, and
that none of them holds up another."""

import itertools
import os
import sys
import threading
import time
import unittest

try:
    from watched import STOP_LIMIT, Gst, Pad, Sink, Watched, statistics
    from camera_server import STREAM_FIELDS, CameraServer, make_set, pb
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

STREAMS = (*STREAM_FIELDS, "metadata")
ENDS = Gst.MessageType.ERROR | Gst.MessageType.EOS
# Queues that nothing is dropped from in a test.
ROOMY = "queue-size=1000 leaky=downstream"


def fakesink(name="sink"):
    return f"fakesink name={name} sync=false async=false"


def branches(*streams):
    """Each pad of `s` with a sink that is called as the pad."""
    return " ".join(f"s.{name} ! {fakesink(name)}" for name in streams)


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
        begin = pad.offsets[0] if begin is None else begin
        self.assertEqual(
            pad.offsets, list(range(begin, begin + len(pad.offsets))),
            pad.name)

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


class RequestTest(PadsTest):
    def first_request(self, streams, options=""):
        camera = self.camera(hold=True)
        watched = self.watched(camera.port, options)
        for name in streams:
            self.assertIsNotNone(watched.source.request_pad_simple(name))
        watched.play()
        camera.wait_for(lambda: camera.calls)
        self.stop_in_peace(watched)
        self.assertEqual(len(camera.calls), 1)
        camera.stop()
        return camera.requests[0]

    def test_pads(self):
        camera = self.camera(hold=True)
        watched = self.watched(camera.port)
        combinations = itertools.chain.from_iterable(
            itertools.combinations(STREAMS, count)
            for count in range(1, len(STREAMS) + 1))
        for streams in combinations:
            with self.subTest(streams):
                pads = [watched.source.request_pad_simple(name)
                        for name in streams]
                before = len(camera.calls)
                watched.play()
                camera.wait_for(lambda: len(camera.calls) > before)
                self.stop_in_peace(watched)
                self.assertEqual(len(camera.calls), before + 1)
                self.assert_request(
                    camera.requests[-1], expected_request(*streams))
                for pad in pads:
                    watched.source.release_request_pad(pad)
        self.assertEqual(len(camera.calls), 127)

    def test_options(self):
        mesh = "mesh-max-points=5000 mesh-binning-method=min-depth " \
            "mesh-watertight=true"
        options = dict(max_points=5000, watertight=True,
                       binning_method=pb.MeshOptions.MIN_DEPTH)
        cases = [
            (["left"], "color=true", dict(color=True)),
            (["right"], "color=true", dict(color=True)),
            (["left"], f"{mesh} mesh-textured=true", {}),
            # Without left and right there is nothing to be coloured.
            (["disparity", "metadata"], f"color=true {mesh}", {}),
            (["mesh"], f"color=true {mesh}", options),
            (["mesh"], f"color=true {mesh} mesh-textured=true",
             dict(options, color=True, textured=True)),
            (["left", "mesh"], f"color=true {mesh}",
             dict(options, color=True)),
        ]
        for streams, properties, expected in cases:
            with self.subTest(streams=streams, properties=properties):
                self.assert_request(
                    self.first_request(streams, properties),
                    expected_request(*streams, **expected))

    def test_color_in_playing(self):
        camera = self.camera(endless)
        watched = self.watched(camera.port, ROOMY, branches("left", "right"))
        pads = [Pad(watched, "left"), Pad(watched, "right")]
        watched.play()
        for pad in pads:
            pad.wait_for_more()
        watched.source.set_property("color", True)
        camera.wait_for(lambda: len(camera.calls) == 2)
        camera.wait_for(lambda: camera.calls[0].ended)
        watched.source.set_property("color", True)
        for pad in pads:
            pad.wait_for(lambda pad: len(pad.caps) == 2)
            pad.wait_for_more()
        self.stop_in_peace(watched)
        self.assertEqual(len(camera.calls), 2)
        self.assert_request(camera.requests[1],
                            expected_request("left", "right", color=True))
        for pad in pads:
            self.assertIn("format=(string)GRAY8", pad.caps[0])
            self.assertIn("format=(string)RGB", pad.caps[1])
            self.assert_contiguous(pad, 0)
        self.assert_same_sets(*pads)

    def test_what_changes_nothing(self):
        """Properties that say nothing about what is asked for."""
        camera = self.camera(endless)
        watched = self.watched(camera.port, ROOMY, branches("disparity"))
        pad = Pad(watched, "disparity")
        watched.play()
        pad.wait_for_more()
        watched.source.set_property("color", True)
        watched.source.set_property("mesh-max-points", 5000)
        watched.source.set_property("queue-size", 999)
        watched.source.request_pad_simple("metadata")
        watched.source.request_pad_simple("mesh")
        camera.wait_for(lambda: len(camera.calls) >= 2)
        pad.wait_for_more()
        self.stop_in_peace(watched)
        self.assertEqual(len(camera.calls), 2)
        self.assert_request(
            camera.requests[1],
            expected_request("disparity", "mesh", max_points=5000))

    def test_mesh_options_in_playing(self):
        camera = self.camera(endless)
        watched = self.watched(camera.port, ROOMY, branches("left", "mesh"))
        pads = [Pad(watched, "left"), Pad(watched, "mesh")]
        watched.play()
        changes = [("mesh-max-points", 2000, "max_points", 2000),
                   ("mesh-binning-method", "min-depth", "binning_method",
                    pb.MeshOptions.MIN_DEPTH),
                   ("mesh-watertight", True, "watertight", True),
                   ("mesh-textured", True, "textured", True)]
        expected = expected_request("left", "mesh")
        for number, (name, value, field, wanted) in enumerate(changes):
            for pad in pads:
                pad.wait_for_more()
            Gst.util_set_object_arg(
                watched.source, name, str(value).lower())
            camera.wait_for(lambda: len(camera.calls) == number + 2)
            setattr(expected.mesh_options, field, wanted)
            self.assert_request(camera.requests[-1], expected)
        for pad in pads:
            pad.wait_for_more()
        self.stop_in_peace(watched)
        for pad in pads:
            self.assert_contiguous(pad, 0)
        self.assert_same_sets(*pads)


if __name__ == "__main__":
    unittest.main(verbosity=2)
