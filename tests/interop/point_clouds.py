# SPDX-License-Identifier: LGPL-2.1-or-later
"""Clouds as they should be, by the camera's formulas in numpy, and as meshio
reads them."""

import os
import tempfile

import meshio
import numpy as np

from sim_process import pixels, points


class Cloud:
    """A PLY file as meshio reads it."""

    def __init__(self, data):
        self.data = data
        header = data[:data.index(b"end_header\n")].decode("ascii")
        self.header = header.splitlines()
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "cloud.ply")
            with open(path, "wb") as file:
                file.write(data)
            mesh = meshio.read(path)
        self.xyz = mesh.points
        # meshio 5.0 takes the uchar of binary files for signed.
        properties = mesh.point_data
        self.rgb = np.stack(
            [properties[name].astype(np.uint8)
             for name in ("red", "green", "blue")],
            axis=-1) if "red" in properties else None
        self.confidence = properties.get("confidence")
        self.depth_error = properties.get("depth_error")
        self.faces = np.concatenate(
            [cells.data for cells in mesh.cells]) if mesh.cells else None

    @property
    def counts(self):
        return {words[1]: int(words[2])
                for words in map(str.split, self.header)
                if words[0] == "element"}


def disparities(message):
    """Pixels of disparity, NaN where there is none."""
    stored = pixels(message.image).astype(float)
    d = stored * message.scale + message.offset
    d[(stored == message.invalid_data_value) | (d <= 0)] = np.nan
    return d


def positions(message):
    with np.errstate(divide="ignore"):
        xyz = points(message)
    xyz[np.isnan(disparities(message))] = np.nan
    return xyz


def depth_errors(image_set):
    message = image_set.disparity
    e = pixels(image_set.disparity_error) * message.scale
    return (e * message.image.focal_length * message.baseline
            / disparities(message) ** 2)


def _parts(left_size, size, block):
    """How much of each left pixel (columns) each pixel (rows) covers, in
    parts that are whole numbers."""
    edges = np.arange(size + 1) * (block * size if block else left_size)
    left = np.arange(left_size) * size
    return np.clip(np.minimum(edges[1:, None], left + size)
                   - np.maximum(edges[:-1, None], left), 0, None)


def colors(image_set):
    """The mean of the left pixels that each pixel of the disparity image
    covers: blocks where both sizes are of such, the last ones cut off."""
    left = pixels(image_set.left).astype(np.int64)
    if left.ndim == 2:
        left = np.repeat(left[:, :, None], 3, axis=2)
    image = image_set.disparity.image
    sizes = [(left.shape[0], image.height), (left.shape[1], image.width)]
    block = -(-left.shape[1] // image.width)
    if any(-(-a // block) != b for a, b in sizes):
        block = 0
    rows, columns = (_parts(a, b, block) for a, b in sizes)
    total = rows.sum(axis=1)[:, None, None] * columns.sum(axis=1)[:, None]
    sums = np.einsum("kr,rcx,ic->kix", rows, left, columns, optimize=True)
    return (2 * sums + total) // (2 * total)


def triangles(image_set, valid, step):
    """Three pixels each, by their numbers in the image, in rising order."""
    message = image_set.disparity
    stored = pixels(message.image).astype(int)
    number = np.arange(stored.size).reshape(stored.shape)
    corners = [np.s_[:-1, :-1], np.s_[:-1, 1:], np.s_[1:, :-1], np.s_[1:, 1:]]
    values = np.stack([stored[part] for part in corners], axis=-1)
    numbers = np.stack([number[part] for part in corners], axis=-1)
    there = np.stack([valid[part] for part in corners], axis=-1)
    count = there.sum(axis=-1)
    # The smaller step, from first to last or between the other two, divides.
    first_to_last = np.abs(values[..., 0] - values[..., 3]) \
        <= np.abs(values[..., 1] - values[..., 2])
    result = []
    for missing in range(4):
        three = [n for n in range(4) if n != missing]
        whole = first_to_last == (missing in (1, 2))
        chosen = np.where(count == 4, whole,
                          (count == 3) & ~there[..., missing])
        some = values[..., three]
        near = (some.max(axis=-1) - some.min(axis=-1)) * message.scale <= step
        result.append(numbers[..., three][chosen & near])
    result = np.sort(np.concatenate(result), axis=1)
    return result[np.lexsort(result.T)]


__all__ = ["Cloud", "colors", "depth_errors", "disparities", "positions",
           "triangles"]
