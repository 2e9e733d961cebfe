# SPDX-License-Identifier: LGPL-2.1-or-later
"""From set_state (PLAYING) to the first buffer and the first whole set, and how
long set_state (NULL) takes; C++ client: from making the channel to the first
set, and from cancelling to the end."""

from camera import Camera
from consumers import CPP, ELEMENT
from figures import figure, names, select
from plots import Plot
from rounds import Progress, interleave
from table import table, text

SIZE = "1280x960"
# cycles: of each run; a fresh process begins with one that is slower.
AMOUNTS = {
    "full": dict(rounds=4, cycles=5),
    "quick": dict(rounds=4, cycles=5),
    "smoke": dict(rounds=1, cycles=1),
}
VALUES = (("first_buffer_s", "first buffer"), ("first_set_s", "first set"),
          ("stop_s", "stop"))


def run(bench, amount):
    consumers = bench.choose((ELEMENT, CPP))
    rounds = bench.rounds or amount["rounds"]
    progress = Progress("startup", rounds * len(consumers))
    runs = []
    with Camera(bench.runner, size=SIZE) as camera:
        for i, consumer in interleave(consumers, rounds):
            progress.step(consumer.title)
            measured = bench.runner.run(
                consumer, camera.ports, cycles=amount["cycles"])
            runs += [dict(round=i, consumer=consumer.name,
                          title=consumer.title, cycle=n, **cycle)
                     for n, cycle in enumerate(measured["cycles"])]
    progress.finish()
    return dict(runs=runs)


def show(result):
    runs = result["runs"]
    rows = []
    for name in names(runs, "consumer"):
        own = select(runs, consumer=name)
        rows.append([own[0]["title"], len(own)] + [
            text(figure(own, lambda r, v=value: r[v] * 1000), 1)
            for value, _ in VALUES])
    return table(["consumer", "times", *(title + " ms" for _, title in VALUES)],
                 rows)


def plot(result, directory):
    runs = result["runs"]
    with Plot(directory / "startup.svg", "", "ms") as axes:
        ticks = []
        for name in names(runs, "consumer"):
            own = select(runs, consumer=name)
            for value, title in VALUES:
                axes.boxplot([r[value] * 1000 for r in own],
                             positions=[len(ticks)], widths=0.6)
                ticks.append(f"{title}\n{own[0]['title']}")
        axes.set_xticks(range(len(ticks)), ticks, fontsize="x-small")
        axes.set_ylim(bottom=0)
