#!/usr/bin/env python3
"""Runs spin on a model of tests/model, or on the faults that are seeded in it.

    model.py NAME [--build BUILD]

What there is to run stands in the model's opening comment:
    // verify NAME: safety [partial] | ltl=CLAIM [fair], and [full] -DMACRO...
    // fault  NAME: VERIFIED -> ERROR
A `verify` holds when spin searched the whole state space, found no error and, for safety, left no
statement unreached (or the run is partial: where it begins, some cannot happen). One that is
full is long, and left to ./test full. A `fault` is found when the run VERIFIED with -DBUG_NAME ends in an error whose
text begins with ERROR: a model that cannot fail shows nothing.
"""
import argparse
import dataclasses
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "tests" / "model"
COMPILER = "clang-19"
DEPTH = 2_000_000       # steps on the longest path; a search that meets this bound fails
MEMORY = 3072           # MiB, likewise


class Failure(Exception):
    """What was to hold does not, or was not shown to."""


@dataclasses.dataclass(frozen=True)
class Run:
    """One exhaustive search."""
    name: str
    claim: str          # the LTL formula's name; empty for safety
    fair: bool          # under weak fairness
    partial: bool       # need not reach every statement
    full: bool          # too long for every day
    macros: tuple


@dataclasses.dataclass(frozen=True)
class Fault:
    """An error that is seeded by -DBUG_name and that the search must find."""
    name: str
    run: Run
    error: str


@dataclasses.dataclass(frozen=True)
class Model:
    """One file of tests/model and what its opening comment asks for."""
    path: pathlib.Path
    runs: dict
    faults: tuple

    def faults_of(self, run):
        return tuple(fault for fault in self.faults if fault.run == run)


def _run(name, words):
    claim, macros, flags = "", [], set()
    for word in words.split():
        if word.startswith("ltl="):
            claim = word.removeprefix("ltl=")
        elif word.startswith("-D"):
            macros.append(word)
        elif word in ("fair", "partial", "full"):
            flags.add(word)
        elif word != "safety":
            raise SystemExit(f"{name}: what is {word}?")
    return Run(name, claim, "fair" in flags, "partial" in flags, "full" in flags, tuple(macros))


def read(path):
    text = path.read_text()
    runs = {name: _run(name, words) for name, words in re.findall(r"^// verify +([\w-]+): +(.+)", text, re.MULTILINE)}
    faults = tuple(Fault(name, runs[run], error.strip())
                   for name, run, error in re.findall(r"^// fault +(\w+): +([\w-]+) -> (.+)", text, re.MULTILINE))
    differing = set(re.findall(r"\bBUG_(\w+)", text)) ^ {fault.name for fault in faults}
    if differing:
        raise SystemExit(f"{path}: seeded but not listed, or listed but not seeded: {', '.join(sorted(differing))}")
    return Model(path, runs, faults)


def load(folder=FOLDER):
    """What can be run, by name: the model, the run, and its faults (empty for the run itself)."""
    entries = {}
    for model in (read(path) for path in sorted(folder.glob("*.pml"))):
        for run in model.runs.values():
            entries[run.name] = (model, run, ())
            if faults := model.faults_of(run):
                entries[f"{run.name}-faults"] = (model, run, faults)
    return entries


def _command(arguments, folder):
    result = subprocess.run(arguments, cwd=folder, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise Failure(f"{shlex.join(arguments)}: status {result.returncode}\n{result.stdout}{result.stderr}")


def search(model, run, folder, fault=None):
    """Generates, compiles and runs the verifier in an empty folder; returns what it printed."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copy(model.path, folder)
    macros = [*run.macros, *([f"-DBUG_{fault.name}"] if fault else [])]
    _command(["spin", f"-P{COMPILER} -E -x c", *macros, "-a", model.path.name], folder)
    options = ["-DNOFAIR"] if run.claim and not run.fair else [] if run.claim else ["-DSAFETY", "-DNOCLAIM"]
    # A seeded fault is found soon, so that compiling is what costs.
    _command([COMPILER, "-w", "-O0" if fault else "-O2", f"-DMEMLIM={MEMORY}", "-DNFAIR=3", *options, "-o", "pan", "pan.c"], folder)
    arguments = [str(folder / "pan"), f"-m{DEPTH}"]
    if run.claim:
        arguments += ["-a", "-N", run.claim, *(["-f"] if run.fair else [])]
    result = subprocess.run(arguments, cwd=folder, capture_output=True, text=True, check=False)
    return result.stdout + result.stderr


def states(output):
    match = re.search(r"^\s*(\S+) states, stored", output, re.MULTILINE)
    return f"{float(match[1]):,.0f} states" if match else "no states"


def judge(model, run, output):
    """Raises Failure unless the search was complete and found nothing."""
    if "Full statespace search for:" not in output or not re.search(r"\berrors: 0$", output, re.MULTILINE):
        raise Failure("an error, or no full search")
    for truncated in ("Search not completed", "max search depth too small", "out of memory", "reached -DMEMLIM", "aborted"):
        if truncated in output:
            raise Failure(f"the search was truncated: {truncated}")
    if run.claim and not (re.search(r"acceptance +cycles\s+\+", output) and f"+ ({run.claim})" in output):
        raise Failure("the claim was not searched for")
    if run.fair and "(fairness enabled)" not in output:
        raise Failure("the search was not under weak fairness")
    unreached = [line.strip() for line in output.splitlines()
                 if line.startswith(f"\t{model.path.name}:") and '"-end-"' not in line]
    if unreached and not run.claim and not run.partial:
        raise Failure("never reached:\n" + "\n".join(unreached))


def judge_fault(fault, output):
    """Raises Failure unless the search ended in the error that the fault must lead to."""
    found = re.search(r"^pan:1: (.*)", output, re.MULTILINE)
    if not found:
        raise Failure(f"the fault {fault.name} was not found")
    error = " ".join(found[1].split())
    if not error.startswith(fault.error):
        raise Failure(f"the fault {fault.name} led to another error: {error}")
    return error


def play(name, folder):
    model, run, faults = load()[name]
    for fault in faults or [None]:
        began = time.monotonic()
        output = search(model, run, folder / name, fault)
        try:
            found = judge_fault(fault, output) if fault else judge(model, run, output)
        except Failure:
            print(output)
            raise
        seconds = time.monotonic() - began
        print(f"{fault.name}: found, {found}" if fault else f"{name}: holds", f"[{states(output)}, {seconds:.1f} s]", flush=True)
    shutil.rmtree(folder / name)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=load())
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build")
    arguments = parser.parse_args()
    try:
        play(arguments.name, arguments.build.resolve() / "model")
    except Failure as failure:
        print(f"FAILED {arguments.name}: {failure}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
