# SPDX-License-Identifier: LGPL-2.1-or-later
"""rcpointcloud behind rcgrpcsrc, read back with meshio: against the formulas
in numpy for random cameras, and against the simulator's scene.
Usage: test_pointcloud.py SIM"""

import os
import subprocess
import sys
import tempfile
import unittest

try:
    import numpy as np
    from camera_server import CameraServer, make_set
    from point_clouds import (Cloud, colors, depth_errors, positions,
                              triangles)
    from sim_process import Sim, pixels
    from taken import Taker
    from test_wire_locale import make_locale
    from watched import ASAN, STOP_LIMIT, Gst, Watched, launch, statistics
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

PROGRAM = None
SINK = "fakesink name={} sync=false async=false"
PADS = {name: f"s.{name} ! c.{name} "
        for name in ("disparity", "left", "confidence", "error")}
ALL_PADS = "".join(PADS.values())
# Of a float; two roundings on the way to each coordinate.
ROUNDING = 2 ** -22
# The wall and the ground of the simulator's world, metres and radians.
PITCH = 0.2
GROUND_Y = 0.6
WALL_Z = 2.6


class Request:
    """Everything, for sets that are made before anybody asked."""
    left_enabled = disparity_enabled = True
    disparity_error_enabled = confidence_enabled = True
    right_enabled = mesh_enabled = False

    def __init__(self, color=False):
        self.color = color


def store(image, values):
    """Puts other pixels into a mono16 image."""
    rows = np.frombuffer(image.data, np.uint8).reshape(
        image.height, image.step).copy()
    rows[:, :image.width * 2] = np.ascontiguousarray(values.astype(
        ">u2" if image.is_bigendian else "<u2")).view(np.uint8)
    image.data = rows.tobytes()


class CloudTest(unittest.TestCase):
    def watched(self, port, rest, options=""):
        watched = Watched(f"rcgrpcsrc name=s host=127.0.0.1 port={port} "
                          f"leaky=none {options} {rest}")
        self.addCleanup(watched.stop)
        return watched

    def camera(self, sets):
        camera = CameraServer(sets)
        camera.__enter__()
        self.addCleanup(camera.stop)
        return camera

    def sim(self, *options):
        sim = Sim(PROGRAM, "--fps=0", *options)
        self.addCleanup(sim.__exit__)
        return sim

    def run_to_end(self, watched):
        watched.run()
        self.assertEqual(watched.errors + watched.warnings, [])
        self.assertEqual(watched.n_eos, 1)

    def take_from(self, port, options="", pads=ALL_PADS, source=""):
        """The buffers that come of a camera."""
        watched = self.watched(
            port, f"rcpointcloud name=c {options} ! {SINK.format('sink')} "
            + pads, source)
        taker = Taker(watched)
        self.run_to_end(watched)
        for caps in taker.caps:
            self.assertEqual(caps.to_string(), "application/x-ply")
        return taker.buffers

    def take(self, sets, options="", pads=ALL_PADS):
        """The clouds of those sets."""
        buffers = self.take_from(self.camera(sets).port, options, pads)
        self.assertEqual(len(buffers), len(sets))
        return [Cloud(b.data) for b in buffers]

    def assert_near(self, got, expected):
        with np.errstate(over="ignore"):
            np.testing.assert_allclose(
                got, expected.astype(np.float32), rtol=ROUNDING, atol=1e-30)


