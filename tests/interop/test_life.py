# SPDX-License-Identifier: LGPL-2.1-or-later
"""How rcgrpcsrc starts, goes on and stops, whatever the camera does."""

import socket
import sys
import threading
import unittest

try:
    from watched import (
        STOP_LIMIT, Blocked, Gst, Sink, Watched, statistics)
    from camera_server import CameraServer, make_event, make_set, make_sets
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

from relay import Relay

ENDS = Gst.MessageType.ERROR | Gst.MessageType.EOS
SINK = "fakesink name=sink sync=false async=false"
MIB = 1 << 20


def endless(request, call):
    number = 0
    while not call.ended:
        yield make_set(request, number)
        number += 1


class LifeTest(unittest.TestCase):
    def camera(self, *arguments, **named):
        camera = CameraServer(*arguments, **named)
        camera.__enter__()
        self.addCleanup(camera.stop)
        return camera

    def watched(self, port, options="", rest=f"! {SINK}"):
        watched = Watched(f"rcgrpcsrc name=s host=127.0.0.1 port={port} "
                          f"{options} {rest}")
        self.addCleanup(watched.stop)
        return watched

    def assert_stops(self, watched):
        seconds = watched.stop()
        self.assertLess(seconds, STOP_LIMIT)
        self.assertEqual(watched.errors + watched.warnings, [])
        self.assertEqual(statistics(watched.source)["state"], "stopped")

    def wait_until(self, watched, holds):
        """For what the element's statistics say, and nothing signals."""
        for _ in range(3000):
            if holds(statistics(watched.source)):
                return
            watched.wait(Gst.MessageType.ERROR, 10 * Gst.MSECOND)
        self.fail(f"still {statistics(watched.source)}")


