#!/usr/bin/env python3
"""What stays global: every writable object of the image is listed, with a reason, and every listed one is there.

    globals.py BUILD_DIR|ELF [LIST]

An object's name is the linked image's, demangled, without argument lists, unnamed namespaces and the numbers of parts
into which the optimizer splits one.
"""
import pathlib
import re
import shutil
import struct
import subprocess
import sys

import image
import tree

WRITABLE_AND_LOADED = 1 | 2
SECTION, FILE = 3, 4
# Where sections begin and end, as the linker or its script says.
LINKERS = re.compile(r"(image_\w+|__bss_start|_edata|_end)$")
PART = re.compile(r"(\.\d+|\.llvm\.\d+)+$")


def text_at(data, offset):
    return data[offset:data.index(b"\0", offset)].decode()


def writable_symbols(path):
    """Names of what lies in sections that are written to while the program runs, as the linker has them."""
    data = path.read_bytes()
    if data[:5] != b"\x7fELF\x02" or len(data) < 64:
        raise ValueError("not a 64-bit ELF file")
    offset, = struct.unpack_from("<Q", data, 40)
    size, count = struct.unpack_from("<HH", data, 58)
    # name, type, flags, address, offset, size, link
    sections = [struct.unpack_from("<IIQQQQI", data, offset + index * size) for index in range(count)]
    writable = {index for index, section in enumerate(sections) if section[2] & 3 == WRITABLE_AND_LOADED}
    tables = [section for section in sections if section[1] == 2]
    if not tables:
        raise ValueError("no symbol table")
    for _, _, _, _, at, length, link in tables:
        for entry in range(at, at + length, 24):
            name, info, _, where = struct.unpack_from("<IBBH", data, entry)
            if where in writable and info & 15 not in (SECTION, FILE):
                yield text_at(data, sections[link][4] + name)


def demangled(names):
    tool = shutil.which("llvm-cxxfilt-19") or shutil.which("c++filt")
    if tool is None:
        raise ValueError("neither llvm-cxxfilt-19 nor c++filt is installed")
    result = subprocess.run([tool], input="\n".join(names), capture_output=True, text=True, check=True)
    return result.stdout.splitlines()


def short(name):
    """ovm::boot::ovm_main(ovm::arch::Boot_information const&)::pool -> ovm::boot::ovm_main::pool"""
    name = name.replace("(anonymous namespace)::", "")
    while (reduced := re.sub(r"\([^()]*\)( const)?", "", name)) != name:
        name = reduced
    return name


def globals_of(path):
    names = sorted({PART.sub("", name) for name in writable_symbols(path) if not LINKERS.match(name)})
    return {short(name) for name in demangled(names)} if names else set()


def listed(path):
    """The list as {name: reason}."""
    entries = {}
    for line in path.read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            name, _, reason = line.partition("  ")
            entries[name.strip()] = reason.strip()
    return entries


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit("usage: globals.py BUILD_DIR|ELF [LIST]")
    path = image.find_image(pathlib.Path(sys.argv[1]))
    if path is None:
        tree.verdict("globals", [f"no ovm.elf below {sys.argv[1]}: build the target ovm first"], "")
    known = listed(pathlib.Path(sys.argv[2]) if len(sys.argv) == 3 else tree.ROOT / "hypervisor" / "globals.txt")
    try:
        found = globals_of(path)
    except (ValueError, struct.error) as error:
        tree.verdict("globals", [f"{path}: {error}"], "")
    failures = [f"{name} is a global that can be written: own it by an object, or list it with its reason"
                for name in sorted(found - known.keys())]
    failures += [f"{name} is listed and gone" for name in sorted(known.keys() - found)]
    failures += [f"{name} is listed without a reason" for name, reason in sorted(known.items()) if not reason]
    tree.verdict("globals", failures, f"{len(found)} writable objects, each with its reason")


if __name__ == "__main__":
    main()
