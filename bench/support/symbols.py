"""Where OVM's functions are, by what they are called in its source."""
import re
import subprocess

from support import machine


class Symbols:
    """The functions of one image."""

    def __init__(self, image):
        listing = subprocess.run(["llvm-nm-19", "--demangle", str(image)], capture_output=True, text=True, check=False)
        if listing.returncode != 0:
            raise machine.Problem(listing.stderr)
        self._functions = [(int(address, 16), name.strip()) for address, name in
                           re.findall(r"^([0-9a-f]+) [TtWw] (.*)$", listing.stdout, re.MULTILINE)]
        sections = subprocess.run(["llvm-readelf-19", "--sections", "--wide", str(image)], capture_output=True, text=True, check=False)
        found = re.search(r"\.text\s+PROGBITS\s+([0-9a-f]+)\s+[0-9a-f]+\s+([0-9a-f]+)", sections.stdout)
        if not found:
            raise machine.Problem(f"{image} has no .text")
        self.text = (int(found[1], 16), int(found[1], 16) + int(found[2], 16))

    def all(self, pattern):
        """Addresses of every function whose name begins so; at least one."""
        found = sorted({address for address, name in self._functions if re.match(pattern, name)})
        if not found:
            raise machine.Problem(f"no function of OVM is called {pattern}: it was renamed, or the compiler inlined it")
        return found

    def one(self, pattern):
        found = self.all(pattern)
        if len(found) != 1:
            raise machine.Problem(f"{len(found)} functions of OVM are called {pattern}, not one")
        return found[0]
