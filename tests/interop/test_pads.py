# SPDX-License-Identifier: LGPL-2.1-or-later
"""rcgrpcsrc's pads: what they ask for, how they come and go in PLAYING, and
that none of them holds up another."""

import itertools
import sys
import threading
import unittest

try:
    from watched import STOP_LIMIT, Gst, Pad, Sink, statistics
    from camera_server import STREAM_FIELDS, make_set, pb
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

from pads import (
    ENDS, ROOMY, STREAMS, PadsTest, attach, branches, detach, endless,
    expected_request, fakesink)


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


class RefusalTest(PadsTest):
    """What a branch refuses, and GstBaseSrc tries again."""

    def test_negotiates_anew(self):
        camera = self.camera(endless)
        watched = self.watched(camera.port, "leaky=none queue-size=1")
        pad = watched.source.request_pad_simple("left")
        taken, refused = threading.Semaphore(0), []

        def on_buffer(taker, _parent, buffer):
            if buffer.offset == 3 and not refused:
                refused.append(buffer.offset)
                taker.push_event(Gst.Event.new_reconfigure())
                return Gst.FlowReturn.NOT_NEGOTIATED
            taken.release()
            return Gst.FlowReturn.OK

        taker = Gst.Pad.new("sink", Gst.PadDirection.SINK)
        taker.set_chain_function_full(on_buffer)
        taker.set_active(True)
        self.assertEqual(pad.link(taker), Gst.PadLinkReturn.OK)
        watched.play()
        for _ in range(20):
            self.assertTrue(taken.acquire(timeout=60))
        self.assertEqual(refused, [3])
        self.stop_in_peace(watched)

    def test_gives_up(self):
        """The others go on, though leaky=none; and so does the run after."""
        camera = self.camera(endless)
        watched = self.watched(camera.port, "leaky=none queue-size=1",
                               branches("right"))
        pad = watched.source.request_pad_simple("left")
        right, taken = Pad(watched, "right"), threading.Semaphore(0)
        flow = Gst.FlowReturn.ERROR

        def on_buffer(_taker, _parent, _buffer):
            taken.release()
            return flow

        taker = Gst.Pad.new("sink", Gst.PadDirection.SINK)
        taker.set_chain_function_full(on_buffer)
        taker.set_active(True)
        self.assertEqual(pad.link(taker), Gst.PadLinkReturn.OK)
        watched.play()
        self.assertEqual(watched.wait(ENDS).type, Gst.MessageType.ERROR)
        right.wait_for_more(20)
        self.assert_contiguous(right, 0)
        watched.pipeline.set_state(Gst.State.READY)
        self.assertTrue(taken.acquire(timeout=60))
        flow = Gst.FlowReturn.OK
        taker.set_active(False)
        taker.set_active(True)
        watched.play()
        for _ in range(20):
            self.assertTrue(taken.acquire(timeout=60))
        self.assertLess(watched.stop(), STOP_LIMIT)
        self.assertEqual(len(watched.errors), 1)


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


if __name__ == "__main__":
    unittest.main(verbosity=2)
