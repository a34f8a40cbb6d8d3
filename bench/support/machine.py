"""What the benches share: a tree that is built, and machines that run in it."""
import argparse
import os
import pathlib
import re
import shlex
import signal
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
GOOD = 0


class Problem(Exception):
    """The figures cannot be had; the text says why."""


def parser(description):
    """The options that every bench knows."""
    options = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    options.add_argument("--yes", action="store_true", help="install missing packages without asking")
    options.add_argument("--short", action="store_true", help="only see that everything works: the least of each, no figure counts")
    options.add_argument("--build", type=pathlib.Path, help="a built tree, which is taken as it is (./test does so)")
    options.add_argument("--kernel", type=pathlib.Path, help="with --build: Debian's kernel")
    options.add_argument("--initramfs", type=pathlib.Path, help="with --build: its initramfs")
    return options


def guest(program, **more):
    """The --guest option of one of our own small guests."""
    return {"kernel": f"guest/{program}.elf", "name": program, "debug_exit": "0xf4", **more}


class Machine_tree:
    """A built tree: makes and runs machines. A context, whose files vanish with it."""

    def __init__(self, arguments, targets, linux=False, bochs=False):
        if arguments.build:
            paths = {"build": arguments.build.resolve(), "kernel": arguments.kernel, "initramfs": arguments.initramfs}
        else:
            paths = _prepare(arguments.yes, targets, linux, bochs)
        self.build = pathlib.Path(paths["build"])
        self.kernel = paths.get("kernel")
        self.initramfs = paths.get("initramfs")
        if linux and not (self.kernel and self.initramfs):
            raise Problem("no Debian kernel was given: --kernel and --initramfs go with --build")
        self._folder = tempfile.TemporaryDirectory(prefix="ovm-bench-")
        self.folder = pathlib.Path(self._folder.name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._folder.cleanup()

    def command(self, *arguments, guests=()):
        """The launcher's command line; each guest is a dictionary of --guest's keys."""
        launcher = self.build / "launcher" / "ovm-launch"
        if not launcher.exists():
            raise Problem(f"{launcher} was not built")
        return [str(launcher), "--headless", *map(str, arguments), *map(self._guest_option, guests)]

    def emulator_of(self, *arguments, guests=()):
        """The command line of the emulator that a machine would be run by; its output goes to the terminal."""
        # The files of a dry run stay: in our folder, with which they go.
        environment = {**os.environ, "TMPDIR": str(self.folder)}
        result = subprocess.run(self.command("--dry-run", *arguments, guests=guests), capture_output=True, text=True,
                                env=environment, check=False)
        if result.returncode != GOOD:
            raise Problem(result.stderr)
        return shlex.split(result.stdout)

    def run(self, *arguments, guests=(), timeout=600):
        """Runs a machine to its good end and returns its output."""
        command = self.command("--timeout", timeout, *arguments, guests=guests)
        result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                check=False)
        text = result.stdout.decode(errors="replace").replace("\r\n", "\n")
        if result.returncode != GOOD:
            raise Problem(f"{text}\n{' '.join(command)}\nended with exit status {result.returncode}")
        return text

    def run_until(self, pattern, times, *arguments, guests=(), timeout=120):
        """Runs a machine until so many lines match, and stops it; returns the matches."""
        command = self.command("--timeout", timeout, *arguments, guests=guests)
        matches, text = [], ""
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
            for raw in process.stdout:
                line = raw.decode(errors="replace")
                text += line
                if match := re.search(pattern, line):
                    matches.append(match)
                if len(matches) == times:
                    process.send_signal(signal.SIGTERM)
                    break
            process.stdout.read()
        if len(matches) != times:
            raise Problem(f"{text}\n{' '.join(command)}\nprinted {len(matches)} of {times} lines that match: {pattern}")
        return matches

    def _guest_option(self, values):
        values = dict(values)
        kernel = pathlib.Path(values["kernel"])
        values["kernel"] = kernel if kernel.is_absolute() else self.build / kernel
        if not values["kernel"].exists():
            raise Problem(f"{values['kernel']} was not built")
        words = (f"{key.replace('_', '-')}={str(value).replace(',', ',,')}" for key, value in values.items())
        return "--guest=" + ",".join(words)


def _prepare(agreed, targets, linux, bochs):
    words = ["--yes"] * agreed + ["--linux"] * linux + ["--bochs"] * bochs
    result = subprocess.run([str(ROOT / "scripts" / "prepare.sh"), *words, *targets], stdout=subprocess.PIPE, text=True,
                            check=False)
    if result.returncode != 0:
        sys.exit(result.returncode)
    return dict(line.split("=", 1) for line in result.stdout.splitlines())
