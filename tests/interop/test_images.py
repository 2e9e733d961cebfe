# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the buffers of rcgrpcsrc hold and say: pixels, metas, metadata, time."""

import sys
import unittest

try:
    import grpc
    import numpy
    from google.protobuf import json_format
    from watched import Gst, Sink, Watched
    from taken import GstVideo, Taker
    import camera_server
    from camera_server import CameraServer, make_set, pb, stream_bytes
except (ImportError, ValueError) as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

from relay import Relay

IMAGES = ["left", "right", "disparity", "confidence", "error"]
STREAMS = IMAGES + ["mesh", "metadata"]
SINK = "fakesink name={} sync=false async=false"
PARAMETERS = {
    "focal_length": 1081.25, "principal_point_u": 320.1,
    "principal_point_v": 239.7, "exposure_time": 0.0123, "gain": 6.5,
    "noise": 0.7, "out1_reduction": 0.25, "brightness": 0.4, "gamma": 1.1,
    "auto_exposure_adapting": True,
}


class Request:
    """Everything, for sets that are made before anybody asked."""
    left_enabled = right_enabled = disparity_enabled = True
    disparity_error_enabled = confidence_enabled = mesh_enabled = True
    color = False

    def __init__(self, **fields):
        self.__dict__.update(fields)


ALL = Request()


def get_image(image_set, stream):
    message = getattr(image_set, camera_server.STREAM_FIELDS[stream])
    return message.image if stream == "disparity" else message


def to_ns(time):
    return time.sec * Gst.SECOND + time.nsec


class ImagesTest(unittest.TestCase):
    def camera(self, *arguments, **named):
        camera = CameraServer(*arguments, **named)
        camera.__enter__()
        self.addCleanup(camera.stop)
        return camera

    def watched(self, port, rest, options=""):
        watched = Watched(f"rcgrpcsrc name=s host=127.0.0.1 port={port} "
                          f"leaky=none {options} {rest}")
        self.addCleanup(watched.stop)
        return watched

    def run_to_end(self, watched):
        watched.run()
        self.assertEqual(watched.errors + watched.warnings, [])
        self.assertEqual(watched.n_eos, 1)

    def take(self, sets, streams, options="", port=None, **server):
        """What each of `streams` gives of `sets`, to the end."""
        port = port or self.camera(sets, **server).port
        watched = self.watched(port, " ".join(
            f"s.{stream} ! {SINK.format(stream)}" for stream in streams),
            options)
        takers = {stream: Taker(watched, stream) for stream in streams}
        self.run_to_end(watched)
        return takers

    def check_pixels(self, image_set, streams):
        """A set's images come out as they were sent."""
        for stream, taker in self.take([image_set], streams).items():
            with self.subTest(stream):
                buffer, = taker.buffers
                self.assertEqual(buffer.pixels,
                                 stream_bytes(image_set, stream))


