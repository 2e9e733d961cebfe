# SPDX-License-Identifier: LGPL-2.1-or-later
"""The plugin's own code beyond the copy, by itself: a set of five images
decoded and freed, and five metas."""

import json
import subprocess

from figures import figure
from rounds import Progress
from table import table, text

AMOUNTS = {"full": 3, "quick": 1, "smoke": 1}
VALUES = (("decode_us", "decoding and freeing the set"),
          ("metas_us", "five GstRcImageMeta"))


def run(bench, amount):
    progress = Progress("own", amount)
    runs = []
    for _ in range(amount):
        progress.step("decoding and metas")
        runs += json.loads(subprocess.run(
            [bench.runner.programs / "bench-own"], check=True,
            capture_output=True, text=True, timeout=300).stdout)
    progress.finish()
    return dict(runs=runs)


def show(result):
    runs = result["runs"]
    rows = [[title, text(figure(runs, lambda r, v=value: r[v]), 1)]
            for value, title in VALUES]
    rows.append(["both", text(figure(
        runs, lambda r: sum(r[value] for value, _ in VALUES)), 1)])
    return table(["1280x960, all images", "µs a set"], rows)


def plot(result, directory):
    """Three numbers need none."""
