# SPDX-License-Identifier: LGPL-2.1-or-later
"""A TCP relay between a client and a server that stalls or cuts on command."""

import socket
import threading


class Relay:
    """Forwards 127.0.0.1:self.port to 127.0.0.1:`port`. Of what comes from the
    server, `limit` bytes are forwarded (None: all); then `stalled` is set and
    nothing comes any more until cut (), or with `trickle` next to nothing."""

    def __init__(self, port, limit=None, trickle=False):
        self.stalled = threading.Event()
        self._target = port
        self._left = limit
        self._trickle = trickle
        self._cut = threading.Event()
        self._sockets = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.cut()

    def cut(self):
        """Closes everything."""
        self._cut.set()
        for end in [self._listener, *self._sockets]:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()

    def _accept(self):
        while not self._cut.is_set():
            try:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                return
            self._sockets += [client, server]
            for args in ((client, server, False), (server, client, True)):
                threading.Thread(
                    target=self._copy, args=args, daemon=True).start()

    def _copy(self, source, dest, limited):
        try:
            while data := source.recv(65536):
                if limited and self._left is not None:
                    data = data[: self._left]
                    self._left -= len(data)
                dest.sendall(data)
                if limited and self._left == 0:
                    self.stalled.set()
                    while not self._cut.wait(0.01):
                        if self._trickle:
                            dest.sendall(source.recv(256))
                    return
            dest.shutdown(socket.SHUT_WR)
        except OSError:
            pass
