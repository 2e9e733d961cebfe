# SPDX-License-Identifier: LGPL-2.1-or-later
"""rcgrpcsrc's pads when they are full, blocked or released, and what cycles
of states leave behind."""

import itertools
import os
import sys
import tempfile
import threading
import time
import unittest

try:
    from watched import Blocked, Gst, Pad, Sink, statistics
    from camera_server import STREAM_FIELDS, make_set
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

from matroska import MISSING_TOOLS, probe_tracks
from pads import (
    ENDS, ROOMY, PadsTest, attach, branches, detach, endless,
    expected_request, fakesink)


class QueueTest(PadsTest):
    """left's branch is blocked by its first buffer, right's never is."""

    COUNT = 11

    def blocked(self, options):
        """A set is sent once right had the one before, the last one when
        `finish` is set. timestamp-mode=arrival: no DISCONT by clocks."""
        self.finish = threading.Event()

        def sets(request, call):
            for number in range(self.COUNT):
                if number == 1:
                    self.sink.reached.wait(60)
                if number > 0:
                    self.right.wait_for(lambda p: number - 1 in p.captures)
                if number == self.COUNT - 1:
                    self.finish.wait(60)
                yield make_set(request, number)

        self.camera_server = self.camera(sets)
        watched = self.watched(
            self.camera_server.port, f"timestamp-mode=arrival {options}",
            branches("left", "right"))
        self.sink = Sink(watched, "sink-left")
        self.sink.gate.clear()
        self.addCleanup(self.finish.set)
        self.addCleanup(self.sink.gate.set)
        self.left, self.right = Pad(watched, "left"), Pad(watched, "right")
        watched.play()
        return watched

    def check_end(self, watched, left):
        """Both have ended, left with these OFFSETs."""
        self.finish.set()
        self.assertEqual(watched.wait(ENDS).type, Gst.MessageType.EOS)
        stats = statistics(watched.source)
        watched.stop()
        self.assertEqual(watched.errors + watched.warnings, [])
        self.assertEqual(self.left.offsets, left)
        self.assertEqual(self.sink.offsets, left)
        self.assert_contiguous(self.right, 0)
        self.assertEqual(len(self.right.buffers), self.COUNT)
        self.assertEqual(stats["sets-received"], self.COUNT)
        for pad in (self.left, self.right):
            self.check_drops(pad, stats)
        self.assertEqual(stats["images-dropped"], self.COUNT - len(left))
        self.assert_same_sets(self.left, self.right)

    def check_drops(self, pad, stats):
        of_pad = stats[pad.name]
        offsets = pad.offsets
        self.assertEqual(of_pad["images-received"], stats["sets-received"])
        self.assertEqual(len(offsets) + of_pad["images-dropped"],
                         stats["sets-received"])
        self.assertEqual(of_pad["queue-level"], 0)
        self.assertEqual(offsets, sorted(set(offsets)))
        self.assertLess(offsets[-1], stats["sets-received"])
        follows = [True] + [after != before + 1
                            for before, after in zip(offsets, offsets[1:])]
        self.assertEqual([discont for _, _, discont in pad.buffers], follows)

    def test_leaky(self):
        for leaky, size, left in (
                ("downstream", 3, [0, 7, 8, 9, 10]),
                ("downstream", 1, [0, 9, 10]),
                ("upstream", 3, [0, 1, 2, 3, 10]),
                ("upstream", 1, [0, 1, 10])):
            with self.subTest(leaky=leaky, size=size):
                watched = self.blocked(f"leaky={leaky} queue-size={size}")
                self.right.wait_for(lambda pad: len(pad.buffers) == 10)
                stats = statistics(watched.source)
                self.assertEqual(stats["left"]["queue-level"], size)
                self.assertEqual(stats["left"]["images-dropped"], 9 - size)
                self.assertEqual(stats["right"]["images-dropped"], 0)
                self.sink.gate.set()
                self.sink.wait_for(size + 1)
                self.check_end(watched, left)

    def hold_back(self):
        watched = self.blocked("leaky=none queue-size=2")
        # One in the sink, two in the queue, one that waits for room, which
        # right has got already; the fifth is on its way.
        self.camera_server.wait_for(
            lambda: self.camera_server.calls
            and self.camera_server.calls[0].sent == 5)
        self.assertEqual(self.right.offsets, [0, 1, 2, 3])
        stats = statistics(watched.source)
        self.assertEqual(stats["sets-received"], 4)
        self.assertEqual(stats["left"]["queue-level"], 2)
        self.assertEqual(stats["images-dropped"], 0)
        return watched

    def test_not_leaky(self):
        watched = self.hold_back()
        self.sink.gate.set()
        self.check_end(watched, list(range(self.COUNT)))

    def test_leaky_in_playing(self):
        watched = self.hold_back()
        watched.source.set_property("leaky", "downstream")
        self.right.wait_for(lambda pad: len(pad.buffers) == 10)
        self.sink.gate.set()
        self.sink.wait_for(3)
        self.check_end(watched, [0, 8, 9, 10])

    def test_queue_size_in_playing(self):
        watched = self.hold_back()
        watched.source.set_property("queue-size", 100)
        self.right.wait_for(lambda pad: len(pad.buffers) == 10)
        self.sink.gate.set()
        self.check_end(watched, list(range(self.COUNT)))

    def test_again_and_again(self):
        for leaky in ("downstream", "upstream"):
            with self.subTest(leaky):
                enough = threading.Event()
                camera = self.camera(
                    lambda request, call: itertools.takewhile(
                        lambda _: not enough.is_set(),
                        endless(request, call)))
                watched = self.watched(
                    camera.port, f"timestamp-mode=arrival leaky={leaky} "
                    "queue-size=2", branches("left", "right"))
                sink = Sink(watched, "sink-left")
                self.addCleanup(sink.gate.set)
                left, right = Pad(watched, "left"), Pad(watched, "right")
                watched.play()
                for _ in range(5):
                    sink.gate.clear()
                    right.wait_for_more(10)
                    sink.gate.set()
                    sink.wait_for(len(sink.buffers) + 3)
                enough.set()
                self.assertEqual(watched.wait(ENDS).type,
                                 Gst.MessageType.EOS)
                stats = statistics(watched.source)
                watched.stop()
                self.assertEqual(watched.errors, [])
                self.assertGreater(stats["left"]["images-dropped"], 0)
                for pad in (left, right):
                    self.check_drops(pad, stats)
                self.assert_same_sets(left, right)


