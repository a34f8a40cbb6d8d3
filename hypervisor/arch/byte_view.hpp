#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/strong.hpp"

/// Reading what firmware and loaders left in memory, none of which is trusted to be well formed.
namespace ovm::arch
{

/// Gives the bytes of physical memory, or nothing where it cannot be read.
class Physical_reader
{
public:
    /// Exactly `size` bytes, or an empty span.
    virtual std::span<const std::uint8_t> view(Host_physical at, Bytes size) = 0;

protected:
    ~Physical_reader() = default;
};

/// Little-endian fields of a run of bytes; what lies outside of it does not exist.
/// Lifetime: a look at somebody else's bytes, not to be kept.
class Byte_view
{
public:
    Byte_view() = default;
    explicit Byte_view(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

    std::size_t size() const { return bytes_.size(); }
    std::span<const std::uint8_t> bytes() const { return bytes_; }

    std::optional<std::uint64_t> load(std::size_t offset, std::size_t width) const
    {
        if (offset > bytes_.size() || width > bytes_.size() - offset)
            return {};
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < width; ++i)
            value |= std::uint64_t{bytes_[offset + i]} << (8 * i);
        return value;
    }
    std::uint8_t load8(std::size_t offset) const { return static_cast<std::uint8_t>(load(offset, 1).value_or(0)); }
    std::uint16_t load16(std::size_t offset) const { return static_cast<std::uint16_t>(load(offset, 2).value_or(0)); }
    std::uint32_t load32(std::size_t offset) const { return static_cast<std::uint32_t>(load(offset, 4).value_or(0)); }
    std::uint64_t load64(std::size_t offset) const { return load(offset, 8).value_or(0); }

    /// The part from `offset`, `size` long or as long as there are bytes.
    Byte_view part(std::size_t offset, std::size_t size = ~std::size_t{0}) const
    {
        if (offset > bytes_.size())
            return {};
        auto const rest = bytes_.subspan(offset);
        return Byte_view(rest.first(size < rest.size() ? size : rest.size()));
    }

    bool starts_with(std::string_view text) const
    {
        if (text.size() > bytes_.size())
            return false;
        for (std::size_t i = 0; i < text.size(); ++i)
        {
            if (bytes_[i] != static_cast<std::uint8_t>(text[i]))
                return false;
        }
        return true;
    }

    /// All bytes add up to zero, as firmware's checksums do.
    bool sums_to_zero() const
    {
        unsigned sum = 0;
        for (auto byte : bytes_)
            sum += byte;
        return (sum & 0xff) == 0;
    }

private:
    std::span<const std::uint8_t> bytes_{};
};

} // namespace ovm::arch
