"""Whether unit tests find a mistake: its source is compiled for them with it, linked with all else, and run."""
import json
import pathlib
import resource
import shlex
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
PLACE = ("file", "line", "column", "what")
# Of how a source is compiled: what its bitcode is not compiled by any more.
MATTERS = ("-O", "-g", "-fsanitize", "-fno-sanitize", "-fno-omit-frame-pointer", "-stdlib")
# As many times as long as without a mistake: whoever needs more goes in circles.
PATIENCE = 3
SECONDS = 600  # of a processor, without a mistake


def place_of(mutant):
    file = (ROOT / mutant["file"]).resolve()
    return (str(file), *(mutant[word] for word in PLACE[1:]))


def folder_of(source):
    """Of its tests: those of a processor's code leave the processor's name out, and some areas have all in one folder."""
    area = ROOT / "tests" / "unit"
    for part in source.relative_to(ROOT / "hypervisor").parent.parts:
        if (area / part).is_dir():
            area /= part
    return area


class Unit_tests:
    """Of the folder of tests/unit that stands for the sources' own. They have to pass without a mistake."""

    def __init__(self, mutate, sources, folder):
        self.mutate = str(mutate)
        self.folder = pathlib.Path(folder)
        self.build = mutate.parents[2]
        listing = subprocess.run(["ninja", "-C", str(self.build), "-t", "commands", "tests/unit/unit_tests"],
                                 capture_output=True, text=True, check=True).stdout.splitlines()
        self.link = [word for word in shlex.split(listing[-1]) if word not in (":", "&&")]
        compiled = {line.rsplit(" ", 1)[-1]: shlex.split(line) for line in listing if "/ovm_hosted.dir/" in line}
        self.flags = {}
        self.places = {}
        self.objects = {}
        for number, source in enumerate(sources):
            bitcode = self.folder / f"hosted-{number}.bc"
            self.flags[bitcode] = self.front(compiled[str(source)], bitcode)
            self.objects[bitcode] = self.compile(bitcode, bitcode)
            self.note_places(bitcode)
        self.tests = self.folder / "tests"
        self.filter = ":".join(self.names(folder_of(sources[0])))
        if not self.filter:
            raise RuntimeError(f"no unit tests for {sources[0]}")
        self.limit = SECONDS
        used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        if not self.pass_with(self.objects):
            raise RuntimeError("unit tests fail without a mistake")
        self.limit = 1 + int(PATIENCE * (resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - used))

    def front(self, words, bitcode):
        """As the compiler has it before it optimises; and the options that it goes on with."""
        words = words[next(i for i, word in enumerate(words) if "clang++" in word):]
        words[words.index("-o") + 1] = str(bitcode)
        subprocess.run([*words, "-Xclang", "-disable-llvm-passes", "-emit-llvm"], check=True, cwd=self.build)
        return [words[0], *(word for word in words if word.startswith(MATTERS))]

    def compile(self, bitcode, whose):
        target = bitcode.with_suffix(".o")
        subprocess.run([*self.flags[whose], "-Qunused-arguments", "-c", str(bitcode), "-o", str(target)], check=True)
        return target

    def note_places(self, bitcode):
        listing = subprocess.run([self.mutate, "--everywhere", "--list", str(bitcode)], capture_output=True, text=True,
                                 check=True).stdout
        for number, line in enumerate(listing.splitlines()):
            self.places.setdefault(place_of(json.loads(line)), []).append((bitcode, number))

    def names(self, area):
        """Those of the folder, in the program that was linked before."""
        listing = self.folder / "names.json"
        subprocess.run([str(self.build / "tests/unit/unit_tests"), "--gtest_list_tests",
                        f"--gtest_output=json:{listing}"], check=True, stdout=subprocess.DEVNULL)
        for suite in json.loads(listing.read_text())["testsuites"]:
            for test in suite["testsuite"]:
                if area in (self.build / test["file"]).resolve().parents:
                    yield f"{suite['name']}.{test['name']}"

    def pass_with(self, objects):
        link = list(self.link)
        link[link.index("-o") + 1] = str(self.tests)
        first = next(i for i, word in enumerate(link) if word.endswith("libovm_hosted.a"))
        link[first:first] = map(str, objects.values())
        subprocess.run([*link, "-Wl,--strip-debug"], check=True, cwd=self.build)
        try:
            run = subprocess.run(
                [str(self.tests), f"--gtest_filter={self.filter}", "--gtest_fail_fast", "--gtest_brief=1"],
                cwd=self.folder, capture_output=True, check=False, timeout=PATIENCE * self.limit,
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (self.limit, self.limit)))
        except subprocess.TimeoutExpired:
            return False  # a thread that waits for ever takes no processor's time
        return run.returncode == 0

    def find(self, mutant):
        """Not where the sources, as they are compiled for tests, have no such place."""
        objects = dict(self.objects)
        numbers = {}
        for bitcode, number in self.places.get(place_of(mutant), ()):
            numbers.setdefault(bitcode, []).append(number)
        for bitcode, chosen in numbers.items():
            wrong = self.folder / "wrong.bc"
            only = [word for number in chosen for word in ("--only", str(number))]
            subprocess.run([self.mutate, "--everywhere", *only, "--write", str(wrong), str(bitcode)], check=True)
            objects[bitcode] = self.compile(wrong, bitcode).rename(self.folder / f"wrong-{bitcode.stem}.o")
        return bool(numbers) and not self.pass_with(objects)
