# SPDX-License-Identifier: LGPL-2.1-or-later
"""rcfilesink's encoder of the camera images: what it is given, what comes of
it, and what is none."""

import os
import sys
import unittest

try:
    from recorded import (ENDS, PERIOD, Gst, RecordTest, image_set,
                          in_file)
    import matroska
    import numpy
except (ImportError, ValueError) as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

STREAMS = ["left", "right", "disparity", "metadata"]
CAMERA = ("left", "right")
# Grey values of 255 that lossy images may be off, on average.
TOLERANCE = 6


def smooth(number, width=160, height=120, color=False, **arguments):
    """A set whose camera images a lossy encoder does not spoil: waves that
    move, others in each colour."""
    message = image_set(number, color=color, width=width, height=height,
                        depth_size=(32, 24), **arguments)
    x, y = numpy.meshgrid(numpy.arange(width), numpy.arange(height))
    for k, image in enumerate((message.left, message.right)):
        planes = [128 + 80 * numpy.sin((x + 3 * number + 40 * k) / 25 + c)
                  * numpy.cos(y / 30) for c in range(3 if color else 1)]
        image.data = numpy.stack(planes, -1).astype(numpy.uint8).tobytes()
    return message


class EncoderTest(RecordTest):
    def need(self, *names):
        for name in names:
            if Gst.ElementFactory.find(name) is None:
                self.skipTest(f"no {name} here")

    def encoder(self, description):
        return f'encoder="{description}"'

    def record_smooth(self, description, streams=STREAMS, count=30,
                      options="", **arguments):
        feed = self.record(streams, [smooth(n, **arguments)
                                     for n in range(count)],
                           self.encoder(description) + " " + options)
        # With frames out of order, clusters are not in the order of time.
        return feed, self.recordings(in_order=False)

    def check_lossy(self, feed, recordings, codec):
        self.check(feed, recordings, lossy=CAMERA)
        for recording in recordings:
            for name in CAMERA:
                if name in recording.file.tracks:
                    self.assertEqual(recording.file.tracks[name].codec, codec)
            self.assertEqual(recording.file.tracks["disparity"].codec,
                             "V_MS/VFW/FOURCC")
        for name in CAMERA:
            if name in feed.sent:
                self.check_likeness(feed, recordings, name)

    def check_likeness(self, feed, recordings, name):
        """In the order of presentation, the images are what was sent."""
        kind = feed.sent[name][0].pixel_format
        frames = [f for r in recordings
                  for f in r.decode({name: kind})[name]]
        self.assertEqual(len(frames), len(feed.sent[name]))
        for frame, sent in zip(frames, feed.sent[name]):
            got, was = (numpy.frombuffer(data, numpy.uint8).astype(float)
                        for data in (frame, sent.data))
            # A decoder may take 16 for black, and 235 for white.
            factor, offset = numpy.polyfit(was, got, 1)
            self.assertTrue(0.8 < factor < 1.2, (name, factor))
            off = numpy.abs(got - offset - factor * was)
            self.assertLess(off.mean(), TOLERANCE, (name, sent.number))


class LossyTest(EncoderTest):
    def test_default(self):
        sink = Gst.ElementFactory.make("rcfilesink", None)
        self.assertIsNone(sink.get_property("encoder"))
        for value in ("jpegenc", None):
            sink.set_property("encoder", value)
            self.assertEqual(sink.get_property("encoder"), value)

    def test_x264(self):
        self.need("x264enc")
        feed, recordings = self.record_smooth("x264enc tune=zerolatency")
        self.check_lossy(feed, recordings, "V_MPEG4/ISO/AVC")
        recordings = self.recordings()
        said = matroska.identify(self.path)
        self.assertEqual(said["warnings"] + said["errors"], [])
        self.assertLess(sum(len(b.data) for b in
                            recordings[0].file.of("left")), 30 * 160 * 120 / 2)

    def test_x264_that_looks_ahead(self):
        """40 frames, which are more than a second; B-frames are behind those
        that they are made from, with their own times."""
        self.need("x264enc")
        feed, recordings = self.record_smooth(
            "x264enc bframes=3 b-adapt=false key-int-max=20", count=70)
        self.check_lossy(feed, recordings, "V_MPEG4/ISO/AVC")
        blocks = recordings[0].file.of("left")
        self.assertNotEqual([b.time for b in blocks],
                            sorted(b.time for b in blocks))

    def test_key_frames(self):
        """The file says which they are, and the index leads to them alone."""
        self.need("x264enc")
        feed, (recording,) = self.record_smooth(
            "x264enc tune=zerolatency key-int-max=10 option-string=scenecut=0")
        for name in CAMERA:
            self.assertEqual(
                [b.is_key for b in recording.file.of(name)],
                [n % 10 == 0 for n in range(30)])
        entries = {time for time, _, _ in recording.file.cues}
        for block in recording.file.blocks:
            if block.time in entries:
                self.assertTrue(block.is_key, block)

    def test_jpeg(self):
        self.need("jpegenc")
        feed, recordings = self.record_smooth("jpegenc quality=90", count=10)
        self.check_lossy(feed, recordings, "V_MJPEG")

    def test_vp8(self):
        self.need("vp8enc")
        feed, recordings = self.record_smooth(
            "vp8enc deadline=1 target-bitrate=2000000", count=10)
        self.check_lossy(feed, recordings, "V_VP8")

    def test_of_several_elements(self):
        self.need("x264enc")
        feed, recordings = self.record_smooth(
            "videoscale ! video/x-raw,width=80,height=60 ! "
            "x264enc tune=zerolatency ! identity", count=10)
        self.assertEqual(recordings[0].file.tracks["left"].size, (80, 60))
        self.assertEqual(recordings[0].times("left"),
                         [in_file(s.pts) for s in feed.sent["left"]])

    def test_color(self):
        self.need("x264enc")
        feed, recordings = self.record_smooth(
            "x264enc tune=zerolatency quantizer=15 pass=quant", color=True,
            count=10)
        self.check_lossy(feed, recordings, "V_MPEG4/ISO/AVC")

    def test_without_camera_images(self):
        feed, recordings = self.record_smooth(
            "jpegenc", ["disparity", "metadata"], 5)
        self.check(feed, recordings)

    def test_one_camera_image(self):
        self.need("jpegenc")
        feed, recordings = self.record_smooth(
            "jpegenc quality=95", ["right", "disparity"], 5)
        self.check_lossy(feed, recordings, "V_MJPEG")

    def test_words_of_an_image_are_there_at_once(self):
        """A slow encoder does not hold back depth and text for longer than
        other images do."""
        self.need("x264enc")
        feed = self.playing(STREAMS, self.encoder("x264enc tune=zerolatency"))
        for number in range(50):
            feed.push(number, smooth(number))
        self.wait_for_file(lambda file: file.of("disparity") and file.of(
            "disparity")[-1].time >= 48 * PERIOD - Gst.SECOND)
        self.check(feed.finish(), lossy=CAMERA)


