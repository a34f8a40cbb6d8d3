"""Policies are swapped while virtual machines run, and nobody notices but by what they decide."""
import itertools
import re

from harness import machine
from harness.scenario import Failure, scenario

SCHEDULERS = ("round-robin", "fair", "deadline", "dedicated")


@scenario("swap-commands", timeout=60)
def commands(bench):
    """Every command answers; a wrong word gets an answer that a person can act on, and changes nothing."""
    outcome = bench.run(bench.guest("timers", cmdline="tolerance=50"), "--cores", 2, bench.script("""
        0.2 policies
        0.3 swap scheduler fair slice=1ms
        0.5 swap scheduler deadline and placement least-loaded and frames huge-first and halt adaptive max=100us
        0.7 policies scheduler
        0.8 swap population/timers lazy
        0.9 vms
        1.0 cores
        1.1 objects
        1.2 stats
        1.3 faults
        1.4 swap scheduler fare
        1.5 swap scheduler fair slice=1
        1.6 swap scheduler fair slice=1h
        1.7 swap nothing fair
        1.8 swap scheduler
        1.9 swap scheduler fair slice=2s
        2.0 swap scheduler fair and scheduler deadline
        2.1 dance
        2.2 help swap
        2.3 policies
        """), timeout=40)
    outcome.needs_status(machine.good, machine.guest_failed)
    for answer in (r"scheduler: round-robin slice=10ms, 0 swaps",
                   r"at \d+ ms by script: round-robin to fair in \d+ us",
                   r"at \d+ ms by script: fair to deadline in \d+ us",
                   r"at \d+ ms by script: static to least-loaded in \d+ us, gate \d+ ticks",
                   r"at \d+ ms by script: eager to lazy in \d+ us, gate \d+ ticks",
                   r"\* deadline slice=10ms bound=950: ", r"VM 1 timers: running, 1 vcpu, 64 MiB",
                   r"core 1: node 0, 0 live there", r"object table: \d+ of 8192 entries", r"halt: \d+", r"0 faults",
                   r"scheduler has no policy fare", r"slice=1: not a value of its kind", r"slice=1h: not a value",
                   r"there is no resource nothing", r"usage: swap RESOURCE POLICY", r"slice=2s: beyond its range",
                   r"scheduler: another swap of it is under way", r"there is no command dance", r"swap RESOURCE POLICY .*: replaces",
                   r"scheduler: deadline slice=10ms bound=950, 2 swaps", r"halt: adaptive max=100us .*, 1 swap"):
        outcome.needs(rf"^ovm: +{answer}|^ovm: {answer}")


def every_swap(resource, policies):
    """For ever, each of two to four policies after each other one."""
    order = {2: (0, 1), 3: (0, 1, 2, 1, 0, 2), 4: (0, 1, 0, 2, 0, 3, 1, 2, 1, 3, 2, 3)}[len(policies)]
    return (f"{resource} {policies[index]}" for index in itertools.cycle(order))


SHARED_CORES = ("fair", "deadline", "round-robin")
FRAMES = ("frames", ("interleave", "huge-first", "first-touch"))
HALT = ("halt", ("adaptive", "at-once"))
POPULATIONS = (("population/debian1", ("lazy", "eager")), ("population/debian2", ("lazy", "eager")))


def swaps_of_all(count, first, pause, schedulers, others):
    """A console script that swaps the scheduler and another policy together, so often; then it asks how that went."""
    schedulers = every_swap("scheduler", schedulers)
    others = itertools.cycle([every_swap(*other) for other in others])
    lines = [f"{first + pause * index:.2f} swap {next(schedulers)} and {next(next(others))}" for index in range(count)]
    end = first + pause * count
    return "\n".join([*lines, f"{end + 0.5:.2f} policies", f"{end + 0.7:.2f} faults"])


