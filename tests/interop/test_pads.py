# SPDX-License-Identifier: LGPL-2.1-or-later
"""rcgrpcsrc's pads: what they ask for, how they come and go in PLAYING, and
that none of them holds up another."""

import itertools
import os
import sys
import threading
import time
import unittest

try:
    from watched import (
        STOP_LIMIT, Blocked, Gst, Pad, Sink, Watched, statistics)
    from camera_server import STREAM_FIELDS, CameraServer, make_set, pb
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

STREAMS = (*STREAM_FIELDS, "metadata")
ENDS = Gst.MessageType.ERROR | Gst.MessageType.EOS
# Queues that nothing is dropped from in a test.
ROOMY = "queue-size=1000 leaky=downstream"


def fakesink(name="sink"):
    return f"fakesink name={name} sync=false async=false"


def branches(*streams):
    """Each pad of `s` with a sink of its own."""
    return " ".join(
        f"s.{name} ! {fakesink('sink-' + name)}" for name in streams)


def endless(request, call, **arguments):
    number = 0
    while not call.wait(0.005):
        yield make_set(request, number, timestamp=time.time_ns(), **arguments)
        number += 1


def expected_request(*streams, color=False, **mesh_options):
    request = pb.ImageSetRequest(color=color)
    for name in set(streams) - {"metadata"}:
        setattr(request, f"{STREAM_FIELDS[name]}_enabled", True)
    if "mesh" in streams:
        request.mesh_options.SetInParent()
        for name, value in mesh_options.items():
            setattr(request.mesh_options, name, value)
    return request


class PadsTest(unittest.TestCase):
    def camera(self, *arguments, **named):
        camera = CameraServer(*arguments, **named)
        camera.__enter__()
        self.addCleanup(camera.stop)
        return camera

    def watched(self, port, options="", rest="", source="rcgrpcsrc name=s"):
        watched = Watched(
            f"{source} host=127.0.0.1 port={port} {options} {rest}")
        self.addCleanup(watched.stop)
        return watched

    def wait_until(self, watched, holds):
        """For what the element's statistics say, and nothing signals."""
        for _ in range(3000):
            if holds(statistics(watched.source)):
                return
            watched.wait(ENDS, 10 * Gst.MSECOND)
        self.fail(f"still {statistics(watched.source)}")

    def stop_in_peace(self, watched):
        """Nothing was wrong, and nothing ended before this."""
        self.assertLess(watched.stop(), STOP_LIMIT)
        self.assertEqual(watched.errors + watched.warnings, [])
        self.assertEqual(watched.n_eos, 0)

    def assert_contiguous(self, pad, begin=None):
        offsets = pad.offsets
        begin = offsets[0] if begin is None else begin
        self.assertEqual(
            offsets, list(range(begin, begin + len(offsets))), pad.name)

    def assert_same_sets(self, *pads):
        """What has the same OFFSET was captured at the same time, and nothing
        else was."""
        captures = {}
        for pad in pads:
            for offset, capture in pad.captures.items():
                self.assertEqual(
                    captures.setdefault(offset, capture), capture, pad.name)
        self.assertEqual(len(set(captures.values())), len(captures))

    def assert_request(self, request, expected):
        # Serialized, so that fields that nobody knows count, too.
        self.assertEqual(
            (request.SerializeToString(deterministic=True), request),
            (expected.SerializeToString(deterministic=True), expected))


