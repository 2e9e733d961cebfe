# SPDX-License-Identifier: LGPL-2.1-or-later
"""Seeking in a recording: what comes then is what the live stream had from
there on, with all that was said of it."""

import random
import sys
import unittest

try:
    from watched import Gst, STOP_LIMIT
    from taken import Taker
    from camera_server import paced
    from replayed import STREAMS, ReplayTest, parameters
except (ImportError, ValueError) as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

FLUSH = Gst.SeekFlags.FLUSH
ACCURATE = FLUSH | Gst.SeekFlags.ACCURATE
KEY_UNIT = FLUSH | Gst.SeekFlags.KEY_UNIT
SETS = 24


class Seeker:
    """A replay, and what came since the last seek."""

    def __init__(self, test, streams, sync=False):
        self.watched = test.run_to_end(
            f"rcfilesrc name=s location={test.path} " + " ".join(
                f"s.{stream} ! identity drop-allocation=true ! "
                f"fakesink name={stream} sync={sync}" for stream in streams))
        self.takers = {stream: Taker(self.watched, stream)
                       for stream in streams}

    def preroll(self):
        self.watched.pipeline.set_state(Gst.State.PAUSED)
        self.watched.pipeline.get_state(Gst.CLOCK_TIME_NONE)

    def seek(self, time, flags=ACCURATE):
        return self.watched.pipeline.seek_simple(Gst.Format.TIME, flags, time)

    def forget(self):
        for taker in self.takers.values():
            taker.entries[:] = [e for e in taker.entries
                                if isinstance(e, Gst.Caps)]

    def to_end(self):
        self.watched.play()
        message = self.watched.wait(
            Gst.MessageType.ERROR | Gst.MessageType.EOS)
        return message.type == Gst.MessageType.EOS


class SeekTest(ReplayTest):
    def setUp(self):
        super().setUp()
        self.live = self.record(paced(self.make_sets(SETS)), STREAMS)
        self.start = min(t.buffers[0].pts for t in self.live.values())

    def check_from(self, seeker, time):
        """All of each stream that is not before `time`, from the file's
        start."""
        for stream, taker in seeker.takers.items():
            wanted = [b for b in self.live[stream].buffers
                      if b.pts >= self.start + time]
            with self.subTest(stream, time=time):
                self.assertEqual([b.offset for b in taker.buffers],
                                 [b.offset for b in wanted])
                for was, now in zip(wanted, taker.buffers):
                    self.assertEqual((now.pts, now.time),
                                     (was.pts, was.time))
                    if stream == "metadata":
                        self.assertEqual(now.data, was.data)
                        continue
                    now.video_meta = was.video_meta = False
                    self.assertTrue(now.pixels == was.pixels)
                    self.assertEqual(parameters(now.meta),
                                     parameters(was.meta))

    def times(self):
        pts = [b.pts - self.start for b in self.live["disparity"].buffers]
        around = 2 * Gst.USECOND  # The file's times are rounded.
        return [0, around, pts[0], pts[0] + around, pts[7], pts[7] - around,
                pts[7] + around, pts[20] + 20 * Gst.MSECOND, pts[-1]]

    def test_while_paused(self):
        for time in self.times():
            seeker = Seeker(self, STREAMS)
            seeker.preroll()
            seeker.forget()
            self.assertTrue(seeker.seek(time))
            self.assertTrue(seeker.to_end())
            self.assertLess(seeker.watched.stop(), STOP_LIMIT)
            self.check_from(seeker, time)

    def test_one_stream(self):
        for stream in ("left", "disparity", "metadata"):
            seeker = Seeker(self, [stream])
            seeker.preroll()
            for time in self.times()[::2]:
                seeker.preroll()
                seeker.forget()
                self.assertTrue(seeker.seek(time))
                self.assertTrue(seeker.to_end())
                self.check_from(seeker, time)

    def test_key_units(self):
        """Each set is one: from the last that begins before."""
        seeker = Seeker(self, ["left"])
        seeker.preroll()
        seeker.forget()
        pts = [b.pts - self.start for b in self.live["left"].buffers]
        self.assertTrue(seeker.seek(pts[9] + 10 * Gst.MSECOND, KEY_UNIT))
        self.assertTrue(seeker.to_end())
        self.check_from(seeker, pts[9] // 1000 * 1000)

    def test_in_the_middle(self):
        """Again and again, in PLAYING."""
        rand = random.Random(5)
        seeker = Seeker(self, STREAMS, sync=True)
        seeker.preroll()
        seeker.watched.play()
        for _ in range(12):
            time = rand.choice(self.times())
            self.assertTrue(seeker.seek(time))
        seeker.preroll()
        seeker.forget()
        self.assertTrue(seeker.seek(0))
        self.assertTrue(seeker.to_end())
        self.check_from(seeker, 0)
        self.assertEqual(seeker.watched.errors, [])

    def test_beyond_the_end(self):
        seeker = Seeker(self, STREAMS)
        seeker.preroll()
        seeker.seek(3600 * Gst.SECOND)
        self.assertTrue(seeker.to_end())
        self.assertLess(seeker.watched.stop(), STOP_LIMIT)

    def test_backwards(self):
        """Refused, and nothing is harmed."""
        seeker = Seeker(self, STREAMS)
        seeker.preroll()
        self.assertFalse(seeker.watched.pipeline.seek(
            -1.0, Gst.Format.TIME, FLUSH, Gst.SeekType.SET, 0,
            Gst.SeekType.SET, Gst.SECOND))
        seeker.preroll()
        seeker.forget()
        self.assertTrue(seeker.seek(0))
        self.assertTrue(seeker.to_end())
        self.check_from(seeker, 0)

    def test_stop_while_seeking(self):
        for _ in range(10):
            seeker = Seeker(self, STREAMS)
            seeker.preroll()
            seeker.watched.play()
            seeker.seek(self.times()[4])
            self.assertLess(seeker.watched.stop(), STOP_LIMIT)

    def test_queries(self):
        seeker = Seeker(self, STREAMS)
        seeker.preroll()
        last = max(b.pts for t in self.live.values() for b in t.buffers)
        ok, duration = seeker.watched.pipeline.query_duration(Gst.Format.TIME)
        self.assertTrue(ok)
        self.assertEqual(duration // 1000, (last + 40 * Gst.MSECOND) // 1000
                         - self.start // 1000)
        query = Gst.Query.new_seeking(Gst.Format.TIME)
        self.assertTrue(seeker.watched.pipeline.query(query))
        self.assertTrue(query.parse_seeking().seekable)
        self.assertTrue(seeker.seek(400 * Gst.MSECOND))
        seeker.watched.pipeline.get_state(Gst.CLOCK_TIME_NONE)
        ok, position = seeker.watched.pipeline.query_position(Gst.Format.TIME)
        self.assertTrue(ok)
        self.assertLessEqual(abs(position - 400 * Gst.MSECOND),
                             80 * Gst.MSECOND)


if __name__ == "__main__":
    unittest.main()
