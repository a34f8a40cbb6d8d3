#!/usr/bin/env python3
"""Small mistakes are made in what is proved, one at a time: each must be found by a proof, or be explained.

    mutations.py --verifier PATH/ovm-verify [--seed S] [--all] [--list] [UNIT]...

What is proved: the sources of hypervisor/verified.txt and the modules that ship. A mistake that no proof finds must
stand in survivors.toml beside this, by the line that it is made in, with the reason. A sample of those in a few units
is tried; --all tries every one, and finds explanations of what does not survive any more.
"""
import argparse
import collections
import json
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE)]

import tested  # noqa: E402
import verified_page  # noqa: E402

# As compiler/driver/tools.cpp has them, as far as they decide on what the code is.
MODULE_FLAGS = """-std=c++23 -ffreestanding -nostdinc++ -isystem /usr/lib/llvm-19/include/c++/v1 -fno-exceptions -fno-rtti
 -fno-threadsafe-statics -fPIC -fvisibility=hidden -fno-jump-tables -mno-red-zone -mno-sse -mno-mmx -mno-implicit-float
 -D_LIBCPP_HARDENING_MODE=_LIBCPP_HARDENING_MODE_FAST -fsanitize-trap=all
 -fsanitize=undefined,unsigned-integer-overflow,unsigned-shift-base,implicit-conversion
 -fno-sanitize=alignment,pointer-overflow,object-size,vptr,function""".split()
# Where a mistake breaks what is said of many objects, or all of a unit is one proof, a proof is minutes away from giving
# up, and a test seconds from failing: proofs only look at what no test finds.
TESTS_FIRST = {"policy/scheduler/deadline_tree.cpp", "arch/x86_64/instruction/parser.cpp"}
CONTRACT = re.compile(r"\s*(OVM_[A-Z_]+\(|static_assert)")
EFFORT = "30000000"
# Their proofs take seconds: what a sample shows is that mistakes are found at all.
SAMPLED_UNITS = ("memory/page_numbers.cpp", "policy/scheduler/dedicated_scheduler.cpp", "predictor")
SAMPLED_MUTANTS = 4


def units():
    """What is proved together, by name, and the sources of it."""
    for sources in verified_page.units():
        yield sources[0], [ROOT / "hypervisor" / source for source in sources]
    for description in sorted((ROOT / "modules").glob("*/module.toml")):
        yield description.parent.name, sorted(description.parent.glob("*.cpp"))


def compile_unit(sources, commands, build, folder):
    """Bitcode as it is proved."""
    parts = []
    for number, source in enumerate(sources):
        is_module = (ROOT / "modules") in source.parents
        parts.append(f"{folder}/{number}.bc")
        command = ["clang++-19", *MODULE_FLAGS, "-Ihypervisor", "-Imodules", f"-I{build / 'generated' / 'hypervisor'}",
                   *verified_page.FOR_PROOF, str(source)]
        subprocess.run([*(command if is_module else commands[str(source)]), "-o", parts[-1]], check=True, cwd=ROOT)
    whole = f"{folder}/whole.bc"
    subprocess.run([verified_page.LLVM_LINK, *parts, "-o", whole], check=True, capture_output=True)
    return whole


def is_of(sources, file):
    """Whether the file is one of the unit's own: a source, its header, the modules' kit, or a header that has what is
    proved and no source."""
    path = (ROOT / file).resolve()
    if not path.is_file():
        return False
    if path.with_suffix(".cpp") in sources or (ROOT / "modules" / "kit") in path.parents:
        return True
    is_header = (ROOT / "hypervisor") in path.parents and not path.with_suffix(".cpp").is_file()
    return is_header and "OVM_VERIFIED_INLINE" in path.read_text()


def file_of(mutant):
    return str((ROOT / mutant["file"]).resolve().relative_to(ROOT))


def line_of(mutant):
    return (ROOT / mutant["file"]).read_text().splitlines()[mutant["line"] - 1]


def explanations():
    """Why a mistake in that line may survive, by file and line."""
    found = {}
    for entry in tomllib.loads((HERE / "survivors.toml").read_text()).get("survivors", ()):
        for line in entry["lines"]:
            found[entry["file"], line] = entry["why"]
    return found