class NumpyTest(CloudTest):
    """Cameras that never were, the same in each run."""

    def make_set(self, number, smooth=False):
        random = np.random.default_rng(number)
        width, height = (int(n) for n in random.integers(1, 60, 2))
        ratio = random.choice([0.5, 1, 2, 3, 5.3])
        image_set = make_set(
            Request(bool(number % 2)), number, padding=5 * (number % 3),
            width=max(int(width * ratio), 1),
            height=max(int(height * ratio), 1), depth_size=(width, height),
            big_endian=number % 4 == 2)
        message = image_set.disparity
        message.scale = random.uniform(0.01, 0.2)
        message.offset = random.uniform(-40, 40) if number % 5 > 1 else 0
        message.baseline = random.uniform(0.03, 0.3)
        message.image.focal_length = random.uniform(100, 3000)
        message.image.principal_point_u = random.uniform(-5, width + 5)
        message.image.principal_point_v = random.uniform(-5, height + 5)
        if smooth:
            slope = 1500 + 9 * np.arange(width) \
                + random.integers(0, 60, (height, width))
            slope[random.random((height, width)) < 0.1] = 0
            store(message.image, slope)
        message.invalid_data_value = 0
        if number % 3 == 1:
            message.invalid_data_value = float(
                random.choice(pixels(message.image).ravel()))
        return image_set

    def check(self, cloud, image_set, valid=None, organized=False):
        xyz = positions(image_set.disparity)
        if valid is None:
            valid = ~np.isnan(xyz[..., 0])
        kept = np.ones_like(valid) if organized else valid
        xyz[~valid] = np.nan
        self.assertEqual(cloud.counts["vertex"], kept.sum())
        self.assert_near(cloud.xyz, xyz[kept])
        np.testing.assert_array_equal(cloud.rgb, colors(image_set)[kept])
        self.assert_near(cloud.confidence,
                         (pixels(image_set.confidence) / 255)[kept])
        self.assert_near(cloud.depth_error, depth_errors(image_set)[kept])

    def test_all_points(self):
        sets = [self.make_set(n) for n in range(30)]
        for image_set, cloud in zip(sets, self.take(sets)):
            self.check(cloud, image_set)
            self.assertNotIn("face", cloud.counts)

    def test_organized(self):
        sets = [self.make_set(n) for n in range(30)]
        for image_set, cloud in zip(sets, self.take(sets, "organized=true")):
            self.check(cloud, image_set, organized=True)
            image = image_set.disparity.image
            self.assertIn(f"obj_info num_cols {image.width}", cloud.header)
            self.assertIn(f"obj_info num_rows {image.height}", cloud.header)

    def test_pads(self):
        """A cloud has what its pads bring."""
        sets = [self.make_set(n) for n in range(6)]
        for pads in ((), ("left",), ("confidence",), ("error",),
                     ("left", "error"), ("confidence", "error")):
            clouds = self.take(sets, pads="".join(
                PADS[name] for name in ("disparity", *pads)))
            for image_set, cloud in zip(sets, clouds):
                xyz = positions(image_set.disparity)
                valid = ~np.isnan(xyz[..., 0])
                self.assert_near(cloud.xyz, xyz[valid])
                for name, values in (("left", cloud.rgb),
                                     ("confidence", cloud.confidence),
                                     ("error", cloud.depth_error)):
                    self.assertEqual(values is not None, name in pads)
                if "error" in pads:
                    self.assert_near(cloud.depth_error,
                                     depth_errors(image_set)[valid])

    def filtered(self, image_set, **limits):
        z = positions(image_set.disparity)[..., 2]
        with np.errstate(invalid="ignore"):
            return ((z >= limits.get("min_depth", 0))
                    & (z <= limits.get("max_depth", np.inf))
                    & (pixels(image_set.confidence) / 255
                       >= limits.get("min_confidence", 0))
                    & (depth_errors(image_set)
                       <= limits.get("max_depth_error", np.inf)))

    def test_filters(self):
        sets = [self.make_set(n) for n in range(20)]
        left_out = 0
        for limits in (dict(min_depth=0.05), dict(max_depth=0.08),
                       dict(min_depth=0.02, max_depth=0.3),
                       dict(min_confidence=0.4), dict(max_depth_error=0.002),
                       dict(min_confidence=0.2, max_depth_error=0.01,
                            min_depth=0.01, max_depth=2)):
            options = " ".join(f"{name.replace('_', '-')}={value}"
                               for name, value in limits.items())
            for organized in (False, True):
                clouds = self.take(
                    sets, f"{options} organized={organized}")
                for image_set, cloud in zip(sets, clouds):
                    valid = self.filtered(image_set, **limits)
                    left_out += (~valid).sum()
                    self.check(cloud, image_set, valid, organized)
        self.assertGreater(left_out, 1000)

    def assert_faces(self, cloud, image_set, valid, step, organized):
        number = np.flatnonzero(np.ones_like(valid) if organized else valid)
        faces = cloud.faces if cloud.faces is not None \
            else np.empty((0, 3), int)
        self.assertEqual(cloud.counts["face"], len(faces))
        if len(faces) > 0:
            self.assertGreaterEqual(faces.min(), 0)
            self.assertLess(faces.max(), cloud.counts["vertex"])
        got = np.sort(number[faces], axis=1)
        np.testing.assert_array_equal(got[np.lexsort(got.T)],
                                      triangles(image_set, valid, step))
        # The rows and columns of the corners, counter-clockwise where rows
        # count downwards.
        columns = image_set.disparity.image.width
        y, x = np.divmod(number[faces], columns)
        turn = (x[:, 1] - x[:, 0]) * (y[:, 2] - y[:, 0]) \
            - (y[:, 1] - y[:, 0]) * (x[:, 2] - x[:, 0])
        np.testing.assert_array_equal(turn, -1)
        return len(faces)

    def test_faces(self):
        sets = [self.make_set(n, smooth=True) for n in range(16)]
        total = 0
        for options, step in (("", 2), ("face-step=0.5", 0.5),
                              ("face-step=0", 0), ("face-step=30", 30)):
            for organized in (False, True):
                clouds = self.take(
                    sets, f"faces=true organized={organized} "
                    f"min-confidence=0.1 {options}")
                for image_set, cloud in zip(sets, clouds):
                    valid = self.filtered(image_set, min_confidence=0.1)
                    self.check(cloud, image_set, valid, organized)
                    total += self.assert_faces(
                        cloud, image_set, valid, step, organized)
        self.assertGreater(total, 10000)

    def test_ascii_says_the_same(self):
        sets = [self.make_set(n, smooth=True) for n in range(8)]
        for options in ("", "organized=true", "faces=true"):
            pairs = zip(self.take(sets, options),
                        self.take(sets, options + " format=ascii"))
            for binary, text in pairs:
                self.assertIn("format ascii 1.0", text.header)
                self.assertEqual(binary.header[2:], text.header[2:])
                for name in ("xyz", "rgb", "confidence", "depth_error",
                             "faces"):
                    np.testing.assert_array_equal(
                        getattr(binary, name), getattr(text, name))

    def test_recorded_without_metas(self):
        """The same cloud by properties."""
        image_set = self.make_set(12)
        cloud, = self.take([image_set], pads=PADS["disparity"])
        message = image_set.disparity
        options = (
            f"focal-length={message.image.focal_length} "
            f"principal-point-u={message.image.principal_point_u} "
            f"principal-point-v={message.image.principal_point_v} "
            f"baseline={message.baseline} scale={message.scale} "
            f"offset={message.offset} "
            f"invalid-data-value={message.invalid_data_value}")
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = os.path.join(folder.name, "d.mkv")
        self.run_to_end(self.watched(
            self.camera([image_set]).port, "s.disparity ! videoconvert ! "
            f"avenc_ffv1 ! matroskamux ! filesink location={path}"))
        watched = Watched(
            f"filesrc location={path} ! matroskademux ! avdec_ffv1 ! "
            f"rcpointcloud {options} ! {SINK.format('sink')}")
        self.addCleanup(watched.stop)
        taker = Taker(watched)
        self.run_to_end(watched)
        again = Cloud(taker.buffers[0].data)
        np.testing.assert_array_equal(again.xyz, cloud.xyz)


