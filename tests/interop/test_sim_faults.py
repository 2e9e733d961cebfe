# SPDX-License-Identifier: LGPL-2.1-or-later
"""rcgrpc-sim --fault: what arrives is what the fault says.
Usage: test_sim_faults.py SIM"""

import gzip
import math
import subprocess
import sys
import unittest
from datetime import datetime, timezone

try:
    import grpc
    import numpy as np
    import image_interface_pb2 as pb
    from google.protobuf.message import DecodeError
    from sim_process import ALL, DEADLINE, SETS, Sim, nanoseconds, pixels
except ImportError as e:
    print("skipped:", e)
    sys.exit(77)

PROGRAM = None
LEFT = dict(left_enabled=True)


def start(*faults, options=("--fps=0",)):
    return Sim(PROGRAM, "--size=320x240", "--stamp", *options,
               *(f"--fault={fault}" for fault in faults))


class Raw:
    """In place of a message's class: bytes as they came."""
    FromString = staticmethod(lambda data: data)


def raw_stream(sim, **request):
    return sim.call(SETS, pb.ImageSetRequest(**request), Raw)


def take_raw(sim, n, **request):
    stream = raw_stream(sim, **request)
    messages = [next(stream) for _ in range(n)]
    stream.cancel()
    return messages


def take_numbers(sim, n):
    """Of the first sets, what is stamped into their pixels."""
    return [number(s) for s in sim.take(n, **LEFT)]


def number(s):
    return sum(1 << i for i in range(32) if np.all(pixels(s.left)[0, i]))


def parse(data):
    return pb.ImageSet.FromString(data)


class When(unittest.TestCase):
    """Seen with duplicate: set N twice."""

    def assert_befalls(self, expected, *faults, n=12, calls=1):
        with start(*(f"duplicate:{fault}" for fault in faults)) as sim:
            for call in range(calls):
                numbers = take_numbers(sim, n + len(expected[call]))
                twice = [a for a, b in zip(numbers, numbers[1:]) if a == b]
                self.assertEqual(twice, expected[call], (faults, call))

    def test_at_and_every(self):
        self.assert_befalls([[3]], "at=3")
        self.assert_befalls([[1]], "at=1")
        self.assert_befalls([[4, 8]], "every=4", n=11)
        self.assert_befalls([[2, 5, 8, 11]], "at=2,every=3")
        self.assert_befalls([[2, 7]], "at=2", "at=7")

    def test_calls(self):
        self.assert_befalls([[2], [2], [2]], "at=2", calls=3)
        self.assert_befalls([[2], [2], [2]], "at=2,calls=all", calls=3)
        self.assert_befalls([[2], [], []], "at=2,calls=first", calls=3)
        self.assert_befalls([[], [2], []], "at=2,calls=2", calls=3)
        self.assert_befalls([[], [2], [2]], "at=2,calls=2-", calls=3)
        self.assert_befalls([[2], [2], []], "at=2,calls=1-2", calls=3)

    def test_probability_is_the_same_again(self):
        seen = []
        for seed in (7, 7, 8):
            with start(f"drop-sets:probability=0.5,seed={seed}") as sim:
                seen.append(take_numbers(sim, 200))
        self.assertEqual(seen[0], seen[1])
        self.assertNotEqual(seen[0], seen[2])
        self.assertGreater(seen[0][-1], 300)
        self.assertLess(seen[0][-1], 500)

    def test_with_a_frame_rate(self):
        with start("duplicate:at=3", "drop-sets:at=5",
                   options=("--fps=100",)) as sim:
            numbers = take_numbers(sim, 7)
        self.assertEqual(numbers[2], numbers[3])
        self.assertEqual(len(set(numbers)), 6)

    def test_each_pipeline(self):
        with start("duplicate:at=2",
                   options=("--fps=0", "--pipelines=2")) as sim:
            for pipeline in range(2):
                sets = sim.take(3, pipeline=pipeline, **LEFT)
                self.assertEqual([number(s) for s in sets], [1, 2, 2])


