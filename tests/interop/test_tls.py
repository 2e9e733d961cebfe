# SPDX-License-Identifier: LGPL-2.1-or-later
"""rcgrpcsrc over TLS: what users set, and what they read when it is wrong."""

import os
import sys
import unittest

try:
    from watched import Gst, Sink, Watched, launch
    from camera_server import CameraServer, make_set, make_sets
    from certificates import Certificates, server_credentials
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

RESOURCE = "gst-resource-error-quark"
NOT_AUTHORIZED = int(Gst.ResourceError.NOT_AUTHORIZED)
OPEN_READ = int(Gst.ResourceError.OPEN_READ)
SETTINGS = int(Gst.ResourceError.SETTINGS)


def setUpModule():
    global certificates
    certificates = Certificates()


def tearDownModule():
    certificates.__exit__()


class TlsTest(unittest.TestCase):
    def camera(self, pair, clients_ca=None):
        camera = CameraServer(
            lambda request, call: make_sets(request, 3),
            credentials=server_credentials(pair, clients_ca))
        camera.__enter__()
        self.addCleanup(camera.stop)
        return camera

    def run_with(self, port, *options):
        watched = Watched(
            f"rcgrpcsrc name=s host=127.0.0.1 port={port} tls=true leaky=none "
            f"tls-ca-file={certificates.ca.certificate} {' '.join(options)} ! "
            "fakesink name=sink sync=false async=false")
        self.addCleanup(watched.stop)
        return watched, Sink(watched)

    def assert_works(self, port, *options):
        watched, sink = self.run_with(port, *options)
        watched.run()
        self.assertEqual(watched.errors, [])
        self.assertEqual(sink.offsets, [0, 1, 2])

    def assert_error(self, code, word, port, *options):
        """One error, with a word that only it has."""
        watched, sink = self.run_with(port, *options)
        watched.run()
        self.assertEqual(len(watched.errors), 1, watched.errors)
        error = watched.errors[0]
        self.assertEqual((error.domain, error.code), (RESOURCE, code), error)
        self.assertIn(word, error.text)
        self.assertIn(str(port), error.text)
        self.assertNotIn("..", error.text)
        self.assertEqual(sink.offsets, [])

    def test_mutual(self):
        client = certificates.client
        options = (f"tls-certificate-file={client.certificate}",
                   f"tls-private-key-file={client.key}")
        camera = self.camera(certificates.server, certificates.ca)
        self.assert_works(camera.port, *options)
        self.assert_error(NOT_AUTHORIZED, "tls-certificate-file", camera.port)

    def test_key_in_the_certificates_file(self):
        both = certificates.client.certificate + ".both"
        with open(both, "w") as out:
            for name in certificates.client:
                with open(name) as part:
                    out.write(part.read())
        camera = self.camera(certificates.server, certificates.ca)
        self.assert_works(camera.port, f"tls-certificate-file={both}")

    def test_authority(self):
        camera = self.camera(certificates.untrusted)
        self.assert_error(NOT_AUTHORIZED, "tls-ca-file", camera.port)

    def test_relative_file_name(self):
        camera = self.camera(certificates.server)
        name = os.path.relpath(certificates.ca.certificate)
        self.assert_works(camera.port, f"tls-ca-file={name}")

    def test_name(self):
        camera = self.camera(certificates.wrong_name)
        self.assert_error(NOT_AUTHORIZED, "tls-server-name", camera.port)
        self.assert_works(camera.port, "tls-server-name=camera.example")

    def test_time(self):
        camera = self.camera(certificates.expired)
        self.assert_error(NOT_AUTHORIZED, "expired", camera.port)

    def test_file(self):
        camera = self.camera(certificates.server)
        self.assert_error(SETTINGS, "/nowhere/client.pem", camera.port,
                          "tls-certificate-file=/nowhere/client.pem")

    def test_plain_server(self):
        with CameraServer(lambda request, call: [make_set(request)]) as camera:
            self.assert_error(OPEN_READ, "property tls", camera.port)

    def test_properties_without_tls(self):
        """Plain text that nobody wanted is not silent."""
        with CameraServer(
                lambda request, call: [make_set(request)]) as camera:
            for name in ("tls-ca-file", "tls-certificate-file",
                         "tls-private-key-file", "tls-server-name"):
                with self.subTest(name):
                    watched = Watched(
                        f"rcgrpcsrc name=s host=127.0.0.1 port={camera.port} "
                        f"{name}=/some/secret ! fakesink async=false")
                    self.addCleanup(watched.stop)
                    watched.run()
                    self.assertEqual(watched.errors, [])
                    warning, = watched.warnings
                    self.assertEqual((warning.domain, warning.code),
                                     (RESOURCE, SETTINGS))
                    self.assertIn(name, warning.text)
                    self.assertNotIn("secret", repr(warning))

    def test_uri(self):
        camera = self.camera(certificates.server)
        status, _, err = launch(
            "rcgrpcsrc", f"uri=rcgrpcs://localhost:{camera.port}?streams=left",
            "name=s", f"tls-ca-file={certificates.ca.certificate}", "s.left",
            "!", "fakesink")
        self.assertEqual(status, 0, err)

    def test_secrets_stay_out_of_logs(self):
        client = certificates.client
        camera = self.camera(certificates.server, certificates.ca)
        with open(client.key) as file:
            secret = file.read().splitlines()[1]
        _, out, err = launch(
            "--gst-debug=*:9", "rcgrpcsrc", "host=127.0.0.1",
            f"port={camera.port}", "tls=true",
            f"tls-ca-file={certificates.ca.certificate}",
            f"tls-certificate-file={client.certificate}",
            f"tls-private-key-file={client.key}", "!", "fakesink")
        self.assertIn("rcgrpcsrc", err)
        self.assertNotIn(secret, out + err)


if __name__ == "__main__":
    unittest.main(verbosity=2)