class BufferTest(CloudTest):
    def test_times(self):
        """A cloud has the times of its disparity, 40 ms after the left."""
        sets = [make_set(Request(), n, out1_alternate=True) for n in range(5)]
        watched = self.watched(
            self.camera(sets).port, "s.disparity ! tee name=t "
            f"t. ! queue ! {SINK.format('plain')} t. ! queue ! c.disparity "
            "s.left ! c.left s.confidence ! c.confidence "
            f"rcpointcloud name=c ! {SINK.format('sink')}")
        plain, clouds = Taker(watched, "plain"), Taker(watched)
        self.run_to_end(watched)
        for of in ("pts", "duration", "offset", "time"):
            self.assertEqual([getattr(b, of) for b in clouds.buffers],
                             [getattr(b, of) for b in plain.buffers], of)
        self.assertEqual(len(clouds.buffers), len(sets))
        for image_set, buffer in zip(sets, clouds.buffers):
            np.testing.assert_array_equal(
                Cloud(buffer.data).rgb,
                colors(image_set)[pixels(image_set.disparity.image) != 0])

    def test_sets_that_lack_an_image(self):
        sets = [make_set(Request(), n) for n in range(8)]
        sets[1].ClearField("left")
        sets[4].ClearField("confidence")
        sets[6].ClearField("disparity")
        watched = self.watched(
            self.camera(sets).port,
            f"rcpointcloud name=c ! {SINK.format('sink')} " + ALL_PADS)
        taker = Taker(watched)
        self.run_to_end(watched)
        self.assertEqual([b.offset for b in taker.buffers], [0, 2, 3, 5, 7])
        cloud = watched.pipeline.get_by_name("c")
        stats = statistics(cloud)
        self.assertEqual((stats["sets"], stats["sets-dropped"]), (5, 2))

    def test_nothing_valid(self):
        """A file without points is a file."""
        for options in ("", "faces=true", "format=ascii faces=true"):
            image_set = make_set(Request())
            store(image_set.disparity.image, np.zeros((48, 64)))
            buffer, = self.take_from(self.camera([image_set]).port, options)
            lines = buffer.data.decode("ascii").splitlines()
            self.assertIn("element vertex 0", lines)
            self.assertEqual("element face 0" in lines, "faces" in options)
            self.assertEqual(lines[-1], "end_header")

    def test_changes_in_mid_stream(self):
        """Sizes and colours go up and down, and the cloud with them."""
        sets = []
        for n, (size, depth, color) in enumerate([
                ((64, 48), (64, 48), False), ((64, 48), (32, 24), False),
                ((128, 96), (128, 96), True), ((64, 48), (11, 8), True),
                ((8, 6), (4, 3), False), ((128, 96), (64, 48), True)]):
            sets += [make_set(Request(color), 2 * n + i, width=size[0],
                              height=size[1], depth_size=depth)
                     for i in range(2)]
        for image_set in sets:
            image_set.left.focal_length = 77
        for image_set, cloud in zip(sets, self.take(sets)):
            xyz = positions(image_set.disparity)
            valid = ~np.isnan(xyz[..., 0])
            self.assert_near(cloud.xyz, xyz[valid])
            np.testing.assert_array_equal(cloud.rgb, colors(image_set)[valid])

    def test_properties_in_mid_stream(self):
        """Each cloud is of one kind or of the other, whole."""
        watched = self.watched(
            self.sim("--size=320x240").ports[0],
            f"rcpointcloud name=c ! {SINK.format('sink')} " + ALL_PADS,
            "num-buffers=40")
        element = watched.pipeline.get_by_name("c")
        taker = Taker(watched)
        watched.play()
        for n, (name, value) in enumerate([
                ("organized", True), ("faces", True), ("format", 1),
                ("max-depth", 1.5), ("organized", False), ("format", 0)]):
            taker.wait_for(5 * n + 1)
            element.set_property(name, value)
        self.assertIsNotNone(watched.wait(Gst.MessageType.EOS))
        watched.stop()
        kinds = set()
        for buffer in taker.buffers:
            cloud = Cloud(buffer.data)
            kinds.add((cloud.header[1], *cloud.counts))
            self.assertEqual(len(cloud.xyz), cloud.counts["vertex"])
        self.assertGreaterEqual(len(kinds), 2)

    def test_buffers_that_are_kept(self):
        """Memory is used again only when nobody has it any more."""
        sets = [make_set(Request(), n) for n in range(12)]
        watched = self.watched(
            self.camera(sets).port, "rcpointcloud name=c ! "
            "queue max-size-buffers=0 max-size-bytes=0 max-size-time=0 "
            f"min-threshold-buffers=12 ! {SINK.format('sink')} " + ALL_PADS)
        taker = Taker(watched)
        self.run_to_end(watched)
        for image_set, buffer in zip(sets, taker.buffers):
            xyz = positions(image_set.disparity)
            self.assert_near(Cloud(buffer.data).xyz,
                             xyz[~np.isnan(xyz[..., 0])])

    def test_stops_in_mid_stream(self):
        watched = self.watched(
            self.sim().ports[0], "rcpointcloud name=c faces=true "
            f"format=ascii ! {SINK.format('sink')} " + ALL_PADS)
        taker = Taker(watched)
        watched.play()
        taker.wait_for(2)
        self.assertLess(watched.stop(), STOP_LIMIT)
        self.assertEqual(watched.errors + watched.warnings, [])


