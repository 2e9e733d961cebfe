# SPDX-License-Identifier: LGPL-2.1-or-later
"""What rcgrpcsrc says when something is wrong, as a user sees it."""

import http.server
import socket
import sys
import threading
import unittest

try:
    import grpc

    from watched import Gst, Sink, Watched, launch, statistics
    from camera_server import CameraServer, make_set, make_sets
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

from relay import Relay

RESOURCE = "gst-resource-error-quark"
STREAM = "gst-stream-error-quark"
OPEN_READ = int(Gst.ResourceError.OPEN_READ)
NOT_FOUND = int(Gst.ResourceError.NOT_FOUND)
READ = int(Gst.ResourceError.READ)
SETTINGS = int(Gst.ResourceError.SETTINGS)
SINK = "fakesink name=sink sync=false async=false"


def bound_socket():
    """Takes a port where connections are refused."""
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    return taken


def endless(request, call):
    number = 0
    while not call.ended:
        yield make_set(request, number)
        number += 1


class Silent(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass


class ErrorTest(unittest.TestCase):
    def camera(self, *arguments, **named):
        camera = CameraServer(*arguments, **named)
        camera.__enter__()
        self.addCleanup(camera.stop)
        return camera

    def watched(self, port, options="", rest=SINK,
                host="127.0.0.1"):
        watched = Watched(
            f"rcgrpcsrc name=s host={host} port={port} {options} ! {rest}")
        self.addCleanup(watched.stop)
        return watched

    def only_error(self, watched):
        self.assertEqual(len(watched.errors), 1, watched.errors)
        return watched.errors[0]

    def check(self, port, codes, words=(), options="", host="127.0.0.1",
              **arguments):
        """One error of `codes` that names host and port, and in its debug
        text `words`."""
        watched = self.watched(port, options, host=host, **arguments).run()
        error = self.only_error(watched)
        self.assertEqual(error.domain, RESOURCE)
        self.assertIn(error.code, codes, error)
        self.assertEqual(error.source, "s")
        self.assertIn(host, error.text)
        self.assertIn(str(port), error.text)
        for word in words:
            self.assertIn(word, error.debug)
        return error


class ConnectionTest(ErrorTest):
    def test_refused(self):
        with bound_socket() as taken:
            # At once: there is no other end to this wait.
            self.check(taken.getsockname()[1], [OPEN_READ], options="timeout=0")

    def test_refused_many_pads(self):
        with bound_socket() as taken:
            self.check(taken.getsockname()[1], [OPEN_READ], rest="fakesink "
                       "async=false s.right ! fakesink async=false "
                       "s.metadata ! fakesink async=false")

    def test_pipeline_is_added_to_the_port(self):
        with bound_socket() as taken:
            port = taken.getsockname()[1]
            watched = self.watched(port - 3, "pipeline=3").run()
            self.assertIn(str(port), self.only_error(watched).text)

    def test_unknown_host(self):
        # The latter where a resolver takes its time.
        self.check(50051, [NOT_FOUND, OPEN_READ],
                   host="no-such-camera.invalid")

    def test_web_server(self):
        server = http.server.HTTPServer(("127.0.0.1", 0), Silent)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.check(server.server_port, [OPEN_READ], ["gRPC status"])

    def test_silent(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            self.check(server.getsockname()[1], [OPEN_READ],
                       options="timeout=300000000")

    def test_other_service(self):
        camera = self.camera(images=False)
        self.check(camera.port, [OPEN_READ], ["UNIMPLEMENTED"])

    def test_lost(self):
        camera = self.camera(endless)
        with Relay(camera.port) as relay:
            watched = self.watched(relay.port, "auto-reconnect=false")
            sink = Sink(watched)
            watched.play()
            sink.wait_for(3)
            relay.cut()
            watched.wait(Gst.MessageType.EOS)
            watched.stop()
        error = self.only_error(watched)
        self.assertEqual((error.domain, error.code), (RESOURCE, READ))

    def test_server_killed(self):
        camera = self.camera(endless)
        watched = self.watched(camera.port, "auto-reconnect=false")
        sink = Sink(watched)
        watched.play()
        sink.wait_for(3)
        camera.stop()
        watched.wait(Gst.MessageType.EOS)
        watched.stop()
        error = self.only_error(watched)
        self.assertEqual((error.domain, error.code), (RESOURCE, READ))


class StatusTest(ErrorTest):
    def test_at_start(self):
        camera = self.camera(
            status=(grpc.StatusCode.PERMISSION_DENIED, "not you"))
        self.check(camera.port, [READ, OPEN_READ],
                   ["PERMISSION_DENIED", "not you"])

    def test_in_mid_stream(self):
        camera = self.camera(lambda request, call: make_sets(request, 3),
                             status=(grpc.StatusCode.DATA_LOSS, "lens cap"))
        watched = self.watched(
            camera.port, "leaky=none auto-reconnect=false")
        sink = Sink(watched)
        watched.run()
        error = self.only_error(watched)
        self.assertEqual((error.domain, error.code), (RESOURCE, READ))
        self.assertIn("DATA_LOSS", error.debug)
        self.assertIn("lens cap", error.text)
        # What came before is not lost.
        self.assertEqual(sink.offsets, [0, 1, 2])

    def test_ok_is_no_error(self):
        camera = self.camera(lambda request, call: make_sets(request, 3))
        watched = self.watched(camera.port, "leaky=none")
        sink = Sink(watched)
        watched.run()
        self.assertEqual(watched.errors + watched.warnings, [])
        self.assertEqual(watched.n_eos, 1)
        self.assertEqual(sink.offsets, [0, 1, 2])


class TimeoutTest(ErrorTest):
    TIMEOUT = 300_000_000
    OPTION = f"timeout={TIMEOUT}"

    def test_before_the_first_set(self):
        camera = self.camera(hold=True)
        self.check(camera.port, [OPEN_READ], options=self.OPTION)
        camera.wait_for(lambda: camera.calls[0].cancelled)

    def test_in_mid_stream(self):
        camera = self.camera(
            lambda request, call: make_sets(request, 2), hold=True)
        watched = self.watched(
            camera.port, self.OPTION + " auto-reconnect=false")
        sink = Sink(watched)
        watched.run()
        error = self.only_error(watched)
        self.assertEqual(error.domain, RESOURCE)
        self.assertIn(error.code, [READ, OPEN_READ])
        self.assertEqual(sink.offsets, [0, 1])

    def test_not_while_held_back(self):
        camera = self.camera(endless)
        watched = self.watched(
            camera.port,
            f"{self.OPTION} leaky=none queue-size=1 num-buffers=100")
        sink = Sink(watched)
        sink.gate.clear()
        self.addCleanup(sink.gate.set)
        watched.play()
        sink.wait_for(1)
        self.assertIsNone(
            watched.wait(Gst.MessageType.ERROR, 4 * self.TIMEOUT))
        sink.gate.set()
        watched.wait(Gst.MessageType.ERROR | Gst.MessageType.EOS)
        watched.stop()
        self.assertEqual(watched.errors, [])
        self.assertEqual(sink.offsets, list(range(100)))

    def test_none(self):
        go_on = threading.Event()

        def script(request, call):
            for number in range(2):
                go_on.wait()
                go_on.clear()
                yield make_set(request, number)

        camera = self.camera(script)
        self.addCleanup(go_on.set)
        watched = self.watched(camera.port, "timeout=0")
        sink = Sink(watched)
        watched.play()
        for count in (1, 2):
            self.assertIsNone(
                watched.wait(Gst.MessageType.ERROR, self.TIMEOUT))
            go_on.set()
            sink.wait_for(count)
        watched.wait(Gst.MessageType.EOS)
        watched.stop()
        self.assertEqual(watched.errors, [])


def altered(**fields):
    """A script's set whose left image is not as it should be."""
    def change(request, number):
        bad = make_set(request, number)
        for name, value in fields.items():
            setattr(bad.left, name, value)
        return bad
    return change


BAD_SETS = {
    "no message": lambda request, number: b"\xff\xff\xff",
    "cut short": lambda request, number:
        make_set(request, number).SerializeToString()[:-5],
    "empty": lambda request, number: b"",
    "too little data": altered(data=b"short"),
    "rows over each other": altered(step=63),
    "unknown encoding": altered(encoding="mono7"),
    "no width": altered(width=0),
    "size beyond 32 bits": altered(width=0xFFFFFFFF, height=0xFFFFFFFF,
                                   step=0xFFFFFFFF),
    "size that wraps around": altered(width=65536, height=65536, step=65536,
                                      data=b""),
}


class SetTest(ErrorTest):
    def test_too_large(self):
        camera = self.camera(endless)
        watched = self.watched(camera.port, "max-message-size=2000").run()
        error = self.only_error(watched)
        self.assertEqual((error.domain, error.code), (RESOURCE, READ))
        self.assertIn("max-message-size", error.text)
        self.assertIn(str(camera.port), error.text)

    def run_script(self, script):
        camera = self.camera(script)
        watched = self.watched(camera.port, "leaky=none")
        sink = Sink(watched)
        watched.play()
        message = watched.wait(Gst.MessageType.ERROR | Gst.MessageType.EOS)
        self.assertEqual(message.type, Gst.MessageType.EOS)
        stats = statistics(watched.source)
        watched.stop()
        self.assertEqual(watched.errors, [])
        for warning in watched.warnings:
            self.assertEqual((warning.domain, warning.code),
                             (STREAM, int(Gst.StreamError.DECODE)))
        return watched, sink, stats

    def test_rejected(self):
        for name, bad in BAD_SETS.items():
            with self.subTest(name):
                watched, sink, stats = self.run_script(
                    lambda request, call: [
                        make_set(request, 0), bad(request, 1),
                        make_set(request, 2)])
                self.assertEqual(len(watched.warnings), 1, watched.warnings)
                self.assertEqual(stats["sets-rejected"], 1)
                self.assertEqual(stats["sets-received"], 2)
                self.assertEqual(sink.offsets, [0, 1])

    def test_many_in_a_row(self):
        def script(request, call):
            yield b"\xff"
            for number in range(5):
                yield make_set(request, number)
                yield b"\xff"
                yield b"\xff"

        watched, sink, stats = self.run_script(script)
        # One for each run of them.
        self.assertEqual(len(watched.warnings), 6)
        self.assertEqual(stats["sets-rejected"], 11)
        self.assertEqual(stats["sets-received"], 5)
        self.assertEqual(sink.offsets, list(range(5)))


    def test_too_many_in_a_row(self):
        camera = self.camera([b"\xff"] * 51, hold=True)
        watched = self.watched(camera.port).run()
        error = self.only_error(watched)
        self.assertEqual((error.domain, error.code),
                         (STREAM, int(Gst.StreamError.DECODE)))
        self.assertIn(str(camera.port), error.text)


class SettingsTest(ErrorTest):
    def test_bad_uri(self):
        watched = Watched("rcgrpcsrc name=s uri=rcgrpc://cube?color=maybe ! "
                          "fakesink")
        self.addCleanup(watched.stop)
        self.assertEqual(watched.play(), Gst.StateChangeReturn.FAILURE)
        watched.stop()
        error = self.only_error(watched)
        self.assertEqual((error.domain, error.code), (RESOURCE, SETTINGS))
        self.assertIn("color=maybe", error.text)

    def test_bad_uri_in_a_player(self):
        watched = Watched("uridecodebin uri=rcgrpc://cube?streams=up ! "
                          "fakesink")
        self.addCleanup(watched.stop)
        watched.play()
        watched.stop()
        self.only_error(watched)


class LaunchTest(ErrorTest):
    """gst-launch-1.0's exit status and what it prints."""

    def launch(self, port, *options):
        return launch("rcgrpcsrc", "host=127.0.0.1", f"port={port}", *options,
                      "!", "fakesink")

    def test_good(self):
        camera = self.camera(endless)
        status, _, err = self.launch(camera.port, "num-buffers=3")
        self.assertEqual(status, 0, err)
        self.assertNotIn("ERROR", err)

    def test_refused(self):
        with bound_socket() as taken:
            port = taken.getsockname()[1]
            status, _, err = self.launch(port)
        self.assertNotEqual(status, 0)
        self.assertEqual(err.count("ERROR: from element"), 1, err)
        self.assertIn("127.0.0.1", err)
        self.assertIn(str(port), err)

    def test_status(self):
        camera = self.camera(images=False)
        status, _, err = self.launch(camera.port)
        self.assertNotEqual(status, 0)
        self.assertEqual(err.count("ERROR: from element"), 1, err)
        self.assertIn("UNIMPLEMENTED", err)

    def test_bad_uri(self):
        status, _, err = launch("rcgrpcsrc", "uri=rcgrpc://cube?pipe=1", "!",
                                "fakesink")
        self.assertNotEqual(status, 0)
        self.assertIn("pipe", err)


if __name__ == "__main__":
    unittest.main(verbosity=2)
