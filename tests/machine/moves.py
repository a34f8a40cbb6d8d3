"""Vcpus move from core to core while their guests run, and nobody notices but by the shares."""
import re

from harness import machine
from harness.scenario import Failure, scenario


def shuffled(guests, vcpus, begin, step, count, homes):
    """A console script in which each vcpu in turn goes to the other of two cores; `homes` is where each lives."""
    lines = []
    for index in range(count):
        guest, vcpu = guests[index % len(guests)], index // len(guests) % vcpus
        homes[guest, vcpu] = 1 - homes[guest, vcpu]
        lines.append(f"{begin + index * step:.2f} move {guest} {vcpu} {homes[guest, vcpu]}")
    return lines


def static_homes(guests, vcpus):
    return {(guest, vcpu): (number + vcpu) % 2 for number, guest in enumerate(guests) for vcpu in range(vcpus)}


def needs_moves(outcome, count):
    done = len(re.findall(r"^ovm: moved to core \d in \d+ us$", outcome.text, re.MULTILINE))
    if done != count:
        raise Failure(f"{done} of {count} moves were done")


@scenario("move-command", timeout=60)
def command(bench):
    """A wrong word gets an answer that a person can act on; a right one moves a vcpu, and is counted."""
    outcome = bench.run(bench.guest("loop", name="one", cmdline="busy"), bench.guest("loop", name="two", vcpus=2),
                        "--cores", 2, bench.script("""
        1.0 vms
        1.1 move one 0 1
        1.3 vms
        1.4 move one 0 1
        1.5 move three 0 1
        1.6 move two 2 0
        1.7 move two 0 2
        1.8 move two x 0
        1.9 move two 0
        2.0 move two 1 1
        2.2 vms
        2.3 cores
        2.4 help move
        2.5 stop
        """), timeout=40)
    outcome.needs_status(machine.good)
    for answer in (r"VM 1 one: running, .*, on core 0", r"VM 1 one: running, .*, on core 1",
                   r"VM 2 two: running, .*, on cores 1 0", r"VM 2 two: running, .*, on cores 1 1",
                   r"vcpu 0 of one lives on core 1 already", r"there is no VM three: `vms` lists them",
                   r"two has no vcpu 2: they are 0 to 1", r"there is no core 2: they are 0 to 1", r"two has no vcpu x",
                   r"usage: move VM VCPU CORE", r"core 1: node 0, 3 live there", r"core 0: node 0, 0 live there, 0 can run",
                   r"vcpus moved: 0 by the placement, 2 by hand; 0 could not be", r"move VM VCPU CORE: moves a vcpu"):
        outcome.needs(rf"^ovm: {answer}")
    needs_moves(outcome, 2)


@scenario("moves-keep-registers", timeout=90, cost=2)
def keep_registers(bench):
    """Every register, breakpoint and vector register goes along, from among another VM's."""
    names = ("one", "two")
    script = shuffled(names, 2, 0.4, 0.05, 60, static_homes(names, 2))
    outcome = bench.run("--cores", 2, *(bench.guest("registers", name=name, vcpus=2, cmdline=f"seed={seed} rounds=6000")
                                        for seed, name in enumerate(names)), bench.script("\n".join(script)), timeout=70)
    outcome.needs_status(machine.good)
    for name in names:
        outcome.needs("^registers kept$", name)
    if len(re.findall(r"^ovm: moved to core", outcome.text, re.MULTILINE)) < 10:
        raise Failure("the guests ended before they were moved often")


@scenario("moves-under-linux", timeout=120, cost=2)
def under_linux(bench):
    """Two Linux guests compute and keep time while their vcpus go round and round; idle ones are moved, too."""
    script = r"""
for round in 1 2 3 4 5; do
    sum=$(head -c 1000000 /dev/zero | md5sum | cut -c1-32); echo "sum $sum"; sleep 1
done
dmesg | grep -E "stall|lockup|BUG|WARNING: CPU|clocksource.*unstable" | sed 's/^/complaint: /'; true
"""
    names = ("debian1", "debian2")
    moves = shuffled(names, 2, 2.0, 0.06, 80, static_homes(names, 2))
    outcome = bench.run(*(bench.linux(script, name=name, vcpus=2) for name in names), "--cores", 2,
                        bench.script("\n".join([*moves, "7.0 cores", "7.1 vms", "7.2 faults"])), timeout=100)
    outcome.needs_status(machine.good)
    if len(set(re.findall(r"sum ([0-9a-f]{32})", outcome.text))) != 1:
        raise Failure("checksums differ")
    for name in names:
        outcome.must_not_have("^complaint: .*", name)
        outcome.needs("^ovm-run: exit status 0$", name)
    needs_moves(outcome, 80)
    outcome.needs(r"^ovm: vcpus moved: 0 by the placement, 80 by hand; 0 could not be$")
    outcome.needs(r"^ovm: 0 faults$")


@scenario("moves-even-out", timeout=90, cost=2)
def even_out(bench):
    """Two busy guests share a core beside an idle one, until a placement that looks at loads takes over."""
    guests = [bench.guest("loop", name="first", cmdline="busy"), bench.guest("idle", name="between"),
              bench.guest("loop", name="second", cmdline="busy")]
    outcome = bench.run(*guests, "--cores", 2, bench.script("""
        1.0 vms
        1.6 vms
        1.7 swap placement least-loaded
        2.5 vms
        3.1 vms
        3.2 cores
        3.3 swap placement static gather=1
        3.8 vms
        3.9 cores
        4.0 stop
        """), timeout=70)
    outcome.needs_status(machine.good)
    shown = [re.findall(rf"^ovm: VM \d {name}: .*waited (\d+) ms, on core (\d)$", outcome.text, re.MULTILINE)
             for name in ("first", "second")]
    if [len(times) for times in shown] != [5, 5]:
        raise Failure("the guests were not shown five times")
    waited = [[int(time) for time, _ in times] for times in shown]
    homes = list(zip(*([core for _, core in times] for times in shown)))

    def between(begin, end):
        return [times[end] - times[begin] for times in waited]

    # One of the two waits at any time, by turns.
    together, apart = between(0, 1), between(2, 3)
    if sum(together) < 400 or min(together) < sum(together) / 3:
        raise Failure(f"on one core they waited {together} of 600 ms")
    if max(apart) > 60:
        raise Failure(f"on a core each they waited {apart} of 600 ms")
    if homes[0] != homes[4] or homes[0][0] != homes[0][1] or homes[2][0] == homes[2][1]:
        raise Failure(f"they lived on {homes}")
    outcome.needs(r"^ovm: vcpus moved: 1 by the placement, 0 by hand; 0 could not be$")
    # The static one was told to bring home whom it finds elsewhere.
    outcome.needs(r"^ovm: vcpus moved: 2 by the placement, 0 by hand; 0 could not be$")
