# SPDX-License-Identifier: LGPL-2.1-or-later
"""RcClient against a camera in Python grpcio."""

import hashlib
import http.server
import shutil
import socket
import subprocess
import sys
import threading
import unittest

try:
    import grpc

    import image_interface_pb2 as pb
    from camera_server import (CameraServer, make_event, make_set, make_sets,
                               stream_bytes)
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

from probe import Probe
from relay import Relay

PROGRAM = ""
STREAMS = ("left", "right", "disparity", "confidence", "error", "mesh")
MALFORMED = 1  # RC_IMAGE_SET_ERROR_MALFORMED
EMPTY = 0  # RC_IMAGE_SET_ERROR_EMPTY


def digest(data):
    return hashlib.sha256(data).hexdigest()


def endless(request, call, **arguments):
    number = 0
    while not call.ended:
        yield make_set(request, number, **arguments)
        number += 1


def padded_set(request, size):
    """A valid set of more than `size` bytes."""
    return make_set(request, width=1000, height=size // 1000 + 1)


class ClientTest(unittest.TestCase):
    def probe(self, port, **arguments):
        probe = Probe(PROGRAM, port, **arguments)
        self.addCleanup(probe.__exit__)
        return probe

    def camera(self, *arguments, **named):
        camera = CameraServer(*arguments, **named)
        camera.__enter__()
        self.addCleanup(camera.stop)
        return camera

    def assert_set(self, line, expected):
        self.assertEqual(int(line["size"]), expected.ByteSize())
        self.assertEqual(
            int(line["timestamp"]),
            expected.timestamp.sec * 10**9 + expected.timestamp.nsec)
        for stream in STREAMS:
            field = "disparity_error" if stream == "error" else stream
            if expected.HasField(field):
                self.assertEqual(
                    line[stream], digest(stream_bytes(expected, stream)))
            else:
                self.assertNotIn(stream, line.values)

    def run_to_end(self, camera, question="left", **arguments):
        """All lines of a stream that the camera ends."""
        probe = self.probe(camera.port, **arguments)
        probe.do("request " + question)
        lines = []
        while not lines or lines[-1].name != "ended":
            lines.append(probe.next())
        self.assertEqual(probe.free(), [])
        return lines


class ImagesTest(ClientTest):
    def check_all_streams(self, question="+".join(STREAMS), **arguments):
        compression = arguments.pop("compression", None)
        camera = self.camera(
            lambda request, call: make_sets(request, 3, **arguments),
            compression=compression)
        lines = self.run_to_end(camera, question)
        self.assertEqual([line.name for line in lines],
                         ["set", "set", "set", "ended"])
        for number, line in enumerate(lines[:3]):
            self.assert_set(
                line, make_set(camera.requests[0], number, **arguments))
        self.assertEqual(lines[-1]["class"], "ok")
        return camera

    def test_all_streams(self):
        self.check_all_streams(width=1280, height=960)

    def test_odd_sizes_and_padding(self):
        self.check_all_streams(
            width=641, height=479, depth_size=(214, 160), padding=13)

    def test_color(self):
        camera = self.check_all_streams("left+right color", width=643)
        self.assertTrue(camera.requests[0].color)

    def test_gzip(self):
        self.check_all_streams(width=1280, height=960,
                               compression=grpc.Compression.Gzip)

    def test_tiny(self):
        """Messages that fit a slice, or an inlined one."""
        self.check_all_streams("left", width=1, height=1)
        camera = self.camera([b"\x0a\x00", pb.ImageSet()], hold=True)
        probe = self.probe(camera.port)
        probe.do("request left")
        self.assertEqual(probe.expect("set")["size"], "2")
        self.assertEqual(int(probe.expect("rejected")["code"]), EMPTY)
        probe.free()

    def test_large(self):
        self.check_all_streams("left color", width=4112, height=3008)

    def test_rejected(self):
        good = make_set(pb.ImageSetRequest(left_enabled=True))
        camera = self.camera([b"\x0a\xff", good])
        lines = self.run_to_end(camera)
        self.assertEqual([line.name for line in lines],
                         ["rejected", "set", "ended"])
        self.assertEqual(lines[0]["size"], "2")
        self.assertEqual(int(lines[0]["code"]), MALFORMED)


class RequestTest(ClientTest):
    def test_flags(self):
        camera = self.camera()
        for stream in STREAMS:
            self.run_to_end(camera, stream)
        for stream, request in zip(STREAMS, camera.requests, strict=True):
            field = "disparity_error" if stream == "error" else stream
            expected = pb.ImageSetRequest(**{field + "_enabled": True})
            request.ClearField("mesh_options")
            self.assertEqual(request, expected)

    def test_user_agent(self):
        camera = self.camera()
        self.run_to_end(camera)
        self.assertIn("gst-rcgrpc/", camera.calls[0].metadata["user-agent"])

    def test_change(self):
        camera = self.camera(endless)
        probe = self.probe(camera.port)
        questions = ["left", "left+disparity", "right", "confidence+mesh"]
        for question in questions:
            probe.do("request " + question)
            # Until sets of the new question come, the old one's may; each
            # says what was asked for, and has just that.
            while True:
                line = probe.expect("set")
                streams = [s for s in STREAMS if s in line.values]
                self.assertEqual("+".join(streams), line["request"])
                if line["request"] == question:
                    break
        probe.do("state")
        self.assertEqual(probe.wait_for("state").words, ["streaming"])
        self.assertEqual(
            [line for line in probe.free() if line.name != "set"], [])
        camera.wait_for(lambda: all(call.cancelled for call in camera.calls))
        self.assertEqual(len(camera.calls), len(questions))
        # On one connection.
        self.assertEqual(len({call.peer for call in camera.calls}), 1)

    def test_many_changes(self):
        """Changes that come between the receipt of a set and its delivery."""
        def script(request, call):
            image_set = make_set(request, width=8, height=8)
            while not call.ended:
                yield image_set

        camera = self.camera(script, max_workers=32)
        probe = self.probe(camera.port, events=True)
        for question in ("left", "right") * 300:
            probe.do("request " + question)
            while True:
                line = probe.next()
                if line.name == "set":
                    self.assertIn(line["request"], line.values)
                    if line["request"] == question:
                        break
        probe.free()

    def test_changes_at_once(self):
        camera = self.camera(endless, events=(), max_workers=32)
        probe = self.probe(camera.port, events=True)
        for _ in range(100):
            for question in ("left", "right", "none"):
                probe.do("request " + question)
        probe.do("request disparity")
        probe.wait_for("set", request="disparity")
        self.assertLessEqual({line.name for line in probe.free()}, {"set"})

    def test_same_question(self):
        camera = self.camera(endless)
        probe = self.probe(camera.port)
        probe.do("request left")
        probe.expect("set")
        # Asks the camera for nothing else.
        probe.do("request left+metadata")
        line = probe.wait_for("set", request="left+metadata")
        self.assertIn("left", line.values)
        probe.free()
        self.assertEqual(len(camera.calls), 1)

    def test_none(self):
        camera = self.camera(endless)
        probe = self.probe(camera.port)
        for round_ in (1, 2):
            probe.do("request left")
            probe.wait_for("set")
            probe.do("request none")
            probe.do("state")
            self.assertEqual(probe.wait_for("state").words, ["idle"])
            camera.wait_for(lambda: len(camera.calls) == round_
                            and camera.calls[-1].cancelled)
        self.assertEqual(len({call.peer for call in camera.calls}), 1)
        probe.free()

    def test_camera_restarted_while_idle(self):
        camera = self.camera(endless, events=[make_event(0)])
        probe = self.probe(camera.port, events=True)
        probe.do("request left")
        probe.wait_for("event")
        camera.wait_for(lambda: camera.calls)
        probe.do("request none")
        camera.wait_for(lambda: camera.calls[0].ended)
        camera.stop()
        again = self.camera(endless, events=[make_event(7)], port=camera.port)
        probe.do("request right")
        # Which comes first is open; sets of the first camera are left ones.
        probe.wait_for("event", set="1700000000280000000")
        probe.wait_for("set", request="right")
        self.assertTrue(again.calls)
        self.assertNotIn("events-failed", [line.name for line in probe.free()])


class EndTest(ClientTest):
    def check(self, expected, sets=(), **arguments):
        camera = self.camera(sets, **arguments)
        lines = self.run_to_end(camera)
        self.assertEqual(lines[-1]["class"], expected)
        self.assertEqual(len(lines), len(sets) + 1)

    def test_statuses(self):
        one = [make_set(pb.ImageSetRequest(left_enabled=True))]
        code = grpc.StatusCode
        self.check("ok")
        self.check("ok", one)
        self.check("connect", status=(code.UNAVAILABLE, "no"))
        self.check("lost", one, status=(code.UNAVAILABLE, "no"))
        self.check("status", one, status=(code.INTERNAL, "\x00 \xff"))
        self.check("status", status=(code.PERMISSION_DENIED, "no"))
        self.check("status", status=(code.RESOURCE_EXHAUSTED, "clients"))
        self.check("not-a-camera", status=(code.UNIMPLEMENTED, "no"))
        self.check("not-a-camera", images=False)

    def test_server_stops(self):
        camera = self.camera(endless)
        probe = self.probe(camera.port)
        probe.do("request left")
        probe.expect("set")
        camera.stop()
        while (line := probe.next()).name == "set":
            pass
        self.assertEqual(line.text, "ended class=lost")
        probe.free()

    def test_too_large(self):
        camera = self.camera(lambda request, call: [
            make_set(request), padded_set(request, 2 << 20)])
        lines = self.run_to_end(camera, max_size=2 << 20)
        self.assertEqual([line.name for line in lines], ["set", "ended"])
        self.assertEqual(lines[-1]["class"], "too-large")

    def test_too_large_inflated(self):
        bomb = pb.ImageSet()
        bomb.left.data = bytes(8 << 20)
        camera = self.camera([bomb], compression=grpc.Compression.Gzip)
        lines = self.run_to_end(camera, max_size=2 << 20)
        self.assertEqual(lines[-1].text, "ended class=too-large")

    def test_silence(self):
        camera = self.camera(hold=True)
        lines = self.run_to_end(camera, timeout_ms=200)
        self.assertEqual([line.text for line in lines],
                         ["ended class=timeout"])

    def test_silence_after_a_set(self):
        camera = self.camera(
            lambda request, call: make_sets(request, 2), hold=True)
        lines = self.run_to_end(camera, timeout_ms=2000)
        self.assertEqual([line.name for line in lines], ["set", "set", "ended"])
        self.assertEqual(lines[-1]["class"], "silent")

    def test_callbacks_take_no_timeout(self):
        go = threading.Event()

        def script(request, call):
            yield make_set(request, 0)
            go.wait()
            yield make_set(request, 1)

        camera = self.camera(script)
        self.addCleanup(go.set)
        probe = self.probe(camera.port, timeout_ms=2000)
        probe.do("hold")
        probe.do("request left")
        probe.expect("set")
        # Another client's timeout says that as much time has passed.
        silent = self.camera(hold=True)
        self.run_to_end(silent, timeout_ms=2000)
        # A wait begins with the release; what was before does not count.
        probe.do("release")
        self.run_to_end(self.camera())
        go.set()
        probe.expect("set")
        self.assertEqual(probe.expect("ended")["class"], "ok")
        probe.free()

    def test_cut_in_first_message(self):
        camera = self.camera(
            lambda request, call: [padded_set(request, 4 << 20)])
        with Relay(camera.port, limit=1 << 20) as relay:
            probe = self.probe(relay.port)
            probe.do("request left")
            self.assertTrue(relay.stalled.wait(30))
            relay.cut()
            self.assertEqual(probe.expect("ended")["class"], "connect")
            probe.free()

    def test_cut_in_a_later_message(self):
        camera = self.camera(lambda request, call: [
            make_set(request), padded_set(request, 4 << 20)])
        with Relay(camera.port, limit=1 << 20) as relay:
            probe = self.probe(relay.port, events=True)
            probe.do("request left")
            probe.wait_for("set")
            self.assertTrue(relay.stalled.wait(30))
            relay.cut()
            line = probe.next()
            # The camera here has no events.
            if line.name == "events-failed":
                line = probe.next()
            self.assertEqual(line.text, "ended class=lost")
            probe.free()

    def test_http1(self):
        server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        probe = self.probe(server.server_address[1])
        probe.do("request left")
        self.assertEqual(probe.expect("ended")["class"], "not-a-camera")
        probe.free()

    @unittest.skipUnless(shutil.which("nghttpd"), "nghttp2-server is missing")
    def test_http2(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        server = subprocess.Popen(
            ["nghttpd", "--verbose", "--no-tls", "-a", "127.0.0.1", str(port)],
            stdout=subprocess.PIPE)
        self.addCleanup(server.stdout.close)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        server.stdout.readline()  # listens
        # One name, and ::1 refuses where there is IPv6.
        probe = self.probe(port, host="localhost")
        probe.do("request left")
        self.assertEqual(probe.expect("ended")["class"], "not-a-camera")
        probe.free()
        server.kill()
        self.assertIn(b":authority: localhost:%d" % port,
                      server.stdout.read())


class FlowTest(ClientTest):
    def test_back_pressure(self):
        count, size = 200, 1 << 20
        sets = lambda request, call: (  # noqa: E731
            padded_set(request, size) for _ in range(count))
        camera = self.camera(sets)
        held = self.probe(camera.port)
        held.do("hold")
        held.do("request left")
        held.expect("set")
        # While another client gets everything, this one gets nothing.
        free = self.run_to_end(camera)
        self.assertEqual(len(free), count + 1)
        self.assertLess(camera.calls[0].sent, count // 4)
        held.do("release")
        for _ in range(count - 1):
            held.expect("set")
        self.assertEqual(held.expect("ended")["class"], "ok")
        held.free()

    def test_free_while_held_back(self):
        camera = self.camera(endless)
        probe = self.probe(camera.port)
        probe.do("hold")
        probe.do("request left")
        probe.expect("set")
        self.assertEqual(probe.free(), [])
        camera.wait_for(lambda: camera.calls[0].cancelled)

    def test_free_in_a_message(self):
        camera = self.camera(
            lambda request, call: [padded_set(request, 100 << 20)])
        for command in ("free", "request none", "request right"):
            with Relay(camera.port, limit=20 << 20) as relay:
                probe = self.probe(relay.port, events=True)
                probe.do("request left")
                self.assertTrue(relay.stalled.wait(60))
                if command != "free":
                    probe.do(command)
                lines = [line.name for line in probe.free()]
                self.assertLessEqual(set(lines), {"events-failed"})

    def test_set_outlives_client(self):
        camera = self.camera(
            lambda request, call: make_sets(request, 1, width=1280))
        probe = self.probe(camera.port)
        probe.do("keep")
        probe.do("request left+mesh")
        probe.expect("set")
        probe.expect("ended")
        probe.free()
        line, = probe.after
        self.assert_set(line, make_set(camera.requests[0], width=1280))

    def test_cancel(self):
        camera = self.camera(endless)
        probe = self.probe(camera.port)
        probe.do("request left")
        probe.expect("set")
        probe.do("cancel")
        camera.wait_for(lambda: camera.calls[0].cancelled)
        probe.do("state")
        self.assertEqual(probe.wait_for("state").words, ["idle"])
        self.assertEqual(probe.free(), [])


class EventsTest(ClientTest):
    def next_event_line(self, probe):
        while (line := probe.next()).name == "set":
            pass
        return line

    def test_events(self):
        camera = self.camera(
            endless, events=[make_event(n) for n in range(3)])
        probe = self.probe(camera.port, events=True)
        probe.do("request left")
        for number in range(3):
            line = self.next_event_line(probe)
            self.assertEqual(line.name, "event")
            start = 1_700_000_000_000_000_000 + number * 40_000_000
            self.assertEqual(int(line["set"]), start)
            self.assertEqual(int(line["timestamp"]), start + 1_000_000)
        self.assertTrue(
            camera.event_calls[0].request.depth_acquisition_done_enabled)
        # No request: no events either. They come back with it.
        probe.do("request none")
        camera.wait_for(lambda: camera.event_calls[0].cancelled)
        probe.do("request left")
        self.assertEqual(self.next_event_line(probe).name, "event")
        # Another question does not disturb them.
        probe.do("request right")
        probe.wait_for("set", request="right")
        self.assertEqual(len(camera.event_calls), 2)
        self.assertEqual(
            len({c.peer for c in camera.calls + camera.event_calls}), 1)
        probe.free()

    def test_bad_events(self):
        other = pb.ImageEvents()  # of a kind that is not known yet
        other.imageset_timestamp.sec = 1
        camera = self.camera(endless, events=[
            b"\x0a\xff", make_event(0, message="x" * 70000), other,
            make_event(1)])
        probe = self.probe(camera.port, events=True)
        probe.do("request left")
        line = self.next_event_line(probe)
        self.assertEqual(line.name, "event")
        self.assertEqual(int(line["set"]), 1_700_000_000_040_000_000)
        probe.free()

    def test_unimplemented(self):
        camera = self.camera(endless)
        probe = self.probe(camera.port, events=True)
        probe.do("request left")
        line = self.next_event_line(probe)
        self.assertEqual(line.text, "events-failed class=not-a-camera")
        # Said once; images go on, with another question too.
        probe.do("request right")
        probe.wait_for("set", request="right")
        probe.do("request none")
        probe.do("request left")
        probe.wait_for("set", request="left")
        self.assertNotIn("events-failed", [line.name for line in probe.free()])

    def test_events_end(self):
        for status, expected in (
                (None, "status"),
                ((grpc.StatusCode.INTERNAL, "no"), "status"),
                ((grpc.StatusCode.UNAVAILABLE, "no"), "lost")):
            camera = self.camera(endless, events=[make_event(0)],
                                 events_status=status, events_hold=False)
            probe = self.probe(camera.port, events=True)
            probe.do("request left")
            self.assertEqual(self.next_event_line(probe).name, "event")
            line = self.next_event_line(probe)
            self.assertEqual(line.text, "events-failed class=" + expected)
            probe.expect("set")
            probe.free()

    def test_one_end_for_both(self):
        """The end of everything is no news about events."""
        over = threading.Event()

        def sets(request, call):
            yield make_set(request)
            camera.wait_for(lambda: camera.event_calls)
            over.set()

        camera = self.camera(
            sets, events=lambda request, call: over.wait() and (),
            events_hold=False)
        self.addCleanup(over.set)
        lines = self.run_to_end(camera, events=True)
        self.assertEqual([line.name for line in lines], ["set", "ended"])


if __name__ == "__main__":
    PROGRAM = sys.argv.pop(1)
    unittest.main(verbosity=2)
