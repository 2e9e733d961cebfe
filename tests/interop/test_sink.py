# SPDX-License-Identifier: LGPL-2.1-or-later
"""What rcgrpcsink serves: the same that a camera sent through rcgrpcsrc, and
sets of images that no camera sent. Read with grpcio, and with rcgrpcsrc."""

import sys
import threading
import time
import unittest

try:
    import grpc
    import numpy
    from watched import Gst, Watched
    from taken import Taker
    from served import DEADLINE, SinkTest, WHOLE
    from camera_server import (STREAM_FIELDS, CameraServer, make_set, pb,
                               set_time)
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

IMAGES = ["left", "right", "disparity", "confidence", "error"]
STREAMS = IMAGES + ["mesh"]
RESOURCE = "gst-resource-error-quark"
STREAM = "gst-stream-error-quark"
CAPS = "video/x-raw,format={},width={},height={},framerate=0/1"


def image_of(image_set, stream):
    message = getattr(image_set, STREAM_FIELDS[stream])
    return message.image if stream == "disparity" else message


def without_padding(image_set):
    """The same set as the element serves it."""
    result = pb.ImageSet()
    result.CopyFrom(image_set)
    for stream in IMAGES:
        if not image_set.HasField(STREAM_FIELDS[stream]):
            continue
        image = image_of(result, stream)
        rows = numpy.frombuffer(image.data, numpy.uint8)
        rows = rows.reshape(image.height, image.step)
        size = {"mono8": 1, "mono16": 2, "rgb8": 3}[image.encoding]
        image.step = image.width * size
        image.data = rows[:, :image.step].tobytes()
        # It is always there, if empty.
        image.gpios.SetInParent()
    return result


def describe(image_set, number):
    """Fills all that make_set leaves at 0."""
    for i, stream in enumerate(IMAGES):
        if not image_set.HasField(STREAM_FIELDS[stream]):
            continue
        image = image_of(image_set, stream)
        image.principal_point_u, image.principal_point_v = 320.1 + i, 239.7
        image.exposure_time, image.gain = 0.0123 + number, 6.5
        image.noise, image.out1_reduction = 0.7, 0.25
        image.brightness, image.gamma = 0.4, 1.1
        image.auto_exposure_adapting = number % 2 == 1
        image.gpios.inputs, image.gpios.outputs = 12, 3
        image.gpios.values = (number + i) % 16
    if image_set.HasField("disparity"):
        image_set.disparity.offset = 0.125
        image_set.disparity.invalid_data_value = 3
        image_set.disparity.delta_d = 0.03125
    return image_set


class Sets:
    """A camera's script: sets that go when a test says so."""

    def __init__(self, sets):
        self.sets = sets
        self._allowed = threading.Semaphore(0)

    def allow(self, count=1):
        for _ in range(count):
            self._allowed.release()

    def __call__(self, _request, _call):
        for image_set in self.sets:
            if not self._allowed.acquire(timeout=DEADLINE):
                return
            yield image_set


