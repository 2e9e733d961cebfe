# SPDX-License-Identifier: LGPL-2.1-or-later
"""Instructions per set in user space, by callgrind, and where they are; what
the kernel does beside is seen in CPU time and in calls of it, by strace."""

import collections
import os
import re
import tempfile
from pathlib import Path

import callgrind
from camera import Camera
from consumers import APPSRC, CPP, ELEMENT
from plots import Plot
from rounds import Progress
from table import table

SIZE = "1280x960"
AMOUNTS = {
    "full": dict(consumers=(ELEMENT, CPP, APPSRC), sets=100, timed=1000),
    "quick": dict(consumers=(ELEMENT, CPP), sets=40, timed=100),
    "smoke": dict(consumers=(ELEMENT,), sets=4, timed=10),
}
WARMUP = 10
TOP = 15
TOUCH = "the consumer's own touching"
OURS = "ours"
GRPC = "gRPC"
# Callgrind counts a string instruction of the processor once a byte.
MEMCPY = "memcpy (a byte may count as one)"
# The first that fits; of the object's path and the function's name.
GROUPS = (
    (MEMCPY, r"", r"_*(mem(cpy|move|set)|mempcpy).*"),
    (OURS, r".*/libgstrcgrpc\.so", r".*"),
    (GRPC, r".*/lib(grpc|gpr|absl|upb|address_sorting|cares|re2)[^/]*", r".*"),
    ("protobuf", r".*/libprotobuf[^/]*", r".*"),
    ("GStreamer, GLib", r".*/lib(gst|glib|gobject|gio|gmodule)[^/]*", r".*"),
    (TOUCH, r".*/bench-[^/]*", r".*bench_touch.*"),
    ("client's own code", r".*/bench-[^/]*", r".*"),
    ("malloc, free", r".*/libc[.-][^/]*",
     r".*(alloc|free|consolidate|unlink_chunk|tcache|sysmalloc).*"),
    ("libc, threads, rest", r".*", r".*"),
)


def group(thing, function):
    for name, things, functions in GROUPS:
        if (not things or re.fullmatch(things, thing)) \
                and re.fullmatch(functions, function):
            return name


def count_instructions(bench, consumer, camera, sets):
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "callgrind.out"
        # The meter switches it on and off.
        prefix = ("valgrind", "--tool=callgrind", "-q", "--instr-atstart=no",
                  f"--callgrind-out-file={path}")
        bench.runner.run(consumer, camera.ports, prefix=prefix, sets=sets,
                         warmup=WARMUP)
        return callgrind.read(path)


def count_calls(bench, consumer, camera, sets):
    """System calls, by name."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "strace.out"
        bench.runner.run(
            consumer, camera.ports, sets=sets, warmup=WARMUP,
            prefix=("strace", "-f", "-c", "-U", "calls,name", "-o", str(path)))
        rows = [line.split() for line in path.read_text().splitlines()]
    return collections.Counter(
        {row[1]: int(row[0]) for row in rows
         if len(row) == 2 and row[0].isdigit() and row[1] != "total"})


def measure(bench, consumer, camera, amount, progress):
    sets = amount["sets"]
    progress.step(f"callgrind, {consumer.title}")
    costs = count_instructions(bench, consumer, camera, sets)
    progress.step(f"strace, {consumer.title}")
    # So many that starting and stopping, which are counted too, are little.
    traced = 10 * sets
    calls = count_calls(bench, consumer, camera, traced)
    progress.step(f"without either, {consumer.title}")
    timed = bench.runner.run(consumer, camera.ports, sets=amount["timed"],
                             warmup=WARMUP)
    return dict(
        consumer=consumer.name, title=consumer.title,
        functions=[dict(object=os.path.basename(thing), function=function,
                        group=group(thing, function),
                        instructions=cost / sets)
                   for (thing, function), cost in
                   sorted(costs.items(), key=lambda item: -item[1])],
        calls={name: count / traced for name, count in calls.most_common()
               if count >= traced / 2},
        user_us=timed["user_s"] / timed["sets"] * 1e6,
        sys_us=timed["sys_s"] / timed["sets"] * 1e6,
        cpu_us=timed["cpu_s"] / timed["sets"] * 1e6,
        minor_faults=timed["minor_faults"] / timed["sets"])


def run(bench, amount):
    consumers = bench.choose(amount["consumers"])
    progress = Progress("instructions", 3 * len(consumers))
    with Camera(bench.runner, size=SIZE) as camera:
        result = dict(runs=[measure(bench, consumer, camera, amount, progress)
                            for consumer in consumers])
    progress.finish()
    return result


def sums(measured):
    totals = dict.fromkeys((name for name, _, _ in GROUPS), 0)
    for function in measured["functions"]:
        totals[function["group"]] += function["instructions"]
    return totals


def top(measured, name):
    rows = [[f"{f['instructions']:.0f}", f["object"], f["function"][:70]]
            for f in measured["functions"] if f["group"] == name][:TOP]
    return (f"\n{measured['title']}, instructions a set: {name}\n\n"
            + table(["instructions", "object", "function"], rows))


def show(result):
    runs = result["runs"]
    totals = [sums(r) for r in runs]
    head = ["", *(r["title"] for r in runs)]
    rows = [[name, *(f"{t[name]:.0f}" for t in totals)]
            for name, _, _ in GROUPS]
    rows.append(["all", *(f"{sum(t.values()):.0f}" for t in totals)])
    calls = list(dict.fromkeys(name for r in runs for name in r["calls"]))
    kernel = [["CPU µs", *(f"{r['cpu_us']:.0f}" for r in runs)],
              ["of it in the kernel", *(f"{r['sys_us']:.0f}" for r in runs)],
              ["page faults", *(f"{r['minor_faults']:.0f}" for r in runs)]]
    kernel += [[name, *(f"{r['calls'].get(name, 0):.1f}" for r in runs)]
               for name in calls]
    parts = [table([f"instructions a set, {SIZE}", *head[1:]], rows),
             "", table(["kernel, a set", *head[1:]], kernel)]
    parts += [top(runs[0], name) for name in (OURS, GRPC, "GStreamer, GLib")]
    return "\n".join(parts)


def plot(result, directory):
    runs = result["runs"]
    with Plot(directory / "instructions.svg", "without copying and touching",
              f"thousand instructions a set, {SIZE}") as axes:
        bottom = [0.0] * len(runs)
        for name, _, _ in GROUPS:
            if name in (MEMCPY, TOUCH):
                continue
            heights = [sums(r)[name] / 1e3 for r in runs]
            axes.bar(range(len(runs)), heights, 0.6, bottom=bottom, label=name)
            bottom = [a + b for a, b in zip(bottom, heights)]
        axes.set_xticks(range(len(runs)), [r["title"] for r in runs])
