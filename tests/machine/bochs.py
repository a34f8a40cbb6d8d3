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
