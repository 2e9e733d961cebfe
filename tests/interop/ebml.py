# SPDX-License-Identifier: LGPL-2.1-or-later
"""A Matroska file as it is written, element by element, after RFC 8794 and
RFC 9559: for what FFmpeg and MKVToolNix smooth over. A file that is cut off
anywhere is read up to there."""

import struct

SEGMENT, SEEK_HEAD, INFO = 0x18538067, 0x114D9B74, 0x1549A966
TRACKS = 0x1654AE6B
CLUSTER, CUES, TRACK_ENTRY, VOID = 0x1F43B675, 0x1C53BB6B, 0xAE, 0xEC
TOP_LEVEL = {SEEK_HEAD, INFO, TRACKS, CLUSTER, CUES, VOID, 0xBF,
             0x1254C367, 0x1941A469, 0x1043A770}
# What holds elements, of all that is looked into.
MASTERS = {0x1A45DFA3, SEEK_HEAD, 0x4DBB, INFO, TRACKS, TRACK_ENTRY, 0xE0,
           CUES, 0xBB, 0xB7, 0xA0}


class Element:
    """start: of its ID; data, end: of its content, from the file's begin.
    is_sized: its length is known."""

    def __init__(self, ident, start, data, end, is_sized):
        self.ident, self.start = ident, start
        self.data, self.end, self.is_sized = data, end, is_sized


class Block:
    """time, duration: ns; duration is None if it is not said. is_key: as the
    file says it."""

    def __init__(self, track, time, duration, is_key, is_group, data):
        self.track, self.time, self.duration = track, time, duration
        self.is_key, self.is_group, self.data = is_key, is_group, data

    def __repr__(self):
        return f"{self.track} {self.time} ({len(self.data)} bytes)"


class Cluster:
    """position: in the segment; time: ns."""

    def __init__(self, position, time, blocks):
        self.position, self.time, self.blocks = position, time, blocks


class Track:
    def __init__(self, fields):
        self.number, self.uid = fields[0xD7], fields[0x73C5]
        self.type, self.codec = \
            fields[0x83], fields[0x86].rstrip(b"\0").decode()
        # Strings may be padded with zeros.
        self.name = fields.get(0x536E, b"").rstrip(b"\0").decode()
        self.private = fields.get(0x63A2, b"")
        video = fields.get(0xE0, {})
        self.size = (video.get(0xB0), video.get(0xBA))


