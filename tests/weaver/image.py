#!/usr/bin/env python3
"""The aspects that ship, on the hypervisor's sources: the cheap test lets through what matches and little else, and the
sources that aspects/CMakeLists.txt weaves for tests are all that match.

    image.py --weaver PATH/ovm-weave
"""
import concurrent.futures
import json
import re
import shlex
import sys

import suite


def main():
    checks = suite.Suite(__doc__)
    build = checks.options.weaver.resolve().parents[2]
    listing = (suite.ROOT / "aspects" / "CMakeLists.txt").read_text()
    expected = set(re.search(r"set\(woven_sources([^)]*)\)", listing)[1].split())
    names = re.search(r"ovm_weave_into\(ovm_woven ([^)]*)\)", listing)[1].split()
    aspects = [argument for name in names for argument in ("--aspect", suite.ROOT / "aspects" / name / f"{name}.hpp")]
    commands = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        words = shlex.split(entry["command"])
        if "/ovm.dir/" in entry.get("output", words[words.index("-o") + 1]) and entry["file"].endswith(".cpp"):
            words = words[next(i for i, word in enumerate(words) if word.endswith("clang++-19")):]
            commands[entry["file"]] = words
    checks.check("the image has sources", len(commands) > 100, str(len(commands)))

    def matches(source):
        map_file = checks.folder / (source.replace("/", "_") + ".json")
        result = suite.run([checks.options.weaver.resolve(), *aspects, "--part", "--map", map_file, "-o", "/dev/null", "--",
                            *commands[source]])
        return source, result, json.loads(map_file.read_text()) if result.returncode == 0 else {}

    woven, parsed = set(), 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for source, result, places in pool.map(matches, commands):
            checks.check(f"{source}: accepted", result.returncode == 0, result.stderr)
            parsed += bool(places.get("advice"))
            if places.get("join_points"):
                woven.add(source.removeprefix(f"{suite.ROOT / 'hypervisor'}/"))
    checks.check("woven sources", woven == expected, f"not listed: {sorted(woven - expected)}; nothing in: {sorted(expected - woven)}")
    checks.check("the cheap test spares most", parsed <= 2 * len(expected), f"{parsed} of {len(commands)} parsed")
    symbols = suite.run(["llvm-nm-19", "-C", build / "hypervisor" / "ovm.elf"]).stdout
    for name in ("Trace_ring", "Trace_command", "Audit"):
        checks.check(f"nothing of {name} where nothing is woven", symbols and name not in symbols)
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
