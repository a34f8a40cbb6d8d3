"""Clustered objects change their kind and their representatives' places while guests run."""
import re

from harness import machine
from harness.scenario import Failure, scenario


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
    for answer in (r"clustered object frame-stocks: partitioned, [12] representatives?, of cores? 0(-1)?",
                   r"frame-stocks: partitioned to shared in \d+ us", 
                   r"clustered object frame-stocks: shared, 1 representative, on node 0",
                   r"frame-stocks is shared already", r"not changed: frame-stocks cannot be replicated; it stays shared",
                   r"there is no kind alike: `help kind` lists them",
                   r"there is no clustered object stocks: `objects` lists them", r"usage: kind OBJECT KIND",
                   r"frame-stocks: shared to per-node in \d+ us", r"frame-stocks: per-node to partitioned in \d+ us",
                   r"clustered object frame-stocks: partitioned, 2 representatives, of cores 0-1",
                   r"kind OBJECT KIND: makes a clustered object shared, replicated, partitioned or per-node"):
        outcome.needs(rf"^ovm: {answer}$" if not answer.startswith("kind") else rf"^ovm: {answer}")
    outcome.needs(r"^ovm: 0 faults$")


@scenario("registry", timeout=60)
def registry(bench):
    """Who lives where is known after vcpus moved, a VM ended, and the registry became one for all cores and many again."""
    outcome = bench.run(bench.guest("loop", name="one", cmdline="busy"), bench.guest("loop", name="two", cmdline="busy"),
                        bench.guest("hello", name="short"), "--cores", 2, bench.script("""
        1.0 objects
        1.1 move one 0 1
        1.3 vms
        1.4 kind vm-registry shared
        1.6 objects
        1.7 move one 0 0
        1.9 vms
        2.0 kind vm-registry replicated
        2.2 move one 0 1
        2.4 vms
        2.5 move short 0 0
        2.6 kind vm-registry partitioned
        2.8 objects
        2.9 swap placement least-loaded
        3.1 faults
        3.2 stop
        """), timeout=40)
    outcome.needs_status(machine.good)
    for answer in (r"clustered object vm-registry: replicated, 1 representative, of core 0",
                   r"clustered object vm-registry: shared, 1 representative, on node 0",
                   r"clustered object vm-registry: replicated, 2 representatives, of cores 0-1",
                   r"vm-registry: replicated to shared in \d+ us", r"vm-registry: shared to replicated in \d+ us",
                   r"not changed: vm-registry cannot be partitioned; it stays replicated",
                   r"short does not run: it is ended", r"0 faults"):
        outcome.needs(rf"^ovm: {answer}$")
    homes = re.findall(r"^ovm: VM 1 one: running, .*, on core (\d)$", outcome.text, re.MULTILINE)
    if homes != ["1", "0", "1"]:
        raise Failure(f"one was shown on cores {homes}")


@scenario("migrate-command", timeout=60)
def migrate(bench):
    """A representative's pages go to another core's; a wrong word gets an answer that a person can act on."""
    outcome = bench.run(bench.guest("loop", name="one", cmdline="busy"), "--cores", 2, bench.script("""
        1.0 kind frame-stocks shared
        1.2 migrate frame-stocks 0 1
        1.4 kind frame-stocks partitioned
        1.6 objects
        1.7 migrate frame-stocks 0 1
        1.9 objects
        2.0 migrate frame-stocks 1 1
        2.1 migrate vm-registry 0 1
        2.2 kind frame-stocks per-node
        2.4 migrate frame-stocks 0 1
        2.5 migrate frame-stocks 0 2
        2.6 migrate frame-stocks here there
        2.7 migrate stocks 0 1
        2.8 migrate frame-stocks 0
        2.9 help migrate
        3.0 faults
        3.1 stop
        """), timeout=40)
    outcome.needs_status(machine.good)
    for answer in (r"clustered object frame-stocks: partitioned, 2 representatives, of cores 0-1",
                   r"clustered object frame-stocks: partitioned, [12] representatives?, of cores? (1|0-1)",
                   r"not migrated: cores 1 and 1 have the same representative of frame-stocks",
                   r"not migrated: vm-registry is replicated, every core has all of it",
                   r"not migrated: cores 0 and 1 have the same representative of frame-stocks",
                   r"there is no core 2: they are 0 to 1", r"there is no core here: they are 0 to 1",
                   r"there is no clustered object stocks: `objects` lists them", r"usage: migrate OBJECT CORE CORE",
                   r"migrate OBJECT CORE CORE: gives what .*", r"0 faults"):
        outcome.needs(rf"^ovm: {answer}$")
    if len(re.findall(r"^ovm: frame-stocks: from core 0 to core 1 in \d+ us$", outcome.text, re.MULTILINE)) != 2:
        raise Failure("a shared and a partitioned object should have migrated")


@scenario("kinds-under-guests", timeout=120, cost=2)
def under_guests(bench):
    """The pages at hand change their kind, and migrate while each core has its own, again and again while two guests
    touch page after page for the first time."""
    changes = ("kind frame-stocks shared", "kind frame-stocks per-node", "kind frame-stocks partitioned",
               "migrate frame-stocks 0 1", "migrate frame-stocks 1 0")
    script = [f"{0.3 + index * 0.05:.2f} {changes[index % len(changes)]}" for index in range(100)]
    names = ("one", "two")
    guests = [bench.guest("reach", name=name, memory="192M", population="lazy", cmdline="dirty=64") for name in names]
    outcome = bench.run("--cores", 2, *guests, bench.script("\n".join(script)), timeout=100)
    outcome.needs_status(machine.good)
    for name in names:
        outcome.needs("^nothing is there$", name)
    changed = len(re.findall(r"^ovm: frame-stocks: .* to .* in \d+ us$", outcome.text, re.MULTILINE))
    if changed < 10:
        raise Failure(f"the guests ended after {changed} changes")
    outcome.must_not_have(r"^ovm: not (changed|migrated)")
