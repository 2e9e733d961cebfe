# SPDX-License-Identifier: LGPL-2.1-or-later
"""A camera that is recorded, by rcgrpcsrc: what it sends is in the files, and
none waits for what it does not send."""

import json
import os
import sys
import unittest

try:
    from recorded import (IMAGES, Gst, RecordTest, Recording, Sent, image_set,
                          words_of)
    from camera_server import STREAM_FIELDS, CameraServer, pb, stream_bytes, paced
    from google.protobuf import json_format
    from taken import Taker
    from watched import Watched
except (ImportError, ValueError) as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

# ns; of a camera that is faster than those that there are.
PERIOD = 10_000_000


def quick_set(*arguments, **named):
    return image_set(*arguments, period=PERIOD, **named)


class CameraTest(RecordTest):
    def watch(self, sets, streams, options="", source="leaky=none", **camera):
        """A pipeline that has not begun, and the takers of what goes into the
        pads."""
        server = CameraServer(paced(sets), **camera)
        server.__enter__()
        self.addCleanup(server.stop)
        watched = Watched(
            f"rcgrpcsrc name=s host=127.0.0.1 port={server.port} {source} "
            f"rcfilesink name=r location={self.path} {options} " + " ".join(
                f"s.{stream} ! identity name={stream} ! r.{stream}"
                for stream in streams))
        self.addCleanup(watched.stop)
        return watched, {stream: Taker(watched, stream) for stream in streams}

    def record(self, sets, streams, options="", **arguments):
        watched, takers = self.watch(sets, streams, options, **arguments)
        watched.run()
        self.assertEqual(watched.errors + watched.warnings, [])
        self.assertEqual(watched.n_eos, 1)
        return takers

    def check_all(self, sets, takers, recordings=None):
        """Each image of each set once, at its time, and a line for each set
        with all that was said of it."""
        recordings = recordings or self.recordings()
        for stream, taker in takers.items():
            if stream != "metadata":
                self.check_stream(sets, stream, taker, recordings)
        lines = [line for r in recordings for line in r.lines]
        self.assertEqual([line["recording"]["set"] for line in lines],
                         list(range(len(sets))))
        for number, line in enumerate(lines):
            pts = {stream: buffer.pts for stream, taker in takers.items()
                   for buffer in taker.buffers if buffer.offset == number}
            said = line.pop("recording")["pts"]
            pts.setdefault("metadata", said["metadata"])
            self.assertEqual(said, pts)
            if "metadata" in takers:
                self.assertEqual(
                    json_format.ParseDict(line, pb.ImageSet()),
                    json_format.ParseDict(words_of(sets[number]),
                                          pb.ImageSet()))
        return recordings

    def check_stream(self, sets, stream, taker, recordings):
        sent = [s for s in sets if s.HasField(STREAM_FIELDS[stream])]
        self.assertEqual(len(taker.buffers), len(sent))
        if stream == "mesh":
            blocks = [b for r in recordings for b in r.file.of("mesh")]
            self.assertEqual([b.data for b in blocks],
                             [s.mesh.data for s in sent])
            return
        feed = type("Feed", (), {"sent": {stream: [
            Sent(buffer.pts, buffer.offset, message,
                 stream_bytes(message, stream), self.format_of(buffer))
            for message, buffer in zip(sent, taker.buffers)]}})
        self.check_images(feed, recordings, stream, False)

    def format_of(self, buffer):
        return buffer.caps.get_structure(0).get_string("format")


