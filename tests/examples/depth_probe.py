#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Prints the distance that a stereo camera measures at the image centre.

    depth_probe.py --uri rcgrpc://10.0.2.90 --sets 10

Shows how to get at an image's pixels and at its parameters from Python. One
line a set: its number, the distance along the optical axis and how many pixels
it is the median of. Ends with Ctrl-C.
"""

import argparse
import statistics
import struct
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstVideo", "1.0")
from gi.repository import GLib, Gst, GstVideo  # noqa: E402

# Sides of the window around the centre, pixels: one pixel alone may have no
# disparity, or that of the object behind an edge.
WINDOW = 9

# How long to wait in one go: Python acts on Ctrl-C only in between.
POLL = 200 * Gst.MSECOND


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--uri", default="rcgrpc://localhost",
                        help="rcgrpc://HOST[:PORT][?pipeline=N]")
    parser.add_argument("--sets", type=int, default=-1,
                        help="stop after so many image sets")
    return parser.parse_args()


def window_values(buffer, info):
    """The stored 16-bit values around the image centre."""
    width, height = min(WINDOW, info.width), min(WINDOW, info.height)
    left, top = (info.width - width) // 2, (info.height - height) // 2
    order = ">" if info.finfo.format == GstVideo.VideoFormat.GRAY16_BE else "<"
    row_format = f"{order}{width}H"

    ok, mapped = buffer.map(Gst.MapFlags.READ)
    if not ok:
        raise RuntimeError("cannot read the image")
    try:
        # Rows are stride bytes apart, which may be more than 2 * width.
        return [value for row in range(top, top + height)
                for value in struct.unpack_from(
                    row_format, mapped.data, row * info.stride[0] + 2 * left)]
    finally:
        buffer.unmap(mapped)


def distances(values, meta):
    """Metres, of those values that are a disparity."""
    # The focal length is that of the disparity image itself, in its pixels.
    product = meta["focal-length"] * meta["baseline"]
    for value in values:
        if value == meta["invalid-data-value"]:
            continue
        disparity = value * meta["scale"] + meta["offset"]
        if disparity > 0:
            yield product / disparity


def image_meta(buffer):
    custom = buffer.get_custom_meta("GstRcImageMeta")
    if custom is None:
        raise RuntimeError("the image came without GstRcImageMeta")
    structure = custom.get_structure()
    return {name: structure.get_value(name)
            for name in ("focal-length", "baseline", "scale", "offset",
                         "invalid-data-value")}


def report(sample):
    buffer = sample.get_buffer()
    info = GstVideo.VideoInfo.new_from_caps(sample.get_caps())
    found = list(distances(window_values(buffer, info), image_meta(buffer)))
    if found:
        text = f"{statistics.median(found):.3f} m ({len(found)} pixels)"
    else:
        text = "no disparity at the centre"
    # Flushed, so that a program that reads the lines has them at once.
    print(f"set {buffer.offset}: {text}", flush=True)


def run(pipeline):
    """Reports each set until the stream ends; True if it ended well."""
    sink = pipeline.get_by_name("sink")
    bus = pipeline.get_bus()

    pipeline.set_state(Gst.State.PLAYING)
    while True:
        sample = sink.emit("try-pull-sample", POLL)
        if sample is not None:
            report(sample)
            continue
        message = bus.pop_filtered(Gst.MessageType.ERROR)
        if message is not None:
            error, debug = message.parse_error()
            print(f"{error.message}\n{debug}", file=sys.stderr)
            return False
        if sink.get_property("eos"):
            return True


def main():
    arguments = parse_arguments()
    Gst.init(None)

    # The pad that is asked for is what the camera is asked for. A slow reader
    # gets the newest image: appsink drops what waits in front of it.
    try:
        pipeline = Gst.parse_launch(
            "rcgrpcsrc name=camera  camera.disparity ! "
            "appsink name=sink sync=false max-buffers=1 drop=true")
    except GLib.Error as error:
        print(f"{error.message}: is GST_PLUGIN_PATH set to the folder that "
              "libgstrcgrpc.so is in?", file=sys.stderr)
        return 2
    camera = pipeline.get_by_name("camera")
    camera.set_property("uri", arguments.uri)
    camera.set_property("num-buffers", arguments.sets)

    try:
        return 0 if run(pipeline) else 1
    except KeyboardInterrupt:
        return 130
    finally:
        pipeline.set_state(Gst.State.NULL)


if __name__ == "__main__":
    sys.exit(main())
