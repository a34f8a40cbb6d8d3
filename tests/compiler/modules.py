#!/usr/bin/env python3
"""ovmc on good modules and on bad ones: what it writes, what it refuses, and what it says.

    modules.py BUILD_DIR

Each file in seeds/ changes a line of the module in good/; its refusal must have the exit status, words and line that
the seed names.
"""
import json
import os
import pathlib
import shutil
import stat
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent)]

from harness import tally  # noqa: E402


class Suite(tally.Tally):
    def __init__(self, ovmc, folder, build):
        super().__init__()
        self.ovmc = ovmc
        self.folder = folder
        self.build_folder = build
        self.told = set()

    def run(self, *arguments, cwd=None, cache=None):
        environment = os.environ | ({"XDG_CACHE_HOME": str(cache)} if cache else {})
        return subprocess.run([self.ovmc, *map(str, arguments)], cwd=cwd or self.folder, capture_output=True, text=True,
                              check=False, env=environment)

    def expect(self, name, status, words, *arguments):
        result = self.run(*arguments)
        said = result.stdout + result.stderr
        self.check(name, result.returncode == status and words in said, f"status {result.returncode}: {said}")
        return result

    def seed(self, path):
        fields = dict(line.split(": ", 1) for line in path.read_text().splitlines() if ": " in line)
        text = {name: fields.get(name, "").replace("\\\\t", "\\\0").replace("\\n", "\n").replace("\\\0", "\\t")
                for name in ("replace", "with")}
        module = self.folder / path.stem
        shutil.copytree(HERE / "good", module)
        target = module / fields["file"]
        before = target.read_text()
        self.check(f"{path.stem}: its line is there once", before.count(text["replace"]) == 1)
        target.write_text(before.replace(text["replace"], text["with"]))
        result = self.run("build", path.stem, "--unproved", "--json")
        self.check(f"{path.stem}: exit status", result.returncode == int(fields["exit"]),
                   f"{result.returncode}: {result.stdout}{result.stderr}")
        self.check(f"{path.stem}: no file", not (self.folder / "good.omod").exists())
        # People are told the same by the same: one seed of each stage is enough.
        if (stage := (fields["exit"], fields["file"], fields["line"] == "0")) not in self.told:
            self.told.add(stage)
            human = self.run("build", path.stem, "--unproved")
            self.check(f"{path.stem}: words", human.returncode == int(fields["exit"]) and
                       fields.get("says", "") in human.stderr, human.stderr)
        try:
            problems = json.loads(result.stdout)["problems"]
        except (ValueError, KeyError) as error:
            self.check(f"{path.stem}: JSON", False, f"{error}: {result.stdout}{result.stderr}")
            return
        found = [each for each in problems if fields.get("says", "") in each["what"]]
        self.check(f"{path.stem}: JSON", bool(found), result.stdout)
        if fields["line"] != "0" and found:
            self.check(f"{path.stem}: line", (found[0]["file"].endswith(fields["file"]), str(found[0]["line"])) ==
                       (True, fields["line"]), f"{found[0]['file']}:{found[0]['line']}")

    def keys(self):
        self.expect("key: made", 0, "site.pub", "key", "site")
        self.expect("key: another", 0, "other.pub", "key", "other")
        self.check("key: secret", stat.S_IMODE(os.stat(self.folder / "site.key").st_mode) == 0o600)
        self.expect("key: not overwritten", 2, "exists already", "key", "site")
        self.expect("keys: list", 0, "list 7, 1 keys added, 1 revoked, 1 modules revoked", "keys", "--key", "site.key",
                    "--counter", "7", "--add", "other.pub", "--revoke", "site.pub", "--revoke-module", "good:3", "-o",
                    "site.okeys")
        content = (self.folder / "site.okeys").read_bytes()
        self.check("keys: bytes", len(content) == 96 + 32 + 2 * 32 + 40 and content[96:104] == b"OVMKEY1\n" and
                   b"good\0" in content)
        self.expect("keys: inspect", 0, "revokes        module good up to version 3", "inspect", "site.okeys")
        shown = json.loads(self.run("inspect", "site.okeys", "--json").stdout)
        public = (self.folder / "other.pub").read_text().split()[1]
        self.check("keys: JSON", (shown["counter"], shown["signature"], shown["added"], len(shown["revoked"])) ==
                   (7, "good", [public], 1), shown)
        for size in range(0, len(content), 17):
            (self.folder / "bad.okeys").write_bytes(content[:size])
            self.expect(f"keys: {size} bytes", 1, "error", "inspect", "bad.okeys")
        (self.folder / "bad.okeys").write_bytes(content[:-9] + b"\1" + content[-8:])
        self.expect("keys: changed", 4, "signature is wrong", "inspect", "bad.okeys")
        self.expect("keys: counter", 2, "counter is 0", "keys", "--key", "site.key", "--counter", "0", "-o", "x.okeys")
        self.expect("keys: version", 2, "names no module's version", "keys", "--key", "site.key", "--counter", "1",
                    "--revoke-module", "good", "-o", "x.okeys")
        self.expect("keys: a private key is none to add", 3, "not a public key", "keys", "--key", "site.key",
                    "--counter", "1", "--add", "other.key", "-o", "x.okeys")

    def weave(self):
        source = HERE.parents[1] / "hypervisor/boot/commands/change_commands.cpp"
        self.expect("weave: map", 0, "change_commands.woven.ii: the woven source", "weave", source)
        self.check("weave: source", (self.folder / "change_commands.woven.ii").stat().st_size > 0)
        shown = json.loads(self.run("weave", "--json", "--aspect", "audit", source, "-o", "audited.ii").stdout)
        self.check("weave: JSON", isinstance(shown, dict) and (self.folder / "audited.ii").exists(), shown)
        self.expect("weave: no aspect", 2, "there is no aspect 'none'", "weave", "--aspect", "none", source)

    def good(self):
        module = HERE / "good"
        self.expect("build: unsigned", 0, "not signed", "build", module)
        self.expect("inspect: unsigned", 4, "signature    none", "inspect", "good.omod")
        self.expect("sign", 0, "signed by", "sign", "good.omod", "--key", "site.key")
        self.expect("inspect", 0, "signature    good", "inspect", "good.omod")
        once = (self.folder / "good.omod").read_bytes()
        self.expect("build: signed", 0, "obligations proved", "build", module, "--key", "site.key", "-o", "again.omod")
        self.check("build: the same bytes", once == (self.folder / "again.omod").read_bytes())
        elsewhere = self.folder / "elsewhere" / "deep"
        shutil.copytree(module, elsewhere)
        self.run("build", ".", "--key", self.folder / "site.key", cwd=elsewhere)
        self.check("build: the same bytes elsewhere", once == (elsewhere / "good.omod").read_bytes())
        self.check("build: an ELF for debuggers", (self.folder / "again.elf").read_bytes()[:4] == b"\x7fELF")
        self.expect("sign: by another", 0, "signed by", "sign", "good.omod", "--key", "other.key", "-o", "other.omod")
        self.check("sign: only the envelope differs", once[96:] == (self.folder / "other.omod").read_bytes()[96:] and
                   once[:96] != (self.folder / "other.omod").read_bytes()[:96])
        shown = json.loads(self.run("inspect", "good.omod", "--json").stdout)
        policy = shown["policies"][0]
        self.check("inspect: JSON", (shown["name"], shown["version"], shown["signature"], shown["obligations"] > 0) ==
                   ("good", 3, "good", True), shown)
        self.check("inspect: policy", (policy["family"], policy["name"], policy["parameters"]) ==
                   ("halt", "good", [{"name": "longest", "meaning": "no longer than that", "unit": "nanoseconds",
                                      "initial": 1000, "least": 0, "most": 50000}]), policy)
        hashes = self.build_folder / "hypervisor" / "generated" / "interface-hashes.inc"
        if hashes.exists():
            rows = {row.split(",")[0]: "".join(row.split("{")[1].replace("0x", "").split("}")[0].replace(",", "").split())
                    for row in hashes.read_text().split(".family = ")[1:]}
            self.check("interface: as the hypervisor's", rows.get("halt") == policy["interface"], rows)

    def known(self):
        """What interfaces come to is kept as long as all files that they came from stay what they were."""
        cache = self.folder / "cache"

        def interface():
            self.run("build", HERE / "good", "--unproved", "-o", "known.omod", cache=cache)
            return json.loads(self.run("inspect", "known.omod", "--json").stdout)["policies"][0]["interface"]

        right = interface()
        entries = sorted((cache / "ovm" / "known").iterdir())
        kept = {entry: entry.read_text() for entry in entries}
        self.check("known: an entry for each family", len(entries) == 5 and
                   any(text.startswith(right) for text in kept.values()), entries)
        for entry in entries:
            entry.write_text("0" * 64 + kept[entry][64:])
        self.check("known: is used", interface() == "0" * 64)
        for what, spoil in (("another file", lambda text: "0" * 64 + text[64:-1] + "x\n"),
                            ("another digest", lambda text: "0" * 65 + text[65:].replace("\n", "\n0", 1)),
                            ("no digits", lambda text: "z" + text[1:]), ("cut", lambda text: text[:64]),
                            ("empty", lambda _: "")):
            for entry in entries:
                entry.write_text(spoil(kept[entry]))
            self.check(f"known: not with {what}", interface() == right)
            self.check(f"known: mended after {what}", {entry: entry.read_text() for entry in entries} == kept)

    def imports(self):
        """However often a function calls one of the hypervisor's, none of the calls goes through a register."""
        module = self.folder / "imports"
        shutil.copytree(HERE / "good", module)
        header, source = module / "good.hpp", module / "good.cpp"
        header.write_text(header.read_text().replace("std::array<Ticks, 4> last_{};", "".join(
            f"std::array<{kind}, 400> {name}{{}};" for name, kind in
            (("last_", "Ticks"), ("second_", "std::uint64_t"), ("third_", "std::uint64_t"), ("fourth_", "std::uint64_t")))))
        source.write_text(source.read_text().replace("    last_[at] = slept;", "".join(
            f"    if (slept == Ticks({number}))\n        {name}.fill(0);\n" for number, name in
            enumerate(("second_", "third_", "fourth_"))) + "    last_[at] = slept;"))
        self.expect("imports: builds", 0, "not signed", "build", module, "--unproved", "-o", "imports.omod")
        code = subprocess.run(["llvm-objdump-19", "-d", "--no-show-raw-insn", self.folder / "imports.elf"],
                              capture_output=True, text=True, check=True).stdout
        calls = [line.split("\t")[-1] for line in code.splitlines() if "call" in line]
        self.check("imports: calls", sum("<memset>" in call for call in calls) >= 2, calls)
        self.check("imports: no register", not [call for call in calls if "*" in call], calls)

    def unproved(self):
        """A mistake that only the verifier sees: it is told with an example, and not signed."""
        module = self.folder / "unproved"
        shutil.copytree(HERE / "good", module)
        source = module / "good.cpp"
        source.write_text(source.read_text().replace("next_ % last_.size()", "next_"))
        where = source.read_text().splitlines().index("    last_[at] = slept;") + 1
        self.expect("unproved: refused", 1, "error: check of the library [refuted]", "build", module, "--key", "site.key",
                    "-o", "wrong.omod")
        self.check("unproved: no file", not (self.folder / "wrong.omod").exists())
        human = self.run("verify", module)
        self.check("unproved: an example", f"good.cpp:{where}" in human.stdout and "slept = " in human.stdout, human.stdout)
        report = json.loads(self.run("verify", module, "--json").stdout)
        self.check("unproved: JSON", not report["good"] and
                   any(each["verdict"] == "refuted" and each["values"] for each in report["obligations"]), report)
        self.expect("unproved: not signed", 0, "not signed", "build", module, "--unproved", "--key", "site.key", "-o",
                    "wrong.omod")
        shown = json.loads(self.run("inspect", "wrong.omod", "--json").stdout)
        self.check("unproved: it says so", shown["obligations"] == 0, shown)
        self.expect("verify: all", 0, "0 refuted", "verify", HERE / "good", "--all")

    def damaged(self):
        good = (self.folder / "good.omod").read_bytes()
        bad = self.folder / "bad.omod"
        for size in (0, 50, 96, 150, len(good) - 1):
            bad.write_bytes(good[:size])
            self.expect(f"inspect: {size} bytes", 1, "error", "inspect", "bad.omod")
        for at in range(0, 96, 7):
            bad.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1:])
            self.expect(f"inspect: byte {at} flipped", 4, "signature is wrong", "inspect", "bad.omod")
        for at in range(96, len(good), 41):
            bad.write_bytes(good[:at] + bytes([good[at] ^ 0x80]) + good[at + 1:])
            result = self.run("inspect", "bad.omod")
            self.check(f"inspect: byte {at} flipped", result.returncode in (1, 4), result.stdout + result.stderr)

    def new(self):
        self.expect("new", 0, "a scheduler that works", "new", "scheduler", "my-turn")
        self.expect("new: builds", 0, "my-turn.omod", "build", "my-turn")
        self.check("new: test", (self.folder / "my-turn/test/my_turn_test.cpp").exists())
        left = [path.name for path in (self.folder / "my-turn").rglob("*") if path.is_file() and
                "template" in path.read_text().lower()]
        self.check("new: nothing is left of the template", not left, left)
        self.expect("new: not overwritten", 2, "exists already", "new", "scheduler", "my-turn")
        self.expect("new: name", 2, "no name for a module", "new", "scheduler", "My turn")
        self.expect("new: family", 2, "no template", "new", "allocator", "mine")

    def usage(self):
        self.expect("help", 0, "Exit status", "--help")
        self.expect("no command", 2, "subcommand", )
        self.expect("unknown command", 2, "", "brew")
        self.expect("no folder", 2, "no module's folder", "build", "nowhere")
        self.expect("no key", 3, "cannot read", "build", HERE / "good", "--key", "nowhere.key")
        self.expect("no private key", 3, "not a private key", "build", HERE / "good", "--key", "site.pub")
        self.expect("no place", 3, "cannot write", "build", HERE / "good", "-o", "nowhere/good.omod")
        self.expect("check", 0, "within the safe subset", "check", HERE / "good")
        (self.folder / "empty").mkdir()
        shutil.copy(HERE / "good" / "module.toml", self.folder / "empty")
        self.expect("no source", 1, "the module has no source", "build", "empty")


def main():
    if len(sys.argv) != 2:
        print(__doc__)
        return 1
    build = pathlib.Path(sys.argv[1]).resolve()
    ovmc = build / "compiler" / "ovmc"
    if not ovmc.is_file():
        print(f"no {ovmc}: build the target ovmc first")
        return 1
    with tempfile.TemporaryDirectory(prefix="ovmc-") as name:
        suite = Suite(ovmc, pathlib.Path(name).resolve(), build)
        for seed in sorted((HERE / "seeds").glob("*.seed")):
            suite.seed(seed)
        suite.keys()
        suite.weave()
        suite.good()
        suite.known()
        suite.imports()
        suite.unproved()
        suite.damaged()
        suite.new()
        suite.usage()
    return suite.end()


if __name__ == "__main__":
    sys.exit(main())
