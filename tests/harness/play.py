#!/usr/bin/env python3
"""Plays one machine scenario: play.py NAME --build DIR [--kernel FILE --initramfs FILE].

Exit status 0: the machine did as told; 1: it did not; 77: the scenario cannot run here.
"""
import argparse
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from harness import machine, scenario  # noqa: E402


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("name")
    parser.add_argument("--build", required=True)
    parser.add_argument("--kernel")
    parser.add_argument("--initramfs")
    arguments = parser.parse_args()
    chosen = scenario.load(ROOT / "tests" / "machine").get(arguments.name)
    if chosen is None:
        sys.exit(f"no scenario is called {arguments.name}")
    bench = machine.Bench(arguments.build, arguments.kernel, arguments.initramfs)
    try:
        chosen.run(bench)
    except scenario.Skip as reason:
        print(f"skipped: {reason}")
        return 77
    except scenario.Failure as reason:
        print(f"FAILED: {reason}")
        return 1
    finally:
        bench.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
