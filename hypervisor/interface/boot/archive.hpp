#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/result.hpp"
#include "base/text.hpp"

namespace ovm::interface
{

/// The boot archive: cpio, "newc with checksum" (magic 070702), as docs/reference/boot-archive.md describes it.
/// A view: the bytes outlive it. Reading checks everything it touches, so that a damaged archive is an error and
/// nothing else.
class Archive
{
public:
    struct Entry
    {
        std::string_view name{};
        std::span<const std::uint8_t> content{};
        std::uint32_t checksum = 0;
    };

    /// The name of the last entry.
    static constexpr std::string_view trailer = "TRAILER!!!";

    explicit Archive(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

    /// Error::not_found: no such entry. Error::truncated, Error::corrupt: the archive is damaged before it, or its
    /// content does not match its checksum.
    Result<Entry> find(std::string_view name) const;
    /// The entry at `offset`, 0 at first, which moves behind it; its content is not compared with its checksum.
    /// Error::truncated, Error::corrupt.
    Result<Entry> next(std::size_t& offset) const;

private:
    std::span<const std::uint8_t> bytes_;
};

/// The 32-bit sum of all bytes.
std::uint32_t byte_sum(std::span<const std::uint8_t> bytes);

} // namespace ovm::interface
