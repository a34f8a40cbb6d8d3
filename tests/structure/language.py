#!/usr/bin/env python3
"""C++ is the language; others stay in their folders, and the tree does not speak of where it was made.

    language.py [--root TREE]
"""
import re

import tree

# Where a language other than C++, assembly, CMake and shell may be used.
FOLDERS = {
    "Python": ("tests/", "bench/", "scripts/", "guest/"),
    "TypeScript": ("manager/dashboard/",),
}
SUFFIXES = {".py": "Python", ".ts": "TypeScript", ".tsx": "TypeScript", ".js": "TypeScript", ".mjs": "TypeScript",
            ".rs": "Rust", ".go": "Go", ".java": "Java", ".rb": "Ruby", ".pl": "Perl", ".lua": "Lua", ".cs": "C#",
            ".c": "C"}
SHEBANG = re.compile(r"^#!.*\b(python|perl|ruby|node|lua)")
INTERPRETERS = {"python": "Python", "perl": "Perl", "ruby": "Ruby", "node": "TypeScript", "lua": "Lua"}
# Spelled in parts, so that this file does not report itself.
WORKPLACE = re.compile("|".join((
    r"(?<![\w.$}])/" + r"work/", r"\bfarm" + r"-\w", r"/tmp/" + r"w/", r"\.\./" + r"shared/", r"\bissues " + r"show\b",
    r"#\d+ " + r"issue\b", r"\bissue " + r"#?\d+\b", r"\bhelper " + r"session\b")), re.I)
TEXT = tree.CPP | set(SUFFIXES) | {"", ".md", ".txt", ".sh", ".cmake", ".toml", ".ld", ".html", ".css", ".yml", ".yaml"}


def main():
    root = tree.root_from_arguments(__doc__.splitlines()[0])
    failures = []
    paths = tree.files(root)
    for path in paths:
        text = tree.text_of(root, path) if path.suffix in TEXT else ""
        if text.count("\0"):
            continue
        language = SUFFIXES.get(path.suffix)
        if match := SHEBANG.match(text):
            language = language or INTERPRETERS[match[1]]
        if language is not None and not str(path).startswith(FOLDERS.get(language, ())):
            allowed = ", ".join(FOLDERS.get(language, ())) or "nowhere"
            failures.append(f"{path}: {language} is allowed in: {allowed}")
        for number, line in enumerate(text.splitlines(), 1):
            if match := WORKPLACE.search(line):
                failures.append(f"{path}:{number}: speaks of the workplace: '{match[0]}'")
    tree.verdict("language", failures, f"{len(paths)} files, each in its language, none speaks of the workplace")


if __name__ == "__main__":
    main()
