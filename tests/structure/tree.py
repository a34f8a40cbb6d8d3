"""What the structure tests share: the files of the tree, lines of code, and the verdict."""
import argparse
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
CPP = {".cpp", ".hpp", ".h", ".S"}
_TOKENS = re.compile(r'//[^\n]*|/\*.*?\*/|R"([^\s()\\]{0,16})\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\'', re.S)


def root_from_arguments(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--root", type=pathlib.Path, default=ROOT, help="the source tree to judge")
    return parser.parse_args().root.resolve()


def files(root):
    """Every file of the tree that is or would be committed, as paths relative to the root."""
    result = subprocess.run(["git", "-C", root, "ls-files", "-coz", "--exclude-standard"],
                            capture_output=True, check=False)
    if result.returncode == 0:
        names = sorted(set(result.stdout.decode(errors="replace").split("\0")) - {""})
    else:
        # A copy without git: what .gitignore names is left out by hand.
        names = sorted(os.path.relpath(os.path.join(folder, name), root)
                       for folder, folders, leaves in os.walk(root)
                       if not os.path.relpath(folder, root).startswith((".git/", "build")) and "__pycache__" not in folder
                       for name in leaves)
    return [pathlib.PurePosixPath(name) for name in names
            if (root / name).is_file() and not (root / name).is_symlink()]


def text_of(root, path):
    return (root / path).read_text(encoding="utf-8", errors="replace")


def _blank(match):
    return re.sub(r"[^\n]", " ", match[0])


def without_comments(text, keep_strings=True):
    """The text with comments (and string literals) blanked, so that places stay where they are."""
    return _TOKENS.sub(lambda m: m[0] if keep_strings and m[0][0] != "/" else _blank(m), text)


def code_lines(root, path):
    """Lines that are neither blank nor comment."""
    lines = without_comments(text_of(root, path)).splitlines()
    if path.suffix in (".S", ".ld"):
        lines = [line for line in lines if not re.match(r"\s*#(\s|$)", line)]
    return sum(1 for line in lines if line.strip())


def verdict(name, failures, good):
    """Prints each failure, or one line that says what holds, and ends the program."""
    for failure in failures:
        print(f"FAILED {name}: {failure}")
    if not failures:
        print(f"{name}: {good}")
    sys.exit(1 if failures else 0)
