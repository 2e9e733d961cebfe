# SPDX-License-Identifier: LGPL-2.1-or-later
"""Files that are damaged, of others, or none at all: rcfilesrc comes to an end
with what is there, or with an error that says what is wrong; it never hangs."""

import json
import os
import random
import struct
import sys
import unittest

try:
    from watched import Gst, STOP_LIMIT
    from taken import Taker
    from camera_server import make_set
    from replayed import STREAMS, ReplayTest, Request
except (ImportError, ValueError) as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

SETS = 6
ENDS = Gst.MessageType.ERROR | Gst.MessageType.EOS
# Of the file up to its first cluster.
FLIPS, HEAD_FLIPS = 60, 60
CUTS = 40


class BadTest(ReplayTest):
    def record_few(self):
        self.record([make_set(Request(), n) for n in range(SETS)], STREAMS)
        with open(self.path, "rb") as file:
            return file.read()

    def write(self, data):
        with open(self.path, "wb") as file:
            file.write(data)

    def play(self, streams=("left", "metadata"), options=""):
        """(watched, takers), ended and stopped."""
        watched = self.run_to_end(
            f"rcfilesrc name=s location={self.path} {options} " + " ".join(
                f"s.{stream} ! fakesink name={stream} sync=false async=false"
                for stream in streams))
        takers = {stream: Taker(watched, stream) for stream in streams}
        watched.play()
        self.assertIsNotNone(watched.wait(ENDS), "it hangs")
        self.assertLess(watched.stop(), STOP_LIMIT)
        return watched, takers


