# SPDX-License-Identifier: LGPL-2.1-or-later
"""What rcfilesink writes, as FFmpeg and MKVToolNix read it: against what the
camera sent."""

import json
import sys
import tempfile
import unittest

try:
    from google.protobuf import json_format
    from watched import Gst, Watched
    from taken import Taker
    import camera_server
    from camera_server import CameraServer, make_set, pb, stream_bytes
except (ImportError, ValueError) as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

import matroska

IMAGES = ["left", "right", "disparity", "confidence", "error"]
PIXEL_FORMATS = {"gray": "gray", "gray16le": "gray16le", "bgr0": "rgb24"}


class Request:
    """All images, for sets that are made before anybody asked."""
    left_enabled = right_enabled = disparity_enabled = True
    disparity_error_enabled = confidence_enabled = True
    mesh_enabled = color = False

    def __init__(self, **fields):
        self.__dict__.update(fields)


def without_data(image_set):
    """What the JSON can say of it."""
    bare = pb.ImageSet()
    bare.CopyFrom(image_set)
    for field, message in bare.ListFields():
        if field.name != "timestamp":
            (message.image if field.name == "disparity" else message) \
                .ClearField("data")
    return bare


@unittest.skipIf(matroska.MISSING_TOOLS, "ffmpeg and mkvtoolnix")
class RecordingTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = folder.name + "/rec.mkv"

    def record(self, sets, streams, options=""):
        """The takers of what went into the file."""
        camera = CameraServer(sets)
        camera.__enter__()
        self.addCleanup(camera.stop)
        watched = Watched(
            f"rcgrpcsrc name=s host=127.0.0.1 port={camera.port} leaky=none "
            f"{options} rcfilesink name=r location={self.path} " + " ".join(
                f"s.{stream} ! identity name={stream} ! r.{stream}"
                for stream in streams))
        self.addCleanup(watched.stop)
        takers = {stream: Taker(watched, stream) for stream in streams}
        watched.run()
        self.assertEqual(watched.errors, [])
        self.assertEqual(watched.warnings, [])
        self.assertEqual(watched.n_eos, 1)
        return takers

    def check_pixels(self, sets, streams):
        tracks = matroska.probe_tracks(self.path)
        self.assertEqual([title for title, _, _, _ in tracks],
                         streams + ["metadata"])
        for i, stream in enumerate(streams):
            _, codec, pixel_format, frames = tracks[i]
            self.assertEqual(codec, "ffv1")
            sent = [pixel_bytes(s, stream) for s in sets if has(s, stream)]
            self.assertEqual(frames, len(sent))
            got = matroska.decode(self.path, i, PIXEL_FORMATS[pixel_format])
            self.assertTrue(got == b"".join(sent), stream)

    def lines(self, streams):
        return [json.loads(line) for line in
                matroska.metadata_lines(self.path, len(streams))]

    def check_lines(self, sets, takers, change=lambda image_set: None):
        lines = self.lines([s for s in takers if s != "metadata"])
        self.assertEqual([line["recording"]["set"] for line in lines],
                         list(range(len(sets))))
        for line, image_set in zip(lines, sets):
            said = without_data(image_set)
            change(said)
            recording = line.pop("recording")
            self.assertEqual(
                json_format.ParseDict(line, pb.ImageSet()), said)
            for stream, taker in takers.items():
                pts = [b.pts for b in taker.buffers
                       if b.offset == recording["set"]]
                self.assertEqual(pts, [recording["pts"][stream]] if
                                 stream in recording["pts"] else [])

    def test_all(self):
        for request in (dict(), dict(color=True)):
            with self.subTest(request):
                sets = [make_set(Request(**request), n, width=214, height=31,
                                 depth_size=(107, 13), padding=5,
                                 out1_alternate=True) for n in range(12)]
                takers = self.record(sets, IMAGES + ["metadata"],
                                     "color=true" if request else "")
                self.check_pixels(sets, IMAGES)
                self.check_lines(sets, takers)

    def test_big_endian(self):
        sets = [make_set(Request(), n, big_endian=True) for n in range(3)]
        takers = self.record(sets, ["disparity", "metadata"])
        got = matroska.decode(self.path, 0, "gray16be")
        self.assertTrue(got == b"".join(
            stream_bytes(s, "disparity") for s in sets))
        self.assertEqual(len(self.lines(["disparity"])), 3)
        self.assertEqual(len(takers["disparity"].buffers), 3)

    def test_without_the_metadata_pad(self):
        """The images say the same; GPIOs that are not there are 0."""
        sets = [make_set(Request(), n, out1_alternate=True)
                for n in range(12)]
        def change(said):
            for image in (said.left, said.right, said.disparity.image,
                          said.confidence, said.disparity_error):
                image.gpios.SetInParent()

        takers = self.record(sets, IMAGES)
        self.check_pixels(sets, IMAGES)
        self.check_lines(sets, takers, change)
        self.assertEqual(self.lines(IMAGES)[0]["recording"]["pts"]["metadata"],
                         takers["left"].buffers[0].pts)

    def test_missing_images(self):
        sets = [make_set(Request(), n, out1_alternate=True)
                for n in range(20)]
        for n in (3, 4, 9, 19):
            sets[n].ClearField("disparity")
        for n in (5, 9, 10, 18):
            sets[n].ClearField("left")
        streams = ["left", "disparity", "metadata"]
        takers = self.record(sets, streams)
        self.check_pixels(sets, streams[:2])
        lines = self.lines(streams[:2])
        self.assertEqual(sorted({l["recording"]["set"] for l in lines}),
                         list(range(20)))
        for stream in streams:
            self.assertEqual(
                sorted((l["recording"]["set"], l["recording"]["pts"][stream])
                       for l in lines if stream in l["recording"]["pts"]),
                [(b.offset, b.pts) for b in takers[stream].buffers])

    def test_cycles(self):
        """A pipeline that is started again writes the file anew."""
        sets = [make_set(Request(), n) for n in range(4)]
        camera = CameraServer(sets)
        camera.__enter__()
        self.addCleanup(camera.stop)
        watched = Watched(
            f"rcgrpcsrc name=s host=127.0.0.1 port={camera.port} leaky=none "
            f"s.left ! rcfilesink location={self.path}")
        for _ in range(3):
            watched.run()
            self.assertEqual(watched.errors, [])
            self.check_pixels(sets, ["left"])


class ErrorTest(unittest.TestCase):
    def check(self, description, domain, code):
        watched = Watched(description)
        self.addCleanup(watched.stop)
        watched.play()
        watched.wait(Gst.MessageType.ERROR)
        watched.stop()
        self.assertEqual((watched.errors[0].domain, watched.errors[0].code),
                         (domain, int(code)))

    def test_settings(self):
        source = "videotestsrc num-buffers=1 ! video/x-raw,format=GRAY8 ! "
        self.check(source + "rcfilesink", "gst-resource-error-quark",
                   Gst.ResourceError.SETTINGS)
        self.check("rcfilesink location=/tmp/x.mkv", "gst-core-error-quark",
                   Gst.CoreError.PAD)
        self.check(source + "rcfilesink location=/nowhere/x.mkv",
                   "gst-resource-error-quark", Gst.ResourceError.OPEN_WRITE)


def has(image_set, stream):
    return image_set.HasField(camera_server.STREAM_FIELDS[stream])


def pixel_bytes(image_set, stream):
    return stream_bytes(image_set, stream)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