class FileTest(CloudTest):
    def test_files(self):
        """What the documentation shows."""
        port = self.sim("--size=320x240", "--color").ports[0]
        with tempfile.TemporaryDirectory() as folder:
            status, _, text = launch(
                "rcgrpcsrc", "host=127.0.0.1", f"port={port}", "color=true",
                "num-buffers=3", "leaky=none", "name=s", "rcpointcloud",
                "name=c", "s.disparity", "!", "c.disparity", "s.left", "!",
                "c.left", "c.src", "!", "multifilesink",
                f"location={folder}/cloud-%05d.ply")
            self.assertEqual(status, 0, text)
            self.assertEqual(sorted(os.listdir(folder)),
                             [f"cloud-{n:05}.ply" for n in range(3)])
            for name in os.listdir(folder):
                with open(os.path.join(folder, name), "rb") as file:
                    cloud = Cloud(file.read())
                self.assertGreater(len(cloud.xyz), 10000)
                self.assertGreater(np.ptp(cloud.rgb, axis=1).max(), 50)

    def test_locale(self):
        """A decimal comma changes nothing."""
        if ASAN:
            self.skipTest("gst-launch-1.0 has no runtime of it")
        port = self.sim("--size=160x120").ports[0]
        with tempfile.TemporaryDirectory() as folder:
            env = make_locale(folder)
            if env is None:
                self.skipTest("there is no such locale")
            path = os.path.join(folder, "cloud.ply")
            subprocess.run(
                ["gst-launch-1.0", "rcgrpcsrc", "host=127.0.0.1",
                 f"port={port}", "num-buffers=1", "name=s", "s.disparity",
                 "!", "rcpointcloud",
                 "format=ascii", "!", "filesink", f"location={path}"],
                env={**os.environ, **env}, check=True, capture_output=True,
                timeout=120)
            with open(path, "rb") as file:
                data = file.read()
        self.assertNotIn(b",", data.split(b"end_header")[1])
        self.assertGreater(len(Cloud(data).xyz), 1000)


