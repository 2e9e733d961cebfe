# SPDX-License-Identifier: LGPL-2.1-or-later
"""What users without this plugin write: OpenCV's reprojectImageTo3D () and a
PLY file by numpy, in memory.
Usage: pyclouds.py WIDTH HEIGHT IMAGES. Prints JSON: ms of CPU time."""

import json
import sys
import time

import cv2
import numpy as np

WARMUP = 3
FOCAL_LENGTH, BASELINE, SCALE = 1080.0, 0.16, 0.0625


def make_images(width, height):
    """As in depth.c."""
    x, y = np.arange(width, dtype=np.uint32), np.arange(height,
                                                        dtype=np.uint32)
    hashed = (x * np.uint32(2654435761))[None] ^ (y * np.uint32(40503))[:, None]
    disparity = (600 + x[None] // 4 + y[:, None] // 3).astype(np.uint16)
    disparity[(hashed >> 7) % 10 == 0] = 0
    left = np.stack(np.broadcast_arrays(
        x[None], y[:, None], x[None] + y[:, None]), axis=-1).astype(np.uint8)
    return disparity, left


def make_cloud(disparity, left, q):
    points = cv2.reprojectImageTo3D(disparity * np.float32(SCALE), q)
    valid = disparity != 0
    vertices = np.empty(np.count_nonzero(valid), [("xyz", "<f4", 3),
                                                  ("rgb", "u1", 3)])
    vertices["xyz"] = points[valid]
    vertices["rgb"] = left[valid]
    header = ("ply\nformat binary_little_endian 1.0\n"
              f"element vertex {len(vertices)}\n"
              "property float x\nproperty float y\nproperty float z\n"
              "property uchar red\nproperty uchar green\n"
              "property uchar blue\nend_header\n")
    return header.encode() + vertices.tobytes()


def main():
    width, height, count = map(int, sys.argv[1:])
    cv2.setNumThreads(1)
    disparity, left = make_images(width, height)
    q = np.array([[1, 0, 0, -width / 2], [0, 1, 0, -height / 2],
                  [0, 0, 0, FOCAL_LENGTH], [0, 0, 1 / BASELINE, 0]])
    for i in range(WARMUP + count):
        if i == WARMUP:
            begin = time.process_time()
        size = len(make_cloud(disparity, left, q))
    print(json.dumps(dict(
        cpu_ms=(time.process_time() - begin) * 1000 / count, bytes_out=size)))


if __name__ == "__main__":
    main()
