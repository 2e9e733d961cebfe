# SPDX-License-Identifier: LGPL-2.1-or-later
"""A gRPC client down to the bytes, over a socket: sees what came and how the
connection ended, which gRPC's libraries do not tell."""

import fcntl
import socket
import struct
import sys
import termios
import time

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, SETTINGS, PING, WINDOW_UPDATE = 0, 1, 4, 6, 8
END_STREAM, ACK, END_HEADERS = 1, 1, 4
MAX_WINDOW = 2**31 - 1


def _frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(
        ">BBI", kind, flags, stream) + payload


def _literal(text):
    assert len(text) < 127
    return bytes([len(text)]) + text.encode("ascii")


def _headers(path):
    fields = {":method": "POST", ":scheme": "http", ":path": path,
              ":authority": "localhost", "te": "trailers",
              "content-type": "application/grpc",
              "grpc-accept-encoding": "identity,gzip"}
    return b"".join(b"\0" + _literal(name) + _literal(value)
                    for name, value in fields.items())


class Http2Client:
    def __init__(self, port, timeout=60):
        self._socket = socket.create_connection(("127.0.0.1", port), timeout)
        self._bytes = b""
        self._body = {}  # of each stream, what is not a whole message yet
        self.messages = {}  # of each stream: (compressed, bytes)
        self.pongs = 0
        window = struct.pack(">HI", 4, MAX_WINDOW)
        self._socket.sendall(
            PREFACE + _frame(SETTINGS, 0, 0, window)
            + _frame(WINDOW_UPDATE, 0, 0,
                     struct.pack(">I", MAX_WINDOW - 65535)))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()

    def call(self, path, request, stream=1):
        self._body[stream] = bytearray()
        self.messages[stream] = []
        body = struct.pack(">BI", 0, len(request)) + request
        self._socket.sendall(
            _frame(HEADERS, END_HEADERS, stream, _headers(path))
            + _frame(DATA, END_STREAM, stream, body))

    def ping(self):
        self._socket.sendall(_frame(PING, 0, 0, b"12345678"))

    def rest(self, stream=1):
        """Bytes of the message that has begun and not ended: None if there
        is none, b"" if its length alone came."""
        body = self._body[stream]
        return bytes(body[5:]) if body else None

    def receive(self, timeout=60):
        """Takes what comes next: "bytes", "eof", "reset", or "silence" when
        nothing comes in that time."""
        self._socket.settimeout(timeout)
        try:
            data = self._socket.recv(1 << 20)
        except ConnectionResetError:
            return "reset"
        except socket.timeout:
            return "silence"
        if not data:
            return "eof"
        self._bytes += data
        while len(self._bytes) >= 9:
            size = int.from_bytes(self._bytes[:3], "big")
            kind, flags, stream = struct.unpack(">BBI", self._bytes[3:9])
            if kind == DATA:
                # What there is of it: it may be cut.
                taken = self._bytes[9:9 + size]
                if not taken and size:
                    break
                self._take_data(stream, taken)
                if len(taken) < size:
                    left = size - len(taken)
                    self._bytes = struct.pack(">I", left)[1:] + struct.pack(
                        ">BBI", kind, flags, stream)
                    break
            elif len(self._bytes) < 9 + size:
                break
            else:
                self._take(kind, flags, self._bytes[9:9 + size])
            self._bytes = self._bytes[9 + size:]
        return "bytes"

    def wait_until_full(self):
        """Reads nothing until the server cannot send any more."""
        before = -1
        while (size := self._unread()) != before or size == 0:
            before = size
            time.sleep(0.1)

    def _unread(self):
        size = fcntl.ioctl(self._socket, termios.FIONREAD, bytes(4))
        return int.from_bytes(size, sys.byteorder)

    def receive_to_end(self, timeout=60):
        while (what := self.receive(timeout)) == "bytes":
            pass
        return what

    def receive_messages(self, n, stream=1):
        while len(self.messages[stream]) < n:
            what = self.receive()
            assert what == "bytes", what

    def _answer(self, kind, payload=b""):
        try:
            self._socket.sendall(_frame(kind, ACK, 0, payload))
        except OSError:
            # It has ended; what came before that is still to be read.
            pass

    def _take(self, kind, flags, payload):
        if kind == SETTINGS and not flags & ACK:
            self._answer(SETTINGS)
        elif kind == PING and flags & ACK:
            self.pongs += 1
        elif kind == PING:
            self._answer(PING, payload)

    def _take_data(self, stream, data):
        body = self._body[stream]
        body += data
        while len(body) >= 5:
            compressed, size = struct.unpack(">BI", body[:5])
            if len(body) < 5 + size:
                break
            self.messages[stream].append((compressed, bytes(body[5:5 + size])))
            del body[:5 + size]
