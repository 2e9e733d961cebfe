# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is left of a recording whose process was killed with SIGKILL: that plays
with FFmpeg and with rcfilesrc."""

import json
import os
import signal
import subprocess
import sys
import unittest

try:
    from recorded import (ENDS, IMAGES, STREAM_FIELDS, Gst, RecordTest,
                          Recording, image_set, words_of)
    from camera_server import CameraServer, pb, stream_bytes, paced
    from google.protobuf import json_format
    from taken import Taker
    from watched import Watched
except (ImportError, ValueError) as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

STREAMS = ["left", "disparity", "metadata"]
SIZES = dict(width=160, height=120, depth_size=(80, 60))
FORMATS = {"left": "GRAY8", "disparity": "GRAY16_LE"}


# ns; of a camera that is faster than those that there are.
PERIOD = 10_000_000
# Sets in more than a second.
HELD_BACK = 110


def only(message, streams):
    """What the images of those streams say of a set."""
    part = pb.ImageSet()
    part.CopyFrom(message)
    for stream in IMAGES:
        if stream not in streams:
            part.ClearField(STREAM_FIELDS[stream])
    return part


def message_of(words):
    """Without the inputs and outputs if they are all low: an image's
    parameters do not tell whether the camera said that."""
    message = json_format.ParseDict(words, pb.ImageSet())
    for field, part in message.ListFields():
        if field.name != "timestamp":
            image = part.image if field.name == "disparity" else part
            if not image.gpios.ByteSize():
                image.ClearField("gpios")
    return message


class CrashTest(RecordTest):
    def sets(self, count):
        return [image_set(n, period=PERIOD, **SIZES) for n in range(count)]

    def launch(self, sets, options=()):
        """gst-launch-1.0 recording from a camera that sends `sets` and then
        says nothing."""
        self.camera = CameraServer(paced(sets), hold=True)
        self.camera.__enter__()
        self.addCleanup(self.camera.stop)
        process = subprocess.Popen(
            ["gst-launch-1.0", "-q", "rcgrpcsrc", "name=s", "host=127.0.0.1",
             f"port={self.camera.port}", "leaky=none", "rcfilesink", "name=r",
             f"location={self.path}", *options,
             *" ".join(f"s.{s} ! r.{s}" for s in STREAMS).split()])

        def stop():
            process.kill()
            process.wait()

        self.addCleanup(stop)
        return process

    def kill(self, process):
        self.assertIsNone(process.poll(), "it ended by itself")
        process.send_signal(signal.SIGKILL)
        process.wait()

    def check_file(self, path, sets, first=0, is_cut=True):
        """It plays, and what it has is the sets from `first` on; their
        number in it. is_cut: the last one may not be all there."""
        recording = Recording(path)
        self.assert_sound(recording.file, is_ended=False)
        counts = {s: len(recording.times(s)) for s in STREAMS}
        # Text goes first; an image more or less of a set that was cut.
        self.assertLessEqual(counts["left"], counts["metadata"])
        self.check_lines_of(recording, sets, first, is_cut)
        for stream, frames in recording.decode(FORMATS, is_cut).items():
            self.assertIn(len(frames) - counts[stream],
                          (0, 1) if is_cut else (0,))
            for frame, message in zip(frames[:counts[stream]], sets[first:]):
                self.assertTrue(frame == stream_bytes(message, stream), stream)
        self.check_replay(path, sets, first, counts)
        return counts["left"]

    def check_lines_of(self, recording, sets, first, is_cut):
        at_end = False
        for number, line in enumerate(recording.lines, first):
            said = line.pop("recording")
            self.assertEqual(said["set"], number)
            expected = sets[number]
            # Streams may be some sets apart, and metadata the last one.
            if is_cut and "metadata" not in said["pts"]:
                at_end = True
                expected = only(expected, said["pts"])
            self.assertEqual(at_end, "metadata" not in said["pts"], number)
            self.assertEqual(*(message_of(words) for words in (
                line, words_of(expected))))

    def check_replay(self, path, sets, first, counts):
        watched = Watched(
            f"rcfilesrc name=s location={path} " + " ".join(
                f"s.{stream} ! identity drop-allocation=true ! "
                f"fakesink name={stream} sync=false async=false"
                for stream in STREAMS))
        self.addCleanup(watched.stop)
        takers = {stream: Taker(watched, stream) for stream in STREAMS}
        watched.play()
        message = watched.wait(ENDS)
        self.assertIsNotNone(message)
        watched.stop()
        self.assertEqual(watched.errors, [])
        for stream in ("left", "disparity"):
            buffers = takers[stream].buffers
            self.assertEqual(len(buffers), counts[stream], stream)
            for number, buffer in enumerate(buffers, first):
                buffer.video_meta = False
                self.assertTrue(buffer.pixels == stream_bytes(
                    sets[number], stream), (stream, number))
                self.assertEqual(buffer.offset, number)
                self.assertIsNotNone(buffer.meta, (stream, number))


class KillTest(CrashTest):
    def test_all_but_the_last_second(self):
        """Of what was fed all is on disk, but for a second, without any more
        coming."""
        sets = self.sets(150)
        process = self.launch(sets)
        self.camera.wait_for(
            lambda: self.camera.calls and self.camera.calls[0].sent == 150)
        self.wait_for_file(
            lambda file: len(file.of("disparity")) >= 150 - HELD_BACK)
        self.kill(process)
        self.assertGreaterEqual(self.check_file(self.path, sets),
                                150 - HELD_BACK)

    def test_in_full_flight(self):
        """While it writes as fast as it can."""
        sets = self.sets(400)
        for at_least in (3, 40):
            with self.subTest(at_least):
                process = self.launch(sets)
                self.wait_for_file(
                    lambda file: len(file.of("disparity")) >= at_least)
                self.kill(process)
                self.assertGreaterEqual(self.check_file(self.path, sets),
                                        at_least)
                self.clear()

    def test_second_file(self):
        """Those before it are whole, with an index."""
        sets = self.sets(60)
        process = self.launch(sets, [f"max-size-time={10 * PERIOD}"])
        last = os.path.join(self.folder, "rec-00003.mkv")
        self.wait_for_file(lambda file: file.of("left"), last)
        self.kill(process)
        first = 0
        for name in self.names()[:3]:
            path = os.path.join(self.folder, name)
            self.assert_sound(Recording(path).file)
            first += self.check_file(path, sets, first, is_cut=False)
        self.check_file(last, sets, first)

    def test_cut_anywhere(self):
        """A disk may have less of it than was written."""
        sets = self.sets(50)
        process = self.launch(sets)
        self.wait_for_file(lambda file: len(file.of("disparity")) >= 25)
        self.kill(process)
        with open(self.path, "rb") as file:
            whole = file.read()
        for part in (0.9, 0.61, 0.37):
            with open(self.path, "wb") as file:
                file.write(whole[:int(len(whole) * part)])
            self.assertGreater(len(self.decoded()), 25 * part - 2)

    def decoded(self):
        """Whole images that FFmpeg finds in the cut file, which are right."""
        result = subprocess.run(
            ["ffmpeg", "-nostdin", "-v", "quiet", "-i", self.path, "-map",
             "0:0", "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt",
             "gray", "-"], capture_output=True)
        size = 160 * 120
        frames = [result.stdout[i:i + size]
                  for i in range(0, len(result.stdout), size)]
        # It may show the one that was cut as well.
        for number, frame in enumerate(frames[:-1]):
            self.assertTrue(frame == stream_bytes(
                image_set(number, **SIZES), "left"), number)
        return frames


class EndTest(CrashTest):
    """Other ways to end, which leave a whole file."""

    def test_interrupt(self):
        """Ctrl-C without -e."""
        sets = self.sets(30)
        process = self.launch(sets)
        self.wait_for_file(lambda file: len(file.of("disparity")) >= 5)
        process.send_signal(signal.SIGINT)
        process.wait(60)
        recording, = self.recordings()
        self.assertGreaterEqual(self.check_file(self.path, sets), 5)
        self.assertEqual(json.loads(subprocess.run(
            ["mkvmerge", "-J", self.path], check=True,
            capture_output=True).stdout)["warnings"], [])
        self.assertTrue(recording.file.duration >= 4 * PERIOD)

    def test_within_a_set(self):
        """Before the camera's words of the last set came: its line says what its
        images say."""
        sets = self.sets(5)
        with CameraServer(paced(sets), hold=True) as camera:
            watched = Watched(
                f"rcgrpcsrc name=s host=127.0.0.1 port={camera.port} leaky=none "
                f"rcfilesink name=r location={self.path} " + " ".join(
                    f"s.{s} ! identity name={s} ! r.{s}" for s in STREAMS))
            self.addCleanup(watched.stop)
            takers = {stream: Taker(watched, stream) for stream in STREAMS}
            for stream in STREAMS:
                self.drop_from(3 if stream == "metadata" else 4,
                               watched.pipeline.get_by_name(stream))
            watched.play()
            for taker in takers.values():
                # The fourth is through when the next one comes.
                taker.wait_for(5)
            watched.stop()
        recording, = self.recordings()
        self.check_lines_of(recording, sets, 0, is_cut=True)
        self.assertEqual(len(recording.lines), 4)
        self.assertEqual(set(recording.lines[3]["recording"]["pts"]),
                         {"left", "disparity"})

    @staticmethod
    def drop_from(number, element):
        element.get_static_pad("sink").add_probe(
            Gst.PadProbeType.BUFFER, lambda _pad, info:
            Gst.PadProbeReturn.DROP if info.get_buffer().offset >= number
            else Gst.PadProbeReturn.OK)


if __name__ == "__main__":
    unittest.main(verbosity=2)
