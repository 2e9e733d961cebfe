# SPDX-License-Identifier: LGPL-2.1-or-later
"""rcgrpc-sim --fault of connections, seen from a socket: how many bytes came,
and how it ended. Usage: test_sim_connections.py SIM"""

import socket
import subprocess
import sys
import threading
import time
import unittest

try:
    import grpc
    import image_interface_pb2 as pb
    from http2_client import Http2Client
    from sim_process import ALL, DEADLINE, EVENTS, SETS, Sim
except ImportError as e:
    print("skipped:", e)
    sys.exit(77)

PROGRAM = None
LEFT = dict(left_enabled=True)
# With this the relay is there, and does nothing.
NEVER = "reset:at=1000000000"
# Seconds of silence that are enough to see it: more would still be silent.
SILENCE = 0.5


def start(*faults, options=("--fps=0",)):
    return Sim(PROGRAM, "--size=320x240", *options,
               *(f"--fault={fault}" for fault in faults))


def call(sim, pipeline=0, **request):
    client = Http2Client(sim.ports[pipeline])
    client.call(SETS, pb.ImageSetRequest(**request).SerializeToString())
    return client


class Relay(unittest.TestCase):
    def test_passes_everything_on(self):
        with start(NEVER, options=("--fps=0", "--sets=50")) as sim:
            streams = [sim.stream(**ALL) for _ in range(4)]
            counts = [0] * len(streams)

            def read(i):
                for s in streams[i]:
                    counts[i] += bool(s.left.data and s.disparity.image.data)

            readers = [threading.Thread(target=read, args=(i,))
                       for i in range(len(streams))]
            for reader in readers:
                reader.start()
            for reader in readers:
                reader.join()
            self.assertEqual(counts, [50] * 4)
            for stream in streams:
                self.assertEqual(stream.code(), grpc.StatusCode.OK)

    def test_large_messages(self):
        with Sim(PROGRAM, "--fps=0", "--size=1920x1440", "--quality=full",
                 f"--fault={NEVER}", "--fault=huge:at=2,bytes=100M") as sim:
            sets = sim.take(3, **ALL)
        for s in sets:
            self.assertEqual(len(s.left.data), 1920 * 1440)

    def test_an_idle_client_stops_nobody(self):
        with start(NEVER) as sim:
            idle = sim.stream(**ALL)
            next(idle)
            sim.take(200, **ALL)
            for _ in range(20):
                next(idle)

    def test_pings_are_answered(self):
        with start(NEVER) as sim, call(sim, **LEFT) as client:
            client.ping()
            while client.pongs == 0:
                self.assertEqual(client.receive(), "bytes")

    def test_events_beside(self):
        request = pb.ImageEventsRequest(depth_acquisition_done_enabled=True)
        with start("close:at=5", options=("--fps=0", "--events")) as sim:
            client = Http2Client(sim.ports[0])
            client.call(EVENTS, request.SerializeToString(), stream=1)
            client.call(SETS, pb.ImageSetRequest(
                disparity_enabled=True).SerializeToString(), stream=3)
            with client:
                self.assertEqual(client.receive_to_end(), "eof")
                self.assertEqual(len(client.messages[3]), 5)
                self.assertGreater(len(client.messages[1]), 0)

    def test_two_calls_on_a_connection(self):
        with start("close:at=20,calls=2") as sim:
            with call(sim, **LEFT) as client:
                client.receive_messages(3)
                client.call(SETS, pb.ImageSetRequest(
                    right_enabled=True, confidence_enabled=True
                    ).SerializeToString(), stream=3)
                self.assertEqual(client.receive_to_end(), "eof")
                self.assertEqual(len(client.messages[3]), 20)

    def test_each_pipeline_has_its_own(self):
        with start("restart:at=2,for=3600",
                   options=("--fps=0", "--pipelines=2")) as sim:
            with call(sim, **LEFT) as client:
                self.assertEqual(client.receive_to_end(), "eof")
            with call(sim, pipeline=1, **LEFT) as client:
                client.receive_messages(2)

    def test_clients_that_go(self):
        with start(NEVER, "stall:at=3,dead=true,calls=all") as sim:
            for _ in range(50):
                with call(sim, **LEFT) as client:
                    client.receive_messages(2)


