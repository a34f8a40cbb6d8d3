#include "interface/boot/multiboot_header.hpp"

#include <algorithm>

#include "base/bytes.hpp"

namespace ovm::interface
{

std::optional<Multiboot_header> find_multiboot_header(std::span<const std::uint8_t> kernel)
{
    constexpr std::uint32_t header_magic = 0x1badb002;
    constexpr std::size_t search_size = 8192;
    constexpr std::size_t plain_size = 12;
    constexpr std::size_t size_with_addresses = 32;

    auto const area = kernel.first(std::min(kernel.size(), search_size));
    for (std::size_t at = 0; at + plain_size <= area.size(); at += 4)
    {
        auto const field = [&](std::size_t offset)
        { return static_cast<std::uint32_t>(little_endian(area, at + offset, 4)); };
        if (field(0) != header_magic || field(0) + field(4) + field(8) != 0)
            continue;
        Multiboot_header header;
        header.offset = at;
        header.flags = field(4);
        if (!header.has_addresses())
            return header;
        if (area.size() - at < size_with_addresses)
            return std::nullopt;
        header.header_address = field(12);
        header.load_address = field(16);
        header.load_end_address = field(20);
        header.bss_end_address = field(24);
        header.entry_address = field(28);
        return header;
    }
    return std::nullopt;
}

} // namespace ovm::interface
