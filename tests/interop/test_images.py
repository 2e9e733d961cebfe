# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the buffers of rcgrpcsrc hold and say: pixels, metas, metadata."""

import json
import math
import re
import sys
import unittest

try:
    import gi
    import grpc
    import numpy
    from google.protobuf import json_format
    from watched import Gst, Watched
    from taken import Taker
    import camera_server
    from camera_server import CameraServer, make_set, pb, stream_bytes
    gi.require_version("GstCheck", "1.0")
    from gi.repository import GstCheck
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
            for padding in (0, 13):
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
        for name in ("disparity", "confidence", "disparity_error"):
            image_set.ClearField(name)
        self.check_pixels(image_set, ["left"])

    def test_mesh(self):
        """Any bytes: what a mesh holds is not the element's business."""
        image_set = make_set(ALL, out1_alternate=True)
        image_set.mesh.data = bytes(range(256)) * 20_001
        taker, = self.take([image_set], ["mesh"]).values()
        caps, buffer = taker.entries
        self.assertEqual(caps.to_string(), "application/x-ply")
        self.assertEqual(buffer.data, image_set.mesh.data)
        self.assertEqual(buffer.time, to_ns(image_set.mesh.timestamp))
        self.assertEqual(buffer.meta, {
            "stream": "mesh", "timestamp": to_ns(image_set.mesh.timestamp),
            "set-timestamp": to_ns(image_set.timestamp)})

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
            image_set = make_set(ALL, number, width=641, height=481)
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


class ParametersTest(ImagesTest):
    """Sets with all the parameters that a camera sends."""

    def make_set(self, number=0, **arguments):
        """No value in it that could be another's."""
        image_set = make_set(ALL, number, **arguments)
        for n, stream in enumerate(IMAGES):
            image = get_image(image_set, stream)
            for name, value in PARAMETERS.items():
                value = value + n / 8 if isinstance(value, float) \
                    else n % 2 == 0
                setattr(image, name, value)
            image.gpios.inputs = 0x10 + n
            image.gpios.outputs = 0x20 + n
            image.gpios.values = 0xFFFF_FF00 + n
            camera_server.set_time(
                image.timestamp, 1_700_000_001_000_000_001 + n * 1000)
        disparity = image_set.disparity
        disparity.scale, disparity.offset = 0.0625, -1.5
        disparity.invalid_data_value = 65535
        disparity.baseline, disparity.delta_d = 0.16, 0.03
        return image_set

    def expected(self, image_set, stream):
        """Fields and their types by the message alone."""
        image = get_image(image_set, stream)
        fields = {
            "stream": ("gchararray", stream),
            "timestamp": ("guint64", to_ns(image.timestamp)),
            "set-timestamp": ("guint64", to_ns(image_set.timestamp)),
            "encoding": ("gchararray", image.encoding),
        }
        for name in PARAMETERS:
            value = getattr(image, name)
            fields[name.replace("_", "-")] = (
                "gboolean" if isinstance(value, bool) else "gdouble", value)
        for name in ("inputs", "outputs", "values"):
            fields["gpio-" + name] = ("guint", getattr(image.gpios, name))
        if stream in IMAGES[2:] and image_set.HasField("disparity"):
            for name in ("scale", "offset", "invalid_data_value", "baseline",
                         "delta_d"):
                fields[name.replace("_", "-")] = (
                    "gdouble", getattr(image_set.disparity, name))
        if stream in IMAGES[2:] and image_set.HasField("left"):
            fields["left-width"] = ("guint", image_set.left.width)
            fields["left-focal-length"] = (
                "gdouble", image_set.left.focal_length)
        return fields

    def assert_meta(self, buffer, image_set, stream):
        expected = self.expected(image_set, stream)
        self.assertEqual(buffer.meta, {k: v for k, (_, v) in expected.items()})
        self.assertEqual(buffer.types,
                         {k: t for k, (t, _) in expected.items()})


