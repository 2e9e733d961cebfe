# SPDX-License-Identifier: LGPL-2.1-or-later
"""rcsnapshotsink: files that are read back with Pillow, against what a camera
sent; names, messages, what is in the way. Usage: test_snapshot.py SIM"""

import os
import resource
import sys
import tempfile
import unittest

try:
    import stored
    from camera_server import CameraServer, make_set
    from sim_process import ALL, Sim, nanoseconds
    from stored import check_file, files_of
    from watched import Gst, Watched, launch
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

PROGRAM = None
STREAMS = [*stored.IMAGES, "mesh"]
ERRORS = {"resource": Gst.ResourceError, "stream": Gst.StreamError}


class Request:
    """Everything, for sets that are made before anybody asked."""
    left_enabled = right_enabled = disparity_enabled = True
    disparity_error_enabled = confidence_enabled = mesh_enabled = True

    def __init__(self, color=False):
        self.color = color


def links(streams=STREAMS):
    return " ".join(f"s.{stream} ! k.{stream}" for stream in streams)


class SnapshotTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def camera(self, sets):
        camera = CameraServer(sets)
        camera.__enter__()
        self.addCleanup(camera.stop)
        return camera

    def watched(self, description):
        watched = Watched(description)
        self.addCleanup(watched.stop)
        return watched

    def snapshots(self, port, rest=None, sink="", source=""):
        """A pipeline from a camera into the folder."""
        return self.watched(
            f"rcgrpcsrc name=s host=127.0.0.1 port={port} leaky=none {source} "
            f"rcsnapshotsink name=k location={self.folder} async=false {sink} "
            + (links() if rest is None else rest))

    def run_to_end(self, watched, warnings=0):
        watched.run()
        self.assertEqual(watched.errors, [])
        self.assertEqual(len(watched.warnings), warnings, watched.warnings)
        self.assertEqual(watched.n_eos, 1)
        return watched

    def store(self, sets, rest=None, sink="", warnings=0):
        return self.run_to_end(self.snapshots(
            self.camera(sets).port, rest, sink), warnings)

    def files(self):
        return set(os.listdir(self.folder))

    def assert_stored(self, sets, streams=STREAMS, number=0):
        for image_set in sets:
            for stream in streams:
                check_file(self.folder, image_set, stream, number)

    def assert_error(self, watched, domain, code):
        """All errors are that one; for some elements, besides it, one of the
        source of which nothing is taken any more."""
        own = [e for e in watched.errors
               if e.domain != "gst-stream-error-quark"
               or e.code != Gst.StreamError.FAILED]
        self.assertEqual(
            {(e.domain, e.code) for e in own},
            {(f"gst-{domain}-error-quark", int(code))}, watched.errors)


