#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Makes a grey PNG of 8 or 16 bits visible: false_colours.py IN.png OUT.png

Disparity, confidence and error images hold exact but small numbers, which look
black. Here the values from the smallest to the largest but 0 are stretched from
blue over green to red; 0, which says that there is no value, is black. Uses
nothing but Python itself.
"""

import struct
import sys
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"

# From the smallest value to the largest; red, green, blue.
RAMP = [(48, 18, 120), (50, 100, 240), (30, 190, 220), (70, 240, 120),
        (220, 220, 50), (250, 120, 30), (160, 10, 10)]


def read_chunks(data):
    if not data.startswith(SIGNATURE):
        raise ValueError("no PNG")
    position = len(SIGNATURE)
    while position < len(data):
        size, name = struct.unpack_from(">I4s", data, position)
        yield name, data[position + 8:position + 8 + size]
        position += 12 + size


def paeth(left, above, corner):
    """The predictor of the PNG specification, 9.4."""
    guess = left + above - corner
    distances = [(abs(guess - left), 0, left), (abs(guess - above), 1, above),
                 (abs(guess - corner), 2, corner)]
    return min(distances)[2]


def unfilter(kind, row, above, size):
    """Undoes a row's filter in place; @size is that of a pixel in bytes."""
    if kind == 2:
        row[:] = bytes((a + b) & 255 for a, b in zip(row, above))
    elif kind != 0:
        for i in range(len(row)):
            left = row[i - size] if i >= size else 0
            corner = above[i - size] if i >= size else 0
            row[i] = (row[i] + (left if kind == 1
                                else (left + above[i]) // 2 if kind == 3
                                else paeth(left, above[i], corner))) & 255


def read_grey(path):
    """Width, and rows of values."""
    with open(path, "rb") as file:
        chunks = list(read_chunks(file.read()))
    width, height, depth, colour, *_, interlaced = struct.unpack(
        ">IIBBBBB", dict(chunks)[b"IHDR"])
    if depth not in (8, 16) or colour != 0 or interlaced:
        raise ValueError("not a plain grey image of 8 or 16 bits")
    data = zlib.decompress(b"".join(
        content for name, content in chunks if name == b"IDAT"))

    size = depth // 8
    above = bytearray(width * size)
    rows = []
    for start in range(0, height * (width * size + 1), width * size + 1):
        row = bytearray(data[start + 1:start + 1 + width * size])
        unfilter(data[start], row, above, size)
        rows.append(row if size == 1 else struct.unpack(f">{width}H", row))
        above = row
    return width, rows


def colour_of(value, low, high):
    if value == 0:
        return bytes(3)
    place = (value - low) / max(high - low, 1) * (len(RAMP) - 1)
    i = min(int(place), len(RAMP) - 2)
    return bytes(round(a + (b - a) * (place - i))
                 for a, b in zip(RAMP[i], RAMP[i + 1]))


def write_colours(path, width, rows):
    values = set().union(*rows) - {0}
    low, high = min(values, default=0), max(values, default=0)
    colours = {value: colour_of(value, low, high) for value in values | {0}}
    data = zlib.compress(b"".join(
        b"\0" + b"".join(colours[value] for value in row) for row in rows))

    with open(path, "wb") as file:
        file.write(SIGNATURE)
        for name, content in (
                (b"IHDR", struct.pack(">IIBBBBB", width, len(rows), 8, 2, 0,
                                      0, 0)),
                (b"IDAT", data), (b"IEND", b"")):
            file.write(struct.pack(">I", len(content)) + name + content
                       + struct.pack(">I", zlib.crc32(name + content)))


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__.split("\n")[0])
    try:
        write_colours(sys.argv[2], *read_grey(sys.argv[1]))
    except (OSError, ValueError) as error:
        sys.exit(f"{sys.argv[1]}: {error}")


if __name__ == "__main__":
    main()
