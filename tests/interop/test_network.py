# SPDX-License-Identifier: LGPL-2.1-or-later
"""rcgrpcsrc over a network that loses, delays and dies.
Usage: test_network.py SIM"""

import sys
import unittest

import cable

cable.enter()

try:
    from watched import STOP_LIMIT, Gst, Pad, Watched, statistics
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

PROGRAM = None

RESOURCE = "gst-resource-error-quark"
OPEN_READ = (RESOURCE, int(Gst.ResourceError.OPEN_READ))
READ = (RESOURCE, int(Gst.ResourceError.READ))
ENDS = Gst.MessageType.ERROR | Gst.MessageType.EOS
FAST = "retry-backoff-max=20000000 queue-size=10000"
TIMEOUT = "timeout=600000000"
# How far the spacing of PTS may be from that of capture: what the clock
# mapping promises (docs/time.md).
DRIFT = 200e-6


class NetworkTest(unittest.TestCase):
    def setUp(self):
        self.cable = cable.Cable()
        self.addCleanup(self.cable.close)
        self.camera = None
        self.start_camera()

    def start_camera(self, size="64x64", fps=50):
        self.camera = cable.Camera(
            self.cable, PROGRAM, f"--size={size}", f"--fps={fps}")
        self.addCleanup(self.camera.stop)

    def start(self, options="", plays=True):
        watched = Watched(
            f"rcgrpcsrc name=s host={cable.CAMERA} port={cable.PORT} {FAST} "
            f"{options} ! fakesink async=false sync=false")
        self.addCleanup(watched.stop)
        pad = Pad(watched, "left")
        watched.play()
        if plays:
            self.wait_for_state(watched, "streaming")
            pad.wait_for_more()
        return watched, pad

    def wait_for_state(self, watched, state):
        while True:
            message = watched.wait(Gst.MessageType.ELEMENT | ENDS)
            self.assertIsNotNone(message, f"never {state}")
            self.assertEqual(message.type, Gst.MessageType.ELEMENT,
                             watched.errors)
            structure = message.get_structure()
            if structure.get_name() == "rc-connection" \
                    and structure.get_string("state") == state:
                return

    def stop(self, watched, pad):
        self.assertLess(watched.stop(), STOP_LIMIT)
        times = [pts for _, pts, _ in pad.buffers]
        self.assertEqual(times, sorted(times))

    @staticmethod
    def codes(errors):
        return [(error.domain, error.code) for error in errors]


def cut(network):
    network.set_open(False)


def cut_to_robot(network):
    network.to_robot.open = False


def cut_to_camera(network):
    network.to_camera.open = False


def pull_plug(network):
    network.set_link(False)


def mend(network):
    network.set_open(True)
    network.set_link(True)


WAYS = (cut, cut_to_robot, cut_to_camera, pull_plug)


