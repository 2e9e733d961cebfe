# SPDX-License-Identifier: LGPL-2.1-or-later
"""RcClient over TLS, against a camera in Python grpcio."""

import socket
import ssl
import sys
import threading
import unittest

try:
    from camera_server import CameraServer, make_set, make_sets
    from certificates import Certificates, server_credentials
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

from probe import Probe
from relay import Relay

PROGRAM = sys.argv.pop(1)


def setUpModule():
    global certificates
    certificates = Certificates()


def tearDownModule():
    certificates.__exit__()


def endless(request, call, **arguments):
    number = 0
    while not call.wait(0.005):
        yield make_set(request, number, **arguments)
        number += 1


class Proxy:
    """Shakes hands, and closes the connection: its camera is away. With
    `clients_ca` it says what it has against a client's certificate, which gRPC's
    servers do not."""

    def __init__(self, clients_ca=None):
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.minimum_version = ssl.TLSVersion.TLSv1_3
        self._context.load_cert_chain(*certificates.server)
        self._context.set_alpn_protocols(["h2"])
        if clients_ca:
            self._context.verify_mode = ssl.CERT_REQUIRED
            self._context.load_verify_locations(clients_ca.certificate)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def stop(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _serve(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with client:
                self._shake_hands(client)

    def _shake_hands(self, client):
        try:
            self._context.wrap_socket(client, server_side=True).close()
        except OSError:
            pass


# Where saying goodbye fails GLib loads what it needs for the error's text, and
# then LeakSanitizer (GCC 12) crashes, by itself.
NO_LEAKS = {"ASAN_OPTIONS": "detect_leaks=0"}


class TlsTest(unittest.TestCase):
    def camera(self, server, clients_ca=None, script=None, **arguments):
        camera = CameraServer(
            script or (lambda request, call: make_sets(request, 2)),
            credentials=server_credentials(server, clients_ca), **arguments)
        camera.__enter__()
        self.addCleanup(camera.stop)
        return camera

    def proxy(self, clients_ca=None):
        proxy = Proxy(clients_ca)
        self.addCleanup(proxy.stop)
        return proxy

    def probe(self, port, ca=True, client=None, name=None, environment={},
              **arguments):
        tls = dict(environment)
        if ca:
            tls["TLS_CA_FILE"] = certificates.ca.certificate
        if client:
            tls["TLS_CERTIFICATE_FILE"] = client.certificate
            tls["TLS_PRIVATE_KEY_FILE"] = client.key
        if name:
            tls["TLS_SERVER_NAME"] = name
        probe = Probe(PROGRAM, port, tls=tls, **arguments)
        self.addCleanup(probe.__exit__)
        probe.do("request left")
        return probe

    def assert_works(self, probe):
        for _ in range(2):
            probe.expect("set")
        self.assertEqual(probe.expect("ended")["class"], "ok")

    def assert_fails(self, probe, *classes):
        self.assertIn(probe.expect("ended")["class"], classes)


class ServerCertificateTest(TlsTest):
    def test_good(self):
        camera = self.camera(certificates.server)
        for host in "127.0.0.1", "localhost":
            self.assert_works(self.probe(camera.port, host=host))

    def test_untrusted(self):
        for pair in certificates.untrusted, certificates.self_signed:
            camera = self.camera(pair)
            self.assert_fails(self.probe(camera.port), "tls-untrusted")
            self.assertEqual(camera.calls, [])

    def test_not_in_the_system(self):
        camera = self.camera(certificates.server)
        self.assert_fails(self.probe(camera.port, ca=False), "tls-untrusted")

    def test_time(self):
        for pair in certificates.expired, certificates.not_yet_valid:
            camera = self.camera(pair)
            self.assert_fails(self.probe(camera.port), "tls-expired")
            self.assertEqual(camera.calls, [])

    def test_name(self):
        camera = self.camera(certificates.wrong_name)
        self.assert_fails(self.probe(camera.port), "tls-name")
        self.assertEqual(camera.calls, [])
        self.assert_works(self.probe(camera.port, name="camera.example"))
        camera = self.camera(certificates.server)
        self.assert_fails(
            self.probe(camera.port, name="camera.example"), "tls-name")


class ClientCertificateTest(TlsTest):
    def test_good(self):
        camera = self.camera(certificates.server, certificates.ca)
        self.assert_works(
            self.probe(camera.port, client=certificates.client))

    def test_missing(self):
        camera = self.camera(certificates.server, certificates.ca)
        # The latter if GLib is late, and sees a reset instead of the end.
        self.assert_fails(self.probe(camera.port), "tls-closed",
                          "tls-client-certificate")
        self.assertEqual(camera.calls, [])

    def test_not_accepted(self):
        camera = self.camera(certificates.server, certificates.ca)
        for pair in (certificates.untrusted_client,
                     certificates.expired_client):
            self.assert_fails(
                self.probe(camera.port, client=pair),
                "tls-closed", "tls-failed")
        self.assertEqual(camera.calls, [])

    def test_definite(self):
        """What the server says of itself, waiting does not mend."""
        proxy = self.proxy(certificates.ca)
        wait = (-1, 20, True)
        for pair in None, certificates.untrusted_client:
            probe = self.probe(proxy.port, client=pair, retry=wait)
            probe.expect("changed")
            self.assert_fails(probe, "tls-client-certificate")

    def test_files(self):
        camera = self.camera(certificates.server)
        wrong = [
            {"TLS_CA_FILE": "/nowhere/ca.pem"},
            {"TLS_CA_FILE": __file__},
            {"TLS_CERTIFICATE_FILE": "/nowhere/client.pem"},
            {"TLS_PRIVATE_KEY_FILE": certificates.client.key},
            {"TLS_CERTIFICATE_FILE": certificates.client.certificate},
        ]
        for tls in wrong:
            with self.subTest(tls):
                probe = Probe(PROGRAM, camera.port, tls=dict(
                    {"TLS_CA_FILE": certificates.ca.certificate}, **tls))
                self.addCleanup(probe.__exit__)
                probe.do("request left")
                self.assert_fails(probe, "tls-settings")


class ConnectionTest(TlsTest):
    def test_plain_server(self):
        camera = CameraServer(endless)
        with camera:
            self.assert_fails(self.probe(camera.port), "tls-failed")

    def test_plain_client(self):
        camera = self.camera(certificates.server)
        probe = Probe(PROGRAM, camera.port)
        self.addCleanup(probe.__exit__)
        probe.do("request left")
        self.assert_fails(probe, "connect", "not-a-camera")

    def test_silence_in_the_handshake(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            self.assert_fails(self.probe(port, timeout_ms=200), "timeout")
            probe = self.probe(port)
            server.accept()
            probe.free()

    def test_silence_in_the_handshake_and_no_timeout(self):
        """It is for sets, which may be waited for for ever."""
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            self.assert_fails(self.probe(port, timeout_ms=0), "timeout")

    def test_closed_after_the_handshake(self):
        proxy = self.proxy()
        self.assert_fails(self.probe(proxy.port), "tls-closed")
        self.assert_fails(
            self.probe(proxy.port, client=certificates.client), "tls-closed")

    def test_proxy_before_its_camera(self):
        for client in (None, certificates.client):
            proxy = Proxy()
            probe = self.probe(
                proxy.port, client=client, retry=(-1, 20, True),
                environment=NO_LEAKS)
            line = probe.wait_for("changed", state="disconnected")
            self.assertEqual(line["reason"], "tls-closed")
            proxy.stop()
            camera = self.camera(
                certificates.server, script=endless, port=proxy.port)
            probe.wait_for("set")
            probe.free()
            camera.stop()

    def test_large(self):
        def script(request, call):
            return [make_set(request, number, width=1600, height=1200)
                    for number in range(3)]

        camera = self.camera(certificates.server, script=script)
        plain = CameraServer(script)
        with plain:
            straight = Probe(PROGRAM, plain.port)
            self.addCleanup(straight.__exit__)
            straight.do("request left")
            probe = self.probe(camera.port)
            for _ in range(3):
                self.assertEqual(probe.expect("set").text,
                                 straight.expect("set").text)

    def test_free_in_a_message(self):
        camera = self.camera(
            certificates.server, script=lambda request, call: [
                make_set(request, width=4000, height=4000)])
        with Relay(camera.port, limit=1 << 20) as relay:
            probe = self.probe(relay.port, environment=NO_LEAKS)
            self.assertTrue(relay.stalled.wait(30))
            probe.free()

    def test_lost_and_found(self):
        camera = self.camera(certificates.server, script=endless)
        probe = self.probe(camera.port, retry=(-1, 20, False))
        probe.wait_for("set")
        camera.stop()
        probe.wait_for("changed", state="disconnected")
        self.camera(certificates.server, script=endless, port=camera.port)
        probe.wait_for("changed", state="streaming")
        probe.wait_for("set")

    def test_too_large(self):
        camera = self.camera(
            certificates.server, hold=True,
            script=[b"\x0a" + bytes(100 << 20)])
        self.assert_fails(
            self.probe(camera.port, max_size=16 << 20), "too-large")


if __name__ == "__main__":
    unittest.main(verbosity=2)
