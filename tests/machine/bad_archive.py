"""What OVM itself says about a boot archive that the launcher would never have made."""
import pathlib
import re
import shlex
import shutil

from harness import archive, machine
from harness.scenario import Failure, scenario


class Planned:
    """The emulator's command line for a machine, to be started with another boot archive."""

    def __init__(self, bench, *arguments):
        outcome = bench.run("--dry-run", "--cores", 1, *arguments, timeout=30).needs_status(machine.good)
        line = next(line for line in outcome.text.splitlines() if line.startswith("qemu"))
        self._bench = bench
        self._command = shlex.split(line)
        place = pathlib.Path(self._value("-initrd"))
        self.archive = place.read_bytes()
        shutil.rmtree(place.parent)

    def _value(self, option):
        return self._command[self._command.index(option) + 1]

    def boot(self, data):
        """Starts it; answers what came on COM1, and the status that OVM's last record tells."""
        records = self._bench.file("records", b"")
        command = list(self._command)
        place = command.index("-initrd")
        if data is None:
            del command[place:place + 2]
        else:
            command[place + 1] = str(self._bench.file("archive", data))
        changed = next(index for index, word in enumerate(command) if word.startswith("file,path="))
        command[changed] = re.sub("path=[^,]*", f"path={records}", command[changed])
        outcome = self._bench.run(command=command, timeout=40)
        if outcome.status != 0:
            raise Failure(f"the emulator ended with {outcome.status}")
        last = records.read_bytes()[-6:]
        if last[:4] != b"\xa5X\0\1":
            raise Failure("OVM's last record does not say that it is done")
        outcome.status = last[4]
        return outcome


@scenario("bad-archive", timeout=150)
def bad_archive(bench):
    """Absent, truncated, changed on the way, or with a description that OVM does not know: one line, status 2."""
    plan = Planned(bench, bench.guest("hello"))
    whole = plan.archive
    (_, text), *files = archive.files_of(whole)
    if archive.files_of(archive.boot_archive([("machine.conf", text), *files])) != archive.files_of(whole):
        raise Failure("the harness cannot write what the launcher writes")
    at = whole.index(b"ovm-machine 1")
    def described(line):
        return archive.boot_archive([("machine.conf", text.replace(b"vcpus 1", line)), *files])
    for name, data, says in (
            ("absent", None, r"boot archive: none was given; start OVM with \./run"),
            ("empty", b"", r"boot archive: (none was given|truncated)"),
            ("no archive", b"this is no archive" * 100, r"boot archive: corrupt; machine\.conf cannot be read"),
            ("truncated", whole[:at + 40], r"boot archive: truncated; machine\.conf cannot be read"),
            ("flipped", whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1:], r"boot archive: corrupt; machine\.conf cannot be read"),
            ("unknown key", described(b"vcpus 1\nspeed 9"), r"machine\.conf, line \d+: .*: .*speed"),
            ("bad value", described(b"vcpus 17"), r"machine\.conf, line \d+: .*out of range: vcpus"),
            ("no end", archive.boot_archive([("machine.conf", text[:text.rindex(b"end")]), *files]), r"machine\.conf, line \d+: "),
    ):
        print(f"--- {name}", flush=True)
        outcome = plan.boot(data)
        if outcome.status != machine.bad_input:
            raise Failure(f"{name}: status {outcome.status}, should be {machine.bad_input}")
        outcome.needs(says)
        outcome.must_not_have("OVM CRASH|hello from a guest")


@scenario("bad-guest-file", timeout=90)
def bad_guest_file(bench):
    """A VM whose kernel came broken, or that wants more memory than there is, does not start; its neighbour does."""
    plan = Planned(bench, bench.guest("hello", name="good"), bench.guest("hello-multiboot", boot="multiboot", name="broken"))
    (_, text), *files = archive.files_of(plan.archive)
    broken = next(name for name, _ in files if "broken" in name)
    at = plan.archive.index(dict(files)[broken]) + 5000
    changed = plan.archive[:at] + bytes([plan.archive[at] ^ 1]) + plan.archive[at + 1:]
    before, _, after = text.rpartition(b"memory 67108864")
    greedy = archive.boot_archive([("machine.conf", before + b"memory 68719476736" + after), *files])
    for data, says in ((changed, r"broken: could not start: .*"), (greedy, r"broken: could not start: there is not enough memory|broken: could not start: .*memory")):
        outcome = plan.boot(data)
        if outcome.status != machine.guest_crashed:
            raise Failure(f"status {outcome.status}, should be {machine.guest_crashed}")
        outcome.needs(says)
        outcome.needs(r"good: wrote 0 to its debug-exit port")
        outcome.must_not_have("OVM CRASH")