class FilesTest(EncoderTest):
    """Each file can be played by itself."""

    def wait_for_frames(self, count):
        """The key frame that a new file begins with is of an image that is not
        there yet when the file before it is full."""
        if count > 0:
            self.wait_for_file(
                lambda file: any(b.time >= count * PERIOD
                                 for b in file.of("left")),
                os.path.join(self.folder, self.names()[-1]))

    def check_begins(self, recordings):
        for recording in recordings:
            for name in CAMERA:
                first = recording.file.of(name)[0]
                self.assertTrue(first.is_key, (recording.path, name))
                # As FFmpeg sees it, not as the file says it.
                flags = matroska.run(
                    "ffprobe", "-v", "error", "-select_streams",
                    str(list(recording.file.tracks).index(name)),
                    "-read_intervals", "%+#1", "-show_entries",
                    "frame=key_frame,pict_type", "-of", "csv=p=0",
                    recording.path).decode()
                self.assertIn("I", flags, recording.path)

    def record_slowly(self, limit):
        """An image that comes after the limit was reached can be a key frame."""
        feed = self.playing(STREAMS, self.encoder(
            "x264enc tune=zerolatency key-int-max=1000") + " " + limit)
        for number in range(40):
            feed.push(number, smooth(number))
            self.wait_for_frames(number - 4)
        feed.finish()
        return feed, self.recordings(in_order=False)

    def test_limit(self):
        self.need("x264enc")
        feed, recordings = self.record_slowly(f"max-size-time={10 * PERIOD}")
        self.assertGreaterEqual(len(recordings), 3)
        self.check_lossy(feed, recordings, "V_MPEG4/ISO/AVC")
        self.check_begins(recordings)
        self.assertGreater(
            [b.is_key for b in recordings[0].file.of("left")].count(False), 5)

    def test_limit_with_look_ahead(self):
        """Frames in the encoder when the limit comes are not lost."""
        self.need("x264enc")
        feed = self.playing(STREAMS, self.encoder(
            "x264enc bframes=2 rc-lookahead=5 sync-lookahead=0 threads=1 "
            "key-int-max=1000") + f" max-size-time={15 * PERIOD}")
        for number in range(120):
            feed.push(number, smooth(number))
            self.wait_for_frames(number - 20)
        feed.finish()
        recordings = self.recordings(in_order=False)
        self.assertGreaterEqual(len(recordings), 3)
        self.check_lossy(feed, recordings, "V_MPEG4/ISO/AVC")
        self.check_begins(recordings)

    def test_limit_of_bytes(self):
        self.need("x264enc")
        feed, recordings = self.record_slowly("max-size-bytes=60000")
        self.assertGreaterEqual(len(recordings), 2)
        self.check_lossy(feed, recordings, "V_MPEG4/ISO/AVC")
        self.check_begins(recordings)

    def test_change_of_size(self):
        """With what the encoder still holds of the former one."""
        self.need("x264enc")
        for description in ("x264enc tune=zerolatency", "x264enc"):
            with self.subTest(description):
                self.clear()
                feed = self.playing(STREAMS, self.encoder(description))
                for number in range(30):
                    feed.push(number, smooth(
                        number, *((160, 120) if number < 15 else (96, 64))))
                feed.finish()
                recordings = self.recordings(in_order=False)
                self.assertEqual(
                    [r.file.tracks["left"].size for r in recordings],
                    [(160, 120), (96, 64)])
                self.assertEqual([len(r.times("left")) for r in recordings],
                                 [15, 15])
                self.check(feed, recordings, lossy=CAMERA)


