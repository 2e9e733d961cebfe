# SPDX-License-Identifier: LGPL-2.1-or-later
"""Reads recordings back with FFmpeg and MKVToolNix."""

import json
import shutil
import subprocess

MISSING_TOOLS = [tool for tool in
                 ["ffmpeg", "ffprobe", "mkvmerge", "mkvextract"]
                 if shutil.which(tool) is None]


def run(*command):
    return subprocess.run(command, check=True, capture_output=True).stdout


def probe_tracks(path):
    """[(title, codec, pixel format, frames)] as FFmpeg reads the file."""
    out = run("ffprobe", "-v", "error", "-count_frames", "-of", "json",
              "-show_entries", "stream=codec_name,pix_fmt,nb_read_frames:"
              "stream_tags=title", path)
    # The tag's name is as in the file, or not: it depends on the version.
    return [({k.lower(): v for k, v in stream["tags"].items()}["title"],
             stream["codec_name"], stream.get("pix_fmt"),
             int(stream["nb_read_frames"]))
            for stream in json.loads(out)["streams"]]


def identify(path):
    """What mkvmerge says of the file: see mkvmerge --identify."""
    return json.loads(run("mkvmerge", "-J", path))


def decode(path, track, pixel_format):
    """All pixels of a track, one frame after the other. Pictures as well."""
    return run("ffmpeg", "-v", "error", "-i", path, "-map", f"0:{track}",
               "-fps_mode", "passthrough", "-f", "rawvideo",
               "-pix_fmt", pixel_format, "-")


def metadata_lines(path, track):
    """The sets' JSON, as MKVToolNix extracts the subtitles."""
    subtitles = path + ".srt"
    run("mkvextract", "-q", path, "tracks", f"{track}:{subtitles}")
    with open(subtitles, encoding="utf-8-sig") as file:
        return [line for line in file if line.startswith("{")]
