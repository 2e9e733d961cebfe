# SPDX-License-Identifier: LGPL-2.1-or-later
"""rcdepth and rcdeptherror behind rcgrpcsrc: against the formulas in numpy for
random cameras, and against the simulator's scene. Usage: test_depth.py SIM"""

import sys
import tempfile
import unittest

try:
    import numpy as np
    import camera_server
    from camera_server import CameraServer, make_set
    from sim_process import Sim, pixels
    from taken import Taker
    from watched import STOP_LIMIT, Gst, Watched, launch
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

PROGRAM = None
SINK = "fakesink name={} sync=false async=false"
# The wall and the ground of the simulator's world, metres and radians.
PITCH = 0.2
GROUND_Y = 0.6
WALL_Z = 2.6


class Request:
    """Everything, for sets that are made before anybody asked."""
    left_enabled = right_enabled = disparity_enabled = True
    disparity_error_enabled = confidence_enabled = True
    mesh_enabled = color = False


def sixteen_bits(buffer):
    """The pixels of a taken GRAY16_LE image. A fakesink takes a GstVideoMeta;
    from the default pool its strides are those of the caps."""
    caps = buffer.caps.get_structure(0)
    assert caps.get_value("format") == "GRAY16_LE"
    width, height = caps.get_value("width"), caps.get_value("height")
    stride = (2 * width + 3) // 4 * 4
    assert len(buffer.data) == stride * height, len(buffer.data)
    return np.frombuffer(buffer.data, "<u2").reshape(
        height, stride // 2)[:, :width]


def disparities(message):
    """Pixels of disparity, NaN where there is none."""
    stored = pixels(message.image).astype(float)
    d = stored * message.scale + message.offset
    d[(stored == message.invalid_data_value) | (d <= 0)] = np.nan
    return d


def expected_depth(message):
    with np.errstate(over="ignore"):
        return (message.image.focal_length * message.baseline
                / disparities(message))


def expected_error(image_set):
    message = image_set.disparity
    e = pixels(image_set.disparity_error) * message.scale
    return (e * message.image.focal_length * message.baseline
            / disparities(message) ** 2)


class DepthTest(unittest.TestCase):
    def watched(self, port, rest, options=""):
        watched = Watched(f"rcgrpcsrc name=s host=127.0.0.1 port={port} "
                          f"leaky=none {options} {rest}")
        self.addCleanup(watched.stop)
        return watched

    def camera(self, sets, **named):
        camera = CameraServer(sets, **named)
        camera.__enter__()
        self.addCleanup(camera.stop)
        return camera

    def run_to_end(self, watched, warnings=0):
        watched.run()
        self.assertEqual(watched.errors, [])
        self.assertEqual(len(watched.warnings), warnings, watched.warnings)
        self.assertEqual(watched.n_eos, 1)

    def take(self, sets, rest, warnings=0):
        """What comes to the sink of `rest`."""
        watched = self.watched(self.camera(sets).port,
                               rest + " ! " + SINK.format("sink"))
        taker = Taker(watched)
        self.run_to_end(watched, warnings)
        return watched, taker.buffers

    def assert_steps(self, got, metres, unit, least=0):
        """To the nearest step; 0 where there is nothing."""
        valid = ~np.isnan(metres)
        steps = np.clip(metres[valid] / unit, least, 65535)
        np.testing.assert_array_equal(got[~valid], 0)
        self.assertLessEqual(
            np.abs(got[valid] - steps).max(initial=0), 0.5 + 1e-6)


class NumpyTest(DepthTest):
    """Cameras that never were, the same in each run."""

    def make_set(self, number, **arguments):
        random = np.random.default_rng(number)
        width, height = random.integers(1, 200, 2)
        image_set = make_set(
            Request(), number, width=int(2 * width), height=int(2 * height),
            depth_size=(int(width), int(height)), **arguments)
        message = image_set.disparity
        message.scale = random.uniform(0.01, 0.2)
        message.offset = random.uniform(-40, 40) if number % 2 else 0
        message.baseline = random.uniform(0.03, 0.3)
        message.image.focal_length = random.uniform(100, 3000)
        message.invalid_data_value = 0
        if number % 3 == 1:
            some = pixels(message.image).ravel()
            message.invalid_data_value = float(some[len(some) // 2])
        return image_set

    def make_sets(self):
        return [self.make_set(number, padding=7 * (number % 3),
                              big_endian=number % 4 == 2)
                for number in range(24)]

    def test_depth(self):
        for unit in ("0.001", "0.01", "0.0000371"):
            sets = self.make_sets()
            _, buffers = self.take(sets, f"s.disparity ! rcdepth unit={unit}")
            self.assertEqual(len(buffers), len(sets))
            for image_set, buffer in zip(sets, buffers):
                self.assert_steps(sixteen_bits(buffer),
                                  expected_depth(image_set.disparity),
                                  float(unit))
                self.assertEqual(buffer.meta["unit"], float(unit))
                self.assertEqual(buffer.meta["stream"], "depth")

    def test_error(self):
        for unit in ("0.001", "0.0001"):
            sets = self.make_sets()
            watched, buffers = self.take(
                sets, f"rcdeptherror name=e unit={unit} "
                "s.disparity ! e.disparity  s.error ! e.error  e.")
            self.assertEqual([b.offset for b in buffers],
                             list(range(len(sets))))
            for image_set, buffer in zip(sets, buffers):
                self.assert_steps(sixteen_bits(buffer),
                                  expected_error(image_set), float(unit), 1)
                self.assertEqual(buffer.meta["stream"], "depth-error")

    def test_left_image_tells_of_a_wrong_focal_length(self):
        """Full resolution's values with half the resolution: depth is as if
        they had been halved."""
        sets = [make_set(Request(), n, width=128, height=96,
                         depth_size=(64, 48)) for n in range(3)]
        self.assertEqual(sets[0].left.focal_length,
                         sets[0].disparity.image.focal_length)
        watched, buffers = self.take(
            sets, f"s.left ! {SINK.format('left')} s.disparity ! rcdepth", 1)
        warning, = watched.warnings
        self.assertEqual((warning.domain, warning.code),
                         ("gst-stream-error-quark",
                          int(Gst.StreamError.FORMAT)))
        for image_set, buffer in zip(sets, buffers):
            self.assert_steps(sixteen_bits(buffer),
                              expected_depth(image_set.disparity) / 2, 0.001)
            self.assertEqual(buffer.meta["focal-length"], 540)

    def test_sets_that_lack_an_image(self):
        sets = [make_set(Request(), n) for n in range(12)]
        for n in (0, 3, 4, 10):
            sets[n].ClearField("disparity_error")
        for n in (5, 7):
            sets[n].ClearField("disparity")
        whole = [1, 2, 6, 8, 9, 11]
        watched, buffers = self.take(
            sets, "rcdeptherror name=e "
            "s.disparity ! e.disparity  s.error ! e.error  e.")
        self.assertEqual([b.offset for b in buffers], whole)
        for n, buffer in zip(whole, buffers):
            self.assert_steps(sixteen_bits(buffer), expected_error(sets[n]),
                              0.001, 1)
        self.assertTrue(all(b.discont for b in buffers if b.offset in (6, 8)))

    def test_no_error_at_all(self):
        """A stream that lacks it: nothing comes, and it ends."""
        sets = [make_set(Request(), n) for n in range(5)]
        for image_set in sets:
            image_set.ClearField("disparity_error")
        _, buffers = self.take(
            sets, "rcdeptherror name=e "
            "s.disparity ! e.disparity  s.error ! e.error  e.")
        self.assertEqual(buffers, [])

    def test_40_ms_apart(self):
        sets = [make_set(Request(), n, out1_alternate=True) for n in range(9)]
        _, buffers = self.take(
            sets, "rcdeptherror name=e "
            "s.disparity ! e.disparity  s.error ! e.error  e.")
        self.assertEqual([b.offset for b in buffers], list(range(9)))
        self.assertEqual([b.time for b in buffers], [
            camera_time.sec * Gst.SECOND + camera_time.nsec for camera_time in
            (s.disparity.image.timestamp for s in sets)])

    def test_two_branches(self):
        """Depth beside disparity: neither spoils the other."""
        sets = [make_set(Request(), n) for n in range(5)]
        watched = self.watched(
            self.camera(sets).port, "s.disparity ! tee name=t "
            f"t. ! queue ! {SINK.format('plain')} "
            f"t. ! queue ! rcdepth ! {SINK.format('depth')}")
        plain, depth = Taker(watched, "plain"), Taker(watched, "depth")
        self.run_to_end(watched)
        for image_set, p, d in zip(sets, plain.buffers, depth.buffers):
            self.assertEqual(p.meta["stream"], "disparity")
            self.assertNotIn("unit", p.meta)
            self.assertEqual(
                p.pixels, camera_server.stream_bytes(image_set, "disparity"))
            self.assertEqual(d.pts, p.pts)
            self.assertEqual(d.time, p.time)


class ErrorTest(DepthTest):
    def test_not_linked_to_a_disparity(self):
        """Depth of depth is a mistake, not a picture."""
        watched = self.watched(
            self.camera([make_set(Request())]).port,
            "s.disparity ! rcdepth ! rcdepth ! " + SINK.format("sink"))
        watched.run()
        self.assertEqual((watched.errors[0].domain, watched.errors[0].code),
                         ("gst-stream-error-quark",
                          int(Gst.StreamError.WRONG_TYPE)))

    def test_a_camera_that_says_nothing(self):
        image_set = make_set(Request())
        image_set.disparity.ClearField("baseline")
        watched = self.watched(
            self.camera([image_set]).port,
            "s.disparity ! rcdepth ! " + SINK.format("sink"))
        watched.run()
        self.assertEqual((watched.errors[0].domain, watched.errors[0].code),
                         ("gst-resource-error-quark",
                          int(Gst.ResourceError.SETTINGS)))
        watched = self.watched(
            self.camera([image_set]).port,
            "s.disparity ! rcdepth baseline=0.1 ! " + SINK.format("sink"))
        taker = Taker(watched)
        self.run_to_end(watched)
        image_set.disparity.baseline = 0.1
        self.assert_steps(sixteen_bits(taker.buffers[0]),
                          expected_depth(image_set.disparity), 0.001)


class SceneTest(DepthTest):
    """The simulator's scene, whose every pixel is known."""

    def sim(self, *options):
        sim = Sim(PROGRAM, "--fps=0", *options)
        self.addCleanup(sim.__exit__)
        return sim

    def take_depth(self, sim, count, unit="0.001", rest="", options=""):
        watched = self.watched(
            sim.ports[0], f"s.disparity ! rcdepth unit={unit} ! "
            + SINK.format("sink") + rest, f"num-buffers={count} {options}")
        taker = Taker(watched)
        self.run_to_end(watched)
        return taker.buffers

    def assert_scene(self, buffer, unit):
        """Wall above, ground below, where their planes are, to within half a
        step of disparity and of depth."""
        meta = buffer.meta
        z = sixteen_bits(buffer) * unit
        rows, columns = z.shape
        y = (np.arange(rows)[:, None] + 0.5 - meta["principal-point-v"]) \
            / meta["focal-length"]
        wall = WALL_Z / (np.cos(PITCH) - np.sin(PITCH) * y)
        with np.errstate(divide="ignore"):
            ground = GROUND_Y / (np.cos(PITCH) * y + np.sin(PITCH))
        truth = np.where(ground > 0, np.minimum(wall, ground), wall)
        allowed = truth ** 2 / (meta["focal-length"] * meta["baseline"]) \
            * 0.5 * meta["scale"] * 1.02 + unit / 2 + 1e-5
        valid = z > 0
        good = np.abs(z - truth) <= allowed
        for part in (np.s_[:rows // 4], np.s_[-rows // 12:]):
            self.assertGreater(valid[part].mean(), 0.8)
            self.assertEqual(good[part][valid[part]].mean(), 1)
        # Nothing lies behind them; before them are a crate and a ball.
        self.assertTrue((z <= truth + allowed)[valid].all())
        self.assertGreater((~good & valid).mean(), 0.02)
        self.assertGreater(good.mean(), 0.5)

    def test_depth(self):
        for options in (["--quality=full", "--size=640x480"],
                        ["--quality=high"], ["--quality=low"],
                        ["--quality=full", "--size=323x241",
                         "--baseline=0.16"]):
            with self.subTest(options):
                for buffer in self.take_depth(self.sim(*options), 3):
                    self.assert_scene(buffer, 0.001)
        self.assert_scene(self.take_depth(self.sim(), 1, "0.0001")[0], 0.0001)

    def test_resize(self):
        sim = self.sim("--size=640x480", "--fault=resize:at=4,size=320x240")
        buffers = self.take_depth(sim, 8)
        self.assertEqual(len({b.caps.to_string() for b in buffers}), 2)
        for buffer in buffers:
            self.assert_scene(buffer, 0.001)

    def test_resize_of_two_pads(self):
        sim = self.sim("--size=640x480", "--fault=resize:at=4,size=320x240")
        watched = self.watched(
            sim.ports[0], "rcdeptherror name=e ! " + SINK.format("sink")
            + " s.disparity ! e.disparity  s.error ! e.error",
            "num-buffers=8")
        taker = Taker(watched)
        self.run_to_end(watched)
        self.assertEqual([b.offset for b in taker.buffers], list(range(8)))
        self.assertEqual(len(taker.caps), 2)

    def test_left_of_another_size_is_no_mistake(self):
        """The simulator's focal lengths are each image's own."""
        self.take_depth(self.sim(), 2, rest=f" s.left ! {SINK.format('left')}")

    def test_recording_without_metas(self):
        """Through FFV1 and Matroska, with the parameters by hand."""
        sim = self.sim("--size=320x240")
        live = self.take_depth(sim, 1)[0]
        with tempfile.TemporaryDirectory() as folder:
            path = f"{folder}/disparity.mkv"
            status, _, text = launch(
                "rcgrpcsrc", "host=127.0.0.1", f"port={sim.ports[0]}",
                "num-buffers=1", "name=s", "s.disparity", "!", "avenc_ffv1",
                "!", "matroskamux", "!", "filesink", f"location={path}")
            self.assertEqual(status, 0, text)
            watched = Watched(
                f"filesrc location={path} ! matroskademux ! avdec_ffv1 ! "
                f"rcdepth focal-length={live.meta['focal-length']} "
                f"baseline={live.meta['baseline']} ! " + SINK.format("sink"))
            self.addCleanup(watched.stop)
            taker = Taker(watched)
            self.run_to_end(watched)
        self.assertIsNone(taker.buffers[0].meta)
        np.testing.assert_array_equal(
            sixteen_bits(taker.buffers[0]), sixteen_bits(live))

    def test_stops_in_mid_stream(self):
        watched = self.watched(
            self.sim().ports[0], "rcdeptherror name=e ! "
            + SINK.format("sink") + " s.disparity ! e.disparity "
            "s.error ! e.error  s.left ! " + SINK.format("left"))
        taker = Taker(watched)
        watched.play()
        taker.wait_for(20)
        self.assertLess(watched.stop(), STOP_LIMIT)
        self.assertEqual(watched.errors + watched.warnings, [])


if __name__ == "__main__":
    PROGRAM = sys.argv.pop(1)
    unittest.main(verbosity=2)
