# SPDX-License-Identifier: LGPL-2.1-or-later
"""What keeps rcfilesink from recording, and what is left then."""

import os
import resource
import sys
import unittest

try:
    from recorded import (ENDS, PERIOD, Gst, RecordTest, Recording, caps_of,
                          image_set)
    from watched import STOP_LIMIT
except (ImportError, ValueError) as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

STREAMS = ["left", "disparity", "metadata"]
NO_SPACE = ("resource", Gst.ResourceError.NO_SPACE_LEFT)
OPEN_WRITE = ("resource", Gst.ResourceError.OPEN_WRITE)
SETTINGS = ("resource", Gst.ResourceError.SETTINGS)


class ErrorsTest(RecordTest):
    def fail_with(self, feed, expected, sets=None):
        """It is said once, whoever goes on to feed it, and does not hang."""
        sets = sets or [image_set(n) for n in range(40)]
        for number, message in enumerate(sets):
            if feed.push(number, message,
                         paced=False) != Gst.FlowReturn.OK:
                break
        feed.end()
        message = feed.wait(ENDS)
        self.assertIsNotNone(message, "no error")
        self.assertLess(feed.stop(), STOP_LIMIT)
        self.assert_error(feed, expected)
        # Sources and queues say, too, that theirs has stopped.
        self.assertEqual([e.source for e in feed.errors].count("r"), 1,
                         feed.errors)

    def check_prefix(self, path=None):
        """What was written before plays; the sets in it."""
        recording = Recording(path or self.path)
        self.assert_sound(recording.file, is_ended=False)
        times = recording.times("left")
        self.assertEqual(times, [n * PERIOD for n in range(len(times))])
        frames = recording.decode({"left": "GRAY8"})["left"]
        self.assertEqual(len(frames), len(times))
        return len(frames)


class SpaceTest(ErrorsTest):
    def limit(self, size):
        """No file can become larger, and that is no signal (Python ignores
        it)."""
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        self.addCleanup(resource.setrlimit, resource.RLIMIT_FSIZE, before)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))

        def unlimit():
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

        return unlimit

    def test_file_too_large(self):
        feed = self.playing(STREAMS)
        unlimit = self.limit(100_000)
        self.fail_with(feed, NO_SPACE)
        unlimit()
        self.assertLessEqual(os.path.getsize(self.path), 100_000)
        self.assertGreater(self.check_prefix(), 3)

    def test_at_the_end(self):
        """When just the index has no room left."""
        sets = [image_set(n) for n in range(10)]
        self.record(STREAMS, sets)
        size = os.path.getsize(self.path)
        feed = self.playing(STREAMS)
        unlimit = self.limit(size - 1)
        self.fail_with(feed, NO_SPACE, sets)
        unlimit()
        self.assertGreaterEqual(self.check_prefix(), 9)

    def test_at_the_head(self):
        feed = self.playing(STREAMS, path="/dev/full")
        self.fail_with(feed, NO_SPACE)

    def test_of_the_next_file(self):
        """Which is there already, and leads to where no space is."""
        os.symlink("/dev/full", os.path.join(self.folder, "rec-00001.mkv"))
        feed = self.playing(STREAMS, f"max-size-time={5 * PERIOD}")
        self.fail_with(feed, NO_SPACE)
        recording = Recording(self.path)
        self.assert_sound(recording.file)
        self.assertGreaterEqual(self.check_prefix(), 5)


class OpenTest(ErrorsTest):
    def test_no_folder(self):
        feed = self.feed(STREAMS, path=os.path.join(self.folder, "no/r.mkv"))
        feed.play()
        self.fail_with(feed, OPEN_WRITE)

    def test_a_folder(self):
        feed = self.feed(STREAMS, path=self.folder)
        feed.play()
        self.fail_with(feed, OPEN_WRITE)

    def test_next_file(self):
        """The one before it is ended all the same."""
        os.mkdir(os.path.join(self.folder, "rec-00001.mkv"))
        feed = self.playing(STREAMS, f"max-size-time={5 * PERIOD}")
        self.fail_with(feed, OPEN_WRITE)
        self.assert_sound(Recording(self.path).file)
        self.assertGreaterEqual(self.check_prefix(), 5)

    @unittest.skipIf(os.geteuid() == 0, "root may write anywhere")
    def test_read_only(self):
        with open(self.path, "wb"):
            pass
        os.chmod(self.path, 0o444)
        feed = self.feed(STREAMS)
        feed.play()
        self.fail_with(feed, OPEN_WRITE)

    def test_no_location(self):
        for options in ("", 'location=""'):
            with self.subTest(options):
                feed = self.feed(["left"])
                feed.sink.set_property("location", "" if options else None)
                feed.play()
                self.fail_with(feed, SETTINGS)

    def test_again(self):
        """After an error, and with what was wrong put right."""
        feed = self.feed(STREAMS, path=os.path.join(self.folder, "no/r.mkv"))
        feed.play()
        feed.wait(Gst.MessageType.ERROR)
        feed.stop()
        self.assert_error(feed, OPEN_WRITE)
        feed.sink.set_property("location", self.path)
        feed.messages.clear()
        feed.play()
        for number in range(5):
            feed.push(number, image_set(number))
        self.check(feed.finish())


class MissingPluginTest(ErrorsTest):
    def without(self, name):
        registry = Gst.Registry.get()
        feature = registry.lookup_feature(name)
        if feature is None:
            self.skipTest(f"no {name} here")
        registry.remove_feature(feature)
        self.addCleanup(registry.add_feature, feature)

    def test_ffv1(self):
        self.without("avenc_ffv1")
        feed = self.feed(STREAMS)
        self.assertEqual(feed.play(), Gst.StateChangeReturn.FAILURE)
        feed.wait(Gst.MessageType.ERROR)
        self.assert_error(feed, ("core", Gst.CoreError.MISSING_PLUGIN))
        self.assertEqual(len(feed.errors), 1)
        missing = feed.of_element("missing-plugin")
        self.assertEqual([fields["type"] for fields in missing], ["element"])
        self.assertEqual(missing[0]["detail"], "avenc_ffv1")

    def test_not_needed(self):
        """The words alone are recorded without it."""
        self.without("avenc_ffv1")
        self.check(self.record(["metadata", "mesh"], [
            image_set(n, ["left", "mesh"]) for n in range(3)]))

    def test_no_muxer_needed(self):
        self.without("matroskamux")
        self.check(self.record(["left"], [image_set(n) for n in range(3)]))


class WrongStreamTest(ErrorsTest):
    def test_empty_buffer(self):
        """A buffer shorter than its image: an error or a drop, no crash."""
        feed = self.playing(["left", "disparity"])
        for number in range(5):
            message = image_set(number)
            feed.push(number, message, streams=["disparity"])
            feed.push_bytes("left", b"\1\2\3", caps_of(message, "left"),
                            number * PERIOD, number)
        feed.end()
        self.assertIsNotNone(feed.wait(ENDS))
        feed.stop()
        recording = Recording(self.path)
        self.assert_sound(recording.file, is_ended=False)


if __name__ == "__main__":
    unittest.main(verbosity=2)
