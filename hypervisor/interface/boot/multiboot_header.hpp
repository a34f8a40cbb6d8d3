#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace ovm::interface
{

/// The header that makes a kernel a Multiboot one (Multiboot 0.6.96, section 3.1).
struct Multiboot_header
{
    std::size_t offset = 0; ///< in the file
    std::uint32_t flags = 0;
    // The address fields, when has_addresses().
    std::uint32_t header_address = 0;
    std::uint32_t load_address = 0;
    std::uint32_t load_end_address = 0; ///< 0: the whole file
    std::uint32_t bss_end_address = 0;  ///< 0: no zeros behind
    std::uint32_t entry_address = 0;

    bool has_addresses() const { return (flags & 0x10000) != 0; }
    /// Demands that the specification does not define.
    bool has_unknown_demands() const { return (flags & 0xfff8) != 0; }
};

/// In the first 8 KiB, at a multiple of four, with a right checksum.
std::optional<Multiboot_header> find_multiboot_header(std::span<const std::uint8_t> kernel);

} // namespace ovm::interface
