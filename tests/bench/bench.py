# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs the benchmarks and shows what they measured: see docs/performance.md.
scripts/bench builds what this needs, and starts it."""

import argparse
import json
import sys
from pathlib import Path

import machine
import part_cameras
import part_depth
import part_instructions
import part_latency
import part_memory
import part_own
import part_startup
import part_throughput
from consumers import ALL, HERE, Runner, against

PARTS = {
    "throughput": part_throughput,
    "latency": part_latency,
    "startup": part_startup,
    "cameras": part_cameras,
    "memory": part_memory,
    "instructions": part_instructions,
    "own": part_own,
    "depth": part_depth,
}


class Bench:
    """What the parts run with."""

    def __init__(self, arguments):
        self.runner = Runner(arguments.build)
        self.rounds = arguments.rounds
        self.sizes = arguments.sizes
        self.names = arguments.consumers
        self.against = against(arguments.against) if arguments.against \
            else None

    def choose(self, consumers):
        """Those of a part that were asked for. Another build's element takes
        part wherever this one's does."""
        chosen = [c for c in consumers if not self.names
                  or c.name in self.names]
        if self.against and any(c.name == "element" for c in chosen):
            chosen.insert(1, self.against)
        return chosen


def parse_arguments():
    def listed(text):
        return text.split(",")

    parser = argparse.ArgumentParser(
        prog="scripts/bench", description="measures rcgrpcsrc against other "
        "ways to receive the same images")
    parser.add_argument("parts", nargs="*", metavar="PART",
                        help=f"of {', '.join(PARTS)}; all without one")
    amount = parser.add_mutually_exclusive_group()
    amount.add_argument("--quick", dest="amount", action="store_const",
                        const="quick", default="full",
                        help="everything in about three minutes")
    amount.add_argument("--smoke", dest="amount", action="store_const",
                        const="smoke", help="whether it works, in seconds")
    amount.add_argument("--show", action="store_true",
                        help="measure nothing, show what was measured last")
    parser.add_argument("--rounds", type=int, metavar="N",
                        help="instead of the part's own number")
    parser.add_argument("--consumers", type=listed, metavar="A,B",
                        help="of " + ", ".join(c.name for c in ALL))
    parser.add_argument("--sizes", type=listed, metavar="A,B",
                        help="of a part's own, as its tables name them")
    parser.add_argument("--against", metavar="BUILD",
                        help="also measure the element of another build "
                        "directory")
    parser.add_argument("--build", default="build-bench", metavar="BUILD",
                        help="build directory (build-bench)")
    parser.add_argument("--out", default="bench-results", type=Path,
                        metavar="DIR", help="for JSON and plots "
                        "(bench-results)")
    arguments = parser.parse_args()
    unknown = set(arguments.parts) - set(PARTS)
    if unknown:
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    known = {c.name for c in ALL}
    if set(arguments.consumers or ()) - known:
        parser.error(f"consumers are {', '.join(sorted(known))}")
    return arguments


def measure(name, part, bench, arguments):
    """False if nothing of the part was asked for."""
    result = dict(part=name, amount=arguments.amount,
                  machine=machine.describe(HERE))
    result.update(part.run(bench, part.AMOUNTS[arguments.amount]))
    if not result["runs"]:
        print(f"{name}: has none of those consumers and sizes",
              file=sys.stderr)
        return False
    path = arguments.out / f"{name}.json"
    path.write_text(json.dumps(result, indent=1) + "\n")
    return True


def show(name, part, directory):
    path = directory / f"{name}.json"
    if not path.exists():
        print(f"{name}: not measured yet", file=sys.stderr)
        return
    result = json.loads(path.read_text())
    print(f"\n## {name} ({result['amount']})\n")
    print(machine.show(result["machine"]) + "\n")
    print(part.show(result), flush=True)
    part.plot(result, directory)


def main():
    arguments = parse_arguments()
    arguments.out.mkdir(parents=True, exist_ok=True)
    bench = Bench(arguments)
    for name, part in PARTS.items():
        if arguments.parts and name not in arguments.parts:
            continue
        if arguments.show or measure(name, part, bench, arguments):
            show(name, part, arguments.out)
    print(f"\nJSON and plots are in {arguments.out}/")


if __name__ == "__main__":
    main()
