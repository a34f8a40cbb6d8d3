#pragma once

#include <cstddef>
#include <string_view>

#include "base/result.hpp"
#include "base/static_vector.hpp"
#include "base/strong.hpp"
#include "memory/guest_memory.hpp"

namespace ovm::interface
{

/// A module that lies in the guest's memory.
struct Placed_module
{
    Range<Guest_physical> range{};
    std::string_view command_line{};
};

using Placed_modules = Static_vector<Placed_module, 16>;

/// How much the modules' command lines may take together, zero bytes included.
inline constexpr std::size_t module_text_size = 4096;

/// Writes the information structure (Multiboot 0.6.96, section 3.3) to layout::start_info: memory, command line at
/// layout::command_line, modules, memory map, the loader's name.
/// Requires: the modules' command lines fit module_text_size.
Result<> write_multiboot_information(memory::Guest_memory& memory, const Placed_modules& modules);

} // namespace ovm::interface
