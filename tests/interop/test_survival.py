# SPDX-License-Identifier: LGPL-2.1-or-later
"""The rows of the table in docs/elements.md that test_images.py does not have:
what becomes of metas and OFFSET in more elements, and in a file."""

import os
import sys
import tempfile
import unittest

try:
    # First: it may start Python anew.
    import watched
    import test_images
    from taken import Taker
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

Gst = watched.Gst
# Those are tests of their own program; here they only lend their methods.
Survival = test_images.SurvivalTest


class MoreSurvivalTest(test_images.ParametersTest):
    after = Survival.after
    check = Survival.check
    need = Survival.need

    def test_overlays(self):
        self.need("clockoverlay", "textoverlay")
        for overlay in ("clockoverlay", "textoverlay text=x"):
            self.check(f"videoconvert ! video/x-raw,format=I420 ! {overlay}")

    def test_cutting_to_an_aspect(self):
        self.need("aspectratiocrop")
        self.check("videoconvert ! video/x-raw,format=I420 ! "
                   "aspectratiocrop aspect-ratio=1/1", meta=False)

    def test_flipping(self):
        """The meta stays, though its principal point is no longer true."""
        self.need("videoflip")
        for method in ("horizontal-flip", "vertical-flip", "rotate-180",
                       "clockwise", "counterclockwise"):
            self.check("videoconvert ! video/x-raw,format=I420 ! "
                       f"videoflip method={method}")

    def test_flipping_nothing(self):
        self.need("videoflip")
        self.check("videoconvert ! video/x-raw,format=I420 ! "
                   "videoflip method=none", meta=False)

    def test_rate(self):
        """OFFSET is then a count of videorate's own."""
        self.need("videorate")
        for stream in ("left", "disparity"):
            image_set, buffer = self.after(
                "videorate ! video/x-raw,framerate=25/1", stream)
            self.assert_meta(buffer, image_set, stream)
            self.assertIsNotNone(buffer.time)

    def test_single_segment(self):
        self.check("identity single-segment=true", offset=False)

    def test_jpeg(self):
        self.need("jpegenc")
        self.check("videoconvert ! jpegenc", offset=False)

    def test_matroska(self):
        self.need("avenc_ffv1", "matroskamux", "matroskademux", "avdec_ffv1")
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "rec.mkv")
            camera = self.camera([self.make_set(0), self.make_set(1)])
            self.run_to_end(self.watched(
                camera.port, "s.left ! avenc_ffv1 ! matroskamux ! "
                f"filesink async=false location={path}"))
            reader = watched.Watched(
                f"filesrc location={path} ! matroskademux ! avdec_ffv1 ! "
                f"{test_images.SINK.format('sink')}")
            self.addCleanup(reader.stop)
            taker = Taker(reader)
            self.run_to_end(reader)
        self.assertEqual(len(taker.buffers), 2)
        for buffer in taker.buffers:
            self.assertIsNone(buffer.meta)
            self.assertIsNone(buffer.time)


if __name__ == "__main__":
    unittest.main(verbosity=2)