class Stopping(unittest.TestCase):
    def test_under_a_client_that_does_not_read(self):
        """Its socket is full: what is being written will not be."""
        for faults in ((), (NEVER,)):
            with start(*faults) as sim, call(sim, **LEFT) as client:
                client.wait_until_full()
                self.assertEqual(sim.stop(), 0)


class Cuts(unittest.TestCase):
    """How it ends, and what came until then."""

    def assert_cut(self, fault, end, n_sets, rest):
        with start(fault) as sim:
            with call(sim, **LEFT) as client:
                self.assertEqual(client.receive_to_end(), end, fault)
                self.assertEqual(len(client.messages[1]), n_sets, fault)
                for _, data in client.messages[1]:
                    self.assertEqual(
                        len(pb.ImageSet.FromString(data).left.data),
                        320 * 240)
                size = client.rest() if rest is None else len(client.rest())
                self.assertEqual(size, rest, fault)
            # The next one is served in full.
            with call(sim, **LEFT) as client:
                client.receive_messages(20)

    def test_close(self):
        self.assert_cut("close", "eof", 10, None)
        self.assert_cut("close:at=1", "eof", 1, None)
        self.assert_cut("close:at=4,bytes=1000", "eof", 3, 1000)
        self.assert_cut("close:at=4,bytes=0", "eof", 3, 0)
        self.assert_cut("close:at=4,bytes=70001", "eof", 3, 70001)
        self.assert_cut("close:at=4,bytes=1G", "eof", 4, None)

    def test_reset(self):
        self.assert_cut("reset", "reset", 10, None)
        self.assert_cut("reset:at=3,bytes=20000", "reset", 2, 20000)
        self.assert_cut("reset:at=1,bytes=0", "reset", 0, 0)

    def test_truncate_in_a_frame(self):
        self.assert_cut("truncate:frame=true,at=3,bytes=777,calls=first",
                        "eof", 2, 777)

    def test_every_call(self):
        with start("close:at=3,calls=all") as sim:
            for _ in range(5):
                with call(sim, **LEFT) as client:
                    self.assertEqual(client.receive_to_end(), "eof")
                    self.assertEqual(len(client.messages[1]), 3)

    def test_of_a_compressed_message(self):
        with start("huge:at=2,bytes=8M,gzip=true",
                   "close:at=2,bytes=300") as sim:
            with call(sim, **LEFT) as client:
                self.assertEqual(client.receive_to_end(), "eof")
                self.assertEqual(len(client.messages[1]), 1)
                self.assertEqual(len(client.rest()), 300)

    def test_with_what_else_befalls_the_set(self):
        with start("truncate:at=2,bytes=500", "duplicate:at=3",
                   "reset:at=4,bytes=100") as sim:
            with call(sim, **LEFT) as client:
                self.assertEqual(client.receive_to_end(), "reset")
                sizes = [len(data) for _, data in client.messages[1]]
                self.assertEqual(len(sizes), 4)
                self.assertEqual(sizes[1], 500)
                self.assertEqual(len(client.rest()), 100)

    def test_what_grpc_makes_of_it(self):
        for fault in ("close:at=3", "reset:at=3", "close:at=3,bytes=100",
                      "restart:at=3,for=0"):
            with start(fault) as sim:
                stream = sim.stream(**LEFT)
                with self.assertRaises(grpc.RpcError) as raised:
                    for _ in range(4):
                        next(stream)
                self.assertEqual(raised.exception.code(),
                                 grpc.StatusCode.UNAVAILABLE, fault)


