# SPDX-License-Identifier: LGPL-2.1-or-later

"""A camera's client that shares no code with the plugin: protobuf and gRPC as
Python has them."""

import os
import subprocess
import sys
import tempfile
import threading

import grpc

import fixture

PROTO = os.path.join(fixture.HERE, "..", "..", "proto")


def load_messages():
    """The module that protoc makes of the .proto file."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["protoc", f"-I{PROTO}", f"--python_out={folder}",
                        "image_interface.proto"], check=True)
        sys.path.insert(0, folder)
        try:
            return __import__("image_interface_pb2")
        finally:
            sys.path.remove(folder)


class Reference:
    """Keeps all sets that a camera sends while the context lasts."""

    def __init__(self, port, color=False):
        self.messages = load_messages()
        self.request = self.messages.ImageSetRequest(
            left_enabled=True, right_enabled=True, disparity_enabled=True,
            color=color)
        self.port = port
        self.sets = {}
        self.arrived = threading.Condition()

    def __enter__(self):
        self.channel = grpc.insecure_channel(
            f"127.0.0.1:{self.port}",
            options=[("grpc.max_receive_message_length", -1),
                     ("grpc.enable_http_proxy", 0)])
        stream = self.channel.unary_stream(
            "/ImageInterface/StreamImageSets",
            request_serializer=self.messages.ImageSetRequest.SerializeToString,
            response_deserializer=self.messages.ImageSet.FromString)
        self.call = stream(self.request)
        self.thread = threading.Thread(target=self.receive)
        self.thread.start()
        with self.arrived:
            # From here on it misses none.
            self.arrived.wait_for(lambda: self.sets, fixture.PATIENCE)
        return self

    def receive(self):
        try:
            for image_set in self.call:
                time = image_set.timestamp
                with self.arrived:
                    self.sets[time.sec * 10**9 + time.nsec] = image_set
                    self.arrived.notify_all()
        except grpc.RpcError:
            pass  # cancelled, or the camera is gone

    def wait_for(self, timestamp):
        """The set that was captured then."""
        with self.arrived:
            self.arrived.wait_for(lambda: timestamp in self.sets,
                                  fixture.PATIENCE)
            return self.sets[timestamp]

    def __exit__(self, *_):
        self.call.cancel()
        self.thread.join()
        self.channel.close()
