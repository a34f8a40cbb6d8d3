"""A cpio archive with one program, to be put behind the guests' initramfs."""


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
