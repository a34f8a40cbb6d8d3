#include "runtime/boot_information.hpp"

#include <algorithm>

#include "runtime/print.hpp"

extern "C"
{
    uint32_t guest_boot_information = 1;
    uint32_t guest_boot_magic = 1;
    uint32_t guest_boot_protocol = 1;
    extern uint8_t guest_image_end[];
}

namespace guest
{
namespace
{
constexpr uint32_t pvh_magic = 0x336ec578;
constexpr uint32_t multiboot_magic = 0x2badb002;

constinit std::array<Memory_range, 64> ranges{};
constinit std::array<Boot_module, 16> modules{};
constinit Boot_information information{};

/// hvm_start_info (Xen, public/arch-x86/hvm/start_info.h).
struct Pvh_start_information
{
    uint32_t magic;
    uint32_t version;
    uint32_t flags;
    uint32_t module_count;
    uint64_t modules;
    uint64_t command_line;
    uint64_t root_pointer;
    uint64_t memory_map;
    uint32_t memory_map_entries;
    uint32_t reserved;
};

struct Pvh_module
{
    uint64_t address;
    uint64_t bytes;
    uint64_t command_line;
    uint64_t reserved;
};

struct Pvh_range
{
    uint64_t address;
    uint64_t bytes;
    uint32_t type;
    uint32_t reserved;
};

/// Multiboot Specification 0.6.96, 3.3.
struct Multiboot_information
{
    uint32_t flags;
    uint32_t memory_lower;
    uint32_t memory_upper;
    uint32_t boot_device;
    uint32_t command_line;
    uint32_t module_count;
    uint32_t modules;
    uint32_t symbols[4];
    uint32_t memory_map_bytes;
    uint32_t memory_map;
};

struct Multiboot_module
{
    uint32_t start;
    uint32_t end;
    uint32_t command_line;
    uint32_t reserved;
};

struct [[gnu::packed]] Multiboot_range
{
    uint32_t size;
    uint64_t address;
    uint64_t bytes;
    uint32_t type;
};

template <class Record>
const Record* at(uint64_t address)
{
    return reinterpret_cast<const Record*>(address);
}

std::string_view text_at(uint64_t address)
{
    return address == 0 ? std::string_view{} : std::string_view{at<char>(address)};
}

void read_pvh(const Pvh_start_information& start)
{
    information.magic_is_right = start.magic == pvh_magic;
    information.command_line = text_at(start.command_line);
    information.root_pointer = start.root_pointer;
    const auto module_count = std::min<size_t>(start.module_count, modules.size());
    for (size_t index = 0; index < module_count; ++index)
    {
        const auto& module = at<Pvh_module>(start.modules)[index];
        modules[index] = {module.address, module.bytes, text_at(module.command_line)};
    }
    information.modules = std::span{modules}.first(module_count);
    if (start.version == 0)
    {
        return;
    }
    const auto range_count = std::min<size_t>(start.memory_map_entries, ranges.size());
    for (size_t index = 0; index < range_count; ++index)
    {
        const auto& range = at<Pvh_range>(start.memory_map)[index];
        ranges[index] = {range.address, range.bytes, range.type};
    }
    information.memory = std::span{ranges}.first(range_count);
}

void read_multiboot(const Multiboot_information& start)
{
    information.magic_is_right = guest_boot_magic == multiboot_magic;
    if ((start.flags & 0x4) != 0)
    {
        information.command_line = text_at(start.command_line);
    }
    if ((start.flags & 0x8) != 0)
    {
        const auto count = std::min<size_t>(start.module_count, modules.size());
        for (size_t index = 0; index < count; ++index)
        {
            const auto& module = at<Multiboot_module>(start.modules)[index];
            modules[index] = {module.start, module.end - module.start, text_at(module.command_line)};
        }
        information.modules = std::span{modules}.first(count);
    }
    size_t count = 0;
    if ((start.flags & 0x40) != 0)
    {
        const uint64_t end = uint64_t{start.memory_map} + start.memory_map_bytes;
        for (uint64_t address = start.memory_map; address < end && count < ranges.size(); ++count)
        {
            const auto& range = *at<Multiboot_range>(address);
            ranges[count] = {range.address, range.bytes, range.type};
            address += range.size + sizeof range.size;
        }
    }
    information.memory = std::span{ranges}.first(count);
}
} // namespace

void read_boot_information()
{
    information.protocol = static_cast<Boot_protocol>(guest_boot_protocol);
    if (information.protocol == Boot_protocol::pvh)
    {
        read_pvh(*at<Pvh_start_information>(guest_boot_information));
    }
    else
    {
        read_multiboot(*at<Multiboot_information>(guest_boot_information));
    }
}

const Boot_information& boot_information()
{
    return information;
}

std::string_view option(std::string_view key, std::string_view fallback)
{
    std::string_view rest = information.command_line;
    while (!rest.empty())
    {
        const size_t space = std::min(rest.find(' '), rest.size());
        const std::string_view word = rest.substr(0, space);
        if (word.size() > key.size() && word.starts_with(key) && word[key.size()] == '=')
        {
            return word.substr(key.size() + 1);
        }
        rest.remove_prefix(std::min(space + 1, rest.size()));
    }
    return fallback;
}

uint64_t number_option(std::string_view key, uint64_t fallback)
{
    const std::string_view text = option(key, {});
    uint64_t value = 0;
    for (const char digit : text)
    {
        if (digit < '0' || digit > '9')
        {
            fail("not a number on the command line: ", text);
        }
        value = value * 10 + static_cast<uint64_t>(digit - '0');
    }
    return text.empty() ? fallback : value;
}

bool is_ram(uint64_t address, uint64_t bytes)
{
    return std::ranges::any_of(
        information.memory, [&](const Memory_range& range)
        { return range.type == 1 && address >= range.address && address + bytes <= range.address + range.bytes; });
}

uint64_t image_end()
{
    return reinterpret_cast<uint64_t>(guest_image_end);
}
} // namespace guest