class StreamsTest(CameraTest):
    def sets(self, count, streams=IMAGES, **arguments):
        return [quick_set(n, streams, **arguments) for n in range(count)]

    def test_all(self):
        streams = [*IMAGES, "mesh", "metadata"]
        for alternate in (False, True):
            with self.subTest(out1_alternate=alternate):
                self.clear()
                sets = self.sets(12, streams, width=214, height=31,
                                 depth_size=(107, 13), padding=5,
                                 out1_alternate=alternate)
                self.check_all(sets, self.record(sets, streams))

    def test_without_the_metadata_pad(self):
        sets = self.sets(12, out1_alternate=True)
        for message in sets:
            message.left.exposure_time = 0.0123
            message.disparity.baseline = 0.065
        recordings = self.check_all(sets, self.record(sets, IMAGES))
        for number, line in enumerate(recordings[0].lines):
            line.pop("recording")
            said = json_format.ParseDict(line, pb.ImageSet())
            was = json_format.ParseDict(words_of(sets[number]), pb.ImageSet())
            self.assertEqual(said.timestamp, was.timestamp)
            self.assertEqual(said.left.exposure_time, was.left.exposure_time)
            self.assertEqual(said.disparity.baseline, was.disparity.baseline)

    def test_missing_images(self):
        """Disparity is away for 1.7 s, and everybody waits that nothing is
        lost, with queues of one image."""
        streams = ["left", "disparity", "confidence", "metadata"]
        for first in (0, 10):
            with self.subTest(first=first):
                self.clear()
                sets = self.sets(200, streams)
                for message in sets[first:first + 170]:
                    message.ClearField("disparity")
                self.check_all(sets, self.record(
                    sets, streams, source="leaky=none queue-size=1"))

    def test_never_there(self):
        """A stream that was asked for, of a camera that does not have it."""
        streams = ["left", "disparity", "metadata"]
        sets = self.sets(150, ["left"])
        self.check_all(sets, self.record(
            sets, streams, source="leaky=none queue-size=1"))

    def test_silence(self):
        """As long as the camera goes on, and without its end."""
        sets = self.sets(150, ["left"])
        watched, _ = self.watch(
            sets, ["left", "disparity"], source="leaky=none queue-size=1",
            hold=True)
        watched.play()
        self.wait_for_file(lambda file: len(file.of("left")) >= 40)
        watched.stop()
        self.recordings()

    def test_change_of_size(self):
        streams = ["left", "disparity", "confidence", "metadata"]
        sets = [quick_set(n, streams, width=64 if n < 10 else 96,
                          depth_size=(32, 24)) for n in range(20)]
        recordings = self.check_all(sets, self.record(sets, streams))
        self.assertEqual([len(r.lines) for r in recordings], [10, 10])
        for stream in streams:
            self.assertEqual([len(r.times(stream)) for r in recordings],
                             [10, 10])

    def test_change_of_size_without_the_metadata_pad(self):
        streams = ["left", "disparity"]
        sets = [quick_set(n, streams, width=64 if n < 10 else 96,
                          depth_size=(32, 24), out1_alternate=True)
                for n in range(20)]
        recordings = self.check_all(sets, self.record(sets, streams))
        for stream in [*streams, "metadata"]:
            self.assertEqual([len(r.times(stream)) for r in recordings],
                             [10, 10], stream)

    def test_limit(self):
        """Sets whose images are 40 ms apart stay together."""
        streams = ["left", "disparity", "metadata"]
        sets = self.sets(40, streams, out1_alternate=True)
        recordings = self.check_all(sets, self.record(
            sets, streams, f"max-size-time={8 * PERIOD}"))
        self.assertGreater(len(recordings), 3)
        for stream in streams:
            self.assertEqual([len(r.times(stream)) for r in recordings],
                             [len(r.lines) for r in recordings], stream)

    def test_encoder(self):
        """That looks ahead for longer than any queue is."""
        if Gst.ElementFactory.find("x264enc") is None:
            self.skipTest("no x264enc here")
        streams = ["left", "disparity", "metadata"]
        sets = self.sets(90, streams)
        takers = self.record(sets, streams, "encoder=x264enc",
                             source="leaky=none queue-size=1")
        recording, = self.recordings(in_order=False)
        self.assertEqual(len(recording.times("left")), 90)
        del takers["left"]
        self.check_stream(sets, "disparity", takers["disparity"], [recording])
        self.assertEqual([l["recording"]["set"] for l in recording.lines],
                         list(range(90)))

    def test_lines_are_lines(self):
        """One of JSON each, as text that any reader shows."""
        sets = self.sets(3, ["left", "metadata"])
        self.record(sets, ["left", "metadata"])
        recording, = self.recordings()
        for block in recording.file.of("metadata"):
            text = block.data.decode("utf-8")
            self.assertNotIn("\n", text.rstrip("\n"))
            for mark in "<>&\0":
                self.assertNotIn(mark, text)
            json.loads(text)


class AgainTest(RecordTest):
    def check_copy(self, first):
        """first: PTS, ns; what the file rounds to 1 us, a replay has whole."""
        self.clear()
        streams = ["left", "disparity", "metadata"]
        feed = self.playing(streams)
        for number in range(60):
            feed.push(number, image_set(number), first + number * PERIOD)
        feed.finish()
        copy = os.path.join(self.folder, "copy.mkv")
        watched = Watched(
            f"rcfilesrc name=f location={self.path} rcfilesink name=r "
            f"location={copy} " + " ".join(f"f.{s} ! r.{s}" for s in streams))
        self.addCleanup(watched.stop)
        watched.run()
        self.assertEqual(watched.errors + watched.warnings, [])
        was, now = Recording(self.path), Recording(copy)
        self.assertEqual([line["recording"]["set"] for line in now.lines],
                         list(range(60)))
        for stream in streams:
            begin, again = was.times(stream), now.times(stream)
            self.assertEqual([t - again[0] for t in again],
                             [t - begin[0] for t in begin], stream)
        for stream in ("left", "disparity"):
            self.assertEqual([b.data for b in now.file.of(stream)],
                             [b.data for b in was.file.of(stream)], stream)

    def test_copy(self):
        """A recording that is recorded, faster than it was: the same, and each
        set has one line still."""
        for first in (4_000_400, 4_000_600):
            with self.subTest(first=first):
                self.check_copy(first)


if __name__ == "__main__":
    unittest.main(verbosity=2)