class FilesTest(SnapshotTest):
    def make_set(self, number=0, color=False, **arguments):
        image_set = make_set(Request(color), number, **arguments)
        image_set.mesh.data *= 1 + 100_000 * number
        for i, get in enumerate(stored.IMAGES.values()):
            image = get(image_set)
            image.principal_point_u = 31.25 + i
            image.principal_point_v = 24.7 - i
            image.exposure_time = 0.0081234 * (i + 1)
            image.gain, image.noise = 3.5 + i, 0.00612 / (i + 1)
            image.out1_reduction, image.brightness = 0.2 + number, 0.45678
            image.gpios.outputs, image.gpios.inputs = 0b0011, 0b1100
            image.gpios.values = (number + i) % 16
        image_set.disparity.offset = 0.125 * number
        image_set.disparity.invalid_data_value = number
        return image_set

    def test_sets(self):
        """Pixels, names and parameters, in odd sizes, with padding, grey and in
        colour, in both byte orders."""
        sets = [self.make_set(
            number, color=number % 2 == 1, width=width, height=height,
            padding=7 * (number % 3), big_endian=number % 4 > 1,
            depth_size=depth_size)
            for number, (width, height, depth_size) in enumerate([
                (64, 48, None), (1, 1, None), (641, 3, (214, 2)),
                (643, 2, (643, 2)), (7, 241, (3, 120)), (1, 7, (2, 5)),
                (2, 1, (1, 1)), (640, 480, (320, 240))])]
        # Else they are the left image's, see test_left_focal_length.
        for image_set in sets:
            image_set.disparity.image.focal_length = 700.123
        watched = self.store(sets)
        expected = set().union(*(files_of(s, STREAMS) for s in sets))
        self.assertEqual(self.files(), expected)
        self.assert_stored(sets)
        self.assert_messages(watched, expected, sets)

    def assert_messages(self, watched, expected, sets):
        """One for each file, of the element that an application knows."""
        structures = []
        for message in watched.of_type(Gst.MessageType.ELEMENT):
            structure = message.get_structure()
            if structure.get_name() != "rc-snapshot":
                continue
            self.assertEqual(message.src.get_name(), "k")
            structures.append(structure)
        names = [structure.get_string("filename") for structure in structures]
        self.assertEqual(
            sorted(names), sorted(f"{self.folder}/{n}" for n in expected))
        for structure in structures:
            name = structure.get_string("filename")
            self.assertIn("_" + structure.get_string("stream"), name)
            time = structure.get_value("timestamp")
            self.assertIn(f"image_{time // 10**9}.{time % 10**9:09}_", name)
        self.assertEqual({s.get_value("timestamp") for s in structures},
                         {nanoseconds(s.timestamp) for s in sets})

    def test_a_set_has_one_name(self):
        """The depth images are taken 40 ms later."""
        sets = [self.make_set(number, out1_alternate=True)
                for number in range(2)]
        self.store(sets)
        self.assertEqual(self.files(), set().union(
            *(files_of(s, STREAMS) for s in sets)))
        self.assert_stored(sets)

    def test_lines(self):
        """As many as the camera has, also none."""
        sets = []
        for number, (outputs, inputs, values) in enumerate([
                (0, 0, 0), (0, 0, 15), (1, 0, 1), (0, 4, 4), (3, 12, 9),
                (0x80000001, 0x40000000, 0xC0000000), (2**32 - 1, 0, 5)]):
            image_set = self.make_set(number)
            gpios = image_set.left.gpios
            gpios.outputs, gpios.inputs, gpios.values = outputs, inputs, values
            sets.append(image_set)
        self.store(sets, links(["left"]))
        self.assertEqual({name.split("_left")[1] for name in self.files()}, {
            "__.png", "_1_.png", "__1.png", "_01_10.png", "_10_1.png",
            "_" + "0" * 29 + "101_.png"})
        self.assert_stored(sets, ["left"])

    def test_some_pads(self):
        sets = [self.make_set(number) for number in range(3)]
        sets[1].ClearField("disparity")
        self.store(sets, links(["disparity", "error"]))
        self.assertEqual(self.files(), set().union(
            files_of(sets[0], ["disparity", "error"]),
            files_of(sets[1], ["error"]),
            files_of(sets[2], ["disparity", "error"])))

    def test_nothing_is_overwritten(self):
        """The second and third time the files have numbers; those of a
        disparity image the same."""
        image_set = self.make_set()
        for number in range(3):
            self.store([image_set])
        everything = set().union(
            *(files_of(image_set, STREAMS, number) for number in range(3)))
        self.assertEqual(self.files(), everything)
        for number in range(3):
            self.assert_stored([image_set], number=number)

    def test_numbers_of_pairs(self):
        """A number is taken by either file."""
        image_set = self.make_set()
        name = os.path.join(self.folder, stored.stem(image_set, "disparity"))
        taken = [name + "_param.txt", name + "_1.png", name + "_param_2.txt"]
        for path in taken:
            with open(path, "w", encoding="ascii") as file:
                file.write("mine")
        self.store([image_set], links(["disparity"]))
        self.assert_stored([image_set], ["disparity"], number=3)
        self.assertEqual(len(self.files()), 5)
        for path in taken:
            self.assertEqual(stored.read_bytes(path), b"mine")

    def test_left_focal_length(self):
        """Of the left image's size: scaled, and told once."""
        sets = [self.make_set(number, width=128, depth_size=(64, 48))
                for number in range(2)]
        watched = self.store(sets, links(["left", "disparity"]), warnings=1)
        self.assertEqual(
            (watched.warnings[0].domain, watched.warnings[0].code),
            ("gst-stream-error-quark", int(Gst.StreamError.FORMAT)))
        for image_set in sets:
            path = os.path.join(
                self.folder, stored.stem(image_set, "disparity"))
            self.assertEqual(stored.read_parameters(path + "_param.txt"),
                             stored.parameters(image_set.disparity, 0.5))

    def test_a_camera_that_says_nothing(self):
        """What it does not know is 0, as the vendor's client has it."""
        image_set = make_set(Request())
        image_set.disparity.ClearField("baseline")
        image_set.disparity.image.ClearField("focal_length")
        self.store([image_set], links(["disparity"]))
        self.assert_stored([image_set], ["disparity"])

    def test_levels_of_compression(self):
        image_set = self.make_set(width=640, height=480)
        image_set.left.data = bytes(
            i // 640 % 256 for i in range(640 * 480))
        sizes = []
        for number, level in enumerate((0, 1, 6, 9)):
            self.store([image_set], links(["left", "disparity"]),
                       f"compression-level={level} fsync=true")
            self.assert_stored([image_set], ["left", "disparity"], number)
            suffix = f"_{number}" if number else ""
            sizes.append(os.path.getsize(os.path.join(
                self.folder, stored.stem(image_set, "left") + suffix
                + ".png")))
        self.assertGreater(sizes[0], 640 * 480)
        self.assertLess(max(sizes[1:]), 100_000)


class TimeTest(SnapshotTest):
    """Names of images without GstRcImageMeta."""

    def names(self):
        return sorted(self.files())

    def test_reference_timestamp(self):
        """Scaling leaves that alone: it is the image's own time."""
        image_set = make_set(Request(), out1_alternate=True,
                             timestamp=1_700_000_001_000_000_007)
        self.store([image_set], " ".join(
            f"s.{stream} ! videoscale ! video/x-raw,width=32 ! k.{stream}"
            for stream in ("left", "disparity")), warnings=1)
        self.assertEqual(self.names(), [
            "image_1700000001.000000007_left__.png",
            "image_1700000001.040000007_disparity__.png"])

    def test_pts(self):
        watched = self.watched(
            "videotestsrc name=s num-buffers=3 ! "
            "video/x-raw,format=GRAY16_BE,width=21,height=5,framerate=2/1 ! "
            f"k.disparity rcsnapshotsink name=k location={self.folder}")
        self.run_to_end(watched, warnings=1)
        self.assertEqual(
            (watched.warnings[0].domain, watched.warnings[0].code),
            ("gst-stream-error-quark", int(Gst.StreamError.FORMAT)))
        self.assertEqual(self.names(), [
            f"image_{time}_disparity__.png"
            for time in ("0.000000000", "0.500000000", "1.000000000")])

    def test_no_time_at_all(self):
        """Then the time of day, so that nothing is in the way of anything."""
        watched = self.watched(
            "appsrc name=s format=time caps=video/x-raw,"
            "format=GRAY8,width=4,height=2,framerate=0/1 ! k.left "
            f"rcsnapshotsink name=k location={self.folder} async=false")
        watched.play()
        for _ in range(3):
            watched.source.emit("push-buffer", Gst.Buffer.new_wrapped(b"x" * 8))
        watched.source.emit("end-of-stream")
        self.run_to_end(watched)
        self.assertEqual(len(self.files()), 3)
        for name in self.files():
            self.assertGreater(int(name.split("_")[1].split(".")[0]),
                               1_600_000_000)


class ErrorTest(SnapshotTest):
    def check(self, watched, domain, code):
        watched.run()
        self.assert_error(watched, domain, code)

    def test_another_stream(self):
        for rest in ("s.left ! k.right", "s.confidence ! k.error",
                     "s.disparity ! rcdepth ! k.disparity"):
            with self.subTest(rest):
                camera = self.camera([make_set(Request())])
                self.check(self.snapshots(camera.port, rest), "stream",
                           Gst.StreamError.WRONG_TYPE)
                self.assertEqual(self.files(), set())

    def check_location(self, location, code):
        watched = self.watched(
            "videotestsrc name=s num-buffers=1 ! video/x-raw,format=GRAY8 ! "
            f"k.left rcsnapshotsink name=k location={location}")
        self.assertEqual(watched.play(), Gst.StateChangeReturn.FAILURE)
        watched.stop()
        self.assert_error(watched, "resource", code)

    def test_no_folder(self):
        file = os.path.join(self.folder, "file")
        with open(file, "w", encoding="ascii"):
            pass
        for location in (f"{self.folder}/none", file, f"{file}/none"):
            self.check_location(location, Gst.ResourceError.NOT_FOUND)

    def test_no_permission(self):
        """/sys takes no new file, of nobody."""
        watched = self.watched(
            "videotestsrc name=s num-buffers=1 ! video/x-raw,format=GRAY8 ! "
            "k.left rcsnapshotsink name=k location=/sys async=false")
        # Where that is known from the start, it does not start.
        if watched.play() != Gst.StateChangeReturn.FAILURE:
            watched.wait(Gst.MessageType.ERROR)
        watched.stop()
        self.assert_error(watched, "resource", Gst.ResourceError.OPEN_WRITE)

    def test_folder_that_goes(self):
        self.folder = os.path.join(self.folder, "inner")
        os.mkdir(self.folder)
        watched = self.watched(
            "videotestsrc name=s num-buffers=1 ! video/x-raw,format=GRAY8 ! "
            f"k.left rcsnapshotsink name=k location={self.folder}")
        watched.pipeline.set_state(Gst.State.PAUSED)
        watched.wait(Gst.MessageType.ASYNC_DONE)
        os.rmdir(self.folder)
        watched.play()
        watched.wait(Gst.MessageType.ERROR)
        watched.stop()
        self.assert_error(watched, "resource", Gst.ResourceError.OPEN_WRITE)

    def test_large_file(self):
        """As a full disk is told: what fits is there, and nothing else."""
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        self.addCleanup(resource.setrlimit, resource.RLIMIT_FSIZE, limits)
        sets = [make_set(Request(), 0),
                make_set(Request(), 1, width=1000, height=1000)]
        watched = self.snapshots(self.camera(sets).port)
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, limits[1]))
        watched.run()
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        self.assert_error(watched, "resource",
                          Gst.ResourceError.NO_SPACE_LEFT)
        small = {"mesh"} & set(STREAMS)
        self.assertLessEqual(
            self.files(), files_of(sets[0], STREAMS)
            | files_of(sets[1], small))
        for name in self.files():
            if name.endswith(".png"):
                stored.read_image(os.path.join(self.folder, name))