class DamageTest(BadTest):
    def check(self, data, what):
        self.write(data)
        with self.subTest(what):
            _, takers = self.play(STREAMS)
            for stream in STREAMS:
                self.assertLessEqual(len(takers[stream].buffers), 2 * SETS)

    def test_cut(self):
        whole = self.record_few()
        rand = random.Random(1)
        head = whole.index(b"\x1f\x43\xb6\x75")
        cuts = [0, 1, 4, head - 1, head, head + 1, head + 12,
                len(whole) - 1] + [rand.randrange(len(whole))
                                   for _ in range(CUTS)]
        for cut in cuts:
            self.check(whole[:cut], cut)

    def flip(self, whole, begin, end, count, seed):
        rand = random.Random(seed)
        for n in range(count):
            data = bytearray(whole)
            for _ in range(rand.choice([1, 1, 4, 20])):
                data[rand.randrange(begin, end)] ^= 1 << rand.randrange(8)
            self.check(bytes(data), (seed, n))

    def test_flips_in_the_head(self):
        whole = self.record_few()
        self.flip(whole, 0, whole.index(b"\x1f\x43\xb6\x75"), HEAD_FLIPS, 2)

    def test_flips_behind_it(self):
        whole = self.record_few()
        self.flip(whole, whole.index(b"\x1f\x43\xb6\x75"), len(whole), FLIPS,
                  3)

    def test_no_decoder_takes_it(self):
        """Also when all was read ahead by then."""
        whole = bytearray(self.record_few())
        private = whole.index(b"FFV1") + 24
        for at in range(private, private + 12):
            whole[at] ^= 0xFF
        self.write(bytes(whole))
        for _ in range(20):
            watched, _ = self.play(["left", "disparity"])
            self.assertNotEqual(watched.errors, [])

    def test_damage_in_a_loop(self):
        """No endless stream of errors, and no silence either."""
        whole = self.record_few()
        self.write(whole[:len(whole) // 2])
        watched = self.run_to_end(
            f"rcfilesrc name=s location={self.path} loop=true s.left ! "
            "fakesink name=left sync=false")
        taker = Taker(watched, "left")
        watched.play()
        while watched.wait(ENDS, Gst.SECOND // 10) is None \
                and len(taker.buffers) < 4 * SETS:
            pass
        self.assertLess(watched.stop(), STOP_LIMIT)
        self.assertLessEqual(len(watched.errors), 1)


class LinesTest(BadTest):
    """A track `metadata` that does not fit its images."""

    def mux(self, lines, images=4):
        """Images of 64x48 every 40 ms, and what else."""
        def element(ident, *content):
            data = b"".join(content)
            return ident + struct.pack(">Q", 1 << 56 | len(data)) + data

        def number(ident, value):
            return element(ident, struct.pack(">Q", value))

        def track(n, kind, name, codec, *more):
            return element(
                b"\xae", number(b"\xd7", n), number(b"\x73\xc5", n),
                number(b"\x83", kind), element(b"\x53\x6e", name),
                element(b"\x86", codec), *more)

        def cluster(n):
            blocks = [element(b"\xa3", b"\x81\0\0\x80", bytes([n]) * 3072)] \
                if n < images else []
            if n < len(lines):
                blocks.insert(0, element(
                    b"\xa0", number(b"\x9b", 40),
                    element(b"\xa1", b"\x82\0\0\0", lines[n])))
            return element(b"\x1f\x43\xb6\x75", number(b"\xe7", 40 * n),
                           *blocks)

        video = element(b"\xe0", number(b"\xb0", 64), number(b"\xba", 48),
                        element(b"\x2e\xb5\x24", b"Y800"))
        self.write(
            element(b"\x1a\x45\xdf\xa3", element(b"\x42\x82", b"matroska"))
            + element(
                b"\x18\x53\x80\x67",
                element(b"\x15\x49\xa9\x66",
                        number(b"\x2a\xd7\xb1", 1000000)),
                element(b"\x16\x54\xae\x6b",
                        track(1, 1, b"left", b"V_UNCOMPRESSED", video),
                        track(2, 17, b"metadata", b"S_TEXT/UTF8")),
                *map(cluster, range(max(images, len(lines))))))

    def line(self, number=0, **left):
        image = {"timestamp": {"sec": 1700000000, "nsec": 0}, "width": 64,
                 "height": 48, "focal_length": 50.0, "encoding": "mono8"}
        image.update(left)
        return {"timestamp": {"sec": 1700000000, "nsec": 0}, "left": image,
                "recording": {"set": number,
                              "pts": {"left": number * 40 * Gst.MSECOND}}}

    def check(self, lines, n_metas, n_warnings):
        self.mux([line if isinstance(line, bytes)
                  else json.dumps(line).encode() for line in lines])
        watched, takers = self.play()
        self.assertEqual(watched.errors, [])
        self.assertEqual(len(watched.warnings), n_warnings, watched.warnings)
        self.assertEqual(len(takers["left"].buffers), 4)
        self.assertEqual(sum(b.meta is not None
                             for b in takers["left"].buffers), n_metas)

    def test_fitting(self):
        self.check([self.line(n) for n in range(4)], 4, 0)

    def test_no_json(self):
        self.check([b"Hello", b"{", b"[]", b"\xff\xfe\x00"], 0, 1)

    def test_some_damaged(self):
        self.check([self.line(0), b"{\"left\":", self.line(2), self.line(3)],
                   3, 1)

    def test_wrong_types(self):
        self.check([{"left": 3}, {"timestamp": []},
                    {"recording": {"pts": {"left": -1}}},
                    {"recording": {"set": "seven"}}], 0, 1)

    def test_of_another_recording(self):
        """Its times are none of these images'."""
        lines = [self.line(n) for n in range(4)]
        for line in lines:
            line["recording"]["pts"]["left"] += 3600 * Gst.SECOND
        self.check(lines, 0, 0)

    def test_disorder(self):
        self.check([self.line(n) for n in (3, 1, 0, 2)], 4, 0)

    def test_all_the_same(self):
        """One image has it, the others none."""
        self.check([self.line(1)] * 4, 1, 0)

    def test_long(self):
        long = self.line(0)
        long["comment"] = "x" * (2 << 20)
        self.check([long, self.line(1), self.line(2), self.line(3)], 3, 1)

    def test_deep(self):
        self.check([b"[" * 100000, b"{\"a\":" * 100000, self.line(2),
                    self.line(3)], 2, 1)


class OtherTest(BadTest):
    def check_error(self, *codes):
        watched, _ = self.play(["left"])
        self.assertIn((watched.errors[0].domain, watched.errors[0].code),
                      [(domain, int(code)) for domain, code in codes])
        return watched

    def check_only_error(self, domain, code):
        """One message, which is the element's own."""
        watched = self.check_error((domain, code))
        self.assertEqual([e.source for e in watched.errors], ["s"],
                         watched.errors)

    def stream(self, *codes):
        return [("gst-stream-error-quark", code) for code in codes]

    def test_no_matroska(self):
        for data in (b"", b"\n", b"Some text.\n" * 100, bytes(10000),
                     os.urandom(5000)):
            with self.subTest(data[:10]):
                self.write(data)
                self.check_only_error("gst-stream-error-quark",
                                      Gst.StreamError.WRONG_TYPE)

    def test_no_file(self):
        self.check_only_error("gst-resource-error-quark",
                              Gst.ResourceError.NOT_FOUND)

    def test_folder(self):
        os.mkdir(self.path)
        self.check_only_error("gst-resource-error-quark",
                              Gst.ResourceError.OPEN_READ)

    def test_pipe(self):
        """Nobody writes to it: it is not waited for."""
        os.mkfifo(self.path)
        self.check_only_error("gst-resource-error-quark",
                              Gst.ResourceError.OPEN_READ)

    def mux(self, *branches, muxer="matroskamux"):
        self.run_to_end(
            f"{muxer} name=m ! filesink async=false location={self.path} "
            + " ".join(f"{branch} ! m." for branch in branches)).run()

    def test_tracks_of_other_names(self):
        for branch in (
                "videotestsrc num-buffers=5 ! jpegenc",
                "videotestsrc num-buffers=5 ! jpegenc ! "
                "taginject tags=title=Left",
                "audiotestsrc num-buffers=5"):
            with self.subTest(branch):
                self.mux(branch)
                self.check_error(*self.stream(Gst.StreamError.WRONG_TYPE))

    def test_another_container(self):
        self.mux("videotestsrc num-buffers=5 ! x264enc" if
                 Gst.ElementFactory.find("x264enc") else
                 "videotestsrc num-buffers=5 ! jpegenc", muxer="qtmux")
        self.check_only_error("gst-stream-error-quark",
                              Gst.StreamError.WRONG_TYPE)

    def test_sound_that_is_called_left(self):
        self.mux("audiotestsrc num-buffers=5 ! taginject tags=title=left")
        watched, takers = self.play(["left"])
        self.assertNotEqual(watched.errors, [])
        self.assertEqual(takers["left"].buffers, [])


if __name__ == "__main__":
    unittest.main()
