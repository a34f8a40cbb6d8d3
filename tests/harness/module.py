"""Modules made by hand, in machine code, and signed with a key that is no secret; and one that ovmc makes."""
import hashlib
import pathlib
import re
import shutil
import struct
import subprocess

from .scenario import Skip

ROOT = pathlib.Path(__file__).resolve().parents[2]
ORDER = 2**252 + 27742317777372353535851937790883648493
# The base point of Ed25519: the public key of the private number 1, and the commitment of the random one 1.
KEY = bytes([0x58]) + bytes([0x66]) * 31
MAGIC = b"OVMMOD1\n"
FAMILIES = {"scheduler": 1, "halt": 2, "population": 3, "placement": 4, "frames": 5}


def key_file(folder):
    path = folder / "test.pub"
    path.write_text(f"ovm-public-key {KEY.hex()}\n")
    return path


def signed(body):
    digest = hashlib.sha512(KEY + KEY + body).digest()
    answer = (1 + int.from_bytes(digest, "little")) % ORDER
    return KEY + answer.to_bytes(32, "little") + KEY + body


def interface_hash(build, family):
    """Of the hypervisor that was built there."""
    text = (build / "hypervisor/generated/interface-hashes.inc").read_text()
    return bytes(int(digits, 16) for digits in
                 re.findall(r"0x(\w\w)", re.search(rf"\.family = {family}, \.hash = {{(.*?)}}", text)[1]))


def halt_module(build, name="constant", version=1, policy="constant", code=None, tail=b"", family="halt"):
    """One halt policy that always answers its parameter `window`. `code` replaces what poll does; then it can be of
    another family, too, whose first function it is."""
    text = bytearray(b"\xcc" * 96)
    constants_at = (len(text) + len(tail) + 4095) // 4096 * 4096

    def put(at, code):
        text[at:at + len(code)] = code
    put(0, b"\x48\x8d\x05" + struct.pack("<I", constants_at + 16 - 7) +  # lea functions(%rip),%rax
        bytes.fromhex("488907"                       # mov %rax,(%rdi)
                      "488b06" "48894708"            # what is first of the values, into the object
                      "4889f8" "ba01000000" "c3"))
    put(32, code or bytes.fromhex("488b4708" "ba01000000" "c3"))
    put(64, bytes.fromhex("b800010000" "c3"))
    text += tail
    constants = bytearray(64)
    for at, target in ((16, 32), (24, 64), (32, 64), (40, 64)):
        struct.pack_into("<Q", constants, at, target)
    strings = bytearray()

    def string(text):
        strings.extend(text.encode())
        return struct.pack("<II", len(strings) - len(text), len(text))
    relocations = struct.pack("<4I", 16, 24, 32, 40)
    policies = (struct.pack("<I", FAMILIES[family]) + interface_hash(build, family) + string(policy) +
                string("answers a constant") + struct.pack("<5I", 0, 16, 8, 0, 1))
    parameters = (struct.pack("<QQQ", 50, 0, 1000000) + string("window") + string("what it answers") +
                  struct.pack("<II", 0, 0))
    named = string(name)
    sections, body = [], bytearray(160)
    for part in (text, constants, relocations, b"", policies, parameters, strings, b"made by hand"):
        body.extend(b"\0" * (-len(body) % 8))
        sections.append(struct.pack("<II", len(body), len(part)))
        body.extend(part)
    header = (MAGIC + struct.pack("<II", len(body), version) + named + struct.pack("<II", 256, 0) + bytes(64) +
              b"".join(sections))
    body[:len(header)] = header
    return signed(bytes(body))


def write(folder, name, content):
    path = pathlib.Path(folder) / name
    path.write_bytes(content)
    return path


def ovmc(bench):
    program = bench.build / "compiler/ovmc"
    if not program.exists():
        raise Skip("ovmc was not built")
    return program


def shipped(bench, name, version=1):
    """A module of modules/, as ovmc makes it, under that version; signed with the key site.key."""
    made_by = ovmc(bench)
    source = bench.folder / f"{name}-{version}"
    shutil.copytree(ROOT / "modules" / name, source)
    description = source / "module.toml"
    description.write_text(re.sub(r"version = \d+", f"version = {version}", description.read_text()))
    key = bench.folder / "site.key"
    if not key.exists():
        subprocess.run([made_by, "key", "site"], cwd=bench.folder, check=True)
    made = bench.folder / f"{name}-{version}.omod"
    subprocess.run([made_by, "build", source, "--unproved", "-o", made], check=True)
    subprocess.run([made_by, "sign", made, "--key", key], check=True)
    return made
