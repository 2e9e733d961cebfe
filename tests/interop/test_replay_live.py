# SPDX-License-Identifier: LGPL-2.1-or-later
"""A recording as a live camera, and one that begins again at its end."""

import sys
import unittest

try:
    from watched import Gst, STOP_LIMIT, Sink
    from taken import Taker
    from camera_server import paced
    from replayed import STREAMS, ReplayTest, parameters
except (ImportError, ValueError) as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

SETS = 12
PERIOD = 40 * Gst.MSECOND


class LiveTest(ReplayTest):
    def setUp(self):
        super().setUp()
        self.live = self.record(paced(self.make_sets(SETS)), STREAMS)

    def play(self, streams, options, sink="fakesink sync=false"):
        watched = self.run_to_end(
            f"rcfilesrc name=s location={self.path} {options} " + " ".join(
                f"s.{stream} ! identity drop-allocation=true ! "
                f"{sink} name={stream}" for stream in streams))
        return watched, {s: Taker(watched, s) for s in streams}

    def check_content(self, stream, buffers, base=0):
        """All but PTS and OFFSET, from set `base` on."""
        live = self.live[stream].buffers
        for n, now in enumerate(buffers):
            was = live[(base + n) % len(live)]
            self.assertEqual(now.time, was.time)
            if stream == "metadata":
                self.assertEqual(now.data, was.data)
                continue
            now.video_meta = was.video_meta = False
            self.assertTrue(now.pixels == was.pixels, f"{stream} {n}")
            self.assertEqual(parameters(now.meta), parameters(was.meta))

    def check_spacing(self, takers, first_pts):
        """Running times are as far apart as they were."""
        for stream, taker in takers.items():
            live = self.live[stream].buffers
            self.assertEqual(
                [b.pts - first_pts for b in taker.buffers[:SETS]],
                [b.pts - self.live["left"].buffers[0].pts for b in live])


class PaceTest(LiveTest):
    def test_all(self):
        watched, takers = self.play(STREAMS, "live=true")
        early = []
        clocked = watched.pipeline.get_by_name("left")

        def probe(_pad, info):
            now = clocked.get_current_running_time()
            if now < info.get_buffer().pts:
                early.append((now, info.get_buffer().pts))
            return Gst.PadProbeReturn.OK

        clocked.get_static_pad("sink").add_probe(
            Gst.PadProbeType.BUFFER, probe)
        self.assertEqual(watched.pipeline.set_state(Gst.State.PAUSED),
                         Gst.StateChangeReturn.NO_PREROLL)
        watched.run()
        self.assertEqual(watched.errors, [])
        self.assertEqual(watched.n_eos, 1)
        self.assertEqual(early, [])
        for stream in STREAMS:
            self.assertEqual([b.offset for b in takers[stream].buffers],
                             list(range(SETS)))
            self.check_content(stream, takers[stream].buffers)
        self.check_spacing(takers, takers["left"].buffers[0].pts)

    def test_nothing_while_paused(self):
        watched, takers = self.play(["left"], "live=true")
        watched.pipeline.set_state(Gst.State.PAUSED)
        watched.pipeline.get_state(Gst.CLOCK_TIME_NONE)
        self.assertEqual(takers["left"].buffers, [])
        watched.play()
        takers["left"].wait_for(3)
        # A pause is none of the recording: it goes on where it was.
        watched.pipeline.set_state(Gst.State.PAUSED)
        watched.pipeline.get_state(Gst.CLOCK_TIME_NONE)
        watched.run()
        self.assertEqual([b.offset for b in takers["left"].buffers],
                         list(range(SETS)))
        self.check_spacing(takers, takers["left"].buffers[0].pts)

    def test_latency(self):
        watched, takers = self.play(["left"], "live=true",
                                    "fakesink sync=true")
        watched.play()
        # A sink that has had no buffer does not know.
        takers["left"].wait_for(2)
        for element in (watched.pipeline, watched.source):
            query = Gst.Query.new_latency()
            self.assertTrue(element.query(query))
            self.assertTrue(query.parse_latency()[0])

    def test_no_seek(self):
        watched, takers = self.play(["left"], "live=true")
        watched.play()
        takers["left"].wait_for(1)
        self.assertFalse(watched.pipeline.seek_simple(
            Gst.Format.TIME, Gst.SeekFlags.FLUSH, 0))
        query = Gst.Query.new_seeking(Gst.Format.TIME)
        if watched.pipeline.query(query):
            self.assertFalse(query.parse_seeking().seekable)

    def test_slow_branch(self):
        """It loses images of its own, the newest stay."""
        watched, takers = self.play(["left", "disparity"], "live=true")
        sink = Sink(watched, "left")
        sink.gate.clear()
        watched.play()
        takers["disparity"].wait_for(SETS)
        sink.gate.set()
        self.assertIsNotNone(watched.wait(Gst.MessageType.EOS))
        self.assertEqual([b.offset for b in takers["disparity"].buffers],
                         list(range(SETS)))
        self.assertLess(len(takers["left"].buffers), SETS)
        self.assertEqual(takers["left"].buffers[-1].offset, SETS - 1)
        self.assertTrue(any(b.discont for b in takers["left"].buffers[1:]))

    def test_stop_at_any_time(self):
        for wanted in (0, 1, 5):
            watched, takers = self.play(STREAMS, "live=true")
            watched.play()
            takers["left"].wait_for(wanted)
            self.assertLess(watched.stop(), STOP_LIMIT)


