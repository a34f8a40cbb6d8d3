#!/usr/bin/env python3
"""The checker's own suite: each seeded violation is reported on its line, and clean code is not.

    seeded_violations.py --plugin PATH/libovm_checker.so [--compiler clang++-19]

A line of a seed that ends in `// expect: RULE` must be reported under that rule and no other; any other
line must not be reported, and `// expect: none` marks the clean cases that are counted.
"""
import argparse
import collections
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent)]

from harness import tally  # noqa: E402

EXPECTATION = re.compile(r"// expect: ([a-z-]+)")
MESSAGE = re.compile(r"^([^:\s]+):(\d+):\d+: error: .*\[ovm-([a-z-]+)\]$")


class Suite(tally.Tally):
    def __init__(self, plugin, compiler, root):
        super().__init__()
        self.plugin = plugin
        self.compiler = compiler
        self.root = root

    def compile(self, source, *extra, arguments=("trusted=hypervisor/trusted.txt",)):
        command = [self.compiler, "-std=c++23", "-stdlib=libc++", "-O1", "-w", "-ferror-limit=0", "-Ihypervisor",
                   "-D_LIBCPP_HARDENING_MODE=_LIBCPP_HARDENING_MODE_FAST", f"-fplugin={self.plugin}",
                   "-fno-caret-diagnostics", "-c", source, "-o", "out.o", *extra]
        command += [f"-fplugin-arg-ovm_checker-{argument}" for argument in arguments]
        (self.root / "out.o").unlink(missing_ok=True)
        return subprocess.run(command, cwd=self.root, capture_output=True, text=True, check=False)

    def seeds(self, source):
        """Compiles one file and compares what was reported with what its lines expect."""
        result = self.compile(source)
        found = collections.defaultdict(set)
        for line in result.stderr.splitlines():
            if message := MESSAGE.match(line):
                if message[1].endswith(source):
                    found[int(message[2])].add(message[3])
            elif "error:" in line or "PLEASE submit a bug report" in line:
                self.check(f"{source}: compiles", False, line)
        for number, line in enumerate((self.root / source).read_text().splitlines(), 1):
            name = f"{source}:{number}"
            expectation = EXPECTATION.search(line)
            if expectation is None:
                if "#define" in line:
                    continue
                if found[number]:
                    self.check(name, False, f"reported without cause: {', '.join(sorted(found[number]))}")
            elif expectation[1] == "none":
                self.check(name, not found[number], f"clean, but reported: {', '.join(sorted(found[number]))}")
            else:
                self.check(name, found[number] == {expectation[1]},
                           f"expected {expectation[1]}, reported {', '.join(sorted(found[number])) or 'nothing'}")
        if not found:
            self.check(f"{source}: an object file", (self.root / "out.o").exists())
        elif any(found.values()):
            self.check(f"{source}: no object file from refused code", not (self.root / "out.o").exists())

    def place(self, path, text):
        full = self.root / path
        full.parent.mkdir(parents=True, exist_ok=True)
        full.write_text(text)

    def trust(self):
        """Where the list and the position of a file decide."""
        violation = (HERE / "trust" / "violation.cpp").read_text()
        for path, refused in (("hypervisor/listed.cpp", False), ("hypervisor/not_listed.cpp", True),
                              ("hypervisor/arch/x86_64/by_position.cpp", False),
                              ("hypervisor/arch/x86_64/instruction/taken_back.cpp", True),
                              ("hypervisor/arch/x86_64/instruction/listed_again.cpp", False),
                              ("hypervisor/architecture.cpp", True), ("tests/outside.cpp", False)):
            self.place(path, violation)
            result = self.compile(path)
            self.check(f"trust: {path}", (result.returncode != 0) == refused, result.stderr)
            self.check(f"trust: {path}: object file", (self.root / "out.o").exists() != refused)
        # The same file by another name: an absolute path, and a path with dots.
        for path in (str(self.root / "hypervisor/not_listed.cpp"), "hypervisor/arch/../not_listed.cpp"):
            self.check(f"trust: {path}", self.compile(path).returncode != 0)
        # Line markers, as a preprocessor or weaver leaves them, name the original.
        self.place("woven.cpp", '# 1 "hypervisor/not_listed.cpp"\n' + violation)
        result = self.compile("woven.cpp")
        self.check("trust: line markers", "hypervisor/not_listed.cpp:1:" in result.stderr, result.stderr)

    def module(self):
        """A module's folder, wherever it is, holds nothing that is trusted."""
        violation = (HERE / "trust" / "violation.cpp").read_text()
        annotated = '[[clang::annotate("ovm::trusted", "says who?")]] int read(int* at)\n{\n    return at[1];\n}\n'
        arguments = ("trusted=hypervisor/trusted.txt", "module=modules/mine")
        for name, text, rule in (
                ("violation", violation, "pointer-arithmetic"),
                ("annotation", annotated, "trusted-module"),
                ("annotated violation", annotated, "pointer-arithmetic"),
                ("line marker", '#line 1 "/usr/include/string.h"\n' + violation, "pointer-arithmetic"),
                ("system line marker", '# 1 "/usr/include/string.h" 1 3\n' + violation, "pointer-arithmetic"),
                ("macro of a line marker", '# 1 "hypervisor/listed.cpp"\n#define AT(p) p[1]\n'
                 "int violation(int* at) { return AT(at); }\n", "pointer-arithmetic"),
                ("trusted file's name", '# 1 "hypervisor/listed.cpp"\n' + violation, "pointer-arithmetic")):
            self.place("modules/mine/mine.cpp", text)
            result = self.compile("modules/mine/mine.cpp", arguments=arguments)
            self.check(f"module: {name}", result.returncode != 0 and f"[ovm-{rule}]" in result.stderr, result.stderr)
        self.place("modules/mine/mine.cpp", "int twice(int number)\n{\n    return 2 * number;\n}\n")
        self.check("module: clean", self.compile("modules/mine/mine.cpp", arguments=arguments).returncode == 0)
        self.place("modules/other/other.cpp", violation)
        self.check("module: another folder", self.compile("modules/other/other.cpp", arguments=arguments).returncode == 0)

    def messages(self):
        result = self.compile("hypervisor/not_listed.cpp")
        self.check("message: what, why and how to mend",
                   "error: the subscript of a raw pointer 'int *' is outside the safe subset" in result.stderr
                   and "note: a raw pointer does not know" in result.stderr
                   and "instead: use std::span" in result.stderr, result.stderr)

    def arguments(self):
        source = "tests/outside.cpp"
        for name, text, words in (
                ("no reason", "hypervisor/a.cpp\n", "trusted.txt:1: 'hypervisor/a.cpp' has no reason"),
                ("a folder", "# comment\nhypervisor/base/  all of it\n", "trusted.txt:2: 'hypervisor/base/' is a folder"),
                ("elsewhere", "base/a.cpp  why\n", "is not a path from the source root")):
            self.place("broken/hypervisor/trusted.txt", text)
            result = self.compile(source, arguments=("trusted=broken/hypervisor/trusted.txt",))
            self.check(f"list: {name}", result.returncode != 0 and words in result.stderr, result.stderr)
        for name, arguments, words in (("missing list", ("trusted=gone.txt",), "cannot read the list"),
                                       ("no list", (), "say where the list"),
                                       ("unknown", ("colour=red",), "unknown or empty argument")):
            result = self.compile(source, arguments=arguments)
            self.check(f"arguments: {name}", result.returncode != 0 and words in result.stderr, result.stderr)

    def report(self):
        self.place("hypervisor/counted.cpp",
                   '#include "trusted_macros.hpp"\n'
                   '[[clang::annotate("ovm::trusted", "reads a slot")]] int read(int* at)\n{\n    return at[1];\n}\n'
                   "int use(int* at) { return read(at); }\n")
        arguments = ("trusted=hypervisor/trusted.txt", "report=report.txt")
        for _ in range(2):
            result = self.compile("hypervisor/counted.cpp", arguments=arguments)
            self.check("report: accepted", result.returncode == 0, result.stderr)
        lines = (self.root / "report.txt").read_text().splitlines()
        expected = ["annotation\thypervisor/counted.cpp:2\t4\tread: reads a slot",
                    "file\thypervisor/trusted_macros.hpp\t5"] * 2
        self.check("report: lines", lines == expected, repr(lines))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--plugin", required=True, type=pathlib.Path)
    parser.add_argument("--compiler", default="clang++-19")
    options = parser.parse_args()
    if not options.plugin.is_file():
        print(f"no plugin at {options.plugin}: build the target ovm_checker first")
        return 1
    with tempfile.TemporaryDirectory(prefix="ovm-checker-") as folder:
        root = pathlib.Path(folder).resolve()
        suite = Suite(options.plugin.resolve(), options.compiler, root)
        suite.place("hypervisor/trusted.txt",
                    "# comment\n\nhypervisor/listed.cpp  a test\nhypervisor/trusted_macros.hpp  a test\n"
                    "!hypervisor/arch/x86_64/instruction/  pure\n"
                    "hypervisor/arch/x86_64/instruction/listed_again.cpp  a test\n")
        sources = sorted((HERE / "seeds").glob("*.cpp")) + sorted((HERE / "trust").glob("*"))
        for source in sources:
            shutil.copy(source, root / "hypervisor" / source.name)
        for source in sources:
            if source.suffix == ".cpp" and source.name != "violation.cpp":
                suite.seeds(f"hypervisor/{source.name}")
        suite.trust()
        suite.module()
        suite.messages()
        suite.arguments()
        suite.report()
    return suite.end()


if __name__ == "__main__":
    sys.exit(main())