class File:
    """tracks: by their names, in the order of the file. scale: ns a tick.
    duration: ns, None without one. seeks: {ID: position in the segment}.
    cues: [(time in ns, track's name, position in the segment)]. is_whole:
    all lengths are known and nothing is cut off."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.bytes = file.read()
        self.is_whole = True
        self.tracks, self.clusters, self.cues, self.seeks = {}, [], [], {}
        self.duration = None
        header, segment = list(self._children(0, len(self.bytes), {SEGMENT}))
        self.doc_type = self._fields(header)[0x4282].rstrip(b"\0").decode()
        self.doc_version = self._fields(header)[0x4287]
        self.segment = segment
        parts = list(self._children(segment.data, segment.end, TOP_LEVEL))
        for part in parts:
            self._read_head(part)
        names = {track.number: name for name, track in self.tracks.items()}
        for part in parts:
            if part.ident == CLUSTER:
                self.clusters.append(self._read_cluster(part, names))
            elif part.ident == CUES:
                self._read_cues(part, names)
        self.at = {part.start - segment.data: part.ident for part in parts}

    @property
    def blocks(self):
        return [block for cluster in self.clusters for block in cluster.blocks]

    def of(self, name):
        """The blocks of a track."""
        return [block for block in self.blocks if block.track == name]

    def _number(self, at, keep_mark):
        """(value, bytes) of an ID or a length; None at the end."""
        if at >= len(self.bytes) or self.bytes[at] == 0:
            return None
        size = 9 - self.bytes[at].bit_length()
        raw = self.bytes[at:at + size]
        if len(raw) < size:
            return None
        value = int.from_bytes(raw, "big")
        return (value if keep_mark else value - (1 << 7 * size), size)

    def _children(self, at, end, siblings=frozenset()):
        """Elements of [at, end). One of unknown length ends before the next of
        its `siblings`; one that is cut off is not among them."""
        while at < end:
            ident = self._number(at, True)
            size = ident and self._number(at + ident[1], False)
            if not size:
                self.is_whole = False
                return
            data = at + ident[1] + size[1]
            is_sized = size[0] != (1 << 7 * size[1]) - 1
            stop = data + size[0] if is_sized else end
            if not is_sized:
                self.is_whole = False
                if ident[0] != SEGMENT:
                    stop = self._find_sibling(data, end, siblings)
            if stop > end:
                self.is_whole = False
                if ident[0] not in (SEGMENT, CLUSTER):
                    return
                stop = end
            yield Element(ident[0], at, data, stop, is_sized)
            at = stop

    def _find_sibling(self, at, end, siblings):
        while at < end:
            ident = self._number(at, True)
            size = ident and self._number(at + ident[1], False)
            if not size:
                return end
            if ident[0] in siblings:
                return at
            at += ident[1] + size[1] + size[0]
        return end

    def _fields(self, element):
        """{ID: content}: numbers as such where they are 8 bytes at most, of
        what is no master; the last one of equals."""
        fields = {}
        for child in self._children(element.data, element.end):
            raw = self.bytes[child.data:child.end]
            if child.ident in MASTERS:
                fields[child.ident] = self._fields(child)
            elif child.ident in (0x4282, 0x86, 0x536E, 0x63A2, 0x4D80, 0x5741,
                                 0x22B59C):
                fields[child.ident] = raw
            elif child.ident == 0x4489:
                fields[child.ident] = struct.unpack(
                    ">d" if len(raw) == 8 else ">f", raw)[0]
            else:
                fields[child.ident] = int.from_bytes(raw, "big")
        return fields

    def _read_head(self, part):
        if part.ident == INFO:
            fields = self._fields(part)
            self.scale = fields.get(0x2AD7B1, 1000000)
            if 0x4489 in fields:
                self.duration = fields[0x4489] * self.scale
        elif part.ident == TRACKS:
            for entry in self._children(part.data, part.end):
                if entry.ident == TRACK_ENTRY:
                    track = Track(self._fields(entry))
                    self.tracks[track.name] = track
        elif part.ident == SEEK_HEAD:
            for seek in self._children(part.data, part.end):
                if seek.ident == 0x4DBB:
                    fields = self._fields(seek)
                    self.seeks[fields[0x53AB]] = fields[0x53AC]

    def _read_cluster(self, part, names):
        blocks, base = [], None
        for child in self._children(part.data, part.end):
            if child.ident == 0xE7:
                base = int.from_bytes(self.bytes[child.data:child.end], "big")
            elif child.ident == 0xA3:
                blocks.append(self._read_block(child, base, names))
            elif child.ident == 0xA0:
                inner = {c.ident: c for c in
                         self._children(child.data, child.end)}
                block = self._read_block(inner[0xA1], base, names)
                block.is_group = True
                block.is_key = 0xFB not in inner
                if 0x9B in inner:
                    raw = self.bytes[inner[0x9B].data:inner[0x9B].end]
                    block.duration = int.from_bytes(raw, "big") * self.scale
                blocks.append(block)
        return Cluster(part.start - self.segment.data,
                       None if base is None else base * self.scale, blocks)

    def _read_block(self, element, base, names):
        number, size = self._number(element.data, False)
        at = element.data + size
        offset, flags = struct.unpack(">hB", self.bytes[at:at + 3])
        assert flags & 0x06 == 0, "lacing"
        return Block(names[number], (base + offset) * self.scale, None,
                     bool(flags & 0x80), False,
                     self.bytes[at + 3:element.end])

    def _read_cues(self, part, names):
        for point in self._children(part.data, part.end):
            time, positions = None, []
            for child in self._children(point.data, point.end):
                if child.ident == 0xB3:
                    time = int.from_bytes(
                        self.bytes[child.data:child.end], "big") * self.scale
                elif child.ident == 0xB7:
                    positions.append(self._fields(child))
            self.cues += [(time, names[fields[0xF7]], fields[0xF1])
                          for fields in positions]
