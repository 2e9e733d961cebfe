# SPDX-License-Identifier: LGPL-2.1-or-later
"""The elements over disparity images, without a camera: CPU time against memcpy
of what goes in and out, and point clouds against OpenCV and numpy."""

import json
import subprocess
import sys
from dataclasses import dataclass

from consumers import ELEMENT, HERE
from figures import figure, names, ratio, select
from plots import Plot
from rounds import Progress, interleave
from table import table, text

AMOUNTS = {
    "full": dict(sizes=("640x480", "1280x960", "4112x3008"), rounds=7,
                 pixels=60e6),
    "quick": dict(sizes=("1280x960",), rounds=3, pixels=20e6),
    "smoke": dict(sizes=("64x48",), rounds=1, pixels=1),
}
FPS = 25


@dataclass(frozen=True)
class Filter:
    name: str
    title: str
    pipeline: str = None  # else it is OpenCV


CAMERA = "focal-length=1080 baseline=0.16"
CLOUD = f"rcpointcloud {CAMERA} principal-point-u=600 principal-point-v=400"
FILTERS = (
    Filter("rcdepth", "rcdepth", f"rcdepth {CAMERA}"),
    Filter("rccolormap", "rccolormap", "rccolormap"),
    Filter("rcpointcloud", "rcpointcloud, left in colour", CLOUD),
    Filter("faces", "rcpointcloud, left in colour, faces",
           f"{CLOUD} faces=true"),
    Filter("opencv", "OpenCV, numpy: the same cloud"),
)


def command(bench, chosen, size, images):
    counts = [*size.split("x"), str(images)]
    if chosen.pipeline is None:
        return [sys.executable, str(HERE / "pyclouds.py"), *counts]
    return [str(bench.runner.programs / "bench-depth"), chosen.pipeline,
            *counts]


def run(bench, amount):
    rounds = bench.rounds or amount["rounds"]
    sizes = [size for size in amount["sizes"]
             if not bench.sizes or size in bench.sizes]
    progress = Progress("depth", rounds * len(FILTERS) * len(sizes))
    runs = []
    for size in sizes:
        width, height = map(int, size.split("x"))
        images = max(3, int(amount["pixels"] / (width * height)))
        for i, chosen in interleave(FILTERS, rounds):
            progress.step(f"{size}: {chosen.title}")
            measured = json.loads(subprocess.run(
                command(bench, chosen, size, images), check=True,
                env=bench.runner.environment(ELEMENT), capture_output=True,
                text=True, timeout=300).stdout)
            runs.append(dict(size=size, round=i, consumer=chosen.name,
                             title=chosen.title, **measured))
    progress.finish()
    return dict(runs=runs)


def cpu(measured):
    return measured["cpu_ms"]


def show(result):
    runs = result["runs"]
    rows = []
    for size in names(runs, "size"):
        for name in names(runs, "consumer"):
            own = select(runs, size=size, consumer=name)
            rows.append([
                size, own[0]["title"], text(figure(own, cpu)),
                text(figure(own, lambda r: r["cpu_ms"] / r["memcpy_ms"])
                     if "memcpy_ms" in own[0] else None),
                text(ratio(runs, cpu, name, "opencv", size=size)
                     if name == "rcpointcloud" else None),
                text(figure(own, lambda r: 1000 / r["cpu_ms"]), 0)])
    return table(["size", "element", "CPU ms an image", "÷ memcpy of in + out",
                  "÷ OpenCV", "images a second of a core"], rows)


def plot(result, directory):
    runs = result["runs"]
    sizes = names(runs, "size")
    with Plot(directory / "depth.svg", "", "CPU ms an image") as axes:
        chosen = names(runs, "consumer")
        for n, name in enumerate(chosen):
            axes.bar([i + (n + 0.5) / len(chosen) * 0.8 - 0.4
                      for i in range(len(sizes))],
                     [figure(runs, cpu, size=size, consumer=name).median
                      for size in sizes], 0.8 / len(chosen),
                     label=select(runs, consumer=name)[0]["title"])
        axes.axhline(1000 / FPS, color="grey", linestyle=":",
                     label=f"{FPS} Hz on one core")
        axes.set_xticks(range(len(sizes)), sizes)
        axes.set_yscale("log")
