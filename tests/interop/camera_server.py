# SPDX-License-Identifier: LGPL-2.1-or-later
"""A scripted camera: ImageInterface and ImageEventsInterface in Python grpcio,
made from the .proto alone.

    with CameraServer(lambda request, call: make_sets(request, 3)) as camera:
        ... connect to 127.0.0.1, camera.port ...
        camera.wait_for(lambda: camera.calls and camera.calls[0].ended)
        assert camera.requests[0].left_enabled

What the server sends is a script: an iterable, or a function (request, call)
that returns one (often a generator). Its items are

- a message, sent as it is;
- bytes, sent as if they were a serialized message;
- None, nothing is sent;
- a function (call), called when its turn comes; what it returns is an item.

After the last item the call ends with `status`, or goes on without a word
until the client or the server ends it (`hold`).
"""

import threading
import time
from concurrent import futures

import grpc
import numpy

import image_interface_pb2 as pb

STREAM_FIELDS = {
    "left": "left",
    "right": "right",
    "disparity": "disparity",
    "confidence": "confidence",
    "error": "disparity_error",
    "mesh": "mesh",
}


def set_time(time, ns):
    time.sec, time.nsec = divmod(ns, 1_000_000_000)


def fill_image(image, width, height, encoding="mono8", padding=0, timestamp=0,
               big_endian=False, seed=0, **fields):
    """Random pixels, the same for the same seed; padding bytes are 0xEE."""
    size = {"mono8": 1, "mono16": 2, "rgb8": 3}[encoding]
    rows = numpy.full((height, width * size + padding), 0xEE, numpy.uint8)
    rows[:, : width * size] = numpy.random.default_rng(seed).integers(
        0, 256, (height, width * size), numpy.uint8)
    image.width, image.height = width, height
    image.step = width * size + padding
    image.encoding = encoding
    image.is_bigendian = big_endian
    image.data = rows.tobytes()
    if timestamp:
        set_time(image.timestamp, timestamp)
    for name, value in fields.items():
        setattr(image, name, value)
    return image


def pixels(image):
    """The image's rows without their padding."""
    size = {"mono8": 1, "mono16": 2, "rgb8": 3}[image.encoding]
    rows = numpy.frombuffer(image.data, numpy.uint8)
    rows = rows.reshape(image.height, image.step)
    return rows[:, : image.width * size].tobytes()


def stream_bytes(image_set, stream):
    """What a client should get of `stream`: its pixels, or the mesh."""
    message = getattr(image_set, STREAM_FIELDS[stream])
    if stream == "mesh":
        return message.data
    return pixels(message.image if stream == "disparity" else message)


def make_set(request, number=0, width=64, height=48, depth_size=None,
             padding=0, big_endian=False, timestamp=None,
             period=40_000_000, out1_alternate=False):
    """Set `number` of what `request` asks for. `depth_size` is (width, height)
    of disparity, confidence and error; `out1_alternate` takes those 40 ms
    after left and right."""
    if timestamp is None:
        timestamp = 1_700_000_000_000_000_000 + number * period
    depth_width, depth_height = depth_size or (width, height)
    depth_time = timestamp + (40_000_000 if out1_alternate else 0)
    camera = dict(width=width, height=height, padding=padding,
                  timestamp=timestamp, focal_length=1080.0,
                  encoding="rgb8" if request.color else "mono8")
    depth = dict(width=depth_width, height=depth_height, padding=padding,
                 timestamp=depth_time, focal_length=1080.0)
    result = pb.ImageSet()
    set_time(result.timestamp, timestamp)
    if request.left_enabled:
        fill_image(result.left, seed=(number, 0), **camera)
    if request.right_enabled:
        fill_image(result.right, seed=(number, 1), **camera)
    if request.disparity_enabled:
        disparity = result.disparity
        set_time(disparity.timestamp, depth_time)
        disparity.scale, disparity.baseline = 0.0625, 0.16
        disparity.delta_d = 0.0625
        fill_image(disparity.image, encoding="mono16", seed=(number, 2),
                   big_endian=big_endian, **depth)
    if request.disparity_error_enabled:
        fill_image(result.disparity_error, seed=(number, 3), **depth)
    if request.confidence_enabled:
        fill_image(result.confidence, seed=(number, 4), **depth)
    if request.mesh_enabled:
        set_time(result.mesh.timestamp, depth_time)
        result.mesh.format = "ply"
        result.mesh.data = b"ply\nformat ascii 1.0\nelement vertex 0\n" \
            b"comment %d\nend_header\n" % number
    return result


def make_sets(request, count, **arguments):
    return [make_set(request, number, **arguments) for number in range(count)]


