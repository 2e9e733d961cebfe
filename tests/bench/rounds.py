# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs what is to be compared in turn, A B C A B C …, and shows how far it is."""

import sys
import time


class Progress:
    def __init__(self, part, total):
        self.part, self.total, self.done = part, total, 0
        self.begun = time.monotonic()
        self.live = sys.stderr.isatty()

    def step(self, text):
        self.done += 1
        line = (f"[{self.part} {self.done}/{self.total}, "
                f"{time.monotonic() - self.begun:.0f} s] {text}")
        end = "\r" if self.live else "\n"
        print(line[:78].ljust(78) if self.live else line, end=end,
              file=sys.stderr, flush=True)

    def finish(self):
        if self.live:
            print(" " * 78, end="\r", file=sys.stderr, flush=True)


def interleave(consumers, rounds):
    """(round, consumer), each round beginning with another consumer, so that
    none always comes after the same one."""
    for i in range(rounds if consumers else 0):
        first = i % len(consumers)
        for consumer in consumers[first:] + consumers[:first]:
            yield i, consumer
