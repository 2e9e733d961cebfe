# SPDX-License-Identifier: LGPL-2.1-or-later
"""Recordings of a camera whose every set is known, to be played."""

import math
import tempfile
import unittest

from watched import Watched
from taken import Taker
import camera_server
from camera_server import CameraServer, make_set, stream_bytes

IMAGES = ["left", "right", "disparity", "confidence", "error"]
STREAMS = IMAGES + ["metadata"]
# Behind it strides are those of the caps.
SINK = "identity drop-allocation=true ! fakesink name={} sync=false async=false"


class Request:
    """All images, for sets that are made before anybody asked."""
    left_enabled = right_enabled = disparity_enabled = True
    disparity_error_enabled = confidence_enabled = True
    mesh_enabled = color = False

    def __init__(self, **fields):
        self.__dict__.update(fields)


def has(image_set, stream):
    return image_set.HasField(camera_server.STREAM_FIELDS[stream])


def parameters(fields):
    """Of a meta, comparable: NaN is equal to NaN."""
    return {name: "NaN" if isinstance(value, float) and math.isnan(value)
            else value for name, value in fields.items()}


class ReplayTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = folder.name + "/rec.mkv"

    def make_sets(self, count=12, **request):
        sets = [make_set(Request(**request), n, width=214, height=31,
                         depth_size=(107, 13), padding=5, out1_alternate=True)
                for n in range(count)]
        for n, image_set in enumerate(sets):
            image_set.left.focal_length = 1080.1 + n
            image_set.left.exposure_time = 0.0123 * n
            image_set.left.gain = math.nan
            image_set.left.auto_exposure_adapting = n % 2 == 0
            image_set.left.gpios.inputs = 12
            image_set.left.gpios.values = n
            image_set.disparity.baseline = 0.065 + n / 1000
            image_set.disparity.offset = -0.3 * n
            image_set.confidence.gamma = math.inf
        return sets

    def camera(self, sets):
        camera = CameraServer(sets)
        camera.__enter__()
        self.addCleanup(camera.stop)
        return camera

    def run_to_end(self, description):
        watched = Watched(description)
        self.addCleanup(watched.stop)
        return watched

    def record(self, sets, streams, options=""):
        """The takers of what the live stream had."""
        watched = self.run_to_end(
            f"rcgrpcsrc name=s host=127.0.0.1 port={self.camera(sets).port} "
            f"leaky=none {options} "
            f"rcfilesink name=r location={self.path} " + " ".join(
                f"s.{stream} ! identity name={stream} ! r.{stream}"
                for stream in streams))
        takers = {stream: Taker(watched, stream) for stream in streams}
        watched.run()
        self.assertEqual(watched.errors, [])
        return takers

    def replay(self, streams, warnings=0):
        watched = self.run_to_end(
            f"rcfilesrc name=s location={self.path} " + " ".join(
                f"s.{stream} ! " + SINK.format(stream) for stream in streams))
        takers = {stream: Taker(watched, stream) for stream in streams}
        watched.run()
        self.assertEqual(watched.errors, [])
        self.assertEqual(len(watched.warnings), warnings, watched.warnings)
        self.assertEqual(watched.n_eos, 1)
        return takers

    def check_same(self, stream, live, replayed):
        self.assertEqual(len(replayed.buffers), len(live.buffers))
        self.assertEqual([c.to_string() for c in replayed.caps],
                         [c.to_string() for c in live.caps])
        for was, now in zip(live.buffers, replayed.buffers):
            for field in ("pts", "dts", "duration", "offset", "offset_end",
                          "time", "types"):
                self.assertEqual(getattr(now, field), getattr(was, field),
                                 f"{stream} {was.offset}: {field}")
            if stream == "metadata":
                self.assertEqual(now.data, was.data)
            else:
                self.assertEqual(parameters(now.meta), parameters(was.meta))

    def check_pixels(self, stream, sets, replayed):
        sent = [s for s in sets if has(s, stream)]
        self.assertEqual(len(replayed.buffers), len(sent))
        for image_set, buffer in zip(sent, replayed.buffers):
            # One that says no more than the caps.
            buffer.video_meta = False
            self.assertTrue(
                buffer.pixels == stream_bytes(image_set, stream), stream)

    def check(self, sets, streams=None, options="", replayed=None):
        streams = streams or STREAMS
        live = self.record(sets, streams, options)
        again = self.replay(replayed or streams)
        for stream, taker in again.items():
            with self.subTest(stream):
                if stream in live:
                    self.check_same(stream, live[stream], taker)
                if stream != "metadata":
                    self.check_pixels(stream, sets, taker)
        return again
