# SPDX-License-Identifier: LGPL-2.1-or-later
"""A recording of several files: images change their size or format, or a file
has its limit. Nothing is lost, nothing is there twice."""

import os
import sys
import unittest

try:
    from recorded import (PERIOD, Gst, RecordTest, Recording, Sent, bytes_of,
                          caps_of, image_set, in_file)
except (ImportError, ValueError) as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

SMALL = dict(width=64, height=48, depth_size=(32, 24))
LARGE = dict(width=96, height=64, depth_size=(32, 24))
DEEP = dict(width=64, height=48, depth_size=(48, 36))


class SplitTest(RecordTest):
    def counts(self, recordings, stream):
        return [len(r.times(stream)) if stream in r.file.tracks else 0
                for r in recordings]

    def sizes(self, recordings, stream):
        return [r.file.tracks[stream].size for r in recordings]

    def check_names(self, recordings, streams):
        """All tracks are in all files."""
        for recording in recordings:
            self.assertEqual(list(recording.file.tracks), streams)


class ChangeTest(SplitTest):
    STREAMS = ["left", "disparity", "metadata"]

    def record_sets(self, *kinds):
        """(count, arguments of image_set ()) each."""
        sets = []
        for count, arguments in kinds:
            for _ in range(count):
                sets.append(image_set(len(sets), **arguments))
        recordings = self.check(self.record(self.STREAMS, sets))
        self.check_names(recordings, self.STREAMS)
        return recordings

    def test_size(self):
        recordings = self.record_sets((5, SMALL), (7, LARGE))
        self.assertEqual(self.sizes(recordings, "left"), [(64, 48), (96, 64)])
        for stream in self.STREAMS:
            self.assertEqual(self.counts(recordings, stream), [5, 7], stream)

    def test_format(self):
        recordings = self.record_sets(
            (5, SMALL), (4, dict(SMALL, color=True)), (3, SMALL))
        for stream in self.STREAMS:
            self.assertEqual(self.counts(recordings, stream), [5, 4, 3])

    def test_many(self):
        """Back and forth, and after one image."""
        recordings = self.record_sets(
            (2, SMALL), (1, LARGE), (1, SMALL), (3, DEEP), (1, SMALL),
            (4, LARGE))
        self.assertEqual(self.names()[-1], "rec-00005.mkv")
        for stream in self.STREAMS:
            self.assertEqual(self.counts(recordings, stream),
                             [2, 1, 1, 3, 1, 4])

    def test_all_streams_at_once(self):
        """One new file, not one for each."""
        recordings = self.record_sets(
            (5, SMALL), (5, dict(width=80, height=40, depth_size=(40, 20))))
        self.assertEqual(len(recordings), 2)

    def test_one_after_the_other(self):
        """Disparity changes a set later than left."""
        recordings = self.record_sets(
            (5, SMALL), (1, LARGE),
            (5, dict(width=96, height=64, depth_size=(48, 32))))
        self.assertEqual(self.counts(recordings, "left"), [5, 1, 5])
        self.assertEqual(self.counts(recordings, "disparity"), [5, 1, 5])

    def test_frame_rate_alone(self):
        """Is no change of a track."""
        feed = self.playing(["left"])
        for number in range(8):
            message = image_set(number)
            caps = caps_of(message, "left").replace(
                "0/1", "25/1" if number < 4 else "50/1")
            data = bytes_of(message, "left")
            feed.push_bytes("left", data, caps, number * PERIOD, number)
            feed.sent["left"].append(Sent(number * PERIOD, number, message,
                                          data, "GRAY8"))
        self.assertEqual(len(self.check(feed.finish())), 1)

    def push_ahead(self, first, second, count=12, change=6):
        """All of `first` before anything of `second` is there."""
        feed = self.playing(self.STREAMS)
        sets = [image_set(n, **(SMALL if n < change else LARGE))
                for n in range(count)]
        for streams in (first, second):
            for number, message in enumerate(sets):
                feed.push(number, message, streams=streams)
            feed.wait_for_arrival()
        recordings = self.check(feed.finish())
        for stream in self.STREAMS:
            self.assertEqual(self.counts(recordings, stream),
                             [change, count - change], stream)

    def test_who_changes_is_ahead(self):
        self.push_ahead(["left"], ["disparity", "metadata"])

    def test_who_changes_is_behind(self):
        self.push_ahead(["disparity", "metadata"], ["left"])

    def test_words_are_ahead(self):
        self.push_ahead(["metadata"], ["left", "disparity"])

    def test_forty_milliseconds(self):
        """Depth images whose time is that of the next set's camera images are
        in the file of their own set."""
        feed = self.playing(self.STREAMS)
        for number in range(12):
            message = image_set(number, **(SMALL if number < 6 else LARGE))
            feed.push(number, message, number * PERIOD, ["metadata", "left"])
            feed.push(number, message, (number + 1) * PERIOD, ["disparity"])
        recordings = self.check(feed.finish())
        for stream in self.STREAMS:
            self.assertEqual(self.counts(recordings, stream), [6, 6], stream)

    def test_while_another_is_missing(self):
        """The set that brings the change has but one image."""
        feed = self.playing(self.STREAMS)
        for number in range(16):
            message = image_set(number, **(SMALL if number < 8 else LARGE))
            if 6 <= number < 10:
                message.ClearField("disparity")
            feed.push(number, message)
        recordings = self.check(feed.finish())
        self.check_names(recordings, self.STREAMS)
        self.assertEqual(self.counts(recordings, "left"), [8, 8])
        self.assertEqual(self.counts(recordings, "disparity"), [6, 6])

    def test_while_another_is_silent(self):
        """Disparity never comes again: no deadlock, and its track may be
        there or not."""
        feed = self.playing(self.STREAMS)
        for number in range(60):
            message = image_set(number, **(SMALL if number < 30 else LARGE))
            if number >= 4:
                message.ClearField("disparity")
            feed.push(number, message)
        self.wait_for_file(lambda file: file.of("left"),
                           os.path.join(self.folder, "rec-00001.mkv"))
        recordings = self.check(feed.finish())
        self.assertEqual(self.counts(recordings, "left"), [30, 30])

    def test_mesh_goes_on(self):
        sets = [image_set(n, ["left", "mesh"],
                          width=64 if n < 3 else 80) for n in range(6)]
        recordings = self.check(self.record(["left", "mesh"], sets))
        self.assertEqual(self.counts(recordings, "mesh"), [3, 3])

    def test_times_go_on(self):
        """They are not counted from the file's begin."""
        recordings = self.record_sets((30, SMALL), (30, LARGE))
        self.assertEqual(recordings[1].times("left")[0], 30 * PERIOD)


