# SPDX-License-Identifier: LGPL-2.1-or-later
"""Times of rcgrpcsrc's buffers on a clock that the test sets, and latency."""

import sys
import threading
import unittest

try:
    # First: it may start Python anew.
    from watched import Gst, Sink
    import numpy
    import test_images
    from camera_server import make_set
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

from taken import Taker
from test_images import (
    ALL, FIRST, IMAGES, PERIOD, SINK, START, STREAMS, get_image, pts_of)


class TimeTest(test_images.TimedTest):
    def steady(self, lags, **arguments):
        """Sets PERIOD apart that are late by `lags`."""
        return [(FIRST + number * PERIOD + lag,
                 make_set(ALL, number, timestamp=START + number * PERIOD,
                          **arguments)) for number, lag in enumerate(lags)]

    def test_one_time(self):
        """Equal times are equal PTS; one number on all pads."""
        pads = self.timed(self.steady([0] * 5), STREAMS)
        pts = [FIRST + number * PERIOD for number in range(5)]
        for stream, buffers in pads.items():
            with self.subTest(stream):
                self.assertEqual(pts_of(buffers), pts)
                self.assertEqual([b.offset for b in buffers], [*range(5)])
                self.assertEqual([b.offset_end for b in buffers],
                                 [*range(1, 6)])
                self.assertEqual([b.discont for b in buffers],
                                 [True] + [False] * 4)
                self.assertEqual({b.dts for b in buffers},
                                 {Gst.CLOCK_TIME_NONE})
                self.assertEqual(
                    {b.duration != Gst.CLOCK_TIME_NONE for b in buffers},
                    {stream == "metadata"})

    def test_alternation(self):
        """What was taken 40 ms later is 40 ms later, exactly."""
        pads = self.timed(
            self.steady([0, 25_000_001, 3, 7_654_321, 0],
                        out1_alternate=True), STREAMS)
        pts = pts_of(pads["left"])
        later = [time + 40 * Gst.MSECOND for time in pts]
        for stream, buffers in pads.items():
            with self.subTest(stream):
                self.assertEqual(
                    pts_of(buffers),
                    pts if stream in ("left", "right", "metadata") else later)

    def test_bursts(self):
        """The spacing of PTS is that of capture, whatever arrival is."""
        bursts = [lag * Gst.MSECOND for lag in (160, 120, 80, 40, 0)] * 4
        jitter = numpy.random.default_rng(1).integers(
            0, 30 * Gst.MSECOND, 50).tolist()
        for lags in ([0] + bursts, [0] + jitter):
            buffers = self.timed(self.steady(lags), ["left"])["left"]
            self.assertEqual(
                pts_of(buffers),
                [FIRST + number * PERIOD for number in range(len(lags))])
            self.assertNotIn(True, [b.discont for b in buffers[1:]])

    def test_late_first_set(self):
        """Made good by 200 ppm at most, which is 8 us of 40 ms."""
        lags = [30 * Gst.MSECOND] + [0] * 20
        buffers = self.timed(self.steady(lags), ["left"])["left"]
        pts = pts_of(buffers)
        self.assertEqual(pts[0], FIRST + lags[0])
        for before, after in zip(pts, pts[1:]):
            self.assertLess(after - before, PERIOD)
            self.assertGreaterEqual(after - before, PERIOD - 8000)
        self.assertNotIn(True, [b.discont for b in buffers[1:]])

    def check_jump(self, jumped):
        """The camera's clock says `jumped` at the fourth set and goes on."""
        arrivals = self.steady([0] * 3)
        arrivals += [
            (FIRST + number * PERIOD,
             make_set(ALL, number, timestamp=jumped + number * PERIOD))
            for number in range(3, 6)]
        for stream, buffers in self.timed(arrivals, STREAMS).items():
            with self.subTest(stream):
                self.assertEqual(
                    pts_of(buffers),
                    [FIRST + number * PERIOD for number in range(6)])
                self.assertEqual([b.discont for b in buffers],
                                 [True, False, False, True, False, False])
                if stream in IMAGES:
                    self.assertEqual(buffers[3].time, jumped + 3 * PERIOD)

    def test_clock_goes_ahead(self):
        self.check_jump(START + 365 * 86400 * Gst.SECOND)

    def test_clock_goes_back(self):
        self.check_jump(START - 365 * 86400 * Gst.SECOND)

    def test_clock_starts_in_1970(self):
        self.check_jump(12 * Gst.SECOND)

    def test_never_backwards(self):
        """Where a jump would take PTS back, they wait."""
        times = [(70, START), (100, START + 100 * Gst.MSECOND)]
        times += [(110 + ms, (12_000 + ms) * Gst.MSECOND)
                  for ms in (0, 40, 80, 120)]
        arrivals = [(FIRST + ms * Gst.MSECOND, make_set(ALL, timestamp=time))
                    for ms, time in times]
        for stream, buffers in self.timed(arrivals, STREAMS).items():
            with self.subTest(stream):
                pts = pts_of(buffers)
                self.assertLess(arrivals[2][0], pts[1])
                self.assertEqual(
                    pts[2:], [max(pts[1], a) for a, _ in arrivals[2:]])
                self.assertTrue(buffers[2].discont)

    def test_arrival(self):
        arrivals = self.steady([30_000_000, 0, 33_333_333, 1],
                               out1_alternate=True)
        pads = self.timed(arrivals, STREAMS, "timestamp-mode=arrival")
        for stream, buffers in pads.items():
            with self.subTest(stream):
                self.assertEqual(pts_of(buffers), [a for a, _ in arrivals])

    def test_no_capture_time(self):
        """Sets without any time have that of their arrival."""
        arrivals = []
        for arrival, image_set in self.steady([30_000_000, 0, 33_333_333]):
            image_set.ClearField("timestamp")
            for stream in IMAGES:
                get_image(image_set, stream).ClearField("timestamp")
            image_set.disparity.ClearField("timestamp")
            image_set.mesh.ClearField("timestamp")
            arrivals.append((arrival, image_set))
        for buffers in self.timed(arrivals, STREAMS).values():
            self.assertEqual(pts_of(buffers), [a for a, _ in arrivals])

    def test_duration(self):
        """As long as the last spacing, a second at most."""
        times = [0, 100, 125, 3125, 3225]
        arrivals = [(FIRST + ms * Gst.MSECOND,
                     make_set(ALL, timestamp=START + ms * Gst.MSECOND))
                    for ms in times]
        buffers = self.timed(arrivals, ["metadata"])["metadata"]
        self.assertEqual([b.duration // Gst.MSECOND for b in buffers],
                         [40, 100, 25, 1000, 100])


class LatencyTest(test_images.TimedTest):
    def latency(self, element_or_pad):
        query = Gst.Query.new_latency()
        self.assertTrue(element_or_pad.query(query))
        return query.parse_latency()

    def test_query(self):
        camera = self.camera([make_set(ALL)], hold=True)
        watched = self.watched(camera.port, " ".join(
            f"s.{stream} ! {SINK.format(stream)}" for stream in STREAMS))
        takers = [Taker(watched, stream) for stream in STREAMS]
        watched.play()
        for taker in takers:
            taker.wait_for(1)
        for latency in (None, 250, 0, 4_000_000_000):
            if latency is not None:
                while watched.wait(Gst.MessageType.ANY, 0):
                    pass
                watched.source.set_property("latency", latency)
                # The application is told to have it distributed.
                self.assertIsNotNone(watched.wait(Gst.MessageType.LATENCY))
            expected = (True, (100 if latency is None else latency)
                        * Gst.MSECOND, Gst.CLOCK_TIME_NONE)
            for stream in STREAMS:
                self.assertEqual(
                    self.latency(watched.source.get_static_pad(stream)),
                    expected)
        watched.stop()
        self.assertEqual(watched.errors + watched.warnings, [])

    def check_sync(self, latency, lags):
        """A sink that drops whatever is late, by a clock that only goes on
        when the next thing is due: a set or an image."""
        latency *= Gst.MSECOND
        due = [FIRST + lags[0] + number * PERIOD + latency
               for number in range(len(lags))]
        shown = []

        def show(call):
            """On to when the next image is to be shown; nothing tells that the
            sink waits for that."""
            while clock.peek_id_count() == 0:
                if call.wait(0.002):
                    return
            clock.crank()
            shown.append(clock.get_time() - self.BASE)

        def script(_request, call):
            for number, lag in enumerate(lags):
                arrival = FIRST + number * PERIOD + lag
                while len(shown) < number and due[len(shown)] <= arrival:
                    if call.ended:
                        return
                    yield show(call)
                clock.set_time(self.BASE + arrival)
                yield make_set(ALL, number, timestamp=START + number * PERIOD)
                arrived.wait_for(number + 1)
            while len(shown) < len(lags) and not call.ended:
                yield show(call)
            finished.set()

        finished = threading.Event()
        camera = self.camera(script, hold=True)
        watched = self.watched(
            camera.port,
            "s.left ! fakesink name=sink sync=true async=false max-lateness=0 "
            f"processing-deadline=0  s.metadata ! {SINK.format('metadata')}",
            f"latency={latency // Gst.MSECOND} queue-size=32")
        clock = self.use_clock(watched)
        arrived = Taker(watched, "metadata")
        sink = Sink(watched)
        watched.play()
        sink.wait_for(len(lags))
        self.assertTrue(finished.wait(60))
        stats = watched.pipeline.get_by_name("sink").get_property("stats")
        watched.stop()
        self.assertEqual(watched.errors + watched.warnings, [])
        self.assertEqual(stats.get_value("dropped"), 0)
        self.assertEqual(sink.offsets, [*range(len(lags))])
        self.assertEqual(shown, due)

    def test_sync(self):
        """Shown `latency` after its PTS, none before and none dropped."""
        jitter = numpy.random.default_rng(2).integers(
            0, 39 * Gst.MSECOND, 30).tolist()
        bursts = [lag * Gst.MSECOND for lag in (95, 55, 15)] * 6
        for latency, lags in [(100, jitter), (100, bursts), (40, jitter),
                              (500, jitter)]:
            lags = [0] + lags
            with self.subTest(f"latency={latency} lags={lags}"):
                self.check_sync(latency, lags)


if __name__ == "__main__":
    unittest.main(verbosity=2)
