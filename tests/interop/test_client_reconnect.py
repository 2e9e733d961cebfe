# SPDX-License-Identifier: LGPL-2.1-or-later
"""RcClient against cameras that go and come back."""

import os
import socket
import sys
import unittest

try:
    import grpc

    from camera_server import CameraServer, make_event, make_set
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

from probe import Probe
from relay import Relay

PROGRAM = sys.argv.pop(1)

# (retries, longest back-off in ms, wait for a connection)
FOR_EVER = (-1, 50, False)


def endless(request, call):
    number = 0
    while not call.wait(0.005):
        yield make_set(request, number)
        number += 1


def one_set(request, call):
    yield make_set(request)


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class ClientTest(unittest.TestCase):
    def camera(self, *args, **kwargs):
        camera = CameraServer(*args, **kwargs)
        camera.__enter__()
        self.addCleanup(camera.stop)
        return camera

    def probe(self, port, retry=FOR_EVER, **kwargs):
        probe = Probe(PROGRAM, port, retry=retry, **kwargs)
        self.addCleanup(probe.__exit__)
        probe.do("request left")
        return probe

    def expect_change(self, probe, state, attempt, reason="none"):
        """The next change; other lines before it are passed over."""
        line = probe.wait_for("changed")
        self.assertEqual(
            (line["state"], int(line["attempt"]), line["reason"]),
            (state, attempt, reason))

    def expect_start(self, probe):
        self.expect_change(probe, "connecting", 0)
        self.expect_change(probe, "streaming", 0)

    def expect_return(self, probe):
        """Any number of attempts; then one that brings a set."""
        attempt = 0
        while True:
            line = probe.wait_for("changed")
            if line["state"] == "connecting":
                attempt += 1
            self.assertEqual(int(line["attempt"]), attempt)
            if line["state"] == "streaming":
                break
        probe.wait_for("set")
        return attempt


class ReconnectTest(ClientTest):
    def test_server_restarts(self):
        camera = self.camera(endless)
        probe = self.probe(camera.port)
        self.expect_start(probe)
        for _ in range(3):
            camera.stop()
            self.expect_change(probe, "disconnected", 0, "lost")
            self.expect_change(probe, "connecting", 1)
            camera = self.camera(endless, port=camera.port)
            while True:
                line = probe.wait_for("changed")
                if line["state"] == "streaming":
                    break
            probe.wait_for("set", request="left")
        self.assertNotIn("ended", [line.name for line in probe.free()])

    def test_status_in_mid_stream(self):
        for status in grpc.StatusCode:
            if status == grpc.StatusCode.OK:
                continue
            with self.subTest(status=status):
                camera = self.camera(one_set, status=(status, "because"))
                probe = self.probe(camera.port)
                self.expect_start(probe)
                line = probe.wait_for("changed")
                self.assertEqual(line["state"], "disconnected")
                self.expect_return(probe)
                probe.free()
                camera.stop()

    def test_ok_is_the_end(self):
        camera = self.camera(one_set)
        probe = self.probe(camera.port)
        self.expect_start(probe)
        probe.expect("set")
        self.assertEqual(probe.expect("ended")["class"], "ok")

    def test_first_connection_fails(self):
        probe = self.probe(free_port())
        self.expect_change(probe, "connecting", 0)
        self.assertEqual(probe.expect("ended")["class"], "connect")

    def test_wait_for_first_connection(self):
        port = free_port()
        probe = self.probe(port, retry=(-1, 50, True))
        self.expect_change(probe, "connecting", 0)
        self.expect_change(probe, "disconnected", 0, "connect")
        self.expect_change(probe, "connecting", 1)
        self.camera(endless, port=port)
        while True:
            line = probe.wait_for("changed")
            if line["state"] == "streaming":
                break
        probe.wait_for("set")

    def test_waiting_does_not_mend_a_wrong_server(self):
        camera = self.camera(images=False)
        probe = self.probe(camera.port, retry=(-1, 50, True))
        self.expect_change(probe, "connecting", 0)
        self.assertEqual(probe.expect("ended")["class"], "not-a-camera")

    def test_retries(self):
        camera = self.camera(endless)
        probe = self.probe(camera.port, retry=(3, 20, False))
        self.expect_start(probe)
        camera.stop()
        self.expect_change(probe, "disconnected", 0, "lost")
        for attempt in 1, 2:
            self.expect_change(probe, "connecting", attempt)
            self.expect_change(probe, "disconnected", attempt, "connect")
        self.expect_change(probe, "connecting", 3)
        self.assertEqual(probe.expect("ended")["class"], "connect")

    def test_silence(self):
        """A dead link, seen by `timeout` alone."""
        def falls_silent(request, call):
            yield make_set(request)
            call.wait()

        camera = self.camera(falls_silent)
        probe = self.probe(camera.port, timeout_ms=400)
        self.expect_start(probe)
        self.expect_change(probe, "disconnected", 0, "silent")
        self.assertEqual(self.expect_return(probe), 1)
        camera.wait_for(lambda: camera.calls[0].ended)

    def test_free_while_waiting(self):
        camera = self.camera(endless)
        probe = self.probe(camera.port, retry=(-1, 3_600_000, False))
        self.expect_start(probe)
        camera.stop()
        self.expect_change(probe, "disconnected", 0, "lost")
        # An hour's back-off is reached soon; the wait ends with the client.
        for attempt in 1, 2, 3:
            self.expect_change(probe, "connecting", attempt)
            self.expect_change(probe, "disconnected", attempt, "connect")
        self.assertNotIn("ended", [line.name for line in probe.free()])
        self.assertFalse(probe.after)

    def test_no_request_while_waiting(self):
        camera = self.camera(endless)
        probe = self.probe(camera.port)
        self.expect_start(probe)
        camera.stop()
        self.expect_change(probe, "disconnected", 0, "lost")
        probe.do("request none")
        probe.do("state")
        self.assertEqual(probe.wait_for("state").words, ["idle"])
        camera = self.camera(endless, port=camera.port)
        probe.do("request right")
        probe.wait_for("set", request="right")
        self.assertEqual(len(camera.requests), 1)
        self.assertTrue(camera.requests[0].right_enabled)

    def test_other_request_while_waiting(self):
        camera = self.camera(endless)
        probe = self.probe(camera.port)
        self.expect_start(probe)
        camera.stop()
        self.expect_change(probe, "disconnected", 0, "lost")
        probe.do("request right")
        camera = self.camera(endless, port=camera.port)
        probe.wait_for("set", request="right")
        self.assertFalse(any(r.left_enabled for r in camera.requests))

    def test_events_come_back(self):
        camera = self.camera(endless, events=[make_event(0)])
        probe = self.probe(camera.port, events=True)
        probe.wait_for("event")
        probe.wait_for("set")
        camera.stop()
        self.camera(endless, events=[make_event(7)], port=camera.port)
        probe.wait_for("event", set="1700000000280000000")
        self.assertNotIn("events-failed", [line.name for line in probe.free()])

    def test_events_of_a_dead_link(self):
        """Their call has no timeout: it ends with the images'."""
        def falls_silent(request, call):
            yield make_set(request)
            call.wait()

        camera = self.camera(falls_silent, events=[make_event(0)])
        relay = Relay(camera.port)
        self.addCleanup(relay.cut)
        probe = self.probe(relay.port, events=True, timeout_ms=400)
        probe.wait_for("event")
        probe.wait_for("changed", state="disconnected")
        probe.wait_for("event")


