"""A machine under test: starts the launcher without a terminal and tells its output apart by VM."""
import os
import pathlib
import re
import select
import shlex
import signal
import subprocess
import tempfile
import time

from . import archive
from .scenario import Failure, Skip

good, guest_failed, bad_input, guest_crashed, hypervisor_crashed, timed_out = 0, 1, 2, 3, 4, 124
seen_enough = 128 + signal.SIGTERM  # `until` was fulfilled


class Outcome:
    """What a machine printed until it ended, and its exit status."""

    def __init__(self, status, text):
        self.status = status
        self.text = text

    def of(self, name):
        """The lines of one VM, without its name."""
        pattern = re.compile(rf"^\W*{re.escape(name)}\W*?[:|\]>] ?(.*)$")
        matches = (pattern.match(line) for line in self.text.splitlines())
        return "\n".join(match.group(1).rstrip("\r") for match in matches if match)

    def needs_status(self, *wanted):
        if self.status not in wanted:
            raise Failure(f"exit status {self.status}, should be {' or '.join(map(str, wanted))}")
        return self

    def needs(self, pattern, name=None):
        """Returns the match of a pattern that must be in the output (of one VM)."""
        match = re.search(pattern, self.of(name) if name else self.text, re.MULTILINE)
        if not match:
            raise Failure(f"no line {'of ' + name if name else ''} matches: {pattern}")
        return match

    def must_not_have(self, pattern, name=None):
        match = re.search(pattern, self.of(name) if name else self.text, re.MULTILINE)
        if match:
            raise Failure(f"this must not be there{' (' + name + ')' if name else ''}: {match.group(0)}")
        return self


class Bench:
    """Gives a scenario its guests and machines. One per scenario; its files vanish with it."""

    def __init__(self, build, kernel, initramfs):
        self.build = pathlib.Path(build)
        self.kernel = kernel
        self.initramfs = initramfs
        self._folder = tempfile.TemporaryDirectory(prefix="ovm-test-")
        self.folder = pathlib.Path(self._folder.name)
        self._count = 0

    def close(self):
        self._folder.cleanup()

    @property
    def launcher(self):
        path = self.build / "launcher" / "ovm-launch"
        if not path.exists():
            raise Failure(f"{path} was not built")
        return path

    def file(self, name, data):
        """A file of this scenario's own."""
        path = self.folder / name
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path

    def guest(self, program, name=None, cmdline="", vcpus=1, memory="64M", boot="pvh", **more):
        """The --guest option for one of our own small guests; it has debug-exit port 0xf4."""
        path = self.build / "guest" / f"{program}.elf"
        if not path.exists():
            raise Failure(f"{path} was not built")
        return _option(kernel=path, name=name or program, cmdline=cmdline, vcpus=vcpus, memory=memory, boot=boot,
                       debug_exit="0xf4", **more)

    def linux(self, script=None, name="debian", cmdline="", vcpus=1, memory="256M", **more):
        """The --guest option for Debian's kernel; the script runs as its first process and then powers it off."""
        if not self.kernel or not self.initramfs:
            raise Skip("no Debian kernel was prepared (./test prepares it)")
        initramfs = self.initramfs
        if script is not None:
            self._count += 1
            initramfs = self.file(f"initrd-{self._count}", archive.with_script(pathlib.Path(self.initramfs).read_bytes(), script))
        return _option(kernel=self.kernel, initrd=initramfs, name=name, vcpus=vcpus, memory=memory,
                       cmdline=f"console=ttyS0 panic=-1 ovm.name={name} {cmdline}".strip(), **more)

    def script(self, text):
        """The option that plays commands on OVM's own console: one a line, after its time in seconds."""
        self._count += 1
        return f"--console-script={self.file(f'console-{self._count}', text)}"

    def command(self, *arguments, headless=True):
        """The launcher's command line."""
        command = [str(self.launcher)]
        if self.kernel and self.initramfs:
            command += ["--default-kernel", str(self.kernel), "--default-initrd", str(self.initramfs)]
        if headless:
            command.append("--headless")
        return command + [str(argument) for argument in arguments]

    def run(self, *arguments, timeout=90, command=None, until=()):
        """Runs a machine until it ends; `timeout` is the launcher's own --timeout, in seconds.

        `until`: pairs of a pattern and a guest's name. Once each is there, a machine that would go on for good is
        ended, with the status seen_enough.
        """
        command = command or self.command("--timeout", timeout, *arguments)
        print("$ " + shlex.join(command), flush=True)
        started = time.monotonic()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   start_new_session=True)
        output = self._read(process, started + timeout + 30, until)
        text = output.decode(errors="replace").replace("\r\n", "\n")
        print(text, end="" if text.endswith("\n") else "\n")
        print(f"-> exit status {process.returncode} after {time.monotonic() - started:.1f} s", flush=True)
        return Outcome(process.returncode, text)


    @staticmethod
    def _read(process, deadline, until):
        """All that the launcher prints until it ends."""
        output, asked = b"", False
        # The launcher ends the machine by itself; only a launcher that hangs is ended from here.
        while time.monotonic() < deadline:
            if not select.select([process.stdout], [], [], 1)[0]:
                continue
            piece = os.read(process.stdout.fileno(), 65536)
            if not piece:
                process.wait()
                return output
            output += piece
            if until and not asked:
                so_far = Outcome(None, output.decode(errors="replace").replace("\r\n", "\n"))
                if all(re.search(pattern, so_far.of(name), re.MULTILINE) for pattern, name in until):
                    asked = True
                    process.terminate()
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        print(output.decode(errors="replace"))
        raise Failure("the launcher did not end the machine in time")


def _option(**values):
    """--guest KEY=VALUE,...; commas in a value are written twice."""
    words = [f"{key.replace('_', '-')}={str(value).replace(',', ',,')}" for key, value in values.items() if str(value) != ""]
    return "--guest=" + ",".join(words)
