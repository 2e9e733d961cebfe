# SPDX-License-Identifier: LGPL-2.1-or-later
"""Seeds for the readers of recordings: lines of the metadata track, and heads of
Matroska files."""

import json

import image_interface_pb2 as pb
import camera_server
from google.protobuf import json_format

EVERYTHING = pb.ImageSetRequest(
    left_enabled=True, right_enabled=True, disparity_enabled=True,
    disparity_error_enabled=True, confidence_enabled=True, mesh_enabled=True)
RECORDING = {"set": 12, "duration": 40000000,
             "pts": {"left": 480000000, "disparity": 520000000,
                     "metadata": 480000000}}


def words(number, **arguments):
    """As the camera's line: all but the pixels."""
    message = camera_server.make_set(EVERYTHING, number, **arguments)
    for field, part in message.ListFields():
        if field.name == "disparity":
            part = part.image
        if field.name != "timestamp":
            part.ClearField("data")
    return json_format.MessageToDict(message, preserving_proto_field_name=True)


def compact(value):
    return json.dumps(value, separators=(",", ":")).encode()


def lines():
    said = words(3)
    yield "camera", compact(said)
    yield "recorded", compact({**said, "recording": RECORDING})
    yield "spaces", json.dumps({**said, "recording": RECORDING},
                               indent=2).encode()
    yield "one-image", compact({"left": said["left"], "recording": RECORDING})
    left = said["left"]
    for name, changes in (
            ("nan", {"gain": "NaN", "gamma": "Infinity"}),
            ("texts", {"width": str(left["width"]), "focal_length": "1e3"}),
            ("negative", {"width": -1}), ("huge", {"height": 2 ** 64}),
            ("fraction", {"step": 1.5}), ("boolean", {"width": True}),
            ("none", {"gpios": None}), ("list", {"gpios": []}),
            ("gpios", {"gpios": {"inputs": 12, "outputs": 3, "values": 4}}),
            ("unknown", {"new": {"a": [1, {"b": None}]}})):
        yield f"left-{name}", compact({"left": {**left, **changes}})
    for name, changes in (
            ("early", {"pts": {"left": 0}}), ("late", {"set": 2 ** 63}),
            ("negative", {"pts": {"left": -1}}), ("text", {"set": "12"}),
            ("endless", {"duration": 2 ** 64 - 1}), ("no-pts", {"pts": 1})):
        yield f"recording-{name}", compact({"recording": {**RECORDING,
                                                          **changes}})
    yield "twice", b'{"recording":{"set":1},"recording":{"set":2}}'
    yield "within", b'{"a":"\\"recording\\":{","recording":{"pts":{"left":1}}}'
    yield "entities", b"{&quot;recording&quot;:{&quot;set&quot;:1}}&lt;&amp;&#39;"
    yield "entities-cut", b"{&quot;a&quot;:1}&quot"
    yield "escapes", b'{"\\u0000\\ud800":"\\ud83d\\ude00\\/"}'
    yield "deep", b'{"a":' * 20 + b"1" + b"}" * 20
    for name, text in (("array", b"[1]"), ("cut", b'{"left":{'), ("nul", b"{\0}"),
                       ("latin", b'{"a":"\xe9"}'), ("newlines", b"{}\n\n"),
                       ("two", b"{}{}"), ("empty-object", b"{}")):
        yield name, text


# ---- heads ----

EBML, SEGMENT, TRACKS, ENTRY = 0x1A45DFA3, 0x18538067, 0x1654AE6B, 0xAE
SEEK_HEAD, VOID, INFO, CLUSTER = 0x114D9B74, 0xEC, 0x1549A966, 0x1F43B675
NUMBER, UID, NAME, CODEC = 0xD7, 0x73C5, 0x536E, 0x86
UNKNOWN = b"\x01" + b"\xff" * 7


def element(number, content, length=None):
    """length: its bytes, where it is not to be the right one."""
    if length is None:
        length = (len(content) | 1 << 28).to_bytes(4, "big") \
            if len(content) > 126 else bytes([len(content) | 0x80])
    return number.to_bytes((number.bit_length() + 7) // 8, "big") + length \
        + content


def track(name, uid, *more):
    return element(ENTRY, b"".join((
        element(NUMBER, b"\1"), element(UID, uid), element(NAME, name),
        element(CODEC, b"V_FFV1"), *more)))


def head(*tracks, before=b"", length=UNKNOWN, after=b""):
    return element(EBML, element(0x4282, b"matroska")) + element(
        SEGMENT, before + element(TRACKS, b"".join(tracks)) + after, length)


def heads():
    left = track(b"left", b"\1\2\3\4\5\6\7\x08")
    disparity = track(b"disparity", b"\x09")
    metadata = track(b"metadata", b"\0\0\x0a")
    whole = head(left, disparity, metadata)
    yield "whole", whole
    yield "as-gstreamer", head(
        left, metadata, before=element(SEEK_HEAD, bytes(40))
        + element(VOID, bytes(20)) + element(INFO, bytes(30)),
        after=element(CLUSTER, bytes(30), UNKNOWN))
    yield "sized", head(left, disparity, length=None)
    yield "same-name", head(left, track(b"left", b"\x0b"))
    yield "no-name", head(element(ENTRY, element(UID, b"\1")))
    yield "no-uid", head(element(ENTRY, element(NAME, b"left")))
    yield "two-names", head(track(b"x", b"\1", element(NAME, b"left")))
    yield "long-uid", head(track(b"left", b"\1" * 9))
    yield "empty-uid", head(track(b"left", b""))
    yield "name-with-nul", head(track(b"left\0\0", b"\1"))
    yield "name-of-others", head(track(b"leftover", b"\1"))
    yield "cluster-first", element(SEGMENT, element(CLUSTER, left)
                                   + element(TRACKS, left), UNKNOWN)
    for name, length in (("beyond", b"\x08\xff\xff\xff\xff"),
                         ("most", b"\x01" + b"\xff" * 6 + b"\xfe"),
                         ("nine", b"\0" * 9), ("none", b"\x80")):
        yield f"length-{name}", element(SEGMENT, element(
            TRACKS, element(ENTRY, left[2:], length)), UNKNOWN)
    yield "id-of-five", b"\x08\1\2\3\4\x81\0" + whole
    yield "id-of-none", whole[:9] + b"\0" + whole[9:]
    for size in (4, 16, len(whole) // 2, len(whole) - 1):
        yield f"cut-{size}", whole[:size]
