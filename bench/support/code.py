"""The first bytes of code at a program's entries, by which the instruction counter knows them."""
import struct

from support import machine

LENGTH = 16
LOAD, NOTE = 1, 4
PVH_ENTRY = 18


def _segments(data):
    offset, = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    for index in range(count):
        kind, _, at, address, physical, length = struct.unpack_from("<IIQQQQ", data, offset + index * size)
        yield kind, at, address, physical, length


def _at(data, wanted, physical):
    for kind, at, virtual_address, physical_address, length in _segments(data):
        address = physical_address if physical else virtual_address
        if kind == LOAD and address <= wanted < address + length:
            return data[at + wanted - address:][:LENGTH].hex()
    raise machine.Problem(f"no segment holds the entry {wanted:#x}")


def elf_entry(path):
    """Where a process starts."""
    data = path.read_bytes()
    return _at(data, struct.unpack_from("<Q", data, 24)[0], physical=False)


def pvh_entry(path):
    """Where a PVH loader enters a kernel: the entry that its note names (Xen, XEN_ELFNOTE_PHYS32_ENTRY)."""
    data = path.read_bytes()
    for kind, at, _, _, length in _segments(data):
        end = at + length
        while kind == NOTE and at + 12 <= end:
            name, size, number = struct.unpack_from("<III", data, at)
            at += 12 + (name + 3) // 4 * 4
            if number == PVH_ENTRY:
                return _at(data, int.from_bytes(data[at:at + size], "little"), physical=True)
            at += (size + 3) // 4 * 4
    raise machine.Problem(f"{path} has no PVH entry")


def linux_entry(path):
    """The 64-bit entry of a bzImage, which its 32-bit entry leads to (Linux, Documentation/x86/boot.rst)."""
    data = path.read_bytes()
    if data[0x202:0x206] != b"HdrS":
        raise machine.Problem(f"{path} is no Linux kernel")
    protected_mode = ((data[0x1F1] or 4) + 1) * 512
    return data[protected_mode + 0x200:][:LENGTH].hex()
