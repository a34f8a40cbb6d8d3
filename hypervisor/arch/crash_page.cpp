#include "arch/crash_page.hpp"

#include "arch/byte_view.hpp"

namespace ovm::arch
{

namespace
{

constexpr std::uint64_t magic = 0x3148'5352'434d'564f; // "OVMCRSH1"
constexpr std::size_t header_size = 16;

} // namespace

void Crash_page::store(std::size_t offset, std::uint64_t value, std::size_t width)
{
    for (std::size_t i = 0; i < width; ++i)
        page_[offset + i] = static_cast<std::uint8_t>(value >> (8 * i));
}

/// FNV-1a, 32 bits.
std::uint32_t Crash_page::checksum() const
{
    std::uint32_t hash = 0x811c'9dc5;
    for (auto const byte : page_.subspan(header_size, size_))
        hash = static_cast<std::uint32_t>((hash ^ byte) * std::uint64_t{0x0100'0193});
    return hash;
}

void Crash_page::begin()
{
    store(0, 0, 8);
    size_ = 0;
}

void Crash_page::append(std::string_view line)
{
    for (std::size_t i = 0; i <= line.size() && header_size + size_ < page_.size(); ++i)
        page_[header_size + size_++] = static_cast<std::uint8_t>(i < line.size() ? line[i] : '\n');
}

void Crash_page::end()
{
    store(8, size_, 4);
    store(12, checksum(), 4);
    store(0, magic, 8);
}

std::string_view Crash_page::take()
{
    Byte_view const page(page_);
    size_ = page.load32(8);
    if (page.load64(0) != magic || size_ > page_.size() - header_size || page.load32(12) != checksum())
        return {};
    store(0, 0, 8);
    auto const text = page_.subspan(header_size, size_);
    return {reinterpret_cast<const char*>(text.data()), text.size()};
}

} // namespace ovm::arch
