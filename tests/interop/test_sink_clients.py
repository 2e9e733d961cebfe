# SPDX-License-Identifier: LGPL-2.1-or-later
"""rcgrpcsink's clients: slow ones, too many, those that ask for what it has
not, with TLS; and how it ends."""

import sys
import threading
import time
import unittest

try:
    import grpc
    from watched import Gst, STOP_LIMIT, Watched, statistics
    from certificates import Certificates
    from http2_client import Http2Client
    from served import Client, METHOD, SinkTest, request
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

WIDTH, HEIGHT = 1024, 1024
LEFT = (f'appsrc name=left format=time caps="video/x-raw,format=GRAY8,'
        f'width={WIDTH},height={HEIGHT},framerate=0/1"')
# A client that is held up counts as one that does not read: more than what
# lies in sockets.
MANY = 40


def setUpModule():
    global certificates
    certificates = Certificates()


def tearDownModule():
    certificates.__exit__()


class ClientsTest(SinkTest):
    def app(self, options="queue-size=1000"):
        watched = self.served(
            f"{LEFT} ! rcgrpcsink name=k sync=false {options}")
        watched.play()
        return watched

    def push(self, watched, number):
        buffer = Gst.Buffer.new_wrapped(bytes([number]) * (WIDTH * HEIGHT))
        buffer.pts = number * 40 * Gst.MSECOND
        source = watched.pipeline.get_by_name("left")
        self.assertEqual(source.emit("push-buffer", buffer),
                         Gst.FlowReturn.OK)

    def end(self, watched):
        watched.pipeline.get_by_name("left").emit("end-of-stream")

    def number_of(self, image_set):
        return image_set.left.data[0]


class SlowClientsTest(ClientsTest):
    # In step with a quick client: it gets each set while the slow one reads
    # none, and nothing waits.
    def test_slow_client_loses_sets_and_slows_nobody(self):
        watched = self.app("queue-size=2")
        with Http2Client(watched.port) as slow:
            # No window for more than the first bytes.
            slow.call(METHOD, request("left").SerializeToString())
            self.wait_until(watched, lambda stats: stats["clients"] == 1)
            quick = self.client(watched, "left")
            for number in range(MANY):
                self.push(watched, number)
                self.assertEqual(self.number_of(next(quick)), number)
            stats = self.stats(watched)
            self.assertEqual(stats["sets"], MANY)
            self.assertEqual(stats["client-2"]["sets-sent"], MANY)
            self.assertEqual(stats["client-2"]["sets-missed"], 0)
            self.assertLess(stats["client-1"]["sets-sent"], MANY)
            self.assertEqual(stats["client-1"]["streams"], "left")
            self.assertRegex(stats["client-1"]["peer"], r"^ipv4:127\.0\.0\.1")
            quick.close()

    # What it gets when it reads again: the ones that are kept.
    def test_client_that_reads_again(self):
        watched = self.app("queue-size=3")
        client = self.client(watched, "left")
        for number in range(MANY):
            self.push(watched, number)
        self.wait_until(watched, lambda stats: stats["sets"] == MANY)
        self.end(watched)
        numbers = [self.number_of(image_set) for image_set in client]
        self.assertEqual(numbers, sorted(set(numbers)))
        self.assertEqual(numbers[-3:], [MANY - 3, MANY - 2, MANY - 1])
        self.assertLess(len(numbers), MANY)

    def test_stop_with_a_client_that_does_not_read(self):
        watched = self.app()
        with Http2Client(watched.port) as client:
            client.call(METHOD, request("left").SerializeToString())
            self.wait_until(watched, lambda stats: stats["clients"] == 1)
            for number in range(MANY):
                self.push(watched, number)
            self.wait_until(watched, lambda stats: stats["sets"] == MANY)
            self.assertLess(watched.stop(), STOP_LIMIT)

    # The end waits for it, and a change of state does not wait for the end.
    def test_stop_while_the_end_waits(self):
        watched = self.app()
        client = self.client(watched, "left")
        for number in range(MANY):
            self.push(watched, number)
        self.end(watched)
        self.wait_until(watched, lambda stats: stats["sets"] == MANY)
        self.assertLess(watched.stop(), STOP_LIMIT)
        self.assertNotEqual(client.status()[0], grpc.StatusCode.OK)

    def test_client_that_goes(self):
        watched = self.app()
        client = self.client(watched, "left")
        self.push(watched, 1)
        next(client)
        client.close()
        self.wait_until(watched, lambda stats: stats["clients"] == 0)
        again = self.client(watched, "left")
        self.assertEqual(self.number_of(next(again)), 1)
        stats = self.stats(watched)
        self.assertEqual(stats["sets-sent"], 2)
        self.assertNotIn("client-1", stats)
        self.assertEqual(stats["client-2"]["sets-sent"], 1)

    def test_many_clients(self):
        watched = self.app()
        clients = [self.client(watched, "left") for _ in range(8)]
        for number in range(3):
            self.push(watched, number)
        for client in clients:
            self.assertEqual(
                [self.number_of(next(client)) for _ in range(3)], [0, 1, 2])


