# SPDX-License-Identifier: LGPL-2.1-or-later
"""A machine that is busy with something else."""

import os
import subprocess
import sys

# Ends when its stdin does, should this process die: asked for now and then.
LOOP = """
import select, sys
while not select.select([sys.stdin], [], [], 0)[0]:
    for _ in range(1_000_000):
        pass
"""


class Load:
    """Busy loops at normal priority, one a core; none if not `busy`."""

    def __init__(self, busy=True):
        self.count = len(os.sched_getaffinity(0)) if busy else 0
        self.processes = []

    def __enter__(self):
        for _ in range(self.count):
            self.processes.append(subprocess.Popen(
                [sys.executable, "-c", LOOP], stdin=subprocess.PIPE))
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.kill()
            process.wait()
            process.stdin.close()
