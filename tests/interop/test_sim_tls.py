# SPDX-License-Identifier: LGPL-2.1-or-later
"""rcgrpc-sim over TLS, with a grpcio client that checks who it talks to.
Usage: test_sim_tls.py SIM"""

import subprocess
import sys
import unittest

try:
    import grpc
    from certificates import Certificates
    from sim_process import DEADLINE, Sim
except ImportError as e:
    print("skipped:", e)
    sys.exit(77)

PROGRAM = None
SMALL = "--size=320x240"


def read(name):
    with open(name, "rb") as f:
        return f.read()


def trust(authority, client=None):
    """A client's credentials."""
    return grpc.ssl_channel_credentials(
        read(authority.certificate), client and read(client.key),
        client and read(client.certificate))


class Tls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.certificates = Certificates()
        cls.addClassCleanup(cls.certificates.__exit__)

    def sim(self, server, credentials, *options):
        return Sim(PROGRAM, SMALL, "--fps=0",
                   f"--tls-certificate-file={server.certificate}",
                   f"--tls-private-key-file={server.key}", *options,
                   credentials=credentials)

    def demand_client(self):
        return f"--tls-ca-file={self.certificates.ca.certificate}"

    def assert_refused(self, sim):
        with self.assertRaises(grpc.RpcError) as raised:
            sim.take(1, left_enabled=True)
        self.assertEqual(raised.exception.code(), grpc.StatusCode.UNAVAILABLE)

    def test_serves(self):
        c = self.certificates
        with self.sim(c.server, trust(c.ca)) as sim:
            sets = sim.take(20, left_enabled=True, disparity_enabled=True)
        self.assertTrue(all(s.left.data and s.disparity.image.data
                            for s in sets))

    def test_serves_what_a_client_should_refuse(self):
        c = self.certificates
        for server in (c.expired, c.not_yet_valid, c.wrong_name, c.untrusted,
                       c.self_signed):
            with self.subTest(server.certificate):
                with self.sim(server, trust(c.ca)) as sim:
                    self.assert_refused(sim)
        # It was the certificates' fault: others find these good.
        for server, authority in ((c.untrusted, c.other_ca),
                                  (c.self_signed, c.self_signed)):
            with self.subTest(server.certificate):
                with self.sim(server, trust(authority)) as sim:
                    sim.take(1, left_enabled=True)

    def test_plain_clients_are_not_served(self):
        c = self.certificates
        with self.sim(c.server, None) as sim:
            self.assert_refused(sim)
            sim.credentials = trust(c.ca)
            sim.take(1, left_enabled=True)

    def test_a_plain_server_speaks_no_tls(self):
        credentials = trust(self.certificates.ca)
        with Sim(PROGRAM, SMALL, credentials=credentials) as sim:
            self.assert_refused(sim)

    def test_demands_a_client_s_certificate(self):
        c = self.certificates
        with self.sim(c.server, trust(c.ca), self.demand_client()) as sim:
            for client in (None, c.untrusted_client, c.expired_client):
                with self.subTest(client):
                    sim.credentials = trust(c.ca, client)
                    self.assert_refused(sim)
            sim.credentials = trust(c.ca, c.client)
            sim.take(5, left_enabled=True)

    def test_asks_for_none_without_an_authority(self):
        c = self.certificates
        with self.sim(c.server, trust(c.ca, c.untrusted_client)) as sim:
            sim.take(1, left_enabled=True)

    def test_no_key_in_what_it_prints(self):
        c = self.certificates
        with Sim(PROGRAM, SMALL, "--fps=0",
                 f"--tls-certificate-file={c.server.certificate}",
                 f"--tls-private-key-file={c.server.key}",
                 self.demand_client(), stderr=subprocess.PIPE,
                 credentials=trust(c.ca, c.untrusted_client)) as sim:
            self.assert_refused(sim)
            sim.process.terminate()
            said = sim.process.stderr.read()
            sim.process.stderr.close()
        self.assert_no_key(said)

    def assert_no_key(self, text):
        for pair in self.certificates.pairs().values():
            for line in read(pair.key).decode("ascii").splitlines()[1:-1]:
                self.assertNotIn(line, text)


class CommandLine(unittest.TestCase):
    def setUp(self):
        self.certificates = Certificates()
        self.addCleanup(self.certificates.__exit__)

    def run_sim(self, *options):
        return subprocess.run([PROGRAM, "--port=0", *options],
                              capture_output=True, text=True, timeout=DEADLINE)

    def test_options_that_belong_together(self):
        c = self.certificates
        for option in (f"--tls-certificate-file={c.server.certificate}",
                       f"--tls-private-key-file={c.server.key}",
                       f"--tls-ca-file={c.ca.certificate}"):
            done = self.run_sim(option)
            self.assertEqual(done.returncode, 2, option)
            self.assertTrue(done.stderr.startswith("rcgrpc-sim: "), option)

    def test_files_that_cannot_be_used(self):
        c = self.certificates
        for certificate, key, ca in (
                (c.folder + "/nothing.pem", c.server.key, None),
                (c.server.certificate, c.folder + "/nothing.key", None),
                (c.server.key, c.server.key, None),
                (c.server.certificate, c.server.certificate, None),
                (c.server.certificate, c.client.key, None),
                (c.server.certificate, c.server.key, c.folder + "/no.pem"),
                (c.server.certificate, c.server.key, c.server.key)):
            options = [f"--tls-certificate-file={certificate}",
                       f"--tls-private-key-file={key}"]
            if ca:
                options.append(f"--tls-ca-file={ca}")
            with self.subTest(options):
                done = self.run_sim(*options)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertIn("rcgrpc-sim: ", done.stderr)
                self.assertNotIn("cannot listen", done.stderr)
                for line in read(c.server.key).decode().splitlines()[1:-1]:
                    self.assertNotIn(line, done.stderr)


if __name__ == "__main__":
    PROGRAM = sys.argv.pop(1)
    unittest.main()
