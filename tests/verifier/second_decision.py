#!/usr/bin/env python3
"""Every question that the verifier asks about the seeds is decided once more, by cvc5. Only the full run does this.

    second_decision.py --verifier PATH/ovm-verify [--limit SECONDS]

The two solvers must not contradict each other. What cvc5 does not decide in its time is counted.
"""
import argparse
import concurrent.futures
import pathlib
import subprocess
import sys
import tempfile

import seeded_violations

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]


def decide(question, limit):
    """What the verifier found, and what cvc5 finds."""
    expected = question.read_text().split("\n", 1)[0].rsplit(" ", 1)[1]
    command = ["cvc5", "--lang=smt2", f"--tlimit={limit * 1000}", str(question)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    answer = next((line for line in result.stdout.splitlines() if line in ("sat", "unsat")), "unknown")
    return question.name, expected, answer


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--verifier", required=True, type=pathlib.Path)
    parser.add_argument("--limit", type=int, default=5)
    parser.add_argument("sources", nargs="*", type=pathlib.Path, help="the seeds without")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ovm-verifier-") as folder:
        for source in options.sources or sorted((HERE / "seeds").glob("*.cpp")):
            command = [str(options.verifier.resolve()), "--smtlib", f"{folder}/{source.stem}", "-I", str(ROOT / "hypervisor"),
                       "-I", str(seeded_violations.generated(options.verifier)), str(source)]
            subprocess.run(command, capture_output=True, check=False)
        questions = sorted(pathlib.Path(folder).rglob("*.smt2"))
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(lambda question: decide(question, options.limit), questions))
    wrong = [f"{name}: z3 says {first}, cvc5 {second}" for name, first, second in answers
             if second != "unknown" and second != first]
    agreed = sum(first == second for _, first, second in answers)
    for line in wrong:
        print(f"FAILED {line}")
    print(f"{len(answers)} questions: {agreed} decided alike, {len(wrong)} contradictions, "
          f"{len(answers) - agreed - len(wrong)} not decided by cvc5")
    return 1 if wrong or not agreed else 0


if __name__ == "__main__":
    sys.exit(main())