class MetaTest(ParametersTest):
    def check(self, sets, streams=IMAGES):
        for stream, taker in self.take(sets, streams).items():
            with self.subTest(stream):
                self.assertEqual(len(taker.buffers), len(sets))
                for buffer, image_set in zip(taker.buffers, sets):
                    self.assert_meta(buffer, image_set, stream)
                    self.assertEqual(buffer.time, to_ns(
                        get_image(image_set, stream).timestamp))

    def test_every_field(self):
        sets = [self.make_set(0), self.make_set(1)]
        for i, stream in enumerate(IMAGES):
            get_image(sets[1], stream).gain = i - 3
        self.check(sets)

    def test_colour(self):
        image_set = self.make_set()
        for image in (image_set.left, image_set.right):
            image.encoding, image.width, image.step = "rgb8", 16, 48
            image.data = image.data[:48 * image.height]
        self.check([image_set], ["left", "right"])

    def test_nothing_but_images(self):
        """What the camera does not say is 0, and its times are the set's."""
        sets = [make_set(ALL)]
        for stream in IMAGES:
            image = get_image(sets[0], stream)
            for name in PARAMETERS:
                image.ClearField(name)
        for name in ("scale", "baseline", "delta_d"):
            sets[0].disparity.ClearField(name)
        self.check(sets)

    def test_without_disparity(self):
        """In the set, not among the pads, is what counts."""
        sets = [self.make_set(0), self.make_set(1)]
        self.check(sets, ["confidence", "error"])
        for image_set in sets:
            image_set.ClearField("disparity")
        self.check(sets, ["left", "confidence", "error"])

    def test_without_left(self):
        sets = [self.make_set(0), self.make_set(1)]
        sets[1].ClearField("left")
        self.check(sets, ["right", *IMAGES[2:]])

    def test_left_of_another_size(self):
        self.check([self.make_set(width=130, depth_size=(64, 48))])

    def test_time_of_capture(self):
        """Its own, else that around it, else the set's."""
        own, around = 1_600_000_000_123_456_789, 1_500_000_000_000_000_001
        sets = [make_set(ALL, timestamp=1_700_000_000_999_999_999)
                for _ in range(3)]
        of_set = to_ns(sets[0].timestamp)
        for i, image_set in enumerate(sets):
            for stream in IMAGES:
                image = get_image(image_set, stream)
                image.ClearField("timestamp")
                if i == 0:
                    camera_server.set_time(image.timestamp, own)
            if i == 2:
                image_set.disparity.ClearField("timestamp")
            else:
                camera_server.set_time(image_set.disparity.timestamp, around)
        takers = self.take(sets, IMAGES)
        for stream, taker in takers.items():
            with self.subTest(stream):
                expected = [own, around if stream == "disparity" else of_set,
                            of_set]
                self.assertEqual([b.time for b in taker.buffers], expected)
                self.assertEqual([b.meta["timestamp"] for b in taker.buffers],
                                 expected)
                self.assertEqual({b.meta["set-timestamp"]
                                  for b in taker.buffers}, {of_set})


