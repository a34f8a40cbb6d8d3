"""What nobody refers to any more is freed while virtual machines run."""
import re

from harness import machine
from harness.scenario import Failure, scenario

COLLECTION = re.compile(r"^ovm: collection (\d+): (\d+) objects freed, .*; (\d+) left, .*; (\d+) slices, the longest \d+ ticks$",
                        re.MULTILINE)


@scenario("collector-commands", timeout=90)
def commands(bench):
    """`gc` says what it freed: the policies that swaps replaced, each core's own included."""
    guests = [bench.guest("timers", name=name, cmdline="tolerance=50") for name in ("first", "second")]
    outcome = bench.run(*guests, "--cores", 2, bench.script("""
        0.3 gc
        0.6 swap scheduler fair and halt adaptive
        0.7 swap collection idle-time least=1M and population/first lazy
        0.8 gc
        1.1 gc
        1.4 objects
        1.5 swap collection idle-time slice=8
        1.6 policies collection
        1.7 swap collection idle-time slice=7
        1.8 swap collection paced growth=4 least=64K
        2.0 gc
        2.3 policies
        2.4 help gc
        2.5 faults
        """), timeout=60)
    outcome.needs_status(machine.good, machine.guest_failed)
    found = [tuple(map(int, each)) for each in COLLECTION.findall(outcome.text)]
    if len(found) != 4:
        raise Failure(f"{len(found)} collections were told of, not 4")
    if [number for number, *_ in found] != sorted({number for number, *_ in found}):
        raise Failure(f"collections do not count: {found}")
    left = {objects for _, _, objects, _ in found}
    # Schedulers of two cores, frames, placement, halt, collection; populations of two VMs.
    if left != {8}:
        raise Failure(f"{left} objects are left, not always 8")
    if found[1][1] < 5:
        raise Failure(f"{found[1][1]} objects were freed after five gave way")
    if found[2][1] != 0:
        raise Failure("something was freed twice")
    for answer in (r"collected objects: 8 left by collection \d+, \S+ (B|KiB)",
                   r"\* idle-time least=4 KiB|\* idle-time least=4K slice=24: ", r"slice=7: beyond its range",
                   r"collection: paced growth=4 least=64K, 3 swaps", r"gc .*: frees the objects", r"0 faults"):
        outcome.needs(rf"^ovm: +{answer}|^ovm: {answer}")


@scenario("collector-many-swaps", timeout=200)
def many_swaps(bench):
    """More policies come and go than memory for them is kept, and none is refused; nor is a command that the script
    plays faster than its machine works."""
    lines = [f"{0.5 + index * 0.001:.3f} swap scheduler {policy} and collection {collection}"
             for index, (policy, collection) in enumerate([("fair", "idle-time"), ("deadline", "paced")] * 200)]
    outcome = bench.run(bench.guest("loop", cmdline="busy"), "--cores", 2,
                        bench.script("\n".join([*lines, "2.0 gc", "2.4 gc", "2.8 faults", "3.0 stop"])), timeout=160)
    outcome.needs_status(machine.good)
    done = len(re.findall(r"^ovm: swapped$", outcome.text, re.MULTILINE))
    if done != 400:
        raise Failure(f"{done} of 400 swaps were done")
    found = COLLECTION.findall(outcome.text)
    if len(found) != 2 or int(found[-1][2]) != 7:
        raise Failure(f"7 policies should be left: {found}")
    outcome.needs(r"^ovm: 0 faults$")
