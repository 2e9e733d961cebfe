# SPDX-License-Identifier: LGPL-2.1-or-later
"""rcgrpcsrc against each fault of rcgrpc-sim, under each policy: what a user
gets to see. Usage: test_faults.py SIM"""

import contextlib
import sys
import unittest

try:
    from watched import STOP_LIMIT, Blocked, Gst, Pad, Watched, statistics
    from sim_process import Sim
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

PROGRAM = None

RESOURCE = "gst-resource-error-quark"
STREAM = "gst-stream-error-quark"
OPEN_READ = (RESOURCE, int(Gst.ResourceError.OPEN_READ))
READ = (RESOURCE, int(Gst.ResourceError.READ))
DECODE = (STREAM, int(Gst.StreamError.DECODE))

ENDS = Gst.MessageType.ERROR | Gst.MessageType.EOS

# Attempts follow each other fast, and nothing that comes is dropped.
COMMON = "retry-backoff-max=20000000 queue-size=10000"
# For cases that are about it; others keep the default, which nothing reaches.
TIMEOUT = 400_000_000

ONCE = "auto-reconnect=false"
POLICIES = ("", "leaky=none", "retries=2", "retries=2 leaky=none",
            ONCE, ONCE + " leaky=none")

REJECTED_LIES = (
    "height-times-step", "overflow", "zero-width", "short-step", "huge-image",
    "unknown-encoding", "invalid-utf8", "nan", "infinite", "negative-time",
    "absurd-time", "mesh-format", "truncated-varint", "overlong-varint",
    "length-past-message", "length-past-2^63", "nested-lengths",
    "wrong-wire-type", "open-group", "empty-message")
STRANGE_AND_TRUE = ("repeated-fields", "group", "unknown-field")

STATUSES = (
    "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
    "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED")


class StampedPad(Pad):
    """Also the set's number that the simulator wrote into each image."""

    def __init__(self, *arguments):
        self.numbers = []
        super().__init__(*arguments)

    def _take_buffer(self, buffer):
        bits = buffer.extract_dup(0, 32)
        self.numbers.append(sum(1 << i for i in range(32) if bits[i]))
        super()._take_buffer(buffer)


class Run:
    """A pipeline with one source and three of its pads."""

    def __init__(self, test, sim, options):
        sink = "fakesink async=false sync=false"
        self.test = test
        self.watched = Watched(
            f"rcgrpcsrc name=s host=127.0.0.1 port={sim.ports[0]} {COMMON} "
            f"{options} ! {sink} name=left  "
            f"s.disparity ! {sink}  s.metadata ! {sink}")
        self.left = StampedPad(self.watched, "left")
        self.pads = [self.left, Pad(self.watched, "disparity"),
                     Pad(self.watched, "metadata")]
        self.changes = []
        self.watched.play()

    @property
    def stats(self):
        return statistics(self.watched.source)

    @property
    def errors(self):
        return [(e.domain, e.code) for e in self.watched.errors]

    @property
    def warnings(self):
        return [(e.domain, e.code) for e in self.watched.warnings]

    def wait_for_streaming(self):
        while True:
            message = self.watched.wait(Gst.MessageType.ELEMENT | ENDS)
            self.test.assertIsNotNone(message, "nothing happens")
            self.test.assertEqual(message.type, Gst.MessageType.ELEMENT,
                                  self.watched.errors)
            change = self.take_change(message)
            if change and change[0] == "streaming":
                return

    def wait_for_end(self):
        """EOS, which comes after an error as well."""
        while True:
            message = self.watched.wait(
                Gst.MessageType.ELEMENT | Gst.MessageType.EOS)
            self.test.assertIsNotNone(message, "no end")
            if message.type == Gst.MessageType.EOS:
                return
            self.take_change(message)

    def take_change(self, message):
        structure = message.get_structure()
        if structure.get_name() != "rc-connection":
            return None
        change = (structure.get_string("state"),
                  structure.get_uint("attempt")[1])
        self.changes.append(change)
        self.test.assertLess(len(self.changes), 50, "it goes round and round")
        return change

    def stop(self):
        """What holds whatever happened."""
        test = self.test
        test.assertLess(self.watched.stop(), STOP_LIMIT)
        for pad in self.pads:
            times = [pts for _, pts, _ in pad.buffers]
            test.assertNotIn(Gst.CLOCK_TIME_NONE, times)
            test.assertEqual(times, sorted(times), pad.name)
            test.assertEqual(pad.offsets, sorted(set(pad.offsets)), pad.name)
            if pad.buffers:
                test.assertTrue(pad.buffers[0][2], "no DISCONT")