class RequestTest(PadsTest):
    def first_request(self, streams, options=""):
        camera = self.camera(hold=True)
        watched = self.watched(camera.port, options)
        for name in streams:
            self.assertIsNotNone(watched.source.request_pad_simple(name))
        watched.play()
        camera.wait_for(lambda: camera.calls)
        self.stop_in_peace(watched)
        self.assertEqual(len(camera.calls), 1)
        camera.stop()
        return camera.requests[0]

    def test_pads(self):
        camera = self.camera(hold=True)
        watched = self.watched(camera.port)
        combinations = itertools.chain.from_iterable(
            itertools.combinations(STREAMS, count)
            for count in range(1, len(STREAMS) + 1))
        for streams in combinations:
            with self.subTest(streams):
                pads = [watched.source.request_pad_simple(name)
                        for name in streams]
                before = len(camera.calls)
                watched.play()
                camera.wait_for(lambda: len(camera.calls) > before)
                self.stop_in_peace(watched)
                self.assertEqual(len(camera.calls), before + 1)
                self.assert_request(
                    camera.requests[-1], expected_request(*streams))
                for pad in pads:
                    watched.source.release_request_pad(pad)
        self.assertEqual(len(camera.calls), 127)

    def test_options(self):
        mesh = "mesh-max-points=5000 mesh-binning-method=min-depth " \
            "mesh-watertight=true"
        options = dict(max_points=5000, watertight=True,
                       binning_method=pb.MeshOptions.MIN_DEPTH)
        cases = [
            (["left"], "color=true", dict(color=True)),
            (["right"], "color=true", dict(color=True)),
            (["left"], f"{mesh} mesh-textured=true", {}),
            # Without left and right there is nothing to be coloured.
            (["disparity", "metadata"], f"color=true {mesh}", {}),
            (["mesh"], f"color=true {mesh}", options),
            (["mesh"], f"color=true {mesh} mesh-textured=true",
             dict(options, color=True, textured=True)),
            (["left", "mesh"], f"color=true {mesh}",
             dict(options, color=True)),
        ]
        for streams, properties, expected in cases:
            with self.subTest(streams=streams, properties=properties):
                self.assert_request(
                    self.first_request(streams, properties),
                    expected_request(*streams, **expected))

    def test_color_in_playing(self):
        camera = self.camera(endless)
        watched = self.watched(camera.port, ROOMY, branches("left", "right"))
        pads = [Pad(watched, "left"), Pad(watched, "right")]
        watched.play()
        for pad in pads:
            pad.wait_for_more()
        watched.source.set_property("color", True)
        camera.wait_for(lambda: len(camera.calls) == 2)
        camera.wait_for(lambda: camera.calls[0].ended)
        watched.source.set_property("color", True)
        for pad in pads:
            pad.wait_for(lambda pad: len(pad.caps) == 2)
            pad.wait_for_more()
        self.stop_in_peace(watched)
        self.assertEqual(len(camera.calls), 2)
        self.assert_request(camera.requests[1],
                            expected_request("left", "right", color=True))
        for pad in pads:
            self.assertIn("format=(string)GRAY8", pad.caps[0])
            self.assertIn("format=(string)RGB", pad.caps[1])
            self.assert_contiguous(pad, 0)
        self.assert_same_sets(*pads)

    def test_what_changes_nothing(self):
        """Properties that say nothing about what is asked for."""
        camera = self.camera(endless)
        watched = self.watched(camera.port, ROOMY, branches("disparity"))
        pad = Pad(watched, "disparity")
        watched.play()
        pad.wait_for_more()
        watched.source.set_property("color", True)
        watched.source.set_property("mesh-max-points", 5000)
        watched.source.set_property("queue-size", 999)
        watched.source.request_pad_simple("metadata")
        watched.source.request_pad_simple("mesh")
        camera.wait_for(lambda: len(camera.calls) >= 2)
        pad.wait_for_more()
        self.stop_in_peace(watched)
        self.assertEqual(len(camera.calls), 2)
        self.assert_request(
            camera.requests[1],
            expected_request("disparity", "mesh", max_points=5000))

    def test_mesh_options_in_playing(self):
        camera = self.camera(endless)
        watched = self.watched(camera.port, ROOMY, branches("left", "mesh"))
        pads = [Pad(watched, "left"), Pad(watched, "mesh")]
        watched.play()
        changes = [("mesh-max-points", 2000, "max_points", 2000),
                   ("mesh-binning-method", "min-depth", "binning_method",
                    pb.MeshOptions.MIN_DEPTH),
                   ("mesh-watertight", True, "watertight", True),
                   ("mesh-textured", True, "textured", True)]
        expected = expected_request("left", "mesh")
        for number, (name, value, field, wanted) in enumerate(changes):
            for pad in pads:
                pad.wait_for_more()
            Gst.util_set_object_arg(
                watched.source, name, str(value).lower())
            camera.wait_for(lambda: len(camera.calls) == number + 2)
            setattr(expected.mesh_options, field, wanted)
            self.assert_request(camera.requests[-1], expected)
        for pad in pads:
            pad.wait_for_more()
        self.stop_in_peace(watched)
        for pad in pads:
            self.assert_contiguous(pad, 0)
        self.assert_same_sets(*pads)


