#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Draws time.png for docs/time.md, and checks the mapping on the way.

Builds gst/source/rcclockmap.c, feeds it an hour of made-up WLAN, and compares
it with what can be known only afterwards: the lower convex hull of all lags.
Needs a C compiler, GLib's headers, numpy and matplotlib.
"""

import ctypes
import pathlib
import subprocess
import tempfile

import numpy as np
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

HERE = pathlib.Path(__file__).resolve().parent
GST = HERE.parent.parent / "gst"
PERIOD = 40_000_000
EPOCH = 1_753_093_721_123_456_789
ORIGIN = 2_000_000_000


def load(folder):
    library = f"{folder}/clockmap.so"
    flags = subprocess.check_output(
        ["pkg-config", "--cflags", "--libs", "glib-2.0"], text=True).split()
    subprocess.check_call(
        ["cc", "-shared", "-fPIC", "-O2", f"-I{GST}", "-o", library,
         GST / "source" / "rcclockmap.c", *flags])
    clockmap = ctypes.CDLL(library)
    clockmap.rc_clock_map_new.restype = ctypes.c_void_p
    clockmap.rc_clock_map_free.argtypes = [ctypes.c_void_p]
    clockmap.rc_clock_map_update.argtypes = [
        ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint64, ctypes.c_void_p]
    clockmap.rc_clock_map_to_running_time.argtypes = [
        ctypes.c_void_p, ctypes.c_uint64]
    clockmap.rc_clock_map_to_running_time.restype = ctypes.c_uint64
    return clockmap


def follow(clockmap, capture, arrival):
    """PTS of each set, and what each did to the mapping."""
    series = clockmap.rc_clock_map_new()
    pts = np.empty(len(capture), np.int64)
    result = np.empty(len(capture), np.int64)
    for i, (c, a) in enumerate(zip(capture.tolist(), arrival.tolist())):
        result[i] = clockmap.rc_clock_map_update(series, c, a, None)
        pts[i] = clockmap.rc_clock_map_to_running_time(series, c)
    clockmap.rc_clock_map_free(series)
    return pts, result


def wlan(rng, seconds, ppm):
    """Captures, arrivals without jitter, and arrivals: exponential jitter of
    10 ms, and a stall of up to 3 s each half minute or so."""
    n = seconds * 1_000_000_000 // PERIOD
    elapsed = np.arange(n) * PERIOD
    capture = EPOCH + elapsed
    prompt = ORIGIN + elapsed + elapsed * ppm // 1_000_000
    arrival = prompt + rng.exponential(10e6, n).astype(np.int64)
    for start in np.cumsum(rng.integers(10, 50, seconds // 30)):
        end = ORIGIN + (start + rng.uniform(0.5, 3)) * 1e9
        late = slice(start * 25, start * 25 + 75)
        arrival[late] = np.maximum(arrival[late], int(end))
    return capture, prompt, np.maximum.accumulate(arrival)


def lower_hull(x, y):
    """The greatest convex line below all points, at each x."""
    hull = []
    for i in range(len(x)):
        while len(hull) > 1 and (
                (y[hull[-1]] - y[hull[-2]]) * (x[i] - x[hull[-2]])
                >= (y[i] - y[hull[-2]]) * (x[hull[-1]] - x[hull[-2]])):
            hull.pop()
        hull.append(i)
    return np.interp(x, x[hull], y[hull])


def check(clockmap, ppm):
    capture, _, arrival = wlan(np.random.default_rng(7), 3600, ppm)
    pts, result = follow(clockmap, capture, arrival)
    assert (result[1:] == 0).all()
    seconds = (capture - capture[0]) * 1e-9
    lag = (arrival - capture - (arrival - capture)[0]) * 1e-6
    mapped = (pts - capture - (arrival - capture)[0]) * 1e-6
    # The last set is a corner of the hull, however late: leave the end out.
    off = (mapped - lower_hull(seconds, lag))[15000:-5000]
    bend = np.abs(np.diff(pts) - PERIOD)
    print(f"{ppm:+4d} ppm: PTS is {off.min():+.2f} to {off.max():+.2f} ms off "
          f"the hull after the first 10 minutes, "
          f"bends by {bend.max() / 40:.0f} ppm")
    assert -6.2 < off.min() and off.max() < 9 and bend.max() <= PERIOD // 5000


def draw(axes, capture, prompt, arrival, pts, unit):
    t = (capture - capture[0]) * 1e-9
    shown = np.arange(len(t))[:: max(1, len(t) // 4000)]
    axes.plot(t[shown], (arrival - prompt)[shown] * 1e-6, ".", color="0.7",
              markersize=2, label="arrival of a set")
    axes.plot(t, (pts - prompt) * 1e-6, color="tab:red", label="PTS")
    axes.axhline(0, color="tab:blue", lw=0.8, label="arrival without jitter")
    axes.set_ylabel(unit)
    axes.margins(x=0)


def main():
    with tempfile.TemporaryDirectory() as folder:
        clockmap = load(folder)
        for ppm in (-100, 0, 100):
            check(clockmap, ppm)

        figure, (a, b) = plt.subplots(2, 1, figsize=(8, 5.6))

        capture, prompt, arrival = wlan(np.random.default_rng(3), 600, -50)
        arrival[0] = prompt[0] + 45_000_000
        pts, _ = follow(clockmap, capture, np.maximum.accumulate(arrival))
        draw(a, capture, prompt, arrival, pts, "ms")
        a.set_ylim(-20, 100)
        a.set_title("WLAN with stalls, 50 ppm of drift, first set 45 ms late",
                    fontsize=10)
        a.legend(loc="upper right", fontsize=8)

        capture, prompt, arrival = wlan(np.random.default_rng(5), 40, 0)
        capture[500:] -= 90_000_000
        pts, _ = follow(clockmap, capture, arrival)
        draw(b, capture, prompt, arrival, pts, "ms")
        b.set_ylim(-120, 100)
        b.set_title("At 20 s the camera's clock falls back by 90 ms, which could "
                    "be a delay: believed after 5 s", fontsize=10)
        b.set_xlabel("capture, s")

        figure.tight_layout()
        figure.savefig(HERE / "time.png", dpi=80)


if __name__ == "__main__":
    main()
