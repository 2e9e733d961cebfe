# SPDX-License-Identifier: LGPL-2.1-or-later
"""Medians, ranges and ratios of what was measured in rounds."""

import statistics
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """The median of some measurements, and the least and the most of them."""

    median: float
    low: float
    high: float

    @staticmethod
    def of(values):
        values = list(values)
        return Figure(statistics.median(values), min(values), max(values))

    def text(self, digits=2):
        if self.low == self.high:
            return f"{self.median:.{digits}f}"
        return (f"{self.median:.{digits}f} "
                f"({self.low:.{digits}f}–{self.high:.{digits}f})")


def select(runs, **fields):
    return [run for run in runs
            if all(run[name] == value for name, value in fields.items())]


def figure(runs, value, **fields):
    """value: a function of a run. None if there is no such run."""
    chosen = select(runs, **fields)
    return Figure.of(map(value, chosen)) if chosen else None


def ratio(runs, value, name, other, **fields):
    """The figure of value (name) / value (other), taken within each round: what
    disturbs the machine for a while disturbs both."""
    def by_round(consumer):
        return {run["round"]: value(run)
                for run in select(runs, consumer=consumer, **fields)}

    above, below = by_round(name), by_round(other)
    ratios = [above[i] / below[i] for i in above if below.get(i)]
    return Figure.of(ratios) if ratios else None


def names(runs, field):
    """The values of a field in the order of their first appearance."""
    return list(dict.fromkeys(run[field] for run in runs))
