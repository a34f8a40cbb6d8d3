"""Clustered objects change their kind while guests run."""
import re

from harness import machine
from harness.scenario import Failure, scenario

KINDS = ("shared", "per-node", "partitioned")


@scenario("kind-command", timeout=60)
def command(bench):
    """A wrong word gets an answer that a person can act on; a right one changes the kind, and `objects` shows it."""
    outcome = bench.run(bench.guest("loop", name="one", cmdline="busy"), "--cores", 2, bench.script("""
        1.0 objects
        1.1 kind frame-stocks shared
        1.3 objects
        1.4 kind frame-stocks shared
        1.5 kind frame-stocks replicated
        1.7 kind frame-stocks alike
        1.8 kind stocks shared
        1.9 kind frame-stocks
        2.0 kind frame-stocks per-node
        2.2 kind frame-stocks partitioned
        2.4 objects
        2.5 help kind
        2.6 faults
        2.7 stop
        """), timeout=40)
    outcome.needs_status(machine.good)
    for answer in (r"clustered object frame-stocks: partitioned, [12] representatives?",
                   r"frame-stocks: partitioned to shared in \d+ us", r"clustered object frame-stocks: shared, 1 representative",
                   r"frame-stocks is shared already", r"not changed: frame-stocks cannot be replicated; it stays shared",
                   r"there is no kind alike: `help kind` lists them",
                   r"there is no clustered object stocks: `objects` lists them", r"usage: kind OBJECT KIND",
                   r"frame-stocks: shared to per-node in \d+ us", r"frame-stocks: per-node to partitioned in \d+ us",
                   r"clustered object frame-stocks: partitioned, 2 representatives",
                   r"kind OBJECT KIND: makes a clustered object shared, replicated, partitioned or per-node"):
        outcome.needs(rf"^ovm: {answer}$" if not answer.startswith("kind") else rf"^ovm: {answer}")
    outcome.needs(r"^ovm: 0 faults$")


@scenario("kinds-under-guests", timeout=120, cost=2)
def under_guests(bench):
    """The pages at hand change their kind again and again while two guests touch page after page for the first time."""
    script = [f"{0.3 + index * 0.05:.2f} kind frame-stocks {KINDS[index % len(KINDS)]}" for index in range(100)]
    names = ("one", "two")
    guests = [bench.guest("reach", name=name, memory="192M", population="lazy", cmdline="dirty=64") for name in names]
    outcome = bench.run("--cores", 2, *guests, bench.script("\n".join(script)), timeout=100)
    outcome.needs_status(machine.good)
    for name in names:
        outcome.needs("^nothing is there$", name)
    changed = len(re.findall(r"^ovm: frame-stocks: \S+ to \S+ in \d+ us$", outcome.text, re.MULTILINE))
    if changed < 10:
        raise Failure(f"the guests ended after {changed} changes")
    outcome.must_not_have(r"^ovm: not changed")
