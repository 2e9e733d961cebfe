# SPDX-License-Identifier: LGPL-2.1-or-later
"""The program client_probe, from Python."""

import os
import queue
import subprocess
import threading


class Line:
    """A line of the probe: its first word, and the KEY=VALUE ones after it."""

    def __init__(self, text):
        self.text = text
        self.name, *words = text.split(" ")
        self.words = words
        self.values = dict(w.split("=", 1) for w in words if "=" in w)

    def __getitem__(self, key):
        return self.values[key]

    def __repr__(self):
        return self.text


class Probe:
    def __init__(self, program, port, host="127.0.0.1", timeout_ms=0,
                 max_size=512 << 20, events=False, retry=None, tls=None):
        """retry: (retries, longest back-off in ms, wait for a connection);
        without, what is lost is lost. tls: environment variables of the
        probe's that configure TLS, without it there is none."""
        words = [program, host, port, timeout_ms, max_size, int(events)]
        if retry:
            retries, backoff_max_ms, wait = retry
            words += [retries, backoff_max_ms, int(wait)]
        self._process = subprocess.Popen(
            [str(word) for word in words],
            env=dict(os.environ, TLS="1", **tls) if tls is not None else None,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self._process.stdout:
            self._lines.put(Line(line.rstrip("\n")))
        self._lines.put(None)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()

    @property
    def pid(self):
        return self._process.pid

    def do(self, command):
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()

    def next(self, timeout=30):
        line = self._lines.get(timeout=timeout)
        if line is None:
            raise AssertionError("the probe ended")
        return line

    def expect(self, name):
        """The next line, which must be a `name`."""
        line = self.next()
        if line.name != name:
            raise AssertionError(f"'{line}' instead of a '{name}'")
        return line

    def wait_for(self, name, **values):
        """The next line `name` with those values; others are passed over, but
        for the end."""
        while True:
            line = self.next()
            if line.name == name and values.items() <= line.values.items():
                return line
            if line.name == "ended":
                raise AssertionError(f"'{line}' instead of a '{name}'")

    def free(self):
        """Frees the client. The lines that came before that."""
        self.do("free")
        lines = []
        while (line := self.next()).name != "freed":
            lines.append(line)
        self.after = []  # and those that came after
        while (line := self._lines.get(timeout=30)) is not None:
            self.after.append(line)
        if self._process.wait(30) != 0:
            raise AssertionError("the probe failed")
        return lines
