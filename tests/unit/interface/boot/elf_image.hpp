#pragma once

#include "guest_fixture.hpp"

namespace ovm::interface::test
{

/// A small kernel: one note `owner`/`type`, one segment of 0x1800 bytes (0x800 of them in the file) at `address`, whose
/// virtual address is 0x40000000 higher.
inline std::vector<std::uint8_t> make_elf(bool is_64, std::uint64_t address, std::string_view owner, std::uint32_t type,
                                          std::uint64_t value)
{
    unsigned const width = is_64 ? 8 : 4;
    std::size_t const headers = is_64 ? 64 : 52;
    std::size_t const header_size = is_64 ? 56 : 32;
    Image image;
    image.number(4, 0x464c457f).number(1, is_64 ? 2 : 1).number(1, 1).number(1, 1).pad(16);
    image.number(2, 2).number(2, is_64 ? 62 : 3).number(4, 1);
    image.number(width, address + 0x40000010).number(width, headers).number(width, 0).number(4, 0);
    image.number(2, headers).number(2, header_size).number(2, 2).number(2, 0).number(2, 0).number(2, 0);
    auto const segment = [&](std::uint32_t kind, std::uint64_t offset, std::uint64_t size, std::uint64_t memory)
    {
        image.number(4, kind);
        if (is_64)
            image.number(4, 7);
        image.number(width, offset).number(width, address + 0x40000000).number(width, address);
        image.number(width, size).number(width, memory);
        if (!is_64)
            image.number(4, 7);
        image.number(width, 4);
    };
    auto const padded = (owner.size() + 4) / 4 * 4;
    segment(4, 0x100, 12 + padded + width, 12 + padded + width);
    segment(1, 0x200, 0x800, 0x1800);
    image.pad(0x100);
    image.number(4, owner.size() + 1).number(4, width).number(4, type).text(owner).pad(0x10c + padded);
    image.number(width, value).pad(0x200);
    for (unsigned i = 0; i < 0x800; ++i)
        image.number(1, i * 7 + 1);
    return image.bytes;
}

} // namespace ovm::interface::test
