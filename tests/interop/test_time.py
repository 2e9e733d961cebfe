# SPDX-License-Identifier: LGPL-2.1-or-later
"""Times of rcgrpcsrc's buffers where images or times are missing in sets."""

import sys
import threading
import unittest

try:
    # First: it may start Python anew.
    import watched
    import test_images
    from camera_server import make_set, set_time
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

from taken import Taker
from test_images import ALL, FIRST, IMAGES, PERIOD, SINK, START, STREAMS

Gst = watched.Gst
MS = Gst.MSECOND


class PacedTest(test_images.TimedTest):
    def paced(self, arrivals, streams):
        """As timed (), for sets that lack images: a set is only sent when the
        line of metadata of that before has come."""
        def script(_request, _call):
            for number, (arrival, image_set) in enumerate(arrivals):
                pace.wait_for(number)
                clock.set_time(self.BASE + arrival)
                yield image_set

        camera = self.camera(script)
        pipeline = self.watched(camera.port, " ".join(
            f"s.{stream} ! {SINK.format(stream)}"
            for stream in {*streams, "metadata"}))
        clock = self.use_clock(pipeline)
        pace = Taker(pipeline, "metadata")
        takers = {stream: Taker(pipeline, stream)
                  for stream in streams if stream != "metadata"}
        takers["metadata"] = pace
        self.run_to_end(pipeline)
        self.assertEqual(len(pace.buffers), len(arrivals))
        return {stream: takers[stream].buffers for stream in streams}


class JumpTest(PacedTest):
    """A jump of the clock that comes with a set without some image."""

    def jump(self, lacking):
        """The clock jumps a year ahead with the fourth of eight sets. Of
        `lacking`, images are missing in the sets with these numbers."""
        arrivals = []
        for number in range(8):
            jump = 365 * 86400 * Gst.SECOND if number >= 3 else 0
            image_set = make_set(
                ALL, number, timestamp=START + jump + number * PERIOD)
            if number in lacking:
                for name in ("left", "disparity", "mesh"):
                    image_set.ClearField(name)
            arrivals.append((FIRST + number * PERIOD, image_set))
        return self.paced(arrivals, STREAMS)

    def check(self, lacking):
        for stream, buffers in self.jump(lacking).items():
            with self.subTest(stream):
                numbers = [*range(8)]
                if stream in ("left", "disparity", "mesh"):
                    numbers = [n for n in numbers if n not in lacking]
                self.assertEqual([b.offset for b in buffers], numbers)
                self.assertEqual([b.pts for b in buffers],
                                 [FIRST + n * PERIOD for n in numbers])
                after = next(n for n in numbers if n >= 3)
                self.assertEqual([b.offset for b in buffers if b.discont],
                                 [0, after])

    def test_no_image_lacks(self):
        self.check(())

    def test_image_lacks_before(self):
        self.check((2,))

    def test_image_lacks_at_the_jump(self):
        self.check((3,))

    def test_images_lack_from_the_jump_on(self):
        self.check((3, 4, 5))


class DropTest(PacedTest):
    def test_image_lacks_after_dropped_ones(self):
        """The gap that drops leave is told by the next image."""
        def script(_request, call):
            for number in range(5):
                image_set = make_set(ALL, number)
                if number == 3:
                    image_set.ClearField("left")
                if number == 4:
                    sink.gate.set()
                    yield None if gap.wait(60) else call.wait()
                yield image_set
                # The line is there, so the set is in all queues.
                pace.wait_for(number + 1)
                if number == 0:
                    sink.reached.wait(60)

        def see_gap(_pad, info):
            if info.get_event().type == Gst.EventType.GAP:
                gap.set()
            return Gst.PadProbeReturn.OK

        camera = self.camera(script)
        pipeline = self.watched(camera.port, " ".join(
            f"s.{stream} ! {SINK.format(stream)}"
            for stream in ("left", "metadata")),
            "leaky=downstream queue-size=1")
        gap = threading.Event()
        pace, left = Taker(pipeline, "metadata"), Taker(pipeline, "left")
        sink = watched.Sink(pipeline, "left")
        sink.gate.clear()
        self.addCleanup(sink.gate.set)
        pipeline.pipeline.get_by_name("left").get_static_pad("sink").add_probe(
            Gst.PadProbeType.EVENT_DOWNSTREAM, see_gap)
        self.run_to_end(pipeline)
        self.assertEqual([(b.offset, b.discont) for b in left.buffers],
                         [(0, True), (4, True)])
        self.assertEqual(
            watched.statistics(pipeline.source)["images-dropped"], 2)


class FallbackTest(PacedTest):
    """Which time becomes a PTS."""

    def test_own_time_else_around_else_set(self):
        own, around = 20 * MS, 33 * MS
        arrivals = []
        for number in range(3):
            time = START + number * 4 * PERIOD
            image_set = make_set(ALL, number, timestamp=time)
            disparity = image_set.disparity
            set_time(disparity.timestamp, time + around)
            set_time(image_set.left.timestamp, time + own)
            set_time(disparity.image.timestamp, time + own)
            if number >= 1:
                image_set.left.ClearField("timestamp")
                image_set.mesh.ClearField("timestamp")
                disparity.image.ClearField("timestamp")
            if number >= 2:
                disparity.ClearField("timestamp")
            arrivals.append((FIRST + number * 4 * PERIOD, image_set))
        pads = self.paced(arrivals, ["left", "disparity", "mesh", "metadata"])
        for stream, late in {"left": (own, 0, 0), "disparity": (own, around, 0),
                             "mesh": (0, 0, 0), "metadata": (0, 0, 0)}.items():
            with self.subTest(stream):
                self.assertEqual(
                    [b.pts for b in pads[stream]],
                    [FIRST + number * 4 * PERIOD + ns
                     for number, ns in enumerate(late)])

    def test_image_before_its_set(self):
        arrivals = []
        for number in range(4):
            time = START + number * PERIOD
            image_set = make_set(ALL, number, timestamp=time)
            set_time(image_set.left.timestamp, time - 7 * MS)
            arrivals.append((FIRST + number * PERIOD, image_set))
        pads = self.paced(arrivals, ["left", "right"])
        self.assertEqual([b.pts - a.pts for a, b
                          in zip(pads["left"], pads["right"])], [7 * MS] * 4)

    def test_some_sets_without_a_time(self):
        """Their PTS is their arrival, also where their images have times of
        their own; the others keep the mapping."""
        late = 11 * MS
        arrivals, pts = [], []
        for number in range(6):
            due = FIRST + number * PERIOD
            image_set = make_set(ALL, number, timestamp=START + number * PERIOD)
            if number in (2, 4):
                image_set.ClearField("timestamp")
            arrivals.append((due + (late if number else 0), image_set))
            pts.append(due + (late if number in (2, 4) else 0))
        for stream, buffers in self.paced(arrivals, STREAMS).items():
            with self.subTest(stream):
                self.assertEqual([b.pts for b in buffers], pts)
                self.assertEqual([b.discont for b in buffers],
                                 [True] + [False] * 5)
                if stream in IMAGES:
                    self.assertEqual(
                        [b.time for b in buffers],
                        [START + n * PERIOD for n in range(6)])


if __name__ == "__main__":
    unittest.main(verbosity=2)