class StopTest(LifeTest):
    def check_connecting(self, port):
        watched = self.watched(port, "timeout=0")
        watched.play()
        self.wait_until(watched, lambda s: s["state"] == "connecting")
        return watched

    def test_peer_says_nothing(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            watched = self.check_connecting(server.getsockname()[1])
            connection, _ = server.accept()
            with connection:
                self.assertTrue(connection.recv(1))
                self.assert_stops(watched)

    def test_peer_does_not_accept(self):
        with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
            fill = []
            while True:
                client = socket.socket()
                self.addCleanup(client.close)
                client.settimeout(0.2)
                fill.append(client)
                try:
                    client.connect(server.getsockname())
                except TimeoutError:
                    break
            watched = self.check_connecting(server.getsockname()[1])
            self.assert_stops(watched)

    def test_camera_sends_nothing(self):
        camera = self.camera(hold=True)
        watched = self.watched(camera.port, "timeout=0")
        watched.play()
        camera.wait_for(lambda: camera.calls)
        self.assert_stops(watched)
        camera.wait_for(lambda: camera.calls[0].cancelled)

    def check_in_a_large_message(self, trickle):
        camera = self.camera(lambda request, call: [
            make_set(request, width=10_000, height=10_000)], hold=True)
        with Relay(camera.port, 30 * MIB, trickle) as relay:
            watched = self.watched(relay.port, "timeout=0")
            watched.play()
            self.assertTrue(relay.stalled.wait(60))
            self.assertEqual(statistics(watched.source)["sets-received"], 0)
            self.assert_stops(watched)

    def test_in_a_large_message(self):
        self.check_in_a_large_message(trickle=False)

    def test_in_a_large_message_that_trickles(self):
        self.check_in_a_large_message(trickle=True)

    def test_while_held_back(self):
        camera = self.camera(endless)
        watched = self.watched(camera.port, "leaky=none queue-size=1")
        blocked = Blocked(watched)
        watched.play()
        self.assertTrue(blocked.reached.wait(60))
        # One in the sink, one in the queue, one that waits for room.
        self.wait_until(watched, lambda s: s["sets-received"] == 3)
        self.assert_stops(watched)
        camera.wait_for(lambda: camera.calls[0].cancelled)

    def test_while_a_segment_is_held_back(self):
        camera = self.camera(endless)
        watched = self.watched(camera.port)
        reached = threading.Event()

        def block(_pad, info):
            if info.get_event().type != Gst.EventType.SEGMENT:
                return Gst.PadProbeReturn.PASS
            reached.set()
            return Gst.PadProbeReturn.OK

        watched.pipeline.get_by_name("sink").get_static_pad("sink").add_probe(
            Gst.PadProbeType.BLOCK | Gst.PadProbeType.EVENT_DOWNSTREAM, block)
        watched.play()
        self.assertTrue(reached.wait(60))
        self.assert_stops(watched)
        # The image that waited with it is lost, and counted.
        left = statistics(watched.source)["left"]
        self.assertGreater(left["images-received"], 0)
        self.assertEqual(left["images-dropped"], left["images-received"])

    def test_at_the_end(self):
        camera = self.camera(endless)
        watched = self.watched(
            camera.port, "leaky=none num-buffers=3",
            f"! {SINK} s.right ! fakesink name=right async=false")
        sink, blocked = Sink(watched), Blocked(watched, "right")
        watched.play()
        sink.wait_for(3)
        self.assertTrue(blocked.reached.wait(60))
        self.wait_until(watched, lambda s: s["state"] == "ended")
        self.assert_stops(watched)
        self.assertEqual(sink.offsets, [0, 1, 2])
        self.assertEqual(watched.n_eos, 0)

    def test_while_streaming(self):
        camera = self.camera(endless)
        watched = self.watched(camera.port)
        sink = Sink(watched)
        for run in range(3):
            watched.play()
            sink.wait_for(len(sink.buffers) + 5)
            self.assert_stops(watched)
            camera.wait_for(lambda: camera.calls[run].cancelled)
        self.assertEqual(len(camera.calls), 3)


class ReleaseTest(LifeTest):
    def check_while_held_back(self, types):
        camera = self.camera(endless)
        watched = self.watched(camera.port)
        blocked = Blocked(watched, types=types)
        watched.play()
        self.assertTrue(blocked.reached.wait(60))
        # A pad that is not released would hold the test up, too.
        releasing = threading.Thread(
            target=watched.source.release_request_pad,
            args=[watched.source.get_static_pad("left")], daemon=True)
        releasing.start()
        releasing.join(60)
        self.assertFalse(releasing.is_alive())
        self.assert_stops(watched)

    def test_at_a_buffer(self):
        self.check_while_held_back(Gst.PadProbeType.BUFFER)

    def test_at_an_event(self):
        self.check_while_held_back(Gst.PadProbeType.EVENT_DOWNSTREAM)

    def test_an_event_is_refused_after(self):
        camera = self.camera(endless)
        watched = self.watched(camera.port, rest="")
        pad = watched.source.request_pad_simple("left")
        reached, released = threading.Event(), threading.Event()
        self.addCleanup(released.set)

        def on_event(_pad, _parent, event):
            if event.type == Gst.EventType.SEGMENT:
                reached.set()
                return not released.wait(60)
            return True

        taker = Gst.Pad.new("sink", Gst.PadDirection.SINK)
        taker.set_event_function_full(on_event)
        taker.set_active(True)
        self.assertEqual(pad.link(taker), Gst.PadLinkReturn.OK)
        watched.play()
        self.assertTrue(reached.wait(60))
        child = watched.source.get_by_name("left-src")
        watched.source.release_request_pad(pad)
        released.set()
        self.wait_until(
            watched, lambda _: child.current_state == Gst.State.NULL)
        self.assert_stops(watched)


class NumBuffersTest(LifeTest):
    STREAMS = ("left", "right", "disparity", "confidence", "error", "mesh",
               "metadata")

    def run_streams(self, count):
        camera = self.camera(endless)
        watched = self.watched(
            camera.port, f"leaky=none num-buffers={count}", " ".join(
                f"s.{name} ! fakesink name=sink-{name} async=false sync=false"
                for name in self.STREAMS))
        sinks = [Sink(watched, f"sink-{name}") for name in self.STREAMS]
        watched.run()
        self.assertEqual(watched.errors + watched.warnings, [])
        self.assertEqual(watched.n_eos, 1)
        for name, sink in zip(self.STREAMS, sinks):
            self.assertEqual(sink.offsets, list(range(count)), name)
        return camera

    def test_some(self):
        for count in (1, 20):
            with self.subTest(count):
                camera = self.run_streams(count)
                camera.wait_for(lambda: camera.calls[0].cancelled)

    def test_none(self):
        camera = self.run_streams(0)
        self.assertEqual(camera.calls, [])

    def test_without_end(self):
        camera = self.camera(endless)
        watched = self.watched(camera.port, "leaky=none num-buffers=-1")
        sink = Sink(watched)
        watched.play()
        sink.wait_for(100)
        self.assert_stops(watched)
        self.assertEqual(watched.n_eos, 0)
        self.assertEqual(sink.offsets, list(range(len(sink.offsets))))


class CallTest(LifeTest):
    def test_paused_makes_no_call(self):
        camera = self.camera(endless)
        watched = self.watched(camera.port)
        sink = Sink(watched)
        self.assertEqual(watched.pipeline.set_state(Gst.State.PAUSED),
                         Gst.StateChangeReturn.NO_PREROLL)
        self.assertEqual(statistics(watched.source)["state"], "stopped")
        self.assertEqual(camera.calls, [])
        watched.play()
        sink.wait_for(3)
        self.assertEqual(len(camera.calls), 1)

    def test_leaving_playing(self):
        camera = self.camera(endless)
        watched = self.watched(camera.port, "leaky=none")
        sink = Sink(watched)
        watched.play()
        sink.wait_for(3)
        self.assertEqual(watched.pipeline.set_state(Gst.State.PAUSED),
                         Gst.StateChangeReturn.NO_PREROLL)
        camera.wait_for(lambda: camera.calls[0].cancelled)
        self.assertEqual(statistics(watched.source)["state"], "stopped")

        with sink.changed:
            sink.buffers.clear()
        watched.play()
        sink.wait_for(3)
        self.assert_stops(watched)
        self.assertEqual(len(camera.calls), 2)
        # What the sink had when it paused may come first.
        restart = sink.offsets.index(0)
        self.assertLessEqual(restart, 1)
        self.assertEqual(sink.offsets[restart:restart + 2], [0, 1])

    def test_no_pad(self):
        camera = self.camera(endless)
        watched = self.watched(camera.port, rest="")
        self.assertEqual(watched.pipeline.set_state(Gst.State.PAUSED),
                         Gst.StateChangeReturn.NO_PREROLL)
        self.assertEqual(watched.play(), Gst.StateChangeReturn.SUCCESS)
        self.assertEqual(statistics(watched.source)["state"], "idle")
        self.assertEqual(camera.calls, [])

        pad = watched.source.request_pad_simple("right")
        self.wait_until(watched, lambda s: s["sets-received"] >= 3)
        self.assertEqual(len(camera.calls), 1)
        self.assertTrue(camera.requests[0].right_enabled)
        self.assertFalse(camera.requests[0].left_enabled)

        watched.source.release_request_pad(pad)
        camera.wait_for(lambda: camera.calls[0].cancelled)
        self.wait_until(watched, lambda s: s["state"] == "idle")
        self.assert_stops(watched)

    def test_eos_event(self):
        camera = self.camera(endless)
        watched = self.watched(camera.port, "leaky=none")
        sink = Sink(watched)
        watched.play()
        sink.wait_for(3)
        watched.pipeline.send_event(Gst.Event.new_eos())
        self.assertEqual(watched.wait(ENDS).type, Gst.MessageType.EOS)
        camera.wait_for(lambda: camera.calls[0].cancelled)
        self.assert_stops(watched)
        self.assertEqual(watched.n_eos, 1)
        self.assertEqual(sink.offsets, list(range(len(sink.offsets))))

    def test_eos_event_ends_whole_sets(self):
        """The set that is under way goes to all pads, or to none."""
        for _ in range(20):
            camera = self.camera(endless)
            watched = self.watched(
                camera.port, "leaky=none queue-size=1",
                "s.left ! fakesink name=left sync=false async=false "
                "s.disparity ! fakesink name=disparity sync=false async=false")
            left, disparity = Sink(watched, "left"), Sink(watched, "disparity")
            self.addCleanup(left.gate.set)
            left.gate.clear()
            watched.play()
            # Left holds set 0, its queue set 1: set 2 waits for room there.
            self.wait_until(watched, lambda s: s["sets-received"] == 3)
            watched.pipeline.send_event(Gst.Event.new_eos())
            left.gate.set()
            message = watched.wait(ENDS)
            self.assertEqual(message.type, Gst.MessageType.EOS, watched.errors)
            watched.stop()
            self.assertEqual(left.offsets, [0, 1, 2])
            self.assertEqual(disparity.offsets, [0, 1, 2])


class EventsTest(LifeTest):
    def next_event(self, watched):
        while True:
            message = watched.wait(
                Gst.MessageType.ELEMENT | Gst.MessageType.WARNING | ENDS)
            self.assertIsNotNone(message)
            self.assertEqual(message.type, Gst.MessageType.ELEMENT)
            structure = message.get_structure()
            if structure.get_name() == "rc-image-event":
                return message, structure

    def test_fields(self):
        events = [make_event(n, message=f"event {n}") for n in range(3)]
        camera = self.camera(endless, events)
        watched = self.watched(camera.port, "image-events=true")
        watched.play()
        for n in range(3):
            message, structure = self.next_event(watched)
            self.assertEqual(message.src, watched.source)
            fields = {}
            for i in range(structure.n_fields()):
                name = structure.nth_field_name(i)
                fields[name] = (structure.get_field_type(name).name,
                                structure.get_value(name))
            time = 1_700_000_000_000_000_000 + n * 40_000_000
            self.assertEqual(fields, {
                "imageset-timestamp": ("guint64", time),
                "event": ("gchararray", "depth-acquisition-done"),
                "timestamp": ("guint64", time + 1_000_000),
                "message": ("gchararray", f"event {n}")})
        self.assert_stops(watched)
        camera.wait_for(lambda: camera.event_calls[0].cancelled)

    def test_not_asked_for(self):
        camera = self.camera(endless, [make_event(0)])
        watched = self.watched(camera.port, "leaky=none num-buffers=20").run()
        self.assertEqual(camera.event_calls, [])
        self.assertNotIn("rc-image-event", [
            message.get_structure().get_name()
            for message in watched.of_type(Gst.MessageType.ELEMENT)])

    def test_unimplemented(self):
        camera = self.camera(endless)
        watched = self.watched(camera.port, "image-events=true leaky=none")
        sink = Sink(watched)
        watched.play()
        self.assertIsNotNone(watched.wait(Gst.MessageType.WARNING))
        sink.wait_for(len(sink.buffers) + 50)
        watched.stop()
        self.assertEqual(watched.errors, [])
        self.assertEqual(len(watched.warnings), 1, watched.warnings)
        self.assertEqual(watched.warnings[0].domain,
                         "gst-resource-error-quark")
        self.assertEqual(watched.warnings[0].code,
                         int(Gst.ResourceError.NOT_FOUND))

    def test_when_pads_change(self):
        go_on = threading.Event()
        self.addCleanup(go_on.set)

        def events(request, call):
            yield make_event(0, message="before")
            go_on.wait()
            yield make_event(1, message="after")

        camera = self.camera(endless, events)
        watched = self.watched(camera.port, "image-events=true")
        watched.play()
        _, structure = self.next_event(watched)
        self.assertEqual(structure.get_value("message"), "before")
        pad = watched.source.request_pad_simple("right")
        camera.wait_for(lambda: len(camera.calls) == 2)
        watched.source.release_request_pad(pad)
        camera.wait_for(lambda: len(camera.calls) == 3)
        go_on.set()
        _, structure = self.next_event(watched)
        self.assertEqual(structure.get_value("message"), "after")
        self.assert_stops(watched)
        self.assertEqual(len(camera.event_calls), 1)


class PlayerTest(LifeTest):
    def few(self, request, call):
        return make_sets(request, 4)

    def check(self, watched, sink, camera):
        watched.play()
        message = watched.wait(ENDS)
        self.assertEqual(message.type, Gst.MessageType.EOS, watched.errors)
        watched.stop()
        self.assertEqual(sink.offsets, [0, 1, 2, 3])
        self.assertTrue(camera.requests[0].left_enabled)
        return camera.requests[0]

    def test_uridecodebin(self):
        camera = self.camera(self.few)
        for query in ("", "?streams=left"):
            watched = Watched(
                f"uridecodebin uri=rcgrpc://127.0.0.1:{camera.port}{query} ! "
                f"{SINK}")
            self.addCleanup(watched.stop)
            request = self.check(watched, Sink(watched), camera)
            self.assertFalse(request.color or request.disparity_enabled)

    def test_playbin_two_streams(self):
        camera = self.camera(self.few)
        watched = Watched(
            f"playbin uri=rcgrpc://127.0.0.1:{camera.port}"
            "?streams=left+disparity "
            'video-sink="fakesink name=sink sync=false"')
        self.addCleanup(watched.stop)
        video_sink = watched.pipeline.get_property("video-sink")
        self.check(watched, Sink(watched, element=video_sink), camera)

    def test_playbin(self):
        camera = self.camera(self.few)
        watched = Watched(
            f"playbin uri=rcgrpc://127.0.0.1:{camera.port} "
            'video-sink="fakesink name=sink sync=false"')
        self.addCleanup(watched.stop)
        video_sink = watched.pipeline.get_property("video-sink")
        self.check(watched, Sink(watched, element=video_sink), camera)


if __name__ == "__main__":
    unittest.main(verbosity=2)