class SimTest(SnapshotTest):
    """The simulator's images, as another client got them."""

    def test_against_another_client(self):
        for options in ([], ["--color", "--quality=low", "--padding=5"],
                        ["--size=323x241", "--out1-alternate"]):
            with self.subTest(options):
                self.check(["--fps=0", *options], "--color" in options)

    def check(self, options, color):
        self.setUp()
        with Sim(PROGRAM, *options) as sim:
            self.run_to_end(self.snapshots(
                sim.ports[0], source=f"num-buffers=2 color={color}"))
            sets = sim.take(2, mesh_enabled=True, color=color, **ALL)
        # It sends the same scene to each client, at another time.
        times = sorted({name.split("_")[1] for name in self.files()})
        self.assertEqual(len(times), 2)
        for image_set, time in zip(sets, times):
            image_set.timestamp.sec, image_set.timestamp.nsec = \
                map(int, time.split("."))
        self.assertEqual(self.files(), set().union(
            *(files_of(s, STREAMS) for s in sets)))
        self.assert_stored(sets, stored.IMAGES)

    def test_first_pad(self):
        """Without a name it is left."""
        with Sim(PROGRAM, "--size=320x240") as sim:
            self.run_to_end(self.watched(
                f"rcgrpcsrc host=127.0.0.1 port={sim.ports[0]} num-buffers=2 !"
                f" rcsnapshotsink location={self.folder}"))
        self.assertEqual(len(self.files()), 2)
        for name in self.files():
            self.assertIn("_left_", name)

    def test_launch(self):
        """As one types it, into the current folder."""
        with Sim(PROGRAM, "--size=320x240") as sim:
            code, _, errors = launch(
                "rcgrpcsrc", "num-buffers=1", "name=s", "host=127.0.0.1",
                f"port={sim.ports[0]}", "rcsnapshotsink", "name=k",
                f"location={self.folder}", *links().split())
        self.assertEqual((code, errors), (0, ""))
        self.assertEqual(len(self.files()), len(STREAMS) + 1)


if __name__ == "__main__":
    PROGRAM = sys.argv.pop(1)
    unittest.main(verbosity=2)
