# SPDX-License-Identifier: LGPL-2.1-or-later
"""A pipeline in this process whose messages are all kept.

Where the plugin was built with AddressSanitizer, importing this starts Python
anew with its runtime, which has to come first in a process.
"""

import os
import subprocess
import sys
import threading
import time

ASAN = "ASAN_RUNTIME" in os.environ

if ASAN and "LD_PRELOAD" not in os.environ:
    os.environ["LD_PRELOAD"] = os.environ["ASAN_RUNTIME"]
    # What Python and gst-launch-1.0 leak at their end is their own.
    os.environ["ASAN_OPTIONS"] = ":".join(
        [os.environ.get("ASAN_OPTIONS", ""), "detect_leaks=0"])
    os.execv(sys.executable, [sys.executable, *sys.argv])

import gi  # noqa: E402

gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst  # noqa: E402

Gst.init(None)

# For what takes a second: who comes to this has failed.
PATIENCE = 60 * Gst.SECOND

# set_state (NULL) takes no longer, s: the element's promise.
STOP_LIMIT = 5.0 if ASAN else 1.0


class Error:
    """An error or a warning as it was posted."""

    def __init__(self, message):
        if message.type == Gst.MessageType.ERROR:
            error, self.debug = message.parse_error()
        else:
            error, self.debug = message.parse_warning()
        self.domain, self.code, self.text = \
            error.domain, error.code, error.message
        self.source = message.src.get_name()

    @property
    def is_about_drops(self):
        return (self.domain, self.code) == \
            ("gst-core-error-quark", Gst.CoreError.CLOCK)

    def __repr__(self):
        return f"{self.domain} {self.code}: {self.text} ({self.debug})"


def is_about_drops(message):
    """Which a busy machine brings at any time."""
    return message.type == Gst.MessageType.WARNING \
        and Error(message).is_about_drops


class Watched:
    """A pipeline from a description, whose source is named `s`."""

    def __init__(self, description):
        self.pipeline = Gst.parse_launch(description)
        if not isinstance(self.pipeline, Gst.Pipeline):
            only = self.pipeline
            self.pipeline = Gst.Pipeline()
            self.pipeline.add(only)
        # Else what was posted while it stopped would be lost.
        self.pipeline.set_auto_flush_bus(False)
        self.bus = self.pipeline.get_bus()
        self.messages = []

    @property
    def source(self):
        return self.pipeline.get_by_name("s")

    def play(self):
        return self.pipeline.set_state(Gst.State.PLAYING)

    def wait(self, types, timeout=PATIENCE):
        """The next message of `types`, but for warnings about drops; None
        after `timeout` ns."""
        deadline = time.monotonic_ns() + timeout
        while True:
            left = deadline - time.monotonic_ns()
            message = self.bus.timed_pop(max(left, 0))
            if message is None:
                return None
            self.messages.append(message)
            if message.type & types and not is_about_drops(message):
                return message

    def stop(self):
        """To NULL. The seconds that took."""
        begin = time.monotonic()
        self.pipeline.set_state(Gst.State.NULL)
        seconds = time.monotonic() - begin
        while self.wait(Gst.MessageType.ANY, 0):
            pass
        return seconds

    def run(self):
        """Plays to the end, stops. Sinks need async=false: an error that comes
        while one waits for its first buffer would keep it from its EOS."""
        self.play()
        ends = Gst.MessageType.ERROR | Gst.MessageType.EOS
        message = self.wait(ends)
        # An error ends the stream as well: whatever else is wrong is posted
        # before its EOS comes through.
        if message is not None and message.type == Gst.MessageType.ERROR:
            self.wait(ends)
        self.stop()
        if message is None:
            raise AssertionError("the pipeline did not end")
        return self

    def of_type(self, message_type):
        return [m for m in self.messages if m.type == message_type]

    @property
    def errors(self):
        return [Error(m) for m in self.of_type(Gst.MessageType.ERROR)]

    @property
    def warnings(self):
        """But for those about drops."""
        return [w for w in self._all_warnings if not w.is_about_drops]

    @property
    def drop_warnings(self):
        return [w for w in self._all_warnings if w.is_about_drops]

    @property
    def _all_warnings(self):
        return [Error(m) for m in self.of_type(Gst.MessageType.WARNING)]

    @property
    def n_eos(self):
        return len(self.of_type(Gst.MessageType.EOS))