class LoopTest(LiveTest):
    ROUNDS = 4

    def check_rounds(self, options, sink="fakesink sync=false"):
        watched, takers = self.play(STREAMS, options, sink)
        watched.play()
        for taker in takers.values():
            taker.wait_for(SETS * self.ROUNDS - 3)
        self.assertLess(watched.stop(), STOP_LIMIT)
        self.assertEqual(watched.errors, [])
        self.assertEqual(watched.n_eos, 0)
        for stream, taker in takers.items():
            buffers = taker.buffers
            offsets = [b.offset for b in buffers]
            # A busy machine loses images of a live replay.
            if "live" not in options:
                self.assertEqual(offsets, list(range(len(buffers))), stream)
            self.assertEqual(
                [b.offset for b in buffers if b.discont],
                [n for last, n in zip([-1, *offsets], offsets)
                 if n % SETS == 0 or n != last + 1], stream)
            for buffer in buffers:
                self.check_content(stream, [buffer], buffer.offset)
        self.check_times(takers)

    def check_times(self, takers):
        """A round is as long as the recording, and what is between its
        images."""
        live = self.live["left"].buffers
        spacing = (live[-1].pts - live[0].pts) / (SETS - 1)
        begin = min(t.buffers[0].pts for t in self.live.values())
        end = max(t.buffers[-1].pts for t in self.live.values())
        for taker in takers.values():
            times = {b.offset: b.pts for b in taker.buffers}
            for offset in times:
                if offset + SETS in times:
                    self.assertLess(
                        abs(times[offset + SETS] - times[offset]
                            - (end - begin) - spacing), 2 * Gst.USECOND)
            self.assertEqual(len(set(times.values())), len(taker.buffers))

    def test_as_fast_as_it_goes(self):
        self.check_rounds("loop=true")

    def test_synchronized(self):
        self.check_rounds("loop=true", "fakesink sync=true")

    def test_live(self):
        self.check_rounds("live=true loop=true")

    def test_live_synchronized(self):
        """In time for a sink, also after the end."""
        watched, takers = self.play(["left"], "live=true loop=true",
                                    "fakesink sync=true qos=true "
                                    "max-lateness=-1")
        watched.play()
        takers["left"].wait_for(3 * SETS)
        self.assertEqual([b.offset for b in takers["left"].buffers],
                         list(range(len(takers["left"].buffers))))

    def test_one_that_is_not_linked(self):
        watched = self.run_to_end(
            f"rcfilesrc name=s location={self.path} loop=true "
            "s.left ! fakesink name=left sync=false")
        watched.source.request_pad_simple("right")
        taker = Taker(watched, "left")
        watched.play()
        taker.wait_for(3 * SETS)
        self.assertLess(watched.stop(), STOP_LIMIT)
        self.assertEqual(watched.errors, [])

    def test_seek(self):
        watched, takers = self.play(["left"], "loop=true",
                                    "fakesink sync=true")
        watched.play()
        takers["left"].wait_for(SETS + 2)
        self.assertTrue(watched.pipeline.seek_simple(
            Gst.Format.TIME, Gst.SeekFlags.FLUSH | Gst.SeekFlags.ACCURATE,
            5 * PERIOD))
        watched.pipeline.get_state(Gst.CLOCK_TIME_NONE)
        before = len(takers["left"].buffers)
        takers["left"].wait_for(before + 2 * SETS)
        self.assertEqual(watched.errors, [])
        # It plays on from there to the end, and then all of it.
        buffers = takers["left"].buffers
        last = max(n for n, b in enumerate(buffers) if b.offset == 5)
        self.assertGreater(last, SETS)
        self.assertEqual([b.offset for b in buffers[last:]],
                         list(range(5, 5 + len(buffers) - last)))
        times = [b.pts for b in buffers[last:]]
        self.assertEqual(sorted(set(times)), times)
        self.check_content("left", buffers[last:], 5)

    def test_stop_at_any_time(self):
        for wanted in 3 * (1, SETS - 1, SETS, SETS + 1, 3 * SETS):
            watched, takers = self.play(STREAMS, "loop=true")
            watched.play()
            takers["left"].wait_for(wanted)
            self.assertLess(watched.stop(), STOP_LIMIT)
            self.assertEqual(watched.errors, [])

    def test_matched_streams(self):
        """Elements that bring a set's images together: the camera's clock goes
        back at the wrap."""
        watched = self.run_to_end(
            f"rcfilesrc name=s location={self.path} loop=true "
            "rcdeptherror name=e s.disparity ! e.disparity s.error ! e.error "
            "e.src ! fakesink name=sink sync=false")
        taker = Taker(watched, "sink")
        watched.play()
        taker.wait_for(3 * SETS)
        watched.stop()
        self.assertEqual(watched.errors, [])
        offsets = [b.offset for b in taker.buffers][:3 * SETS]
        self.assertEqual(offsets, list(range(3 * SETS)))


