# SPDX-License-Identifier: LGPL-2.1-or-later
"""Reads callgrind's files: instructions by object and function, and who is
called how often is left out."""

import collections
import re

NAME = re.compile(r"\((\d+)\)(?: (.*))?")


class Names:
    """Names are written out once, then referred to by number."""

    def __init__(self):
        self.known = {}

    def resolve(self, text):
        match = NAME.fullmatch(text)
        if not match:
            return text
        number, name = match.groups()
        if name is not None:
            self.known[number] = name
        return self.known[number]


def read(path):
    """Counter of (object, function) → instructions, of the function itself."""
    costs = collections.Counter()
    objects, functions = Names(), Names()
    thing = function = "?"
    after_calls = False
    with open(path) as file:
        for line in map(str.rstrip, file):
            key, equals, value = line.partition("=")
            if equals and key == "ob":
                thing = objects.resolve(value)
            elif equals and key == "fn":
                function = functions.resolve(value)
            elif equals and key == "cob":
                objects.resolve(value)
            elif equals and key == "cfn":
                functions.resolve(value)
            elif equals and key == "calls":
                after_calls = True
            elif line[:1].isdigit() or line[:1] in ("+", "-", "*"):
                if not after_calls:
                    costs[thing, function] += int(line.split()[1])
                after_calls = False
    return costs
