"""Modules are loaded into a machine whose guests are busy, replaced, rolled back and unloaded; bad ones are refused."""
import re

from harness import machine, module
from harness.scenario import Failure, scenario


def options(bench, **files):
    """Of a run whose boot archive holds these modules, and the key that signed them."""
    words = ["--key", module.key_file(bench.folder)]
    for name, content in files.items():
        words += ["--module", module.write(bench.folder, name + ".omod", content)]
    return words


@scenario("module-life", timeout=120)
def life(bench):
    """Loaded, swapped in under a busy guest, upgraded with its parameters, rolled back, unloaded."""
    build = bench.build
    outcome = bench.run(bench.guest("timers", cmdline="tolerance=50"), "--cores", 2,
                        *options(bench, one=module.halt_module(build), two=module.halt_module(build, version=2)),
                        bench.script("""
        0.2 module list
        0.3 module load one.omod
        0.5 module list
        0.6 module info constant
        0.7 policies halt
        0.8 swap halt constant window=700
        1.0 module unload constant
        1.1 module load two.omod
        1.3 module list
        1.4 policies
        1.5 module roll-back constant
        1.7 module list
        1.8 swap halt at-once
        2.0 module unload constant
        2.2 module list
        2.3 faults
        """), timeout=80)
    outcome.needs_status(machine.good, machine.guest_failed)
    for answer in (r"module constant 1 loaded", r"constant 1: 8 KiB$", r"96 B of code, at most 256 B of stack",
                   r"halt constant window=50: answers a constant", r"  constant window=50: answers a constant",
                   r"at \d+ ms by script: at-once to constant in \d+ us",
                   r"module constant is in use: swap its policies out first", r"module constant 2 in place of 1",
                   r"constant 2: 8 KiB, in use by halt, version 1 kept", r"halt: constant window=700, 2 swaps",
                   r"module constant 1 in place of 2", r"constant 1: 8 KiB, in use by halt, version 2 kept",
                   r"module constant 1 unloaded", r"0 faults"):
        outcome.needs(rf"^ovm: +{answer}|^ovm: {answer}")


@scenario("module-refused", timeout=120)
def refused(bench):
    """What is not as it should be is refused with its reason, and nothing changes."""
    build = bench.build
    good = module.halt_module(build)
    flipped = bytearray(good)
    flipped[300] ^= 4
    unsigned = good[:64] + bytes(32) + good[96:]
    outcome = bench.run(bench.guest("timers", cmdline="tolerance=50"), "--cores", 2,
                        *options(bench, flipped=bytes(flipped), unsigned=unsigned, short=good[:90],
                                 cut=good[:-1],
                                 taken=module.halt_module(build, policy="at-once"),
                                 privileged=module.halt_module(build, tail=b"\x0f\x30\xc3"),
                                 vector=module.halt_module(build, tail=b"\x0f\x58\xc1\xc3"),
                                 jump=module.halt_module(build, tail=b"\xeb\xff\xc3"),
                                 call=module.halt_module(build, tail=b"\xff\xd0\xc3")),
                        bench.script("""
        0.2 module load flipped.omod
        0.4 module load unsigned.omod
        0.6 module load short.omod
        0.8 module load cut.omod
        1.0 module load taken.omod
        1.2 module load privileged.omod
        1.4 module load vector.omod
        1.6 module load jump.omod
        1.8 module load call.omod
        2.0 module load missing.omod
        2.1 module unload nothing
        2.2 module dance with-me
        2.3 module list
        2.4 policies halt
        """), timeout=80)
    outcome.needs_status(machine.good, machine.guest_failed)
    for answer in (r"module flipped.omod refused: its signature is wrong",
                   r"module unsigned.omod refused: it is signed with a key that this machine does not trust",
                   r"module short.omod refused: it is too short to be signed",
                   r"module cut.omod refused: its signature is wrong",
                   r"module taken.omod refused: a policy of that name exists",
                   r"module privileged.omod refused: its code has an instruction that modules may not use, at 0x60",
                   r"module vector.omod refused: its code has an instruction that modules may not use, at 0x60",
                   r"module jump.omod refused: an address of code is in the middle of an instruction, at 0x61",
                   r"module call.omod refused: its code has an indirect branch that is not through an import, at 0x60",
                   r"modules/missing.omod of the boot archive: not found",
                   r"module nothing: there is none of that name", r"usage: module load FILE"):
        outcome.needs(rf"^ovm: {answer}")
    outcome.must_not_have(r"module constant|constant 1:")