def paced(sets):
    """A camera's script: PTS follow the times of capture only as long as sets do
    not come before they can have been captured."""
    def script(_request, call):
        last = None
        for message in sets:
            now = message.timestamp.sec + message.timestamp.nsec / 1e9
            if last is not None and call.wait(now - last):
                return
            last = now
            yield message

    return script


def make_event(number, timestamp=None, message="exposure done"):
    if timestamp is None:
        timestamp = 1_700_000_000_000_000_000 + number * 40_000_000
    event = pb.ImageEvents()
    set_time(event.imageset_timestamp, timestamp)
    set_time(event.depth_acquisition_done.timestamp, timestamp + 1_000_000)
    event.depth_acquisition_done.message = message
    return event


class Call:
    """One call, as the server saw it."""

    def __init__(self, request, context):
        self.request = request
        self.metadata = dict(context.invocation_metadata())
        self.peer = context.peer()
        self.sent = 0  # items that gRPC took and asked for the next one
        self.completed = False  # the server ended it
        self._over = threading.Event()

    @property
    def ended(self):
        return self._over.is_set()

    @property
    def cancelled(self):
        """Ended, and not by the server's script."""
        return self.ended and not self.completed

    def wait(self, timeout=None):
        """For scripts: until the call is over; TRUE if it is."""
        return self._over.wait(timeout)


class Script:
    """One method's part of the server."""

    def __init__(self, items, status=None, hold=False):
        self.items = items
        self.status = status
        self.hold = hold
        self.calls = []


class CameraServer:
    """sets, events: scripts. events=None: the camera does not have that
    service. status, events_status: (grpc.StatusCode, details) to end with,
    None is OK. hold, events_hold: do not end after the last item.
    compression: a grpc.Compression. port: 0 takes a free one. credentials:
    grpc.ServerCredentials for TLS."""

    def __init__(self, sets=(), events=None, *, status=None, hold=False,
                 events_status=None, events_hold=True, compression=None,
                 port=0, images=True, max_workers=16, credentials=None):
        self._changed = threading.Condition()
        self._images = Script(sets, status, hold)
        self._events = Script(events, events_status, events_hold)
        self._server = grpc.server(
            futures.ThreadPoolExecutor(max_workers),
            compression=compression,
            options=[("grpc.so_reuseport", 0),
                     ("grpc.max_send_message_length", -1)])
        if images:
            self._add("ImageInterface", "StreamImageSets", self._images,
                      pb.ImageSetRequest)
        if events is not None:
            self._add("ImageEventsInterface", "StreamImageEvents",
                      self._events, pb.ImageEventsRequest)
        self.port = self._bind(f"127.0.0.1:{port}", credentials)

    def _bind(self, address, credentials, patience=30):
        """A port that was ours before may be somebody's for a moment: any
        connection that is made on this machine takes one."""
        deadline = time.monotonic() + patience
        while True:
            try:
                if credentials:
                    return self._server.add_secure_port(address, credentials)
                return self._server.add_insecure_port(address)
            except RuntimeError:
                if time.monotonic() > deadline:
                    raise
            time.sleep(0.05)

    def _add(self, service, method, script, request_type):
        def run(request, context):
            return self._run(script, request, context)

        handler = grpc.unary_stream_rpc_method_handler(
            run, request_type.FromString,
            lambda item: item if isinstance(item, bytes)
            else item.SerializeToString())
        self._server.add_generic_rpc_handlers((
            grpc.method_handlers_generic_handler(service, {method: handler}),))

    def __enter__(self):
        self._server.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self, grace=None):
        """Closes the port and ends the calls, after `grace` seconds."""
        self._server.stop(grace).wait()

    @property
    def calls(self):
        """The calls of StreamImageSets, in order."""
        return self._images.calls

    @property
    def requests(self):
        return [call.request for call in self._images.calls]

    @property
    def event_calls(self):
        return self._events.calls

    def wait_for(self, predicate, timeout=30):
        """Waits until predicate () holds, looking whenever something happened
        here; raises TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(predicate, timeout):
                raise TimeoutError("the server waited in vain")

    def _notify(self):
        with self._changed:
            self._changed.notify_all()

    def _run(self, script, request, context):
        call = Call(request, context)

        def over():
            call._over.set()
            self._notify()

        if not context.add_callback(over):
            return
        script.calls.append(call)
        self._notify()
        items = script.items
        for item in items(request, call) if callable(items) else items:
            while callable(item):
                item = item(call)
            if item is None:
                continue
            yield item
            call.sent += 1
            self._notify()
        if script.hold:
            call.wait()
            return
        call.completed = True
        if script.status:
            context.abort(*script.status)
