"""The benches still work: each runs once in its short form, and no time or count is judged."""
import json

from harness import machine
from harness.check import ROOT
from harness.scenario import Failure, Skip, scenario, scenarios


@scenarios(timeout=300, bench_exits=("exits",), bench_size=("size",), bench_boot=("boot",), bench_crossings=("crossings",), bench_loader=("loader",),
           bench_exits_bochs=("exits", "--emulator", "bochs"))
def bench_works(bench, words):
    """Every figure that the bench promises is there, and is a number above zero."""
    if not bench.kernel or not bench.initramfs:
        raise Skip("no Debian kernel was prepared (./test prepares it)")
    command = [str(ROOT / "bench" / words[0]), *words[1:], "--short", "--json", "--build", str(bench.build),
               "--kernel", str(bench.kernel), "--initramfs", str(bench.initramfs)]
    outcome = bench.run(command=command, timeout=260).needs_status(machine.good)
    result = json.loads(outcome.text.splitlines()[-1])
    if result["bench"] != words[0] or not result["results"]:
        raise Failure(f"no figures of {words[0]}")
    for figure in result["results"]:
        if figure["ovm"] <= 0:
            raise Failure(f"{figure['name']} is {figure['ovm']}")


@scenario("bench-compiler", timeout=300)
def bench_compiler(bench):
    """The clean build's figures are there; the short form compiles a few sources only."""
    command = [str(ROOT / "bench" / "compiler"), "--short", "--json", "--build", str(bench.build)]
    outcome = bench.run(command=command, timeout=260).needs_status(machine.good)
    for figure in json.loads(outcome.text.splitlines()[-1])["results"]:
        if figure["ovm"] <= 0:
            raise Failure(f"{figure['name']} is {figure['ovm']}")


@scenario("bench-sharing", timeout=1200, full=True)
def bench_sharing(bench):
    """No fast path touches a cache line that another core writes. The trace is exact, so it is judged."""
    command = [str(ROOT / "bench" / "objects"), "--json", "--part", "sharing", "--build", str(bench.build)]
    outcome = bench.run(command=command, timeout=1100).needs_status(machine.good)
    for figure in json.loads(outcome.text.splitlines()[-1])["results"]:
        if figure["reached"] is False:
            raise Failure(f"{figure['name']} is {figure['ovm']}, at most {figure['most']}")
