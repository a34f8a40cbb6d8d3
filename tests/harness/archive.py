"""cpio archives: one with a script, to be put behind the guests' initramfs; and OVM's boot archive, to be broken."""


def _entry(name, data, mode, inode):
    header = "070701" + "".join(f"{value:08x}" for value in (
        inode, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0))
    record = header.encode() + name.encode() + b"\0"
    record += b"\0" * (-len(record) % 4)
    return record + data + b"\0" * (-len(data) % 4)


def with_file(initramfs, name, content):
    """The initramfs, and behind it an archive that holds one program; it replaces what has that name."""
    data = bytes(initramfs)
    data += b"\0" * (-len(data) % 512)
    data += _entry(name, content, 0o100755, 1)
    return data + _entry("TRAILER!!!", b"", 0, 0)


def with_script(initramfs, script):
    """The initramfs, and behind it an archive that holds the script as /ovm-run.sh."""
    return with_file(initramfs, "ovm-run.sh", script.encode())


def boot_archive(files):
    """OVM's boot archive (docs/reference/boot-archive.md) of (name, content) pairs."""
    def entry(name, data, inode):
        header = "070702" + "".join(f"{value:08X}" for value in (
            inode, 0o100644, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, sum(data)))
        record = header.encode() + name.encode() + b"\0"
        record += b"\0" * (-len(record) % 4)
        return record + data + b"\0" * (-len(data) % 4)
    return b"".join(entry(name, data, number) for number, (name, data) in enumerate(files, 1)) + entry("TRAILER!!!", b"", 0)


def files_of(boot):
    """The (name, content) pairs of a boot archive."""
    files, at = [], 0
    while True:
        size, name_size = int(boot[at + 54:at + 62], 16), int(boot[at + 94:at + 102], 16)
        name = boot[at + 110:at + 110 + name_size - 1].decode()
        at = (at + 110 + name_size + 3) & ~3
        if name == "TRAILER!!!":
            return files
        files.append((name, boot[at:at + size]))
        at = (at + size + 3) & ~3