class EndTest(ClientsTest):
    def test_end(self):
        watched = self.app()
        client = self.client(watched, "left")
        for number in range(3):
            self.push(watched, number)
        self.end(watched)
        self.assertEqual([self.number_of(s) for s in client], [0, 1, 2])
        self.assertEqual(client.status()[0], grpc.StatusCode.OK)
        self.assertIsNotNone(watched.wait(Gst.MessageType.EOS))
        self.assert_healthy(watched)

    def test_end_without_clients(self):
        watched = self.app()
        self.push(watched, 1)
        self.end(watched)
        self.assertIsNotNone(watched.wait(Gst.MessageType.EOS))

    def test_end_without_images(self):
        watched = self.app()
        client = self.client(watched, "left")
        self.end(watched)
        self.assertEqual(client.status()[0], grpc.StatusCode.OK)

    # It is no camera that has ended, but one that is not there.
    def test_stop_is_no_end(self):
        watched = self.app()
        client = self.client(watched, "left")
        self.push(watched, 1)
        next(client)
        self.assertLess(watched.stop(), STOP_LIMIT)
        self.assertNotEqual(client.status()[0], grpc.StatusCode.OK)

    # rcgrpcsrc connects again.
    def test_source_outlives_the_sink(self):
        watched = self.app()
        source = Watched(
            f"rcgrpcsrc name=s host=127.0.0.1 port={watched.port} "
            "retry-backoff-max=100000000 ! fakesink sync=false async=false")
        self.addCleanup(source.stop)
        source.play()
        self.wait_until(watched, lambda stats: stats["clients"] == 1)
        self.push(watched, 1)
        self.wait_until_source(source, "sets-received", 1)
        port = watched.port
        watched.stop()
        watched.sink.set_property("port", port)
        watched.play()
        self.wait_until(watched, lambda stats: stats["clients"] == 1)
        self.push(watched, 2)
        self.wait_until_source(source, "reconnects", 1)

    def wait_until_source(self, source, name, count):
        deadline = time.monotonic() + 60
        while statistics(source.source)[name] < count:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)


class RefusedTest(ClientsTest):
    def refused(self, watched, *streams, **options):
        client = Client(watched.port, *streams, **options)
        self.addCleanup(client.close)
        return client.status()[0]

    def test_max_clients(self):
        watched = self.app("max-clients=2")
        first = self.client(watched, "left")
        self.client(watched, "left")
        self.assertEqual(self.refused(watched, "left"),
                         grpc.StatusCode.RESOURCE_EXHAUSTED)
        self.assertEqual(self.stats(watched)["clients"], 2)
        first.close()
        self.wait_until(watched, lambda stats: stats["clients"] == 1)
        self.client(watched, "left")

    def test_stream_that_it_has_not(self):
        watched = self.app()
        self.assertEqual(self.refused(watched, "disparity", "mesh"),
                         grpc.StatusCode.FAILED_PRECONDITION)
        client = self.client(watched, "left", "disparity")
        self.push(watched, 1)
        self.assertFalse(next(client).HasField("disparity"))

    # rcgrpcsrc says what the server said.
    def test_source_is_refused(self):
        watched = self.app()
        source = Watched(
            f"rcgrpcsrc name=s host=127.0.0.1 port={watched.port} s.mesh "
            "! fakesink async=false").run()
        self.assertEqual(len(source.errors), 1, source.errors)
        self.assertIn("mesh", source.errors[0].text)

    def test_not_a_request(self):
        watched = self.app()
        with grpc.insecure_channel(
                f"127.0.0.1:{watched.port}",
                [("grpc.enable_http_proxy", 0)]) as channel:
            for method, code in [
                    (METHOD, grpc.StatusCode.INVALID_ARGUMENT),
                    ("/ImageEventsInterface/StreamImageEvents",
                     grpc.StatusCode.UNIMPLEMENTED)]:
                call = channel.unary_stream(method)(b"\xff", timeout=60)
                with self.assertRaises(grpc.RpcError):
                    next(call)
                self.assertEqual(call.code(), code)


