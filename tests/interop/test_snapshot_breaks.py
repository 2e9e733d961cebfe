# SPDX-License-Identifier: LGPL-2.1-or-later
"""rcsnapshotsink, interrupted while it writes: by a state, a pad that is
released, kill -9, a full disk. What has a file's name is whole."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

try:
    import stored
    from camera_server import CameraServer, make_set
    from stored import check_file, files_of
    from watched import PATIENCE, STOP_LIMIT, Gst, Watched
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

# Seconds that nothing takes unless it hangs.
DEADLINE = 60
WIDTH, HEIGHT = 2500, 2000
COUNT = 4


class Left:
    """left and disparity, for sets that are made before anybody asked."""
    left_enabled = disparity_enabled = True
    right_enabled = disparity_error_enabled = confidence_enabled = False
    mesh_enabled = color = False


def large_sets(count=COUNT):
    """Of random pixels, a fraction of a second each."""
    sets = [make_set(Left(), number, width=WIDTH, height=HEIGHT)
            for number in range(count)]
    for image_set in sets:
        image_set.ClearField("disparity")
    return sets


def slow_sets():
    """Of random bits, with which the best compression takes ten seconds."""
    sets = large_sets()
    for image_set in sets:
        image_set.left.data = image_set.left.data.translate(
            bytes(i & 1 for i in range(256)))
    return sets


def description(port, folder, rest="s.left ! k.left"):
    return (f"rcgrpcsrc name=s host=127.0.0.1 port={port} leaky=none "
            f"rcsnapshotsink name=k location={folder} async=false "
            f"compression-level=9 {rest}")


def hidden(folder):
    """Whether a file is being written."""
    return any(name.startswith(".") for name in os.listdir(folder))


def wait_until(predicate):
    end = time.monotonic() + DEADLINE
    while not predicate():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(0.001)


class FolderTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def camera(self, sets):
        camera = CameraServer(sets)
        camera.__enter__()
        self.addCleanup(camera.stop)
        return camera


class BreakTest(FolderTest):
    def start(self, sets):
        """A pipeline that is writing a file."""
        watched = Watched(description(self.camera(sets).port, self.folder))
        self.addCleanup(watched.stop)
        watched.play()
        wait_until(lambda: hidden(self.folder))
        return watched

    def files(self):
        return set(os.listdir(self.folder))

    def assert_whole(self, sets):
        """Each file that is there; none is hidden."""
        names = self.files()
        for image_set in sets:
            if files_of(image_set, ["left"]) <= names:
                check_file(self.folder, image_set, "left")
                names -= files_of(image_set, ["left"])
        self.assertEqual(names, set())

    def test_stop(self):
        watched = self.start(slow_sets())
        self.assertLess(watched.stop(), STOP_LIMIT)
        self.assertEqual(watched.errors, [])
        self.assertEqual(self.files(), set())

    def test_pause(self):
        """Pausing does not wait for the file."""
        watched = self.start(slow_sets())
        begin = time.monotonic()
        watched.pipeline.set_state(Gst.State.PAUSED)
        wait_until(lambda: not hidden(self.folder))
        self.assertLess(time.monotonic() - begin, STOP_LIMIT)
        self.assertEqual(self.files(), set())
        # It begins anew.
        watched.play()
        wait_until(lambda: hidden(self.folder))
        self.assertLess(watched.stop(), STOP_LIMIT)
        self.assertEqual(watched.errors, [])
        self.assertEqual(self.files(), set())

    def test_pause_of_a_file(self):
        """What was being written is written in PLAYING again."""
        sets = large_sets(1)
        raw = os.path.join(self.folder, "raw")
        with open(raw, "wb") as file:
            file.write(stored.pixels(sets[0].left).tobytes())
        watched = Watched(
            f"filesrc location={raw} blocksize={WIDTH * HEIGHT} ! "
            f"video/x-raw,format=GRAY8,width={WIDTH},height={HEIGHT},"
            f"framerate=1/1 ! identity single-segment=true ! k.left "
            f"rcsnapshotsink name=k location={self.folder} "
            "compression-level=9")
        self.addCleanup(watched.stop)
        watched.play()
        wait_until(lambda: hidden(self.folder))
        watched.pipeline.set_state(Gst.State.PAUSED)
        self.assertEqual(watched.pipeline.get_state(PATIENCE)[0],
                         Gst.StateChangeReturn.SUCCESS)
        wait_until(lambda: not hidden(self.folder))
        paused = self.files()
        watched.run()
        self.assertEqual(watched.errors, [])
        os.remove(raw)
        name, = self.files()
        # It may just have been ready.
        self.assertIn(paused, ({"raw"}, {"raw", name}))
        got = stored.read_image(os.path.join(self.folder, name))
        self.assertEqual(got.tobytes(),
                         stored.pixels(sets[0].left).tobytes())

    def test_release(self):
        watched = self.start(slow_sets())
        sink = watched.pipeline.get_by_name("k")
        pad = sink.get_static_pad("left")
        peer = pad.get_peer()
        begin = time.monotonic()
        sink.release_request_pad(pad)
        self.assertLess(time.monotonic() - begin, STOP_LIMIT)
        self.assertIsNone(sink.get_static_pad("left"))
        self.assertFalse(peer.is_linked())
        self.assertEqual(self.files(), set())
        self.assertIsNotNone(sink.request_pad_simple("left"))
        watched.stop()
        self.assertEqual(watched.errors, [])

    def test_kill(self):
        """Nothing can be cleaned up then: a hidden file stays."""
        sets = large_sets()
        camera = self.camera(sets)
        for seen in range(2):
            process = subprocess.Popen(
                ["gst-launch-1.0", "-q",
                 *description(camera.port, self.folder).split()])
            try:
                wait_until(lambda: hidden(self.folder)
                           and len(self.files()) > seen)
            finally:
                process.kill()
                process.wait()
            for name in self.files():
                if name.startswith("."):
                    os.remove(os.path.join(self.folder, name))
            self.assert_whole(sets)
            for name in self.files():
                os.remove(os.path.join(self.folder, name))


# Runs where the small disk is: each PNG file can be read to its end.
FULL = """
import json, os, sys
port, folder = sys.argv[1:]
import stored
from test_snapshot_breaks import Watched, description
watched = Watched(description(
    port, folder, "s.left ! k.left s.disparity ! k.disparity"))