class SurvivalTest(ParametersTest):
    """What becomes of metas and OFFSET: the table in docs/elements.md."""

    def after(self, elements, stream="left"):
        """The set that was sent, and what comes of it after `elements`."""
        image_set = self.make_set(width=64, height=48)
        camera = self.camera([image_set, self.make_set(1)])
        watched = self.watched(
            camera.port, f"s.{stream} ! {elements} ! {SINK.format('sink')}",
            "num-buffers=2")
        taker = Taker(watched)
        self.run_to_end(watched)
        return image_set, taker.buffers[0]

    def check(self, elements, meta=True, time=True, offset=True):
        for stream in ("left", "disparity"):
            with self.subTest(f"{stream}: {elements}"):
                image_set, buffer = self.after(elements, stream)
                if meta:
                    self.assert_meta(buffer, image_set, stream)
                else:
                    self.assertIsNone(buffer.meta)
                self.assertEqual(buffer.time, to_ns(get_image(
                    image_set, stream).timestamp) if time else None)
                self.assertEqual(
                    buffer.offset, 0 if offset else Gst.BUFFER_OFFSET_NONE)

    def need(self, *elements):
        for element in elements:
            if not Gst.ElementFactory.find(element):
                self.skipTest(f"there is no {element}")

    def test_no_conversion(self):
        for elements in ("queue", "tee", "capsfilter", "valve", "identity",
                         "tee ! queue ! identity ! tee ! queue"):
            self.check(elements)

    def test_conversion(self):
        self.check("videoconvert ! video/x-raw,format=I420")
        self.check("videoconvert ! videobalance contrast=0.5")

    def test_scaling(self):
        scale = "{} ! video/x-raw,width={},height=48"
        for element in ("videoscale", "videoconvertscale"):
            self.check(scale.format(element, 64))
            self.check(scale.format(element, 32), meta=False)

    def test_cutting(self):
        self.need("videocrop", "videobox")
        self.check("videocrop left=8", meta=False)
        self.check("videoconvert ! video/x-raw,format=I420 ! videobox left=8",
                   meta=False)

    def test_coding(self):
        self.need("avenc_ffv1", "avdec_ffv1", "pngenc", "pngdec")
        self.check("avenc_ffv1", offset=False)
        self.check("avenc_ffv1 ! avdec_ffv1", offset=False)
        self.check("videoconvert ! pngenc", offset=False)
        self.check("videoconvert ! pngenc ! pngdec", offset=False)

    def test_compositor(self):
        self.need("compositor")
        _, buffer = self.after("videoconvert ! compositor")
        self.assertIsNone(buffer.meta)
        self.assertIsNone(buffer.time)


def without_data(message):
    """A copy of the message in which the fields `data` are cleared."""
    copy = type(message)()
    copy.CopyFrom(message)
    for field, value in copy.ListFields():
        if field.name == "data":
            copy.ClearField("data")
        elif field.message_type:
            value.CopyFrom(without_data(value))
    return copy


def all_names(message):
    """The names that the JSON of a message has: of what is present, all."""
    names = {}
    for field in message.DESCRIPTOR.fields:
        if field.name == "data":
            continue
        if field.message_type is None:
            names[field.name] = None
        elif message.HasField(field.name):
            names[field.name] = all_names(getattr(message, field.name))
    return names


def names_in(value):
    return {name: names_in(part) for name, part in value.items()} \
        if isinstance(value, dict) else None