class RelayTest(SinkTest):
    """A camera, rcgrpcsrc, rcgrpcsink and a client."""

    def relay(self, sets, streams, options=""):
        script = Sets(sets)
        camera = CameraServer(script)
        camera.__enter__()
        self.addCleanup(camera.stop)
        self.addCleanup(script.allow, len(sets))
        watched = self.served(
            f"rcgrpcsrc name=s host=127.0.0.1 port={camera.port} leaky=none "
            f"{options} rcgrpcsink name=k {WHOLE} "
            + " ".join(f"s.{stream} ! k.{stream}" for stream in streams))
        watched.script = script
        return watched

    def check_all(self, sets, streams, options="", asked=None, color=False):
        """All sets come to the client, and then the end."""
        watched = self.relay(sets, streams, options)
        client = self.client(watched, *(asked or streams), color=color)
        watched.play()
        watched.script.allow(len(sets))
        for image_set in sets:
            self.assertEqual(next(client), without_padding(image_set))
        self.assertEqual(client.status(), (grpc.StatusCode.OK, ""))
        self.assertIsNotNone(watched.wait(Gst.MessageType.EOS))
        self.assert_healthy(watched)
        return watched

    def make_sets(self, count, streams=STREAMS, **arguments):
        enabled = {f"{STREAM_FIELDS[s]}_enabled": True for s in streams}
        request = pb.ImageSetRequest(
            **enabled, color=arguments.pop("color", False))
        return [describe(make_set(request, i, **arguments), i)
                for i in range(count)]

    def test_everything(self):
        watched = self.check_all(
            self.make_sets(5, depth_size=(32, 24)), STREAMS)
        stats = self.stats(watched)
        self.assertEqual(stats["sets"], 5)
        self.assertEqual(stats["sets-sent"], 5)
        self.assertEqual(stats["sets-incomplete"], 0)
        self.assertEqual(stats["images-dropped"], 0)

    # Depth images have the running time of the next set's camera images.
    def test_out1_alternate(self):
        self.check_all(
            self.make_sets(6, out1_alternate=True, depth_size=(32, 24)),
            STREAMS)

    def test_odd_sizes_and_padding(self):
        for width, height, padding in [(214, 3, 0), (1, 1, 0), (641, 2, 13)]:
            with self.subTest(f"{width}x{height}+{padding}"):
                self.check_all(
                    self.make_sets(2, width=width, height=height,
                                   padding=padding), STREAMS)

    def test_big_endian(self):
        self.check_all(self.make_sets(2, ["disparity"], big_endian=True),
                       ["disparity"])

    def test_color(self):
        self.check_all(self.make_sets(2, ["left", "right"], color=True),
                       ["left", "right"], "color=true", color=True)

    def test_other_size_in_mid_stream(self):
        sets = self.make_sets(2) + self.make_sets(4, width=41, height=7)[2:] \
            + self.make_sets(6)[4:]
        self.check_all(sets, STREAMS)

    # The camera had none: that is known at once, not after set-timeout.
    def test_images_that_are_missing(self):
        sets = self.make_sets(6)
        sets[2].ClearField("disparity")
        sets[3].ClearField("left")
        sets[4].ClearField("mesh")
        sets[4].ClearField("confidence")
        self.check_all(sets, STREAMS)

    # As when it is set by NTP.
    def test_camera_clock_jumps(self):
        sets = self.make_sets(8)
        for i, image_set in enumerate(sets[4:]):
            past = 1_000_000_000 + i * 40_000_000
            for time_of in [image_set, image_set.mesh, image_set.disparity] + [
                    image_of(image_set, stream) for stream in IMAGES]:
                set_time(time_of.timestamp, past)
        self.check_all(sets, STREAMS)

    def test_grey_for_clients_without_color(self):
        sets = self.make_sets(2, ["left"], color=True)
        watched = self.relay(sets, ["left"], "color=true")
        client = self.client(watched, "left")
        watched.play()
        watched.script.allow(2)
        for image_set in sets:
            image = next(client).left
            self.assertEqual((image.encoding, image.step), ("mono8", 64))
            rgb = numpy.frombuffer(image_set.left.data, numpy.uint8)
            luma = rgb.reshape(-1, 3) @ [0.299, 0.587, 0.114]
            got = numpy.frombuffer(image.data, numpy.uint8)
            self.assertLessEqual(abs(got - luma).max(), 1)

    def test_each_client_gets_what_it_asked_for(self):
        sets = self.make_sets(4)
        watched = self.relay(sets, STREAMS)
        clients = [(streams, self.client(watched, *streams)) for streams in [
            ("left",), ("disparity", "error"), ("mesh",), (), STREAMS]]
        watched.play()
        watched.script.allow(len(sets))
        for streams, client in clients:
            for image_set in sets:
                expected = without_padding(image_set)
                for stream in set(STREAMS) - set(streams):
                    expected.ClearField(STREAM_FIELDS[stream])
                self.assertEqual(next(client), expected)
            self.assertEqual(client.status()[0], grpc.StatusCode.OK)

    # Pixels, caps, all fields of the meta, times of capture.
    def test_rcgrpcsrc_is_a_client(self):
        sets = self.make_sets(5, depth_size=(32, 24), out1_alternate=True)
        watched = self.relay(sets, STREAMS)
        probes = {}
        again = Watched(
            f"rcgrpcsrc name=s host=127.0.0.1 port={watched.port} leaky=none "
            + " ".join(f"s.{stream} ! fakesink name={stream} sync=false "
                       "async=false" for stream in STREAMS))
        self.addCleanup(again.stop)
        for stream in STREAMS:
            probes[stream] = SinkPadTaker(watched.sink, stream)
        takers = {stream: Taker(again, stream) for stream in STREAMS}
        again.play()
        self.wait_until(watched, lambda stats: stats["clients"] == 1)
        watched.play()
        watched.script.allow(len(sets))
        self.assertIsNotNone(again.wait(Gst.MessageType.EOS))
        self.assertEqual(again.errors + again.warnings, [])
        for stream in STREAMS:
            with self.subTest(stream):
                first, second = probes[stream], takers[stream]
                self.assertEqual(len(second.buffers), len(sets))
                if stream != "mesh":  # whose caps are there from the start
                    self.assertEqual([c.to_string() for c in first.caps],
                                     [c.to_string() for c in second.caps])
                for a, b in zip(first.buffers, second.buffers):
                    self.assertEqual((a.data, a.meta, a.types, a.time),
                                     (b.data, b.meta, b.types, b.time))


