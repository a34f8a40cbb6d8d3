"""What the weaver's checks share: running it, and counting what holds."""
import argparse
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE.parent)]

from harness import tally  # noqa: E402

FLAGS = ["-std=c++23", "-stdlib=libc++", f"-I{ROOT / 'hypervisor'}", "-fno-exceptions", "-fno-rtti"]
STRICT = ["-O2", "-g", "-Wall", "-Wextra", "-Werror", "-Wshadow", "-Wconversion", "-Wno-sign-conversion",
          "-Wno-unused-command-line-argument"]
LINK = ["-fuse-ld=lld-19", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]


def run(command):
    return subprocess.run([str(each) for each in command], capture_output=True, text=True, check=False)


class Suite(tally.Tally):
    def __init__(self, description):
        super().__init__()
        parser = argparse.ArgumentParser(description=description.splitlines()[0])
        parser.add_argument("--weaver", required=True, type=pathlib.Path)
        parser.add_argument("--compiler", default="clang++-19")
        parser.add_argument("names", nargs="*")
        self.options = parser.parse_args()
        self.temporary = tempfile.TemporaryDirectory(prefix="ovm-weaver-")
        self.folder = pathlib.Path(self.temporary.name)

    def weave(self, aspects, source, *options, flags=()):
        command = [self.options.weaver.resolve()]
        for aspect in aspects:
            command += ["--aspect", aspect]
        return run([*command, *options, "--", self.options.compiler, *FLAGS, *flags, source])

    def compile(self, source, *options):
        return run([self.options.compiler, *FLAGS, *STRICT, source, *options])

    def place(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def end(self):
        self.temporary.cleanup()
        return super().end()
