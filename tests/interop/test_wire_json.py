# SPDX-License-Identifier: LGPL-2.1-or-later
"""Sets that protobuf's Python wrote: decoded right, and their JSON reads back
into an equal message. Usage: test_wire_json.py PROGRAM"""

import hashlib
import json
import math
import random
import struct
import sys
import unittest

try:
    from google.protobuf import json_format
    import image_interface_pb2 as pb
except ImportError as e:
    print("skipped:", e)
    sys.exit(77)

import wire_client

PROGRAM = None
N_MESSAGES = 3000

BYTES_PER_PIXEL = {"mono8": 1, "mono16": 2, "rgb8": 3}
FLOATS = [0.0, -0.0, 1.0, -1.0, 0.1, 0.0625, 1080.0, 1081.4742, 1e-45, -1e-45,
          1.17549435e-38, 1.1754942e-38, 3.4028235e38, -3.4028235e38, 16777216.0,
          16777217.0, 9999999.0, 1e10, 1e-5, 123456.7,
          float("nan"), float("inf"), float("-inf")]
TEXTS = ["", "stl", "<b>", "a & b", "\"quoted\"", "back\\slash", "line\nfeed",
         "\r\t\b\f\x01\x1f\x7f", "\u0085", "\u2028\u2029", "grün", "日本",
         "😀", "\ufeff", "\ufffe", "</script>"]
# Parameters that a set must have finite.
GEOMETRY = ["focal_length", "principal_point_u", "principal_point_v", "scale",
            "offset", "invalid_data_value", "baseline", "delta_d"]
# Field 1000 of every wire type, groups in groups among them.
UNKNOWN = [b"\xc0\x3e\x96\x01", b"\xc1\x3e12345678", b"\xc2\x3e\x03abc",
           b"\xc5\x3e1234", b"\xc3\x3e\x08\x01\x13\x0a\x01x\x14\xc4\x3e",
           b"\xc0\x3e\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"]


def random_float(rand):
    if rand.random() < 0.5:
        return rand.choice(FLOATS)
    bits = rand.getrandbits(32)
    if rand.random() < 0.1:
        bits &= 0x807FFFFF  # no exponent: 0 and denormals
    value = struct.unpack("<f", struct.pack("<I", bits))[0]
    return float("nan") if value != value else value


def fill(message, rand):
    """Sets each field at random, or leaves it out."""
    for field in message.DESCRIPTOR.fields:
        if rand.random() < 0.2:
            continue
        if field.type == field.TYPE_FLOAT:
            setattr(message, field.name, random_float(rand))
        elif field.type == field.TYPE_BOOL:
            setattr(message, field.name, rand.random() < 0.5)
        elif field.type == field.TYPE_UINT32:
            setattr(message, field.name, rand.getrandbits(32))
        elif field.type == field.TYPE_STRING:
            setattr(message, field.name, rand.choice(TEXTS))
        elif field.type == field.TYPE_MESSAGE:
            part = getattr(message, field.name)
            part.SetInParent()
            fill(part, rand)
    if rand.random() < 0.2:
        message.MergeFromString(rand.choice(UNKNOWN))


def make_finite(message, rand):
    """Geometry has to be; the rest may be NaN or infinite."""
    for name in GEOMETRY:
        while name in message.DESCRIPTOR.fields_by_name and not math.isfinite(
                getattr(message, name)):
            setattr(message, name, random_float(rand))


def fill_time(time, rand):
    time.sec = rand.choice([0, 1, 2**31 - 1, rand.getrandbits(31)])
    time.nsec = rand.choice([0, 1, 999999999, rand.randrange(10**9)])


def make_image_valid(image, rand):
    image.encoding = rand.choice(list(BYTES_PER_PIXEL))
    image.width = rand.choice([1, 3, 214, 641, 643, rand.randrange(1, 50)])
    image.height = rand.randrange(1, 6)
    image.step = (image.width * BYTES_PER_PIXEL[image.encoding]
                  + rand.choice([0, 0, 1, 2, 7]))
    image.data = rand.randbytes(image.step * image.height
                                + rand.choice([0, 0, 5]))


def all_messages(message):
    yield message
    for field, value in message.ListFields():
        if field.type == field.TYPE_MESSAGE:
            yield from all_messages(value)


def random_set(rand):
    """A set that RcImageSet takes, with anything in the fields that it does
    not check."""
    image_set = pb.ImageSet()
    fill(image_set, rand)
    image_set.timestamp.SetInParent()
    if image_set.HasField("disparity"):
        image_set.disparity.image.SetInParent()
    for message in all_messages(image_set):
        make_finite(message, rand)
        if isinstance(message, pb.Time):
            fill_time(message, rand)
        elif isinstance(message, pb.Image):
            make_image_valid(message, rand)
        elif isinstance(message, pb.Mesh) and rand.random() < 0.5:
            message.format = "ply"
            message.data = rand.randbytes(rand.choice([1, 10, 3000]))
    return image_set


