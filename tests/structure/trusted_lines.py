#!/usr/bin/env python3
"""How much code is trusted, against the ceilings in ceilings.txt.

    trusted_lines.py [--root TREE]

Lines of code are neither blank nor comment. Trusted are: hypervisor/arch/ without what
hypervisor/trusted.txt takes back, the files listed there, and annotated definitions in other files.
"""
import pathlib
import re

import tree

ANNOTATION = re.compile(r'\[\[[^\]\n]*"ovm::trusted"|^(?!\s*#).*\bOVM_TRUSTED\s*\(', re.M)
# Spelled in two parts, so that this file does not count itself.
UNFINISHED = re.compile(r"\b(" + "FIX" + "ME|" + "TO" + "DO|" + "X" + "XX)\\b")
SOURCES = tree.CPP | {".py", ".sh", ".ld"}
LONGEST = 400


def read_ceilings(root):
    ceilings = {}
    for line in tree.text_of(root, pathlib.PurePosixPath("tests/structure/ceilings.txt")).splitlines():
        if line.strip() and not line.startswith("#"):
            name, value = line.split()
            ceilings[name] = float(value)
    return ceilings


def read_list(root, paths, failures):
    """The listed files, and the folders and files whose trust by position is taken back."""
    listed, taken_back = {}, []
    path = root / "hypervisor" / "trusted.txt"
    lines = path.read_text().splitlines() if path.is_file() else []
    known = set(map(str, paths))
    for number, line in enumerate(lines, 1):
        place = f"hypervisor/trusted.txt:{number}"
        entry = line.strip()
        if not entry or entry.startswith("#"):
            continue
        name, _, reason = entry.partition(" ")
        if not reason.strip():
            failures.append(f"{place}: '{name}' has no reason")
        if name.startswith("!"):
            taken_back.append(name[1:])
            if not any(each == name[1:] or each.startswith(name[1:]) for each in known):
                failures.append(f"{place}: '{name[1:]}' is gone; take its line out")
        elif name not in known:
            failures.append(f"{place}: '{name}' is gone; take its line out")
        else:
            listed[name] = reason.strip()
    return listed, taken_back


def definition_end(code, start):
    """Where the declaration that follows a place ends: at its semicolon or closing brace."""
    depth, place = 0, start
    while place < len(code):
        character = code[place]
        if character in "({[":
            depth += 1
        elif character in ")}]":
            depth -= 1
            if character == "}" and depth <= 0:
                rest = code[place + 1:].lstrip()
                if not rest.startswith((",", "{", ";", ".", "(")):
                    return place
        elif character == ";" and depth <= 0:
            return place
        place += 1
    return len(code)


def annotated(root, path, failures):
    """Lines of annotated definitions in one file, each with its place."""
    text = tree.text_of(root, path)
    if "ovm::trusted" not in text and "OVM_TRUSTED" not in text:
        return []
    found = []
    with_strings = tree.without_comments(text)
    code = tree.without_comments(text, keep_strings=False)
    for match in ANNOTATION.finditer(with_strings):
        begin = match.start()
        closing = code.find("]]", begin)
        body = closing + 2 if with_strings[begin] == "[" else code.find(")", begin) + 1
        end = definition_end(code, body)
        line = code.count("\n", 0, begin) + 1
        declaration = code[body:end]
        if "{" not in declaration and re.search(r"\)\s*(const|noexcept|override|final|&|\s)*(->[^=]*)?$", declaration):
            failures.append(f"{path}:{line}: trust stands at a declaration; annotate the definition, whose lines count")
        count = sum(1 for each in code[begin:end + 1].splitlines() if each.strip())
        found.append((f"{path}:{line}", count))
    return found


def main():
    root = tree.root_from_arguments(__doc__.splitlines()[0])
    failures = []
    ceilings = read_ceilings(root)
    paths = tree.files(root)
    listed, taken_back = read_list(root, paths, failures)
    lines = {str(path): tree.code_lines(root, path) for path in paths
             if path.parts[0] == "hypervisor" and path.suffix in tree.CPP | {".ld"}}

    def by_position(name):
        return name.startswith("hypervisor/arch/") and not any(
            name == each or (each.endswith("/") and name.startswith(each)) for each in taken_back)

    arch = sum(count for name, count in lines.items() if by_position(name))
    other = sum(count for name, count in lines.items() if not by_position(name))
    in_files = sum(lines.get(name, 0) for name in listed)
    annotations = [each for path in paths if str(path) in lines and not by_position(str(path)) and str(path) not in listed
                   for each in annotated(root, path, failures)]
    in_annotations = sum(count for _, count in annotations)
    percent = 100 * (in_files + in_annotations) / other if other else 0.0

    sources = [path for path in paths if path.suffix in SOURCES]
    marks = [f"{path}:{number}" for path in sources
             for number, line in enumerate(tree.text_of(root, path).splitlines(), 1) if UNFINISHED.search(line)]
    long_files = [f"{path} ({count} lines)" for path in sources
                  if (count := len(tree.text_of(root, path).splitlines())) > LONGEST]

    obeying = sum(count for name, count in lines.items() if name.startswith("hypervisor/arch/")) - arch
    print(f"arch/: {arch} trusted lines (ceiling {ceilings['arch_lines']:.0f}); {obeying} more obey the subset")
    print(f"trusted elsewhere: {in_files} lines in {len(listed)} files, {in_annotations} in {len(annotations)} "
          f"annotations: {percent:.2f}% of {other} lines not trusted by position (ceiling {ceilings['trusted_percent']:g}%)")
    for name in sorted(listed):
        print(f"  {name}: {lines.get(name, 0)}: {listed[name]}")
    for place, count in annotations:
        print(f"  {place}: {count}")
    if arch > ceilings["arch_lines"]:
        failures.append(f"arch/ has {arch} lines, above its ceiling")
    if percent > ceilings["trusted_percent"]:
        failures.append(f"{percent:.2f}% of the code that is not trusted by position is trusted, above the ceiling")
    if len(marks) > ceilings["unfinished_marks"]:
        failures += [f"{place}: a mark of unfinished work" for place in marks]
    if len(long_files) > ceilings["files_over_400_lines"]:
        failures += [f"{each}: a file over {LONGEST} lines is two files" for each in long_files]
    tree.verdict("trusted lines", failures, f"below every ceiling; {len(marks)} marks of unfinished work, "
                 f"{len(long_files)} files over {LONGEST} lines")


if __name__ == "__main__":
    main()