class FaultTest(unittest.TestCase):
    def sim(self, *faults, options=()):
        return Sim(PROGRAM, "--size=64x64", "--fps=100", "--stamp", *options,
                   *(f"--fault={fault}" for fault in faults))

    @contextlib.contextmanager
    def run_against(self, sim, options=""):
        run = Run(self, sim, options)
        try:
            yield run
        except BaseException:
            run.watched.stop()
            raise
        run.stop()

    @contextlib.contextmanager
    def case(self, *faults, policy="", more="", options=()):
        """One fault under one policy, with a simulator of its own."""
        with self.subTest(faults=faults, policy=policy), \
                self.sim(*faults, options=options) as sim, \
                self.run_against(sim, f"{policy} {more}") as run:
            yield run


class Loss:
    """A fault that ends the stream. `for_good`: what befalls the calls that
    follow, so that they bring no set; None where the fault itself lasts."""

    def __init__(self, fault, for_good, code, timeout=None,
                 final_code=OPEN_READ, more=""):
        self.fault, self.for_good = fault, for_good
        self.code, self.final_code = code, final_code
        self.more = f"timeout={timeout}" if timeout else more
        # A busy machine may bring further ones.
        self.is_exact = timeout is None


LOSSES = (
    Loss("close:at=5", "close:at=1,bytes=9", READ),
    Loss("close:at=5,bytes=3000", "close:at=1,bytes=3000", READ),
    Loss("reset:at=5", "reset:at=1,bytes=9", READ),
    Loss("reset:at=5,bytes=3000", "reset:at=1,bytes=3000", READ),
    Loss("status:at=5", "status:at=1", READ),
    Loss("status:at=5,code=INTERNAL", "status:at=1,code=INTERNAL", READ,
         final_code=READ),
    Loss("truncate:at=5,frame=true,calls=1",
         "truncate:at=1,frame=true", READ),
    Loss("restart:at=5,for=0.1", "restart:at=5,for=3600", READ,
         # Else two attempts may be over before the port is open.
         more="retry-backoff-max=1000000000"),
    Loss("stall:at=5", "stall:at=1", READ, TIMEOUT),
    Loss("stall:at=5,dead=true", "stall:at=1,dead=true", READ, TIMEOUT),
    Loss("stall:at=5,bytes=3000", "stall:at=1,bytes=3000", READ, TIMEOUT),
    Loss("slow:at=5,rate=1k,calls=1", "slow:at=1,rate=1k", READ, TIMEOUT),
)


