# SPDX-License-Identifier: LGPL-2.1-or-later
"""From the camera's send to the last image of the set being at its pad (C++
client: to the parsed message), at 25 Hz."""

from camera import Camera
from consumers import APPSRC, CPP, ELEMENT
from figures import figure, names, ratio, select
from load import Load
from plots import Plot, plot_figures
from rounds import Progress, interleave
from table import table, text

FPS = 25
ALL_STREAMS = "left+right+disparity+confidence+error"
CASES = (("640x480", ALL_STREAMS), ("1280x960", ALL_STREAMS),
         ("4112x3008", "left"), ("4112x3008", ALL_STREAMS))
AMOUNTS = {
    "full": dict(cases=CASES, rounds=3, seconds=20),
    "quick": dict(cases=CASES[1:2], rounds=3, seconds=3),
    "smoke": dict(cases=CASES[:1], rounds=1, seconds=0.3),
}
# A rate below this share of FPS is not 25 Hz.
ENOUGH = 0.98


def label(size, streams):
    return size if streams == ALL_STREAMS else f"{size} {streams}"


def run(bench, amount):
    consumers = bench.choose((ELEMENT, CPP, APPSRC))
    cases = [case for case in amount["cases"]
             if not bench.sizes or label(*case) in bench.sizes]
    rounds = bench.rounds or amount["rounds"]
    progress = Progress("latency", len(cases) * 2 * rounds * len(consumers))
    runs = []
    for size, streams in cases:
        for load in ("idle", "busy"):
            with Camera(bench.runner, size=size, fps=FPS) as camera, \
                    Load(load == "busy"):
                for i, consumer in interleave(consumers, rounds):
                    progress.step(f"{label(size, streams)}, {load}: "
                                  f"{consumer.title}")
                    measured = bench.runner.run(
                        consumer, camera.ports, streams=streams, warmup=5,
                        seconds=amount["seconds"], latencies=True)
                    runs.append(dict(
                        size=label(size, streams), load=load, round=i,
                        consumer=consumer.name, title=consumer.title,
                        **measured))
    progress.finish()
    return dict(runs=runs)


def rate(measured):
    return measured["sets"] / measured["wall_s"]


def core_share(measured):
    return measured["cpu_s"] / measured["wall_s"] * 100


def show(result):
    runs = result["runs"]
    rows = []
    for size in names(runs, "size"):
        for load in names(runs, "load"):
            for name in names(runs, "consumer"):
                own = select(runs, size=size, load=load, consumer=name)
                reached = figure(own, rate)
                rows.append(
                    [size, load, own[0]["title"]]
                    + [text(figure(own, lambda r, p=p: r[p]), 2)
                       for p in ("p50_ms", "p95_ms", "p99_ms")]
                    + [text(ratio(runs, lambda r: r["p99_ms"], "element", name,
                                  size=size, load=load)),
                       text(figure(own, core_share), 1),
                       f"{reached.median:.1f}"
                       + " (not 25)" * (reached.median < ENOUGH * FPS)])
    return table(["size", "cores", "consumer", "p50 ms", "p95 ms", "p99 ms",
                  "p99: rcgrpcsrc ÷ this", "% of a core", "Hz"], rows)


def plot(result, directory):
    runs = result["runs"]
    loads = names(runs, "load")
    cases = names(runs, "size")
    with Plot(directory / "latency.svg", "", "ms from send (p50, dashed p99)",
              columns=len(loads)) as columns:
        for axes, load in zip(columns, loads):
            axes.set_title(load)
            for n, name in enumerate(names(runs, "consumer")):
                title = select(runs, consumer=name)[0]["title"]
                for p, line in (("p50_ms", "-"), ("p99_ms", "--")):
                    figures = [figure(runs, lambda r, p=p: r[p], size=size,
                                      load=load, consumer=name)
                               for size in cases]
                    # Beside each other, so that the ranges can be seen.
                    places = [i + 0.08 * n for i in range(len(cases))]
                    plot_figures(axes, places, figures,
                                 title if line == "-" else None,
                                 linestyle=line, color=f"C{n}")
            axes.set_xticks(range(len(cases)), cases, rotation=30)
            axes.set_yscale("log")
