# SPDX-License-Identifier: LGPL-2.1-or-later
"""All benchmarks in a few seconds: whether they work, not what they measure."""

import importlib.util
import json
import os
import shutil
import sys
from pathlib import Path

SKIPPED = 77
# What is measured by parts that do not run consumers.
OURS = {"own": None, "depth": "rcpointcloud"}


def missing():
    found = [module for module in ("grpc", "google.protobuf", "numpy",
                                   "matplotlib", "cv2")
             if not importlib.util.find_spec(module.split(".")[0])]
    return found + [program for program in ("valgrind", "strace")
                    if not shutil.which(program)]


def main():
    if missing():
        print(f"needs {', '.join(missing())}")
        sys.exit(SKIPPED)
    import bench

    out = Path(next(a for a in sys.argv if a.startswith("--out="))[6:])
    shutil.rmtree(out, ignore_errors=True)
    sys.argv.insert(1, "--smoke")
    bench.main()
    for name in bench.PARTS:
        result = json.loads((out / f"{name}.json").read_text())
        measured = {run.get("consumer") for run in result["runs"]}
        assert OURS.get(name, "element") in measured, (name, measured)
        for run in result["runs"]:
            assert run.get("sets", 1) > 0 or "queued" in run, (name, run)
            assert run.get("cpu_s", 1) >= 0, (name, run)
            assert run.get("bytes_out", 1) > 0, (name, run)
    plots = {entry for entry in os.listdir(out) if entry.endswith(".svg")}
    expected = {f"{name}.svg" for name in [*bench.PARTS, "growth"]
                if name != "own"}
    assert plots == expected, plots ^ expected


if __name__ == "__main__":
    main()
