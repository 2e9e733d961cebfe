# SPDX-License-Identifier: LGPL-2.1-or-later
"""What rcfilesink's files are made of, element by element, and what FFmpeg and
MKVToolNix say of them."""

import json
import os
import subprocess
import sys
import unittest

try:
    from recorded import (IMAGES, PERIOD, STREAMS, Gst, RecordTest, Recording,
                          bytes_of, caps_of, image_set, in_file)
    import matroska
except (ImportError, ValueError) as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

VIDEO, SUBTITLE = 1, 17


class TracksTest(RecordTest):
    def test_tracks(self):
        """Every pad; the text comes of itself."""
        sets = [image_set(n, STREAMS, width=64, height=48, depth_size=(32, 24))
                for n in range(4)]
        feed = self.record([*IMAGES, "mesh"], sets)
        recording, = self.check(feed)
        file = recording.file
        self.assertEqual((file.doc_type, list(file.tracks)),
                         ("matroska", STREAMS))
        for name, track in file.tracks.items():
            kind = (VIDEO, "V_MS/VFW/FOURCC") if name in IMAGES else \
                (SUBTITLE, "S_MODEL/PLY" if name == "mesh" else "S_TEXT/UTF8")
            self.assertEqual((track.type, track.codec), kind, name)
        self.assertEqual([file.tracks[name].size for name in IMAGES],
                         2 * [(64, 48)] + 3 * [(32, 24)])

    def test_order_of_tracks(self):
        """That of the streams, however the pads came."""
        sets = [image_set(n) for n in range(2)]
        recording, = self.check(
            self.record(["metadata", "error", "disparity", "left"], sets))
        self.assertEqual(list(recording.file.tracks),
                         ["left", "disparity", "error", "metadata"])

    def test_text(self):
        """Each line is a block group with its duration, and all images of its
        time are behind it."""
        sets = [image_set(n) for n in range(6)]
        recording, = self.check(
            self.record(["left", "disparity", "metadata"], sets))
        for n, block in enumerate(recording.file.of("metadata")):
            self.assertTrue(block.is_group)
            self.assertEqual((block.time, block.duration),
                             (n * PERIOD, PERIOD))
        self.assertEqual([b.track for b in recording.file.blocks],
                         6 * ["metadata", "left", "disparity"])
        lines = matroska.metadata_lines(self.path, 2)
        self.assertEqual([json.loads(line) for line in lines],
                         recording.lines)

    def test_formats(self):
        """Bit by bit, odd widths and strides as well."""
        for color, big_endian, size in ((False, False, (214, 31)),
                                        (True, True, (67, 49)),
                                        (True, False, (16, 16))):
            with self.subTest(color=color, big_endian=big_endian, size=size):
                sets = [image_set(n, color=color, big_endian=big_endian,
                                  width=size[0], height=size[1],
                                  depth_size=(size[0] // 2, size[1] // 2))
                        for n in range(3)]
                self.check(self.record(["left", "disparity", "error"], sets))

    def test_meshes(self):
        """As they came: large, empty lines, zeros, whatever."""
        sets = [image_set(n, ["left", "mesh"]) for n in range(4)]
        sets[0].mesh.data = os.urandom(3_000_000)
        sets[1].mesh.data = b"\0\r\n\0" * 5
        sets[2].mesh.data = b"x"
        recording, = self.check(self.record(["left", "mesh"], sets))
        self.assertTrue(all(b.is_key for b in recording.file.of("mesh")))

    def test_mesh_alone(self):
        sets = [image_set(n, ["mesh"]) for n in range(3)]
        recording, = self.check(self.record(["mesh", "metadata"], sets))
        self.assertEqual(list(recording.file.tracks), ["mesh", "metadata"])

    def test_metadata_alone(self):
        sets = [image_set(n) for n in range(3)]
        recording, = self.check(self.record(["metadata"], sets))
        self.assertEqual(list(recording.file.tracks), ["metadata"])


class TimesTest(RecordTest):
    def record_at(self, times, streams=("left", "disparity"), **arguments):
        feed = self.playing(list(streams))
        for number, pts in enumerate(times):
            feed.push(number, image_set(number), pts=pts, **arguments)
        return feed.finish()

    def test_microseconds(self):
        """Rounded down to one."""
        times = [1, 1_501, 2_999, 40_000_499, 80_000_501, 99_999_999,
                 120_001_000, 120_002_000, 120_003_300]
        self.check(self.record_at([1_234_567_000 + t for t in times]))

    def test_drift(self):
        """Errors do not add up."""
        self.check(self.record_at([n * 33_333_333 for n in range(60)],
                                  ["left"]))

    def test_long_after_the_start(self):
        """100 days of running time."""
        start = 100 * 24 * 3600 * Gst.SECOND + 123_000
        recording, = self.check(self.record_at(
            [start + n * PERIOD for n in range(5)]))
        self.assertLess(recording.file.duration, start + Gst.SECOND)

    def test_minutes_between(self):
        """As in the single-frame mode of a camera. What is whole is on disk,
        and waits for nothing that comes later."""
        feed = self.playing(["left", "disparity", "metadata"])
        for number in range(4):
            pts = number * 600 * Gst.SECOND
            feed.push(number, image_set(number), pts)
            self.wait_for_file(lambda file: file.of("disparity")
                               and file.of("disparity")[-1].time == pts)
        self.check(feed.finish())

    def test_running_time(self):
        """Not what the buffers have, when their segment begins elsewhere."""
        feed = self.playing(["left"])
        segment = Gst.Segment.new()
        segment.init(Gst.Format.TIME)
        segment.start = segment.time = 1000 * Gst.SECOND
        segment.base = 3 * Gst.SECOND
        source = feed.pipeline.get_by_name("left")
        source.set_property("handle-segment-change", True)
        for number in range(3):
            message = image_set(number)
            feed.push_bytes("left", bytes_of(message, "left"),
                            caps_of(message, "left"),
                            1000 * Gst.SECOND + number * PERIOD, number,
                            segment=segment)
        feed.finish()
        self.assertEqual(
            self.recordings()[0].times("left"),
            [3 * Gst.SECOND + number * PERIOD for number in range(3)])

    def test_forty_milliseconds(self):
        """Depth images 40 ms after those of the cameras: at the times of the
        next set's, exactly, in one cluster."""
        feed = self.playing(["left", "disparity", "metadata"])
        for number in range(10):
            message = image_set(number, out1_alternate=True)
            feed.push(number, message, number * PERIOD, ["metadata", "left"])
            feed.push(number, message, (number + 1) * PERIOD, ["disparity"])
        recording, = self.check(feed.finish())
        self.assertEqual([c.time for c in recording.file.clusters],
                         [number * PERIOD for number in range(11)])
        self.assertEqual(
            [[b.track for b in c.blocks] for c in recording.file.clusters],
            [["metadata", "left"]]
            + 9 * [["metadata", "left", "disparity"]] + [["disparity"]])

    def test_order_over_tracks(self):
        """However the threads run: one pad's second comes first, then that of
        the other."""
        feed = self.playing(["left", "disparity", "metadata"])
        sets = [image_set(number) for number in range(75)]
        for begin in range(0, 75, 20):
            for stream in ("disparity", "left", "metadata"):
                for number in range(begin, min(begin + 20, 75)):
                    feed.push(number, sets[number], streams=[stream])
                feed.wait_for_arrival()
        self.check(feed.finish())

    def test_same_time(self):
        """Images of a stream that have one time are all there."""
        feed = self.record_at([0, PERIOD, PERIOD, PERIOD, 2 * PERIOD])
        self.check(feed, self.recordings(in_order=False), numbered=False)


class ReadersTest(RecordTest):
    def test_mkvtoolnix(self):
        sets = [image_set(n, STREAMS) for n in range(30)]
        self.record(STREAMS, sets)
        said = matroska.identify(self.path)
        self.assertEqual(said["errors"] + said["warnings"], [])
        self.assertEqual([t["properties"]["track_name"]
                          for t in said["tracks"]], STREAMS)
        self.assertTrue(said["container"]["recognized"])
        # The last image's time is the second before it.
        self.assertAlmostEqual(
            said["container"]["properties"]["duration"] / Gst.SECOND, 1.2,
            delta=0.041)
        info = matroska.run("mkvinfo", "--continue", self.path).decode()
        self.assertNotIn("nknown element", info)
        self.assertEqual(info.count("|+ Cluster\n"), 30)

    def test_remux(self):
        """mkvmerge takes it all over, and with the same times."""
        sets = [image_set(n) for n in range(10)]
        self.record(["left", "disparity", "metadata"], sets)
        again = os.path.join(self.folder, "again.mkv")
        matroska.run("mkvmerge", "-q", "--timestamp-scale", "1000", "-o",
                     again, self.path)
        was, now = Recording(self.path), Recording(again)
        os.remove(again)
        for name in was.file.tracks:
            # It ends text as it likes.
            self.assertEqual(
                [(b.time, b.data.rstrip(b"\n")) for b in now.file.of(name)],
                [(b.time, b.data.rstrip(b"\n")) for b in was.file.of(name)])

    def test_ffprobe(self):
        """Nothing to complain about, and the same times."""
        sets = [image_set(n, STREAMS) for n in range(12)]
        self.record(STREAMS, sets)
        result = subprocess.run(
            ["ffprobe", "-v", "warning", "-of", "json", "-show_entries",
             "packet=stream_index,pts_time,flags:format=duration,start_time:"
             "stream=codec_type,codec_name,time_base:stream_tags=title",
             self.path],
            capture_output=True, check=True)
        # It does not know the mesh's codec, and says so.
        complaints = [line for line in result.stderr.decode().splitlines()
                      if "S_MODEL/PLY" not in line
                      and "stream 5" not in line and "probesize" not in line]
        self.assertEqual(complaints, [])
        said = json.loads(result.stdout)
        self.assertEqual([s["tags"]["title"] for s in said["streams"]],
                         STREAMS)
        self.assertAlmostEqual(float(said["format"]["duration"]), 0.48,
                               delta=0.041)
        packets = said["packets"]
        for i, name in enumerate(STREAMS):
            mine = [p for p in packets if p["stream_index"] == i]
            self.assertEqual(
                [round(float(p["pts_time"]) * 1e9) for p in mine],
                [n * PERIOD for n in range(12)], name)
            self.assertTrue(all("K" in p["flags"] for p in mine), name)

    def test_seeking(self):
        """The index leads to the image that was asked for."""
        sets = [image_set(n) for n in range(75)]
        feed = self.record(["left", "disparity"], sets)
        for stream, index in (("left", 0), ("disparity", 1)):
            for number in (0, 1, 37, 74):
                sent = feed.sent[stream][number]
                pixels = matroska.run(
                    "ffmpeg", "-nostdin", "-v", "error", "-ss",
                    f"{in_file(sent.pts) / Gst.SECOND:.6f}", "-i", self.path,
                    "-map", f"0:{index}", "-frames:v", "1", "-f", "rawvideo",
                    "-pix_fmt", "gray" if index == 0 else "gray16le", "-")
                self.assertTrue(pixels == sent.data, (stream, number))

    def test_index(self):
        """Every second has an entry, at least; it begins at the first set."""
        sets = [image_set(n) for n in range(75)]
        self.record(["left", "disparity"], sets)
        recording, = self.recordings()
        times = [time for time, _, _ in recording.file.cues]
        self.assertEqual(times, sorted(times))
        self.assertEqual(times[0], 0)
        gaps = [b - a for a, b in zip(times, [*times[1:], 75 * PERIOD])]
        self.assertLessEqual(max(gaps), Gst.SECOND)

    def test_index_when_a_stream_comes_late(self):
        """The images before it can be gone to, too."""
        feed = self.playing(["left", "disparity"])
        for number in range(40):
            feed.push(number, image_set(number),
                      streams=["disparity"] if number < 20 else None)
        self.check(feed.finish())
        recording, = self.recordings()
        self.assertEqual(min(t for t, _, _ in recording.file.cues), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
