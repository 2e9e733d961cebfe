# SPDX-License-Identifier: LGPL-2.1-or-later
"""Feeds sets to an rcfilesink and reads its files with others' eyes: the bytes
as ebml.py sees them, the pixels as FFmpeg decodes them, against what was fed."""

import collections
import json
import os
import re
import subprocess
import tempfile
import time
import unittest

import numpy

# First: it may start Python anew.
from watched import Gst, Watched
import ebml
import matroska
from camera_server import STREAM_FIELDS, make_set, pb, stream_bytes
from google.protobuf import json_format

CAMERA = ["left", "right"]
IMAGES = [*CAMERA, "disparity", "confidence", "error"]
STREAMS = [*IMAGES, "mesh", "metadata"]
PERIOD = 40 * Gst.MSECOND
# Sets that a pad may be ahead of another's.
MAX_AHEAD = 3
# s; for what happens at once: who comes to this has failed.
PATIENCE = 30
ENDS = Gst.MessageType.ERROR | Gst.MessageType.EOS
FORMATS = {"mono8": "GRAY8", "mono16": "GRAY16_LE", "rgb8": "RGB"}
DECODED = {"GRAY8": "gray", "GRAY16_LE": "gray16le", "GRAY16_BE": "gray16be",
           "RGB": "rgb24"}


def image_set(number, streams=IMAGES, color=False, **arguments):
    """A set of random pixels."""
    fields = {f"{STREAM_FIELDS[s]}_enabled": True
              for s in streams if s != "metadata"}
    return make_set(pb.ImageSetRequest(color=color, **fields), number,
                    **arguments)


def words_of(message):
    """The set's line, as rcgrpcsrc has it: all but the pixels."""
    bare = pb.ImageSet()
    bare.CopyFrom(message)
    for field, part in bare.ListFields():
        if field.name != "timestamp":
            (part.image if field.name == "disparity" else part) \
                .ClearField("data")
    return json_format.MessageToDict(
        bare, preserving_proto_field_name=True,
        including_default_value_fields=True)


def image_of(message, stream):
    part = getattr(message, STREAM_FIELDS[stream])
    return part.image if stream == "disparity" else part


def format_of(image):
    name = FORMATS[image.encoding]
    return "GRAY16_BE" if image.is_bigendian else name


def caps_of(message, stream):
    if stream == "mesh":
        return "application/x-ply"
    if stream == "metadata":
        return "text/x-raw,format=utf8"
    image = image_of(message, stream)
    return (f"video/x-raw,format={format_of(image)},width={image.width},"
            f"height={image.height},framerate=0/1")


def bytes_of(message, stream):
    """As GStreamer has them in memory: rows of a multiple of 4 bytes."""
    if stream == "metadata":
        return json.dumps(words_of(message)).encode() + b"\n"
    if stream == "mesh":
        return message.mesh.data
    image = image_of(message, stream)
    rows = numpy.frombuffer(stream_bytes(message, stream), numpy.uint8)
    rows = rows.reshape(image.height, -1)
    return numpy.pad(rows, ((0, 0), (0, -rows.shape[1] % 4))).tobytes()


def in_file(time):
    """A running time, ns, as the file has it: to 1 us, rounded down."""
    return time // 1000 * 1000


class Sent:
    def __init__(self, pts, number, message, data, pixel_format=None):
        self.pts, self.number, self.message = pts, number, message
        self.data, self.pixel_format = data, pixel_format