class ErrorTest(CloudTest):
    def check(self, sets, domain, code, options="", pads=ALL_PADS):
        watched = self.watched(
            self.camera(sets).port,
            f"rcpointcloud name=c {options} ! {SINK.format('sink')} " + pads)
        taker = Taker(watched)
        watched.run()
        self.assertEqual((watched.errors[0].domain, watched.errors[0].code),
                         (f"gst-{domain}-error-quark", int(code)))
        self.assertEqual(taker.buffers, [])

    def test_limits_without_their_pads(self):
        for option, pad in (("max-depth-error=0.1", "error"),
                            ("min-confidence=0.5", "confidence")):
            pads = "".join(text for name, text in PADS.items() if name != pad)
            self.check([make_set(Request())], "resource",
                       Gst.ResourceError.SETTINGS, option, pads)

    def test_other_sizes(self):
        for name in ("confidence", "disparity_error"):
            image_set = make_set(Request())
            other = make_set(Request(), width=32, height=48)
            getattr(image_set, name).CopyFrom(getattr(other, name))
            self.check([image_set], "stream", Gst.StreamError.FORMAT)

    def test_no_parameters(self):
        image_set = make_set(Request())
        image_set.disparity.ClearField("baseline")
        self.check([image_set], "resource", Gst.ResourceError.SETTINGS)

    def test_no_disparity(self):
        """An image of depth is none."""
        self.check([make_set(Request())], "stream", Gst.StreamError.WRONG_TYPE,
                   pads="s.disparity ! rcdepth ! c.disparity")