class Sink:
    """What comes to the fakesink `name`: (OFFSET, PTS) in `buffers`. While
    `gate` is not set, the first buffer stays in it."""

    def __init__(self, watched, name="sink", element=None):
        self.buffers = []
        self.gate = threading.Event()
        self.gate.set()
        self.reached = threading.Event()
        self.changed = threading.Condition()
        element = element or watched.pipeline.get_by_name(name)
        element.set_property("signal-handoffs", True)
        element.connect("handoff", self._take)

    def _take(self, _element, buffer, _pad):
        with self.changed:
            self.buffers.append((buffer.offset, buffer.pts))
            self.changed.notify_all()
        self.reached.set()
        self.gate.wait()

    @property
    def offsets(self):
        return [offset for offset, _ in self.buffers]

    def wait_for(self, count, timeout=60):
        with self.changed:
            if not self.changed.wait_for(
                    lambda: len(self.buffers) >= count, timeout):
                raise TimeoutError(f"only {len(self.buffers)} buffers")


class Blocked:
    """Lets nothing into the sink `name`, until it stops. `reached` is set when
    the first buffer (or else what `types` says) waits there."""

    def __init__(self, watched, name="sink", types=Gst.PadProbeType.BUFFER):
        self.reached = threading.Event()
        pad = watched.pipeline.get_by_name(name).get_static_pad("sink")
        pad.add_probe(Gst.PadProbeType.BLOCK | types, self._block)

    def _block(self, _pad, _info):
        self.reached.set()
        return Gst.PadProbeReturn.OK


class Pad:
    """What leaves the pad `name` of `source`, which is the pipeline's `s`:
    buffers as (OFFSET, PTS, DISCONT), GAP events as (start, end), caps. And
    what belongs to them: the times of capture by OFFSET, the group-id and the
    stream-id of each STREAM_START, the titles of tags."""

    def __init__(self, watched, name, source=None):
        self.name = name
        self.buffers, self.gaps, self.caps = [], [], []
        self.captures = {}
        self.groups, self.stream_ids, self.titles = [], [], []
        self.changed = threading.Condition()
        pad = (source or watched.source).get_static_pad(name)
        pad.add_probe(Gst.PadProbeType.BUFFER
                      | Gst.PadProbeType.EVENT_DOWNSTREAM, self._take)

    def _take(self, _pad, info):
        with self.changed:
            if info.type & Gst.PadProbeType.BUFFER:
                self._take_buffer(info.get_buffer())
            else:
                self._take_event(info.get_event())
            self.changed.notify_all()
        return Gst.PadProbeReturn.OK

    def _take_buffer(self, buffer):
        self.buffers.append(
            (buffer.offset, buffer.pts,
             buffer.has_flags(Gst.BufferFlags.DISCONT)))
        meta = buffer.get_reference_timestamp_meta(None)
        self.captures[buffer.offset] = meta.timestamp

    def _take_event(self, event):
        if event.type == Gst.EventType.GAP:
            start, duration = event.parse_gap()
            self.gaps.append((start, start + duration))
        elif event.type == Gst.EventType.CAPS:
            self.caps.append(event.parse_caps().to_string())
        elif event.type == Gst.EventType.STREAM_START:
            self.groups.append(event.parse_group_id())
            self.stream_ids.append(event.parse_stream_start())
        elif event.type == Gst.EventType.TAG:
            has, title = event.parse_tag().get_string(Gst.TAG_TITLE)
            if has:
                self.titles.append(title)

    @property
    def offsets(self):
        return [offset for offset, _, _ in self.buffers]

    def wait_for(self, predicate):
        with self.changed:
            if not self.changed.wait_for(lambda: predicate(self), 60):
                raise TimeoutError(f"{self.name} waited in vain")

    def wait_for_more(self, count=3):
        wanted = len(self.buffers) + count
        self.wait_for(lambda pad: len(pad.buffers) >= wanted)


def statistics(source):
    """The property stats as a dictionary."""
    def convert(structure):
        result = {}
        for i in range(structure.n_fields()):
            name = structure.nth_field_name(i)
            value = structure.get_value(name)
            result[name] = convert(value) \
                if isinstance(value, Gst.Structure) else value
        return result

    return convert(source.get_property("stats"))


def launch(*words):
    """gst-launch-1.0: exit status, output, errors."""
    result = subprocess.run(["gst-launch-1.0", *words], text=True,
                            capture_output=True, timeout=120)
    return result.returncode, result.stdout, result.stderr


__all__ = ["ASAN", "Blocked", "Error", "GLib", "Gst", "PATIENCE", "Pad",
           "STOP_LIMIT", "Sink", "Watched", "launch", "statistics"]
