# SPDX-License-Identifier: LGPL-2.1-or-later
"""On what it was measured."""

import os
import platform
import subprocess
import time

PACKAGES = ("libgrpc29", "libgrpc++1.51", "libprotobuf32", "libprotobuf-c1",
            "libgstreamer1.0-0", "libglib2.0-0", "libc6", "gcc",
            "python3-grpcio", "python3-protobuf")


def read(path, prefix):
    try:
        with open(path) as file:
            for line in file:
                if line.startswith(prefix):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return "?"


def output(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True,
                              check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "?"


def package_versions():
    listing = output("dpkg-query", "-W", "-f", "${Package} ${Version}\n",
                     "libgrpc*", *PACKAGES)
    lines = [line.split() for line in listing.splitlines()]
    return {line[0]: line[1] for line in lines
            if len(line) == 2 and line[0] in PACKAGES}


def describe(source):
    return {
        "cpu": read("/proc/cpuinfo", "model name"),
        "cores": len(os.sched_getaffinity(0)),
        "memory": read("/proc/meminfo", "MemTotal"),
        "kernel": platform.release(),
        "hypervisor": output("systemd-detect-virt"),
        "commit": output("git", "-C", str(source), "describe", "--always",
                         "--dirty"),
        "packages": package_versions(),
        "time": time.strftime("%Y-%m-%d %H:%M"),
        "load_before": os.getloadavg(),
    }


def show(machine):
    return (f"{machine['cpu']}, {machine['cores']} cores, "
            f"{machine['memory']}, Linux {machine['kernel']}, "
            f"{machine['hypervisor']}; commit {machine['commit']}; "
            f"load before: {machine['load_before'][0]:.1f}")