class DropTest(PadsTest):
    """What is said of images that are dropped, and what is kept of them."""

    COUNT = 200

    def run_stuck(self, options):
        """left and metadata have the first set in a sink that waits, while all
        the others come."""
        camera = self.camera(
            lambda request, call: (
                make_set(request, n) for n in range(self.COUNT)), hold=True)
        watched = self.watched(
            camera.port, options, branches("left", "metadata"))
        sinks = [Sink(watched, f"sink-{name}")
                 for name in ("left", "metadata")]
        for sink in sinks:
            sink.gate.clear()
            self.addCleanup(sink.gate.set)
        watched.play()
        for sink in sinks:
            self.assertTrue(sink.reached.wait(60))
        self.wait_until(watched, lambda s: s["sets-received"] == self.COUNT)
        for sink in sinks:
            sink.gate.set()
        watched.source.send_event(Gst.Event.new_eos())
        self.assertEqual(watched.wait(ENDS).type, Gst.MessageType.EOS)
        watched.stop()
        self.assertEqual(watched.errors + watched.warnings, [])
        return watched, [sink.offsets for sink in sinks]

    def test_parameters_outlive_images(self):
        _, (left, metadata) = self.run_stuck("queue-size=2")
        self.assertLess(len(left), 10)
        self.assertEqual(metadata, list(range(self.COUNT)))

    def test_warning(self):
        watched, (left, _) = self.run_stuck("queue-size=2")
        warnings = watched.drop_warnings
        # More may come 10 s later, on a very slow machine.
        self.assertEqual({w.source for w in warnings}, {"left-src"})
        self.assertIn(f"{self.COUNT - len(left)} images of the pad \"left\"",
                      warnings[0].text)

    def test_no_warning(self):
        for options in ("queue-size=1000", "queue-size=2 leaky=none"):
            with self.subTest(options):
                camera = self.camera(
                    lambda request, call: (make_set(request, n)
                                           for n in range(self.COUNT)))
                watched = self.watched(
                    camera.port, options, branches("left", "metadata"))
                watched.run()
                self.assertEqual(watched.drop_warnings, [])

    def test_no_warning_of_a_stop(self):
        camera = self.camera(endless)
        watched = self.watched(
            camera.port, "leaky=none queue-size=1", branches("left"))
        pad = Pad(watched, "left")
        for state in (Gst.State.PAUSED, Gst.State.READY, Gst.State.NULL) * 3:
            watched.play()
            pad.wait_for_more()
            watched.pipeline.set_state(state)
        watched.stop()
        self.assertEqual(watched.drop_warnings, [])