def attach(watched, name):
    """A fakesink for the pad `name`, in a pipeline that plays already."""
    sink = Gst.ElementFactory.make("fakesink", None)
    sink.set_property("sync", False)
    sink.set_property("async", False)
    watched.pipeline.add(sink)
    sink.sync_state_with_parent()
    pad = watched.source.get_static_pad(name)
    assert pad.link(sink.get_static_pad("sink")) == Gst.PadLinkReturn.OK
    return sink


def detach(watched, sink):
    """The pad that the sink had, unlinked; the sink is gone."""
    sink_pad = sink.get_static_pad("sink")
    peer = sink_pad.get_peer()
    if peer:
        peer.unlink(sink_pad)
    watched.pipeline.remove(sink)
    sink.set_state(Gst.State.NULL)
    return peer


class ChangeTest(PadsTest):
    """Pads that come and go in PLAYING."""

    def test_request_and_release(self):
        camera = self.camera(endless)
        watched = self.watched(camera.port, ROOMY,
                               branches("left", "metadata"))
        stays = [Pad(watched, "left"), Pad(watched, "metadata")]
        visitors = []
        watched.play()
        for round_number in range(3):
            for pad in stays:
                pad.wait_for_more()
            begin = len(stays[0].buffers)
            pad = watched.source.request_pad_simple("right")
            comes = Pad(watched, "right")
            visitors.append(comes)
            sink = attach(watched, "right")
            camera.wait_for(
                lambda: len(camera.calls) == 2 * round_number + 2)
            self.assert_request(camera.requests[-1],
                                expected_request("left", "right"))
            for each in (comes, *stays):
                each.wait_for_more()
            # OFFSET is the set's number, not the pad's.
            self.assertGreaterEqual(comes.offsets[0], begin)

            watched.source.release_request_pad(pad)
            self.assertIsNone(watched.source.get_static_pad("right"))
            detach(watched, sink)
            camera.wait_for(
                lambda: len(camera.calls) == 2 * round_number + 3)
            self.assert_request(camera.requests[-1], expected_request("left"))
            for pad in stays:
                pad.wait_for_more()
        self.stop_in_peace(watched)
        for pad in stays:
            self.assert_contiguous(pad, 0)
        for pad in stays + visitors:
            self.assert_contiguous(pad)
            self.assertEqual(pad.gaps, [])
            self.assertEqual(set(pad.groups), set(stays[0].groups))
        self.assert_same_sets(*stays, *visitors)
        self.assertEqual(statistics(watched.source)["reconnects"], 0)

    def test_the_last_pad_goes(self):
        """Without pads there is no call; sets are counted on."""
        camera = self.camera(endless)
        watched = self.watched(camera.port, ROOMY)
        watched.play()
        last = -1
        for name in ("left", "disparity", "left"):
            pad = watched.source.request_pad_simple(name)
            comes = Pad(watched, name)
            sink = attach(watched, name)
            comes.wait_for_more()
            watched.source.release_request_pad(pad)
            detach(watched, sink)
            self.wait_until(watched, lambda s: s["state"] == "idle")
            self.assertGreater(comes.offsets[0], last)
            self.assert_contiguous(comes)
            last = comes.offsets[-1]
        self.stop_in_peace(watched)
        self.assertEqual(len(camera.calls), 3)

    def test_all_pads(self):
        camera = self.camera(endless)
        watched = self.watched(camera.port, ROOMY)
        watched.play()
        pads = []
        for name in STREAMS:
            watched.source.request_pad_simple(name)
            pads.append(Pad(watched, name))
            attach(watched, name)
            for pad in pads:
                pad.wait_for_more()
        self.stop_in_peace(watched)
        # The metadata are in every answer: nothing new to ask for.
        self.assertEqual(len(camera.calls), len(STREAMS) - 1)
        for pad in pads:
            self.assert_contiguous(pad)
            self.assertEqual(pad.gaps, [])
        self.assert_same_sets(*pads)