class LossTest(FaultTest):
    def test_comes_back(self):
        for loss in LOSSES:
            for policy in "", "retries=2 leaky=none":
                with self.case(loss.fault, policy=policy,
                               more=loss.more) as run:
                    run.wait_for_streaming()
                    run.wait_for_streaming()
                    for pad in run.pads:
                        pad.wait_for_more()
                    reconnects = run.stats["reconnects"]
                    self.assertEqual(set(run.warnings), {loss.code})
                    self.assertEqual(run.errors, [])
                    if loss.is_exact:
                        self.assertEqual(reconnects, 1)
                        self.assertEqual(len(run.warnings), 1)
                    for pad in run.pads:
                        disconts = sum(d for _, _, d in pad.buffers)
                        self.assertGreaterEqual(disconts, 1 + reconnects)
                    self.assertEqual(run.stats["images-dropped"], 0)

    def test_while_blocked(self):
        """Downstream takes nothing when the stream is lost."""
        for loss in LOSSES:
            for leaky in "none", "downstream":
                with self.case(loss.fault, policy=f"leaky={leaky}",
                               more=f"{loss.more} queue-size=1") as run:
                    reached = Blocked(run.watched, "left").reached
                    self.assertTrue(reached.wait(60))
                    if leaky == "downstream":
                        run.wait_for_streaming()
                        run.wait_for_streaming()
                    self.assertEqual(run.errors, [])

    def test_does_not_come_back(self):
        for loss in LOSSES:
            restart = loss.fault.startswith("restart")
            faults = [loss.for_good] if restart \
                else [loss.fault, loss.for_good + ",calls=2-"]
            with self.case(*faults, policy="retries=2", more=loss.more) as run:
                run.wait_for_end()
                self.assertEqual(run.warnings, [loss.code])
                self.assertEqual(run.errors, [loss.final_code])
                self.assertEqual(run.changes, [
                    ("connecting", 0), ("streaming", 0), ("disconnected", 0),
                    ("connecting", 1), ("disconnected", 1), ("connecting", 2)])
                self.assertEqual(run.stats["state"], "ended")

    def test_once(self):
        for loss in LOSSES:
            for leaky in "none", "downstream":
                with self.case(loss.fault, policy=f"{ONCE} leaky={leaky}",
                               more=loss.more) as run:
                    run.wait_for_end()
                    self.assertEqual(run.warnings, [])
                    self.assertEqual(run.errors, [loss.code])
                    self.assertEqual(
                        run.changes, [("connecting", 0), ("streaming", 0)])
                    self.assertEqual(run.left.numbers, sorted(
                        run.left.numbers))

    def test_each_status(self):
        for status in STATUSES:
            fault = f"status:at=3,code={status},calls=all"
            with self.sim(fault, options=["--fps=0"]) as sim:
                with self.subTest(status=status, policy=ONCE), \
                        self.run_against(sim, ONCE) as run:
                    run.wait_for_end()
                    self.assertEqual(run.errors, [READ])
                    self.assertEqual(run.left.numbers, [1, 2])
                with self.subTest(status=status, policy=""), \
                        self.run_against(sim) as run:
                    for _ in range(3):
                        run.wait_for_streaming()
                    self.assertEqual(run.warnings, [READ] * 2)

    def test_status_ok(self):
        for policy in POLICIES:
            with self.case("status:at=5,code=OK", policy=policy,
                           options=["--fps=0"]) as run:
                run.wait_for_end()
                self.assertEqual((run.warnings, run.errors), ([], []))
                self.assertEqual(run.left.numbers, [1, 2, 3, 4])

    def test_before_the_first_set(self):
        """There is nothing to come back to, unless it is waited for."""
        for loss in LOSSES:
            if loss.fault.startswith("restart"):
                continue
            for policy in "", "retries=2", ONCE:
                with self.case(loss.for_good, policy=policy,
                               more=loss.more) as run:
                    run.wait_for_end()
                    self.assertEqual(run.warnings, [])
                    self.assertEqual(run.errors, [loss.final_code])
                    self.assertEqual(run.changes, [("connecting", 0)])

    def test_waits_for_the_first_set(self):
        for loss in LOSSES:
            if loss.final_code == READ or loss.fault.startswith("restart"):
                continue
            with self.case(loss.for_good + ",calls=1",
                           policy="wait-for-connection=true",
                           more=loss.more) as run:
                run.wait_for_streaming()
                run.left.wait_for_more()
                self.assertEqual(set(run.warnings), {OPEN_READ})
                self.assertEqual(run.errors, [])


