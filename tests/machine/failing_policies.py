"""Policies that fail while virtual machines run (docs/reference/faults.md): another takes over, and the machines go on."""
import re

from harness import machine
from harness.scenario import Failure, scenario

PROVOKE = ("--append", "provoke=policies")


def needs_return(outcome, resource, to, what):
    """The fault's record, the history's, and who is in charge."""
    outcome.needs(rf"^ovm: core \d+: a policy of {resource} failed: {what}")
    outcome.needs(rf"^ovm: {resource}: back to {to}$")
    outcome.needs(rf"^ovm: +at \d+ ms by OVM: fails to {to} in \d+ us.*, as the one before it failed$")
    outcome.needs(rf"^ovm: at \d+ ms on core \d+, for the policy of {resource}: {what}")


def guests(bench, milliseconds=3000):
    return [bench.guest("timers", name=name, cmdline=f"milliseconds={milliseconds} tolerance=300") for name in ("one", "two")]


def needs_guests(outcome):
    for name in ("one", "two"):
        outcome.needs(r"^timers: \d+ wrong$", name)


@scenario("policy-breaks-contract", timeout=60, cost=2)
def contract(bench):
    """A scheduler breaks its contract, one after the other on both cores; its last resort and then the last good one go on."""
    outcome = bench.run(*guests(bench), "--cores", 2, *PROVOKE, bench.script("""
        0.5 swap scheduler fair
        0.8 swap scheduler fails how=0 after=20
        2.0 policies scheduler
        2.2 faults
        """), timeout=40)
    needs_return(outcome, "scheduler", "fair", "keeps_its_contract")
    needs_guests(outcome)


@scenario("policy-traps", timeout=150, cost=2)
def check(bench):
    """A frame allocator fails a run-time check at a touch of Linux: the touch is tried again, and no page is missed."""
    script = "sum=$(head -c 30000000 /dev/zero | tee /dev/shm/zeroes | md5sum); cmp /dev/shm/zeroes /dev/zero; echo ${sum%% *}"
    outcome = bench.run(bench.linux(script, name="debian", population="lazy"), "--cores", 1, *PROVOKE, bench.script("""
        2.0 swap frames fails how=1 after=50
        6.0 policies frames
        6.2 faults
        """), timeout=120)
    needs_return(outcome, "frames", "first-touch", ".*")
    outcome.needs(r"^9e6261867ca2438eb9804c93c542a722$", "debian")
    outcome.needs(r"^ovm-run: exit status 0$", "debian")


@scenario("policy-hangs", timeout=90, cost=2)
def loop(bench):
    """A scheduler loops: the neighbour ends its crossing by NMI."""
    outcome = bench.run(*guests(bench), "--cores", 2, *PROVOKE, bench.script("""
        0.5 swap scheduler fails how=2 after=20 core=1
        9.0 policies scheduler
        9.2 faults
        9.5 stop
        """), timeout=60)
    needs_return(outcome, "scheduler", "round-robin", "the crossing did not end")


def hang_everywhere(bench, cores):
    """A scheduler loops on every core, so that no neighbour is left to look: the last watch ends it, and the VMs go on."""
    outcome = bench.run(*guests(bench, 2500), "--cores", cores, *PROVOKE, bench.script("""
        0.5 swap scheduler fair
        0.8 swap scheduler fails how=2 after=20
        7.0 policies scheduler
        7.2 faults
        """), timeout=90)
    needs_return(outcome, "scheduler", "fair", "the crossing did not end")
    for core in range(cores):
        outcome.needs(rf"^ovm: at \d+ ms on core {core}, for the policy of scheduler: the crossing did not end")
    needs_guests(outcome)


@scenario("policy-hangs-everywhere", timeout=120, cost=2)
def loop_everywhere(bench):
    hang_everywhere(bench, 2)


@scenario("policy-hangs-alone", timeout=120)
def loop_alone(bench):
    hang_everywhere(bench, 1)


@scenario("policy-refuses", timeout=60)
def refuses(bench):
    """A halt policy that takes over nothing: the one before goes on, and the history says why."""
    outcome = bench.run(*guests(bench), "--cores", 2, *PROVOKE, bench.script("""
        0.5 swap halt fails how=3
        0.7 swap halt fails how=0 after=5
        2.0 policies halt
        2.2 faults
        """), timeout=40)
    outcome.needs(r"^ovm: not swapped: halt failed in: carry state: denied; the policies before go on$")
    outcome.needs(r"^ovm: +at \d+ ms by script: at-once to fails failed in: carry state \(denied\)")
    needs_return(outcome, "halt", "at-once", "keeps_its_contract")
    needs_guests(outcome)
