# SPDX-License-Identifier: LGPL-2.1-or-later
"""Certificates for tests of TLS, made afresh each time: nothing secret is kept
in the repository, and nothing in it expires.

    with Certificates() as certificates:
        server = certificates.server        # .certificate, .key: file names
        trusted = certificates.ca.certificate

As a program, `certificates.py FOLDER` writes them all to FOLDER and prints a
line for each: its name, the certificate's file, the key's file.
"""

import datetime
import ipaddress
import os
import sys
import tempfile
from collections import namedtuple

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

# The names of PEM files.
Pair = namedtuple("Pair", "certificate key")
# What signs: the pair, and what the library needs.
Authority = namedtuple("Authority", "pair name private_key")

DAY = datetime.timedelta(days=1)
LOCAL = ("localhost", "127.0.0.1", "::1")
ELSEWHERE = ("camera.example",)


class Certificates:
    """Each attribute is a Pair:

    ca               the authority that the tests trust
    other_ca         one that nobody trusts
    server           for localhost, 127.0.0.1 and ::1, by ca
    expired          the same, until yesterday
    not_yet_valid    the same, from tomorrow
    wrong_name       for camera.example, by ca
    untrusted        for localhost …, by other_ca
    self_signed      for localhost …, by itself
    client           a client's, by ca
    expired_client   the same, until yesterday
    untrusted_client a client's, by other_ca
    """

    def __init__(self, folder=None):
        self._own_folder = None
        if folder is None:
            self._own_folder = tempfile.TemporaryDirectory()
            folder = self._own_folder.name
        self.folder = folder
        ca = self._make_authority("ca")
        other = self._make_authority("other_ca")
        self.ca, self.other_ca = ca.pair, other.pair
        self.server = self._make("server", ca)
        self.expired = self._make("expired", ca, start=-3, end=-1)
        self.not_yet_valid = self._make("not_yet_valid", ca, start=1, end=3)
        self.wrong_name = self._make("wrong_name", ca, names=ELSEWHERE)
        self.untrusted = self._make("untrusted", other)
        self.self_signed = self._make("self_signed", None)
        self.client = self._make("client", ca, client=True)
        self.expired_client = self._make(
            "expired_client", ca, client=True, start=-3, end=-1)
        self.untrusted_client = self._make(
            "untrusted_client", other, client=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._own_folder:
            self._own_folder.cleanup()

    def pairs(self):
        """All of them by name."""
        return {name: pair for name, pair in vars(self).items()
                if isinstance(pair, Pair)}

    def _make_authority(self, file_name):
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name(f"gst-rcgrpc tests {file_name}")
        builder = (
            _builder(name, name, key, -1, 2)
            .add_extension(x509.BasicConstraints(True, None), critical=True)
            .add_extension(_key_usage(signs_certificates=True), critical=True))
        return Authority(self._write(file_name, builder, key, key), name, key)

    def _make(self, file_name, issuer, names=LOCAL, client=False, start=-1,
              end=2):
        """Valid from `start` to `end`, days from now. Signs itself without an
        issuer."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _name("rcgrpcsrc" if client else names[0])
        usage = (ExtendedKeyUsageOID.CLIENT_AUTH if client
                 else ExtendedKeyUsageOID.SERVER_AUTH)
        builder = (
            _builder(subject, issuer.name if issuer else subject, key, start,
                     end)
            .add_extension(x509.BasicConstraints(False, None), critical=True)
            .add_extension(_key_usage(), critical=True)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False))
        if not client:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([_general_name(n) for n in names]),
                critical=False)
        return self._write(file_name, builder, key,
                           issuer.private_key if issuer else key)

    def _write(self, file_name, builder, key, signing_key):
        certificate = builder.sign(signing_key, hashes.SHA256())
        pair = Pair(os.path.join(self.folder, file_name + ".pem"),
                    os.path.join(self.folder, file_name + ".key"))
        with open(pair.certificate, "wb") as f:
            f.write(certificate.public_bytes(serialization.Encoding.PEM))
        with open(pair.key, "wb") as f:
            f.write(key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption()))
        return pair


def server_credentials(pair, clients_ca=None):
    """grpc.ServerCredentials of `pair`; with `clients_ca` clients need a
    certificate by that authority."""
    return grpc.ssl_server_credentials(
        [(_read(pair.key), _read(pair.certificate))],
        _read(clients_ca.certificate) if clients_ca else None,
        clients_ca is not None)


def _read(name):
    with open(name, "rb") as file:
        return file.read()


def _name(common_name):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _general_name(name):
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _builder(subject, issuer, key, start, end):
    now = datetime.datetime.utcnow()
    return (x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + start * DAY)
            .not_valid_after(now + end * DAY))


def _key_usage(signs_certificates=False):
    return x509.KeyUsage(
        digital_signature=not signs_certificates, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False,
        key_cert_sign=signs_certificates, crl_sign=signs_certificates,
        encipher_only=False, decipher_only=False)


if __name__ == "__main__":
    for pair_name, made in Certificates(sys.argv[1]).pairs().items():
        print(pair_name, *made)
