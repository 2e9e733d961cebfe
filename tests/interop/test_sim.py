# SPDX-License-Identifier: LGPL-2.1-or-later
"""rcgrpc-sim as a server: what it serves to a grpcio client under each of its
options. Usage: test_sim.py SIM"""

import signal
import socket
import subprocess
import sys
import unittest

try:
    import grpc
    import numpy as np
    import image_interface_pb2 as pb
    from sim_process import (ALL, DEADLINE, EVENTS, Sim, nanoseconds, one_set,
                             pixels)
except ImportError as e:
    print("skipped:", e)
    sys.exit(77)

PROGRAM = None
SMALL = "--size=320x240"
MS = 10**6

# Fields whose right value may be proto3's default, so that they look absent.
MAY_BE_0 = {"is_bigendian", "offset", "invalid_data_value", "nsec",
            "auto_exposure_adapting"}


def images(s):
    """The images of a set by name."""
    return dict(left=s.left, right=s.right, disparity=s.disparity.image,
                confidence=s.confidence, error=s.disparity_error)


class Answers(unittest.TestCase):
    def sim(self, *options):
        return Sim(PROGRAM, SMALL, *options)

    def assert_filled(self, message, path):
        present = {field.name for field, _ in message.ListFields()}
        for field in message.DESCRIPTOR.fields:
            if field.name not in MAY_BE_0:
                self.assertIn(field.name, present, f"absent from {path}")
        for field, value in message.ListFields():
            if field.type == field.TYPE_MESSAGE:
                self.assert_filled(value, f"{path}.{field.name}")

    def test_every_field_is_filled(self):
        s = one_set(PROGRAM, SMALL, "--out1-alternate", mesh_enabled=True,
                    **ALL)
        self.assert_filled(s, "ImageSet")
        for name, image in images(s).items():
            self.assertFalse(image.is_bigendian, name)
            self.assertGreater(image.brightness, 0.1, name)
            self.assertLess(image.brightness, 0.9, name)

    def test_only_what_was_asked_for(self):
        names = dict(left_enabled="left", right_enabled="right",
                     disparity_enabled="disparity",
                     disparity_error_enabled="disparity_error",
                     confidence_enabled="confidence", mesh_enabled="mesh")
        with self.sim("--fps=0") as sim:
            for flag, name in names.items():
                s = sim.take(1, **{flag: True})[0]
                self.assertEqual([field.name for field, _ in s.ListFields()],
                                 ["timestamp", name])
            s = sim.take(1)[0]
            self.assertEqual([field.name for field, _ in s.ListFields()],
                             ["timestamp"])

    def test_auto_exposure_settles(self):
        with self.sim("--fps=0") as sim:
            sets = sim.take(30, left_enabled=True)
        adapting = [s.left.auto_exposure_adapting for s in sets]
        self.assertTrue(adapting[0])
        self.assertFalse(adapting[-1])

    def test_clients_are_served_what_each_asked_for(self):
        with self.sim("--color", "--fps=50") as sim:
            requests = [dict(left_enabled=True),
                        dict(left_enabled=True, color=True),
                        dict(disparity_enabled=True, confidence_enabled=True),
                        dict(mesh_enabled=True), ALL]
            streams = [sim.stream(**r) for r in requests]
            by_time = []
            for _ in range(8):
                sets = [next(stream) for stream in streams]
                by_time.append([nanoseconds(s.timestamp) for s in sets])
                grey, color, depth, mesh, all_of_it = sets
                self.assertEqual(grey.left.encoding, "mono8")
                self.assertEqual(color.left.encoding, "rgb8")
                self.assertFalse(color.HasField("right"))
                self.assertTrue(depth.HasField("confidence"))
                self.assertFalse(depth.HasField("left"))
                self.assertTrue(mesh.HasField("mesh"))
                self.assertTrue(all(i.data for i in images(all_of_it).values()))
            for stream in streams:
                stream.cancel()
        for times in zip(*by_time):
            self.assertEqual(sorted(set(times)), list(times))

    def test_an_idle_client_stops_nobody(self):
        with self.sim("--fps=0") as sim:
            idle = sim.stream(**ALL)
            next(idle)
            sim.take(300, **ALL)
            # It is served on when it reads again.
            for _ in range(20):
                next(idle)

    def test_color_is_a_camera_of_its_own(self):
        s = one_set(PROGRAM, SMALL, color=True, **ALL)
        self.assertEqual((s.left.encoding, s.right.encoding),
                         ("mono8", "mono8"))
        s = one_set(PROGRAM, SMALL, "--color", color=True, **ALL)
        self.assertEqual([i.encoding for i in images(s).values()],
                         ["rgb8", "rgb8", "mono16", "mono8", "mono8"])

    def test_qualities_have_their_sizes(self):
        sizes = {"1280x960": dict(full=(1280, 960), high=(640, 480),
                                  medium=(320, 240), low=(214, 160)),
                 "1440x1080": dict(high=(720, 540), medium=(360, 270),
                                   low=(240, 180)),
                 "641x483": dict(full=(641, 483), high=(321, 242))}
        for size, qualities in sizes.items():
            for quality, expected in qualities.items():
                s = one_set(PROGRAM, f"--size={size}", f"--quality={quality}",
                            disparity_enabled=True, confidence_enabled=True,
                            disparity_error_enabled=True)
                for image in (s.disparity.image, s.confidence,
                              s.disparity_error):
                    self.assertEqual((image.width, image.height), expected)
                    pixels(image)

    def test_geometry_is_in_each_image_s_own_pixels(self):
        s = one_set(PROGRAM, "--size=1280x960", "--quality=medium", **ALL)
        self.assertAlmostEqual(s.left.focal_length, 1080, places=3)
        for image in (s.disparity.image, s.confidence, s.disparity_error):
            for name in ("focal_length", "principal_point_u",
                         "principal_point_v"):
                self.assertAlmostEqual(getattr(image, name) * 4,
                                       getattr(s.left, name), places=3)

    def test_out1_alternates(self):
        with self.sim("--out1-alternate", "--fps=25") as sim:
            sets = sim.take(5, mesh_enabled=True, **ALL)
        for s in sets:
            at = nanoseconds(s.timestamp)
            later = [s.disparity.image, s.confidence, s.disparity_error]
            for image in (s.left, s.right):
                self.assertEqual(nanoseconds(image.timestamp), at)
                self.assertEqual(image.gpios.values & 1, 0)
                self.assertLess(image.exposure_time,
                                s.disparity.image.exposure_time)
            for image in later:
                self.assertEqual(nanoseconds(image.timestamp), at + 40 * MS)
                self.assertEqual(image.gpios.values & 1, 1)
            for message in (s.disparity, s.mesh):
                self.assertEqual(nanoseconds(message.timestamp), at + 40 * MS)

    def test_otherwise_all_is_taken_at_once(self):
        s = one_set(PROGRAM, SMALL, mesh_enabled=True, **ALL)
        at = nanoseconds(s.timestamp)
        for message in [*images(s).values(), s.disparity, s.mesh]:
            self.assertEqual(nanoseconds(message.timestamp), at)
        for image in images(s).values():
            self.assertEqual(image.gpios.values & 1, 0)

    def test_padding_changes_nothing_but_the_step(self):
        options = ["--size=321x243", "--color"]
        plain = one_set(PROGRAM, *options, color=True, **ALL)
        padded = one_set(PROGRAM, *options, "--padding=13", color=True, **ALL)
        for name, image in images(padded).items():
            bare = images(plain)[name]
            self.assertEqual(image.step, bare.step + 13, name)
            self.assertEqual(len(image.data), image.step * image.height, name)
            np.testing.assert_array_equal(pixels(image), pixels(bare), name)

    def test_sets_carry_their_number(self):
        with self.sim("--stamp", "--fps=100", "--color") as sim:
            sets = sim.take(6, color=True, **ALL)
        numbers = []
        for s in sets:
            read = {name: sum(1 << i for i in range(32)
                              if np.all(pixels(image)[0, i]))
                    for name, image in images(s).items()}
            self.assertEqual(len(set(read.values())), 1, read)
            numbers.append(read["left"])
        steps = np.diff([nanoseconds(s.timestamp) for s in sets]) / (10 * MS)
        np.testing.assert_allclose(np.diff(numbers), steps)

    def test_sets_then_ok(self):
        for fps in (0, 200):
            with self.sim("--sets=7", f"--fps={fps}") as sim:
                for _ in range(2):
                    stream = sim.stream(left_enabled=True)
                    self.assertEqual(len(list(stream)), 7)
                    self.assertEqual(stream.code(), grpc.StatusCode.OK)

    def test_timestamps_are_spaced_by_the_frame_rate(self):
        for fps in (25, 30, 59.94):
            with self.sim(f"--fps={fps}") as sim:
                sets = sim.take(20, left_enabled=True)
            at = np.array([nanoseconds(s.timestamp) for s in sets])
            steps = (at - at[0]) * fps / 1e9
            self.assertTrue((np.diff(np.round(steps)) >= 1).all())
            exact = np.round(steps) * 1e9 / fps
            self.assertLessEqual(np.abs(at - at[0] - exact).max(), 1, fps)

    def test_timestamps_ascend_without_a_frame_rate(self):
        with self.sim("--fps=0") as sim:
            sets = sim.take(200, left_enabled=True)
        at = [nanoseconds(s.timestamp) for s in sets]
        self.assertEqual(sorted(set(at)), at)
        # The loop comes round.
        data = [s.left.data for s in sets]
        self.assertEqual(data[0], data[8])
        self.assertNotEqual(data[0], data[1])

    def test_pipelines_are_cameras_of_their_own(self):
        with self.sim("--pipelines=2", "--fps=0") as sim:
            self.assertNotEqual(*sim.ports)
            a, b = (sim.take(1, pipeline=i, left_enabled=True)[0]
                    for i in range(2))
        self.assertNotEqual(a.left.data, b.left.data)

    def test_events(self):
        request = pb.ImageEventsRequest(depth_acquisition_done_enabled=True)
        with self.sim("--events", "--out1-alternate", "--fps=20") as sim:
            events = sim.call(EVENTS, request, pb.ImageEvents)
            # From then on the request is in force.
            events.initial_metadata()
            camera = sim.stream(left_enabled=True)
            depth = sim.stream(disparity_enabled=True)
            first = next(events)
            seen = {nanoseconds(next(depth).timestamp) for _ in range(12)}
            next(camera)
            got = [first] + [next(events) for _ in range(8)]
        times = [nanoseconds(e.imageset_timestamp) for e in got]
        self.assertEqual(sorted(set(times)), times)
        for event in got:
            at = nanoseconds(event.imageset_timestamp)
            done = event.depth_acquisition_done
            self.assertGreater(nanoseconds(done.timestamp), at + 40 * MS)
            self.assertLess(nanoseconds(done.timestamp), at + 100 * MS)
            self.assertTrue(done.message)
        missing = set(times[:6]) - seen
        self.assertEqual(missing, set(), "events for sets that never came")

    def assert_refused(self, stream, code):
        with self.assertRaises(grpc.RpcError) as raised:
            next(stream)
        self.assertEqual(raised.exception.code(), code)

    def test_what_is_not_served(self):
        request = pb.ImageEventsRequest(depth_acquisition_done_enabled=True)
        with self.sim() as sim:
            for method in (EVENTS, "/ImageInterface/Nothing", "/x"):
                self.assert_refused(
                    sim.call(method, request, pb.ImageEvents),
                    grpc.StatusCode.UNIMPLEMENTED)
            sim.take(1, left_enabled=True)


