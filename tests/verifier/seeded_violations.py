#!/usr/bin/env python3
"""The verifier's own suite: each seeded violation is refuted on its line, and clean functions are proved.

    seeded_violations.py --verifier PATH/ovm-verify

A line of a seed that ends in `// expect: WORDS` must have an obligation there that is not proved and whose kind
begins with the words; no other line may have one, and `// expect: none` marks the clean functions that are counted.
`// elsewhere: FUNCTION` names one whose contract is taken for granted; no other may be.
"""
import argparse
import collections
import concurrent.futures
import json
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
ELSEWHERE = re.compile(r"// elsewhere: ([\w:]+)")
EXPECTATION = re.compile(r"// expect: ([a-z -]+)")
PLACE = re.compile(r"([^ ]+):(\d+)")
GOOD = ("proved", "assumed")


def line_in(source, obligation):
    """The innermost line of the seed that leads there."""
    for place in (f"{obligation['file']}:{obligation['line']}", *obligation.get("called_from", ())):
        match = PLACE.match(place)
        if match and pathlib.Path(match[1]).name == source.name:
            return int(match[2])
    return None


def generated(verifier):
    """What the build has written of what headers ask for."""
    return pathlib.Path(verifier).resolve().parents[2] / "generated" / "hypervisor"


def check(verifier, source):
    """Counts of violations found and clean functions proved, and what is wrong."""
    command = [verifier, "--json", "--threads", "1", "-I", str(ROOT / "hypervisor"), "-I", str(generated(verifier)),
               str(source)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if not result.stdout:
        return 0, 0, [f"{source.name}: {result.stderr.strip() or 'no output'}"]
    report = json.loads(result.stdout)
    wrong = [f"{source.name}: {report['error']}"] if "error" in report else []
    lines = source.read_text().splitlines()
    granted = {name.split("(")[0] for name in report.get("taken_for_granted", ())}
    if granted != set(ELSEWHERE.findall(source.read_text())):
        wrong.append(f"{source.name}: taken for granted: {', '.join(sorted(granted)) or 'nothing'}")
    found = collections.defaultdict(list)
    for obligation in report.get("obligations", ()):
        if obligation["verdict"] in GOOD:
            continue
        line = line_in(source, obligation)
        if line is None:
            # Of a whole function: where the function is defined.
            name = re.sub(r"\(.*", "", obligation["entry"]).split("::")[-1].split(" ")[-1]
            line = next((number for number, text in enumerate(lines, 1)
                         if re.search(rf"\b{re.escape(name)}\(", text) and "// expect" in text), 0)
            if "construct<" in obligation["entry"]:
                line = next((number for number, text in enumerate(lines, 1) if "OVM_MODULE(" in text), 0)
        found[line].append(obligation)
    violations = clean = 0
    for number, text in enumerate(lines, 1):
        expectation = EXPECTATION.search(text)
        kinds = [obligation["kind"] for obligation in found.pop(number, ())]
        if expectation is None or expectation[1] == "none":
            clean += expectation is not None
            if kinds:
                wrong.append(f"{source.name}:{number}: not proved: {', '.join(kinds)}")
        else:
            violations += 1
            if not any(kind.startswith(expectation[1].strip()) for kind in kinds):
                wrong.append(f"{source.name}:{number}: expected '{expectation[1]}', found {', '.join(kinds) or 'nothing'}")
    for number, obligations in found.items():
        for obligation in obligations:
            wrong.append(f"{source.name}: not proved: {obligation['kind']} in {obligation['function']}")
    return violations, clean, wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--verifier", required=True, type=pathlib.Path)
    parser.add_argument("seeds", nargs="*", type=pathlib.Path, help="all without")
    options = parser.parse_args()
    if not options.verifier.is_file():
        print(f"no verifier at {options.verifier}: build the target ovm-verify first")
        return 1
    sources = options.seeds or sorted((HERE / "seeds").glob("*.cpp"))
    violations = clean = 0
    wrong = []
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for one in pool.map(lambda source: check(str(options.verifier.resolve()), source), sources):
            violations += one[0]
            clean += one[1]
            wrong += one[2]
    for line in wrong:
        print(f"FAILED {line}")
    print(f"{violations} violations and {clean} clean functions, {len(wrong)} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
