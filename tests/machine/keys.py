"""Lists of keys come with the boot archive, and are in force before the first module is loaded."""
import subprocess

from harness import machine, module
from harness.scenario import scenario


@scenario("module-keys", timeout=120)
def keys(bench):
    """The archive's lists in their order: one adds a key and revokes a module, an older one and a stranger's do nothing."""
    ovmc = module.ovmc(bench)

    def run(*words):
        subprocess.run([ovmc, *words], cwd=bench.folder, check=True)
    for name in ("site", "stranger"):
        run("key", name)
    test_key = module.key_file(bench.folder)
    run("keys", "--key", "site.key", "--counter", "3", "--add", test_key, "--revoke-module", "constant:1", "-o", "a.okeys")
    run("keys", "--key", "site.key", "--counter", "2", "--revoke", "site.pub", "-o", "b-older.okeys")
    run("keys", "--key", "stranger.key", "--counter", "9", "--revoke", "site.pub", "-o", "c-stranger.okeys")
    words = ["--key", bench.folder / "site.pub"]
    for name in ("a", "b-older", "c-stranger"):
        words += ["--key", bench.folder / f"{name}.okeys"]
    for version in (1, 2):
        content = module.halt_module(bench.build, version=version)
        words += ["--module", module.write(bench.folder, f"v{version}.omod", content)]
    outcome = bench.run(bench.guest("timers", cmdline="tolerance=50"), "--cores", 2, *words, bench.script("""
        0.2 module load v1.omod
        0.4 module load v2.omod
        0.6 module keys a.okeys
        0.7 module keys nowhere.okeys
        0.8 module list
        0.9 faults
        """), timeout=80)
    outcome.needs_status(machine.good)
    for line in (r"keys a\.okeys: list 3 is in force: 2 keys trusted, 0 keys and 1 modules revoked",
                 r"keys b-older\.okeys refused: its counter is not higher than that of the list before",
                 r"keys c-stranger\.okeys refused: it is signed with a key that this machine does not",
                 r"module v1\.omod refused: .*revoked",
                 r"module constant 2 loaded",
                 r"keys a\.okeys refused: its counter is not higher than that of the list before",
                 r"keys/nowhere\.okeys of the boot archive: not found",
                 r"constant 2: 8 KiB$",
                 r"0 faults$"):
        outcome.needs(rf"^ovm: +{line}|^ovm: {line}")
