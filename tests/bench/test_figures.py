# SPDX-License-Identifier: LGPL-2.1-or-later
"""The arithmetic of the benchmarks."""

import tempfile
import unittest

import callgrind
import part_memory
from figures import Figure, figure, ratio
from rounds import interleave

RUNS = [dict(consumer=name, round=i, size="s", t=t)
        for name, times in (("a", (1.0, 4.0, 3.0)), ("b", (2.0, 2.0, 6.0)))
        for i, t in enumerate(times)]


def value(measured):
    return measured["t"]


class FiguresTest(unittest.TestCase):
    def test_figure_is_median_and_range(self):
        self.assertEqual(figure(RUNS, value, consumer="a"),
                         Figure(3.0, 1.0, 4.0))
        self.assertIsNone(figure(RUNS, value, consumer="c"))

    def test_ratio_is_taken_within_each_round(self):
        # 1/2, 4/2, 3/6: not the ratio of the medians, which is 3/2.
        self.assertEqual(ratio(RUNS, value, "a", "b", size="s"),
                         Figure(0.5, 0.5, 2.0))

    def test_ratio_leaves_rounds_out_that_only_one_has(self):
        self.assertEqual(ratio(RUNS[:4], value, "a", "b"),
                         Figure(0.5, 0.5, 0.5))
        self.assertIsNone(ratio(RUNS, value, "a", "c"))

    def test_each_round_begins_with_another(self):
        self.assertEqual(list(interleave(["a", "b"], 3)),
                         [(0, "a"), (0, "b"), (1, "b"), (1, "a"),
                          (2, "a"), (2, "b")])

    def test_growth_compares_the_halves_after_the_start(self):
        flat = [0, 0, *[100] * 18]
        self.assertEqual(part_memory.growth(flat), 0)
        self.assertEqual(part_memory.growth([0, 0, *range(18)]), 9)


CALLGRIND = """\
# callgrind format
version: 1
events: Ir

ob=(1) /lib/a.so
fl=(1) a.c
fn=(1) one
16 100
+2 5
cob=(2) /lib/b.so
cfi=(2) b.c
cfn=(2) two
calls=3 7
18 9000
* 1

fn=(3) three
20 7

ob=(2)
fl=(2)
fn=(2)
7 9000
totals: 9113
"""


class CallgrindTest(unittest.TestCase):
    def test_costs_are_the_functions_own(self):
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(CALLGRIND)
            file.flush()
            costs = callgrind.read(file.name)
        self.assertEqual(costs, {("/lib/a.so", "one"): 106,
                                 ("/lib/a.so", "three"): 7,
                                 ("/lib/b.so", "two"): 9000})


if __name__ == "__main__":
    unittest.main()
