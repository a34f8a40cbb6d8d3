"""The guide for newcomers, as it is written: each of its commands is looked up in it before it is run."""
import re
import subprocess

from harness import check
from harness.scenario import Failure, scenario

GUIDE = check.ROOT / "docs/guide/your-first-policy.md"


class Reader:
    """Does what the guide says, in a folder of its own."""

    def __init__(self, bench):
        self.text = GUIDE.read_text()
        self.folder = bench.folder
        self.ovmc = bench.build / "compiler/ovmc"

    def says(self, words):
        if words not in self.text:
            raise Failure(f"the guide does not say: {words}")

    def runs(self, command, status=0):
        self.says(f"build/compiler/ovmc {command}")
        result = subprocess.run([self.ovmc, *command.split()], cwd=self.folder, capture_output=True, text=True, check=False)
        if result.returncode != status:
            raise Failure(f"ovmc {command}: status {result.returncode}\n{result.stdout}{result.stderr}")
        return result.stdout + result.stderr


@scenario("guide", timeout=600, cost=2)
def guide(bench):
    """A scheduler from nothing to two running guests, with a mistake on the way that the verifier refuses."""
    reader = Reader(bench)
    reader.runs("new scheduler my-policy")
    reader.runs("key site")
    source = reader.folder / "my-policy/my_policy.cpp"
    good = source.read_text()
    forgotten = ("    if (next == Table::nobody)\n", "        return {};\n")
    reader.says("delete the two lines " + " and ".join(f"`{line.strip()}`" for line in forgotten))
    source.write_text(re.sub(r"(table_\.run\(next, now\);\n)" + re.escape("".join(forgotten)), r"\1", good))
    refused = reader.runs("build my-policy --key site.key", status=1)
    for line in re.findall(r"    (called from [\w/]+\.[ch]pp:\d+ in \w+)", reader.text, re.M):
        if line not in refused:
            raise Failure(f"the guide shows '{line}', but it says\n{refused}")
    source.write_text(good)
    proved = reader.runs("build my-policy --key site.key")
    if not re.search(r"\d+ obligations proved", proved):
        raise Failure(proved)
    reader.says("./run --module my-policy.omod --key site.pub")
    commands = ("module load my-policy.omod", "swap scheduler my-policy slice=5ms", "policies scheduler",
                "swap scheduler fair", "module unload my-policy")
    for command in commands:
        reader.says(command)
    busy = "while :; do head -c 1000000 /dev/zero | md5sum; done"
    outcome = bench.run(bench.linux(busy, name="debian1"), bench.linux(busy, name="debian2"), "--module",
                        reader.folder / "my-policy.omod", "--key", reader.folder / "site.pub",
                        bench.script("4.0 " + "\n+0.5 ".join(commands) + "\n+0.5 faults\n+0.2 stop\n"), timeout=120)
    for answer in (r"module my-policy 1 loaded", r"swapped", r"module my-policy 1 unloaded", r"0 faults"):
        outcome.needs(rf"^ovm: {answer}")
