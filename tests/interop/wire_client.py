# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs wire-json: serialized ImageSets in, what was decoded out."""

import os
import struct
import subprocess


def decode(program, messages, env=None):
    """Returns for each of the messages a pair: the line of JSON with its
    newline, or '!' and the error's code; and a dict of the SHA-256 of each
    stream's bytes."""
    data = b"".join(struct.pack("<I", len(m)) + m for m in messages)
    done = subprocess.run([program], input=data, stdout=subprocess.PIPE,
                          env={**os.environ, **(env or {})}, check=True)
    # Split at \n alone: other separators must not be in a line.
    lines = done.stdout.decode("utf-8").split("\n")
    assert lines.pop() == ""
    assert len(lines) == 2 * len(messages), (len(lines), len(messages))
    answers = []
    for line, sums in zip(lines[::2], lines[1::2]):
        words = sums.split()
        answers.append((line + "\n", dict(zip(words[::2], words[1::2]))))
    return answers
