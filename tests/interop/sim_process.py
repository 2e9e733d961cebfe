# SPDX-License-Identifier: LGPL-2.1-or-later
"""Starts rcgrpc-sim and reads its sets with grpcio."""

import re
import signal
import subprocess

import grpc
import numpy as np

import image_interface_pb2 as pb

SETS = "/ImageInterface/StreamImageSets"
EVENTS = "/ImageEventsInterface/StreamImageEvents"
ALL = dict(left_enabled=True, right_enabled=True, disparity_enabled=True,
           disparity_error_enabled=True, confidence_enabled=True)
# Seconds that nothing takes unless it hangs.
DEADLINE = 60


class Sim:
    """A running simulator; its ports are those that it printed. credentials:
    of the client, a grpc.ChannelCredentials; stderr: as for Popen."""

    def __init__(self, program, *options, credentials=None, stderr=None):
        self.process = subprocess.Popen(
            [program, "--port=0", *options], stdout=subprocess.PIPE,
            stderr=stderr, text=True)
        self.credentials = credentials
        self.channels = []
        n = next((int(o.split("=")[1]) for o in options
                  if o.startswith("--pipelines=")), 1)
        self.ports = []
        for i in range(n):
            line = self.process.stdout.readline()
            match = re.fullmatch(
                r"pipeline %d: listening on 127\.0\.0\.1:(\d+)\n" % i, line)
            assert match, f"line {i} of the simulator was {line!r}"
            self.ports.append(int(match.group(1)))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for channel in self.channels:
            channel.close()
        code = self.stop()
        assert code == 0, f"the simulator exited with {code}"

    def stop(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(how)
        code = self.process.wait(DEADLINE)
        self.process.stdout.close()
        return code

    def call(self, method, request, answer, pipeline=0):
        target = f"127.0.0.1:{self.ports[pipeline]}"
        options = [("grpc.max_receive_message_length", -1),
                   ("grpc.use_local_subchannel_pool", 1),
                   ("grpc.enable_http_proxy", 0)]
        if self.credentials:
            channel = grpc.secure_channel(target, self.credentials, options)
        else:
            channel = grpc.insecure_channel(target, options)
        self.channels.append(channel)
        return channel.unary_stream(
            method, type(request).SerializeToString, answer.FromString)(
                request, timeout=DEADLINE)

    def stream(self, pipeline=0, **request):
        return self.call(SETS, pb.ImageSetRequest(**request), pb.ImageSet,
                         pipeline)

    def take(self, n, pipeline=0, **request):
        """The first n sets."""
        stream = self.stream(pipeline, **request)
        sets = [next(stream) for _ in range(n)]
        stream.cancel()
        return sets


def one_set(program, *options, **request):
    with Sim(program, "--fps=0", *options) as sim:
        return sim.take(1, **request)[0]


def nanoseconds(time):
    return time.sec * 10**9 + time.nsec


def pixels(image):
    """The image as an array, without padding."""
    size = {"mono8": 1, "mono16": 2, "rgb8": 3}[image.encoding]
    rows = np.frombuffer(image.data, np.uint8).reshape(
        image.height, image.step)[:, :image.width * size]
    rows = np.ascontiguousarray(rows)
    if image.encoding == "mono16":
        return rows.view(">u2" if image.is_bigendian else "<u2")
    return rows.reshape(image.height, image.width, 3) if size == 3 else rows


def points(disparity):
    """X, Y, Z of every pixel (NaN where invalid), from the formulas of the
    camera's manual."""
    image = disparity.image
    d16 = pixels(image).astype(float)
    d = d16 * disparity.scale + disparity.offset
    d[d16 == disparity.invalid_data_value] = np.nan
    i, k = np.meshgrid(np.arange(image.width), np.arange(image.height))
    t = disparity.baseline
    return np.stack([(i + 0.5 - image.principal_point_u) * t / d,
                     (k + 0.5 - image.principal_point_v) * t / d,
                     image.focal_length * t / d], axis=-1)


def read_ply(data):
    """Vertices, colours and faces of a PLY file like the simulator's."""
    header, body = data.split(b"end_header\n", 1)
    lines = header.decode("ascii").splitlines()
    assert lines[:2] == ["ply", "format binary_little_endian 1.0"], lines[:2]
    counts = {words[1]: int(words[2]) for words in map(str.split, lines)
              if words[0] == "element"}
    properties = [line for line in lines if line.startswith("property")]
    assert properties == [
        "property float x", "property float y", "property float z",
        "property uchar red", "property uchar green", "property uchar blue",
        "property list uchar int vertex_indices"], properties
    vertex = np.dtype([("xyz", "<f4", 3), ("rgb", "u1", 3)])
    face = np.dtype([("n", "u1"), ("index", "<i4", 3)])
    cut = counts["vertex"] * vertex.itemsize
    assert len(body) == cut + counts["face"] * face.itemsize, len(body)
    vertices = np.frombuffer(body[:cut], vertex)
    faces = np.frombuffer(body[cut:], face)
    assert (faces["n"] == 3).all()
    return vertices["xyz"], vertices["rgb"], faces["index"]
