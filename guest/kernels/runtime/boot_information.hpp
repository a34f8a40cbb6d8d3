#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

/// What the boot protocol told the guest: PVH (hvm_start_info, version 1) or Multiboot 1.
namespace guest
{
enum class Boot_protocol : uint32_t
{
    pvh = 0,
    multiboot = 1,
};

struct Memory_range
{
    uint64_t address;
    uint64_t bytes;
    uint32_t type; ///< 1 is RAM, as in E820
};

struct Boot_module
{
    uint64_t address;
    uint64_t bytes;
    std::string_view command_line;
};

struct Boot_information
{
    Boot_protocol protocol;
    bool magic_is_right;
    std::string_view command_line;
    uint64_t root_pointer; ///< address of the ACPI RSDP; 0 when the protocol names none
    std::span<const Memory_range> memory;
    std::span<const Boot_module> modules;
};

void read_boot_information();
const Boot_information& boot_information();

/// The value of the word `key=value` on the command line, or the fallback.
std::string_view option(std::string_view key, std::string_view fallback);
uint64_t number_option(std::string_view key, uint64_t fallback);

/// Whether [address, address+bytes) is RAM as the memory map tells it.
bool is_ram(uint64_t address, uint64_t bytes);

/// First address past the guest's image, stacks and tables.
uint64_t image_end();
} // namespace guest
