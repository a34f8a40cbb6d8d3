"""What a world switch must keep, the clocks, and what must stay out of reach."""
from harness import machine
from harness.scenario import scenario


@scenario("registers", timeout=150)
def registers(bench):
    """Two VMs with two processors each and other patterns in every register, on one core."""
    outcome = bench.run("--cores", 1, bench.guest("registers", name="one", vcpus=2, cmdline="seed=1 rounds=150"),
                        bench.guest("registers", name="two", vcpus=2, cmdline="seed=2 rounds=150"), timeout=120)
    outcome.needs_status(machine.good)
    outcome.needs("^registers kept$", "one")
    outcome.needs("^registers kept$", "two")


@scenario("registers-many-cores", timeout=150, cost=2)
def registers_many_cores(bench):
    outcome = bench.run("--cores", 2, *(bench.guest("registers", name=f"vm{number}", vcpus=3, cmdline=f"seed={number} rounds=100")
                                        for number in range(4)), timeout=120)
    outcome.needs_status(machine.good)


@scenario("registers-long", timeout=600, cost=2, full=True)
def registers_long(bench):
    outcome = bench.run("--cores", 2, *(bench.guest("registers", name=f"vm{number}", vcpus=4, cmdline=f"seed={number} rounds=2000")
                                        for number in range(6)), timeout=560)
    outcome.needs_status(machine.good)


@scenario("wakes", timeout=90, cost=2)
def wakes(bench):
    """A vcpu that halts is woken whenever its timer falls due, between STI and HLT too."""
    outcome = bench.run("--cores", 2, bench.guest("wakes", vcpus=2, cmdline="halts=5000"), timeout=70)
    outcome.needs_status(machine.good)
    for processor in range(2):
        outcome.needs(f"^wakes: processor {processor} woke 5000 times$", "wakes")


@scenario("timers", timeout=90)
def timers(bench):
    """Every clock of the PC against the PM timer. By counted instructions: 100 shots in a row, armed one after the other,
    add up what a busy host delays each of them by."""
    outcome = bench.run("--deterministic", "--cores", 1, bench.guest("timers", cmdline="tolerance=2 milliseconds=500"), timeout=70)
    outcome.needs_status(machine.good)
    outcome.needs("^timers: 0 wrong$", "timers")
    outcome.must_not_have("tsc deadline: none", "timers")


@scenario("timers-xapic", timeout=90)
def timers_xapic(bench):
    """The same by the memory-mapped local APIC."""
    outcome = bench.run("--deterministic", "--cores", 1,
                        bench.guest("timers", cmdline="tolerance=2 x2apic=0 milliseconds=500"), timeout=70)
    outcome.needs_status(machine.good)


@scenario("reach", timeout=120)
def reach(bench):
    """Nothing is behind any address that is not the guest's RAM, while a neighbour runs."""
    outcome = bench.run(bench.guest("reach", cmdline="dirty=64"), bench.guest("registers", cmdline="rounds=50"), timeout=100)
    outcome.needs_status(machine.good)
    outcome.needs("^nothing is there$", "reach")


@scenario("reach-lazy", timeout=120)
def reach_lazy(bench):
    """Memory that is given at first touch comes empty."""
    outcome = bench.run(bench.guest("reach", cmdline="dirty=64", population="lazy"), timeout=100)
    outcome.needs_status(machine.good)
    outcome.needs("^nothing is there$", "reach")


@scenario("bench", timeout=120)
def bench_guest(bench):
    """The guest that measures runs to its end; bench/exits judges its figures."""
    outcome = bench.run("--deterministic", "--cores", 1, bench.guest("bench"), timeout=100)
    outcome.needs_status(machine.good)
    for name in ("cpuid", "rdmsr", "hypercall", "out", "lapic-mmio", "x2apic", "first-touch"):
        outcome.needs(rf"^bench {name} \d+$", "bench")


@scenario("deterministic", timeout=120)
def deterministic(bench):
    """Two runs in virtual time print the same, byte for byte."""
    runs = [bench.run("--deterministic", "--cores", 1, bench.guest("bench"), bench.guest("hello"), timeout=50) for _ in range(2)]
    for outcome in runs:
        outcome.needs_status(machine.good)
    if runs[0].text != runs[1].text:
        runs[1].needs("the same output as in the first run")


@scenario("nodes", timeout=120, cost=2)
def nodes(bench):
    """A computer of two NUMA nodes and four cores, which OVM finds."""
    outcome = bench.run("--cores", 4, "--nodes", 2, *(bench.guest("registers", name=f"vm{number}", vcpus=2, cmdline=f"seed={number} rounds=40")
                                                      for number in range(3)), timeout=100)
    outcome.needs_status(machine.good)
    outcome.needs(r"OVM runs on 4 cores of 2 nodes, ")
