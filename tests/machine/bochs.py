"""Another emulator than QEMU, with another opinion of SVM."""
import shutil

from harness import machine
from harness.scenario import Failure, scenario


@scenario("bochs", timeout=200, cost=2)
def bochs(bench):
    """OVM from a GRUB image in Bochs: two guests, one of which fills every register."""
    if not shutil.which("bochs"):
        raise Failure("bochs is not installed (package bochs)")
    outcome = bench.run("--emulator", "bochs", "--cores", 1, bench.guest("hello", memory="8M"),
                        bench.guest("registers", memory="8M", cmdline="seed=1 rounds=2"), timeout=170)
    outcome.needs_status(machine.good)
    outcome.needs("^good bye$", "hello")
    outcome.needs("^registers kept$", "registers")


@scenario("bochs-hangs", timeout=150)
def hangs(bench):
    """A scheduler loops on the only core, and the last watch ends it. The second one, which this firmware lists nowhere
    and leaves in a loop, must not take the watch's NMI there: that reset the computer."""
    if not shutil.which("bochs"):
        raise Failure("bochs is not installed (package bochs)")
    outcome = bench.run("--emulator", "bochs", "--cores", 2, "--append", "provoke=policies",
                        bench.guest("timers", memory="8M", cmdline="milliseconds=1000 tolerance=300"), bench.script("""
        0.3 swap scheduler fair
        0.5 swap scheduler fails how=2 after=20
        4.2 faults
        """), timeout=130)
    outcome.needs(r"^ovm: OVM runs on 1 core of 1 node")
    outcome.needs(r"^ovm: core 0: a policy of scheduler failed: the crossing did not end")
    outcome.needs(r"^ovm: scheduler: back to fair$")
    outcome.needs(r"^ovm: 1 fault$")
    outcome.needs(r"^timers: \d+ wrong$", "timers")