def under_linux(bench, swaps, rounds, timeout, cores=2, before="", schedulers=SHARED_CORES,
                others=(("placement", ("least-loaded", "node-local", "static")), FRAMES, HALT, *POPULATIONS)):
    """Two Linux guests compute and keep time while every policy gives way to every other, round and round."""
    script = rf"""
for round in $(seq {rounds}); do
    sum=$(head -c 2000000 /dev/zero | md5sum | cut -c1-32); echo "sum $sum"; sleep 1
done
dmesg | grep -E "stall|lockup|BUG|WARNING: CPU" | sed 's/^/complaint: /'; true
"""
    outcome = bench.run(bench.linux(script, name="debian1", vcpus=2), bench.linux(script, name="debian2", vcpus=2),
                        "--cores", cores, bench.script(before + swaps_of_all(swaps, 3.0, 0.08, schedulers, others)), timeout=timeout)
    outcome.needs_status(machine.good)
    sums = re.findall(r"sum ([0-9a-f]{32})", outcome.text)
    if len(set(sums)) != 1 or len(sums) != 2 * rounds:
        raise Failure(f"{len(sums)} checksums, not {2 * rounds}, or different ones: {set(sums)}")
    for name in ("debian1", "debian2"):
        outcome.must_not_have("^complaint: .*", name)
        outcome.needs("^ovm-run: exit status 0$", name)
    done = len(re.findall(r"^ovm: swapped$", outcome.text, re.MULTILINE))
    if done != swaps:
        raise Failure(f"{done} of {swaps} swaps were done")
    outcome.needs(r"^ovm: 0 faults$")


@scenario("swap-under-linux", timeout=200, cost=2)
def some_under_linux(bench):
    under_linux(bench, swaps=120, rounds=8, timeout=160)


def every_family_under_linux(bench, swaps, rounds, timeout):
    """The scheduler that gives a vcpu its own core takes part, as each of the four vcpus has one; no placement puts two on
    one core while others idle, so it is admitted each time."""
    under_linux(bench, swaps, rounds, timeout, cores=4, before="2.5 move debian2 0 3\n", schedulers=("dedicated", *SHARED_CORES))


@scenario("swap-dedicated-under-linux", timeout=300, cost=2)
def dedicated_under_linux(bench):
    every_family_under_linux(bench, swaps=48, rounds=4, timeout=200)


@scenario("swap-under-linux-long", timeout=900, cost=2, full=True)
def many_under_linux(bench):
    every_family_under_linux(bench, swaps=1000, rounds=80, timeout=800)


@scenario("swap-shares", timeout=150)
def shares(bench):
    """Weights 1:2:4 become shares of one core, to 5%, within 100 ms of the swap; before it, turns are equal."""
    guests = [bench.guest("loop", name=f"w{weight}", cmdline="busy", weight=100 * weight) for weight in (1, 2, 4)]
    outcome = bench.run(*guests, "--deterministic", "--cores", 1, bench.script("""
        0.40 vms
        0.70 vms
        0.70 swap scheduler fair
        0.80 vms
        1.20 vms
        1.21 stop
        """), timeout=120)
    waited = {weight: [int(value) for value in re.findall(rf"^ovm: VM \d w{weight}: .*waited (\d+) ms", outcome.text, re.MULTILINE)]
              for weight in (1, 2, 4)}

    def share(weight, begin, end, length):
        return 1 - (waited[weight][end] - waited[weight][begin]) / length

    for weight in (1, 2, 4):
        if len(waited[weight]) != 4:
            raise Failure(f"w{weight} was shown {len(waited[weight])} times, not 4")
        if abs(share(weight, 0, 1, 300) - 1 / 3) > 0.05:
            raise Failure(f"w{weight} had {share(weight, 0, 1, 300):.3f} of the core by turns")
        if abs(share(weight, 2, 3, 400) - weight / 7) > 0.05 * weight / 7 + 0.005:
            raise Failure(f"w{weight} had {share(weight, 2, 3, 400):.3f} of the core, not {weight}/7")


@scenario("reservation-refused", timeout=60)
def refused(bench):
    """Reservations that do not fit beside one another are refused as a whole, and everybody goes on as before."""
    guests = [bench.guest("loop", name=name, budget="6ms", period="10ms") for name in ("first", "second")]
    outcome = bench.run(*guests, "--cores", 1, bench.script("""
        1.5 swap scheduler deadline
        1.7 policies scheduler
        1.8 swap scheduler deadline bound=10
        2.0 swap scheduler dedicated
        2.2 faults
        2.3 stop
        """), timeout=30)
    outcome.needs_status(machine.good)
    if len(re.findall(r"^ovm: not swapped: scheduler failed in: carry state: denied; the policies before go on$",
                      outcome.text, re.MULTILINE)) != 3:
        raise Failure("three swaps should have been refused")
    outcome.needs(r"^ovm: \* round-robin")
    outcome.needs(r"round-robin to deadline failed in: carry state \(denied\)")
    outcome.needs(r"^ovm: 0 faults$")
