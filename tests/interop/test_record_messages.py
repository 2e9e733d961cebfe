# SPDX-License-Identifier: LGPL-2.1-or-later
"""What rcfilesink says while it records, and of files that are done."""

import os
import sys
import time
import unittest

try:
    from recorded import (PATIENCE, PERIOD, Gst, RecordTest, Recording,
                          bytes_of, caps_of, image_set)
except (ImportError, ValueError) as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

PROGRESS, CLOSED = "rcfilesink-progress", "rcfilesink-file-closed"
STREAMS = ["left", "disparity", "metadata"]


class MessagesTest(RecordTest):
    def wait_for_element(self, feed, name, count=1):
        deadline = time.monotonic() + PATIENCE
        while len(feed.of_element(name)) < count:
            self.assertLess(time.monotonic(), deadline, f"no {name}")
            feed.wait(Gst.MessageType.ELEMENT, 100 * Gst.MSECOND)

    def check_fields(self, feed, name, types):
        count = 0
        for message in feed.of_type(Gst.MessageType.ELEMENT):
            fields = message.get_structure()
            if fields.get_name() != name:
                continue
            count += 1
            self.assertEqual(message.src, feed.sink)
            self.assertEqual(
                {fields.nth_field_name(i):
                 fields.get_field_type(fields.nth_field_name(i)).name
                 for i in range(fields.n_fields())}, types)
        self.assertGreater(count, 0, name)

    def test_fields(self):
        feed = self.record(STREAMS, [image_set(n) for n in range(5)])
        self.check_fields(feed, PROGRESS, {
            "location": "gchararray", "files": "guint", "sets": "guint64",
            "bytes": "guint64", "dropped": "guint64"})
        self.check_fields(feed, CLOSED, {
            "location": "gchararray", "sets": "guint64", "bytes": "guint64"})

    def test_at_the_end(self):
        feed = self.record(STREAMS, [image_set(n) for n in range(7)])
        size = os.path.getsize(self.path)
        self.assertEqual(feed.of_element(CLOSED), [
            {"location": self.path, "sets": 7, "bytes": size}])
        self.assertEqual(feed.of_element(PROGRESS)[-1], {
            "location": self.path, "files": 1, "sets": 7, "bytes": size,
            "dropped": 0})

    def test_stats(self):
        """The property says the same."""
        feed = self.playing(STREAMS)
        for number in range(3):
            feed.push(number, image_set(number))
        feed.end()
        self.assertEqual(
            feed.wait(Gst.MessageType.EOS | Gst.MessageType.ERROR).type,
            Gst.MessageType.EOS)
        stats = feed.sink.get_property("stats")
        said = feed.of_element(PROGRESS)[-1]
        del said["location"]
        self.assertEqual({name: stats.get_value(name) for name in said}, said)

    def test_before_eos(self):
        """Who waits for EOS has had them: gst-launch-1.0 reads no further."""
        feed = self.playing(STREAMS)
        for number in range(3):
            feed.push(number, image_set(number))
        feed.end()
        self.assertEqual(
            feed.wait(Gst.MessageType.EOS | Gst.MessageType.ERROR).type,
            Gst.MessageType.EOS)
        self.assertEqual(feed.of_element(CLOSED)[-1]["sets"], 3)
        self.assertEqual(feed.of_element(PROGRESS)[-1]["sets"], 3)

    def test_each_second(self):
        """While something comes: they count up to the end."""
        feed = self.playing(STREAMS)
        begin, number = time.monotonic(), 0
        while len(feed.of_element(PROGRESS)) < 3:
            feed.push(number, image_set(number))
            number += 1
            feed.wait(Gst.MessageType.ELEMENT, 40 * Gst.MSECOND)
            self.assertLess(time.monotonic() - begin, PATIENCE)
        # No more than one a second, whatever the machine does.
        self.assertGreater(time.monotonic() - begin, 1.5)
        feed.finish()
        said = feed.of_element(PROGRESS)
        for field in ("sets", "bytes", "files", "dropped"):
            values = [fields[field] for fields in said]
            self.assertEqual(values, sorted(values), field)
        self.assertGreater(said[1]["sets"], 0)
        self.assertGreater(said[1]["bytes"], 0)
        self.assertEqual(said[-1]["sets"], number)

    def test_several_files(self):
        feed = self.record(STREAMS, [image_set(n) for n in range(25)],
                           f"max-size-time={5 * PERIOD}")
        paths = [os.path.join(self.folder, name) for name in self.names()]
        recordings = self.recordings()
        self.assertGreater(len(paths), 3)
        self.assertEqual(feed.of_element(CLOSED), [
            {"location": path, "sets": len(recording.lines),
             "bytes": os.path.getsize(path)}
            for path, recording in zip(paths, recordings)])
        self.assertEqual(feed.of_element(PROGRESS)[-1], {
            "location": paths[-1], "files": len(paths), "sets": 25,
            "bytes": sum(map(os.path.getsize, paths)), "dropped": 0})

    def test_file_is_ended(self):
        """When it says so it is, while the next one is written."""
        feed = self.playing(STREAMS, "max-size-time=1")
        for number in range(4):
            feed.push(number, image_set(number))
        self.wait_for_element(feed, CLOSED, 1)
        said = feed.of_element(CLOSED)[0]
        recording = Recording(said["location"])
        self.assert_sound(recording.file)
        self.assertEqual(len(recording.lines), said["sets"])
        feed.finish()

    def test_to_null(self):
        feed = self.playing(STREAMS)
        for number in range(5):
            feed.push(number, image_set(number))
        self.wait_for_file(lambda file: len(file.of("left")) >= 3)
        feed.stop()
        recording, = self.recordings()
        self.assertEqual(feed.of_element(CLOSED), [
            {"location": self.path, "sets": len(recording.lines),
             "bytes": os.path.getsize(self.path)}])

    def test_missing_images(self):
        """A set counts once, however many images it has; none was dropped."""
        feed = self.playing(STREAMS)
        for number in range(20):
            message = image_set(number)
            if number % 3 == 0:
                message.ClearField("disparity")
            if number % 5 == 0:
                message.ClearField("left")
            feed.push(number, message)
        feed.finish()
        said = feed.of_element(PROGRESS)[-1]
        self.assertEqual((said["sets"], said["dropped"]), (20, 0))

    def test_dropped(self):
        """Images without a time have no place in the file."""
        feed = self.playing(["left", "disparity"])
        for number in range(10):
            message = image_set(number)
            feed.push(number, message)
            if number % 2:
                feed.push_bytes("left", bytes_of(message, "left"),
                                caps_of(message, "left"), None)
        feed.finish()
        self.assertEqual(feed.of_element(PROGRESS)[-1]["dropped"], 5)
        self.check(feed)

    def test_outside_of_the_segment(self):
        """As well as those with a time that is none in the pipeline's."""
        feed = self.playing(["left"])
        segment = Gst.Segment.new()
        segment.init(Gst.Format.TIME)
        segment.start = 4 * PERIOD
        source = feed.pipeline.get_by_name("left")
        source.set_property("handle-segment-change", True)
        for number in range(10):
            message = image_set(number)
            feed.push_bytes("left", bytes_of(message, "left"),
                            caps_of(message, "left"), number * PERIOD, number,
                            segment=segment)
        feed.finish()
        recording, = self.recordings()
        self.assertEqual(recording.times("left"),
                         [n * PERIOD for n in range(6)])
        self.assertEqual(feed.of_element(PROGRESS)[-1]["dropped"], 4)

    def test_dropped_meshes(self):
        feed = self.playing(["left", "mesh"])
        for number in range(4):
            message = image_set(number, ["left", "mesh"])
            feed.push(number, message)
            feed.push_bytes("mesh", b"ply", "application/x-ply", None)
        feed.finish()
        self.assertEqual(feed.of_element(PROGRESS)[-1]["dropped"], 4)

    def test_again(self):
        """Counts begin anew with the pipeline."""
        feed = self.playing(STREAMS)
        for _ in range(2):
            feed.messages.clear()
            feed.play()
            for number in range(4):
                feed.push(number, image_set(number))
            feed.finish()
            said = feed.of_element(PROGRESS)[-1]
            self.assertEqual((said["sets"], said["files"]), (4, 1))


if __name__ == "__main__":
    unittest.main(verbosity=2)
