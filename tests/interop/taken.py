# SPDX-License-Identifier: LGPL-2.1-or-later
"""What comes out of an element's pads, copied while it passes."""

import threading

import gi

gi.require_version("GstVideo", "1.0")
from gi.repository import GstVideo  # noqa: E402

from watched import Gst  # noqa: E402

META = "GstRcImageMeta"
UNIX_TIME = Gst.Caps.from_string("timestamp/x-unix")


class Taken:
    """A buffer. `meta`: the fields of its GstRcImageMeta, `types`: their
    GType's names; both None without one. `time`: the capture time that its
    GstReferenceTimestampMeta has, None without one."""

    def __init__(self, buffer, caps):
        self.caps = caps
        self.pts = buffer.pts
        self.dts = buffer.dts
        self.duration = buffer.duration
        self.offset = buffer.offset
        self.offset_end = buffer.offset_end
        self.discont = buffer.has_flags(Gst.BufferFlags.DISCONT)
        self.data = buffer.extract_dup(0, buffer.get_size())
        self.video_meta = GstVideo.buffer_get_video_meta(buffer) is not None
        self.meta, self.types = self._read_meta(buffer)
        reference = buffer.get_reference_timestamp_meta(UNIX_TIME)
        self.time = reference.timestamp if reference else None

    @staticmethod
    def _read_meta(buffer):
        meta = buffer.get_custom_meta(META)
        if meta is None:
            return None, None
        fields = meta.get_structure()
        names = [fields.nth_field_name(i) for i in range(fields.n_fields())]
        return ({name: fields.get_value(name) for name in names},
                {name: fields.get_field_type(name).name for name in names})

    @property
    def pixels(self):
        """The rows without what pads them, by GstVideo's stride."""
        info = GstVideo.VideoInfo.new_from_caps(self.caps)
        if len(self.data) != info.size or self.video_meta:
            raise AssertionError(f"{len(self.data)} bytes, not {info.size}")
        row = info.width * info.finfo.pixel_stride[0]
        return b"".join(
            self.data[y * info.stride[0]:][:row] for y in range(info.height))


class Taker:
    """What comes to the sink pad of the element `name`, in order: Taken in
    `buffers`, and all things in `entries`: Gst.Caps and Taken."""

    def __init__(self, watched, name="sink"):
        self.entries = []
        self._changed = threading.Condition()
        pad = watched.pipeline.get_by_name(name).get_static_pad("sink")
        pad.add_probe(Gst.PadProbeType.BUFFER
                      | Gst.PadProbeType.EVENT_DOWNSTREAM, self._take)

    def _take(self, pad, info):
        if info.type & Gst.PadProbeType.BUFFER:
            caps = next((entry for entry in reversed(self.entries)
                         if isinstance(entry, Gst.Caps)), None)
            taken = Taken(info.get_buffer(), caps)
            with self._changed:
                self.entries.append(taken)
                self._changed.notify_all()
        else:
            event = info.get_event()
            if event.type == Gst.EventType.CAPS:
                self.entries.append(event.parse_caps().copy())
        return Gst.PadProbeReturn.OK

    @property
    def buffers(self):
        return [e for e in self.entries if isinstance(e, Taken)]

    def wait_for(self, count, timeout=60):
        with self._changed:
            if not self._changed.wait_for(
                    lambda: len(self.buffers) >= count, timeout):
                raise TimeoutError(f"only {len(self.buffers)} buffers")

    @property
    def caps(self):
        return [e for e in self.entries if isinstance(e, Gst.Caps)]


__all__ = ["Taken", "Taker"]
