# SPDX-License-Identifier: LGPL-2.1-or-later
"""Pads of rcfilesink that come and go, and pipelines that start and stop."""

import os
import random
import sys
import threading
import time
import unittest

try:
    from recorded import (ENDS, PATIENCE, PERIOD, Gst, RecordTest, Recording,
                          image_set)
    from watched import STOP_LIMIT
except (ImportError, ValueError) as missing:
    print(f"skipped: {missing}")
    sys.exit(77)


class PadsTest(RecordTest):
    def attach(self, feed, stream):
        source = Gst.ElementFactory.make("appsrc", stream)
        source.set_property("format", Gst.Format.TIME)
        feed.pipeline.add(source)
        pad = feed.sink.request_pad_simple(stream)
        self.assertIsNotNone(pad, stream)
        self.assertEqual(source.get_static_pad("src").link(pad),
                         Gst.PadLinkReturn.OK)
        feed.watch(stream)
        source.sync_state_with_parent()
        feed.sent.setdefault(stream, [])
        return pad

    def detach(self, feed, stream):
        """The pad is released; what was sent to it stays."""
        source = feed.pipeline.get_by_name(stream)
        pad = feed.sink.get_static_pad(stream)
        source.set_state(Gst.State.NULL)
        source.get_static_pad("src").unlink(pad)
        feed.pipeline.remove(source)
        feed.forget(stream)
        feed.sink.release_request_pad(pad)
        self.assertIsNone(feed.sink.get_static_pad(stream))

    def wait_for_tracks(self, stream, count):
        """Until that many images are in all files."""
        deadline = time.monotonic() + PATIENCE
        written = 0
        while written < count:
            self.assertLess(time.monotonic(), deadline, f"only {written}")
            time.sleep(0.02)
            written = sum(
                len(r.times(stream)) for r in self.present()
                if stream in r.file.tracks)

    def present(self):
        return [Recording(os.path.join(self.folder, name))
                for name in self.names()]

    def finish(self, feed, *streams):
        feed.end(*streams)
        message = feed.wait(ENDS)
        self.assertIsNotNone(message, "EOS does not come through")
        feed.stop()
        self.assertEqual(feed.errors + feed.warnings, [])

    def push(self, feed, first, end, streams=None, paced=True,
             **arguments):
        for number in range(first, end):
            feed.push(number, image_set(number, ["left", "right", "disparity",
                                                 "mesh"], **arguments),
                      streams=streams, paced=paced)


    def push_together(self, feed, stream, number, **arguments):
        """The first set with an image of a new pad, which is there first: the
        sink cannot know before that there will be any."""
        self.push(feed, number, number + 1, [stream], **arguments)
        feed.wait_for_arrival()
        self.push(feed, number, number + 1,
                  [s for s in feed.sent if s != stream], **arguments)


class RequestTest(PadsTest):
    def request_while_playing(self, stream):
        feed = self.playing(["left"])
        self.push(feed, 0, 20)
        self.wait_for_file(lambda file: file.of("left"))
        self.attach(feed, stream)
        self.push_together(feed, stream, 20)
        self.push(feed, 21, 40)
        feed.finish()
        recordings = self.check(feed)
        self.assertEqual(len(recordings), 2)
        self.assertEqual(list(recordings[0].file.tracks),
                         ["left", "metadata"])
        self.assertEqual(set(recordings[1].file.tracks),
                         {"left", "metadata", stream})
        self.assertEqual(len(recordings[1].times("left")), 20)

    def test_while_playing(self):
        self.request_while_playing("disparity")

    def test_mesh_while_playing(self):
        self.request_while_playing("mesh")

    def test_metadata_while_playing(self):
        """Its track is there already; nothing is lost."""
        feed = self.playing(["left"])
        self.push(feed, 0, 20)
        self.wait_for_file(lambda file: file.of("left"))
        self.attach(feed, "metadata")
        self.push_together(feed, "metadata", 20)
        self.push(feed, 21, 40)
        feed.finish()
        self.check(feed)

    def test_never_linked(self):
        """Neither track nor wait for it."""
        feed = self.playing(["left"])
        self.push(feed, 0, 10)
        self.wait_for_file(lambda file: file.of("left"))
        self.assertIsNotNone(feed.sink.request_pad_simple("disparity"))
        self.push(feed, 10, 60)
        self.wait_for_file(
            lambda file: file.of("left")[-1].time > 30 * PERIOD,
            os.path.join(self.folder, self.names()[-1]))
        self.push(feed, 60, 70)
        feed.finish()
        self.check(feed)

    def test_in_any_state(self):
        for state in (Gst.State.NULL, Gst.State.READY, Gst.State.PAUSED):
            with self.subTest(state.value_nick):
                feed = self.feed(["left"])
                feed.pipeline.set_state(state)
                self.attach(feed, "disparity")
                feed.play()
                self.push(feed, 0, 10)
                feed.finish()
                self.check(feed)
                self.clear()

    def test_all_of_them(self):
        """One after the other."""
        feed = self.playing(["left"])
        self.push(feed, 0, 5)
        streams = ["right", "disparity", "mesh", "metadata"]
        for n, stream in enumerate(streams, 1):
            self.attach(feed, stream)
            self.push_together(feed, stream, 5 * n)
            self.push(feed, 5 * n + 1, 5 * n + 5)
            feed.wait_for_arrival()
        feed.finish()
        recordings = self.check(feed)
        self.assertEqual(set(recordings[-1].file.tracks),
                         {"left", *streams})

    def test_there_is_one(self):
        feed = self.playing(["left"])
        template = feed.sink.get_pad_template("left")
        self.assertIsNone(feed.sink.request_pad(template, None, None))
        self.assertIsNone(feed.sink.request_pad_simple("middle"))
        self.push(feed, 0, 3)
        feed.finish()
        self.check(feed)