class PixelsTest(ImagesTest):
    def assert_caps(self, caps, video_format, width, height):
        expected = Gst.Caps.from_string(
            f"video/x-raw, format={video_format}, width={width}, "
            f"height={height}, framerate=0/1, pixel-aspect-ratio=1/1")
        self.assertEqual(caps.get_size(), 1)
        self.assertTrue(caps.is_fixed())
        self.assertTrue(caps.is_subset(expected), caps.to_string())

    def check(self, width, height, color=False, padding=0, big_endian=False):
        image_set = make_set(Request(color=color), width=width, height=height,
                             padding=padding, big_endian=big_endian)
        formats = dict.fromkeys(IMAGES, "GRAY8")
        formats["disparity"] = "GRAY16_BE" if big_endian else "GRAY16_LE"
        if color:
            formats["left"] = formats["right"] = "RGB"
        for stream, taker in self.take([image_set], IMAGES).items():
            with self.subTest(stream):
                caps, buffer = taker.entries
                self.assert_caps(caps, formats[stream], width, height)
                self.assertEqual(buffer.pixels,
                                 stream_bytes(image_set, stream))

    def test_sizes(self):
        for width, height in [(64, 48), (214, 3), (641, 2), (643, 1), (1, 1),
                              (1, 7), (2, 241), (4, 5)]:
            for padding in (0, 1, 13):
                for color in (False, True):
                    with self.subTest(f"{width}x{height}+{padding} {color}"):
                        self.check(width, height, color, padding)

    def test_big_endian(self):
        for width, padding in [(214, 0), (641, 0), (643, 5), (1, 0)]:
            with self.subTest(f"{width}+{padding}"):
                self.check(width, 3, padding=padding, big_endian=True)

    def test_depth_of_another_size(self):
        image_set = make_set(ALL, width=643, height=480, depth_size=(214, 160))
        self.check_pixels(image_set, IMAGES)

    def test_megabytes(self):
        image_set = make_set(Request(color=True), width=2049, height=1537)
        self.assertGreater(len(image_set.left.data), 9_000_000)
        self.check_pixels(image_set, IMAGES)

    def test_mesh(self):
        """Any bytes: what a mesh holds is not the element's business."""
        image_set = make_set(ALL)
        image_set.mesh.data = bytes(range(256)) * 20_001
        taker, = self.take([image_set], ["mesh"]).values()
        caps, buffer = taker.entries
        self.assertEqual(caps.to_string(), "application/x-ply")
        self.assertEqual(buffer.data, image_set.mesh.data)
        self.assertEqual(buffer.time, to_ns(image_set.mesh.timestamp))
        self.assertIsNone(buffer.meta)

    def test_changes_in_mid_stream(self):
        """New caps come right before the first buffer of the new kind, and
        once."""
        kinds = [(False, 214, 3, False), (True, 214, 3, False),
                 (True, 643, 5, True), (False, 643, 5, True),
                 (False, 641, 1, False)]
        sets, wanted = [], {"left": [], "disparity": []}
        for i, (color, width, height, big_endian) in enumerate(kinds * 2):
            for j in range(2):
                sets.append(make_set(
                    Request(color=color), 2 * i + j, width=width,
                    height=height, padding=7 * (i % 2),
                    big_endian=big_endian))
            for stream, video_format in [
                    ("left", "RGB" if color else "GRAY8"),
                    ("disparity",
                     "GRAY16_BE" if big_endian else "GRAY16_LE")]:
                kind = (video_format, width, height)
                if kind not in wanted[stream][-3:]:
                    wanted[stream].append(kind)
                wanted[stream] += sets[-2:]
        for stream, taker in self.take(sets, wanted).items():
            self.assertEqual(len(taker.entries), len(wanted[stream]))
            for entry, expected in zip(taker.entries, wanted[stream]):
                if isinstance(entry, Gst.Caps):
                    self.assert_caps(entry, *expected)
                else:
                    self.assertEqual(entry.pixels,
                                     stream_bytes(expected, stream))
            numbers = [buffer.offset for buffer in taker.buffers]
            self.assertEqual(numbers, list(range(len(sets))))

    def test_gzip(self):
        """Images that gzip makes small: it leaves others as they are."""
        sets = []
        for number in range(3):
            image_set = make_set(ALL, number, width=1283, height=961)
            for stream in IMAGES:
                image = get_image(image_set, stream)
                rows = numpy.arange(len(image.data), dtype=numpy.uint32)
                image.data = (rows >> (number + 3)).astype("u1").tobytes()
            sets.append(image_set)
        camera = self.camera(sets, compression=grpc.Compression.Gzip)
        # The limit is on what the message is when it is inflated.
        size = max(len(s.SerializeToString()) for s in sets)
        with Relay(camera.port, size, False) as relay:
            # It stalls for ever at its limit.
            takers = self.take(
                None, IMAGES, f"max-message-size={size}", relay.port)
            self.assertFalse(relay.stalled.is_set())
        for stream, taker in takers.items():
            self.assertEqual([b.pixels for b in taker.buffers],
                             [stream_bytes(s, stream) for s in sets])


if __name__ == "__main__":
    unittest.main(verbosity=2)
