"""How guests end, and what the command says about it."""
from harness import machine
from harness.scenario import scenario, scenarios


@scenarios(timeout=60, exit_zero=0, exit_three=3)
def debug_exit(bench, value):
    """The value that a guest writes to its debug-exit port is printed and decides the exit status."""
    outcome = bench.run(bench.guest("hello", cmdline=f"exit={value}"), timeout=40)
    outcome.needs_status(machine.guest_failed if value else machine.good)
    outcome.needs(rf"(?i)exit.*\b{value}\b")


@scenario("halted", timeout=60)
def halted(bench):
    """Interrupts off and halted on every processor: nothing can wake it, and the command says so."""
    outcome = bench.run(bench.guest("idle", vcpus=2), timeout=40)
    outcome.needs_status(machine.good)
    outcome.needs("^halting 2 processors for good$", "idle")
    outcome.needs("(?i)halted")


@scenario("timeout", timeout=60)
def timeout(bench):
    outcome = bench.run(bench.guest("loop"), timeout=8)
    outcome.needs_status(machine.timed_out)
    outcome.needs("^looping for good$", "loop")


@scenario("loop-beside", timeout=90)
def loop_beside(bench):
    """A guest that never lets go costs its neighbours on the same core only time."""
    outcome = bench.run("--cores", 1, bench.guest("loop"), bench.guest("timers", cmdline="tolerance=25"), timeout=75,
                        until=(("^wrote [0-9]+ to", "timers"),))
    outcome.needs_status(machine.seen_enough)
    outcome.needs("^looping for good$", "loop")
    outcome.needs("^timers: [0-9]+ wrong$", "timers")


@scenario("triple-fault", timeout=60)
def triple_fault(bench):
    """A guest that crashes is reported, and its neighbour goes on."""
    outcome = bench.run(bench.guest("hostile", cmdline="part=alignment steps=1 end=triple"), bench.guest("hello"), timeout=40)
    outcome.needs_status(machine.guest_crashed)
    outcome.needs("^good bye$", "hello")
    outcome.needs("(?i)triple fault|shutdown|crashed")


@scenario("raw", timeout=60)
def raw(bench):
    """--raw prints one guest's bytes alone."""
    command = bench.command("--timeout", 40, "--raw", "second", bench.guest("hello", name="first"), bench.guest("hello", name="second"), headless=False)
    outcome = bench.run(command=command, timeout=40)
    outcome.needs_status(machine.good)
    outcome.needs("^hello from a guest$")
    if outcome.text.count("good bye") != 1:
        outcome.needs("exactly one guest's output")
