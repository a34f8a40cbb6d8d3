#!/usr/bin/env python3
"""Every C++ file is laid out as clang-format-19 does it by .clang-format, but for as many as ceilings.txt still allows.

    formatting.py [--root TREE]
"""
import concurrent.futures
import re
import shutil
import subprocess

import tree
from trusted_lines import read_ceilings

TOOL = "clang-format-19"


def unformatted(root, paths):
    """The files that the tool would change. One process for many: starting it costs more than a file."""
    result = subprocess.run([TOOL, "--dry-run", "-Werror", *map(str, paths)], cwd=root, capture_output=True, text=True, check=False)
    return set(re.findall(r"^(.+?):\d+:\d+: error: code should be clang-formatted", result.stderr, re.MULTILINE))


def main():
    root = tree.root_from_arguments(__doc__)
    if shutil.which(TOOL) is None:
        tree.verdict("formatting", [f"{TOOL} is not installed"], "")
    files = [path for path in tree.files(root) if path.suffix in (".cpp", ".hpp")]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        wrong = sorted(set().union(*pool.map(lambda part: unformatted(root, part), (files[::2], files[1::2]))))
    ceiling = int(read_ceilings(root)["unformatted_files"])
    failures = []
    if len(wrong) > ceiling:
        failures = [f"{path} is not laid out by .clang-format: {TOOL} -i {path}" for path in wrong]
        failures.append(f"{len(wrong)} files, and the ceiling is {ceiling}: see to those that you changed")
    tree.verdict("formatting", failures, f"{len(files)} files, {len(wrong)} not laid out by .clang-format (ceiling {ceiling})")


if __name__ == "__main__":
    main()
