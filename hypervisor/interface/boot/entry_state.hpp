#pragma once

#include <cstdint>
#include <string_view>

#include "base/strong.hpp"

namespace ovm::interface
{

/// How vcpu 0 enters a guest's kernel. Everything else is as the boot protocol demands for that mode: flat segments,
/// interrupts off.
struct Entry_state
{
    enum class Mode : std::uint8_t
    {
        protected32, ///< paging off, flat 4 GiB segments (PVH, Multiboot 1)
        long64,      ///< paging on, `page_tables` in CR3, flat 64-bit code (Linux' 64-bit entry)
    };
    Mode mode = Mode::protected32;
    std::uint64_t rip = 0;
    std::uint64_t rax = 0;
    std::uint64_t rbx = 0;
    std::uint64_t rsi = 0;
    std::uint64_t rsp = 0;
    Guest_physical page_tables{};
    Guest_physical gdt{}; ///< long64: a GDT with code at 0x10 and data at 0x18 lies here, 4 entries
};

/// Why a guest cannot be started: for a person, with what to do about it.
struct Load_error
{
    std::string_view what{};
};

/// Where OVM puts what it adds to a PC's memory; all of it is reserved in the maps that guests get.
namespace layout
{
inline constexpr Guest_physical boot_params{0x7000}; ///< Linux' zero page
inline constexpr Guest_physical gdt{0x6000};
inline constexpr Guest_physical page_tables{0x9000};   ///< 6 pages: identity map of 4 GiB
inline constexpr Guest_physical start_info{0x7000};    ///< PVH, Multiboot
inline constexpr Guest_physical command_line{0x20000}; ///< at most 4 KiB
inline constexpr Guest_physical acpi_tables{0xe0000};  ///< to 1 MiB; the RSDP at 0xf0000
inline constexpr Guest_physical rsdp{0xf0000};
inline constexpr Guest_physical low_ram_end{0x9fc00};
inline constexpr Guest_physical kernel{0x100000};
} // namespace layout

} // namespace ovm::interface