class MetadataTest(ParametersTest):
    def check(self, sets):
        """One line a set, which says what the set says."""
        taker = self.take(sets, ["metadata"])["metadata"]
        self.assertEqual([caps.to_string() for caps in taker.caps],
                         ["text/x-raw, format=(string)utf8"])
        self.assertEqual(len(taker.buffers), len(sets))
        lines = []
        for buffer, sent in zip(taker.buffers, sets):
            line = buffer.data.decode()
            self.assertEqual(line.count("\n"), 1)
            self.assertTrue(line.endswith("}\n"))
            # Only strings may hold white space.
            bare = re.sub(r'"(\\.|[^"\\])*"', "", line[:-1])
            self.assertNotRegex(bare, r"\s")
            self.assertNotRegex(line, "[<>&]")
            self.assertEqual(names_in(json.loads(line)), all_names(sent))
            # Not ==, by which no NaN is equal to another.
            self.assertEqual(
                json_format.Parse(line, pb.ImageSet()).SerializeToString(),
                without_data(sent).SerializeToString())
            lines.append(line)
        return lines

    def test_line(self):
        line, other = self.check([self.make_set(0), self.make_set(1)])
        self.assertNotEqual(line, other)

    def test_sparse(self):
        """Of what is not in the set, nothing; of a set of nothing, its time."""
        sets = [self.make_set(number) for number in range(5)]
        sets[1].ClearField("disparity")
        sets[2].ClearField("left")
        sets[3].ClearField("mesh")
        for name in ("left", "right", "disparity", "confidence",
                     "disparity_error", "mesh"):
            sets[4].ClearField(name)
        self.check(sets)

    def test_floats(self):
        numbers = [math.nan, math.inf, -math.inf, -0.0, 0.1, 1 / 3, 1e-45,
                   1.17549435e-38, 3.4028235e38, 16777217.0, 1e22, -1e-7]
        sets = []
        for number, value in enumerate(numbers):
            image_set = self.make_set(number)
            image_set.left.gain = image_set.confidence.noise = value
            # A set whose geometry is not finite is not taken.
            if math.isfinite(value):
                image_set.disparity.offset = value
            sets.append(image_set)
        self.check(sets)

    def test_meta_of_floats(self):
        """What JSON has no word for, the meta has."""
        numbers = [math.inf, -math.inf, 1e-45, 3.4028234663852886e38]
        sets = [self.make_set(number) for number in range(len(numbers))]
        for image_set, value in zip(sets, numbers):
            image_set.left.gain = value
        taker = self.take(sets, ["left"])["left"]
        self.assertEqual([b.meta["gain"] for b in taker.buffers],
                         [s.left.gain for s in sets])

    def test_strings(self):
        """The mesh's format, where there is no mesh, may be anything."""
        sets = []
        for number, text in enumerate([
                "a<b>c&d", 'say "x"', "back\\slash", "tab\tnew\nline\r",
                "\x01\x1f\x7f", "\u00e4\u6f22\u2028\u2029",
                "\U0001f4f7", "</script>", ""]):
            image_set = self.make_set(number)
            image_set.mesh.data = b""
            image_set.mesh.format = text
            sets.append(image_set)
        self.check(sets)


class TimedTest(ImagesTest):
    """The pipeline's clock is the test's, so that nothing depends on how fast
    the machine is."""

    BASE = 3600 * Gst.SECOND

    def timed(self, arrivals, streams, options=""):
        """What `streams` give of sets that come at those running times:
        `arrivals` is [(running time, set)]. A set is only sent when what came
        before has passed all sinks."""
        takers = {}

        def script(_request, _call):
            for number, (arrival, image_set) in enumerate(arrivals):
                for stream, taker in takers.items():
                    taker.wait_for(number)
                clock.set_time(self.BASE + arrival)
                yield image_set

        camera = self.camera(script)
        watched = self.watched(camera.port, " ".join(
            f"s.{stream} ! {SINK.format(stream)}" for stream in streams),
            options)
        clock = self.use_clock(watched)
        for stream in streams:
            takers[stream] = Taker(watched, stream)
        self.run_to_end(watched)
        for taker in takers.values():
            self.assertEqual(len(taker.buffers), len(arrivals))
        return {stream: taker.buffers for stream, taker in takers.items()}

    def use_clock(self, watched):
        clock = GstCheck.TestClock.new()
        clock.set_time(self.BASE)
        watched.pipeline.use_clock(clock)
        return clock


START = 1_700_000_000 * Gst.SECOND
PERIOD = 40 * Gst.MSECOND
FIRST = 70 * Gst.MSECOND  # arrival of the first set


def pts_of(buffers):
    return [buffer.pts for buffer in buffers]


class SetTest(ImagesTest):
    def test_numbers(self):
        """OFFSET counts sets: it has a gap where an image is missing."""
        sets = [make_set(ALL, number) for number in range(6)]
        sets[2].ClearField("left")
        sets[3].ClearField("left")
        takers = self.take(sets, ["left", "right", "metadata"])
        left = takers["left"].buffers
        self.assertEqual([b.offset for b in left], [0, 1, 4, 5])
        pts = [b.pts for b in takers["metadata"].buffers]
        self.assertEqual([b.pts for b in left], pts[:2] + pts[4:])
        for stream in ("right", "metadata"):
            self.assertEqual([b.offset for b in takers[stream].buffers],
                             [*range(6)])


if __name__ == "__main__":
    unittest.main(verbosity=2)