class Silence(unittest.TestCase):
    def test_stall_of_sets(self):
        """The connection lives on: it answers, and carries other calls."""
        with start("stall:at=3") as sim, call(sim, **LEFT) as client:
            client.receive_messages(2)
            client.ping()
            while client.pongs == 0:
                self.assertEqual(client.receive(), "bytes")
            client.call(SETS, pb.ImageSetRequest(
                **LEFT).SerializeToString(), stream=3)
            client.receive_messages(30, stream=3)
            self.assertEqual(len(client.messages[1]), 2)
            self.assertIsNone(client.rest())

    def assert_dead(self, fault, n_sets, rest):
        with start(fault) as sim:
            with call(sim, **LEFT) as client:
                self.assertEqual(client.receive_to_end(SILENCE), "silence")
                client.ping()
                self.assertEqual(client.receive(SILENCE), "silence")
                self.assertEqual(client.pongs, 0)
                self.assertEqual(len(client.messages[1]), n_sets)
                self.assertEqual(len(client.rest()), rest)
            # Others are served.
            with call(sim, **LEFT) as client:
                client.receive_messages(20)

    def test_dead(self):
        self.assert_dead("stall:at=3,dead=true", 2, 0)
        self.assert_dead("stall:at=3,bytes=4000", 2, 4000)

    def test_dead_for_a_while(self):
        with start("stall:at=3,bytes=4000,for=0.2") as sim:
            with call(sim, **LEFT) as client:
                begin = time.monotonic()
                client.receive_messages(20)
                self.assertGreater(time.monotonic() - begin, 0.2)

    def test_slow(self):
        with start("slow:at=2,rate=400k") as sim:
            with call(sim, **LEFT) as client:
                client.receive_messages(1)
                begin = time.monotonic()
                client.receive_messages(5)
                took = time.monotonic() - begin
        size = sum(len(data) for _, data in client.messages[1][1:5])
        # Never faster than that, but for a portion or two.
        self.assertGreater(took, 0.9 * size / 400 / 1024)

    def test_slow_for_a_while(self):
        with start("slow:rate=1k,for=0.3") as sim:
            with call(sim, **LEFT) as client:
                begin = time.monotonic()
                # At that rate a matter of a day.
                client.receive_messages(1000)
                self.assertGreater(time.monotonic() - begin, 0.3)


class Restart(unittest.TestCase):
    def connect(self, sim):
        try:
            socket.create_connection(("127.0.0.1", sim.ports[0])).close()
        except ConnectionRefusedError:
            return False
        return True

    def test_gone_and_back(self):
        with start("restart:at=3,for=2") as sim:
            with call(sim, **LEFT) as client, call(sim, **LEFT) as other:
                self.assertEqual(client.receive_to_end(), "eof")
                self.assertEqual(len(client.messages[1]), 3)
                self.assertIn(other.receive_to_end(), ("eof", "reset"))
            self.assertFalse(self.connect(sim))
            while not self.connect(sim):
                time.sleep(0.01)
            # The same port; and it restarts once.
            with call(sim, **LEFT) as client:
                client.receive_messages(20)

    def test_in_the_middle_of_a_set(self):
        with start("restart:at=3,bytes=100,for=3600") as sim:
            with call(sim, **LEFT) as client:
                self.assertEqual(client.receive_to_end(), "eof")
                self.assertEqual(len(client.messages[1]), 2)
                self.assertEqual(len(client.rest()), 100)
            self.assertFalse(self.connect(sim))

    def test_comes_back_changed(self):
        with start("restart:at=3,for=0", "resize:calls=2,at=1,size=100x80",
                   "clock-jump:calls=2,at=1,to=1970") as sim:
            with call(sim, **LEFT) as client:
                client.receive_to_end()
            while not self.connect(sim):
                time.sleep(0.01)
            s = sim.take(1, **LEFT)[0]
        self.assertEqual((s.left.width, s.left.height), (100, 80))
        self.assertLess(s.timestamp.sec, 3600)

    def test_a_taken_port_is_an_error(self):
        with start(NEVER) as sim:
            done = subprocess.run(
                [PROGRAM, f"--port={sim.ports[0]}", f"--fault={NEVER}"],
                capture_output=True, text=True, timeout=DEADLINE)
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot listen", done.stderr)


if __name__ == "__main__":
    PROGRAM = sys.argv.pop(1)
    unittest.main()