class Feed(Watched):
    """A pipeline of an rcfilesink `r` with an appsrc for each of `streams`.
    sent: what was pushed, by stream. source: the appsrcs' properties;
    between: elements behind them."""

    def __init__(self, path, streams, options="", source="", between="",
                 rest=""):
        super().__init__(
            f"rcfilesink name=r location={path} {options} " + " ".join(
                f"appsrc name={s} format=time {source} {between} ! r.{s}"
                for s in streams) + " " + rest)
        self.sent = {stream: [] for stream in streams}
        self.sink = self.pipeline.get_by_name("r")
        self.pushed, self.arrived = collections.Counter(), collections.Counter()
        for stream in streams:
            self.watch(stream)

    def watch(self, stream):
        """Counts what comes to that pad: before it, as what is not recorded does
        not get through."""
        def take(_pad, _info):
            self.arrived[stream] += 1
            return Gst.PadProbeReturn.OK

        self.sink.get_static_pad(stream).get_peer().add_probe(
            Gst.PadProbeType.BUFFER, take)

    def forget(self, stream):
        """That pad is gone."""
        self.pushed.pop(stream, None)
        self.arrived.pop(stream, None)

    def wait_for_arrival(self, but=0):
        """Until all that was pushed has been at its pad, but for that many."""
        deadline = time.monotonic() + PATIENCE
        while any(self.pushed[stream] - self.arrived[stream] > but
                  for stream in self.pushed):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.arrived} of {self.pushed}")
            time.sleep(0.002)

    def play(self):
        """What was pushed before has been there, or is gone."""
        self.pushed.clear()
        self.arrived.clear()
        return super().play()

    def push_bytes(self, stream, data, caps, pts, number=None, duration=None,
                   segment=None):
        buffer = Gst.Buffer.new_wrapped(data)
        buffer.pts = Gst.CLOCK_TIME_NONE if pts is None else pts
        buffer.offset = Gst.BUFFER_OFFSET_NONE if number is None else number
        if duration is not None:
            buffer.duration = duration
        sample = Gst.Sample.new(buffer, Gst.Caps.from_string(caps), segment,
                                None)
        self.pushed[stream] += 1
        return self.pipeline.get_by_name(stream).emit("push-sample", sample)

    def push(self, number, message, pts=None, streams=None, numbered=True,
             paced=True):
        """What of the set there are pads for. paced: no pad gets ahead by much
        because another one's thread has no CPU."""
        if paced:
            self.wait_for_arrival(MAX_AHEAD)
        pts = number * PERIOD if pts is None else pts
        for stream in streams or self.sent:
            field = STREAM_FIELDS.get(stream)
            if field and not message.HasField(field):
                continue
            ret = self.push_bytes(
                stream, bytes_of(message, stream), caps_of(message, stream),
                pts, number if numbered else None,
                PERIOD if stream == "metadata" else None)
            if ret != Gst.FlowReturn.OK:
                return ret
            is_image = stream not in ("mesh", "metadata")
            data = json.dumps(words_of(message)) if stream == "metadata" \
                else stream_bytes(message, stream)
            self.sent.setdefault(stream, []).append(Sent(
                pts, number, message, data,
                format_of(image_of(message, stream)) if is_image else None))
        return Gst.FlowReturn.OK

    def gap(self, stream, pts, duration=PERIOD):
        """Behind what was pushed before; not the first of all."""
        assert self.pipeline.get_by_name(stream).send_event(
            Gst.Event.new_gap(pts, duration))

    def end(self, *streams):
        for stream in streams or self.sent:
            self.pipeline.get_by_name(stream).emit("end-of-stream")

    def finish(self):
        """EOS on all pads; all is written, and nothing was wrong."""
        self.end()
        message = self.wait(ENDS)
        self.stop()
        if message is None:
            raise AssertionError("EOS does not come through")
        if self.errors or self.warnings:
            raise AssertionError(self.errors + self.warnings)
        return self

    def of_element(self, name):
        """The fields of the element messages of that name."""
        found = []
        for message in self.of_type(Gst.MessageType.ELEMENT):
            fields = message.get_structure()
            if fields.get_name() == name:
                found.append({
                    fields.nth_field_name(i): fields.get_value(
                        fields.nth_field_name(i))
                    for i in range(fields.n_fields())})
        return found


