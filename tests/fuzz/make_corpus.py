# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes the seed corpus of the fuzz targets, tests/fuzz/corpus/, anew.

    make_corpus.py BUILD-DIRECTORY

Run by hand when there is something new to seed; what it writes is committed,
and is the same each time. Its sources are rcgrpc-sim, the interop tests'
camera server, and lies made by hand. Files that libFuzzer found (found-*) stay.

A seed for a target that takes messages is a byte N, N bytes with sizes of
chunks, and the message; see fuzzinput.h.
"""

import pathlib
import struct
import sys
import zlib

HERE = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build").resolve()
sys.path[:0] = [str(HERE.parent / "interop"), str(BUILD / "tests/interop")]

import image_interface_pb2 as pb  # noqa: E402
import camera_server  # noqa: E402
import recording_seeds  # noqa: E402
import sim_process  # noqa: E402

MAX_SIZE = 4096
EVERYTHING = pb.ImageSetRequest(
    left_enabled=True, right_enabled=True, disparity_enabled=True,
    disparity_error_enabled=True, confidence_enabled=True, mesh_enabled=True)


def varint(value):
    result = bytearray()
    while value > 0x7F:
        result.append(value & 0x7F | 0x80)
        value >>= 7
    result.append(value)
    return bytes(result)


def tag(number, wire_type):
    return varint(number << 3 | wire_type)


def number(field, value):
    return tag(field, 0) + varint(value)


def real(field, value):
    return tag(field, 5) + struct.pack("<f", value)


def data(field, content):
    return tag(field, 2) + varint(len(content)) + content


def group(field, content):
    return tag(field, 3) + content + tag(field, 4)


def image(width=4, height=2, step=4, encoding=b"mono8", pixels=bytes(8),
          more=b""):
    return (number(2, height) + number(3, width) + data(7, encoding)
            + number(9, step) + data(10, pixels) + more)


def left(content):
    return data(2, content)


def disparity(more):
    return data(4, more + data(7, image(step=8, encoding=b"mono16",
                                        pixels=bytes(16))))


def one_of_each(field):
    """A field of each wire type, groups in a group among them."""
    return (number(field, 2**64 - 1) + tag(field, 1) + bytes(8)
            + data(field, b"unknown") + tag(field, 5) + bytes(4)
            + group(field, group(field + 1, number(1, 1))))


def lies():
    whole = image()
    yield "height-beyond-data", left(image(height=3))
    yield "height-beyond-64-bits", left(image(height=2**32 - 1,
                                              step=2**32 - 1))
    yield "height-beyond-32-bits", left(image(height=2**14, step=2**18))
    yield "height-of-33-bits", left(image(height=2**32 + 2))
    yield "width-0", left(image(width=0))
    yield "step-below-row", left(image(step=3))
    yield "step-0", left(image(step=0))
    yield "image-65535", left(image(65535, 65535, 65535))
    yield "image-16384", left(image(16384, 16384, 16384))
    yield "encoding-unknown", left(image(encoding=b"yuv422"))
    yield "encoding-not-utf8", left(image(encoding=b"mono\xff8"))
    yield "encoding-nul", left(image(encoding=b"mono8\0"))
    yield "varint-truncated", left(whole) + tag(1, 2) + b"\x80"
    yield "varint-overlong", left(image(
        more=tag(3, 0) + b"\x84" + b"\x80" * 9 + b"\0"))
    yield "varint-65-bits", left(image(more=tag(3, 0) + b"\xff" * 9 + b"\2"))
    yield "varint-padded", left(image(more=tag(3, 0) + b"\x84\x80\x80\0"))
    yield "tag-padded", left(image(more=b"\x98\x80\0\4"))
    yield "length-past-message", tag(2, 2) + varint(1000) + whole
    yield "length-past-2-63", tag(2, 2) + varint(2**63) + whole
    yield "length-2-64", left(tag(10, 2) + varint(2**64 - 1) + bytes(8))
    yield "length-2-32", left(tag(10, 2) + varint(2**32) + bytes(8))
    yield "nested-length", (tag(4, 2) + varint(len(whole)) + tag(7, 2)
                            + varint(len(whole) + 9) + whole)
    yield "nested-length-short", tag(2, 2) + varint(len(whole) - 3) + whole
    yield "wire-type-varint", number(2, 1)
    yield "wire-type-64-bits", left(image(more=tag(3, 1) + bytes(8)))
    yield "wire-type-32-bits", left(image(more=tag(10, 5) + bytes(4)))
    yield "wire-type-group", group(2, whole)
    yield "wire-type-6", left(whole) + tag(99, 6)
    yield "field-0", left(image(more=number(0, 1)))
    yield "group-open", left(whole) + tag(99, 3) + number(1, 1)
    yield "group-end", left(whole) + tag(99, 4)
    yield "group-deep", left(whole) + tag(99, 3) * 40 + tag(99, 4) * 40
    yield "group", left(image(more=group(99, group(98, b""))))
    yield "unknown", (one_of_each(99)
                      + left(one_of_each(15) + image(more=one_of_each(99)))
                      + one_of_each(8))
    yield "field-largest", left(image(more=one_of_each(2**29 - 2)))
    yield "repeated", left(image(height=9, encoding=b"rgb8") + whole)
    yield "in-pieces", (left(data(10, bytes(8))) + data(3, whole)
                        + left(data(7, b"mono8"))
                        + left(number(9, 4) + number(3, 4) + number(2, 2)))
    yield "data-twice", left(image(more=data(10, b"12345678") + data(10, b"")))
    yield "mesh-twice", data(7, data(2, b"ply") + data(3, b"ab")) + data(
        7, data(3, b""))
    yield "reversed", left(data(10, bytes(8)) + number(9, 4)
                           + data(7, b"mono8") + number(3, 4) + number(2, 2))
    for name, value in ("nan", "nan"), ("inf", "inf"), ("minus-inf", "-inf"):
        value = float(value)
        for field in (4, 5, 6, 12, 13, 14, 16, 17, 18):
            yield f"image-{field}-{name}", left(image(more=real(field, value)))
        for field in range(2, 7):
            yield f"disparity-{field}-{name}", disparity(real(field, value))
    yield "float-denormal", left(image(more=real(14, 1e-45)))
    yield "float-largest", left(image(more=real(14, -3.4028235e38)))
    yield "float-minus-0", left(image(more=real(14, -0.0)))
    yield "time-negative", data(1, number(1, 2**64 - 1))
    yield "time-nsec", data(1, number(1, 1) + number(2, 10**9))
    yield "time-nsec-negative", data(1, number(1, 1) + number(2, 2**64 - 1))
    yield "time-2038", data(1, number(1, 2**31 - 1) + number(2, 10**9 - 1))
    yield "time-beyond-2038", data(1, number(1, 2**31))
    yield "time-of-33-bits", data(1, number(1, 2**32 + 5))
    yield "empty", b""
    for field in range(1, 8):
        yield f"empty-{field}", data(field, b"")
    yield "empty-disparity-image", data(4, data(7, b""))
    yield "mesh-stl", data(7, data(2, b"stl") + data(3, b"solid"))
    yield "mesh-without-data", data(7, data(2, "<b>&\"\\\n\u2028\u0085😀"
                                            .encode()))
    yield "mesh-controls", data(7, data(2, bytes(range(1, 32)) + b"\x7f"))
    yield "bool-wide", left(image(more=number(8, 2**63)))


def rows(message, n):
    """Keeps the upper rows of each image, and the start of a mesh."""
    for field, value in message.ListFields():
        if field.name == "data" and isinstance(message, pb.Mesh):
            message.data = value[:400]
        elif field.name == "data":
            message.height = min(n, message.height)
            message.data = value[:message.height * message.step]
        elif field.type == field.TYPE_MESSAGE:
            rows(value, n)
    return message


def set_times(message, ns):
    """Where a clock was read, so that the corpus is the same each time."""
    for field, value in message.ListFields():
        if isinstance(value, pb.Time):
            camera_server.set_time(value, ns)
        elif field.type == field.TYPE_MESSAGE:
            set_times(value, ns)
    return message


def simulated():
    program = str(BUILD / "tools/rcgrpc-sim")
    ask = {f.name: True for f, _ in EVERYTHING.ListFields()}
    for name, options, request, n in (
            ("all", [], ask, 2),
            ("padded", ["--padding=5", "--quality=low"], ask, 3),
            ("color", ["--color"], dict(left_enabled=True, color=True), 2),
            ("alternate", ["--out1-alternate"], sim_process.ALL, 1)):
        image_set = sim_process.one_set(
            program, "--size=64x64", "--seed=1", *options, **request)
        yield name, set_times(rows(image_set, n), 1_700_000_000_123_456_789)


def scripted():
    for name, arguments in (
            ("plain", dict(width=6, height=4)),
            ("odd", dict(width=7, height=3, depth_size=(3, 1))),
            ("padded", dict(width=5, height=3, padding=3)),
            ("one-pixel", dict(width=1, height=1)),
            ("wide", dict(width=214, height=1, depth_size=(53, 2))),
            ("big-endian", dict(width=4, height=4, big_endian=True)),
            ("alternate", dict(width=4, height=4, out1_alternate=True)),
            ("clock-1970", dict(width=4, height=4, timestamp=1))):
        yield name, camera_server.make_set(EVERYTHING, **arguments)
    for field, _ in EVERYTHING.ListFields():
        request = pb.ImageSetRequest(**{field.name: True, "color": True})
        yield f"only-{field.name[:-8]}", camera_server.make_set(
            request, 1, width=6, height=4)


def others():
    """What is no image set, for the walk."""
    request = pb.ImageSetRequest()
    request.CopyFrom(EVERYTHING)
    request.mesh_options.max_points = 1000
    request.mesh_options.binning_method = pb.MeshOptions.MIN_DEPTH
    request.mesh_options.watertight = True
    yield "request", request
    yield "event", camera_server.make_event(3)
    yield "event-request", pb.ImageEventsRequest(
        depth_acquisition_done_enabled=True)


URIS = """
rcgrpc://localhost
rcgrpc://10.0.2.90:50051?pipeline=1&color=true&streams=left
rcgrpc://cube:1234/?streams=left+disparity
rcgrpc://cube?streams=left%2Bright
rcgrpc://cube?streams=metadata%20left
rcgrpc://cube?streams=left,right,confidence,error,mesh
rcgrpc://[fe80::1]:50052
rcgrpc://[fe80::1%25eth0]
rcgrpc://cube?color=false&pipeline=0
RCGRPC://CUBE
rcgrpc://cube:65530?pipeline=5
rcgrpc://cube:65535?pipeline=1
rcgrpc://cube:65536
rcgrpc://cube:0
rcgrpc://cube:-1
rcgrpc://:50051
rcgrpc://me:secret@cube
rcgrpc://cube/left
rcgrpc://cube#left
rcgrpc://cube?
rcgrpc://cube?&&
rcgrpc://cube?color
rcgrpc://cube?color=1&color=0
rcgrpc://cube?pipeline=18446744073709551617
rcgrpc://cube?streams=
rcgrpc://cube?streams=left++right
rcgrpc://cube?str%65ams=left
rcgrpc://c%75be
rcgrpc://c%2Fbe
rcgrpc://b%C3%BCro
rcgrpc://b\u00fcro
rcgrpc://cube%00
rcgrpcs://cube
rcgrpcs://cube?tls-server-name=camera
rcgrpc:cube
http://cube
cube
"""


def compressed():
    """Seeds for the target inflate; see inflate.c for the byte of options."""
    text = b"ply\nformat ascii 1.0\n" * 12
    for name, wbits, gzipped in ("gzip", 31, 1), ("zlib", 15, 0):
        packer = zlib.compressobj(9, zlib.DEFLATED, wbits)
        packed = packer.compress(text) + packer.flush()
        as_is, limit = gzipped | 2, 63 << 2
        yield f"{name}", b"\0", as_is | limit, packed
        yield f"{name}-cut", b"\5\1\1\0\7\2", as_is | limit, packed
        yield f"{name}-beyond", b"\0", as_is | 4 << 2, packed
        yield f"{name}-limit-0", b"\0", as_is, packed
        yield f"{name}-truncated", b"\0", as_is | limit, packed[:-3]
        yield f"{name}-broken", b"\0", as_is | limit, (
            packed[:20] + b"\xff\xff" + packed[22:])
        yield f"{name}-sum", b"\0", as_is | limit, packed[:-1] + b"\x55"
        yield f"{name}-more", b"\0", as_is | limit, packed + packed
        yield f"{name}-nothing", b"\0", as_is | limit, b""
        yield f"{name}-none", b"\0", as_is | limit, text[:40]
        yield f"{name}-plain", b"\3\1\2\3", gzipped | limit, text
        yield f"{name}-plain-empty", b"\0", gzipped | limit, b""
        for n in (1 << 18, 1 << 20, (1 << 20) + 1, 3 << 20):
            packer = zlib.compressobj(9, zlib.DEFLATED, wbits)
            bomb = packer.compress(bytes(n)) + packer.flush()
            yield f"{name}-bomb-{n}", b"\3\0\1\xff", as_is | limit, bomb


def write(directory, name, content):
    assert len(content) <= MAX_SIZE, (name, len(content))
    (directory / name).write_bytes(content)


def main():
    messages = HERE / "corpus/message"
    uris = HERE / "corpus/uri"
    packed = HERE / "corpus/compressed"
    lines, heads = HERE / "corpus/record", HERE / "corpus/names"
    everything = messages, uris, packed, lines, heads
    for directory in everything:
        directory.mkdir(parents=True, exist_ok=True)
        for file in directory.iterdir():
            if not file.name.startswith("found-"):
                file.unlink()

    for kind, made in (("sim", simulated()), ("camera", scripted()),
                       ("other", others())):
        for name, message in made:
            write(messages, f"{kind}-{name}",
                  b"\0" + message.SerializeToString())
    for name, content in lies():
        write(messages, f"lie-{name}", b"\0" + content)
    # The same set cut in several ways.
    whole = camera_server.make_set(
        EVERYTHING, width=7, height=3, padding=1).SerializeToString()
    for name, sizes in (("bytes", bytes([1]) * 255),
                        ("empty-chunks", bytes([0, 9, 0, 0, 30, 0])),
                        ("some", bytes([3, 100, 7, 255, 2]))):
        write(messages, f"cut-{name}", bytes([len(sizes)]) + sizes + whole)
    for i, uri in enumerate(URIS.split()):
        write(uris, f"uri-{i:02}", uri.encode())
    for name, cuts, options, content in compressed():
        write(packed, name, cuts + bytes([options]) + content)
    for name, content in recording_seeds.lines():
        write(lines, f"line-{name}", content)
    for name, content in recording_seeds.heads():
        write(heads, f"head-{name}", content)
    for directory in everything:
        write(directory, "empty", b"")


if __name__ == "__main__":
    main()
