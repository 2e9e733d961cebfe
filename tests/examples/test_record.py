# SPDX-License-Identifier: LGPL-2.1-or-later

"""Records with the example, and reads the file back with FFmpeg and MKVToolNix.

What was recorded is held against what a second client, over Python's gRPC,
receives from the same camera at the same time.
"""

import json
import os
import re
import signal
import socket
import subprocess
import unittest

import fixture
import matroska
from fixture import Simulator, read_until
from matroska import decode, probe_tracks
from reference import Reference


def metadata_lines(path, track):
    return [json.loads(line)
            for line in matroska.metadata_lines(path, track)]


def nanoseconds(line):
    time = line["timestamp"]
    return time["sec"] * 10**9 + time["nsec"]


@unittest.skipIf(matroska.MISSING_TOOLS,
                 f"not installed: {matroska.MISSING_TOOLS}")
class RecordTest(fixture.ExampleTest):
    def setUp(self):
        super().setUp()
        self.file = self.path("rec.mkv")

    def command(self, simulator, *options):
        return [os.path.join(fixture.arguments.examples, "record"),
                f"--uri={simulator.uri}", f"--output={self.file}", *options]

    def record(self, simulator, *options):
        return self.run_example(*self.command(simulator, *options))

    def check_file(self, out, streams):
        """The file is what the example said at its end; frames of a track."""
        said = dict(re.findall(r"^track \d+: (\w+), (\d+) frames$", out, re.M))
        tracks = probe_tracks(self.file)
        self.assertEqual([track[0] for track in tracks], streams)
        self.assertEqual({track[0]: str(track[3]) for track in tracks}, said)
        identified = matroska.identify(self.file)
        self.assertEqual(identified["errors"], [])
        # Written last: a file that was cut off has none.
        self.assertGreater(
            identified["container"]["properties"]["duration"], 0)
        return tracks

    def test_lossless(self):
        # 322 is no multiple of 4, nor is 161: strides have padding.
        with Simulator("--size=322x240", "--fps=20") as simulator, \
                Reference(simulator.port) as reference:
            status, out = self.record(simulator, "--sets=20")
            self.assertEqual(status, 0)
            tracks = self.check_file(out, ["left", "disparity", "metadata"])
            self.assertEqual([track[1:3] for track in tracks],
                             [("ffv1", "gray"), ("ffv1", "gray16le"),
                              ("subrip", None)])
            self.assertEqual([track[3] for track in tracks], [20, 20, 20])

            left = decode(self.file, 0, "gray")
            disparity = decode(self.file, 1, "gray16le")
            lines = metadata_lines(self.file, 2)
            self.assertEqual(len(lines), 20)
            for i, line in enumerate(lines):
                truth = reference.wait_for(nanoseconds(line))
                n = len(truth.left.data)
                self.assertEqual(left[i * n:(i + 1) * n], truth.left.data)
                n = len(truth.disparity.image.data)
                self.assertEqual(disparity[i * n:(i + 1) * n],
                                 truth.disparity.image.data)
                self.assertEqual(line["disparity"]["image"]["width"],
                                 truth.disparity.image.width)

    def test_color(self):
        with Simulator("--size=160x120", "--color") as simulator, \
                Reference(simulator.port, color=True) as reference:
            status, out = self.record(simulator, "--sets=5", "--color",
                                      "--streams=right+metadata")
            self.assertEqual(status, 0)
            self.check_file(out, ["right", "metadata"])
            right = decode(self.file, 0, "rgb24")
            for i, line in enumerate(metadata_lines(self.file, 1)):
                truth = reference.wait_for(nanoseconds(line)).right.data
                n = len(truth)
                self.assertEqual(right[i * n:(i + 1) * n], truth)

    def interrupt_and_check(self, number):
        with Simulator("--size=320x240") as simulator:
            recorder = self.start(*self.command(simulator))
            read_until(recorder.stdout, r"\d+ sets")
            recorder.send_signal(number)
            out, _ = recorder.communicate(timeout=fixture.PATIENCE)
        self.assertEqual(recorder.returncode, 0)
        tracks = self.check_file(out.decode(),
                                 ["left", "disparity", "metadata"])
        for track in tracks:
            self.assertGreater(track[3], 0)

    def test_interrupted(self):
        self.interrupt_and_check(signal.SIGINT)

    def test_terminated(self):
        self.interrupt_and_check(signal.SIGTERM)

    def test_seconds(self):
        with Simulator("--size=320x240") as simulator:
            status, out = self.record(simulator, "--seconds=1")
        self.assertEqual(status, 0)
        self.check_file(out, ["left", "disparity", "metadata"])

    def test_camera_ends(self):
        with Simulator("--size=320x240", "--sets=7") as simulator:
            status, out = self.record(simulator)
        self.assertEqual(status, 0)
        tracks = self.check_file(out, ["left", "disparity", "metadata"])
        self.assertEqual([track[3] for track in tracks], [7, 7, 7])

    def test_camera_dies(self):
        with Simulator("--size=320x240") as simulator:
            recorder = self.start(*self.command(simulator))
            read_until(recorder.stdout, r"\d+ sets")
            simulator.kill()
            # It waits for the camera to come back, until the user does not.
            read_until(recorder.stderr, r"Warning")
            recorder.send_signal(signal.SIGINT)
            out, _ = recorder.communicate(timeout=fixture.PATIENCE)
        self.assertEqual(recorder.returncode, 0)
        self.check_file(out.decode(), ["left", "disparity", "metadata"])

    def test_nobody_there(self):
        with Simulator() as simulator:
            simulator.kill()
            status, _ = self.record(simulator)
        self.assertEqual(status, 1)

    def test_interrupted_while_waiting(self):
        """For a camera that accepts the connection and says nothing."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.settimeout(fixture.PATIENCE)
            recorder = self.start(
                os.path.join(fixture.arguments.examples, "record"),
                "--host=127.0.0.1", f"--port={listener.getsockname()[1]}",
                f"--output={self.file}")
            connection, _ = listener.accept()
            with connection:
                recorder.send_signal(signal.SIGINT)
                recorder.communicate(timeout=fixture.PATIENCE)
        self.assertEqual(recorder.returncode, 130)

    def test_cannot_begin(self):
        with Simulator() as simulator:
            for options in (["--streams=mesh"], ["--streams=left+rihgt"],
                            ["--streams=left+left"], ["--port=0"],
                            ["--no-such-option"], ["argument"]):
                status, _ = self.record(simulator, *options)
                self.assertEqual(status, 2, options)
        self.assertFalse(os.path.exists(self.file))

    def test_plugin_missing(self):
        environment = dict(os.environ, GST_PLUGIN_PATH="",
                           GST_PLUGIN_SYSTEM_PATH="",
                           GST_REGISTRY=self.path("registry.bin"))
        status = subprocess.run(
            [os.path.join(fixture.arguments.examples, "record")],
            capture_output=True, cwd=self.folder, env=environment).returncode
        self.assertEqual(status, 2)


if __name__ == "__main__":
    fixture.main()
