# SPDX-License-Identifier: LGPL-2.1-or-later
"""What rcfilesink does without an image: the other tracks go on. How far the
file has come is read from the disk while nobody feeds it."""

import sys
import threading
import unittest

try:
    from recorded import (PATIENCE, PERIOD, Gst, RecordTest, image_set,
                          in_file)
except (ImportError, ValueError) as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

# "About a second" of stream time, and the set that says that it is over.
HELD_BACK = 1.2 * Gst.SECOND
# Upstreams that wait until their image was taken.
PATIENT = "block=true max-buffers=1 max-bytes=0 max-time=0"


class GapsTest(RecordTest):
    def sets(self, count=100):
        return [image_set(n) for n in range(count)]

    def push_all(self, feed, sets, streams, first=0):
        """In a thread: who waits for ever fails, and does not hang."""
        def push():
            for number, message in enumerate(sets, first):
                feed.push(number, message, streams=streams)

        thread = threading.Thread(target=push, daemon=True)
        thread.start()
        thread.join(PATIENCE)
        self.assertFalse(thread.is_alive(), "upstream waits for ever")

    def wait_until_written(self, feed, stream, until):
        """All but the last second before `until`."""
        return self.wait_for_file(
            lambda file: stream in file.tracks and file.of(stream)
            and file.of(stream)[-1].time >= until - HELD_BACK)


class SkippedTest(GapsTest):
    SKIPPED = {3, 4, 9, 17, 18, 19, 20, 29}

    def record_all_but(self, skipped, with_gap, count=30):
        feed = self.playing(["left", "disparity", "metadata"])
        for number, message in enumerate(self.sets(count)):
            if number in skipped:
                message.ClearField("disparity")
                if with_gap:
                    feed.gap("disparity", number * PERIOD)
            feed.push(number, message)
        self.check(feed.finish())

    def test_with_gap(self):
        self.record_all_but(self.SKIPPED, True)

    def test_without_gap(self):
        self.record_all_but(self.SKIPPED, False)

    def test_the_first_ones(self):
        self.record_all_but({0, 1, 2}, False)

    def test_long_with_gap(self):
        """GAP says at once that nothing comes: nothing is held back."""
        feed = self.playing(["left", "disparity"])
        sets = self.sets(50)
        feed.push(0, sets[0])
        for number in range(1, 50):
            feed.push(number, sets[number], streams=["left"])
            feed.gap("disparity", number * PERIOD)
        self.wait_until_written(feed, "left", 49 * PERIOD)
        self.check(feed.finish())

    def test_alternating(self):
        """A set has either, never both."""
        feed = self.playing(["left", "disparity", "metadata"])
        for number, message in enumerate(self.sets(40)):
            message.ClearField("left" if number % 2 else "disparity")
            feed.push(number, message)
        self.check(feed.finish())

    def test_sets_with_nothing_but_words(self):
        feed = self.playing(["left", "disparity", "metadata"])
        for number, message in enumerate(self.sets(20)):
            if 5 <= number < 9:
                message.ClearField("left")
                message.ClearField("disparity")
            feed.push(number, message)
        self.check(feed.finish())


