# SPDX-License-Identifier: LGPL-2.1-or-later
"""What rcfilesrc plays: every pixel against what the camera sent, everything
else against what the live stream had."""

import sys
import unittest

try:
    from watched import STOP_LIMIT, Gst, launch
    from taken import Taker
    from camera_server import make_set, stream_bytes
    from replayed import IMAGES, SINK, STREAMS, ReplayTest, Request
except (ImportError, ValueError) as missing:
    print(f"skipped: {missing}")
    sys.exit(77)


class EqualTest(ReplayTest):
    def test_all(self):
        self.check(self.make_sets())

    def test_color(self):
        self.check(self.make_sets(color=True), options="color=true")

    def test_some_pads(self):
        self.check(self.make_sets(), replayed=["disparity"])
        self.replay(["left", "metadata"])

    def test_missing_images(self):
        sets = self.make_sets(24)
        for n in (0, 3, 4, 9):
            sets[n].ClearField("disparity")
        for n in (5, 9, 23):
            sets[n].ClearField("left")
        self.check(sets)

    def test_without_the_metadata_pad(self):
        """The metas come all the same, from the images' own."""
        sets = self.make_sets()
        again = self.check(sets, IMAGES, replayed=STREAMS)
        self.assertEqual([b.offset for b in again["metadata"].buffers],
                         list(range(len(sets))))

    def test_big(self):
        sets = [make_set(Request(), n, width=1280, height=960,
                         depth_size=(640, 480)) for n in range(4)]
        self.check(sets)

    def test_numbers_of_a_recording_begun_later(self):
        """A set without any image of a pad: OFFSET has the gap."""
        sets = self.make_sets(8)
        sets[0].ClearField("left")
        sets[4].ClearField("left")
        again = self.check(sets, ["left", "metadata"])
        self.assertEqual([b.offset for b in again["left"].buffers],
                         [1, 2, 3, 5, 6, 7])
        self.assertEqual([b.offset for b in again["left"].buffers if b.discont],
                         [1, 5])

    def test_cycles(self):
        sets = self.make_sets(4)
        self.record(sets, STREAMS)
        watched = self.run_to_end(
            f"rcfilesrc name=s location={self.path} s.left ! "
            + SINK.format("left"))
        taker = Taker(watched, "left")
        for n in range(1, 4):
            watched.run()
            self.assertEqual(watched.errors, [])
            self.assertEqual(len(taker.buffers), 4 * n)

    def test_stop_at_any_time(self):
        self.record(self.make_sets(60), STREAMS)
        for wanted in (1, 2, 30):
            watched = self.run_to_end(
                f"rcfilesrc name=s location={self.path} " + " ".join(
                    f"s.{stream} ! " + SINK.format(stream)
                    for stream in STREAMS))
            taker = Taker(watched, "left")
            watched.play()
            taker.wait_for(wanted)
            self.assertLess(watched.stop(), STOP_LIMIT)


class ForeignTest(ReplayTest):
    """Files of other pipelines."""

    def record_otherwise(self, sets, streams):
        watched = self.run_to_end(
            f"rcgrpcsrc name=s host=127.0.0.1 port={self.camera(sets).port} "
            f"leaky=none matroskamux name=m ! filesink location={self.path} "
            + " ".join(
                f"s.{stream} ! identity name={stream} "
                + ("! m." if stream == "metadata" else "! avenc_ffv1 ! m.")
                for stream in streams))
        takers = {stream: Taker(watched, stream) for stream in streams}
        watched.run()
        self.assertEqual(watched.errors, [])
        return takers

    def make_few(self):
        return [make_set(Request(), n) for n in range(4)]

    def test_without_metadata(self):
        """Pixels, no metas, and a warning."""
        sets = self.make_few()
        self.record_otherwise(sets, ["left", "disparity"])
        for stream, taker in self.replay(["left", "disparity"], 1).items():
            self.check_pixels(stream, sets, taker)
            self.assertTrue(all(b.meta is None for b in taker.buffers))

    def test_lines_of_another_muxer(self):
        """Without numbers, and to the millisecond; the metas are all there."""
        sets = self.make_few()
        live = self.record_otherwise(sets, ["left", "disparity", "metadata"])
        again = self.replay(["left", "disparity", "metadata"])
        for stream in ("left", "disparity"):
            self.check_pixels(stream, sets, again[stream])
            self.assertEqual([b.meta for b in again[stream].buffers],
                             [b.meta for b in live[stream].buffers])
        self.assertEqual([b.data for b in again["metadata"].buffers],
                         [b.data for b in live["metadata"].buffers])


class ErrorTest(ReplayTest):
    def check_error(self, description, domain, code):
        watched = self.run_to_end(description)
        watched.play()
        watched.wait(Gst.MessageType.ERROR)
        self.assertLess(watched.stop(), STOP_LIMIT)
        self.assertEqual((watched.errors[0].domain, watched.errors[0].code),
                         (domain, int(code)))

    def test_settings(self):
        self.check_error("rcfilesrc ! fakesink", "gst-resource-error-quark",
                         Gst.ResourceError.SETTINGS)
        self.check_error("rcfilesrc location=/nowhere/x ! fakesink",
                         "gst-resource-error-quark",
                         Gst.ResourceError.NOT_FOUND)

    def test_no_such_track(self):
        self.record([make_set(Request(), n) for n in range(3)], ["left"])
        self.check_error(f"rcfilesrc location={self.path} name=s "
                         "s.right ! fakesink", "gst-stream-error-quark",
                         Gst.StreamError.WRONG_TYPE)

    def test_truncated(self):
        """What is there is played, wherever the file ends."""
        sets = [make_set(Request(), n) for n in range(20)]
        self.record(sets, STREAMS)
        with open(self.path, "rb") as file:
            whole = file.read()
        with open(self.path, "wb") as file:
            file.write(whole[:len(whole) * 2 // 3])
        watched = self.run_to_end(
            f"rcfilesrc name=s location={self.path} s.left ! "
            + SINK.format("left"))
        taker = Taker(watched, "left")
        watched.run()
        self.assertGreater(len(taker.buffers), 5)
        for image_set, buffer in zip(sets, taker.buffers):
            self.assertEqual(buffer.pixels, stream_bytes(image_set, "left"))


class LaunchTest(ReplayTest):
    def test_depth_afterwards(self):
        """Depth of a recording is that of the live stream."""
        sets = [make_set(Request(), n) for n in range(3)]
        self.record(sets, ["disparity", "metadata"])
        outcomes = []
        for source in (f"rcgrpcsrc name=s host=127.0.0.1 "
                       f"port={self.camera(sets).port} leaky=none",
                       f"rcfilesrc name=s location={self.path}"):
            watched = self.run_to_end(f"{source} s.disparity ! rcdepth ! "
                                      + SINK.format("sink"))
            taker = Taker(watched, "sink")
            watched.run()
            self.assertEqual(watched.errors, [])
            outcomes.append([b.data for b in taker.buffers])
        self.assertEqual(len(outcomes[0]), 3)
        self.assertEqual(outcomes[0], outcomes[1])

    def test_gst_launch(self):
        self.record([make_set(Request(), n) for n in range(3)], ["left"])
        status, _, errors = launch("rcfilesrc", f"location={self.path}", "!",
                                   "fakesink")
        self.assertEqual((status, errors), (0, ""))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
