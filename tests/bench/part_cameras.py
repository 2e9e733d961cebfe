# SPDX-License-Identifier: LGPL-2.1-or-later
"""Several cameras in one process and pipeline, at 25 Hz: left at 640x480 and
disparity at half of that."""

from camera import Camera
from consumers import ELEMENT
from figures import Figure, figure, names, select
from plots import Plot, plot_figures
from rounds import Progress
from table import table, text

FPS, SIZE, DEPTH, STREAMS = 25, "640x480", "320x240", "left+disparity"
AMOUNTS = {
    "full": dict(counts=(1, 2, 4, 8, 16), rounds=3, seconds=20),
    "quick": dict(counts=(1, 4, 16), rounds=1, seconds=5),
    "smoke": dict(counts=(1, 2), rounds=1, seconds=0.5),
}


def run(bench, amount):
    consumers = bench.choose((ELEMENT,))
    counts = amount["counts"]
    rounds = bench.rounds or amount["rounds"]
    progress = Progress("cameras", len(counts) * rounds * len(consumers))
    runs = []
    for i in range(rounds):
        for count in counts:
            for consumer in consumers:
                progress.step(f"{count} cameras, {consumer.title}")
                # A camera each: the sets that it missed are this run's.
                with Camera(bench.runner, size=SIZE, depth=DEPTH, fps=FPS,
                            cameras=count) as camera:
                    measured = bench.runner.run(
                        consumer, camera.ports, streams=STREAMS,
                        leaky="downstream", warmup=5 * count,
                        seconds=amount["seconds"], latencies=True)
                runs.append(dict(cameras=count, round=i,
                                 consumer=consumer.name, title=consumer.title,
                                 missed=camera.missed, **measured))
    progress.finish()
    return dict(runs=runs)


def cpu_per_camera(measured):
    return measured["cpu_s"] / measured["wall_s"] / measured["cameras"] * 100


def camera_ratio(runs, consumer, count):
    """What a camera of `count` costs, in what one alone does, by rounds."""
    least = min(names(runs, "cameras"))
    alone = {r["round"]: cpu_per_camera(r)
             for r in select(runs, consumer=consumer, cameras=least)}
    own = select(runs, consumer=consumer, cameras=count)
    return Figure.of(cpu_per_camera(r) / alone[r["round"]] for r in own)


def show(result):
    runs = result["runs"]
    rows = []
    for name in names(runs, "consumer"):
        for count in names(runs, "cameras"):
            own = select(runs, consumer=name, cameras=count)
            flat = camera_ratio(runs, name, count)
            rate = figure(own, lambda r: r["sets"] / r["wall_s"] / count)
            rows.append([
                own[0]["title"], count, text(figure(own, cpu_per_camera)),
                text(flat),
                f"{rate.median:.2f}", max(r["threads"] for r in own),
                text(figure(own, lambda r: r["peak_rss_kb"] / 1000), 0),
                text(figure(own, lambda r: r["p99_ms"])),
                sum(r["dropped"] for r in own), sum(r["missed"] for r in own)])
    return table(["consumer", "cameras", "% of a core each",
                  "÷ that of one", "Hz each",
                  "threads", "peak RSS MB", "p99 latency ms", "dropped",
                  "missed by the camera"], rows)


def plot(result, directory):
    runs = result["runs"]
    counts = names(runs, "cameras")
    with Plot(directory / "cameras.svg", "cameras in one process",
              "% of a core for each") as axes:
        for name in names(runs, "consumer"):
            figures = [figure(runs, cpu_per_camera, consumer=name, cameras=n)
                       for n in counts]
            title = select(runs, consumer=name)[0]["title"]
            plot_figures(axes, counts, figures, title)
        axes.set_xscale("log", base=2)
        axes.set_xticks(counts, counts)
        axes.set_ylim(bottom=0)