class SinkPadTaker(Taker):
    """What comes to a pad of the element."""

    def __init__(self, element, name):
        self.entries = []
        self._changed = threading.Condition()
        element.get_static_pad(name).add_probe(
            Gst.PadProbeType.BUFFER | Gst.PadProbeType.EVENT_DOWNSTREAM,
            self._take)


class AppTest(SinkTest):
    """Images from appsrc elements named like the pads, without metas."""

    def app(self, caps, options=""):
        """caps: of each stream."""
        watched = self.served(
            f"rcgrpcsink name=k {WHOLE} {options} " + " ".join(
                f'appsrc name={stream} format=time caps="{c}" ! k.{stream}'
                for stream, c in caps.items()))
        return watched

    def push(self, watched, stream, data, pts):
        buffer = Gst.Buffer.new_wrapped(data)
        buffer.pts = pts
        flow = watched.pipeline.get_by_name(stream).emit("push-buffer", buffer)
        self.assertEqual(flow, Gst.FlowReturn.OK)

    def test_matched_by_pts(self):
        watched = self.app({"left": CAPS.format("GRAY8", 8, 2),
                            "right": CAPS.format("GRAY8", 8, 2)})
        client = self.client(watched, "left", "right")
        watched.play()
        before = time.time_ns()
        for i in range(4):
            self.push(watched, "left", bytes([i] * 16), i * 40_000_001)
        for i in (0, 2, 3):
            self.push(watched, "right", bytes([i + 9] * 16), i * 40_000_001)
        sets = [next(client) for _ in range(4)]
        self.assertEqual([s.left.data[0] for s in sets], [0, 1, 2, 3])
        self.assertEqual([s.right.data[:1] for s in sets],
                         [b"\x09", b"", b"\x0b", b"\x0c"])
        times = [s.timestamp.sec * 10**9 + s.timestamp.nsec for s in sets]
        self.assertEqual(numpy.diff(times).tolist(), [40_000_001] * 3)
        self.assertGreaterEqual(times[0], before)
        self.assertLessEqual(times[0], time.time_ns())
        for image_set in sets:
            self.assertEqual(image_set.left.timestamp, image_set.timestamp)
            self.assertEqual(image_set.left.step, 8)

    # No old memory goes out: GStreamer pads rows to four bytes.
    def test_rows_are_not_padded(self):
        watched = self.app({"left": CAPS.format("RGB", 3, 2)})
        client = self.client(watched, "left", color=True)
        watched.play()
        rows = b"abcdefghiXYZ" b"jklmnopqrXYZ"
        self.push(watched, "left", rows, 0)
        image = next(client).left
        self.assertEqual((image.step, image.data),
                         (9, b"abcdefghijklmnopqr"))

    def test_parameters_from_properties(self):
        watched = self.app(
            {"left": CAPS.format("GRAY8", 8, 4),
             "disparity": CAPS.format("GRAY16_LE", 4, 2),
             "confidence": CAPS.format("GRAY8", 4, 2)},
            "focal-length=540 principal-point-u=2.5 principal-point-v=1.5 "
            "baseline=0.0625 scale=0.125 offset=270 invalid-data-value=9")
        client = self.client(watched, "left", "disparity", "confidence")
        watched.play()
        self.push(watched, "left", bytes(32), 0)
        self.push(watched, "confidence", bytes(8), 0)
        self.push(watched, "disparity", bytes(16), 0)
        image_set = next(client)
        left, disparity = image_set.left, image_set.disparity
        self.assertEqual(
            (left.focal_length, left.principal_point_u,
             left.principal_point_v), (1080, 5, 3))
        for image in disparity.image, image_set.confidence:
            self.assertEqual(
                (image.focal_length, image.principal_point_u,
                 image.principal_point_v), (540, 2.5, 1.5))
        self.assertEqual(
            (disparity.baseline, disparity.scale, disparity.offset,
             disparity.invalid_data_value, disparity.delta_d),
            (0.0625, 0.125, 270, 9, 0.125))
        self.assertEqual(disparity.timestamp, disparity.image.timestamp)
        self.assert_healthy(watched)

    # Once, and images go on.
    def test_disparity_without_parameters(self):
        watched = self.app({"disparity": CAPS.format("GRAY16_LE", 4, 2)})
        client = self.client(watched, "disparity")
        watched.play()
        for i in range(3):
            self.push(watched, "disparity", bytes(16), i)
            next(client)
        watched.stop()
        self.assertEqual([(w.domain, w.code) for w in watched.warnings],
                         [(RESOURCE, int(Gst.ResourceError.SETTINGS))])

    def test_pad_that_is_not_linked_is_not_waited_for(self):
        watched = self.app({"left": CAPS.format("GRAY8", 8, 2)})
        pad = watched.sink.request_pad_simple("right")
        client = self.client(watched, "left", "right")
        watched.play()
        self.push(watched, "left", bytes(16), 0)
        self.assertEqual(next(client).left.width, 8)
        watched.sink.release_request_pad(pad)

    # What waits for the pad goes when that does.
    def test_pad_that_is_released(self):
        watched = self.app({"left": CAPS.format("GRAY8", 8, 2),
                            "right": CAPS.format("GRAY8", 8, 2)})
        client = self.client(watched, "left", "right")
        watched.play()
        self.push(watched, "left", bytes(16), 0)
        pad = watched.sink.get_static_pad("right")
        pad.get_peer().unlink(pad)
        next(client)
        watched.sink.release_request_pad(pad)
        self.push(watched, "left", bytes(16), 1)
        next(client)
        self.assertIsNone(watched.sink.get_static_pad("right"))

    # One pad is far behind: its images come too late, once that is known.
    def test_set_timeout(self):
        watched = self.app({"left": CAPS.format("GRAY8", 8, 2),
                            "right": CAPS.format("GRAY8", 8, 2)},
                           "set-timeout=1")
        client = self.client(watched, "left", "right")
        watched.play()
        self.push(watched, "left", bytes(16), 0)
        self.assertFalse(next(client).HasField("right"))
        self.push(watched, "right", bytes(16), 0)
        self.wait_until(watched, lambda stats: stats["images-dropped"] == 1)
        self.assertEqual(self.stats(watched)["sets-incomplete"], 1)

    # A pool with an end stays usable while sets are kept, of which a client
    # that does not read holds one more.
    def test_images_of_a_small_pool(self):
        watched = self.app({"left": CAPS.format("GRAY8", 64, 64)})
        client = self.client(watched, "left")
        watched.play()
        pool = Gst.BufferPool.new()
        config = pool.get_config()
        Gst.BufferPool.config_set_params(config, None, 64 * 64, 1, 1)
        pool.set_config(config)
        pool.set_active(True)
        params = Gst.BufferPoolAcquireParams()
        source = watched.pipeline.get_by_name("left")
        for i in range(5):
            # Waits: whoever keeps the one before keeps this from coming.
            flow, buffer = pool.acquire_buffer(params)
            self.assertEqual(flow, Gst.FlowReturn.OK)
            buffer.fill(0, bytes([i] * 64 * 64))
            buffer.pts = i
            source.emit("push-buffer", buffer)
            del buffer
        self.assertEqual([next(client).left.data[0] for _ in range(5)],
                         list(range(5)))
        pool.set_active(False)

    # A seek to the beginning: times begin anew.
    def test_flush(self):
        watched = self.app({"left": CAPS.format("GRAY8", 8, 2),
                            "right": CAPS.format("GRAY8", 8, 2)})
        client = self.client(watched, "left", "right")
        watched.play()
        for i, pts in enumerate([10**12, 0]):
            for stream in "left", "right":
                self.push(watched, stream, bytes([i] * 16), pts)
            image_set = next(client)
            self.assertEqual(image_set.left.data[0], i)
            self.assertEqual(image_set.right.data[0], i)
            for stream in "left", "right":
                pad = watched.pipeline.get_by_name(stream) \
                    .get_static_pad("src")
                pad.push_event(Gst.Event.new_flush_start())
                pad.push_event(Gst.Event.new_flush_stop(True))
                segment = Gst.Segment()
                segment.init(Gst.Format.TIME)
                pad.push_event(Gst.Event.new_segment(segment))
        self.assert_healthy(watched)

    # It is served all the same.
    def test_image_of_another_stream(self):
        request = pb.ImageSetRequest(left_enabled=True)
        camera = CameraServer([make_set(request, i) for i in range(3)])
        camera.__enter__()
        self.addCleanup(camera.stop)
        watched = self.served(
            f"rcgrpcsrc name=s host=127.0.0.1 port={camera.port} leaky=none "
            f"rcgrpcsink name=k {WHOLE} s.left ! k.right")
        client = self.client(watched, "right")
        watched.play()
        for _ in range(3):
            self.assertEqual(next(client).right.width, 64)
        watched.stop()
        self.assertEqual([(w.domain, w.code) for w in watched.warnings],
                         [(STREAM, int(Gst.StreamError.WRONG_TYPE))])


class TimeTest(SinkTest):
    # Each image at its time: the second is not served before the clock is
    # there, and is as soon as it is.
    def test_sync(self):
        watched = self.served(
            "rcgrpcsink name=k appsrc name=left format=time caps=\""
            + CAPS.format("GRAY8", 8, 2) + "\" ! k.left")
        client = self.client(watched, "left")
        clock = Gst.SystemClock.obtain()
        watched.pipeline.use_clock(clock)
        watched.play()
        source = watched.pipeline.get_by_name("left")
        for pts in 0, 300_000_000:
            buffer = Gst.Buffer.new_wrapped(bytes(16))
            buffer.pts = pts
            source.emit("push-buffer", buffer)
        next(client)
        next(client)
        running = clock.get_time() - watched.pipeline.get_base_time()
        self.assertGreaterEqual(running, 300_000_000)


if __name__ == "__main__":
    unittest.main()