class WrongTest(EncoderTest):
    """What is no encoder is said at once."""

    SETTINGS = [("library", Gst.LibraryError.SETTINGS),
                ("resource", Gst.ResourceError.SETTINGS),
                ("core", Gst.CoreError.MISSING_PLUGIN)]
    # What can be seen only when the first image is there.
    OUTPUT = SETTINGS + [("stream", code) for code in (
        Gst.StreamError.CODEC_NOT_FOUND, Gst.StreamError.ENCODE,
        Gst.StreamError.FORMAT, Gst.StreamError.MUX,
        Gst.StreamError.WRONG_TYPE, Gst.StreamError.NOT_IMPLEMENTED)] + [
        ("core", code) for code in (
            Gst.CoreError.NEGOTIATION, Gst.CoreError.CAPS)] + [
        ("library", code) for code in (
            Gst.LibraryError.INIT, Gst.LibraryError.ENCODE)]

    def fail_with(self, description, expected, count=5):
        with self.subTest(description):
            feed = self.feed(STREAMS)
            feed.sink.set_property("encoder", description)
            feed.play()
            for number in range(count):
                if feed.push(number, smooth(number),
                         paced=False) != Gst.FlowReturn.OK:
                    break
            feed.end()
            message = feed.wait(ENDS)
            self.assertIsNotNone(message, "neither an error nor an end")
            self.assertEqual(message.type, Gst.MessageType.ERROR)
            self.assert_error(feed, *expected)
            feed.stop()

    def test_descriptions(self):
        """Before anything is recorded: without an image, even."""
        for description in ("nosuchelement", "jpegenc bogus=1",
                            "jpegenc quality=many", "jpegenc !", "! jpegenc",
                            "videotestsrc", "fakesink",
                            "jpegenc ! fakesink", "videotestsrc ! jpegenc",
                            "tee", "(", "audioconvert ! audioresample"):
            with self.subTest(description):
                feed = self.feed(STREAMS)
                feed.sink.set_property("encoder", description)
                feed.play()
                message = feed.wait(ENDS, 10 * Gst.SECOND)
                self.assertIsNotNone(message, "no error")
                self.assert_error(feed, *self.SETTINGS)
                feed.stop()

    def test_not_in_matroska(self):
        for description, needed in (
                ("identity", "identity"),
                ("avenc_flv", "avenc_flv"),
                ("pngenc", "pngenc"),
                ("jpegenc ! capssetter caps=nothing/known join=false "
                 "replace=true", "capssetter")):
            if Gst.ElementFactory.find(needed) is not None:
                self.fail_with(description, self.OUTPUT)

    def test_takes_no_such_image(self):
        """avenc_dvvideo is for the sizes of television alone."""
        self.need("avenc_dvvideo")
        self.fail_with("avenc_dvvideo", self.OUTPUT)

    def test_not_linked(self):
        self.fail_with("jpegenc jpegenc", self.OUTPUT + [
            ("stream", Gst.StreamError.FAILED)])

    def test_fails_in_mid_stream(self):
        self.fail_with("identity error-after=3 ! jpegenc", self.OUTPUT + [
            ("core", Gst.CoreError.FAILED),
            ("stream", Gst.StreamError.FAILED)], 20)

    def test_breaks_off(self):
        """One that ends the stream by itself: the rest goes on, or an error
        says so; nothing hangs."""
        feed = self.playing(STREAMS, self.encoder(
            "identity eos-after=3 ! jpegenc"))
        for number in range(60):
            if feed.push(number, smooth(number),
                         paced=False) != Gst.FlowReturn.OK:
                break
        feed.end()
        self.assertIsNotNone(feed.wait(ENDS))
        feed.stop()
        recordings = self.recordings()
        times = recordings[0].times("disparity")
        self.assertEqual(times, [n * PERIOD for n in range(len(times))])
        if not feed.errors:
            self.assertEqual(len(times), 60)

    def test_swallows(self):
        """Images that an encoder does not give back are counted."""
        self.need("jpegenc")
        feed = self.playing(["left", "disparity"], self.encoder(
            "identity drop-probability=0.5 ! jpegenc"))
        for number in range(60):
            feed.push(number, smooth(number))
        feed.finish()
        recording, = self.recordings()
        written = len(recording.times("left"))
        self.assertEqual(len(recording.times("disparity")), 60)
        self.assertTrue(5 < written < 55, written)
        self.assertEqual(feed.of_element("rcfilesink-progress")[-1]["dropped"],
                         60 - written)


if __name__ == "__main__":
    unittest.main(verbosity=2)
