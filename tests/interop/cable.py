# SPDX-License-Identifier: LGPL-2.1-or-later
"""A network of this test's own: a robot (this process), a camera, and a cable
that can be cut and made bad.

Robot and camera are network namespaces. The cable is two TUN devices and a
thread here that carries packets from one to the other: it needs neither
netem, which not every kernel has, nor a packet filter. Whatever becomes of
this process, nothing is left: the camera ends with it, namespaces and devices
end with those who hold them.
"""

import collections
import fcntl
import os
import random
import select
import shutil
import struct
import subprocess
import sys
import threading
import time

ROBOT, CAMERA = "192.0.2.1", "192.0.2.2"
PORT = 50051

_MARK = "TEST_HAS_ITS_NETWORK"
_TUN = "/dev/net/tun"
_TUNSETIFF = 0x400454CA
_IFF_TUN, _IFF_NO_PI = 0x0001, 0x1000
_MTU = 1500

# ip needs no runtime of AddressSanitizer before it.
_PLAIN = {k: v for k, v in os.environ.items() if k != "LD_PRELOAD"}


def enter():
    """Starts this program anew in a namespace of its own, as root there.
    Returns if that was done; else exits with why not, a reported skip."""
    if _MARK in os.environ:
        return
    for program in "ip", "setpriv", "unshare":
        if shutil.which(program) is None:
            _skip(f"no program {program}")
    if not os.access(_TUN, os.R_OK | os.W_OK):
        _skip(f"{_TUN} cannot be opened")
    for options in ["--net"], ["--map-root-user", "--net"]:
        command = ["unshare", *options, "--"]
        trial = subprocess.run(
            [*command, "ip", "tuntap", "add", "mode", "tun", "name", "trial"],
            capture_output=True, text=True)
        if trial.returncode == 0:
            os.environ[_MARK] = "1"
            os.execvp("unshare", [*command, sys.executable, *sys.argv])
    _skip(f"no network namespace: {trial.stderr.strip()}")


def _skip(reason):
    print(f"skipped: {reason}")
    sys.exit(77)


def ip(*words):
    subprocess.run(["ip", *words], check=True, env=_PLAIN)


def _open_tun(name):
    device = os.open(_TUN, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    fcntl.ioctl(device, _TUNSETIFF,
                struct.pack("16sH22x", name.encode(), _IFF_TUN | _IFF_NO_PI))
    return device


class Way:
    """One direction of the cable. Change the attributes at any time.

    open: packets go through; loss: part of them that does not; delay, jitter:
    seconds, of which jitter is at random; rate: bytes a second, None for any.
    buffer: bytes that are under way or wait at the most, what is beyond is
    dropped; most_held: how many were so far.
    """

    def __init__(self, seed):
        self.open = True
        self.loss = 0.0
        self.delay = self.jitter = 0.0
        self.rate = None
        self.buffer = 64 * 1024
        self.most_held = 0
        self._random = random.Random(seed)
        self._packets = collections.deque()  # (when it arrives, packet)
        self._held = 0
        self._free_at = 0.0
        self._last_due = 0.0

    def put(self, packet, now):
        if not self.open or self._random.random() < self.loss:
            return
        if self._held + len(packet) > self.buffer:
            return
        due = now
        if self.rate is not None:
            self._free_at = max(now, self._free_at) + len(packet) / self.rate
            due = self._free_at
        due += self.delay + self._random.uniform(0, self.jitter)
        # Packets do not overtake each other.
        self._last_due = due = max(due, self._last_due)
        self._packets.append((due, packet))
        self._held += len(packet)
        self.most_held = max(self.most_held, self._held)

    def take(self, now):
        """The next packet that has arrived, or None."""
        if not self._packets or self._packets[0][0] > now:
            return None
        packet = self._packets.popleft()[1]
        self._held -= len(packet)
        return packet if self.open else None

    def get_due(self):
        return self._packets[0][0] if self._packets else None


class Cable:
    """`to_robot` and `to_camera` are its Ways."""

    def __init__(self):
        self.to_robot, self.to_camera = Way(1), Way(2)
        self._robot = _open_tun("robot")
        self._camera = None
        self._wakeup = os.eventfd(0)
        self._ended = False
        self._lock = threading.Lock()  # of _camera
        ip("address", "add", f"{ROBOT}/24", "dev", "robot")
        self.set_link(True)
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()

    @property
    def ways(self):
        return self.to_robot, self.to_camera

    def set_open(self, is_open):
        """Both ways."""
        for way in self.ways:
            way.open = is_open

    def set_link(self, up):
        """The robot's device, as when its plug is pulled."""
        ip("link", "set", "robot", "up" if up else "down")

    def attach(self, process):
        """Gives `process`, in its namespace, the other end."""
        device = _open_tun("camera")
        ip("link", "set", "camera", "netns", str(process.pid))
        with self._lock:
            before, self._camera = self._camera, device
        if before is not None:
            os.close(before)
        os.eventfd_write(self._wakeup, 1)

    def close(self):
        self._ended = True
        os.eventfd_write(self._wakeup, 1)
        self._thread.join()
        for device in self._robot, self._camera, self._wakeup:
            if device is not None:
                os.close(device)

    def _carry(self):
        while not self._ended:
            self._wait()
            with self._lock:
                now = time.monotonic()
                self._read(self._robot, self.to_camera, now)
                self._read(self._camera, self.to_robot, now)
                self._write(self._robot, self.to_robot, now)
                self._write(self._camera, self.to_camera, now)

    def _wait(self):
        dues = [way.get_due() for way in self.ways if way.get_due()]
        timeout = max(0, min(dues) - time.monotonic()) if dues else None
        with self._lock:
            devices = [self._robot, self._wakeup]
            if self._camera is not None:
                devices.append(self._camera)
        if self._wakeup in select.select(devices, [], [], timeout)[0]:
            os.eventfd_read(self._wakeup)

    def _read(self, device, way, now):
        while device is not None:
            try:
                way.put(os.read(device, _MTU), now)
            except BlockingIOError:
                return
            except OSError:
                self._lose(device)
                return

    def _lose(self, device):
        """The camera's device ends with its namespace."""
        if device == self._camera:
            os.close(device)
            self._camera = None

    @staticmethod
    def _write(device, way, now):
        while way.get_due() is not None and way.get_due() <= now:
            packet = way.take(now)
            if device is not None and packet is not None:
                try:
                    os.write(device, packet)
                except OSError:
                    pass  # the link is down


class Camera:
    """rcgrpc-sim in a namespace of its own, at CAMERA, PORT."""

    SCRIPT = ('echo ready && read -r _ && ip link set lo up && '
              f'ip address add {CAMERA}/24 dev camera && '
              'ip link set camera up && exec setpriv --pdeathsig KILL "$@"')

    def __init__(self, cable, program, *options):
        self.process = subprocess.Popen(
            ["unshare", "--net", "--", "sh", "-c", self.SCRIPT, "camera",
             program, f"--address={CAMERA}", f"--port={PORT}", *options],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._expect("ready")
        cable.attach(self.process)
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        self._expect(f"pipeline 0: listening on {CAMERA}:{PORT}")

    def _expect(self, expected):
        line = self.process.stdout.readline().rstrip("\n")
        if line != expected:
            self.stop()
            raise AssertionError(f"the camera said {line!r}")

    def stop(self):
        """As when its power fails."""
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
