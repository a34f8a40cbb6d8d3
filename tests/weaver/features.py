#!/usr/bin/env python3
"""The weaver on every feature of C++: each file of features/ is woven, compiled and run, and prints the trace that
its first comment expects.

    features.py --weaver PATH/ovm-weave [NAME...]
"""
import itertools
import sys

import suite


def expectation(text):
    """The words of the comment that a file begins with."""
    lines = itertools.takewhile(lambda line: line.startswith("//"), text.splitlines())
    return " ".join(line.removeprefix("//") for line in lines).split()[1:]


def main():
    checks = suite.Suite(__doc__)
    folder = suite.HERE / "features"
    for source in sorted(folder.glob("*.cpp")):
        if checks.options.names and source.stem not in checks.options.names:
            continue
        expected = expectation(source.read_text())
        program = checks.folder / source.stem
        woven = checks.weave([folder / "tracer.hpp"], source, "--part", "-o", f"{program}.ii")
        if not checks.check(f"{source.stem}: woven", woven.returncode == 0, woven.stderr):
            continue
        compiled = checks.compile(f"{program}.ii", "-o", program, *suite.LINK)
        if not checks.check(f"{source.stem}: compiled", compiled.returncode == 0, compiled.stderr):
            continue
        result = suite.run([program])
        checks.check(f"{source.stem}: trace", result.returncode == 0 and result.stdout.split() == expected,
                     f"\n  expected {' '.join(expected)}\n  printed  {' '.join(result.stdout.split())}")
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
