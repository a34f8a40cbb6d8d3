#!/usr/bin/env python3
"""The image that ships: small, no vector, x87 or MMX instruction, and no memory both writable and executable.

    image.py BUILD_DIR|ELF

Registers of the guest's vector state are saved and restored only by functions whose name contains
`extended_state`: there the xsave family is allowed, and nothing else is anywhere.
"""
import pathlib
import re
import shutil
import struct
import subprocess
import sys

import tree

SYMBOL = re.compile(r"^(?:[0-9a-f]+ )?<(.+)>:$")
REGISTER = re.compile(r"%([xyz]mm\d|mm[0-7]|st\b|k[0-7]\b|bnd\d|tmm\d)")
SAVE_AREA = re.compile(r"^(xsave|xsavec|xsaveopt|xsaves|xrstor|xrstors|fxsave|fxrstor)(64)?$")
CONTROL = {"emms", "femms", "wait", "ldmxcsr", "stmxcsr", "vldmxcsr", "vstmxcsr", "vzeroall", "vzeroupper"}
PREFIXES = {"lock", "rep", "repe", "repne", "repz", "repnz", "data16", "addr32", "notrack", "cs", "ds", "es", "ss",
            "fs", "gs", "rex64"}
ALLOWED_IN = "extended_state"
MOST_BYTES = 512 << 10
# Names for crash records.
SYMBOLS = ".symbols"


def find_image(place):
    if place.is_file():
        return place
    for name in ("hypervisor/ovm.elf", "hypervisor/ovm", "ovm.elf", "ovm"):
        if (place / name).is_file():
            return place / name
    return None


def kind_of(mnemonic, operands):
    """What is wrong with an instruction, or nothing."""
    if SAVE_AREA.match(mnemonic):
        return "save-area"
    if REGISTER.search(operands) or mnemonic in CONTROL:
        return "vector, x87 or MMX"
    if mnemonic.startswith("f"):
        return "x87"
    return None


def bad_instructions(disassembly):
    """Yields (symbol, instruction, kind), and at the end how many instructions there were."""
    symbol = "?"
    for line in disassembly:
        line = line.split("#")[0].strip()
        if match := SYMBOL.match(line):
            symbol = match[1]
            continue
        line = re.sub(r"^[0-9a-f]+:\s*", "", line)
        words = line.split()
        while words and words[0] in PREFIXES:
            words.pop(0)
        if not words or not re.match(r"^[a-z]", words[0]):
            continue
        yield symbol, line, kind_of(words[0], " ".join(words[1:]))


def segments(image):
    """The program headers of a 64-bit ELF as (type, flags, address)."""
    data = image.read_bytes()
    if data[:5] != b"\x7fELF\x02" or len(data) < 64:
        raise ValueError("not a 64-bit ELF file")
    offset, = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    for index in range(count):
        kind, flags, _, address = struct.unpack_from("<IIQQ", data, offset + index * size)
        yield kind, flags, address


def image_bytes(image):
    """What the image holds and what it adds in zeroed memory: (text and data without symbols, bss), as `size` counts.

    Zeroed memory is no part of what is stored, sent and loaded; it counts with the memory that OVM takes for itself
    (bench/size), which has a limit of its own.
    """
    data = image.read_bytes()
    offset, = struct.unpack_from("<Q", data, 40)
    size, count, names = struct.unpack_from("<HHH", data, 58)
    sections = [struct.unpack_from("<IIQQQQ", data, offset + index * size) for index in range(count)]
    strings = sections[names][4]
    stored = zeroed = 0
    for name, kind, flags, _, _, length in sections:
        text = data[strings + name:data.index(b"\0", strings + name)].decode()
        if flags & 2 and text != SYMBOLS: # SHF_ALLOC
            if kind == 8: # SHT_NOBITS
                zeroed += length
            else:
                stored += length
    return stored, zeroed


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: image.py BUILD_DIR|ELF")
    image = find_image(pathlib.Path(sys.argv[1]))
    if image is None:
        tree.verdict("image", [f"no ovm.elf below {sys.argv[1]}: build the target ovm first"], "")
    tool = shutil.which("llvm-objdump-19") or shutil.which("objdump")
    if tool is None:
        tree.verdict("image", ["neither llvm-objdump-19 nor objdump is installed"], "")
    result = subprocess.run([tool, "-d", "--no-show-raw-insn", str(image)], capture_output=True, text=True, check=False)
    if result.returncode != 0:
        tree.verdict("image", [f"cannot disassemble {image}: {result.stderr.strip()}"], "")
    failures, count = [], 0
    for symbol, instruction, kind in bad_instructions(result.stdout.splitlines()):
        count += 1
        if kind is not None and not (kind == "save-area" and ALLOWED_IN in symbol):
            failures.append(f"{kind} instruction `{' '.join(instruction.split())}` in {symbol}: the guest's registers "
                            "would be lost")
    if count == 0:
        failures.append(f"{image} holds no instruction")
    try:
        for kind, flags, address in segments(image):
            if kind in (1, 0x6474E551) and flags & 1 and flags & 2:
                failures.append(f"the segment at {address:#x} is both writable and executable")
        stored, zeroed = image_bytes(image)
        if stored > MOST_BYTES:
            failures.append(f"text and data are {stored} bytes, allowed are {MOST_BYTES}")
    except (ValueError, struct.error) as error:
        tree.verdict("image", [*failures, f"{image}: {error}"], "")
    tree.verdict("image", failures, f"{count} instructions, none of vector, x87 or MMX; {stored} bytes of text and data, "
                 f"{zeroed} zeroed; no segment writable and executable")


if __name__ == "__main__":
    main()
