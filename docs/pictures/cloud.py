#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Draws a coloured point cloud from two sides, as a viewer would.
Usage: cloud.py CLOUD.ply PICTURE.png"""

import sys

import meshio
import numpy as np
from matplotlib.image import imsave

WIDTH, HEIGHT, FOCAL_LENGTH = 400, 330, 360
DISTANCE = 1.9  # metres, of what the views turn about
# To the right and up, degrees.
VIEWS = (35, 10), (-35, 40)


def turned(xyz, right, up):
    a, b = np.radians((right, up))
    about_y = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0],
                        [-np.sin(a), 0, np.cos(a)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)],
                        [0, np.sin(b), np.cos(b)]])
    middle = np.array([0, 0, DISTANCE])
    return (xyz - middle) @ (about_x @ about_y).T + middle


def draw(xyz, rgb):
    """The nearest point of each pixel, each as a square of four."""
    picture = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    order = np.argsort(-xyz[:, 2])
    x, y, z = xyz[order].T
    column = (WIDTH / 2 + FOCAL_LENGTH * x / z).astype(int)
    row = (HEIGHT / 2 + FOCAL_LENGTH * y / z).astype(int)
    seen = (z > 0.1) & (column >= 0) & (column < WIDTH - 1) \
        & (row >= 0) & (row < HEIGHT - 1)
    for i in range(2):
        for k in range(2):
            picture[row[seen] + k, column[seen] + i] = rgb[order][seen]
    return picture


cloud = meshio.read(sys.argv[1])
colors = np.stack([cloud.point_data[name].astype(np.uint8)
                   for name in ("red", "green", "blue")], axis=-1)
imsave(sys.argv[2], np.concatenate(
    [draw(turned(cloud.points, *view), colors) for view in VIEWS], axis=1))
