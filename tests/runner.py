#!/usr/bin/env python3
"""Runs the checks, two at a time, each with its own time limit and log; ends in one line of summary."""
import argparse
import os
import pathlib
import re
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from harness import check as discovery  # noqa: E402

SKIPPED = 77
TAIL = 40


class Tally:
    """What passed, failed and was skipped so far; prints a line for each. Safe from several threads."""

    def __init__(self, total, no_skips):
        self.passed = self.failed = self.skipped = 0
        self.names_failed = []
        self._total = total
        self._done = 0
        self._no_skips = no_skips
        self._lock = threading.Lock()

    def _unit_test_counts(self, text, good):
        def number(pattern):
            match = re.search(pattern, text, re.MULTILINE)
            return int(match.group(1)) if match else 0
        passed = number(r"^\[  PASSED  \] (\d+) test")
        failed = number(r"^ ?(\d+) FAILED TEST")
        skipped = number(r"^\[  SKIPPED \] (\d+) test")
        # A program that crashed, or passed nothing at all, is a failure of its own.
        if not good and failed == 0 or good and passed == 0:
            failed += 1
        return passed, failed, skipped

    def add(self, check, status, why, seconds, log):
        text = log.read_text(errors="replace")
        good = status == 0
        if check.unit_tests:
            passed, failed, skipped = self._unit_test_counts(text, good)
        else:
            passed, failed, skipped = int(good), int(not good and status != SKIPPED), int(status == SKIPPED)
        if self._no_skips:
            passed, failed, skipped = passed, failed + skipped, 0
        with self._lock:
            self._done += 1
            self.passed += passed
            self.failed += failed
            self.skipped += skipped
            word = "FAILED " if failed else "skipped" if skipped and not passed else "passed "
            count = f" ({passed} of {passed + failed})" if check.unit_tests else ""
            print(f"[{self._done}/{self._total}] {word} {check.group} {check.name}{count}  {seconds:.1f} s{why}", flush=True)
            if failed:
                self.names_failed.append(check.name)
                lines = text.splitlines()
                print(f"      log: {log}")
                for line in lines[-TAIL:]:
                    print(f"      {line}")
                sys.stdout.flush()


class Workers:
    """A fixed number of slots; a check takes as many as it keeps busy."""

    def __init__(self, count):
        self._count = self._free = count
        self._changed = threading.Condition()

    def take(self, cost):
        cost = min(cost, self._count)
        with self._changed:
            self._changed.wait_for(lambda: self._free >= cost)
            self._free -= cost
        return cost

    def give_back(self, cost):
        with self._changed:
            self._free += cost
            self._changed.notify_all()


def run_check(check, log):
    """Returns (exit status, remark)."""
    with log.open("wb") as output:
        try:
            process = subprocess.Popen(check.command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                                       start_new_session=True)
        except OSError as error:
            output.write(f"cannot start {check.command[0]}: {error}\n".encode())
            return 1, ""
        try:
            return process.wait(check.timeout), ""
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            return 1, f": longer than its limit of {check.timeout} s"


def run_all(checks, folder, workers, no_skips):
    folder.mkdir(parents=True, exist_ok=True)
    tally = Tally(len(checks), no_skips)
    slots = Workers(workers)

    def work(check, cost):
        started = time.monotonic()
        log = folder / f"{check.name}.log"
        try:
            status, why = run_check(check, log)
            tally.add(check, status, why, time.monotonic() - started, log)
        finally:
            slots.give_back(cost)

    threads = []
    # Who needs several workers waits for the slowest of them, the others idle: so only once.
    for check in sorted(checks, key=lambda check: check.cost):
        cost = slots.take(check.cost)
        thread = threading.Thread(target=work, args=(check, cost))
        thread.start()
        threads.append(thread)
    for thread in threads:
        thread.join()
    return tally


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build")
    parser.add_argument("--kernel", help="Linux kernel of the machine scenarios")
    parser.add_argument("--initramfs", help="its initramfs")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--no-skips", action="store_true", help="a check that cannot run here has failed")
    parser.add_argument("--list", action="store_true", help="only print the names of the checks")
    parser.add_argument("what", nargs="*", help="unit, machine, structure, model, full, or names; all but the long ones without")
    arguments = parser.parse_args()
    build = pathlib.Path(arguments.build).resolve()
    checks = discovery.select(discovery.find_all(build, arguments.kernel, arguments.initramfs), arguments.what)
    if arguments.list:
        for check in checks:
            print(f"{check.group} {check.name}{' (full)' if check.full else ''}")
        return 0
    tally = run_all(checks, build / "test-logs", arguments.workers, arguments.no_skips)
    if tally.names_failed:
        print(f"failed: {', '.join(tally.names_failed)}")
    skipped = f", {tally.skipped} skipped" if tally.skipped else ""
    print(f"{tally.passed} passed, {tally.failed} failed{skipped}")
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