class ReleaseTest(PadsTest):
    def test_in_full_flight(self):
        """While images are on their way in: nothing inside says an error of it,
        and the end comes through."""
        feed = self.playing(["left"])
        for number in range(100):
            self.push(feed, number, number + 1)
            source = Gst.parse_bin_from_description(
                "videotestsrc is-live=true ! capsfilter caps=\""
                "video/x-raw,format=GRAY8,width=16,height=16,"
                "framerate=10000/1\"", True)
            feed.pipeline.add(source)
            pad = feed.sink.request_pad_simple("error")
            source.get_static_pad("src").link(pad)
            source.sync_state_with_parent()
            time.sleep(random.random() / 100)
            feed.sink.release_request_pad(pad)
            source.set_state(Gst.State.NULL)
            feed.pipeline.remove(source)
        feed.end()
        self.assertIsNotNone(feed.wait(Gst.MessageType.EOS))
        feed.stop()
        # That its peer is gone may be one to a source.
        inside = feed.sink.get_path_string() + "/"
        self.assertEqual(
            [m.src.get_path_string() for m in feed.of_type(
                Gst.MessageType.ERROR)
             if m.src.get_path_string().startswith(inside)], [])
        self.assertEqual(sum(len(r.times("left")) for r in self.recordings(
            in_order=False)), 100)

    def test_while_playing(self):
        """The other track goes on. What was not encoded yet is lost, and is
        counted."""
        feed = self.playing(["left", "disparity"])
        self.push(feed, 0, 20)
        feed.wait_for_arrival()
        self.detach(feed, "disparity")
        self.push(feed, 20, 40, ["left"])
        self.finish(feed, "left")
        recordings = self.recordings()
        self.check_images(feed, recordings, "left", False)
        written = sum(len(r.times("disparity")) for r in recordings
                      if "disparity" in r.file.tracks)
        feed.sent["disparity"] = feed.sent["disparity"][:written]
        self.check_images(feed, recordings, "disparity", False)
        self.assertEqual(
            feed.of_element("rcfilesink-progress")[-1]["dropped"],
            20 - written)

    def test_while_paused(self):
        """Whose images wait for the pipeline to play."""
        feed = self.playing(["left", "disparity"])
        self.push(feed, 0, 10)
        feed.wait_for_arrival()
        feed.pipeline.set_state(Gst.State.PAUSED)
        self.push(feed, 10, 13, paced=False)
        feed.wait_for_arrival()
        self.detach(feed, "disparity")
        feed.pipeline.set_state(Gst.State.PLAYING)
        self.push(feed, 13, 30, ["left"])
        self.finish(feed, "left")
        self.check_images(feed, self.recordings(), "left", False)
        self.assertEqual(feed.errors, [])

    def test_one_that_is_waited_for(self):
        feed = self.playing(["left", "disparity"])
        self.push(feed, 0, 10, ["left"])
        self.detach(feed, "disparity")
        self.push(feed, 10, 40, ["left"])
        self.finish(feed, "left")
        feed.sent.pop("disparity")
        self.check(feed)

    def test_after_its_end(self):
        """Released after its EOS: nothing is lost."""
        feed = self.playing(["left", "disparity"])
        self.push(feed, 0, 10)
        feed.end("disparity")
        self.push(feed, 10, 20, ["left"])
        self.wait_for_file(lambda file: len(file.of("disparity")) >= 10)
        self.detach(feed, "disparity")
        self.push(feed, 20, 30, ["left"])
        self.finish(feed, "left")
        for stream, count in (("left", 30), ("disparity", 10)):
            self.assertEqual(sum(
                len(r.times(stream)) for r in self.recordings()
                if stream in r.file.tracks), count, stream)

    def test_and_requested_again(self):
        """With another size: the track goes on in a new file."""
        feed = self.playing(["left", "disparity"])
        self.push(feed, 0, 10)
        self.wait_for_file(lambda file: len(file.of("disparity")) >= 10)
        self.detach(feed, "disparity")
        self.push(feed, 10, 20, ["left"])
        self.attach(feed, "disparity")
        self.push_together(feed, "disparity", 20, depth_size=(32, 24))
        self.push(feed, 21, 30, depth_size=(32, 24))
        feed.finish()
        recordings = self.check(feed)
        self.assertEqual(recordings[-1].file.tracks["disparity"].size,
                         (32, 24))

    def test_the_last_one(self):
        """The pipeline lives on; a new pad is a new track. That the one before
        was the last may be an end."""
        feed = self.playing(["left"])
        self.push(feed, 0, 10)
        self.wait_for_file(lambda file: len(file.of("left")) >= 10)
        self.detach(feed, "left")
        self.attach(feed, "right")
        self.push(feed, 10, 20, ["right"])
        self.wait_for_tracks("right", 10)
        self.finish(feed, "right")
        recordings = self.check(feed)
        self.assertEqual(len(recordings[0].times("left")), 10)

    def test_metadata(self):
        feed = self.playing(["left", "metadata"])
        self.push(feed, 0, 10)
        feed.wait_for_arrival()
        self.detach(feed, "metadata")
        self.push(feed, 10, 20, ["left"])
        self.finish(feed, "left")
        self.check(feed)

    def test_in_null(self):
        feed = self.playing(["left", "disparity"])
        self.push(feed, 0, 5)
        feed.finish()
        self.detach(feed, "disparity")
        feed.sent = {"left": []}
        feed.play()
        self.push(feed, 0, 5)
        feed.finish()
        recording, = self.check(feed)
        self.assertEqual(list(recording.file.tracks), ["left", "metadata"])

    def test_many_times(self):
        """While another thread never stops feeding the other pad."""
        feed = self.playing(["left"])
        stop = threading.Event()
        numbers = []

        def push():
            while not stop.wait(0.002):
                feed.push(len(numbers), image_set(len(numbers)),
                          streams=["left"])
                numbers.append(len(numbers))

        thread = threading.Thread(target=push)
        thread.start()
        try:
            for _ in range(8):
                self.attach(feed, "disparity")
                number = len(numbers)
                feed.push(number, image_set(number), streams=["disparity"])
                time.sleep(0.01)
                self.detach(feed, "disparity")
        finally:
            stop.set()
            thread.join()
        self.finish(feed, "left")
        del feed.sent["disparity"]
        # The images of a track that begins may be late for their set.
        recordings = self.recordings(in_order=False)
        self.check_images(feed, recordings, "left", False)