class TlsTest(ClientsTest):
    def tls(self, *options):
        pair = certificates.server
        return self.app(" ".join(
            ["tls=true", f"tls-certificate-file={pair.certificate}",
             f"tls-private-key-file={pair.key}", *options]))

    def credentials(self, pair=None):
        def read(name):
            with open(name, "rb") as file:
                return file.read()

        return grpc.ssl_channel_credentials(
            read(certificates.ca.certificate),
            read(pair.key) if pair else None,
            read(pair.certificate) if pair else None)

    def assert_served(self, watched, credentials):
        client = self.client(watched, "left", credentials=credentials)
        self.push(watched, 7)
        self.assertEqual(self.number_of(next(client)), 7)

    def assert_not_served(self, watched, credentials):
        client = Client(watched.port, "left", credentials=credentials)
        self.addCleanup(client.close)
        self.assertEqual(client.status()[0], grpc.StatusCode.UNAVAILABLE)

    def test_tls(self):
        watched = self.tls()
        self.assert_served(watched, self.credentials())
        self.assert_not_served(watched, None)

    def test_mutual_tls(self):
        watched = self.tls(f"tls-ca-file={certificates.ca.certificate}")
        self.assert_served(watched, self.credentials(certificates.client))
        self.assert_not_served(watched, self.credentials())
        self.assert_not_served(
            watched, self.credentials(certificates.untrusted_client))

    def test_key_in_the_certificates_file(self):
        both = certificates.server.certificate + ".both"
        with open(both, "w") as out:
            for name in certificates.server:
                with open(name) as part:
                    out.write(part.read())
        watched = self.app(f"tls=true tls-certificate-file={both}")
        self.assert_served(watched, self.credentials())

    def test_rcgrpcsrc(self):
        watched = self.tls(f"tls-ca-file={certificates.ca.certificate}")
        client = certificates.client
        source = Watched(
            f"rcgrpcsrc name=s host=127.0.0.1 port={watched.port} tls=true "
            f"num-buffers=1 tls-ca-file={certificates.ca.certificate} "
            f"tls-certificate-file={client.certificate} "
            f"tls-private-key-file={client.key} "
            "! fakesink sync=false async=false")
        self.addCleanup(source.stop)
        self.push(watched, 1)
        source.run()
        self.assertEqual(source.errors + source.warnings, [])
        self.assertEqual(statistics(source.source)["sets-received"], 1)


class ThreadsTest(ClientsTest):
    # Pads come and go, clients come and go, the state changes: all at once.
    # grpcio as a client hangs in its own code now and then where a server goes
    # before the call, its deadline included.
    def test_all_at_once(self):
        watched = self.app("queue-size=2 max-clients=4")
        over = threading.Event()
        asked = request("left").SerializeToString()
        got = []

        def come_and_go():
            while not over.is_set():
                port = watched.sink.get_property("current-port")
                try:
                    with Http2Client(port) as client:
                        client.call(METHOD, asked)
                        while not client.messages[1] and client.receive() \
                                == "bytes":
                            got.append(len(client.messages[1]))
                except OSError:
                    pass  # there is no server, or not any more

        def change_pads():
            while not over.is_set():
                pad = watched.sink.request_pad_simple("right")
                watched.sink.release_request_pad(pad)
                watched.sink.get_property("stats")

        threads = [threading.Thread(target=come_and_go) for _ in range(2)]
        threads.append(threading.Thread(target=change_pads))
        for thread in threads:
            thread.start()
        for turn in range(10):
            for number in range(5):
                self.push(watched, number)
            if turn % 3 == 2:
                self.assertEqual(
                    watched.pipeline.set_state(Gst.State.READY),
                    Gst.StateChangeReturn.SUCCESS)
                watched.play()
        over.set()
        for thread in threads:
            thread.join(60)
            self.assertFalse(thread.is_alive())
        self.assertLess(watched.stop(), STOP_LIMIT)
        self.assertEqual(watched.errors, [])
        self.assertIn(1, got)


if __name__ == "__main__":
    unittest.main()