class HeldBackTest(PadsTest):
    """What ends a wait for room, with leaky=none."""

    def test_stop_while_properties_change(self):
        """What gives the queues their limits anew must not do so while the
        client's thread is to be let go."""
        camera = self.camera(endless)
        watched = self.watched(
            camera.port, "leaky=none queue-size=1", branches("left"))
        Blocked(watched, "sink-left")
        over = threading.Event()

        def change():
            for latency in itertools.cycle((100, 101)):
                watched.source.set_property("latency", latency)
                if over.is_set():
                    return

        changing = threading.Thread(target=change, daemon=True)
        changing.start()
        self.addCleanup(over.set)

        cycles = []

        def cycle():
            for _ in range(50):
                watched.play()
                # One in the queue, one that waits for room.
                self.wait_until(watched, lambda s: s["sets-received"] >= 2)
                watched.pipeline.set_state(Gst.State.PAUSED)
                cycles.append(True)

        cycling = threading.Thread(target=cycle, daemon=True)
        cycling.start()
        cycling.join(120)
        self.assertEqual(len(cycles), 50)
        over.set()
        changing.join()
        self.stop_in_peace(watched)

    def test_end_into_a_muxer(self):
        """The client waits for left, whose buffer waits in the muxer for
        right, which there is none of any more: only its end helps."""
        def sets(request, call):
            for number, item in enumerate(endless(request, call)):
                if number >= 3:
                    item.ClearField(STREAM_FIELDS["right"])
                yield item

        camera = self.camera(sets)
        watched = self.watched(
            camera.port, "leaky=none queue-size=1",
            f"matroskamux name=m ! {fakesink()} s.left ! m. s.right ! m.")
        left = Pad(watched, "left")
        watched.play()
        self.wait_until(
            watched, lambda s: s["left"]["queue-level"] == 1
            and s["sets-received"] > s["left"]["images-received"])
        watched.pipeline.send_event(Gst.Event.new_eos())
        self.assertEqual(watched.wait(ENDS).type, Gst.MessageType.EOS)
        self.assertEqual(watched.errors + watched.warnings, [])
        # What was received goes through.
        stats = statistics(watched.source)
        self.assert_contiguous(left, 0)
        self.assertEqual(len(left.buffers), stats["sets-received"])
        self.assertEqual(stats["images-dropped"], 0)