class RejectedTest(ClientTest):
    BAD = b"\x0a\x7f"  # a field that runs past the end

    def test_in_a_row(self):
        camera = self.camera([self.BAD] * 60, hold=True)
        probe = self.probe(camera.port)
        self.expect_change(probe, "connecting", 0)
        for _ in range(51):
            probe.expect("rejected")
        self.assertEqual(probe.expect("ended")["class"], "incompatible")

    def test_good_ones_between(self):
        def script(request, call):
            for number in range(3):
                yield from [self.BAD] * 50
                yield make_set(request, number)

        camera = self.camera(script)
        probe = self.probe(camera.port)
        lines = []
        while (line := probe.next()).name != "ended":
            lines.append(line.name)
        self.assertEqual(line["class"], "ok")
        self.assertEqual(lines.count("rejected"), 150)
        self.assertEqual(lines.count("set"), 3)

    def test_across_connections(self):
        """A server that sends one bad message a call is given up, too."""
        def script(request, call):
            if len(camera.calls) == 1:
                yield make_set(request)
            yield self.BAD

        camera = self.camera(
            script, status=(grpc.StatusCode.UNAVAILABLE, "again"))
        probe = self.probe(camera.port, retry=(-1, 1, False))
        probe.wait_for("set")
        while (line := probe.next()).name != "ended":
            pass
        self.assertEqual(line["class"], "incompatible")


class SizeTest(ClientTest):
    LIMIT = 16 << 20

    def check_memory(self, probe, bound):
        if "ASAN_RUNTIME" in os.environ:
            self.skipTest("AddressSanitizer keeps what was freed")
        with open(f"/proc/{probe.pid}/status") as file:
            peak = next(int(line.split()[1]) << 10 for line in file
                        if line.startswith("VmHWM"))
        self.assertLess(peak, bound)

    def test_memory_is_bounded(self):
        """gRPC alone would take in all of it before it looks at its size."""
        big = b"\x0a" + bytes(5) + bytes(400 << 20)
        camera = self.camera([big], hold=True)
        probe = self.probe(camera.port, max_size=self.LIMIT)
        self.expect_change(probe, "connecting", 0)
        self.assertEqual(probe.expect("ended")["class"], "too-large")
        self.check_memory(probe, 200 << 20)

    def test_bomb(self):
        for compression in grpc.Compression.Gzip, grpc.Compression.Deflate:
            with self.subTest(compression=compression):
                camera = self.camera(
                    [bytes(200 << 20)], compression=compression, hold=True)
                probe = self.probe(camera.port, max_size=self.LIMIT)
                self.expect_change(probe, "connecting", 0)
                self.assertEqual(probe.expect("ended")["class"], "too-large")
                self.check_memory(probe, 100 << 20)

    def test_compressed(self):
        for compression in grpc.Compression.Gzip, grpc.Compression.Deflate:
            with self.subTest(compression=compression):
                camera = self.camera(
                    lambda request, call: [make_set(
                        request, width=641, height=480)],
                    compression=compression)
                plain = self.camera(
                    lambda request, call: [make_set(
                        request, width=641, height=480)])
                packed = self.probe(camera.port)
                straight = self.probe(plain.port)
                self.assertEqual(packed.wait_for("set").text,
                                 straight.wait_for("set").text)


if __name__ == "__main__":
    unittest.main(verbosity=2)
