# SPDX-License-Identifier: LGPL-2.1-or-later
"""rcgrpcsrc when its camera goes, and comes back or does not."""

import json
import os
import socket
import subprocess
import shutil
import sys
import tempfile
import time
import unittest

try:
    import grpc

    from watched import STOP_LIMIT, Gst, Pad, Watched, statistics
    from camera_server import CameraServer, make_set
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

RESOURCE = "gst-resource-error-quark"
SINK = "fakesink name=sink sync=false async=false"
# Attempts follow each other fast.
FAST = "retry-backoff-max=50000000"
ENDS = Gst.MessageType.ERROR | Gst.MessageType.EOS


def endless(request, call, clock=time.time_ns, **arguments):
    number = 0
    while not call.wait(0.01):
        yield make_set(request, number, timestamp=clock(), **arguments)
        number += 1


class ReconnectTest(unittest.TestCase):
    def camera(self, *arguments, **named):
        camera = CameraServer(*arguments, **named)
        camera.__enter__()
        self.addCleanup(camera.stop)
        return camera

    def watched(self, port, options="", rest=SINK):
        watched = Watched(f"rcgrpcsrc name=s host=127.0.0.1 port={port} "
                          f"{FAST} {options} ! {rest}")
        self.addCleanup(watched.stop)
        return watched

    def next_change(self, watched):
        """The next rc-connection: state, attempt."""
        while True:
            message = watched.wait(Gst.MessageType.ELEMENT | ENDS)
            self.assertIsNotNone(message)
            self.assertEqual(message.type, Gst.MessageType.ELEMENT,
                             watched.errors)
            structure = message.get_structure()
            if structure.get_name() == "rc-connection":
                self.assertEqual(message.src, watched.source)
                return structure

    def wait_for_state(self, watched, state):
        while True:
            change = self.next_change(watched)
            if change.get_string("state") == state:
                return change

    def expect_change(self, watched, state, attempt):
        change = self.next_change(watched)
        self.assertEqual(
            (change.get_string("state"), change.get_uint("attempt")),
            (state, (True, attempt)))
        return change

    def expect_start(self, watched):
        watched.play()
        self.expect_change(watched, "connecting", 0)
        self.expect_change(watched, "streaming", 0)

    def check_order(self, pad):
        """OFFSETs count all sets, PTS never go back."""
        offsets = [offset for offset, _, _ in pad.buffers]
        times = [pts for _, pts, _ in pad.buffers]
        self.assertEqual(offsets, list(range(len(offsets))))
        self.assertEqual(times, sorted(times))


class LossTest(ReconnectTest):
    def test_restart(self):
        camera = self.camera(endless)
        watched = self.watched(
            camera.port, "queue-size=1000",
            f"{SINK} s.metadata ! fakesink async=false sync=false")
        pads = [Pad(watched, "left"), Pad(watched, "metadata")]
        self.expect_start(watched)
        pads[0].wait_for_more()
        for count in 1, 2:
            camera.stop()
            change = self.expect_change(watched, "disconnected", 0)
            self.assertTrue(change.get_string("reason"))
            self.assertTrue(change.get_uint64("retry-in")[0])
            self.expect_change(watched, "connecting", 1)
            before = [len(pad.buffers) for pad in pads]
            camera = self.camera(endless, port=camera.port)
            self.wait_for_state(watched, "streaming")
            for pad in pads:
                pad.wait_for_more()
            self.assertEqual(statistics(watched.source)["reconnects"], count)
            self.assertEqual(len(watched.warnings), count)
            self.assertEqual(watched.warnings[-1].domain, RESOURCE)
            self.assertIn(str(camera.port), watched.warnings[-1].text)
            for pad, number in zip(pads, before):
                self.assertTrue(pad.buffers[number][2], "no DISCONT")
                self.assertFalse(pad.buffers[number + 1][2])
        watched.stop()
        self.assertEqual((watched.errors, watched.n_eos), ([], 0))
        for pad in pads:
            self.check_order(pad)

    def test_status(self):
        statuses = [grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN,
                    grpc.StatusCode.ABORTED, grpc.StatusCode.UNIMPLEMENTED]
        for status in statuses:
            with self.subTest(status=status):
                camera = self.camera(
                    lambda request, call: [make_set(request)],
                    status=(status, "because"))
                watched = self.watched(camera.port)
                pad = Pad(watched, "left")
                watched.play()
                pad.wait_for(lambda pad: len(pad.buffers) >= 3)
                watched.stop()
                self.assertEqual(watched.errors, [])

    def test_silence(self):
        def falls_silent(request, call):
            yield make_set(request)
            call.wait()

        camera = self.camera(falls_silent)
        watched = self.watched(camera.port, "timeout=400000000")
        pad = Pad(watched, "left")
        self.expect_start(watched)
        pad.wait_for(lambda pad: len(pad.buffers) >= 3)
        watched.stop()
        self.assertEqual(watched.errors, [])
        self.check_order(pad)

    def test_retries(self):
        camera = self.camera(endless)
        watched = self.watched(camera.port, "retries=2")
        self.expect_start(watched)
        camera.stop()
        self.expect_change(watched, "disconnected", 0)
        self.expect_change(watched, "connecting", 1)
        self.expect_change(watched, "disconnected", 1)
        self.expect_change(watched, "connecting", 2)
        watched.wait(Gst.MessageType.EOS)
        watched.stop()
        self.assertEqual(len(watched.errors), 1)
        self.assertEqual(watched.errors[0].code,
                         int(Gst.ResourceError.OPEN_READ))

    def test_other_camera(self):
        """Another size, and a clock in 1970."""
        camera = self.camera(endless)
        watched = self.watched(camera.port, "queue-size=1000")
        pad = Pad(watched, "left")
        self.expect_start(watched)
        pad.wait_for_more()
        camera.stop()
        self.camera(
            lambda request, call: endless(
                request, call, width=641, height=11, clock=time.monotonic_ns),
            port=camera.port)
        pad.wait_for(lambda pad: len(pad.caps) == 2)
        pad.wait_for_more()
        watched.stop()
        self.assertIn("width=(int)641", pad.caps[1])
        self.assertEqual(watched.errors, [])
        self.check_order(pad)


