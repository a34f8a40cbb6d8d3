"""What the generator's checks share: sources in a folder, the generator and the compiler on them, and a count."""
import argparse
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests")]

from harness import tally  # noqa: E402

FLAGS = ["-std=c++23", "-stdlib=libc++", "-DOVM_HOSTED=1", f"-I{ROOT / 'hypervisor'}", "-fno-exceptions", "-fno-rtti"]
STRICT = ["-Wall", "-Wextra", "-Werror", "-Wshadow", "-Wconversion", "-Wno-sign-conversion",
          "-Wno-gnu-statement-expression-from-macro-expansion", "-Wno-unused-command-line-argument"]
LINK = ["-fuse-ld=lld-19", "-fsanitize=address,undefined", "-fno-sanitize=vptr", "-fno-sanitize-recover=all"]


def run(command):
    return subprocess.run([str(each) for each in command], capture_output=True, text=True, check=False)


class Suite(tally.Tally):
    def __init__(self, description):
        super().__init__()
        parser = argparse.ArgumentParser(description=description.splitlines()[0])
        parser.add_argument("--generator", required=True, type=pathlib.Path)
        parser.add_argument("--compiler", default="clang++-19")
        self.options = parser.parse_args()
        self.temporary = tempfile.TemporaryDirectory(prefix="ovm-generator-")
        self.folder = pathlib.Path(self.temporary.name)
        self.output = self.folder / "generated"

    def place(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def generate(self, *sources, options=()):
        return run([self.options.generator.resolve(), "--root", self.folder, "--output", self.output, *options, *sources,
                    "--", self.options.compiler, *FLAGS, f"-I{self.folder}"])

    def compile(self, source, *options):
        return run([self.options.compiler, *FLAGS, *STRICT, f"-I{self.folder}", f"-I{self.output}", source, *options])

    def end(self):
        self.temporary.cleanup()
        return super().end()