watched.run()
names = sorted(os.listdir(folder))
for name in names:
    if name.endswith(".png"):
        stored.read_image(os.path.join(folder, name))
print(json.dumps([[(e.domain, e.code) for e in watched.errors], names]))
"""


class DiskTest(FolderTest):
    """A disk of 400 KB, in a mount namespace of its own."""

    MOUNT = 'mount -t tmpfs -o size=400k none "$1" && shift && exec "$@"'

    def in_namespace(self, *command):
        if shutil.which("unshare") is None:
            self.skipTest("no program unshare")
        # unshare and sh need no runtime of AddressSanitizer before them.
        plain = {k: v for k, v in os.environ.items() if k != "LD_PRELOAD"}
        for options in ["--mount"], ["--map-root-user", "--mount"]:
            trial = subprocess.run(
                ["unshare", *options, "--", "sh", "-c", self.MOUNT, "sh",
                 self.folder, "true"], capture_output=True, text=True,
                env=plain)
            if trial.returncode == 0:
                break
        else:
            self.skipTest(f"no mount namespace: {trial.stderr.strip()}")
        preload = os.environ.get("LD_PRELOAD")
        if preload:
            command = ["env", f"LD_PRELOAD={preload}", *command]
        return subprocess.run(
            ["unshare", *options, "--", "sh", "-c", self.MOUNT, "sh",
             self.folder, *command],
            capture_output=True, text=True, env=plain, timeout=DEADLINE)

    def test_full_disk(self):
        sets = [make_set(Left(), number, width=300, height=200)
                for number in range(12)]
        done = self.in_namespace(
            sys.executable, "-c", FULL, str(self.camera(sets).port),
            self.folder)
        self.assertEqual(done.returncode, 0, done.stderr)
        errors, names = json.loads(done.stdout.splitlines()[-1])
        self.assertIn(["gst-resource-error-quark",
                       int(Gst.ResourceError.NO_SPACE_LEFT)], errors)
        names = set(names)
        self.assertGreater(len(names), 0)
        self.assertLess(len(names), 3 * len(sets))
        # Nothing half, nothing hidden, no image without its parameters.
        for image_set in sets:
            for stream in ("left", "disparity"):
                if files_of(image_set, [stream]) <= names:
                    names -= files_of(image_set, [stream])
        self.assertEqual(names, set())


if __name__ == "__main__":
    unittest.main(verbosity=2)
