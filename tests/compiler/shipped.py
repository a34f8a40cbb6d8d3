#!/usr/bin/env python3
"""Every module of modules/ is built as it ships: all of it proved, and signed. Those that are not proved yet do not
ship, and are only compiled.

    shipped.py BUILD_DIR
"""
import json
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
NOT_PROVED_YET = {"edf", "stride"}


def main():
    if len(sys.argv) != 2:
        print(__doc__)
        return 1
    ovmc = pathlib.Path(sys.argv[1]).resolve() / "compiler" / "ovmc"
    failed = 0
    with tempfile.TemporaryDirectory(prefix="ovmc-") as folder:
        def run(*words):
            return subprocess.run([ovmc, *words], cwd=folder, capture_output=True, text=True, check=False)
        run("key", "site")
        for description in sorted((ROOT / "modules").glob("*/module.toml")):
            name = description.parent.name
            how = ("--unproved",) if name in NOT_PROVED_YET else ("--key", "site.key")
            made = run("build", description.parent, *how)
            shown = json.loads(run("inspect", f"{name}.omod", "--json").stdout) if made.returncode == 0 else {}
            proved = shown.get("obligations", 0)
            good = made.returncode == 0 and (proved > 0) == (name not in NOT_PROVED_YET)
            print(f"{name}: {proved} obligations proved, {shown.get('signature', 'no')} signature" if good else
                  f"FAILED {name}: {made.stdout}{made.stderr}")
            failed += not good
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
