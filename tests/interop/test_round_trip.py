# SPDX-License-Identifier: LGPL-2.1-or-later
"""A camera, recorded, replayed and served again: what the last client gets is
what the camera sent."""

import os
import sys
import tempfile
import unittest

try:
    import grpc
    from camera_server import (STREAM_FIELDS, CameraServer, make_set, paced,
                               pb)
    from served import SinkTest, WHOLE
    from test_sink import IMAGES, describe, without_padding
    from watched import Gst, Watched
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)


def links(source, sink, streams):
    return " ".join(f"{source}.{s} ! {sink}.{s}" for s in streams)


class RoundTripTest(SinkTest):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "rec.mkv")

    def make_sets(self, count, color=False, **arguments):
        request = pb.ImageSetRequest(color=color, **{
            f"{STREAM_FIELDS[stream]}_enabled": True for stream in IMAGES})
        return [describe(make_set(request, i, **arguments), i)
                for i in range(count)]

    def record(self, sets, streams, options):
        camera = CameraServer(sets)
        camera.__enter__()
        self.addCleanup(camera.stop)
        watched = Watched(
            f"rcgrpcsrc name=s host=127.0.0.1 port={camera.port} leaky=none "
            f"{options} rcfilesink name=r location={self.path} "
            + links("s", "r", [*streams, "metadata"]))
        self.addCleanup(watched.stop)
        watched.run()
        self.assert_healthy(watched)

    def check(self, sets, streams=IMAGES, options="", color=False):
        self.record(sets, streams, options)
        watched = self.served(
            f"rcfilesrc name=f location={self.path} rcgrpcsink name=k {WHOLE} "
            + links("f", "k", streams))
        client = self.client(watched, *streams, color=color)
        watched.play()
        for image_set in sets:
            self.assertEqual(next(client), without_padding(image_set))
        self.assertEqual(client.status(), (grpc.StatusCode.OK, ""))
        self.assertIsNotNone(watched.wait(Gst.MessageType.EOS))
        self.assert_healthy(watched)

    def test_everything(self):
        self.check(self.make_sets(8, depth_size=(32, 24)))

    def test_out1_alternate(self):
        self.check(self.make_sets(8, out1_alternate=True))

    def test_color(self):
        self.check(self.make_sets(4, color=True, width=322, padding=2),
                   options="color=true", color=True)

    def test_endless(self):
        """A recording that is served again and again, each set as it was."""
        sets = self.make_sets(8)
        self.record(paced(sets), IMAGES, "")
        watched = self.served(
            f"rcfilesrc name=f location={self.path} live=true loop=true "
            f"rcgrpcsink name=k {WHOLE} " + links("f", "k", IMAGES))
        client = self.client(watched, *IMAGES)
        watched.play()
        for n in range(3 * len(sets)):
            self.assertEqual(next(client),
                             without_padding(sets[n % len(sets)]), n)
        self.assert_healthy(watched)


if __name__ == "__main__":
    unittest.main(verbosity=2)