class PadTest(LiveTest):
    def test_pad_while_playing(self):
        """It gets what comes from then on."""
        watched, takers = self.play(["left"], "live=true loop=true")
        watched.play()
        takers["left"].wait_for(3)
        sink = Gst.ElementFactory.make("fakesink", "late")
        watched.pipeline.add(sink)
        pad = watched.source.request_pad_simple("disparity")
        self.assertEqual(pad.link(sink.get_static_pad("sink")),
                         Gst.PadLinkReturn.OK)
        late = Taker(watched, "late")
        sink.sync_state_with_parent()
        late.wait_for(5)
        # And goes again.
        watched.pipeline.remove(sink)
        watched.source.release_request_pad(pad)
        sink.set_state(Gst.State.NULL)
        takers["left"].wait_for(len(takers["left"].buffers) + SETS)
        self.assertLess(watched.stop(), STOP_LIMIT)
        self.assertEqual(watched.errors, [])

    def test_release_in_full_flight(self):
        """Other streams go on, and so does the next one to be asked for."""
        watched, takers = self.play(["left"], "loop=true")
        watched.play()
        for number in range(100):
            name = f"late{number}"
            sink = Gst.parse_launch(f"fakesink name={name} sync=false "
                                    "async=false")
            watched.pipeline.add(sink)
            late = Taker(watched, name)
            sink.sync_state_with_parent()
            pad = watched.source.request_pad_simple("disparity")
            pad.link(sink.get_static_pad("sink"))
            # At all stages, from before the first image on.
            late.wait_for(number % 3)
            if number % 2:
                pad.unlink(sink.get_static_pad("sink"))
            watched.source.release_request_pad(pad)
            sink.set_state(Gst.State.NULL)
            watched.pipeline.remove(sink)
            takers["left"].wait_for(len(takers["left"].buffers) + number % 2)
        takers["left"].wait_for(len(takers["left"].buffers) + SETS)
        self.assertLess(watched.stop(), STOP_LIMIT)
        self.assertEqual(watched.errors, [])

    def test_requested_while_it_starts(self):
        """And while it ends: this recording is read in no time."""
        for _ in range(20):
            watched, _ = self.play(["left"], "")
            watched.play()
            for stream in ("right", "error", "metadata"):
                sink = Gst.parse_launch("fakesink sync=false async=false")
                watched.pipeline.add(sink)
                sink.sync_state_with_parent()
                pad = watched.source.request_pad_simple(stream)
                self.assertEqual(pad.link(sink.get_static_pad("sink")),
                                 Gst.PadLinkReturn.OK)
            message = watched.wait(Gst.MessageType.EOS | Gst.MessageType.ERROR)
            self.assertIsNotNone(message, "EOS does not come through")
            watched.stop()
            self.assertEqual(watched.errors, [])

    def test_linked_before_it_starts(self):
        """The sink behind a pad is started after it was linked."""
        watched, takers = self.play(["left"], "live=true loop=true")
        watched.play()
        takers["left"].wait_for(3)
        sink = Gst.ElementFactory.make("fakesink", "late")
        watched.pipeline.add(sink)
        late = Taker(watched, "late")
        pad = watched.source.request_pad_simple("disparity")
        pad.link(sink.get_static_pad("sink"))
        takers["left"].wait_for(len(takers["left"].buffers) + 3)
        sink.sync_state_with_parent()
        late.wait_for(5)
        self.assertLess(watched.stop(), STOP_LIMIT)
        self.assertEqual(watched.errors, [])

    def test_released_while_paused(self):
        """When its images wait for the pipeline to play."""
        watched, takers = self.play(["left", "right"], "live=true loop=true")
        watched.play()
        takers["right"].wait_for(3)
        # It takes what comes, in PAUSED too.
        watched.pipeline.get_by_name("right").set_locked_state(True)
        watched.pipeline.set_state(Gst.State.PAUSED)
        pad = watched.source.get_static_pad("right")
        pad.unlink(pad.get_peer())
        watched.source.release_request_pad(pad)
        self.assertIsNone(watched.source.get_static_pad("right"))
        watched.play()
        takers["left"].wait_for(len(takers["left"].buffers) + 3)
        watched.pipeline.get_by_name("right").set_locked_state(False)
        self.assertLess(watched.stop(), STOP_LIMIT)
        self.assertEqual(watched.errors, [])

    def test_all_released_and_requested_again(self):
        """Nobody takes anything for a while."""
        watched, takers = self.play(["left"], "live=true loop=true")
        watched.play()
        takers["left"].wait_for(3)
        pad = watched.source.get_static_pad("left")
        peer = pad.get_peer()
        pad.unlink(peer)
        watched.source.release_request_pad(pad)
        before = len(takers["left"].buffers)
        again = watched.source.request_pad_simple("left")
        self.assertEqual(again.link(peer), Gst.PadLinkReturn.OK)
        takers["left"].wait_for(before + 3)
        self.assertLess(watched.stop(), STOP_LIMIT)
        self.assertEqual(watched.errors, [])


if __name__ == "__main__":
    unittest.main()
