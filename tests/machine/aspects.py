"""The image with woven aspects (build/aspects/ovm-woven.elf): the trace tells what cores did, the audit who asked."""
from harness import machine
from harness.scenario import Failure, scenario


@scenario("aspects-trace-and-audit", timeout=60)
def aspects(bench):
    outcome = bench.run(bench.guest("loop", name="one", cmdline="busy"), "--cores", 2,
                        f"--ovm={bench.build / 'aspects' / 'ovm-woven.elf'}", bench.script("""
        1.0 trace 8
        1.5 vms
        1.6 swap scheduler fair
        1.8 trace 0
        1.9 trace 64
        2.5 stop
        """), timeout=40)
    outcome.needs_status(machine.good)
    # A core's own entries, in order of time, each with its place and VM.
    outcome.needs(r"^ovm: core 0, \d+ us: ovm::interface::Command_job::enter \d$")
    outcome.needs(r"^ovm: core \d, \d+ us: ovm::interface::Dispatcher::handle_\w+ 1$")
    outcome.needs(r"^ovm: COUNT is 1 to 64, not 0$")
    # What changes something is audited, once; what only asks is not.
    outcome.needs(r"^ovm: audit: script: swap scheduler fair$")
    outcome.needs(r"^ovm: audit: script: stop$")
    for question in ("vms", "trace"):
        outcome.must_not_have(rf"audit: script: {question}")
    if outcome.text.count("audit: script: swap") != 1:
        raise Failure("a command is audited once")


@scenario("aspects-leave-no-trace", timeout=60)
def unwoven(bench):
    """The image without them does not know the command."""
    outcome = bench.run(bench.guest("loop", name="one", cmdline="busy"), bench.script("""
        0.5 trace
        1.0 stop
        """), timeout=40)
    outcome.needs_status(machine.good)
    outcome.must_not_have(r"core \d, \d+ us: ")