class LinkTest(PadsTest):
    """Pads that nobody takes anything from."""

    def test_never_linked(self):
        camera = self.camera(endless)
        for leaky in ("downstream", "upstream", "none"):
            with self.subTest(leaky):
                watched = self.watched(
                    camera.port, f"leaky={leaky} queue-size=1",
                    branches("left"))
                watched.source.request_pad_simple("right")
                watched.source.request_pad_simple("mesh")
                pads = [Pad(watched, name)
                        for name in ("left", "right", "mesh")]
                watched.play()
                for pad in pads:
                    pad.wait_for_more(20)
                self.stop_in_peace(watched)

    def test_none_linked(self):
        camera = self.camera(endless)
        watched = self.watched(camera.port)
        watched.source.request_pad_simple("left")
        pad = Pad(watched, "left")
        watched.play()
        pad.wait_for_more(20)
        self.stop_in_peace(watched)

    def test_unlink_and_link(self):
        camera = self.camera(endless)
        watched = self.watched(camera.port, ROOMY, branches("left", "right"))
        pads = [Pad(watched, "left"), Pad(watched, "right")]
        source_pad = watched.source.get_static_pad("left")
        sink_pad = source_pad.get_peer()
        watched.play()
        for _ in range(3):
            for pad in pads:
                pad.wait_for_more()
            source_pad.unlink(sink_pad)
            for pad in pads:
                pad.wait_for_more()
            self.assertEqual(source_pad.link(sink_pad), Gst.PadLinkReturn.OK)
        for pad in pads:
            pad.wait_for_more()
        self.stop_in_peace(watched)
        self.assertEqual(len(camera.calls), 1)
        for pad in pads:
            self.assert_contiguous(pad, 0)
        self.assert_same_sets(*pads)

    def test_another_sink(self):
        """The new one gets what it needs to know before its first buffer."""
        camera = self.camera(endless)
        watched = self.watched(camera.port, ROOMY, branches("left"))
        watched.source.request_pad_simple("right")
        left, right = Pad(watched, "left"), Pad(watched, "right")
        watched.play()
        for _ in range(3):
            right.wait_for_more()
            element = attach(watched, "right")
            sink = Sink(watched, element=element)
            sink.wait_for(3)
            pad = element.get_static_pad("sink")
            self.assertIn("width=(int)64", pad.get_current_caps().to_string())
            for event in (Gst.EventType.STREAM_START, Gst.EventType.SEGMENT):
                self.assertIsNotNone(pad.get_sticky_event(event, 0))
            detach(watched, element)
            left.wait_for_more()
        self.stop_in_peace(watched)
        for pad in (left, right):
            self.assert_contiguous(pad)

    def test_sink_stops_while_linked(self):
        """As applications do that replace a branch."""
        camera = self.camera(endless)
        watched = self.watched(camera.port, ROOMY, branches("left"))
        watched.source.request_pad_simple("right")
        left, right = Pad(watched, "left"), Pad(watched, "right")
        watched.play()
        for _ in range(3):
            element = attach(watched, "right")
            Sink(watched, element=element).wait_for(3)
            element.set_locked_state(True)
            element.set_state(Gst.State.NULL)
            for pad in (left, right):
                pad.wait_for_more()
            detach(watched, element)
        self.stop_in_peace(watched)
        for pad in (left, right):
            self.assert_contiguous(pad)


