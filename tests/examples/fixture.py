# SPDX-License-Identifier: LGPL-2.1-or-later

"""A simulated camera for the tests of the examples, and what they share."""

import argparse
import os
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))

# For what takes a second: a test that comes to this has failed.
PATIENCE = 60

# What meson takes for a skipped test.
SKIPPED = 77

arguments = None


class Simulator:
    """rcgrpc-sim on a free port of 127.0.0.1, while the context lasts."""

    def __init__(self, *options):
        self.options = options

    def __enter__(self):
        self.process = subprocess.Popen(
            [arguments.simulator, "--port=0", *self.options],
            stdout=subprocess.PIPE, text=True)
        line = read_until(self.process.stdout, r"listening on .*:(\d+)")
        self.port = int(line.group(1))
        self.uri = f"rcgrpc://127.0.0.1:{self.port}"
        return self

    def kill(self):
        self.process.kill()
        self.process.wait()

    def __exit__(self, *_):
        self.kill()
        self.process.stdout.close()


def read_until(stream, pattern):
    """Waits until a line of @stream matches @pattern; what it matched."""
    deadline = time.monotonic() + PATIENCE
    text = b""
    while True:
        match = re.search(pattern, text.decode(errors="replace"))
        if match:
            return match
        left = deadline - time.monotonic()
        ready, _, _ = select.select([stream], [], [], max(left, 0))
        if not ready:
            raise AssertionError(f"no {pattern!r} came, but {text!r}")
        data = os.read(stream.fileno(), 4096)
        if not data:
            raise AssertionError(f"ended without {pattern!r}: {text!r}")
        text += data


class ExampleTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def start(self, *command):
        process = subprocess.Popen(command, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE,
                                   env=environment_for(command[0]))
        self.addCleanup(self.end, process)
        return process

    @staticmethod
    def end(process):
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()

    def run_example(self, *command):
        """Its exit status, and what it printed."""
        process = self.start(*command)
        out, err = process.communicate(timeout=PATIENCE)
        sys.stderr.write(err.decode())
        return process.returncode, out.decode()


def environment_for(program):
    environment = dict(os.environ)
    runtime = environment.get("ASAN_RUNTIME")
    if runtime and os.path.dirname(program) != arguments.examples:
        environment["LD_PRELOAD"] = runtime
        # What Python, bash and gst-launch leak at their end is their own.
        environment["ASAN_OPTIONS"] = "detect_leaks=0"
    return environment


def main():
    global arguments
    parser = argparse.ArgumentParser()
    parser.add_argument("--simulator", required=True)
    parser.add_argument("--examples", required=True)
    arguments, rest = parser.parse_known_args()
    result = unittest.main(module="__main__", argv=[sys.argv[0], *rest],
                           verbosity=2, exit=False).result
    if not result.wasSuccessful():
        sys.exit(1)
    if len(result.skipped) >= result.testsRun:
        sys.exit(SKIPPED)
