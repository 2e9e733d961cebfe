# SPDX-License-Identifier: LGPL-2.1-or-later
"""Peak resident size with branches that take nothing, so that all queues are
full; and whether the process grows in a long stream of small sets."""

from camera import Camera, set_bytes
from consumers import ELEMENT
from figures import figure, names, select
from plots import Plot
from rounds import Progress
from table import table, text

MB = 1e6
SMALL = "160x120"
AMOUNTS = {
    "full": dict(sizes=("640x480", "1280x960", "2048x1536"),
                 queue_sizes=(1, 4, 16, 64), rounds=3, long=100_000,
                 every=1000),
    "quick": dict(sizes=("640x480", "1280x960"), queue_sizes=(1, 4, 16),
                  rounds=1, long=10_000, every=200),
    "smoke": dict(sizes=("320x240",), queue_sizes=(1,), rounds=1, long=200,
                  every=20),
}


def run_queues(bench, amount, rounds, consumers, progress):
    runs = []
    for size in amount["sizes"]:
        with Camera(bench.runner, size=size) as camera:
            for i in range(rounds):
                for queue_size in amount["queue_sizes"]:
                    for consumer in consumers:
                        progress.step(f"{size}, queue-size={queue_size}, "
                                      f"{consumer.title}")
                        measured = bench.runner.run(
                            consumer, camera.ports, hold=True,
                            queue_size=queue_size, leaky="downstream")
                        runs.append(dict(
                            size=size, queue_size=queue_size, round=i,
                            queued=queue_size * set_bytes(size),
                            consumer=consumer.name, title=consumer.title,
                            **measured))
    return runs


def run_long(bench, amount, consumers, progress):
    runs = []
    with Camera(bench.runner, size=SMALL) as camera:
        for consumer in consumers:
            progress.step(f"{amount['long']} sets, {consumer.title}")
            measured = bench.runner.run(
                consumer, camera.ports, sets=amount["long"],
                rss_every=amount["every"])
            runs.append(dict(every=amount["every"], consumer=consumer.name,
                             title=consumer.title, **measured))
    return runs


def run(bench, amount):
    consumers = bench.choose((ELEMENT,))
    rounds = bench.rounds or amount["rounds"]
    progress = Progress("memory", len(consumers) * (1 + len(amount["sizes"])
                        * len(amount["queue_sizes"]) * rounds))
    result = dict(runs=run_queues(bench, amount, rounds, consumers, progress),
                  long=run_long(bench, amount, consumers, progress))
    progress.finish()
    return result


def beyond(measured):
    return (measured["peak_rss_kb"] * 1024 - measured["queued"]) / MB


def growth(samples):
    """kB that the second half of the samples lies above the first, leaving the
    first tenth out: caches and arenas fill there."""
    samples = samples[len(samples) // 10:]
    half = len(samples) // 2
    first, second = samples[:half], samples[half:]
    return sum(second) / len(second) - sum(first) / max(len(first), 1)


def show(result):
    runs = result["runs"]
    rows = []
    for name in names(runs, "consumer"):
        for size in names(runs, "size"):
            for queue_size in names(runs, "queue_size"):
                own = select(runs, consumer=name, size=size,
                             queue_size=queue_size)
                rows.append([
                    own[0]["title"], size, queue_size,
                    f"{own[0]['queued'] / MB:.1f}",
                    text(figure(own, lambda r: r["peak_rss_kb"] / 1000), 1),
                    text(figure(own, beyond), 1)])
    long_rows = [[r["title"], r["sets"], r["rss_samples_kb"][0],
                  r["rss_samples_kb"][-1], max(r["rss_samples_kb"]),
                  f"{growth(r['rss_samples_kb']):+.0f}"]
                 for r in result["long"]]
    return (table(["consumer", "size", "queue-size", "queued MB",
                   "peak RSS MB", "beyond what is queued MB"], rows)
            + "\n\n" + table(["consumer", f"sets of {SMALL}", "RSS kB at first",
                              "at last", "most", "second half - first half"],
                             long_rows))


def plot(result, directory):
    runs = result["runs"]
    with Plot(directory / "memory.svg", "queue-size × set, MB",
              "peak RSS, MB") as axes:
        for name in names(runs, "consumer"):
            for size in names(runs, "size"):
                own = select(runs, consumer=name, size=size)
                axes.plot([r["queued"] / MB for r in own],
                          [r["peak_rss_kb"] * 1024 / MB for r in own], "o",
                          label=f"{own[0]['title']}, {size}")
        most = max(r["queued"] for r in runs) / MB
        axes.plot([0, most], [40, most + 40], "k--", linewidth=1,
                  label="what is queued + 40 MB")
    with Plot(directory / "growth.svg", f"sets of {SMALL}", "RSS, MB") as axes:
        for r in result["long"]:
            samples = r["rss_samples_kb"]
            axes.plot([(i + 1) * r["every"] for i in range(len(samples))],
                      [kb * 1024 / MB for kb in samples], label=r["title"])
        axes.set_ylim(bottom=0)