class LimitTest(SplitTest):
    STREAMS = ["left", "disparity", "metadata"]

    def record_with(self, options, count=50, **arguments):
        sets = [image_set(n, **(arguments or SMALL)) for n in range(count)]
        recordings = self.check(self.record(self.STREAMS, sets, options))
        self.check_names(recordings, self.STREAMS)
        return recordings

    def check_whole_sets(self, recordings):
        for stream in self.STREAMS[1:]:
            self.assertEqual(self.counts(recordings, stream),
                             self.counts(recordings, "left"), stream)

    def test_defaults(self):
        sink = Gst.ElementFactory.make("rcfilesink", None)
        for name in ("max-size-time", "max-size-bytes"):
            self.assertEqual(sink.get_property(name), 0)
            self.assertEqual(sink.find_property(name).value_type.name,
                             "guint64")
            sink.set_property(name, 2**63)
            self.assertEqual(sink.get_property(name), 2**63)

    def test_none(self):
        self.assertEqual(
            len(self.record_with("max-size-time=0 max-size-bytes=0")), 1)

    def test_time(self):
        recordings = self.record_with(f"max-size-time={10 * PERIOD}")
        self.check_whole_sets(recordings)
        counts = self.counts(recordings, "left")
        # The set at the limit itself may be in either file.
        self.assertTrue(all(10 <= n <= 11 for n in counts[:-1]), counts)

    def test_time_after_a_late_start(self):
        """It counts from the file's first image."""
        feed = self.playing(self.STREAMS, f"max-size-time={10 * PERIOD}")
        start = 3600 * Gst.SECOND
        for number in range(25):
            feed.push(number, image_set(number, **SMALL),
                      start + number * PERIOD)
        recordings = self.check(feed.finish())
        counts = self.counts(recordings, "left")
        self.assertTrue(all(10 <= n <= 11 for n in counts[:-1]), counts)

    def test_a_file_for_each_set(self):
        for options in ("max-size-time=1", "max-size-bytes=1"):
            with self.subTest(options):
                self.clear()
                recordings = self.record_with(options, 12)
                self.assertEqual(self.counts(recordings, "left"), 12 * [1])
                self.check_whole_sets(recordings)

    def test_bytes(self):
        limit = 100_000
        recordings = self.record_with(f"max-size-bytes={limit}")
        self.check_whole_sets(recordings)
        self.assertGreater(len(recordings), 2)
        for recording in recordings[:-1]:
            size = os.path.getsize(recording.path)
            a_set = size / len(recording.times("left"))
            self.assertLess(abs(size - limit), 2 * a_set)

    def test_bytes_of_meshes(self):
        """They count, too."""
        sets = [image_set(n, ["left", "mesh"]) for n in range(12)]
        for message in sets:
            message.mesh.data = bytes(100_000)
        recordings = self.check(self.record(
            ["left", "mesh"], sets, "max-size-bytes=400000"))
        counts = self.counts(recordings, "mesh")
        self.assertTrue(all(3 <= n <= 5 for n in counts[:-1]), counts)

    def test_both(self):
        """Whichever comes first."""
        recordings = self.record_with(
            f"max-size-time={8 * PERIOD} max-size-bytes=10000000", 30)
        counts = self.counts(recordings, "left")
        self.assertTrue(all(8 <= n <= 9 for n in counts[:-1]), counts)

    def test_forty_milliseconds(self):
        """The images of a set are in one file, all."""
        feed = self.playing(self.STREAMS, f"max-size-time={5 * PERIOD}")
        for number in range(30):
            message = image_set(number, **SMALL)
            feed.push(number, message, number * PERIOD, ["metadata", "left"])
            feed.push(number, message, (number + 1) * PERIOD, ["disparity"])
        recordings = self.check(feed.finish())
        self.check_whole_sets(recordings)
        self.assertGreater(len(recordings), 3)

    def test_threads_at_odds(self):
        """One pad is ahead of the other by more than a file."""
        feed = self.playing(self.STREAMS, f"max-size-time={5 * PERIOD}")
        sets = [image_set(n, **SMALL) for n in range(45)]
        for begin in range(0, 45, 15):
            for stream in ("disparity", "left", "metadata"):
                for number in range(begin, begin + 15):
                    feed.push(number, sets[number], streams=[stream])
                feed.wait_for_arrival()
        recordings = self.check(feed.finish())
        self.check_whole_sets(recordings)
        self.assertGreater(len(recordings), 6)

    def test_missing_images(self):
        """A limit that is reached at a set without disparity."""
        feed = self.playing(self.STREAMS, f"max-size-time={3 * PERIOD}")
        for number in range(40):
            message = image_set(number, **SMALL)
            if number % 7 in (1, 2, 3):
                message.ClearField("disparity")
            if number % 11 == 5:
                message.ClearField("left")
            feed.push(number, message)
        self.check(feed.finish())

    def test_change_and_limit(self):
        feed = self.playing(self.STREAMS, f"max-size-time={5 * PERIOD}")
        for number in range(40):
            feed.push(number, image_set(number, **(
                SMALL if number // 8 % 2 else LARGE)))
        recordings = self.check(feed.finish())
        self.check_whole_sets(recordings)

    def test_old_files(self):
        """Of an earlier recording: the ones that are written are those of
        this one."""
        self.record_with(f"max-size-time={5 * PERIOD}", 30)
        before = self.names()
        self.assertGreater(len(before), 4)
        sets = [image_set(n, width=80, height=40) for n in range(3)]
        feed = self.record(["left"], sets)
        recording = Recording(self.path)
        self.assertEqual(recording.times("left"),
                         [in_file(s.pts) for s in feed.sent["left"]])


class NamesTest(RecordTest):
    def check_names(self, location, expected):
        path = os.path.join(self.folder, location)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        feed = self.playing(["left"], "max-size-time=1", path=path)
        for number in range(3):
            feed.push(number, image_set(number))
        feed.finish()
        found = sorted(os.path.relpath(os.path.join(folder, name), self.folder)
                       for folder, _, names in os.walk(self.folder)
                       for name in names)
        self.assertEqual(found, sorted(expected))

    def test_no_extension(self):
        self.check_names("rec", ["rec", "rec-00001", "rec-00002"])

    def test_folder_with_a_dot(self):
        self.check_names("a.b/rec", ["a.b/rec", "a.b/rec-00001",
                                     "a.b/rec-00002"])

    def test_more_dots(self):
        self.check_names("rec.1.mkv", ["rec.1.mkv", "rec.1-00001.mkv",
                                       "rec.1-00002.mkv"])

    def test_hidden(self):
        self.check_names(".mkv", [".mkv", ".mkv-00001", ".mkv-00002"])

    def test_percent(self):
        self.check_names("50%s%n.mkv", ["50%s%n.mkv", "50%s%n-00001.mkv",
                                        "50%s%n-00002.mkv"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
