"""A crash of the hypervisor itself: what its record says, and that it outlives a reset."""
import re

from harness import machine
from harness.scenario import Failure, scenario, scenarios

# What each provocation (docs/reference/boot-archive.md) must be called in the record.
CAUSES = {
    "contract": r"assertion broken: holds",
    "page-fault": r"page fault \(#PF\), error code 0x2",
    "stack": r"double fault|page fault",
}


def needs_record(outcome, cause, before="ovm: "):
    outcome.needs(rf"^{before}OVM CRASH on core 0: .*({cause})")
    # The guest that ran last on that core, and why it was left.
    outcome.needs(rf"^{before}guest: VM 1 vcpu 0, last exit 0x[0-9a-f]+ ")
    lines = re.search(rf"^{before}backtrace:\n((?:{before}  0x.*\n)+)", outcome.text, re.MULTILINE)
    if not lines:
        raise Failure("the record has no backtrace")
    return lines.group(1)


@scenarios(timeout=90, crash_contract="contract", crash_page_fault="page-fault", crash_stack="stack")
def crash(bench, kind):
    """The record names the cause, the place, the way there and the guest at hand; the exit status is 4."""
    outcome = bench.run("--cores", 1, "--append", f"provoke={kind}", bench.guest("loop"), timeout=60)
    outcome.needs_status(machine.hypervisor_crashed)
    way = needs_record(outcome, CAUSES[kind])
    if kind == "contract":
        outcome.needs(r"^ovm: at provoke\.cpp:\d+$")
    else:
        outcome.needs(r"^ovm: rip 0xffffffff[0-9a-f]{8} arch::(write_nowhere|fill_stack)\+0x")
        outcome.needs(r"^ovm: cr0 0x[0-9a-f]+ cr2 0x[0-9a-f]+ cr3 ")
    if kind == "stack":
        outcome.needs("guard page: the stack is exhausted")
        return  # the way there is longer than a record
    for name in ("provoke", "Core::turn|Core::run", "core_main"):
        if not re.search(rf"0xffffffff[0-9a-f]{{8}} .*({name})", way):
            raise Failure(f"the backtrace does not name {name}")


@scenario("crash-reset", timeout=120)
def crash_reset(bench):
    """crash=reset: the next boot finds the record in memory and repeats it, to a program behind the records too."""
    outcome = bench.run("--cores", 1, "--append", "crash=reset provoke=contract",
                        bench.guest("timers", cmdline="milliseconds=500 tolerance=30"), timeout=75)
    outcome.needs_status(machine.hypervisor_crashed)
    needs_record(outcome, CAUSES["contract"])
    needs_record(outcome, CAUSES["contract"], before="ovm: previous run: ")
    outcome.needs(r"^timers: \d+ wrong$", "timers")