class DeadLinkTest(NetworkTest):
    """Nobody sends a FIN or an RST: only time tells."""

    def test_comes_back(self):
        for way in WAYS:
            with self.subTest(way=way.__name__):
                watched, pad = self.start(TIMEOUT)
                way(self.cable)
                self.wait_for_state(watched, "disconnected")
                self.assertEqual(self.codes(watched.warnings), [READ])
                # And an attempt fails, too.
                self.wait_for_state(watched, "disconnected")
                mend(self.cable)
                self.wait_for_state(watched, "streaming")
                pad.wait_for_more()
                reconnects = statistics(watched.source)["reconnects"]
                self.stop(watched, pad)
                self.assertEqual(watched.errors, [])
                self.assertGreaterEqual(reconnects, 1)
                self.assertGreaterEqual(
                    sum(discont for _, _, discont in pad.buffers), 2)

    def test_ends(self):
        for way in WAYS:
            for policy, warnings, errors in (
                    ("auto-reconnect=false", [], [READ]),
                    ("retries=2", [READ], [OPEN_READ])):
                with self.subTest(way=way.__name__, policy=policy):
                    watched, pad = self.start(f"{TIMEOUT} {policy}")
                    way(self.cable)
                    watched.wait(Gst.MessageType.EOS)
                    self.assertEqual(self.codes(watched.errors), errors)
                    self.assertEqual(self.codes(watched.warnings), warnings)
                    self.stop(watched, pad)
                    mend(self.cable)

    def test_stops(self):
        """With a dead connection, and with an attempt under way."""
        for way in WAYS:
            for options in "timeout=0", TIMEOUT + " leaky=none":
                with self.subTest(way=way.__name__, options=options):
                    watched, pad = self.start(options)
                    way(self.cable)
                    if options != "timeout=0":
                        self.wait_for_state(watched, "connecting")
                    self.stop(watched, pad)
                    mend(self.cable)

    def test_never_there(self):
        for way in WAYS:
            with self.subTest(way=way.__name__):
                way(self.cable)
                watched, pad = self.start(TIMEOUT, plays=False)
                watched.wait(Gst.MessageType.EOS)
                self.assertEqual(self.codes(watched.errors), [OPEN_READ])
                self.stop(watched, pad)

                watched, pad = self.start(
                    TIMEOUT + " wait-for-connection=true", plays=False)
                self.wait_for_state(watched, "disconnected")
                self.assertEqual(self.codes(watched.warnings), [OPEN_READ])
                mend(self.cable)
                self.wait_for_state(watched, "streaming")
                pad.wait_for_more()
                self.stop(watched, pad)
                self.assertEqual(watched.errors, [])

    def test_half_open(self):
        """The camera was off and is on again, and knows nothing of us."""
        for policy in "", "auto-reconnect=false":
            with self.subTest(policy=policy):
                watched, pad = self.start(f"{TIMEOUT} {policy}")
                cut(self.cable)
                self.camera.stop()
                self.start_camera()
                mend(self.cable)
                if policy:
                    watched.wait(Gst.MessageType.EOS)
                    self.assertEqual(self.codes(watched.errors), [READ])
                else:
                    self.wait_for_state(watched, "disconnected")
                    self.wait_for_state(watched, "streaming")
                    pad.wait_for_more()
                    self.assertEqual(watched.errors, [])
                self.stop(watched, pad)


class BadLinkTest(NetworkTest):
    """Late is not lost: no warning, and PTS as if the link were good."""

    def check(self, watched, pad):
        self.stop(watched, pad)
        self.assertEqual((watched.warnings, watched.errors), ([], []))
        checked = 0
        for before, after in zip(pad.buffers, pad.buffers[1:]):
            self.assertEqual(after[0], before[0] + 1)
            captured = pad.captures[after[0]] - pad.captures[before[0]]
            if after[2]:  # the mapping began anew
                continue
            self.assertAlmostEqual(after[1] - before[1], captured,
                                   delta=DRIFT * captured + 2)
            checked += 1
        self.assertGreater(checked, 0.9 * len(pad.buffers))

    def test_delay_and_jitter(self):
        for way in self.cable.ways:
            way.delay, way.jitter = 0.02, 0.04
        watched, pad = self.start()
        pad.wait_for_more(100)
        self.check(watched, pad)

    def test_long_way(self):
        """More is under way than the 1 MiB that is asked for on a short one."""
        self.camera.stop()
        self.start_camera("640x480", fps=0)
        for way in self.cable.ways:
            way.delay, way.buffer = 0.1, 64 << 20
        watched, pad = self.start("leaky=none")
        pad.wait_for(lambda pad: self.cable.to_robot.most_held > 2 << 20)
        self.stop(watched, pad)
        self.assertEqual((watched.warnings, watched.errors), ([], []))

    def test_loss(self):
        watched, pad = self.start()
        for way in self.cable.ways:
            way.delay, way.loss = 0.005, 0.02
        pad.wait_for_more(150)
        self.check(watched, pad)

    def test_fade(self):
        """Nothing for a while that is shorter than the timeout."""
        watched, pad = self.start()
        for _ in range(2):
            cut(self.cable)
            self.assertIsNone(watched.wait(ENDS | Gst.MessageType.WARNING,
                                           300 * Gst.MSECOND))
            mend(self.cable)
            pad.wait_for_more(30)
        self.check(watched, pad)

    def test_rate(self):
        """The link carries half of what the camera would send."""
        self.cable.to_robot.rate = 100_000
        watched, pad = self.start()
        pad.wait_for_more(60)
        self.check(watched, pad)


if __name__ == "__main__":
    PROGRAM = sys.argv.pop(1)
    unittest.main(verbosity=2)
