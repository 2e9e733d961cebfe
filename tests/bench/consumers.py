# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is measured: the programs that receive, and how each is run."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Seconds beyond what a run is to take, after which it hangs.
PATIENCE = 120


@dataclass(frozen=True)
class Consumer:
    """title: for tables; program: in the build directory, or a .py file here;
    raw: receives from the camera without gRPC; plugin: the build directory of
    the plugin, if not the one that is measured."""

    name: str
    title: str
    program: str
    options: tuple = ()
    raw: bool = False
    plugin: Path = None


ELEMENT = Consumer("element", "rcgrpcsrc", "bench-element")
CPP = Consumer("cpp", "C++ client, no buffers", "bench-cppclient")
APPSRC = Consumer("appsrc", "C++ client, appsrc, copy", "bench-cppappsrc",
                  ("--mode=copy",))
APPSRC_MOVE = Consumer("appsrc-move", "C++ client, appsrc, memory moved",
                       "bench-cppappsrc", ("--mode=move",))
PYTHON = Consumer("python", "Python grpcio client", "pyclient.py")
UNPACK = Consumer("unpack", "gRPC core, flatten, protobuf-c", "bench-core",
                  ("--mode=unpack",))
DISCARD = Consumer("discard", "gRPC core, data not touched", "bench-core",
                   ("--mode=discard",))
RAW = Consumer("raw", "TCP recv", "bench-raw", ("--mode=recv",), raw=True)
RAW_COPY = Consumer("raw-copy", "TCP recv, memcpy", "bench-raw",
                    ("--mode=copy",), raw=True)
RAW_PIECES = Consumer("raw-pieces", "TCP recv, memcpy, 64 KiB each",
                      "bench-raw", ("--mode=pieces",), raw=True)

ALL = (ELEMENT, APPSRC, APPSRC_MOVE, CPP, PYTHON, UNPACK, DISCARD, RAW_COPY,
       RAW_PIECES, RAW)


def against(build):
    """The element of another build directory, to compare the two."""
    return Consumer("against", f"rcgrpcsrc of {build}", "bench-element",
                    plugin=Path(build).resolve())


class Runner:
    """Runs consumers of the build directory `build`."""

    def __init__(self, build):
        self.build = Path(build).resolve()
        self.programs = self.build / "tests" / "bench"

    def environment(self, consumer):
        plugin = consumer.plugin or self.build
        result = {name: value for name, value in os.environ.items()
                  if not name.startswith(("GST_DEBUG", "GST_TRACERS",
                                          "GST_PLUGIN", "G_DEBUG"))
                  and not name.lower().endswith("_proxy")}
        result.update(
            GST_PLUGIN_PATH=str(plugin / "gst"),
            GST_REGISTRY=str(self.programs / f"registry-{consumer.name}.bin"),
            PYTHONPATH=str(self.programs), PYTHONDONTWRITEBYTECODE="1")
        return result

    def command(self, consumer, ports, **options):
        """Options are the consumers' own (options.h): seconds=5."""
        if consumer.program.endswith(".py"):
            command = [sys.executable, str(HERE / consumer.program)]
        else:
            command = [str(self.programs / consumer.program)]
        command += consumer.options
        command += [f"--port={port}" for port in ports]
        for name, value in options.items():
            if value is True:
                command.append("--" + name.replace("_", "-"))
            elif value not in (None, False):
                command.append(f"--{name.replace('_', '-')}={value}")
        return command

    def run(self, consumer, ports, prefix=(), **options):
        """What the consumer measured, a dict; prefix: what runs it."""
        command = [*prefix, *self.command(consumer, ports, **options)]
        result = subprocess.run(
            command, env=self.environment(consumer), stdin=subprocess.DEVNULL,
            capture_output=True, text=True,
            timeout=PATIENCE + 2 * options.get("seconds", 0)
            + options.get("sets", 0) / 20)
        if result.returncode != 0:
            raise RuntimeError(f"{' '.join(command)} exited with "
                               f"{result.returncode}:\n{result.stderr}")
        measured = json.loads(result.stdout)
        if measured["sets"] < options.get("sets", 0):
            raise RuntimeError(f"{' '.join(command)}: only {measured['sets']} "
                               f"sets came:\n{result.stderr}")
        return measured