class StreamTest(PadsTest):
    """What the streams of one camera, and of two, have in common."""

    def test_group_and_title(self):
        camera = self.camera(endless)
        watched = self.watched(camera.port, ROOMY, branches(*STREAMS[:-1]))
        watched.source.request_pad_simple(STREAMS[-1])
        pads = [Pad(watched, name) for name in STREAMS]
        runs = []
        for _ in range(2):
            watched.play()
            for pad in pads:
                pad.wait_for_more()
            self.stop_in_peace(watched)
            for pad in pads:
                self.assertEqual(pad.titles, [pad.name])
                self.assertEqual(pad.groups, pads[0].groups)
                self.assertEqual(len(pad.groups), 1)
                self.assertTrue(pad.groups[0][0])
            self.assertEqual(
                len({pad.stream_ids[0] for pad in pads}), len(pads))
            runs.append(pads[0].groups[0])
            for pad in pads:
                pad.titles.clear()
                pad.groups.clear()
        self.assertNotEqual(*runs)

    def test_set_that_lacks_an_image(self):
        lacking = {"disparity": {1, 2, 5}, "mesh": {3}, "right": {2, 4}}
        count = 8

        def sets(request, call):
            for number in range(count):
                item = make_set(request, number)
                for name, numbers in lacking.items():
                    if number in numbers:
                        item.ClearField(STREAM_FIELDS[name])
                yield item

        camera = self.camera(sets)
        streams = ("left", "right", "disparity", "mesh", "metadata")
        watched = self.watched(
            camera.port, "leaky=none num-buffers=8", branches(*streams))
        pads = [Pad(watched, name) for name in streams]
        watched.run()
        self.assertEqual(watched.errors + watched.warnings, [])
        times = [pts for _, pts, _ in pads[0].buffers]
        self.assertEqual(len(times), count)
        for pad in pads:
            missing = lacking.get(pad.name, set())
            self.assertEqual(
                pad.offsets, [n for n in range(count) if n not in missing])
            self.assertEqual([start for start, _ in pad.gaps],
                             [times[n] for n in sorted(missing)], pad.name)
            for start, end in pad.gaps:
                self.assertLess(start, end)
        self.assert_same_sets(*pads)
        self.assertEqual(statistics(watched.source)["images-dropped"], 0)

    def test_two_cameras(self):
        ports = [self.camera(
            lambda request, call, width=width: endless(
                request, call, width=width)) for width in (64, 32)]
        watched = self.watched(
            ports[0].port, ROOMY,
            f"{branches('left', 'disparity')} "
            f"rcgrpcsrc name=t host=127.0.0.1 port={ports[1].port} {ROOMY} "
            f"t.left ! {fakesink('tl')} t.metadata ! {fakesink('tm')}")
        other = watched.pipeline.get_by_name("t")
        mine = [Pad(watched, name) for name in ("left", "disparity")]
        theirs = [Pad(watched, name, other) for name in ("left", "metadata")]
        watched.play()
        for pad in mine + theirs:
            pad.wait_for_more(20)
        self.assert_request(ports[0].requests[0],
                            expected_request("left", "disparity"))
        self.assert_request(ports[1].requests[0], expected_request("left"))

        released = other.get_static_pad("metadata")
        other.release_request_pad(released)
        for pad in mine + theirs[:1]:
            pad.wait_for_more()
        self.stop_in_peace(watched)
        for pads, width in ((mine, 64), (theirs, 32)):
            self.assertIn(f"width=(int){width}", pads[0].caps[0])
            for pad in pads:
                self.assert_contiguous(pad, 0)
                self.assertEqual(pad.groups, pads[0].groups)
            self.assert_same_sets(*pads)
        self.assertNotEqual(mine[0].groups, theirs[0].groups)
        self.assertEqual([len(camera.calls) for camera in ports], [1, 1])

    def test_the_other_camera_goes(self):
        cameras = [self.camera(endless), self.camera(endless)]
        watched = self.watched(
            cameras[0].port, ROOMY, f"{branches('left')} rcgrpcsrc name=t "
            f"host=127.0.0.1 port={cameras[1].port} t.left ! {fakesink('t1')}")
        other = watched.pipeline.get_by_name("t")
        mine, theirs = Pad(watched, "left"), Pad(watched, "left", other)
        watched.play()
        theirs.wait_for_more()
        cameras[1].stop()
        message = watched.wait(Gst.MessageType.WARNING | ENDS)
        self.assertEqual(message.src, other)
        mine.wait_for_more(20)
        self.assertLess(watched.stop(), STOP_LIMIT)
        self.assertEqual((watched.errors, watched.n_eos), ([], 0))
        self.assert_contiguous(mine, 0)
        self.assertEqual(statistics(watched.source)["reconnects"], 0)


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
        pad = watched.source.get_static_pad("right")
        release = threading.Thread(
            target=watched.source.release_request_pad, args=(pad,),
            daemon=True)
        release.start()
        release.join(60)
        self.assertFalse(release.is_alive())
        self.assertIsNone(watched.source.get_static_pad("right"))
        self.assertIsNone(pad.get_peer())
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
            child = watched.source.get_by_name("right")
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
