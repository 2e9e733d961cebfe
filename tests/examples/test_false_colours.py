# SPDX-License-Identifier: LGPL-2.1-or-later

import os
import shutil
import subprocess
import sys
import unittest

import fixture

SCRIPTS = os.path.join(fixture.HERE, "..", "..", "scripts")
sys.path.insert(0, SCRIPTS)
import false_colours  # noqa: E402

WIDTH, HEIGHT = 67, 41


@unittest.skipIf(shutil.which("ffmpeg") is None, "not installed: ffmpeg")
class FalseColoursTest(fixture.ExampleTest):
    def convert(self, data, *options):
        return subprocess.run(["ffmpeg", "-v", "error", "-y", *options],
                              input=data, check=True,
                              capture_output=True).stdout

    def write_png(self, pixel_format, data, prediction):
        path = self.path("grey.png")
        self.convert(data, "-f", "rawvideo", "-pix_fmt", pixel_format,
                     "-s", f"{WIDTH}x{HEIGHT}", "-i", "-",
                     "-pred", prediction, path)
        return path

    def test_reads_what_ffmpeg_writes(self):
        """With each of PNG's filters."""
        values = [i * i // 7 % 997 for i in range(WIDTH * HEIGHT)]
        wide = b"".join(value.to_bytes(2, "big") for value in values)
        narrow = bytes(value & 255 for value in values)
        for prediction in ("none", "sub", "up", "avg", "paeth", "mixed"):
            with self.subTest(prediction):
                width, rows = false_colours.read_grey(
                    self.write_png("gray16be", wide, prediction))
                self.assertEqual(width, WIDTH)
                self.assertEqual([v for row in rows for v in row], values)
                width, rows = false_colours.read_grey(
                    self.write_png("gray", narrow, prediction))
                self.assertEqual(b"".join(rows), narrow)

    def test_writes_what_ffmpeg_reads(self):
        values = [0, 200, 260] + [230] * (WIDTH * HEIGHT - 3)
        data = b"".join(value.to_bytes(2, "big") for value in values)
        subprocess.run([os.path.join(SCRIPTS, "false_colours.py"),
                        self.write_png("gray16be", data, "mixed"),
                        self.path("view.png")], check=True)
        pixels = self.convert(None, "-i", self.path("view.png"), "-f",
                              "rawvideo", "-pix_fmt", "rgb24", "-")
        self.assertEqual(len(pixels), 3 * WIDTH * HEIGHT)
        self.assertEqual(pixels[0:3], b"\0\0\0")
        self.assertEqual(tuple(pixels[3:6]), false_colours.RAMP[0])
        self.assertEqual(tuple(pixels[6:9]), false_colours.RAMP[-1])
        self.assertEqual(tuple(pixels[9:12]), false_colours.RAMP[3])

    def test_refuses_what_is_no_grey_png(self):
        done = subprocess.run([os.path.join(SCRIPTS, "false_colours.py"),
                               __file__, self.path("view.png")],
                              capture_output=True)
        self.assertNotEqual(done.returncode, 0)
        self.assertNotIn(b"Traceback", done.stderr)


if __name__ == "__main__":
    fixture.main()
