# SPDX-License-Identifier: LGPL-2.1-or-later
"""The launch lines that users are promised, run by gst-launch-1.0 as they are
written, save for the host, the port and the names of files."""

import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import unittest

try:
    # First: it may start Python anew.
    from watched import Gst
    import image_interface_pb2 as pb
    from camera_server import CameraServer, make_set, pixels
    from google.protobuf import json_format
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

import matroska

# Seconds, for what takes one: who comes to this has failed.
PATIENCE = 60

# 322 is no multiple of 4: rows have padding in buffers. So they have on the
# wire.
SIZE = dict(width=322, height=240, padding=6)

# What gst-launch-1.0 prints when it stops for SIGINT.
STOPPED = "handling interrupt."
# A line of a sink's log for each picture that it shows.
SHOWN = "rendering object"


def needs(*elements):
    """Skips where GStreamer's own plugins were not all installed."""
    absent = [name for name in ("gst-launch-1.0",)
              if shutil.which(name) is None]
    absent += [name for name in elements
               if Gst.ElementFactory.find(name) is None]
    return unittest.skipIf(absent, f"not installed: {absent}")


needs_readers = unittest.skipIf(matroska.MISSING_TOOLS,
                                f"not installed: {matroska.MISSING_TOOLS}")


class Launch:
    """gst-launch-1.0 with a line as one would type it, and without a display,
    so that autovideosink shows its pictures to nobody."""

    def __init__(self, line):
        environment = {
            name: value for name, value in os.environ.items()
            if name not in ("DISPLAY", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR")}
        environment.update(GST_DEBUG="basesink:5", GST_DEBUG_NO_COLOR="1")
        words = shlex.split(line)
        assert words[0] == "gst-launch-1.0", line
        self.process = subprocess.Popen(
            words, env=environment, text=True, errors="replace",
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.output = ""
        self.ended = False
        self._changed = threading.Condition()
        # Always: with its pipe full, it would wait for us.
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            with self._changed:
                self.output += line
                self._changed.notify_all()
        with self._changed:
            self.ended = True
            self._changed.notify_all()

    def _wait_for(self, predicate):
        with self._changed:
            if not self._changed.wait_for(predicate, PATIENCE):
                raise TimeoutError(f"it hangs: {self.output[-4000:]}")

    def close(self):
        self.process.kill()
        self.process.wait()
        self._reader.join()
        self.process.stdout.close()

    def wait_for_pictures(self, count):
        """Until the sink showed as many."""
        self._wait_for(
            lambda: self.ended or self.output.count(SHOWN) >= count)

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)

    def wait(self):
        """Its exit status."""
        self._wait_for(lambda: self.ended)
        return self.process.wait(PATIENCE)


class LinesTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def camera(self, script):
        camera = CameraServer(script)
        camera.__enter__()
        self.addCleanup(camera.stop)
        return camera

    def launch(self, line):
        launch = Launch(line)
        self.addCleanup(launch.close)
        return launch

    @staticmethod
    def live(request, call):
        """25 sets a second, as a camera makes them."""
        number = 0
        while not call.wait(0.04):
            yield make_set(request, number, **SIZE)
            number += 1

    def check_view(self, camera, line, **wanted):
        """Shows pictures of one call for `wanted`, until Ctrl-C."""
        launch = self.launch(line)
        launch.wait_for_pictures(5)
        camera.wait_for(lambda: camera.calls[0].sent >= 10, PATIENCE)
        launch.interrupt()
        launch.wait()
        self.assertIn(STOPPED, launch.output)
        self.assertNotIn("ERROR", launch.output)
        camera.wait_for(lambda: camera.calls[0].ended, PATIENCE)
        self.assertEqual(camera.requests, [pb.ImageSetRequest(**wanted)])

    @needs("videoconvert", "autovideosink")
    def test_view(self):
        camera = self.camera(self.live)
        self.check_view(
            camera,
            f"gst-launch-1.0 rcgrpcsrc host=127.0.0.1 port={camera.port} ! "
            "videoconvert ! autovideosink", left_enabled=True)

    @needs("uridecodebin", "videoconvert", "autovideosink")
    def test_uridecodebin(self):
        camera = self.camera(self.live)
        self.check_view(
            camera,
            "gst-launch-1.0 uridecodebin "
            f'uri="rcgrpc://127.0.0.1:{camera.port - 1}'
            '?pipeline=1&color=true&streams=left" ! '
            "videoconvert ! autovideosink", left_enabled=True, color=True)

    @needs("playbin")
    def test_playbin(self):
        camera = self.camera(self.live)
        self.check_view(
            camera,
            f"gst-launch-1.0 playbin uri=rcgrpc://127.0.0.1:{camera.port} "
            "video-sink=fakesink", left_enabled=True)

    @needs("pngenc")
    @needs_readers
    def test_snapshot(self):
        sent = []

        def script(request, call):
            for image_set in self.live(request, call):
                sent.append(image_set)
                yield image_set

        camera = self.camera(script)
        path = self.path("left.png")
        launch = self.launch(
            f"gst-launch-1.0 rcgrpcsrc host=127.0.0.1 port={camera.port - 2} "
            "pipeline=2 color=true num-buffers=1 ! pngenc ! "
            f"filesink location={path}")
        self.assertEqual(launch.wait(), 0, launch.output)
        self.assertEqual(camera.requests, [
            pb.ImageSetRequest(left_enabled=True, color=True)])
        self.assertEqual(matroska.decode(path, 0, "rgb24"),
                         pixels(sent[0].left))

    def start_recording(self, path):
        """The camera, what it sent, and gst-launch-1.0. The camera sends sets
        at its 25 Hz at most, and as the file grows, so that no encoder is too
        slow for them."""
        sent = []

        def script(request, call):
            while True:
                image_set = make_set(request, len(sent), **SIZE)
                # FFV1 makes random pixels larger, by 11.7 % here. The muxer
                # needs the next set to write all of one.
                size = int(3 * SIZE["width"] * SIZE["height"] * 1.11)
                while len(sent) > 2 and \
                        os.path.getsize(path) < (len(sent) - 2) * size:
                    if call.wait(0.005):
                        return
                if call.wait(0.04):
                    return
                sent.append(image_set)
                yield image_set

        camera = self.camera(script)
        launch = self.launch(
            "gst-launch-1.0 -e rcgrpcsrc host=127.0.0.1 "
            f"port={camera.port} name=s  matroskamux name=m ! "
            f"filesink location={path} s.left ! avenc_ffv1 ! m.   "
            "s.disparity ! avenc_ffv1 ! m.   s.metadata ! m.")
        return camera, sent, launch

    @needs("avenc_ffv1", "matroskamux")
    @needs_readers
    def test_record(self):
        path = self.path("rec.mkv")
        camera, sent, launch = self.start_recording(path)
        camera.wait_for(lambda: camera.calls and camera.calls[0].sent >= 10,
                        PATIENCE)
        launch.interrupt()
        launch.wait()
        self.assertIn("EOS received", launch.output)
        self.assertNotIn("ERROR", launch.output)
        self.assertEqual(camera.requests, [
            pb.ImageSetRequest(left_enabled=True, disparity_enabled=True)])

        tracks = matroska.probe_tracks(path)
        self.assertEqual([track[:3] for track in tracks],
                         [("left", "ffv1", "gray"),
                          ("disparity", "ffv1", "gray16le"),
                          ("metadata", "subrip", None)])
        # What was on its way when it was interrupted is not in the file.
        count = tracks[0][3]
        self.assertGreaterEqual(count, 7)
        self.assertEqual([track[3] for track in tracks], [count] * 3)
        identified = matroska.identify(path)
        self.assertEqual(identified["errors"], [])
        # Written last: a file that was cut off has none.
        self.assertGreater(
            identified["container"]["properties"]["duration"], 0)

        sent = sent[:count]
        self.assertEqual(matroska.decode(path, 0, "gray"),
                         b"".join(pixels(s.left) for s in sent))
        self.assertEqual(matroska.decode(path, 1, "gray16le"),
                         b"".join(pixels(s.disparity.image) for s in sent))
        for image_set in sent:
            image_set.left.data = image_set.disparity.image.data = b""
        self.assertEqual(
            [json_format.Parse(line, pb.ImageSet())
             for line in matroska.metadata_lines(path, 2)], sent)


if __name__ == "__main__":
    unittest.main(verbosity=2)
