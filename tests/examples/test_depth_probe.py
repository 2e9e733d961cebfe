# SPDX-License-Identifier: LGPL-2.1-or-later

import math
import os
import re
import signal
import sys

import fixture
from fixture import Simulator, read_until

PROBE = os.path.join(fixture.HERE, "depth_probe.py")

# The simulator's scene (tools/simworld.h): the wall stands 2.6 m ahead of
# cameras that look down by 0.2 rad, so this is how far along the optical axis
# the ray through the centre meets it.
WALL = 2.6 / math.cos(0.2)

# Seed and number of sets in which the ball is not in front of it.
CLEAR = ["--seed=45", "--fps=0", "--sets=5"]


def distance_of_disparity(step, focal_length, baseline, scale=0.0625):
    return focal_length * baseline / (step * scale)


def within_a_step(distance, focal_length, baseline, scale=0.0625):
    """The distance fits the wall as well as stored disparities can."""
    step = focal_length * baseline / WALL / scale
    nearest = distance_of_disparity(step + 1, focal_length, baseline)
    farthest = distance_of_disparity(step - 1, focal_length, baseline)
    return nearest <= distance <= farthest


class DepthProbeTest(fixture.ExampleTest):
    def probe(self, *options):
        return self.run_example(sys.executable, PROBE, *options)

    def check_wall(self, focal_length, baseline, *options):
        with Simulator(*CLEAR, *options) as simulator:
            status, out = self.probe("--uri", simulator.uri)
        self.assertEqual(status, 0)
        distances = [float(text) for text in
                     re.findall(r"^set \d+: ([\d.]+) m \(81 pixels\)$", out, re.M)]
        self.assertGreater(len(distances), 0)
        self.assertEqual(len(distances), len(out.splitlines()))
        for distance in distances:
            self.assertTrue(within_a_step(distance, focal_length, baseline),
                            f"{distance} m is not {WALL:.3f} m")

    def test_wall(self):
        # Half of the camera's resolution, so half of its focal length.
        self.check_wall(540, 0.065)

    def test_other_camera(self):
        self.check_wall(800, 0.16, "--size=642x480", "--focal-length=800",
                        "--baseline=0.16", "--quality=full")

    def test_sets(self):
        with Simulator("--size=320x240") as simulator:
            status, out = self.probe("--uri", simulator.uri, "--sets", "3")
        self.assertEqual(status, 0)
        self.assertIn("set 2: ", out)
        self.assertNotIn("set 3: ", out)

    def test_interrupted(self):
        with Simulator("--size=320x240") as simulator:
            probe = self.start(sys.executable, PROBE, "--uri", simulator.uri)
            read_until(probe.stdout, "set ")
            probe.send_signal(signal.SIGINT)
            _, err = probe.communicate(timeout=fixture.PATIENCE)
        self.assertEqual(probe.returncode, 130)
        self.assertNotIn(b"Traceback", err)

    def test_nobody_there(self):
        with Simulator() as simulator:
            simulator.kill()
            status, out = self.probe("--uri", simulator.uri)
        self.assertEqual(status, 1)
        self.assertEqual(out, "")


if __name__ == "__main__":
    fixture.main()