class SceneTest(CloudTest):
    """The simulator's scene, whose every point is known."""

    def clouds(self, sim, count, options=""):
        """Clouds, and the sets that another client got."""
        buffers = self.take_from(
            sim.ports[0], options, source=f"num-buffers={count} color=true")
        sets = sim.take(count, left_enabled=True, disparity_enabled=True,
                        disparity_error_enabled=True, confidence_enabled=True,
                        color=True)
        return [Cloud(b.data) for b in buffers], sets

    def assert_scene(self, cloud, image_set):
        """What is neither crate nor ball nor behind them is on the wall or on
        the ground, to within half a step of disparity."""
        message = image_set.disparity
        x, y, z = cloud.xyz.astype(float).T
        world_y = np.cos(PITCH) * y + np.sin(PITCH) * z
        world_z = np.cos(PITCH) * z - np.sin(PITCH) * y
        allowed = (0.5 * message.scale * 1.02 * z ** 2
                   / (message.image.focal_length * message.baseline)) + 1e-5
        # The deviation is along the ray: its part across the plane.
        at_wall = allowed * np.abs(world_z / z)
        at_ground = allowed * np.abs(world_y / z)
        wall = np.abs(world_z - WALL_Z) <= at_wall
        ground = np.abs(world_y - GROUND_Y) <= at_ground
        self.assertGreater((wall | ground).mean(), 0.8)
        self.assertLess((wall | ground).mean(), 0.999)
        self.assertGreater(wall.mean(), 0.2)
        self.assertGreater(ground.mean(), 0.2)
        self.assertTrue((world_z <= WALL_Z + at_wall).all())
        self.assertTrue((world_y <= GROUND_Y + at_ground).all())

    def test_scene(self):
        for options in (["--size=640x480", "--quality=full"],
                        ["--size=640x480", "--quality=high"],
                        ["--quality=low"],
                        ["--size=323x241", "--quality=medium",
                         "--baseline=0.16"]):
            with self.subTest(options):
                sim = self.sim("--color", *options)
                clouds, sets = self.clouds(sim, 2)
                for cloud, image_set in zip(clouds, sets):
                    self.assert_scene(cloud, image_set)

    def test_colours_are_where_they_belong(self):
        """Low quality is 214x160 of 1280x960: the last column's colour is of
        the last two left columns, as its point is."""
        clouds, sets = self.clouds(self.sim("--color", "--quality=low"), 2)
        for cloud, image_set in zip(clouds, sets):
            self.assertEqual(image_set.disparity.image.width, 214)
            expected = colors(image_set)
            np.testing.assert_array_equal(
                expected[:, -1], np.floor(
                    pixels(image_set.left)[:, -2:].astype(float).reshape(
                        160, 12, 3).mean(axis=1) + 0.5))
            valid = pixels(image_set.disparity.image) != 0
            np.testing.assert_array_equal(cloud.rgb, expected[valid])
            self.assert_near(cloud.xyz, positions(image_set.disparity)[valid])

    def test_faces_of_the_scene(self):
        """A surface without holes but at edges."""
        clouds, sets = self.clouds(
            self.sim("--color", "--size=640x480"), 1, "faces=true")
        cloud = clouds[0]
        self.assertGreater(len(cloud.faces), 1.8 * len(cloud.xyz))
        a, b, c = np.moveaxis(cloud.xyz[cloud.faces].astype(float), 1, 0)
        normals = np.cross(b - a, c - a)
        self.assertLess((normals * (a + b + c)).sum(axis=1).max(), 0)


if __name__ == "__main__":
    PROGRAM = sys.argv.pop(1)
    unittest.main(verbosity=2)
