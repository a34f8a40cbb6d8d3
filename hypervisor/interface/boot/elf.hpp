#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/result.hpp"

namespace ovm::interface
{

enum class Elf_segment_type : std::uint32_t
{
    load = 1,
    note = 4,
};

/// One program header with what it names.
struct Elf_segment
{
    std::uint32_t type = 0;
    std::uint64_t virtual_address = 0;
    std::uint64_t physical_address = 0;
    std::uint64_t memory_size = 0; ///< at least the content's; the rest is zero
    std::uint64_t alignment = 0;
    std::span<const std::uint8_t> content{};

    bool is(Elf_segment_type wanted) const { return type == static_cast<std::uint32_t>(wanted); }
};

/// A little-endian executable for x86 of either width (System V ABI, chapters 4 and 5).
/// A view: the bytes outlive it.
/// Invariant: every program header lies in the file, and so does what it names; no segment wraps around.
class Elf_image
{
public:
    /// Error::corrupt: not ELF. Error::unsupported: not for x86, or not executable. Error::truncated: a header or
    /// content lies outside of the file. Error::invalid: a segment contradicts itself.
    static Result<Elf_image> create(std::span<const std::uint8_t> bytes);

    std::uint64_t entry() const { return entry_; }
    unsigned segments() const { return segments_; }
    /// Requires: index < segments().
    Elf_segment segment(unsigned index) const;

    /// The content of the first note of that owner and type.
    std::optional<std::span<const std::uint8_t>> find_note(std::string_view owner, std::uint32_t type) const;

private:
    Elf_image() = default;
    Result<> check_segment(unsigned index) const;

    std::span<const std::uint8_t> bytes_{};
    bool is_64_ = false;
    std::uint64_t entry_ = 0;
    std::uint64_t headers_ = 0;
    std::size_t header_size_ = 0;
    unsigned segments_ = 0;
};

} // namespace ovm::interface
