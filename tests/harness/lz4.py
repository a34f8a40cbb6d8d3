"""What `lz4 -l` packs, as Linux packs itself: blocks of the LZ4 block format behind the legacy magic number."""

MAGIC = b"\x02\x21\x4c\x18"
BLOCK = 8 << 20


def _block(packed, at, end, out):
    """Appends one block's content (github.com/lz4/lz4, doc/lz4_Block_format.md)."""
    while at < end:
        token = packed[at]
        at += 1
        literals = token >> 4
        if literals == 15:
            more = 255
            while more == 255:
                more = packed[at]
                at += 1
                literals += more
        out += packed[at:at + literals]
        at += literals
        if at >= end:
            return
        distance = packed[at] | packed[at + 1] << 8
        at += 2
        length = (token & 15) + 4
        if length == 19:
            more = 255
            while more == 255:
                more = packed[at]
                at += 1
                length += more
        start = len(out) - distance
        if distance >= length:
            out += out[start:start + length]
        else:
            out += (out[start:] * (length // distance + 1))[:length]


def unpack(packed):
    """The content; what stands behind the last block is left out."""
    out, at = bytearray(), len(MAGIC)
    while at + 4 <= len(packed):
        size = int.from_bytes(packed[at:at + 4], "little")
        at += 4
        before = len(out)
        _block(packed, at, at + size, out)
        at += size
        if len(out) - before < BLOCK:
            break
    return bytes(out)