class Recording:
    """A file: `file` is its ebml.File."""

    def __init__(self, path):
        self.path = path
        self.file = ebml.File(path)

    @property
    def lines(self):
        return [json.loads(block.data) for block in self.file.of("metadata")]

    def times(self, stream):
        return [block.time for block in self.file.of(stream)]

    def decode(self, formats, is_cut=False):
        """{stream: its frames in raw pixels}, of the streams in formats:
        {stream: as in caps}. is_cut: the file may end anywhere, of which FFmpeg
        may complain, and show what it has of a last frame."""
        with tempfile.TemporaryDirectory() as folder:
            command = ["ffmpeg", "-nostdin", "-v", "error", "-i", self.path]
            for stream, name in formats.items():
                index = list(self.file.tracks).index(stream)
                # Its muxer cannot tell times apart that are too close.
                command += ["-map", f"0:{index}", "-fps_mode", "passthrough",
                            "-vf", "setpts=N*10000/TB", "-f", "rawvideo",
                            "-pix_fmt", DECODED[name],
                            f"{folder}/{stream}"]
            result = subprocess.run(command, capture_output=True)
            if formats and not is_cut and (result.returncode or result.stderr):
                raise AssertionError(f"{self.path}: {result.stderr}")
            return {stream: self._frames(f"{folder}/{stream}", stream, name)
                    for stream, name in formats.items()}

    def _frames(self, path, stream, name):
        with open(path, "rb") as file:
            data = file.read()
        width, height = self.file.tracks[stream].size
        size = width * height * {"RGB": 3, "GRAY8": 1}.get(name, 2)
        if len(data) % size:
            raise AssertionError(f"{stream}: {len(data)} bytes in all")
        return [data[i:i + size] for i in range(0, len(data), size)]


