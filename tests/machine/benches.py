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
    judge(bench, "objects", "--part", "sharing", timeout=1100)


@scenario("bench-checks", timeout=1200, cost=2, full=True)
def bench_checks(bench):
    """What run-time checks cost exits, beside an image without them. Instructions are exact, so they are judged."""
    if not bench.kernel or not bench.initramfs:
        raise Skip("no Debian kernel was prepared (./test prepares it)")
    judge(bench, "checks", "--kernel", str(bench.kernel), "--initramfs", str(bench.initramfs), timeout=1100)


def judge(bench, name, *words, timeout):
    """Runs a bench whose figures are exact: none may be over its limit."""
    command = [str(ROOT / "bench" / name), "--json", *words, "--build", str(bench.build)]
    outcome = bench.run(command=command, timeout=timeout).needs_status(machine.good)
    for figure in json.loads(outcome.text.splitlines()[-1])["results"]:
        if figure["reached"] is False:
            raise Failure(f"{figure['name']} is {figure['ovm']}, at most {figure['most']}")
