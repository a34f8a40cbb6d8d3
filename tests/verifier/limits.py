#!/usr/bin/env python3
"""What the solver has not enough steps or memory for is undecided: neither proved nor refuted, and no crash.

    limits.py --verifier PATH/ovm-verify
"""
import argparse
import collections
import json
import pathlib
import subprocess
import sys

import seeded_violations

SEED = seeded_violations.HERE / "seeds" / "arithmetic.cpp"
LIMITS = (("--memory", "1"), ("--effort", "1"))
REFUSED = (("--memory", "0"), ("--memory", "4096"), ("--memory", "much"), ("--effort", "0"))


def run(verifier, *limit):
    command = [str(verifier), "--json", "-I", str(seeded_violations.ROOT / "hypervisor"),
               "-I", str(seeded_violations.generated(verifier)), *limit, str(SEED)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def verdicts(result):
    """Of each obligation, by its place, function and kind, sorted."""
    return sorted((one["line"], one["function"], one["kind"], one["verdict"]) for one in json.loads(result.stdout)["obligations"])


def compare(enough, scarce, name):
    """What is wrong where there was not enough of something."""
    if scarce.returncode != 1 or not scarce.stdout:
        return [f"{name}: status {scarce.returncode}: {scarce.stderr}"]
    before, after = verdicts(enough), verdicts(scarce)
    if [one[:-1] for one in before] != [one[:-1] for one in after]:
        return [f"{name}: other obligations"]
    wrong = [f"{name}: {now[:-1]} is {now[-1]}, not {was[-1]}" for was, now in zip(before, after)
             if now[-1] not in (was[-1], "undecided")]
    if not collections.Counter(one[-1] for one in after)["undecided"]:
        wrong.append(f"{name}: everything is decided")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--verifier", required=True, type=pathlib.Path)
    verifier = parser.parse_args().verifier.resolve()
    enough = run(verifier)
    wrong = []
    for limit in LIMITS:
        wrong += compare(enough, run(verifier, *limit), " ".join(limit))
    for limit in REFUSED:
        if run(verifier, *limit).returncode != 2:
            wrong.append(f"{' '.join(limit)} is not refused")
    for line in wrong:
        print(f"FAILED {line}")
    print(f"{len(LIMITS)} limits and {len(REFUSED)} that are none, {len(wrong)} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
