# SPDX-License-Identifier: LGPL-2.1-or-later
"""CPU time per GB of images, and sets per second, at full rate."""

from camera import Camera, set_bytes
from consumers import ALL
from figures import figure, names, ratio, select
from plots import Plot, plot_figures
from rounds import Progress, interleave
from table import table, text

GB = 1e9
SIZES = (("160x120", False), ("320x240", False), ("640x480", False),
         ("1280x960", False), ("1280x960", True), ("2048x1536", False),
         ("4112x3008", False))
# goal: bytes of images that each run receives; least: sets. A consumer with
# queues may be a few sets further at one end of what is measured than at the
# other, which has to be little beside them.
AMOUNTS = {
    "full": dict(sizes=SIZES, rounds=7, goal=1e9, least=40),
    "quick": dict(sizes=(("320x240", False), ("1280x960", False)), rounds=5,
                  goal=3e8, least=40),
    "smoke": dict(sizes=(("160x120", False), ("320x240", True)), rounds=1,
                  goal=2e6, least=5),
}


def label(size, color):
    return size + " color" * color


def count_sets(size, color, amount):
    return max(amount["least"],
               round(amount["goal"] / set_bytes(size, color=color)))


def run(bench, amount):
    consumers = bench.choose(ALL)
    sizes = [(size, color) for size, color in amount["sizes"]
             if not bench.sizes or label(size, color) in bench.sizes]
    rounds = bench.rounds or amount["rounds"]
    progress = Progress("throughput", len(sizes) * rounds * len(consumers))
    runs = []
    for size, color in sizes:
        sets = count_sets(size, color, amount)
        options = dict(sets=sets, warmup=max(5, sets // 10), color=color)
        with Camera(bench.runner, size=size) as camera, \
                Camera(bench.runner, size=size, raw=True, color=color) as raw:
            for i, consumer in interleave(consumers, rounds):
                progress.step(f"{label(size, color)}: {consumer.title}")
                source = raw if consumer.raw else camera
                measured = bench.runner.run(consumer, source.ports, **options)
                runs.append(dict(size=label(size, color), round=i,
                                 consumer=consumer.name, title=consumer.title,
                                 **measured))
    progress.finish()
    return dict(runs=runs)


def cpu_per_gb(measured):
    return measured["cpu_s"] / measured["image_bytes"] * GB


def show_size(runs, size):
    rows = []
    for name in names(runs, "consumer"):
        own = select(runs, size=size, consumer=name)

        def of(value, digits):
            return text(figure(own, value), digits)

        rows.append([
            own[0]["title"], of(cpu_per_gb, 3),
            text(ratio(runs, cpu_per_gb, "element", name, size=size)),
            of(lambda r: r["image_bytes"] / r["wall_s"] / GB, 2),
            of(lambda r: r["cpu_s"] / r["sets"] * 1e6, 0),
            of(lambda r: r["sys_s"] / max(r["cpu_s"], 1e-9) * 100, 0),
            of(lambda r: r["minor_faults"] / r["sets"], 0),
            of(lambda r: r["voluntary_switches"] / r["sets"], 1)])
    return f"\n{size}\n\n" + table(
        ["consumer", "CPU s per GB", "rcgrpcsrc ÷ this", "GB/s", "CPU µs a set",
         "% of it in kernel", "page faults a set", "waits a set"], rows)


def show(result):
    runs = result["runs"]
    return "\n".join(show_size(runs, size) for size in names(runs, "size"))


def plot(result, directory):
    runs = result["runs"]
    sizes = names(runs, "size")
    positions = range(len(sizes))
    with Plot(directory / "throughput.svg", "all five images",
              "CPU seconds per GB of images") as axes:
        for name in names(runs, "consumer"):
            figures = [figure(runs, cpu_per_gb, size=size, consumer=name)
                       for size in sizes]
            title = select(runs, consumer=name)[0]["title"]
            plot_figures(axes, positions, figures, title,
                         linewidth=2.5 if name == "element" else 1)
        axes.set_xticks(positions, sizes, rotation=30)
        axes.set_ylim(bottom=0)
