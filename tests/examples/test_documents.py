# SPDX-License-Identifier: LGPL-2.1-or-later

"""Runs the pipelines of README and user guide as they are written there, but
with a simulated camera for the camera, and without a display."""

import os
import re
import shlex
import shutil
import subprocess

import fixture
from fixture import Simulator

ROOT = os.path.join(fixture.HERE, "..", "..")
SETS = 8

# Commands about things around the pipelines: what is installed, where.
NOT_RUN = ("export ", "scripts/install-deps", "meson ", "ninja ", "rm ",
           "GST_DEBUG=", "gst-inspect-1.0", "build/tools/rcgrpc-sim",
           "build/tests/examples/record")


def read_commands(document):
    """The commands in ```sh blocks, with continued lines joined."""
    with open(os.path.join(ROOT, document), encoding="utf-8") as file:
        blocks = re.findall(r"^```sh\n(.*?)^```", file.read(), re.M | re.S)
    return [line for block in blocks
            for line in block.replace("\\\n", " ").splitlines() if line]


def read_python(document):
    with open(os.path.join(ROOT, document), encoding="utf-8") as file:
        return re.findall(r"^```python\n(.*?)^```", file.read(), re.M | re.S)


class Camera:
    """Three simulated pipelines, whose ports need not be neighbours."""

    def __init__(self):
        self.simulators = [Simulator("--size=320x240", "--color",
                                     f"--sets={SETS}") for _ in range(3)]

    def __enter__(self):
        for simulator in self.simulators:
            simulator.__enter__()
        return self

    def __exit__(self, *_):
        for simulator in self.simulators:
            simulator.__exit__()

    def base_port(self, pipeline):
        return self.simulators[pipeline].port - pipeline

    def put_in(self, command):
        """The command with this camera for the one it names."""
        def replace_properties(match):
            pipeline = int((re.search(r"pipeline=(\d)", match.group())
                            or [0, 0])[1])
            return match.group().replace(
                match.group(1),
                f"host=127.0.0.1 port={self.base_port(pipeline)}")

        def replace_uri(match):
            pipeline = int((re.search(r"pipeline=(\d)", match.group())
                            or [0, 0])[1])
            return (f"rcgrpc://127.0.0.1:{self.base_port(pipeline)}"
                    + match.group(1))

        command = re.sub(r"rcgrpcsrc (host=\S+)[^!]*", replace_properties,
                         command)
        command = re.sub(r"rcgrpc://[\w.]+(?::\d+)?([^\s\"]*)", replace_uri,
                         command)
        # For all of the world: not here.
        command = re.sub(r"address=0\.0\.0\.0 port=\d+", "port=0", command)
        return command.replace("autovideosink", "fakesink").replace(
            "playbin ", "playbin video-sink=fakesink ")


class DocumentsTest(fixture.ExampleTest):
    def run_commands(self, document):
        """In one folder, in their order: some read what others wrote."""
        commands = [command for command in read_commands(document)
                    if not command.startswith(NOT_RUN)]
        self.assertGreater(len(commands), 0)
        for folder in ("scripts", "tests"):
            os.symlink(os.path.abspath(os.path.join(ROOT, folder)),
                       self.path(folder))
        for command in commands:
            with self.subTest(command), Camera() as camera:
                self.run_command(camera.put_in(command))

    def run_command(self, command):
        program = shlex.split(command)[0]
        if not program.startswith(("/", "scripts/")) \
                and shutil.which(program) is None:
            self.skipTest(f"not installed: {program}")
        # -q: nothing but errors, unless messages are wanted.
        command = re.sub("^gst-launch-1.0 (?!-m)", "gst-launch-1.0 -q ",
                         command)
        environment = fixture.environment_for(program)
        done = subprocess.run(["bash", "-c", command], cwd=self.folder,
                              env=environment, timeout=fixture.PATIENCE,
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, f"{command}\n{done.stderr}")
        for name in re.findall(r"location=(\S+)", command):
            path = self.path(name % 0 if "%" in name else name)
            self.assertGreater(os.path.getsize(path), 0, command)

    def test_readme(self):
        self.run_commands("README.md")

    def test_user_guide(self):
        self.run_commands("docs/user-guide.md")

    def test_depth(self):
        self.run_commands("docs/depth.md")

    def test_readme_python(self):
        snippets = read_python("README.md")
        self.assertEqual(len(snippets), 1)
        with Simulator("--size=320x240") as simulator:
            status, out = self.run_example(
                "/usr/bin/python3", "-c", snippets[0].replace(
                    "host=10.0.2.90", f"host=127.0.0.1 port={simulator.port}"))
        self.assertEqual(status, 0)
        self.assertIn("GRAY16_LE", out)
        self.assertRegex(out, r"baseline 0\.06")


if __name__ == "__main__":
    fixture.main()
