"""Finding every check: unit test programs, structure tests, the checker's suite, fuzzers, models, machine scenarios."""
import dataclasses
import json
import pathlib
import subprocess
import sys

from . import model, scenario

ROOT = pathlib.Path(__file__).resolve().parents[2]


@dataclasses.dataclass(frozen=True)
class Check:
    """One command with a verdict. A program of unit tests holds many test cases."""
    name: str
    group: str          # unit, structure, model, machine
    command: tuple
    timeout: int        # seconds
    cost: int = 1       # workers that it keeps busy
    full: bool = False
    unit_tests: bool = False


def _unit_tests(build):
    tests = build / "tests"
    for path in sorted(tests.rglob("*_tests")) if tests.is_dir() else ():
        if path.is_file() and path.stat().st_mode & 0o100:
            command = (str(path), "--gtest_color=no", "--gtest_brief=1")
            yield Check(path.name, "unit", command, 600, unit_tests=True)
            if path.name == "unit_tests":
                yield Check("fault-injection", "unit", ("env", "OVM_INJECTIONS=10000", *command, "--gtest_filter=Injection.*"),
                            900, full=True, unit_tests=True)


def _ctest(build):
    """What CMakeLists.txt registers by add_test and is no program of unit tests: deterministic fuzzing."""
    if not (build / "CTestTestfile.cmake").exists():
        return
    listing = subprocess.run(["ctest", "--test-dir", str(build), "--show-only=json-v1"], capture_output=True, text=True, check=False)
    for test in json.loads(listing.stdout or "{}").get("tests", ()):
        command = test.get("command")
        if command and not command[0].endswith("_tests"):
            yield Check(test["name"], "unit", tuple(command), 600)


def _scripts(build):
    """Scripts of tests/structure and of the compiler's parts; a file that cannot be run by itself is a library."""
    plugin = next(build.rglob("libovm_checker.so"), build / "libovm_checker.so")
    programs = {"--weaver": build / "compiler" / "weaver" / "ovm-weave",
                "--generator": build / "compiler" / "generator" / "ovm-generate",
                "--verifier": build / "compiler" / "verifier" / "ovm-verify", "--plugin": plugin}
    for folder in ("structure", "checker", "generator", "weaver", "verifier", "compiler"):
        for path in sorted((ROOT / "tests" / folder).glob("*.*")):
            if path.suffix not in (".py", ".sh"):
                continue
            text = path.read_text()
            if path.suffix == ".py" and "__main__" not in text:
                continue
            command = [sys.executable if path.suffix == ".py" else "bash", str(path)]
            wanted = next((option for option in programs if option in text), None)
            if wanted:
                command += [wanted, str(programs[wanted])]
            elif "BUILD_DIR" in text:
                command.append(str(build))
            is_full = "Only the full run" in text
            limit = 300 if folder in ("structure", "checker") else 14400 if is_full else 1500  # proofs take their time
            yield Check(f"{folder}-{path.stem.replace('_', '-')}", "structure", tuple(command), limit,
                        full=is_full)


def _models(build):
    """Searches by spin, and the faults that each search must find."""
    for name, (_, run, faults) in model.load().items():
        command = (sys.executable, str(ROOT / "tests" / "harness" / "model.py"), name, "--build", str(build))
        yield Check(f"model-{name}", "model", command, 300, full=run.full and not faults)


def _machine(build, kernel, initramfs):
    for entry in scenario.load(ROOT / "tests" / "machine").values():
        command = [sys.executable, str(ROOT / "tests" / "harness" / "play.py"), entry.name, "--build", str(build)]
        if kernel and initramfs:
            command += ["--kernel", str(kernel), "--initramfs", str(initramfs)]
        yield Check(entry.name, "machine", tuple(command), entry.timeout, entry.cost, entry.full)


def find_all(build, kernel=None, initramfs=None):
    """Every check there is, those of a group together."""
    build = pathlib.Path(build).resolve()
    checks = [*_scripts(build), *_unit_tests(build), *_ctest(build), *_models(build), *_machine(build, kernel, initramfs)]
    return checks


def select(checks, words):
    """The checks that the words name: a group, `full` for all, a check, or a part of its name."""
    if not words:
        return [check for check in checks if not check.full]
    chosen = []
    for word in words:
        matching = [check for check in checks if word == "full" or check.name == word]
        matching = matching or [check for check in checks if check.group == word and not check.full]
        matching = matching or [check for check in checks if word in check.name]
        if not matching:
            raise SystemExit(f"no check is called {word}; there are: {', '.join(check.name for check in checks)}")
        chosen += [check for check in matching if check not in chosen]
    return chosen