@unittest.skipIf(matroska.MISSING_TOOLS, "ffmpeg and mkvtoolnix")
class RecordTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.path = os.path.join(folder.name, "rec.mkv")

    def feed(self, streams, options="", path=None, **arguments):
        feed = Feed(path or self.path, streams, options, **arguments)
        self.addCleanup(feed.stop)
        return feed

    def playing(self, *arguments, **named):
        feed = self.feed(*arguments, **named)
        feed.play()
        return feed

    def record(self, streams, sets, options="", **arguments):
        """Feeds those sets to the end."""
        feed = self.playing(streams, options, **arguments)
        for number, message in enumerate(sets):
            feed.push(number, message)
        return feed.finish()

    def clear(self):
        """The folder is empty again."""
        for name in os.listdir(self.folder):
            os.remove(os.path.join(self.folder, name))

    def names(self):
        """Of the files, in order; there is nothing else in the folder."""
        names = sorted(os.listdir(self.folder), key=lambda name: (
            len(name), name))
        self.assertEqual(names, ["rec.mkv", *(
            f"rec-{i:05}.mkv" for i in range(1, len(names)))])
        return names

    def recordings(self, is_ended=True, in_order=True):
        """All files; each is sound by itself."""
        found = [Recording(os.path.join(self.folder, name))
                 for name in self.names()]
        for recording in found:
            self.assert_sound(recording.file, is_ended, in_order)
        return found

    def assert_sound(self, file, is_ended=True, in_order=True):
        """As all our files are."""
        self.assertEqual(file.scale, 1000)
        self.assertEqual(len({t.uid for t in file.tracks.values()}),
                         len(file.tracks))
        for one, other in zip(file.clusters, file.clusters[1:]):
            if in_order and one.time >= other.time:
                self.fail(f"{one.blocks} in the cluster before that of "
                          f"{other.blocks}")
        for cluster in file.clusters:
            self.assertEqual({b.time for b in cluster.blocks}, {cluster.time})
            is_text = [b.track == "metadata" for b in cluster.blocks]
            self.assertEqual(is_text, sorted(is_text, reverse=True))
        if is_ended:
            self.assertTrue(file.is_whole)
            self.assertTrue(file.segment.is_sized)
            self.assertEqual(file.segment.end, len(file.bytes))
            self.assert_indexed(file)

    def assert_indexed(self, file):
        self.assertIsNotNone(file.duration)
        clusters = {c.position: c for c in file.clusters}
        if file.clusters:
            self.assertTrue(file.cues)
        times = {(block.track, block.time) for block in file.blocks}
        for time_, track, position in file.cues:
            # Who begins earlier passes by what it was to go to.
            self.assertLessEqual(clusters[position].time, time_)
            self.assertIn((track, time_), times, "no block of an index entry")
        for ident, position in file.seeks.items():
            self.assertEqual(file.at.get(position), ident)

    def check(self, feed, recordings=None, lossy=(), numbered=True):
        """All that was fed is in the files once, where it belongs."""
        recordings = recordings or self.recordings()
        for stream in (s for s in feed.sent if s not in ("mesh", "metadata")):
            self.check_images(feed, recordings, stream, stream in lossy)
        if "mesh" in feed.sent:
            self.assertEqual(
                [(b.time, b.data) for r in recordings
                 for b in r.file.of("mesh")],
                [(in_file(s.pts), s.data) for s in feed.sent["mesh"]])
        if numbered:
            self.check_lines(feed, recordings)
        return recordings

    def check_images(self, feed, recordings, stream, is_lossy):
        sent = feed.sent[stream]
        times = [t for r in recordings if stream in r.file.tracks
                 for t in r.times(stream)]
        self.assertEqual(sorted(times) if is_lossy else times,
                         [in_file(s.pts) for s in sent], stream)
        at = 0
        for recording in recordings:
            count = len(recording.times(stream)) \
                if stream in recording.file.tracks else 0
            part = sent[at:at + count]
            at += count
            if not part:
                continue
            formats = {s.pixel_format for s in part}
            self.assertEqual(len(formats), 1, stream)
            frames = recording.decode({stream: formats.pop()})[stream]
            self.assertEqual(len(frames), len(part), stream)
            if not is_lossy:
                for frame, was in zip(frames, part):
                    self.assertTrue(frame == was.data,
                                    f"{stream} of set {was.number}")

    def check_lines(self, feed, recordings):
        """A line for each set, in the file that has its images."""
        numbers = sorted({s.number for sent in feed.sent.values()
                          for s in sent})
        lines = [(r, line) for r in recordings for line in r.lines]
        self.assertEqual([l["recording"]["set"] for _, l in lines], numbers)
        words = {s.number: s.data for s in feed.sent.get("metadata", [])}
        for recording, line in lines:
            said = line.pop("recording")
            number = said["set"]
            pts = {stream: s.pts for stream, sent in feed.sent.items()
                   for s in sent if s.number == number}
            said["pts"].setdefault("metadata", None)
            pts.setdefault("metadata", said["pts"]["metadata"])
            self.assertEqual(said["pts"], pts)
            if number in words:
                self.assertEqual(line, json.loads(words[number]))
            for stream in set(pts) - {"metadata"}:
                self.assertIn(in_file(pts[stream]), recording.times(stream),
                              f"{stream} of set {number}")

    def wait_for_file(self, holds, path=None):
        """Until holds (ebml.File) of what is on disk so far."""
        path = path or self.path
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                file = ebml.File(path)
            except (FileNotFoundError, ValueError, KeyError):
                file = None
            if file is not None and holds(file):
                return file
            if time.monotonic() > deadline:
                last = {name: (file.of(name) or [None])[-1]
                        for name in file.tracks} if file else "no file"
                self.fail(f"waited in vain; in the file are last {last}")
            time.sleep(0.02)

    def assert_error(self, feed, *expected):
        """The first error is one of these (quark, code)s."""
        self.assertTrue(feed.errors)
        error = feed.errors[0]
        self.assertIn((re.sub("^gst-|-error-quark$", "", error.domain),
                       error.code),
                      [(domain, int(code)) for domain, code in expected],
                      error)


__all__ = ["CAMERA", "ENDS", "Feed", "Gst", "IMAGES", "PATIENCE", "PERIOD",
           "RecordTest", "Recording", "STREAMS", "Sent", "bytes_of", "caps_of",
           "image_set", "in_file", "words_of"]
