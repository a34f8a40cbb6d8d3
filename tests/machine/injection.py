"""Faults at the injection points of the running image (aspects/fault): each costs what docs/reference/faults.md says."""
import re

from harness import machine
from harness.scenario import Failure, scenario

# A fault in each: its kind, its place, and the command that leads there, if it is not passed all the while.
FAULTS = (
    ("contract", "swap: before a policy is made", "swap scheduler fair"),
    ("trap", "make_policy: before a constructor", "swap scheduler fair"),
    ("check", "make_policy: before it has a slot", "swap frames huge-first"),
    ("contract", "swap: before a state is carried", "swap scheduler fair"),
    ("trap", "swap: before the old policies end", "swap scheduler fair"),  # by then it is swapped
    ("trap", "fair: in a choice", ""),
    ("contract", "command: before a slice", "vms"),
    ("check", "round robin: in a choice", "swap scheduler round-robin"),
    ("contract", "adaptive: at a halt", ""),
)


def woven(bench):
    return f"--ovm={bench.build / 'aspects' / 'ovm-woven.elf'}"


def guests(bench, milliseconds=2_500):
    return [bench.guest("timers", name=name, cmdline=f"milliseconds={milliseconds} tolerance=300") for name in ("one", "two")]


@scenario("faults-injected", timeout=150, cost=2)
def injected(bench):
    """Traps, checks and contracts in swaps, commands and policies: who is not at fault goes on."""
    lines = ["0.5 inject", "0.6 swap scheduler fair", "0.8 swap scheduler round-robin", "1.0 swap halt adaptive",
             "1.1 swap frames huge-first", "1.2 swap frames first-touch", "1.4 vms"]
    at = 2.0
    for kind, place, command in FAULTS:
        lines.append(f"{at:.2f} inject 1 {kind} {place}")
        if command:
            lines.append(f"{at + 0.1:.2f} {command}")
        at += 0.5
    lines += [f"{at:.2f} inject", f"{at + 0.3:.2f} faults", f"{at + 0.5:.2f} policies"]
    outcome = bench.run(*guests(bench), "--cores", 2, woven(bench), bench.script("\n".join(lines)), timeout=100)
    for name in ("one", "two"):
        outcome.needs(r"^timers: \d+ wrong$", name)
    for _, place, _ in FAULTS:
        outcome.needs(rf"^ovm: {place}: passed \d+, failed 1, spared 0$")
    outcome.needs(rf"^ovm: {len(FAULTS)} faults$")
    refused = re.findall(r"^ovm: not swapped: (.*); the policies before go on$", outcome.text, re.MULTILINE)
    if refused != ["scheduler failed in: construct: a fault"] * 2 + [
            "frames failed in: construct: a fault", "scheduler failed in: carry state: a fault"]:
        raise Failure(f"refused swaps: {refused}")
    for line in ("scheduler: back to round-robin", "this command failed in OVM itself: injected_fault",
                 "halt: back to at-once", "frames: first-touch .*", "scheduler: round-robin .*"):
        outcome.needs(rf"^ovm: {line}$")


@scenario("faults-injected-hang", timeout=150, cost=2)
def hang(bench):
    """A crossing of a policy hangs: a neighbour ends it. An exit that fails costs its VM, and the other goes on."""
    outcome = bench.run(*guests(bench, 30_000), "--cores", 2, woven(bench),
                        bench.script("""
        0.5 inject
        0.6 swap halt adaptive
        0.8 inject 1 hang round robin: in a choice
        6.0 inject 1 check dispatcher: an exit arrived
        6.5 faults
        6.7 vms
        7.0 inject 0 check any
        7.1 inject 1 mistake any
        7.2 inject 1 check nowhere
        7.3 inject 1
        7.5 stop
        """), timeout=100)
    outcome.needs_status(machine.guest_crashed)
    outcome.needs(r"^ovm: core \d: a policy of scheduler failed: the crossing did not end$")
    outcome.needs(r"^ovm: 2 faults$")
    states = re.findall(r"^ovm: VM \d \w+: (\w+), 1 vcpu", outcome.text, re.MULTILINE)
    if sorted(states) != ["ended", "running"]:
        raise Failure(f"the VMs are {states}")
    for line in ("PASS is a number from 1, not 0", "a fault is a trap, check, contract or hang, not mistake",
                 "no core came by nowhere yet: `inject` lists the places",
                 "a pass, a kind of fault and a place, or nothing: `help inject`"):
        outcome.needs(rf"^ovm: {line}$")