class LifeTest(PadsTest):
    STREAMS = ["left", "disparity", "metadata"]

    def test_to_null_without_eos(self):
        feed = self.playing(self.STREAMS)
        self.push(feed, 0, 50)
        self.wait_for_file(lambda file: len(file.of("disparity")) >= 25)
        self.assertLess(feed.stop(), STOP_LIMIT)
        self.assertEqual(feed.errors + feed.warnings, [])
        recording, = self.recordings()
        for stream, kind in (("left", "GRAY8"), ("disparity", "GRAY16_LE")):
            frames = recording.decode({stream: kind})[stream]
            self.assertGreaterEqual(len(frames), 25)
            for frame, sent in zip(frames, feed.sent[stream]):
                self.assertTrue(frame == sent.data, stream)

    def test_again(self):
        """The file is written anew."""
        feed = self.feed(self.STREAMS)
        for count in (30, 5):
            feed.sent = {stream: [] for stream in self.STREAMS}
            feed.play()
            self.push(feed, 0, count)
            feed.finish()
            recording, = self.check(feed)
            self.assertEqual(len(recording.times("left")), count)

    def test_ready_and_back(self):
        """READY ends the file as well, and PLAYING begins it again."""
        feed = self.playing(self.STREAMS)
        self.push(feed, 0, 10)
        self.wait_for_file(lambda file: file.of("left"))
        feed.pipeline.set_state(Gst.State.READY)
        self.recordings()
        feed.sent = {stream: [] for stream in self.STREAMS}
        feed.play()
        self.push(feed, 0, 7)
        feed.finish()
        recording, = self.check(feed)
        self.assertEqual(len(recording.times("left")), 7)

    def test_paused_for_a_while(self):
        """Is no gap and no end."""
        feed = self.playing(self.STREAMS)
        self.push(feed, 0, 10)
        feed.wait_for_arrival()
        feed.pipeline.set_state(Gst.State.PAUSED)
        self.push(feed, 10, 20, paced=False)
        feed.play()
        self.push(feed, 20, 30)
        feed.finish()
        self.assertEqual(len(self.check(feed)), 1)

    def test_nothing_comes(self):
        """EOS at once, and NULL at once: no hang, and no error; a warning may
        say so."""
        for with_eos in (True, False):
            with self.subTest(with_eos=with_eos):
                feed = self.playing(self.STREAMS)
                if with_eos:
                    feed.end()
                    self.assertIsNotNone(feed.wait(ENDS))
                self.assertLess(feed.stop(), STOP_LIMIT)
                self.assertEqual(feed.errors, [])
                for name in os.listdir(self.folder):
                    path = os.path.join(self.folder, name)
                    if os.path.getsize(path):
                        Recording(path)

    def test_stop_at_any_time(self):
        for wanted in (0, 1, 2, 7, 20):
            feed = self.playing(self.STREAMS)
            self.push(feed, 0, wanted)
            self.assertLess(feed.stop(), STOP_LIMIT)
            self.assertEqual(feed.errors + feed.warnings, [])

    def test_stop_while_upstream_waits(self):
        """For an image that the other pad never gets."""
        feed = self.playing(["left", "disparity"], source="block=true "
                            "max-buffers=1 max-bytes=0")
        thread = threading.Thread(
            target=lambda: self.push(feed, 0, 300, ["left"], False),
            daemon=True)
        thread.start()
        self.wait_for_file(lambda file: len(file.of("left")) >= 10)
        self.assertLess(feed.stop(), STOP_LIMIT)
        self.recordings()
        thread.join(PATIENCE)
        self.assertFalse(thread.is_alive())

    def test_flush(self):
        """Upstream seeks: the recording goes on."""
        feed = self.playing(["left"])
        self.push(feed, 0, 10)
        self.wait_for_file(lambda file: len(file.of("left")) >= 5)
        source = feed.pipeline.get_by_name("left")
        pad = source.get_static_pad("src")
        pad.push_event(Gst.Event.new_flush_start())
        pad.push_event(Gst.Event.new_flush_stop(False))
        self.assertLess(feed.stop(), STOP_LIMIT)
        self.recordings()

    def test_alone_in_a_bin(self):
        """gst-launch-1.0's short form: the first pad is left."""
        sink = Gst.ElementFactory.make("rcfilesink", None)
        source = Gst.ElementFactory.make("videotestsrc", None)
        pipeline = Gst.Pipeline()
        pipeline.add(source, sink)
        self.assertTrue(source.link_filtered(
            sink, Gst.Caps.from_string("video/x-raw,format=GRAY8")))
        self.assertEqual([pad.get_name() for pad in sink.sinkpads], ["left"])

    def test_eos_to_the_element(self):
        """As gst-launch-1.0 -e does, through the sources."""
        feed = self.playing(self.STREAMS)
        self.push(feed, 0, 10)
        feed.pipeline.send_event(Gst.Event.new_eos())
        message = feed.wait(ENDS)
        self.assertIsNotNone(message)
        feed.stop()
        self.assertEqual(feed.errors, [])
        self.recordings()


if __name__ == "__main__":
    unittest.main(verbosity=2)