@scenario("module-faults", timeout=120)
def faults(bench):
    """A policy of a module traps: its resource goes back, and the module makes no more."""
    build = bench.build
    outcome = bench.run(bench.guest("timers", cmdline="tolerance=50"), "--cores", 2,
                        *options(bench, bad=module.halt_module(build, code=b"\x0f\x0b"),
                                 breakpoint=module.halt_module(build, name="stops", policy="stops", code=b"\xcc")),
                        bench.script("""
        0.2 module load bad.omod
        0.4 swap halt constant
        1.0 module list
        1.1 policies halt
        1.2 swap halt constant
        1.5 module load breakpoint.omod
        1.7 swap halt stops
        2.2 module list
        2.3 faults
        """), timeout=80)
    outcome.needs_status(machine.good, machine.guest_failed)
    for answer in (r"core \d: a policy of halt failed", r"module constant: in quarantine, as its policy failed",
                   r"halt: back to at-once", r"constant 1: 8 KiB, in quarantine",
                   r"not swapped: halt failed in: construct: denied", r"module stops: in quarantine",
                   r"stops 1: 8 KiB, in quarantine"):
        outcome.needs(rf"^ovm: {answer}")


@scenario("module-frames-fault", timeout=150, cost=2)
def frames_fault(bench):
    """A module's frame policy traps, names a node that is not there, or loops, at a guest's touch or wherever else
    frames are asked for: the built-in rule serves at once, and the guest misses no page."""
    build = bench.build

    def bad(name, code):
        return module.halt_module(build, name=name, policy=name, code=code, family="frames")
    # mov $99, %eax; mov $0x100, %edx; ret: a choice, and that it is one
    nowhere = b"\xb8\x63\0\0\0\xba\0\x01\0\0\xc3"
    # With so much memory it still touches new pages when the last of them is swapped in.
    outcome = bench.run(bench.guest("reach", memory="768M", population="lazy", cmdline="dirty=64 passes=4000000"),
                        "--cores", 2,
                        *options(bench, traps=bad("traps", b"\x0f\x0b"), nowhere=bad("nowhere", nowhere),
                                 loops=bad("loops", b"\xeb\xfe")),
                        bench.script("""
        0.2 module load traps.omod
        +0.2 swap frames traps
        +0.3 module load nowhere.omod
        +0.2 swap frames nowhere
        +0.3 module load loops.omod
        +0.2 swap frames loops
        +9.0 module list
        +0.1 swap frames traps
        +0.1 policies frames
        +0.1 faults
        +0.1 stop
        """), timeout=120)
    for name in ("traps", "nowhere", "loops"):
        outcome.needs(rf"^ovm: module {name}: in quarantine, as its policy failed")
        outcome.needs(rf"^ovm: +at \d+ ms by script: first-touch to {name} in")
        outcome.needs(rf"^ovm: +{name} 1: 8 KiB, in quarantine")
    outcome.needs(r"^ovm: core \d: a policy of frames failed")
    outcome.needs(r"^ovm: frames: back to first-touch")
    outcome.needs(r"^ovm: not swapped: frames failed in: construct: denied")
    outcome.must_not_have("(?i)hypervisor crashed|OVM crashed")


@scenario("module-memory", timeout=240, cost=2)
def memory(bench):
    """What ovmc makes of working-set and colouring gives two guests their pages as they touch them, is replaced by the
    built-in policies and comes back meanwhile."""
    guests = [bench.guest("reach", name=name, memory="192M", population="lazy", cmdline="dirty=64")
              for name in ("one", "two")]
    outcome = bench.run(*guests, bench.guest("timers", cmdline="milliseconds=9000 tolerance=300"), "--cores", 2,
                        "--module", module.shipped(bench, "working-set"), "--module", module.shipped(bench, "colouring"),
                        "--key", bench.folder / "site.pub", bench.script("""
        0.1 module load working-set-1.omod
        +0.2 module load colouring-1.omod
        +0.2 swap frames colouring colours=4 and population/one working-set and population/two working-set most=8
        +0.3 swap frames first-touch
        +0.1 swap frames colouring colours=2 borrow=0
        +0.1 swap population/one lazy
        +0.1 swap population/one working-set
        +0.1 policies
        +0.1 swap frames interleave
        +0.1 swap frames colouring
        +0.1 module list
        5.0 swap frames first-touch
        +0.1 policies frames
        +0.1 module unload colouring
        +0.1 module list
        +0.1 faults
        """), timeout=200)
    outcome.needs_status(machine.good, machine.guest_failed)
    for name in ("one", "two"):
        outcome.needs("^nothing is there$", name)
    for answer in (r"module working-set 1 loaded", r"module colouring 1 loaded",
                   r" +at \d+ ms by script: first-touch to colouring in",
                   r" +at \d+ ms by script: interleave to colouring in", r" *frames: colouring colours=2 look=16 borrow=0, \d+ swaps",
                   r"colouring 1: \d+ KiB, in use by frames", r"working-set 1: \d+ KiB, in use by population/one",
                   r"module colouring 1 unloaded", r"0 faults"):
        outcome.needs(rf"^ovm: {answer}")


