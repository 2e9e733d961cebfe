# SPDX-License-Identifier: LGPL-2.1-or-later
"""A locale with a decimal comma changes nothing in the JSON. Usage:
test_wire_locale.py PROGRAM"""

import os
import subprocess
import sys
import tempfile

try:
    import image_interface_pb2 as pb
except ImportError as e:
    print("skipped:", e)
    sys.exit(77)

import wire_client

LOCALE = "de_DE.UTF-8"
PRINT_COMMA = ("import locale; locale.setlocale(locale.LC_ALL, '');"
               "print(locale.localeconv()['decimal_point'])")


def make_locale(directory):
    """Environment in which the locale is used; None if it cannot be made."""
    try:
        subprocess.run(["localedef", "-i", "de_DE", "-f", "UTF-8",
                        os.path.join(directory, LOCALE)], check=True)
    except (OSError, subprocess.CalledProcessError) as e:
        print("skipped:", e)
        return None
    env = {"LOCPATH": directory, "LC_ALL": LOCALE}
    got = subprocess.run([sys.executable, "-c", PRINT_COMMA],
                         env={**os.environ, **env}, stdout=subprocess.PIPE)
    if got.stdout.strip() != b",":
        print("skipped: the locale is not used:", got.stdout)
        return None
    return env


def main(program):
    image_set = pb.ImageSet()
    image_set.timestamp.sec = 1
    image_set.mesh.format = "ply"
    image_set.disparity.image.width = 1
    image_set.disparity.image.height = 1
    image_set.disparity.image.step = 1
    image_set.disparity.image.encoding = "mono8"
    image_set.disparity.image.data = b"x"
    image_set.disparity.scale = 0.0625
    message = image_set.SerializeToString()
    with tempfile.TemporaryDirectory() as directory:
        env = make_locale(directory)
        if env is None:
            return 77
        (line, _), = wire_client.decode(program, [message], env)
    assert '"scale":0.0625,' in line, line
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