class CommandLine(unittest.TestCase):
    def run_sim(self, *options):
        return subprocess.run([PROGRAM, *options], capture_output=True,
                              text=True, timeout=DEADLINE)

    def test_bad_values(self):
        for option in ("--port=-1", "--port=65536", "--port=x",
                       "--pipelines=0", "--size=12x12", "--size=100",
                       "--size=100x200x3", "--size=99999x99999",
                       "--quality=best", "--fps=-1", "--fps=nan", "--sets=-1",
                       "--padding=-1", "--padding=99999", "--baseline=0",
                       "--focal-length=-3", "--seed=-1", "--nonsense", "word"):
            done = self.run_sim("--port=0", option)
            self.assertEqual(done.returncode, 2, option)
            self.assertTrue(done.stderr.startswith("rcgrpc-sim: "), option)
            self.assertEqual(done.stdout, "", option)
        done = self.run_sim("--port=65535", "--pipelines=2")
        self.assertEqual(done.returncode, 2)

    def test_help_and_version(self):
        for option in ("--help", "--version"):
            self.assertEqual(self.run_sim(option).returncode, 0)

    def test_a_taken_port_is_an_error(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            done = self.run_sim(f"--port={taken.getsockname()[1]}")
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot listen", done.stderr)
        with Sim(PROGRAM, SMALL) as sim:
            done = self.run_sim(f"--port={sim.ports[0]}")
            self.assertEqual(done.returncode, 1)

    def test_signals_end_it_cleanly(self):
        for how in (signal.SIGINT, signal.SIGTERM):
            with Sim(PROGRAM, SMALL, "--fps=0") as sim:
                busy = sim.stream(**ALL)
                next(busy)
                self.assertEqual(sim.stop(how), 0)
                with self.assertRaises(grpc.RpcError):
                    for _ in busy:
                        pass


if __name__ == "__main__":
    PROGRAM = sys.argv.pop(1)
    unittest.main()