class Streams(unittest.TestCase):
    def test_drop_sets(self):
        with start("drop-sets:every=3") as sim:
            self.assertEqual(take_numbers(sim, 7), [1, 2, 4, 5, 7, 8, 10])

    def test_all_dropped(self):
        with start("drop-sets:every=1",
                   options=("--fps=0", "--sets=9")) as sim:
            stream = sim.stream(**LEFT)
            self.assertEqual(list(stream), [])
            self.assertEqual(stream.code(), grpc.StatusCode.OK)

    def test_reorder(self):
        with start("reorder:at=3") as sim:
            self.assertEqual(take_numbers(sim, 6), [1, 2, 4, 3, 5, 6])
        # Nothing follows the last one.
        with start("reorder:every=2", options=("--fps=0", "--sets=4")) as sim:
            stream = sim.stream(**LEFT)
            self.assertEqual([number(s) for s in stream], [1, 3, 2, 4])

    def test_duplicate(self):
        with start("duplicate:at=2") as sim:
            sets = sim.take(4, **ALL)
        self.assertEqual(sets[1], sets[2])
        self.assertNotEqual(sets[2], sets[3])

    def test_status(self):
        codes = {code.value[0]: code for code in grpc.StatusCode}
        self.assertEqual(len(codes), 17)
        with Sim(PROGRAM, "--size=320x240", "--fps=0",
                 *(f"--fault=status:at={3 if i % 2 else 1},calls={i + 1},"
                   f"code={code.name if i % 3 else i},message=for {i}: it is"
                   for i, code in sorted(codes.items()))) as sim:
            for i in sorted(codes):
                stream = sim.stream(**LEFT)
                got = []
                try:
                    for s in stream:
                        got.append(s)
                except grpc.RpcError:
                    pass
                self.assertEqual(stream.code(), codes[i])
                self.assertEqual(stream.details(), f"for {i}: it is")
                self.assertEqual(len(got), 2 if i % 2 else 0, i)
            sim.take(5, **LEFT)

    def test_status_s_default(self):
        with start("status") as sim:
            stream = sim.stream(**LEFT)
            with self.assertRaises(grpc.RpcError) as raised:
                for _ in range(10):
                    next(stream)
            self.assertEqual(raised.exception.code(),
                             grpc.StatusCode.UNAVAILABLE)
            # Only the first call.
            sim.take(20, **LEFT)

    def test_stall_ends(self):
        with start("stall:at=3,for=0.1") as sim:
            self.assertEqual(take_numbers(sim, 6), [1, 2, 3, 4, 5, 6])

    def test_resize(self):
        with start("resize:at=3,size=200x100") as sim:
            first = sim.take(4, **ALL)
            second = sim.take(2, **ALL)
        for s, size in zip(first + second,
                           [(320, 240)] * 2 + [(200, 100)] * 4):
            self.assertEqual((s.left.width, s.left.height), size)
            depth = (s.disparity.image.width, s.disparity.image.height)
            self.assertEqual(depth, (size[0] // 2, size[1] // 2))
            self.assertAlmostEqual(s.left.focal_length, 0.84375 * size[0],
                                   places=3)
            pixels(s.right), pixels(s.confidence), pixels(s.disparity.image)

    def test_resize_and_back(self):
        with start("resize:every=2,size=200x100") as sim:
            widths = [s.left.width for s in sim.take(7, **LEFT)]
        self.assertEqual(widths, [320, 200, 200, 320, 320, 200, 200])

    def test_clock_jump_by(self):
        for by in (-3600, 0.5, 86400 * 365):
            for fps in (0, 100):
                with start(f"clock-jump:at=3,by={by}",
                           options=(f"--fps={fps}",)) as sim:
                    at = [nanoseconds(s.timestamp)
                          for s in sim.take(5, **LEFT)]
                    later = nanoseconds(sim.take(1, **LEFT)[0].timestamp)
                steps = np.diff(at + [later]) / 1e9
                steps[1] -= by
                # Between sets, and between calls: real time goes by.
                self.assertTrue((steps > -0.001).all(), steps)
                self.assertTrue((steps < 60).all(), steps)

    def test_clock_jump_to_a_year(self):
        for year in (1970, 2021):
            with start(f"clock-jump:at=2,to={year}") as sim:
                at = [datetime.fromtimestamp(
                    nanoseconds(s.timestamp) / 1e9, timezone.utc)
                    for s in sim.take(3, **LEFT)]
            self.assertGreater(at[0].year, 2021)
            for time in at[1:]:
                begin = datetime(year, 1, 1, tzinfo=timezone.utc)
                self.assertLess(abs(time - begin).total_seconds(), 600)

    def test_clock_jump_stays_in_range(self):
        with start("clock-jump:at=2,by=-2147483647") as sim:
            sets = sim.take(3, **LEFT)
        self.assertEqual([nanoseconds(s.timestamp) for s in sets[1:]], [0, 0])


class Damage(unittest.TestCase):
    def assert_as_long(self, message, size):
        """But for the times in it, which take a byte more or less."""
        self.assertAlmostEqual(len(message), size, delta=20)

    def test_truncate(self):
        for fault, kept in (("truncate:at=2", None),
                            ("truncate:at=2,bytes=1000", 1000),
                            ("truncate:at=2,bytes=0", 0)):
            with start(fault) as sim:
                whole, cut, after = take_raw(sim, 3, **LEFT)
            if kept is None:
                self.assert_as_long(cut, len(whole) // 2)
            else:
                self.assertEqual(len(cut), kept)
            self.assert_as_long(whole, len(after))
            if cut:
                with self.assertRaises(DecodeError):
                    parse(cut)

    def flips(self, *parameters):
        """Which bits of set 2, where its image is, are not those of a good
        one. What comes before the image differs in length by some bytes: times
        do."""
        fault = ",".join(("corrupt:at=2",) + parameters)
        images = []
        for faults in ((), (fault,)):
            with start(*faults) as sim:
                message = take_raw(sim, 2, **LEFT)[1]
                images.append(np.frombuffer(message, np.uint8)[-320 * 240:])
        bits = np.unpackbits(images[0] ^ images[1], bitorder="little")
        first = (len(message) - 320 * 240) * 8
        known = np.arange(1000 * 8, 70000 * 8)
        return set(known[bits[known - first] == 1])

    def test_corrupt(self):
        flips = self.flips("rate=0.001", "seed=3")
        expected = 69000 * 8 * 0.001
        self.assertGreater(len(flips), expected / 1.3)
        self.assertLess(len(flips), expected * 1.3)
        self.assertEqual(flips, self.flips("rate=0.001", "seed=3"))
        self.assertNotEqual(flips, self.flips("rate=0.001", "seed=4"))
        self.assertEqual(len(self.flips("rate=0")), 0)
        self.assertEqual(len(self.flips("rate=1")), 69000 * 8)

    def test_corrupt_by_default(self):
        """A bit in a million, of every set: sooner or later one is hit."""
        with start("corrupt:seed=1") as sim, start() as good:
            stream, reference = raw_stream(sim, **LEFT), take_raw(good, 8,
                                                                  **LEFT)
            for i in range(1000):
                image = next(stream)[-300 * 200:]
                if image != reference[i % 8][-300 * 200:]:
                    break
            else:
                self.fail("a thousand sets, and all of them good")
            stream.cancel()

    def test_huge(self):
        with start("huge:at=2,bytes=64M") as sim:
            good, huge, after = take_raw(sim, 3, **LEFT)
        self.assertGreaterEqual(len(huge), 64 << 20)
        self.assertLess(len(huge), (64 << 20) + 100)
        self.assert_as_long(good, len(after))
        # A set like others, for those who take it.
        self.assertEqual(number(parse(huge)), 2)

    def test_huge_for_those_who_do_not_take_it(self):
        with start("huge:at=3,bytes=5M") as sim:
            with grpc.insecure_channel(f"127.0.0.1:{sim.ports[0]}") as channel:
                stream = channel.unary_stream(SETS)(
                    pb.ImageSetRequest(**LEFT).SerializeToString(),
                    timeout=DEADLINE)
                next(stream), next(stream)
                with self.assertRaises(grpc.RpcError) as raised:
                    next(stream)
        self.assertEqual(raised.exception.code(),
                         grpc.StatusCode.RESOURCE_EXHAUSTED)

    def test_bomb(self):
        from http2_client import Http2Client

        request = pb.ImageSetRequest(**LEFT).SerializeToString()
        with start("huge:at=2,bytes=256M,gzip=true") as sim:
            with Http2Client(sim.ports[0]) as client:
                client.call(SETS, request)
                client.receive_messages(3)
                messages = client.messages[1][:3]
            self.assertEqual([c for c, _ in messages], [0, 1, 0])
            bomb = messages[1][1]
            self.assertLess(len(bomb), 1 << 20)
            inflated = gzip.decompress(bomb)
            self.assertGreaterEqual(len(inflated), 256 << 20)
            self.assertEqual(number(parse(inflated)), 2)
            # gRPC's client inflates it.
            self.assert_as_long(take_raw(sim, 2, **LEFT)[1], len(inflated))


FLOATS = ("focal_length", "principal_point_u", "principal_point_v",
          "exposure_time", "gain", "noise", "out1_reduction", "brightness",
          "gamma")


class Lies(unittest.TestCase):
    """What protobuf's own parser makes of them."""

    def tell(self, lie, **request):
        """The lie as bytes; the sets around it are good."""
        with start(f"lie:which={lie},at=2") as sim:
            before, told, after = take_raw(sim, 3, **request)
        for data in (before, after):
            self.check_good(parse(data))
        return told

    def check_good(self, s):
        for image in (s.left, s.right, s.confidence, s.disparity.image):
            if image.data:
                pixels(image)

    def tell_of_image(self, lie, of="left"):
        s = parse(self.tell(lie, **{of + "_enabled": True}))
        return s.disparity.image if of == "disparity" else getattr(s, of)

    def test_height_times_step(self):
        for of in ("left", "right", "confidence", "disparity"):
            image = self.tell_of_image("height-times-step", of)
            self.assertEqual(image.height * image.step,
                             len(image.data) + image.step, of)

    def test_overflow(self):
        image = self.tell_of_image("overflow")
        self.assertEqual(image.height * image.step % 2**32, 0)
        self.assertGreater(image.height * image.step, len(image.data))

    def test_zero_width(self):
        self.assertEqual(self.tell_of_image("zero-width").width, 0)

    def test_short_step(self):
        image = self.tell_of_image("short-step")
        self.assertEqual(image.step, image.width - 1)
        image = self.tell_of_image("short-step", "disparity")
        self.assertEqual(image.step, 2 * image.width - 1)

    def test_huge_image(self):
        image = self.tell_of_image("huge-image")
        self.assertEqual((image.width, image.height), (65535, 65535))
        self.assertEqual(image.step, image.width)
        self.assertLess(len(image.data), 100)

    def test_unknown_encoding(self):
        self.assertNotIn(self.tell_of_image("unknown-encoding").encoding,
                         ("mono8", "mono16", "rgb8", ""))

    def test_nan_and_infinite(self):
        nan = self.tell_of_image("nan")
        infinite = self.tell_of_image("infinite")
        for name in FLOATS:
            self.assertTrue(math.isnan(getattr(nan, name)), name)
            self.assertTrue(math.isinf(getattr(infinite, name)), name)
        signs = {getattr(infinite, name) > 0 for name in FLOATS}
        self.assertEqual(signs, {True, False})

    def test_times(self):
        time = self.tell_of_image("negative-time").timestamp
        self.assertEqual((time.sec, time.nsec), (-1, -1))
        time = self.tell_of_image("absurd-time").timestamp
        self.assertEqual((time.sec, time.nsec), (2**31 - 1, 2**31 - 1))

    def test_stray_time(self):
        for of in ("left", "confidence", "disparity"):
            s = parse(self.tell("stray-time", **{of + "_enabled": True}))
            image = s.disparity.image if of == "disparity" else getattr(s, of)
            self.assertEqual(
                nanoseconds(image.timestamp) - nanoseconds(s.timestamp),
                3600 * 10**9, of)
        s = parse(self.tell("stray-time", **ALL))
        for true in (s.right, s.disparity, s.disparity.image, s.confidence,
                     s.disparity_error):
            self.assertEqual(true.timestamp, s.timestamp)

    def test_mesh_format(self):
        for request in (dict(mesh_enabled=True), LEFT):
            s = parse(self.tell("mesh-format", **request))
            self.assertTrue(s.mesh.data)
            self.assertNotIn(s.mesh.format, ("ply", ""))

    def test_broken_wire_format(self):
        for lie in ("truncated-varint", "overlong-varint",
                    "length-past-message", "length-past-2^63",
                    "nested-lengths", "open-group", "invalid-utf8"):
            for request in (LEFT, dict(disparity_enabled=True), ALL, {}):
                told = self.tell(lie, **request)
                with self.assertRaises(DecodeError, msg=lie):
                    parse(told)

    def test_where_the_wire_format_is_broken(self):
        self.assertTrue(self.tell("truncated-varint", **LEFT).endswith(
            b"\x80"))
        self.assertIn(b"\x81" + 9 * b"\x80" + b"\x01",
                      self.tell("overlong-varint", **LEFT))
        # left (2), of 2^63 + 4 bytes, which are 4.
        self.assertTrue(self.tell("length-past-2^63", **LEFT)[:-4].endswith(
            b"\x12\x84" + 8 * b"\x80" + b"\x01"))
        self.assertIn(b"mono\xc3\x28", self.tell("invalid-utf8", **LEFT))

    def test_wrong_wire_type(self):
        image = self.tell_of_image("wrong-wire-type")
        # For protobuf this is a field that it does not know.
        self.assertEqual(image.width, 0)
        self.assertEqual(len(image.data), 320 * 240)

    def test_empty_message(self):
        self.assertEqual(self.tell("empty-message", **ALL), b"")

    def test_strange_and_true(self):
        """They mean what the set would have meant without them."""
        for lie in ("repeated-fields", "group", "unknown-field"):
            for request in (LEFT, dict(disparity_enabled=True), ALL):
                told = parse(self.tell(lie, **request))
                with start() as sim:
                    good = sim.take(2, **request)[1]
                told.DiscardUnknownFields()
                for s in (told, good):
                    self.drop_times(s)
                self.assertEqual(told, good, lie)

    def drop_times(self, message):
        for field, value in message.ListFields():
            if field.name == "timestamp":
                self.assertGreater(value.sec, 10**9)
                value.Clear()
            elif field.type == field.TYPE_MESSAGE:
                self.drop_times(value)

    def test_strange_they_are(self):
        for lie in ("repeated-fields", "group", "unknown-field"):
            told = self.tell(lie, **LEFT)
            with start() as sim:
                good = take_raw(sim, 2, **LEFT)[1]
            self.assertGreater(len(told), len(good) + 10, lie)
        self.assertEqual(
            len(self.tell("repeated-fields", **LEFT).split(b"mono8")), 2)
        self.assertIn(b"false", self.tell("repeated-fields", **LEFT))

    def test_without_an_image(self):
        s = parse(self.tell("zero-width"))
        self.assertEqual((s.left.width, s.left.height), (0, 8))

    def test_every_lie_is_tested(self):
        said = subprocess.run([PROGRAM, "--help"], capture_output=True,
                              text=True, check=True).stdout
        listed = said.split("The lies:")[1].split("\n\n")[0]
        names = {name.strip() for name in listed.split(",")}
        self.assertEqual(len(names), 24)
        with open(__file__) as f:
            source = f.read()
        for name in names:
            self.assertIn(f'"{name}"', source)


class CommandLine(unittest.TestCase):
    def test_bad_faults(self):
        for fault in ("", ":", "rest", "reset:", "reset:at", "reset:at=",
                      "reset:at=0", "reset:at=-1", "reset:at=x", "reset:by=3",
                      "reset:bytes=5G", "reset:bytes=1T", "reset:bytes=k",
                      "drop-sets:probability=1.1", "drop-sets:probability=nan",
                      "reset:calls=0", "reset:calls=3-2", "reset:calls=x",
                      "reset:calls=", "restart:for=-1", "restart:for=inf",
                      "stall:dead=yes", "slow:rate=0", "slow:rate=1e3",
                      "corrupt:rate=2", "corrupt:rate=-1", "lie:which=white",
                      "resize:size=100", "resize:size=1x1",
                      "resize:size=99999x100", "clock-jump:to=1969",
                      "clock-jump:by=soon", "status:code=17",
                      "status:code=UNHAPPY", "status:message=a,b",
                      "huge:gzip=2", "reset:at=1,,every=2", "close:dead=true"):
            done = subprocess.run(
                [PROGRAM, "--port=0", f"--fault={fault}"],
                capture_output=True, text=True, timeout=DEADLINE)
            self.assertEqual(done.returncode, 2, fault)
            self.assertTrue(done.stderr.startswith("rcgrpc-sim: "), fault)
            self.assertIn("--fault", done.stderr)
            self.assertEqual(done.stdout, "", fault)

    def test_too_many(self):
        done = subprocess.run(
            [PROGRAM, "--port=0"] + ["--fault=drop-sets"] * 33,
            capture_output=True, text=True, timeout=DEADLINE)
        self.assertEqual(done.returncode, 2)

    def test_cut_connections_and_tls(self):
        for fault in ("reset", "stall:dead=true", "stall:bytes=3",
                      "truncate:frame=true"):
            done = subprocess.run(
                [PROGRAM, "--port=0", f"--fault={fault}",
                 "--tls-certificate-file=a", "--tls-private-key-file=b"],
                capture_output=True, text=True, timeout=DEADLINE)
            self.assertEqual(done.returncode, 2, fault)


if __name__ == "__main__":
    PROGRAM = sys.argv.pop(1)
    unittest.main()