class RejectTest(FaultTest):
    def test_among_good_sets(self):
        """Each is counted, dropped whole, and told of; all others come."""
        faults = [f"lie:which={lie}" for lie in REJECTED_LIES]
        faults += ["truncate", "truncate:bytes=0"]
        for fault in faults:
            fault += (":" if ":" not in fault else ",") + "every=4"
            with self.sim(fault, options=["--sets=10", "--fps=0"]) as sim:
                for policy in "", "retries=2 leaky=none", ONCE:
                    with self.subTest(fault=fault, policy=policy), \
                            self.run_against(sim, policy) as run:
                        run.wait_for_end()
                        self.assertEqual(run.left.numbers,
                                         [1, 2, 3, 5, 6, 7, 9, 10])
                        self.assertEqual(run.stats["sets-received"], 8)
                        self.assertEqual(run.stats["sets-rejected"], 2)
                        self.assertEqual(run.warnings, [DECODE] * 2)
                        self.assertEqual(run.errors, [])
                        for pad in run.pads:
                            self.assertEqual(pad.offsets, list(range(8)))

    def test_in_a_row(self):
        """One warning for three, which are lies of different kinds."""
        faults = [f"lie:which={lie},at={at}" for lie, at in zip(
            ("open-group", "nan", "overflow"), (4, 5, 6))]
        for policy in POLICIES:
            with self.case(*faults, policy=policy,
                           options=["--sets=8", "--fps=0"]) as run:
                run.wait_for_end()
                self.assertEqual(run.left.numbers, [1, 2, 3, 7, 8])
                self.assertEqual(run.stats["sets-rejected"], 3)
                self.assertEqual(run.warnings, [DECODE])

    def test_too_many_in_a_row(self):
        for fault in ("lie:which=huge-image", "lie:which=invalid-utf8",
                      "truncate:bytes=0", "truncate:bytes=100",
                      "corrupt:rate=1"):
            for policy in POLICIES:
                for count in 50, 51:
                    with self.case(f"{fault},at=3,every=1", policy=policy,
                                   options=[f"--sets={2 + count}",
                                            "--fps=0"]) as run:
                        run.wait_for_end()
                        self.assertEqual(run.left.numbers, [1, 2])
                        self.assertEqual(run.stats["sets-rejected"], count)
                        self.assertEqual(run.warnings, [DECODE])
                        self.assertEqual(
                            run.errors, [DECODE] if count > 50 else [])

    def test_strange_and_true(self):
        for lie in STRANGE_AND_TRUE:
            with self.sim(f"lie:which={lie},every=2",
                          options=["--sets=8", "--fps=0"]) as sim:
                for policy in "", "retries=2 leaky=none", ONCE:
                    with self.subTest(lie=lie, policy=policy), \
                            self.run_against(sim, policy) as run:
                        run.wait_for_end()
                        self.assertEqual(run.left.numbers,
                                         list(range(1, 9)))
                        self.assertEqual((run.warnings, run.errors), ([], []))

    def test_stray_time(self):
        """Handed on as told; the PTS is the set's, or else none after it on
        that pad could be right."""
        with self.sim("lie:which=stray-time,every=2",
                      options=["--sets=8", "--fps=0"]) as sim:
            for policy in "", "retries=2 leaky=none", ONCE:
                with self.subTest(policy=policy), \
                        self.run_against(sim, policy) as run:
                    run.wait_for_end()
                    self.assertEqual(run.left.numbers, list(range(1, 9)))
                    self.assertEqual((run.warnings, run.errors), ([], []))
                    left, disparity, metadata = run.pads
                    self.assertEqual(left.buffers, disparity.buffers)
                    self.assertEqual(left.buffers, metadata.buffers)
                    self.assertEqual(
                        [left.captures[n] - metadata.captures[n]
                         for n in range(8)], [0, 3600 * Gst.SECOND] * 4)

    def test_corrupt(self):
        """Nobody can tell each flipped bit; but each set is accounted for."""
        for rate in "1e-5", "1e-4", "1e-3", "0.5":
            for seed, policy in enumerate(POLICIES):
                with self.case(f"corrupt:rate={rate},seed={seed}",
                               policy=policy,
                               options=["--sets=40", "--fps=0"]) as run:
                    run.wait_for_end()
                    stats = run.stats
                    self.assertEqual(
                        stats["sets-received"] + stats["sets-rejected"], 40)
                    self.assertEqual(run.errors, [])
                    self.assertEqual(bool(run.warnings),
                                     stats["sets-rejected"] > 0)
                    self.assertEqual(set(run.warnings) - {DECODE}, set())
                    if rate == "0.5":
                        self.assertEqual(stats["sets-rejected"], 40)

    def test_huge(self):
        for gzip in "false", "true":
            for policy in POLICIES:
                with self.case(f"huge:at=4,bytes=40M,gzip={gzip}",
                               policy=policy, options=["--fps=0"],
                               more="max-message-size=1048576") as run:
                    run.wait_for_end()
                    self.assertEqual(run.left.numbers, [1, 2, 3])
                    self.assertEqual((run.warnings, run.errors), ([], [READ]))
                    self.assertIn("max-message-size",
                                  run.watched.errors[0].text)

    def test_huge_that_is_allowed(self):
        for gzip in "false", "true":
            with self.case(f"huge:at=4,bytes=4M,gzip={gzip}",
                           options=["--sets=6", "--fps=0"]) as run:
                run.wait_for_end()
                self.assertEqual(run.left.numbers, [1, 2, 3, 4, 5, 6])
                self.assertEqual((run.warnings, run.errors), ([], []))


