#pragma once

#include <cstdint>

#include "base/strong.hpp"

/// The hypervisor's virtual addresses, the same on every core.
namespace ovm::arch
{

/// All RAM: physical + this. Never executable; the image's text and constants are read-only there too.
inline constexpr Host_virtual direct_map{0xffff'8000'0000'0000};
inline constexpr Bytes direct_map_size{std::uint64_t{1} << 46};
/// PML4 slot 510: the same addresses lead each core to its own pages.
inline constexpr Host_virtual core_window_at{0xffff'ff00'0000'0000};
/// The image: physical + this.
inline constexpr Host_virtual image_map{0xffff'ffff'8000'0000};
/// Stacks of all cores, each with guard pages around it.
inline constexpr Host_virtual stack_area{0xffff'ffff'a000'0000};
/// Registers of devices and the framebuffer.
inline constexpr Host_virtual device_area{0xffff'ffff'c000'0000};
inline constexpr Bytes device_area_size{0x1000'0000};
/// Modules, each in a place of its own (arch/module_memory.hpp).
inline constexpr Host_virtual module_area{0xffff'ffff'e000'0000};
inline constexpr Bytes module_area_size{0x80'0000};
inline constexpr Bytes module_place_size{0x8'0000};

inline constexpr Bytes core_stack_size{16 * 1024};
inline constexpr Bytes exception_stack_size{8 * 1024};

// Selectors of every GDT, the boot's own included.
inline constexpr std::uint16_t code_selector = 0x08;
inline constexpr std::uint16_t data_selector = 0x10;
inline constexpr std::uint16_t task_selector = 0x18;

} // namespace ovm::arch
