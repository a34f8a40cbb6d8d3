#include "interface/boot/archive.hpp"

#include <array>

#include "base/bits.hpp"
#include "base/bytes.hpp"

namespace ovm::interface
{

namespace
{

constexpr std::size_t header_size = 110;
constexpr std::size_t file_size_at = 54;
constexpr std::size_t name_size_at = 94;
constexpr std::size_t checksum_at = 102;

/// Eight hexadecimal digits.
Result<std::uint32_t> hexadecimal(std::span<const std::uint8_t> digits)
{
    std::uint32_t value = 0;
    for (auto const digit : digits.first(8))
    {
        std::uint32_t nibble = 0;
        if (digit >= '0' && digit <= '9')
            nibble = digit - std::uint32_t{'0'};
        else if (digit >= 'a' && digit <= 'f')
            nibble = digit - std::uint32_t{'a'} + 10;
        else if (digit >= 'A' && digit <= 'F')
            nibble = digit - std::uint32_t{'A'} + 10;
        else
            return Error::corrupt;
        value = (value << 4) | nibble;
    }
    return value;
}

} // namespace

std::uint32_t byte_sum(std::span<const std::uint8_t> bytes)
{
    // Eight bytes at a time, as four sums of 16 bits in each of two words: 128 rounds fit without a carry.
    constexpr std::uint64_t even = 0x00ff00ff00ff00ff;
    std::uint32_t sum = 0;
    while (bytes.size() >= 8)
    {
        auto const rounds = bytes.size() / 8 < 128 ? bytes.size() / 8 : 128;
        std::uint64_t lanes = 0;
        for (std::size_t i = 0; i < rounds; ++i)
        {
            auto const word = little_endian(bytes, i * 8, 8);
            lanes += (word & even) + ((word >> 8) & even);
        }
        sum += static_cast<std::uint32_t>((lanes & 0xffff) + ((lanes >> 16) & 0xffff) + ((lanes >> 32) & 0xffff) +
                                          (lanes >> 48));
        bytes = bytes.subspan(rounds * 8);
    }
    for (auto const byte : bytes)
        sum += byte;
    return sum;
}

Result<Archive::Entry> Archive::next(std::size_t& offset) const
{
    if (offset > bytes_.size() || bytes_.size() - offset < header_size)
        return Error::truncated;
    auto const header = bytes_.subspan(offset, header_size);
    if (text_of(header.first(6)) != "070702")
        return Error::corrupt;
    auto const name_size = std::size_t{OVM_TRY(hexadecimal(header.subspan(name_size_at)))};
    auto const file_size = std::size_t{OVM_TRY(hexadecimal(header.subspan(file_size_at)))};
    auto const checksum = OVM_TRY(hexadecimal(header.subspan(checksum_at)));
    auto const content_at = align_up(offset + header_size + name_size, 4);
    if (name_size == 0 || content_at > bytes_.size() || bytes_.size() - content_at < file_size)
        return Error::truncated;
    Entry const entry{text_of(bytes_.subspan(offset + header_size, name_size - 1)),
                      bytes_.subspan(content_at, file_size), checksum};
    offset = align_up(content_at + file_size, 4);
    return entry;
}

Result<Archive::Entry> Archive::find(std::string_view name) const
{
    std::size_t offset = 0;
    for (;;)
    {
        auto const entry = OVM_TRY(next(offset));
        if (entry.name == trailer)
            return Error::not_found;
        if (entry.name != name)
            continue;
        if (byte_sum(entry.content) != entry.checksum)
            return Error::corrupt;
        return entry;
    }
}

} // namespace ovm::interface