@scenario("module-packing", timeout=240, cost=2)
def packing(bench):
    """Packing takes over from least-loaded, empties a core, hands over and goes."""
    guests = [bench.guest("timers", name=name, cmdline="milliseconds=4000 tolerance=300") for name in ("one", "two")]
    outcome = bench.run(*guests, "--cores", 2, "--module", module.shipped(bench, "packing"),
                        "--key", bench.folder / "site.pub", bench.script("""
        0.1 module load packing-1.omod
        +0.2 swap placement packing interval=10 fill=900 full=1000
        +1.0 module list
        +0.1 policies placement
        +0.1 swap placement least-loaded
        +0.2 swap placement packing
        +0.2 swap placement static
        +0.1 policies placement
        +0.1 module unload packing
        +0.1 faults
        """), timeout=200)
    outcome.needs_status(machine.good, machine.guest_failed)
    for name in ("one", "two"):
        outcome.needs(r"^timers: \d+ wrong$", name)
    for answer in (r"module packing 1 loaded", r" +at \d+ ms by script: \S+ to packing in",
                   r"packing 1: \d+ KiB, in use by placement", r" +at \d+ ms by script: packing to least-loaded in",
                   r" +at \d+ ms by script: packing to static in", r"module packing 1 unloaded", r"0 faults"):
        outcome.needs(rf"^ovm: {answer}")


BUSY = r"""
for round in $(seq 6); do
    sum=$(head -c 2000000 /dev/zero | md5sum | cut -c1-32); echo "sum $sum"; sleep 1
done
dmesg | grep -E "stall|lockup|BUG|WARNING: CPU" | sed 's/^/complaint: /'; true
"""


@scenario("module-under-linux", timeout=240, cost=2)
def under_linux(bench):
    """A scheduler as ovmc makes it serves two busy Linux guests, is upgraded with its state, rolled back, unloaded."""
    outcome = bench.run(bench.linux(BUSY, name="debian1", vcpus=2), bench.linux(BUSY, name="debian2", vcpus=2),
                        "--cores", 2, "--module", module.shipped(bench, "lottery", 1), "--module", module.shipped(bench, "lottery", 2),
                        "--key", bench.folder / "site.pub", bench.script("""
        3.0 module load lottery-1.omod
        +0.5 swap scheduler lottery slice=2ms
        +0.5 module load lottery-2.omod
        +0.5 module list
        +0.5 module roll-back lottery
        +0.5 module info lottery
        +0.5 policies
        +0.5 swap scheduler fair
        +0.5 module unload lottery
        +0.5 module list
        +0.1 faults
        """), timeout=200)
    outcome.needs_status(machine.good)
    sums = re.findall(r"sum ([0-9a-f]{32})", outcome.text)
    if len(set(sums)) != 1 or len(sums) != 12:
        raise Failure(f"{len(sums)} checksums, not 12, or different ones: {set(sums)}")
    for name in ("debian1", "debian2"):
        outcome.must_not_have("^complaint: .*", name)
        outcome.needs("^ovm-run: exit status 0$", name)
    for answer in (r"module lottery 1 loaded", r"  at \d+ ms by script: round-robin to lottery",
                   r"module lottery 2 in place of 1", r"lottery 2: 8 KiB, in use by scheduler, version 1 kept",
                   r"module lottery 1 in place of 2", r"  scheduler lottery slice=10ms seed=1: ",
                   r"scheduler: lottery slice=2ms seed=1, 3 swaps", r"module lottery 1 unloaded", r"0 faults"):
        outcome.needs(rf"^ovm: {answer}")
