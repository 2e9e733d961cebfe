# SPDX-License-Identifier: LGPL-2.1-or-later
"""Recording and replay again and again, from READY: another file and other
properties count from there on."""

import os
import sys
import unittest

try:
    from recorded import ENDS, RecordTest, Recording, image_set, Feed
    from taken import Taker
    from watched import Gst, Watched
    from camera_server import stream_bytes
except (ImportError, ValueError) as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

STREAMS = ["left", "disparity", "metadata"]
SIZES = dict(width=160, height=120, depth_size=(80, 60))


class StatesTest(RecordTest):
    def sets(self, first, count):
        return [image_set(n, **SIZES) for n in range(first, first + count)]

    def file(self, name):
        return os.path.join(self.folder, name)

    def to_ready(self, watched):
        watched.pipeline.set_state(Gst.State.READY)
        watched.messages.clear()
        while watched.bus.pop():
            pass


class RecordAgainTest(StatesTest):
    def push_all(self, feed, sets):
        feed.sent = {stream: [] for stream in STREAMS}
        feed.play()
        for number, message in enumerate(sets):
            feed.push(number, message)
        feed.end()
        self.assertEqual(feed.wait(ENDS).type, Gst.MessageType.EOS)

    def check_pictures(self, path, sets):
        recording = Recording(path)
        self.assert_sound(recording.file)
        frames = recording.decode({"left": "GRAY8"})["left"]
        self.assertEqual(len(frames), len(sets))
        for frame, message in zip(frames, sets):
            self.assertTrue(frame == stream_bytes(message, "left"))

    def test_another_file(self):
        feed = Feed(self.path, STREAMS)
        self.addCleanup(feed.stop)
        for name, first in (("one.mkv", 0), ("two.mkv", 7)):
            feed.sink.set_property("location", self.file(name))
            self.push_all(feed, self.sets(first, 5))
            self.to_ready(feed)
        feed.stop()
        self.check_pictures(self.file("one.mkv"), self.sets(0, 5))
        self.check_pictures(self.file("two.mkv"), self.sets(7, 5))
        self.assertEqual(sorted(os.listdir(self.folder)),
                         ["one.mkv", "two.mkv"])

    def test_other_limit_and_encoder(self):
        feed = Feed(self.path, STREAMS)
        self.addCleanup(feed.stop)
        self.push_all(feed, self.sets(0, 4))
        self.to_ready(feed)
        self.assertEqual(self.names(), ["rec.mkv"])
        feed.sink.set_property("max-size-time", 1)
        feed.sink.set_property("encoder", "jpegenc")
        self.push_all(feed, self.sets(0, 4))
        feed.stop()
        self.assertEqual(len(self.names()), 4)
        for recording in self.recordings():
            self.assertEqual(recording.file.tracks["left"].codec, "V_MJPEG")

    def test_stats_stay(self):
        """Until the next recording begins."""
        feed = Feed(self.path, STREAMS)
        self.addCleanup(feed.stop)
        self.push_all(feed, self.sets(0, 4))
        for state in (Gst.State.READY, Gst.State.NULL):
            feed.pipeline.set_state(state)
            stats = feed.sink.get_property("stats")
            self.assertEqual(stats["sets"], 4, state)
            self.assertEqual(stats["files"], 1, state)
            self.assertEqual(stats["bytes"], os.path.getsize(self.path))
        feed.sent = {stream: [] for stream in STREAMS}
        feed.play()
        self.assertEqual(feed.sink.get_property("stats")["sets"], 0)


class PlayAgainTest(StatesTest):
    def pipeline(self, options=""):
        watched = Watched(
            f"rcfilesrc name=s location={self.path} {options} " + " ".join(
                f"s.{stream} ! fakesink name={stream} sync=false async=false"
                for stream in STREAMS))
        self.addCleanup(watched.stop)
        takers = {stream: Taker(watched, stream) for stream in STREAMS}
        return watched, takers

    def check_offsets(self, takers, offsets):
        for stream, taker in takers.items():
            self.assertEqual([b.offset for b in taker.buffers], offsets, stream)

    def play_to_end(self, watched, takers):
        for taker in takers.values():
            taker.entries.clear()
        watched.play()
        message = watched.wait(ENDS)
        self.assertEqual(message.type, Gst.MessageType.EOS, watched.errors)

    def test_again(self):
        self.record(STREAMS, self.sets(0, 6))
        for options in ("", "live=true"):
            watched, takers = self.pipeline(options)
            for _ in range(3):
                self.play_to_end(watched, takers)
                self.check_offsets(takers, list(range(6)))
                for buffer in takers["left"].buffers:
                    self.assertTrue(buffer.data == stream_bytes(
                        image_set(buffer.offset, **SIZES), "left"))
                self.to_ready(watched)
            watched.stop()

    def test_cut_short(self):
        """READY in the middle, of a live one as well: it begins again."""
        self.record(STREAMS, self.sets(0, 20))
        for options in ("", "live=true", "live=true loop=true", "loop=true"):
            with self.subTest(options):
                watched, takers = self.pipeline(options)
                for _ in range(4):
                    for taker in takers.values():
                        taker.entries.clear()
                    watched.play()
                    for taker in takers.values():
                        taker.wait_for(3)
                    watched.pipeline.set_state(Gst.State.READY)
                    for taker in takers.values():
                        self.assertEqual([b.offset for b in taker.buffers][:3],
                                         [0, 1, 2])
                watched.stop()
                self.assertEqual(watched.errors, [])

    def test_another_file(self):
        """Of other sizes and tracks."""
        self.record(STREAMS, self.sets(0, 6))
        one = self.path
        self.path = self.file("two.mkv")
        feed = Feed(self.path, STREAMS)
        self.addCleanup(feed.stop)
        feed.play()
        for number in range(3):
            feed.push(number, image_set(number, width=200, height=100,
                                        depth_size=(100, 50)))
        feed.finish()
        watched, takers = self.pipeline()
        self.play_to_end(watched, takers)
        self.check_offsets(takers, [0, 1, 2])
        self.to_ready(watched)
        watched.source.set_property("location", one)
        self.play_to_end(watched, takers)
        self.check_offsets(takers, list(range(6)))
        self.assertIn("width=(int)160", takers["left"].caps[-1].to_string())

    def test_live_from_ready(self):
        self.record(STREAMS, self.sets(0, 3))
        watched, takers = self.pipeline()
        self.play_to_end(watched, takers)
        self.to_ready(watched)
        watched.source.set_property("live", True)
        self.assertEqual(watched.pipeline.set_state(Gst.State.PAUSED),
                         Gst.StateChangeReturn.NO_PREROLL)
        self.play_to_end(watched, takers)
        self.check_offsets(takers, [0, 1, 2])

    def test_wrong_file_then_right_one(self):
        self.record(STREAMS, self.sets(0, 3))
        watched, takers = self.pipeline()
        watched.source.set_property("location", self.file("none.mkv"))
        watched.play()
        self.assertEqual(watched.wait(ENDS).type, Gst.MessageType.ERROR)
        self.to_ready(watched)
        watched.source.set_property("location", self.path)
        self.play_to_end(watched, takers)
        self.check_offsets(takers, [0, 1, 2])


if __name__ == "__main__":
    unittest.main(verbosity=2)
