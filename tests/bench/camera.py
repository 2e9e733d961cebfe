# SPDX-License-Identifier: LGPL-2.1-or-later
"""The camera's process."""

import json
import subprocess

PATIENCE = 60


class Camera:
    """A running bench-camera; `ports` are its cameras'. After it ended, `sent`
    and `missed` are the sets that it sent, and those that were due while a
    client could not take one.

        with Camera(runner, size="1280x960") as camera:
            ... camera.ports[0] ...
    """

    def __init__(self, runner, raw=False, color=False, **options):
        self.command = [str(runner.programs / "bench-camera")]
        self.command += ["--raw"] * raw + ["--color"] * color
        self.command += [f"--{name}={value}"
                         for name, value in options.items()
                         if value is not None]
        self.n_ports = options.get("cameras", 1)
        self.raw = raw
        self.sent = self.missed = None

    def __enter__(self):
        # It ends with its stdin: also when this process dies.
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True)
        self.ports = []
        for _ in range(self.n_ports):
            line = self.process.stdout.readline()
            if not line:
                raise RuntimeError(f"{self.command} does not start")
            self.ports.append(int(line))
        return self

    def __exit__(self, *_):
        try:
            rest, _ = self.process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            raise
        if self.process.returncode != 0:
            raise RuntimeError(f"{self.command} exited with "
                               f"{self.process.returncode}")
        if not self.raw:
            counts = json.loads(rest)
            self.sent, self.missed = counts["sent"], counts["missed"]


def set_bytes(size, depth=None, color=False,
              streams="left+right+disparity+confidence+error"):
    """Bytes of the images of a set."""
    def pixels(text):
        width, height = map(int, text.split("x"))
        return width * height

    camera, depth = pixels(size), pixels(depth or size)
    sizes = {"left": camera * (3 if color else 1), "disparity": 2 * depth,
             "confidence": depth, "error": depth}
    sizes["right"] = sizes["left"]
    return sum(sizes[name] for name in streams.split("+"))