def without_data(image_set):
    result = pb.ImageSet.FromString(image_set.SerializeToString())
    result.DiscardUnknownFields()
    for message in all_messages(result):
        if isinstance(message, (pb.Image, pb.Mesh)):
            message.ClearField("data")
    return result


def to_float32(value):
    return struct.unpack("<f", struct.pack("<f", value))[0]


def normalize(tree):
    """JSON without the keys of `data` fields, and with floats as what they
    stand for: protobuf prints the largest one a little too large."""
    result = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            result[key] = normalize(value)
        elif key != "data":
            result[key] = (to_float32(value) if isinstance(value, float)
                           else value)
    return result


def sums_of(image_set):
    images = {"left": image_set.left, "right": image_set.right,
              "disparity": image_set.disparity.image,
              "confidence": image_set.confidence,
              "error": image_set.disparity_error}
    sums = {}
    for name, image in images.items():
        if image.width == 0:
            continue
        row = image.width * BYTES_PER_PIXEL[image.encoding]
        pixels = b"".join(image.data[y * image.step:y * image.step + row]
                          for y in range(image.height))
        sums[name] = hashlib.sha256(pixels).hexdigest()
    if image_set.mesh.data:
        sums["mesh"] = hashlib.sha256(image_set.mesh.data).hexdigest()
    return sums


class Decimal(str):
    """The text of a number with a point or an exponent."""


class WireJson(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        rand = random.Random(8)
        cls.sets = [random_set(rand) for _ in range(N_MESSAGES)]
        cls.answers = wire_client.decode(
            PROGRAM, [s.SerializeToString() for s in cls.sets])

    def each(self):
        for image_set, (line, sums) in zip(self.sets, self.answers):
            yield image_set, line, sums

    def test_reads_back(self):
        for image_set, line, _ in self.each():
            self.assertFalse(line.startswith("!"), line)
            back = json_format.Parse(line, pb.ImageSet())
            # Bytes, since no NaN equals another and -0.0 equals 0.0.
            self.assertEqual(back.SerializeToString(),
                             without_data(image_set).SerializeToString(), line)

    def test_like_protobuf(self):
        """Every field of a present message is there, by its own name."""
        for image_set, line, _ in self.each():
            theirs = json_format.MessageToDict(
                without_data(image_set), including_default_value_fields=True,
                preserving_proto_field_name=True)
            self.assertEqual(normalize(json.loads(line)), normalize(theirs))

    def test_one_compact_line(self):
        for _, line, _ in self.each():
            self.assertEqual(len(line.splitlines()), 1, repr(line))
            self.assertFalse(set("<>&") & set(line), line)
            # In any text that the sets hold, a space follows no comma or colon.
            self.assertNotIn(", ", line)
            self.assertNotIn(": ", line)

    def check_floats(self, message, tree):
        for field in message.DESCRIPTOR.fields:
            value = getattr(message, field.name)
            text = tree.get(field.name)
            if field.type == field.TYPE_MESSAGE and message.HasField(field.name):
                self.check_floats(value, text)
            elif field.type == field.TYPE_FLOAT and isinstance(text, Decimal):
                self.assertEqual(struct.pack("<f", float(text)),
                                 struct.pack("<f", value), text)
                digits = text.lower().split("e")[0].replace(".", "")
                self.assertLessEqual(len(digits.strip("-0")), 10, text)
            elif field.type == field.TYPE_FLOAT:
                self.assertIn(text, ("NaN", "Infinity", "-Infinity"))

    def test_floats(self):
        for image_set, line, _ in self.each():
            self.check_floats(image_set, json.loads(line, parse_float=Decimal))

    def test_payloads(self):
        for image_set, _, sums in self.each():
            self.assertEqual(sums, sums_of(image_set))

    def test_something_was_tested(self):
        for name in ("left", "right", "disparity", "confidence", "error", "mesh"):
            n = sum(name in sums for _, _, sums in self.each())
            self.assertGreater(n, N_MESSAGES / 10, name)
        for needle in ("NaN", "Infinity", "-Infinity", ":-0.0", "\\u003c",
                       "\\u2028", "😀"):
            self.assertTrue(any(needle in line for _, line, _ in self.each()),
                            needle)


if __name__ == "__main__":
    PROGRAM = sys.argv.pop(1)
    unittest.main(verbosity=2)
