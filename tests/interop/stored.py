# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a snapshot of an ImageSet is on disk: the names, pixels and parameters
that it should have, from the message alone, read back with Pillow."""

import os

import numpy as np
from PIL import Image

from sim_process import nanoseconds, pixels

# Pads, and where their images are in the message.
IMAGES = {
    "left": lambda s: s.left,
    "right": lambda s: s.right,
    "disparity": lambda s: s.disparity.image,
    "confidence": lambda s: s.confidence,
    "error": lambda s: s.disparity_error,
}


def levels(gpios):
    """_<outputs>_<inputs>, the highest bit first."""
    def part(lines):
        return "".join(str(gpios.values >> bit & 1)
                       for bit in reversed(range(32)) if lines >> bit & 1)
    return f"_{part(gpios.outputs)}_{part(gpios.inputs)}"


def stem(image_set, stream):
    """The name without its extension."""
    seconds, ns = divmod(nanoseconds(image_set.timestamp), 10**9)
    name = f"image_{seconds}.{ns:09}_{stream}"
    if stream == "mesh":
        return name
    return name + levels(IMAGES[stream](image_set).gpios)


def parameters(message, factor=1):
    """The lines of the text, by the vendor's description. factor: of the
    focal length and principal point."""
    image = message.image
    f, u, v = (f"{factor * x:.5f}" for x in (
        image.focal_length, image.principal_point_u, image.principal_point_v))
    # Single precision, as in the message.
    rho = np.float32(image.focal_length * factor) * np.float32(
        message.baseline)
    lines = {
        "camera.A": f"[{f} 0 {u}; 0 {f} {v}; 0 0 1]",
        "camera.height": str(image.height),
        "camera.width": str(image.width),
        "rho": f"{rho:.5f}",
        "t": f"{message.baseline:.5f}",
        "camera.exposure_time": f"{image.exposure_time:.5f}",
        "camera.gain": f"{image.gain:.5f}",
        "camera.noise": f"{image.noise:.5f}",
        "camera.out1_reduction": f"{image.out1_reduction:.5f}",
        "camera.brightness": f"{image.brightness:.5f}",
        "disp.scale": f"{message.scale:.5f}",
        "disp.offset": f"{message.offset:.5f}",
        "disp.inv": f"{message.invalid_data_value:.5f}",
    }
    return [f"{name}={value}" for name, value in lines.items()]


def read_image(path):
    """Its values; all of the file is read."""
    with Image.open(path) as image:
        image.load()
        assert image.format == "PNG", image.format
        return np.asarray(image)


def read_bytes(path):
    with open(path, "rb") as file:
        return file.read()


def read_parameters(path):
    """The lines after the comment."""
    text = read_bytes(path).decode("ascii")
    assert text.endswith("\n"), text
    first, *lines = text.splitlines()
    assert first.startswith("# "), first
    return lines


def files_of(image_set, streams, number=0):
    """The names of a set's files."""
    suffix = f"_{number}" if number else ""
    names = set()
    for stream in streams:
        name = stem(image_set, stream)
        names.add(name + suffix + (".ply" if stream == "mesh" else ".png"))
        if stream == "disparity":
            names.add(f"{name}_param{suffix}.txt")
    return names


def check_file(folder, image_set, stream, number=0):
    """The files of a stream hold what was sent, to the bit."""
    suffix = f"_{number}" if number else ""
    path = os.path.join(folder, stem(image_set, stream))
    if stream == "mesh":
        assert read_bytes(path + suffix + ".ply") == image_set.mesh.data
        return
    got = read_image(path + suffix + ".png")
    expected = pixels(IMAGES[stream](image_set))
    assert got.shape == expected.shape, (got.shape, expected.shape)
    assert got.dtype.itemsize >= expected.dtype.itemsize, got.dtype
    np.testing.assert_array_equal(got, expected)
    if stream == "disparity":
        lines = read_parameters(path + "_param" + suffix + ".txt")
        assert lines == parameters(image_set.disparity), lines