class OrderTest(FaultTest):
    """Faults that no policy is about: all goes on."""

    ALL = list(range(1, 9))

    def expect(self, fault, numbers, check=None):
        for policy in POLICIES:
            with self.case(fault, policy=policy,
                           options=["--sets=8", "--fps=0"]) as run:
                run.wait_for_end()
                self.assertEqual(run.left.numbers, numbers)
                self.assertEqual((run.warnings, run.errors), ([], []))
                self.assertEqual(run.stats["sets-rejected"], 0)
                self.assertEqual(run.stats["reconnects"], 0)
                for pad in run.pads:
                    self.assertEqual(pad.offsets, list(range(len(numbers))))
                    if check:
                        check(pad)

    def test_drop_sets(self):
        self.expect("drop-sets:at=3,every=3", [1, 2, 4, 5, 7, 8])

    def test_reorder(self):
        self.expect("reorder:at=3", [1, 2, 4, 3, 5, 6, 7, 8])

    def test_duplicate(self):
        self.expect("duplicate:at=3", [1, 2, 3, 3, 4, 5, 6, 7, 8])

    def test_resize(self):
        def check(pad):
            if pad.name == "left":
                self.assertEqual(len(pad.caps), 2)
                self.assertIn("width=(int)64, height=(int)64", pad.caps[0])
                self.assertIn("width=(int)96, height=(int)80", pad.caps[1])

        self.expect("resize:at=4,size=96x80", self.ALL, check)

    def test_clock_jump(self):
        def check(pad):
            self.assertTrue(pad.buffers[3][2], "no DISCONT")
            # The hour is none in running time.
            self.assertLess(pad.buffers[-1][1], 60 * Gst.SECOND)

        for parameter in "by=-3600", "by=3600", "to=1970", "to=2037":
            self.expect(f"clock-jump:at=4,{parameter}", self.ALL, check)

    def test_slow(self):
        self.expect("slow:at=3,rate=200k", self.ALL)

    def test_short_stall(self):
        self.expect("stall:at=3,for=0.1", self.ALL)


class StopTest(FaultTest):
    """In the middle of a fault that nothing ends."""

    def test_stop(self):
        for fault in ("stall:at=3", "stall:at=3,dead=true",
                      "stall:at=3,bytes=3000", "slow:at=3,rate=100"):
            for policy in POLICIES:
                with self.case(fault, policy=policy, more="timeout=0") as run:
                    run.left.wait_for(lambda pad: len(pad.buffers) == 2)

    def test_stop_while_away(self):
        for policy in "", "leaky=none", "retries=2":
            with self.case("restart:at=3,for=3600", policy=policy,
                           more="retry-backoff-max=3600000000000") as run:
                run.wait_for_streaming()
                run.watched.wait(Gst.MessageType.WARNING | ENDS)
                self.assertEqual(run.warnings, [READ])


if __name__ == "__main__":
    PROGRAM = sys.argv.pop(1)
    unittest.main(verbosity=2)