class ReleaseTest(PadsTest):
    """Of a pad whose buffer is stuck in its branch."""

    def check(self, options, branch, is_blocked):
        camera = self.camera(endless)
        watched = self.watched(
            camera.port, options, f"{branches('left')} s.right ! {branch}")
        left = Pad(watched, "left")
        blocked = is_blocked(watched)
        watched.play()
        self.assertTrue(blocked.reached.wait(60))
        # leaky=none: the client waits for just this pad.
        if "none" in options:
            self.wait_until(
                watched, lambda s: s["right"]["queue-level"] == 1
                and s["sets-received"] > s["right"]["images-received"])
        self.release(watched, "right")
        camera.wait_for(lambda: len(camera.calls) == 2)
        self.assert_request(camera.requests[1], expected_request("left"))
        left.wait_for_more(20)

        # It may come back, to another branch.
        watched.source.request_pad_simple("right")
        Sink(watched, element=attach(watched, "right")).wait_for(3)
        left.wait_for_more()
        self.stop_in_peace(watched)

    def test_in_a_blocked_pad(self):
        for leaky in ("none", "downstream"):
            with self.subTest(leaky):
                self.check(f"leaky={leaky} queue-size=1", fakesink("right"),
                           lambda watched: Blocked(watched, "right"))

    def test_in_a_full_queue(self):
        def full(watched):
            reached = threading.Event()
            queue = watched.pipeline.get_by_name("q")
            queue.connect("overrun", lambda _: reached.set())
            self.blocked = Blocked(watched, "right")
            self.reached = reached
            return self

        for leaky in ("none", "downstream"):
            with self.subTest(leaky):
                self.check(
                    f"leaky={leaky} queue-size=1",
                    "queue name=q max-size-buffers=1 max-size-bytes=0 "
                    f"max-size-time=0 ! {fakesink('right')}", full)


    def release(self, watched, name):
        """As an application does, which must not be held up by it."""
        pad = watched.source.get_static_pad(name)
        release = threading.Thread(
            target=watched.source.release_request_pad, args=(pad,),
            daemon=True)
        release.start()
        release.join(60)
        self.assertFalse(release.is_alive())
        self.assertIsNone(watched.source.get_static_pad(name))
        self.assertIsNone(pad.get_peer())

    def test_what_is_stuck_gets_through(self):
        """And nothing after it, nor a flush."""
        camera = self.camera(endless)
        watched = self.watched(camera.port, ROOMY, branches("left", "right"))
        sink, left = Sink(watched, "sink-right"), Pad(watched, "left")
        flushes = []
        sink_pad = watched.source.get_static_pad("right").get_peer()
        sink_pad.add_probe(
            Gst.PadProbeType.EVENT_FLUSH, lambda _pad, info:
            flushes.append(info) or Gst.PadProbeReturn.OK)
        sink.gate.clear()
        self.addCleanup(sink.gate.set)
        watched.play()
        self.assertTrue(sink.reached.wait(60))
        child = watched.source.get_by_name("right-src")
        self.release(watched, "right")
        left.wait_for_more()
        self.assertNotEqual(child.current_state, Gst.State.NULL)
        sink.gate.set()
        self.wait_until(
            watched, lambda _: child.current_state == Gst.State.NULL)
        self.stop_in_peace(watched)
        self.assertEqual((sink.offsets, flushes), ([0], []))
        self.assert_contiguous(left, 0)

    @unittest.skipIf(MISSING_TOOLS, f"{MISSING_TOOLS} not here")
    def test_of_a_recording(self):
        """right waits in the muxer for left, which is blocked. A flush would
        go through the muxer and empty the file."""
        camera = self.camera(endless)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "rec.mkv")
            watched = self.watched(
                camera.port, ROOMY, "matroskamux name=m ! filesink name=f "
                f"location={path} async=false s.left ! m. s.right ! m.")
            left, right = Pad(watched, "left"), Pad(watched, "right")
            source_pad = watched.source.get_static_pad("left")
            muxer_pad = watched.source.get_static_pad("right").get_peer()
            watched.play()
            right.wait_for_more(20)
            probe = source_pad.add_probe(
                Gst.PadProbeType.BLOCK_DOWNSTREAM,
                lambda _pad, _info: Gst.PadProbeReturn.OK)
            self.wait_until(watched, lambda s: min(
                s[name]["queue-level"] for name in ("left", "right")) > 0)
            self.release(watched, "right")
            source_pad.remove_probe(probe)
            muxer_pad.send_event(Gst.Event.new_eos())
            left.wait_for_more(20)
            watched.pipeline.send_event(Gst.Event.new_eos())
            self.assertEqual(watched.wait(ENDS).type, Gst.MessageType.EOS)
            watched.stop()
            self.assertEqual(watched.errors + watched.warnings, [])
            self.assertEqual(
                [(title, frames)
                 for title, _, _, frames in probe_tracks(path)],
                [(pad.name, len(pad.buffers)) for pad in (left, right)])

    def test_by_its_own_thread(self):
        """In a probe, as applications do that replace a branch."""
        for types in (Gst.PadProbeType.BLOCK_DOWNSTREAM,
                      Gst.PadProbeType.IDLE, Gst.PadProbeType.BUFFER):
            with self.subTest(types):
                camera = self.camera(endless)
                watched = self.watched(
                    camera.port, ROOMY, branches("left", "right"))
                left, right = Pad(watched, "left"), Pad(watched, "right")
                released = threading.Event()

                def release(pad, _info):
                    watched.source.release_request_pad(pad)
                    released.set()
                    return Gst.PadProbeReturn.REMOVE

                watched.play()
                right.wait_for_more()
                watched.source.get_static_pad("right").add_probe(
                    types, release)
                self.assertTrue(released.wait(60))
                camera.wait_for(lambda: len(camera.calls) == 2)
                left.wait_for_more()
                self.assertIsNone(watched.source.get_static_pad("right"))
                self.stop_in_peace(watched)
                self.assert_contiguous(left, 0)