class WaitTest(ReconnectTest):
    """What a lost camera must not hold up."""

    def lost(self, options="", rest=SINK):
        camera = self.camera(endless)
        watched = Watched(
            f"rcgrpcsrc name=s host=127.0.0.1 port={camera.port} {options} "
            f"retry-backoff-max=3600000000000 ! {rest}")
        self.addCleanup(watched.stop)
        self.expect_start(watched)
        Pad(watched, "left").wait_for_more(1)
        camera.stop()
        self.wait_for_state(watched, "disconnected")
        self.wait_for_state(watched, "disconnected")
        return camera, watched

    def test_stop(self):
        _, watched = self.lost()
        self.assertLess(watched.stop(), STOP_LIMIT)
        self.assertEqual(watched.errors, [])

    def test_pause_and_play(self):
        camera, watched = self.lost()
        watched.pipeline.set_state(Gst.State.PAUSED)
        self.camera(endless, port=camera.port)
        self.expect_start(watched)

    def test_eos(self):
        _, watched = self.lost()
        watched.pipeline.send_event(Gst.Event.new_eos())
        message = watched.wait(ENDS)
        self.assertEqual(message.type, Gst.MessageType.EOS)

    def test_pads(self):
        _, watched = self.lost()
        pad = watched.source.request_pad_simple("right")
        watched.source.release_request_pad(pad)
        self.assertLess(watched.stop(), STOP_LIMIT)

    def test_gaps(self):
        _, watched = self.lost(
            "latency=10", f"{SINK} s.metadata ! "
            "fakesink async=false sync=false")
        pad = Pad(watched, "metadata")
        pad.wait_for(lambda pad: len(pad.gaps) >= 3)
        watched.stop()
        for before, after in zip(pad.gaps, pad.gaps[1:]):
            self.assertEqual(before[1], after[0])
            self.assertLess(*after)

    def test_late_after_gaps(self):
        """Images of one time have one PTS, also where pads sent GAP events up
        to after that time."""
        def late(request, call):
            # Little enough to pass for delay, right after a GAP.
            count = len(pads[0].gaps)
            pads[0].wait_for(lambda pad: len(pad.gaps) > count)
            yield from endless(request, call,
                               clock=lambda: time.time_ns() - 60_000_000)

        camera = self.camera(endless)
        watched = self.watched(
            camera.port, "latency=10 queue-size=1000",
            f"{SINK} s.right ! fakesink async=false sync=false "
            "s.metadata ! fakesink async=false sync=false")
        pads = [Pad(watched, name)
                for name in ("left", "right", "metadata")]
        self.expect_start(watched)
        pads[0].wait_for_more()
        camera.stop()
        for pad in pads:
            pad.wait_for(lambda pad: len(pad.gaps) >= 2)
        self.camera(late, port=camera.port)
        self.wait_for_state(watched, "streaming")
        for pad in pads:
            pad.wait_for_more(20)
        watched.stop()
        times = [{offset: pts for offset, pts, _ in pad.buffers}
                 for pad in pads]
        for offset in set.intersection(*map(set, times)):
            self.assertEqual(len({time[offset] for time in times}), 1, offset)
        for pad in pads:
            self.check_order(pad)

    def test_state(self):
        _, watched = self.lost()
        self.assertIn(statistics(watched.source)["state"],
                      ["disconnected", "connecting"])

    def test_not_there_yet(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
        watched = self.watched(port, "wait-for-connection=true")
        watched.play()
        self.expect_change(watched, "connecting", 0)
        self.expect_change(watched, "disconnected", 0)
        self.assertEqual(len(watched.warnings), 1)
        self.camera(endless, port=port)
        self.wait_for_state(watched, "streaming")
        self.assertEqual(statistics(watched.source)["reconnects"], 0)
        self.assertEqual(watched.errors, [])


class PausedTest(ReconnectTest):
    def test_loss_before(self):
        """GAP events are for PLAYING: what fills the time in PAUSED would be
        there twice."""
        camera = self.camera(endless)
        watched = self.watched(camera.port)
        watched.source.request_pad_simple("right")
        pads = [Pad(watched, "left"), Pad(watched, "right")]
        self.expect_start(watched)
        for pad in pads:
            pad.wait_for_more()
        camera.stop()
        # The time over that goes one tick after the loss at the earliest.
        for pad in pads:
            pad.wait_for(lambda pad: pad.gaps)
        watched.pipeline.set_state(Gst.State.PAUSED)
        late = watched.source.request_pad_simple("metadata")
        pads.append(Pad(watched, late.get_name()))
        counts = [len(pad.gaps) for pad in pads]
        # One may be on its way, two are not. Nothing signals that none comes.
        self.assertIsNone(watched.wait(ENDS, 2 * Gst.SECOND))
        for pad, count in zip(pads, counts):
            self.assertLessEqual(len(pad.gaps), count + 1, pad.name)

        self.camera(endless, port=camera.port)
        number = len(pads[0].buffers)
        watched.play()
        for pad in pads:
            pad.wait_for_more()
        watched.stop()
        self.assertTrue(pads[0].buffers[number][2], "no DISCONT")
        self.assertEqual(watched.errors, [])


class FlushTest(ReconnectTest):
    def test_flush(self):
        camera = self.camera(endless)
        for reset in False, True:
            with self.subTest(reset=reset):
                watched = self.watched(camera.port)
                pad = Pad(watched, "left")
                self.expect_start(watched)
                pad.wait_for_more()
                watched.source.send_event(Gst.Event.new_flush_start())
                number = len(pad.buffers)
                watched.source.send_event(Gst.Event.new_flush_stop(reset))
                pad.wait_for_more(20)
                watched.stop()
                self.assertEqual(watched.errors, [])
                self.assertTrue(pad.buffers[number][2], "no DISCONT")
                times = [pts for _, pts, _ in pad.buffers[number:]]
                # They go on, and do not stand still.
                self.assertEqual(len(set(times)), len(times))

    def test_flush_in_paused(self):
        """Running time begins anew, and PTS with it."""
        camera = self.camera(endless)
        watched = self.watched(camera.port)
        pad = Pad(watched, "left")
        self.expect_start(watched)
        pad.wait_for(lambda pad: pad.buffers
                     and pad.buffers[-1][1] > Gst.SECOND)
        watched.pipeline.set_state(Gst.State.PAUSED)
        watched.source.send_event(Gst.Event.new_flush_start())
        watched.source.send_event(Gst.Event.new_flush_stop(True))
        number = len(pad.buffers)
        watched.play()
        pad.wait_for_more(20)
        watched.stop()
        times = [pts for _, pts, _ in pad.buffers[number:]]
        self.assertEqual(len(set(times)), len(times))


@unittest.skipIf(shutil.which("ffprobe") is None, "no ffprobe")
class RecordingTest(ReconnectTest):
    def packets(self, path):
        out = subprocess.run(
            ["ffprobe", "-v", "error", "-of", "json", "-show_packets",
             "-show_entries", "packet=stream_index,pts_time", path],
            check=True, capture_output=True).stdout
        tracks = {}
        for packet in json.loads(out)["packets"]:
            tracks.setdefault(packet["stream_index"], []).append(
                float(packet["pts_time"]))
        return tracks

    def test_break_is_visible(self):
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder)
        path = os.path.join(folder, "rec.mkv")
        camera = self.camera(endless)
        watched = self.watched(
            camera.port, "queue-size=1000",
            "avenc_ffv1 ! matroskamux name=m ! "
            f"filesink location={path} async=false  s.metadata ! m.")
        pad = Pad(watched, "left")
        self.expect_start(watched)
        pad.wait_for_more()
        camera.stop()
        self.expect_change(watched, "disconnected", 0)
        begin = time.monotonic()
        for _ in range(5):
            self.wait_for_state(watched, "disconnected")
        self.camera(endless, port=camera.port)
        seconds = time.monotonic() - begin
        self.wait_for_state(watched, "streaming")
        pad.wait_for_more()
        watched.pipeline.send_event(Gst.Event.new_eos())
        self.assertEqual(watched.wait(ENDS).type, Gst.MessageType.EOS)
        watched.stop()

        tracks = self.packets(path)
        self.assertEqual(sorted(len(track) for track in tracks.values()),
                         [len(pad.buffers)] * 2)
        for track in tracks.values():
            self.assertEqual(track, sorted(track))
            # Matroska's time is rounded to ms.
            widest = max(b - a for a, b in zip(track, track[1:]))
            self.assertGreater(widest, seconds - 0.01)


if __name__ == "__main__":
    unittest.main(verbosity=2)
