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

    def check_steady(self, arrivals, pts, *told):
        """`told`: what the camera says, for each set, of each image's time."""
        for stream, buffers in self.paced(arrivals, STREAMS).items():
            with self.subTest(stream):
                self.assertEqual([b.pts for b in buffers], pts)
                self.assertEqual([b.discont for b in buffers],
                                 [True] + [False] * (len(pts) - 1))
                if stream in IMAGES:
                    self.assertEqual([b.time for b in buffers], *told)

    def test_some_sets_without_a_time(self):
        """They have those of their images."""
        arrivals, pts, told = [], [], []
        for number in range(6):
            due, time = FIRST + number * PERIOD, START + number * PERIOD
            image_set = make_set(ALL, number, timestamp=time)
            if number in (2, 4):
                image_set.ClearField("timestamp")
            arrivals.append((due + (11 * MS if number else 0), image_set))
            pts.append(due)
            told.append(time)
        self.check_steady(arrivals, pts, told)

    def test_some_sets_without_any_time(self):
        """Their PTS is their arrival; the others keep the mapping."""
        arrivals, pts, told = [], [], []
        for number in range(6):
            due, time = FIRST + number * PERIOD, START + number * PERIOD
            late = 11 * MS if number else 0
            image_set = make_set(ALL, number, timestamp=time)
            if number in (2, 4):
                self.clear_times(image_set)
            arrivals.append((due + late, image_set))
            pts.append(due + (late if number in (2, 4) else 0))
            told.append(0 if number in (2, 4) else time)
        self.check_steady(arrivals, pts, told)

    def clear_times(self, message):
        for field, value in message.ListFields():
            if field.name == "timestamp":
                message.ClearField("timestamp")
            elif field.type == field.TYPE_MESSAGE:
                self.clear_times(value)


class WrongTest(PacedTest):
    """Times that are valid and cannot be: PTS never go back on a pad, so that
    none may go far ahead."""

    WRONG = {"an hour ahead": START + 3600 * Gst.SECOND,
             "an hour back": START - 3600 * Gst.SECOND,
             "as late as can be": (2**31 - 1) * Gst.SECOND,
             "1970": Gst.SECOND}

    def sets(self, number_of_sets=8):
        for number in range(number_of_sets):
            yield make_set(ALL, number, timestamp=START + number * PERIOD)

    def run_sets(self, sets):
        return self.paced([(FIRST + number * PERIOD, image_set)
                           for number, image_set in enumerate(sets)], STREAMS)

    def assert_steady(self, buffers, disconts=(0,)):
        self.assertEqual([b.pts for b in buffers],
                         [FIRST + n * PERIOD for n in range(len(buffers))])
        self.assertEqual([b.offset for b in buffers if b.discont],
                         [*disconts])

    def test_one_image(self):
        for name, wrong in self.WRONG.items():
            for number in 0, 3:
                sets = list(self.sets())
                set_time(sets[number].left.timestamp, wrong)
                set_time(sets[number].disparity.image.timestamp, wrong)
                set_time(sets[number].mesh.timestamp, wrong)
                for stream, buffers in self.run_sets(sets).items():
                    with self.subTest(name, number=number, stream=stream):
                        self.assert_steady(buffers)
                        self.assert_told(buffers, stream, wrong, number)

    def assert_told(self, buffers, stream, wrong, number):
        """What the camera said is there to be read."""
        told = [START + n * PERIOD for n in range(len(buffers))]
        if stream in ("left", "disparity", "mesh"):
            told[number] = wrong
        self.assertEqual([b.time for b in buffers], told)
        if stream in IMAGES:
            self.assertEqual([b.meta["timestamp"] for b in buffers], told)
            self.assertEqual([b.meta["set-timestamp"] for b in buffers],
                             [START + n * PERIOD for n in range(len(buffers))])

    def test_one_set(self):
        """As if the clock had jumped, there and back again."""
        for name, wrong in self.WRONG.items():
            for number in 0, 3:
                sets = list(self.sets())
                sets[number] = make_set(ALL, number, timestamp=wrong)
                for stream, buffers in self.run_sets(sets).items():
                    with self.subTest(name, number=number, stream=stream):
                        self.assert_steady(
                            buffers, sorted({0, number, number + 1}))

    def test_one_set_but_not_its_images(self):
        for name, wrong in self.WRONG.items():
            sets = list(self.sets())
            set_time(sets[3].timestamp, wrong)
            for stream, buffers in self.run_sets(sets).items():
                with self.subTest(name, stream=stream):
                    self.assert_steady(buffers, (0, 3, 4))

    def test_it_is_said_once_a_run(self):
        """In the log, for each pad."""
        said = []
        Gst.debug_set_threshold_for_name("rcgrpcsrc", Gst.DebugLevel.WARNING)
        self.addCleanup(Gst.debug_unset_threshold_for_name, "rcgrpcsrc")
        Gst.debug_add_log_function(
            lambda category, level, _file, _function, _line, _object, message,
            *_: said.append(message.get())
            if category.get_name() == "rcgrpcsrc"
            and level == Gst.DebugLevel.WARNING else None)
        sets = list(self.sets())
        for number in 2, 3, 4, 6:
            set_time(sets[number].left.timestamp, self.WRONG["1970"])
        set_time(sets[4].mesh.timestamp, self.WRONG["1970"])
        self.run_sets(sets)
        self.assertEqual([text.split(":")[0] for text in said],
                         ["left", "mesh", "left"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