class Resources:
    """The process's file descriptors and threads."""

    def __init__(self):
        self.files = len(os.listdir("/proc/self/fd"))
        self.threads = len(os.listdir("/proc/self/task"))

    def __le__(self, other):
        return self.files <= other.files and self.threads <= other.threads

    def __repr__(self):
        return f"{self.files} files, {self.threads} threads"


class CycleTest(PadsTest):
    def settled(self, condition):
        """The resources in use once `condition` holds for them: threads and
        sockets of gRPC end a little later than their call."""
        for _ in range(3000):
            resources = Resources()
            if condition(resources):
                return resources
            time.sleep(0.01)
        self.fail(f"still {resources}")

    def check(self, down):
        # One worker: the server is no different after the first call.
        camera = self.camera(endless, max_workers=1)
        watched = self.watched(
            camera.port, "", branches("left", "disparity", "metadata"))
        pads = [Pad(watched, name)
                for name in ("left", "disparity", "metadata")]

        def cycle():
            watched.play()
            for pad in pads:
                pad.wait_for_more()
            watched.pipeline.set_state(down)
            camera.wait_for(lambda: all(call.ended for call in camera.calls))

        for _ in range(5):
            cycle()
        before = self.settled(self.is_stable())
        for _ in range(20):
            cycle()
        self.settled(lambda now: now <= before)
        self.stop_in_peace(watched)
        self.assertEqual(len(camera.calls), 25)

    def is_stable(self, times=20):
        seen = []

        def condition(resources):
            seen.append(repr(resources))
            return len(seen) >= times and len(set(seen[-times:])) == 1

        return condition

    def test_null(self):
        self.check(Gst.State.NULL)

    def test_ready(self):
        self.check(Gst.State.READY)

    def test_paused(self):
        self.check(Gst.State.PAUSED)

    def test_pads(self):
        """Those that come and go in PLAYING leave nothing behind either."""
        camera = self.camera(endless, max_workers=1)
        watched = self.watched(camera.port, ROOMY, branches("left"))
        left = Pad(watched, "left")
        gone = []
        watched.play()

        def cycle():
            pad = watched.source.request_pad_simple("right")
            child = watched.source.get_by_name("right-src")
            child.weak_ref(gone.append, True)
            del child
            sink = attach(watched, "right")
            Sink(watched, element=sink).wait_for(1)
            watched.source.release_request_pad(pad)
            detach(watched, sink)
            left.wait_for_more()

        for _ in range(5):
            cycle()
        before = self.settled(self.is_stable())
        for _ in range(20):
            cycle()
        self.settled(lambda now: now <= before)
        self.stop_in_peace(watched)
        # Until then messages have references to what they came from.
        watched.messages.clear()
        self.settled(lambda _: len(gone) == 25)
        self.assert_contiguous(left)


if __name__ == "__main__":
    unittest.main(verbosity=2)