class Suite:
    def __init__(self, verifier, options):
        self.mutate = verifier.parent / "ovm-mutate"
        self.options = options
        self.explained = explanations()
        self.used = set()
        self.files = set()
        self.counts = collections.Counter()
        self.wrong = []

    def mutants(self, name, sources, bitcode):
        """The mistakes that are tried in a unit: number and description."""
        annotated = [] if (ROOT / "modules") in sources[0].parents else ["--annotated"]
        base = [str(self.mutate), *annotated]
        listing = subprocess.run([*base, "--list", bitcode], capture_output=True, text=True, check=True).stdout
        every = [(number, json.loads(line)) for number, line in enumerate(listing.splitlines())]
        own = [(number, one) for number, one in every
               if is_of(sources, one["file"]) and not CONTRACT.match(line_of(one))]
        if not self.options.all:
            own = sorted(random.Random(f"{self.options.seed} {name}").sample(own, min(SAMPLED_MUTANTS, len(own))),
                         key=lambda one: one[0])
        return base, own

    def left_by_tests(self, sources, own, folder):
        tests = tested.Unit_tests(self.mutate, sources, folder)
        left = []
        for number, one in own:
            if tests.find(one):
                self.judge(one | {"tested": True})
                # What a proof would say is not asked, so an explanation of that is not called out of date.
                self.used.add((file_of(one), line_of(one).strip()))
            else:
                left.append((number, one))
        return left

    def judge(self, one):
        if self.options.verbose:
            print(json.dumps(one), flush=True)
        self.counts["mutants"] += 1
        # What the solver gave up is no survivor, but nothing was refuted either.
        for found in ("tested", "killed", "undecided"):
            if found in one:
                self.counts[found] += 1
                return
        file = file_of(one)
        key = file, line_of(one).strip()
        self.used.add(key)
        if key in self.explained:
            self.counts["explained"] += 1
        else:
            self.wrong.append(f"{file}:{one['line']}:{one['column']}: {one['what']}: no proof finds it in `{key[1]}`")

    def run(self, name, sources, commands):
        with tempfile.TemporaryDirectory(prefix="ovm-mutants-") as folder:
            bitcode = compile_unit(sources, commands, self.mutate.parents[2], folder)
            base, own = self.mutants(name, sources, bitcode)
            self.files.update(file_of(one) for _, one in own)
            if self.options.list:
                for _, one in own:
                    print(f"{one['file']}:{one['line']}:{one['column']}: {one['what']}")
                return
            if own and name in TESTS_FIRST:
                own = self.left_by_tests(sources, own, folder)
            if own:
                chosen = [word for number, _ in own for word in ("--only", str(number))]
                command = [*base, "--effort", EFFORT, "--cache", f"{folder}/cache", *chosen, bitcode]
                with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
                    for line in process.stdout:
                        self.judge(json.loads(line))
                if process.returncode != 0:
                    self.wrong.append(f"{name}: ovm-mutate ended with {process.returncode}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--verifier", required=True, type=pathlib.Path)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--list", action="store_true", help="only say which mistakes would be made")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("units", nargs="*", help="names of modules, or the first source of a unit")
    options = parser.parse_args()
    verifier = options.verifier.resolve()
    every = list(units())
    names = options.units or ([name for name, _ in every] if options.all else SAMPLED_UNITS)
    chosen = [unit for unit in every if unit[0] in names]
    if len(chosen) != len(names):
        parser.error(f"no such unit; there are: {', '.join(name for name, _ in every)}")
    commands = verified_page.commands(verifier.parents[2])
    suite = Suite(verifier, options)
    for name, sources in chosen:
        suite.run(name, sources, commands)
    if options.all and not options.units and not options.list:
        suite.wrong += [f"survivors.toml: nothing survives in {file}: `{line}`"
                        for file, line in suite.explained if (file, line) not in suite.used and
                        (file in suite.files or not (ROOT / file).is_file())]
    for line in suite.wrong:
        print(f"FAILED {line}")
    if not options.list:
        print(f"{suite.counts['mutants']} mutants: {suite.counts['killed']} killed, {suite.counts['tested']} by a test, "
              f"{suite.counts['undecided']} not decided, {suite.counts['explained']} survive for a reason, "
              f"{len(suite.wrong)} wrong")
    return 1 if suite.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