class SilentTest(GapsTest):
    """A stream that says nothing at all."""

    def test_stops(self):
        feed = self.playing(["left", "disparity", "metadata"])
        sets = self.sets()
        self.push_all(feed, sets[:10], None)
        self.push_all(feed, sets[10:], ["left", "metadata"], 10)
        file = self.wait_until_written(feed, "left", 99 * PERIOD)
        self.assertEqual(len(file.of("disparity")), 10)
        self.check(feed.finish())

    def test_never_begins(self):
        """Not even with caps."""
        feed = self.playing(["left", "disparity", "metadata"])
        self.push_all(feed, self.sets(), ["left", "metadata"])
        self.wait_until_written(feed, "left", 99 * PERIOD)
        self.check(feed.finish())

    def test_upstream_waits(self):
        """Whose queue is full of images that nobody takes."""
        for first in (10, 0):
            with self.subTest(first=first):
                self.clear()
                feed = self.playing(["left", "disparity", "metadata"],
                                    source=PATIENT)
                sets = self.sets()
                self.push_all(feed, sets[:first], None)
                self.push_all(feed, sets[first:], ["left", "metadata"], first)
                self.wait_until_written(feed, "left", 97 * PERIOD)
                self.check(feed.finish())

    def test_one_thread_for_all(self):
        """An upstream that waits with one pad for what it has for the other:
        a tee, or a demuxer."""
        feed = self.playing([], rest="appsrc name=left format=time ! tee "
                            "name=t t. ! r.left t. ! r.right")
        feed.sent["left"] = []
        for number, message in enumerate(self.sets(30)):
            feed.push(number, message, streams=["left"], paced=False)
        feed.finish()
        recording, = self.recordings()
        self.assertEqual(recording.times("left"), recording.times("right"))
        self.assertEqual(len(recording.times("left")), 30)

    def test_comes_back(self):
        """After more than a second, with images of that time."""
        feed = self.playing(["left", "disparity", "metadata"])
        sets = self.sets()
        self.push_all(feed, sets[:10], None)
        self.push_all(feed, sets[10:80], ["left", "metadata"], 10)
        self.wait_until_written(feed, "left", 79 * PERIOD)
        self.push_all(feed, sets[80:], None, 80)
        self.check(feed.finish())

    def test_begins_late(self):
        """The tracks are known only then: in a new file, if it must be."""
        feed = self.playing(["left", "disparity", "metadata"])
        sets = self.sets()
        self.push_all(feed, sets[:60], ["left", "metadata"])
        self.wait_until_written(feed, "left", 59 * PERIOD)
        self.push_all(feed, sets[60:], None, 60)
        recordings = self.check(feed.finish())
        self.assertLessEqual(len(recordings), 2)

    def test_lags(self):
        """Images that come seconds after those of the other pad have no place
        in the order any more; they are kept all the same."""
        feed = self.playing(["left", "disparity"])
        sets = self.sets()
        feed.push(0, sets[0])
        self.push_all(feed, sets[1:], ["left"], 1)
        self.wait_until_written(feed, "left", 99 * PERIOD)
        self.push_all(feed, sets[1:], ["disparity"], 1)
        feed.finish()
        recordings = self.recordings(in_order=False)
        for stream in ("left", "disparity"):
            times = [t for r in recordings for t in r.times(stream)]
            self.assertEqual(sorted(times), [
                in_file(s.pts) for s in feed.sent[stream]], stream)

    def test_silent_words(self):
        """A metadata pad that nothing comes to: lines are made all the
        same."""
        feed = self.playing(["left", "metadata"])
        self.push_all(feed, self.sets(), ["left"])
        self.wait_until_written(feed, "left", 99 * PERIOD)
        self.check(feed.finish())

    def test_ends_early(self):
        """EOS on one pad: that one is waited for no longer."""
        feed = self.playing(["left", "disparity", "metadata"])
        sets = self.sets(50)
        self.push_all(feed, sets[:5], None)
        feed.end("disparity")
        self.push_all(feed, sets[5:], ["left", "metadata"], 5)
        self.wait_until_written(feed, "left", 49 * PERIOD)
        feed.end("left", "metadata")
        self.assertEqual(feed.wait(Gst.MessageType.EOS | Gst.MessageType.ERROR)
                         .type, Gst.MessageType.EOS)
        feed.stop()
        self.check(feed)

    def test_stopped_while_one_is_silent(self):
        """To NULL without EOS: the file is ended and has what came."""
        feed = self.playing(["left", "disparity"])
        sets = self.sets(60)
        self.push_all(feed, sets[:5], None)
        self.push_all(feed, sets[5:], ["left"], 5)
        self.wait_until_written(feed, "left", 59 * PERIOD)
        feed.stop()
        self.assertEqual(feed.errors + feed.warnings, [])
        recording, = self.recordings()
        times = recording.times("left")
        self.assertGreaterEqual(times[-1], 59 * PERIOD - HELD_BACK)
        self.assertEqual(times, [n * PERIOD for n in range(len(times))])


if __name__ == "__main__":
    unittest.main(verbosity=2)
